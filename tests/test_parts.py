"""Parts: frozen, checked, and told apart by what they hold."""

import copy
import pickle
from typing import Any

import pytest

from promptkit.parts import Part, build, field
from promptkit.type_hints import Fault


class Room(Part):
    name: str
    windows: int = 1


class House(Part):
    rooms: tuple[Room, ...] = ()
    kind: str = field(default="brick", key="class")
    notes: dict[str, Any] = field(factory=dict)
    street: str = field(default="", authored=False)


class Cabin(House):
    lake: str = "Como"


DATA: dict[str, Any] = {"rooms": [{"name": "hall"}, {"name": "attic", "windows": 0}], "class": "wood"}


def house(**data: Any) -> House:
    built, faults = build(House, DATA | data)
    assert [] == faults
    assert built is not None
    return built


def faults(data: Any) -> list[Fault]:
    built, found = build(House, data)
    assert built is None
    return found


def told(data: Any) -> list[str]:
    return [str(fault) for fault in faults(data)]


def test_data_become_a_part_with_parts_inside_and_defaults() -> None:
    rooms = (Room(name="hall"), Room(name="attic", windows=0))
    assert House(rooms=rooms, kind="wood", notes={}, street="") == house()
    assert 1 == house().rooms[0].windows


def test_a_part_gives_back_the_data_it_was_made_of() -> None:
    assert DATA == house().data()


def test_what_was_not_given_and_what_nobody_wrote_is_no_part_of_the_data() -> None:
    assert {} == House(street="Elm Street").data()
    assert {"class": "brick"} == House(kind="brick").data()


def test_a_copy_has_other_values_and_counts_them_as_given() -> None:
    assert {**DATA, "notes": {"a": 1}} == house().with_(notes={"a": 1}).data()
    assert "brick" == House().with_(street="x").kind


def test_parts_of_equal_values_are_equal_given_or_not() -> None:
    assert Room(name="a") == Room(name="a", windows=1)
    assert hash(Room(name="a")) == hash(Room(name="a", windows=1))
    assert Room(name="a") != Room(name="b")
    assert Room(name="a") != "a"


def test_a_part_that_holds_a_mapping_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(House())


def test_two_parts_do_not_share_a_default() -> None:
    assert House().notes is not House().notes


def test_a_part_cannot_be_changed() -> None:
    room = Room(name="a")
    with pytest.raises(AttributeError, match="a Room is frozen: `name` cannot be set"):
        room.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="a Room is frozen: `name` cannot be deleted"):
        del room.name


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_a_part_is_copied_with_what_was_given(again: Any) -> None:
    assert house() == again(house())
    assert DATA == again(house()).data()


def test_a_part_shows_what_it_says_and_not_where_it_is_from() -> None:
    expected = "House(rooms=(Room(name='a', windows=1),), kind='brick', notes={})"
    assert expected == repr(House(rooms=(Room(name="a"),), street="Elm Street"))


def test_every_fault_is_told_at_its_place() -> None:
    broken = {"rooms": [{"nam": "hall"}, 7, {"name": "x", "windows": "two"}], "class": None, "colour": "red"}
    expected = [
        "`rooms.0.name`: it is missing",
        "`rooms.0.nam`: there is no such key",
        "`rooms.1`: a mapping is expected",
        "`rooms.2.windows`: a whole number is expected",
        "`class`: a text is expected",
        "`colour`: there is no such key",
    ]
    assert expected == told(broken)


def test_an_unknown_key_comes_with_the_keys_that_a_file_may_have() -> None:
    (fault,) = faults({"colour": "red"})
    assert ("unknown", ("rooms", "class", "notes")) == (fault.kind, fault.allowed)


def test_the_name_in_code_is_no_key_of_the_data() -> None:
    assert ["`kind`: there is no such key"] == told({"kind": "wood"})


def test_a_part_made_in_code_is_checked_as_well() -> None:
    with pytest.raises(ValueError, match="Room: `name`: a text is expected; `door`: there is no such key"):
        Room(name=1, door=2)  # type: ignore[arg-type,call-arg]
    with pytest.raises(ValueError, match="Room: `name`: it is missing"):
        Room()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="Room: `windows`: a whole number is expected"):
        Room(name="a").with_(windows="two")


def test_a_part_has_the_fields_of_the_one_it_extends() -> None:
    assert ("wood", "Como") == (Cabin(kind="wood").kind, Cabin().lake)
    assert House() != Cabin()


def test_a_part_of_another_kind_is_no_value() -> None:
    assert ["`rooms.0`: a mapping is expected"] == told({"rooms": (House(),)})
