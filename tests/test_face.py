"""The public face: whole, sorted, lazy, documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import promptkit

FACE = Path(promptkit.__file__).read_text(encoding="utf-8")
NAMES = [name for name in promptkit.__all__ if name != "__version__"]


def test_the_names_are_sorted_and_stand_once() -> None:
    assert sorted(set(promptkit.__all__)) == promptkit.__all__


def test_what_type_checkers_see_is_what_is_exported() -> None:
    assert sorted(promptkit.__all__) == sorted(re.findall(r"import \w+ as (\w+)$", FACE, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_resolves_to_the_thing_of_that_name(name: str) -> None:
    value = getattr(promptkit, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert name == value.__name__
    assert value is getattr(promptkit, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_documented(name: str) -> None:
    value = getattr(promptkit, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.cleandoc(value.__doc__ or "") not in ("", inspect.cleandoc(object.__doc__ or ""))
        assert not (value.__doc__ or "").startswith(f"{name}("), "a dataclass made this docstring"


@pytest.mark.parametrize("name", NAMES)
def test_the_public_members_of_a_name_are_documented(name: str) -> None:
    value = getattr(promptkit, name)
    if not inspect.isclass(value) or not value.__module__.startswith("promptkit"):
        return
    bare = [
        member
        for member, found in vars(value).items()
        if not member.startswith("_")
        and isinstance(found, (staticmethod, classmethod, property)) | inspect.isfunction(found)
        and not inspect.getdoc(getattr(value, member))
    ]
    assert [] == bare


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Promt'"):
        promptkit.Promt  # type: ignore[attr-defined]


def test_dir_lists_the_face() -> None:
    assert promptkit.__all__ == dir(promptkit)
