"""A value that grows in its place: what is open, where the reading stands in it, and which parts have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.limits import current_limits
from promptkit.output.shape import Shape
from promptkit.output.strict_json import NotJson, too_deep
from promptkit.result import Violation
from promptkit.schema.violations import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.output.verdicts import Verdicts
    from promptkit.schema.references import Location


class Completed(NamedTuple):
    """A value inside the answer that has ended: where it stands, and what it is."""

    location: Location
    value: Any


class Misplaced(NotJson):
    """What stands here is JSON, and of a type that the schema does not have here."""


class _Nothing:
    """The value before anything has arrived."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
_ENDLESS = 1 << 62


class GrowingValue:
    """The value so far. Each method raises `NotJson` for what may not stand where the reading is.

    `dead` is what is wrong with it for good, once something is; `room` is how many characters a text that grows has
    left until it is too long for good. `around` says that the whole has only keys so far that may stand around the
    answer. `innermost` is the object or list that is open, and `kind` what a value here is: an `item` of a list, a
    `member` of an object, or nothing but the whole.
    """

    def __init__(self, shape: Shape, verdicts: Verdicts) -> None:
        self._held: list[Any] = [NOTHING]
        self._text_at: tuple[Any, Any] = (self._held, 0)
        self.completed: list[Completed] = []
        self.dead: tuple[Violation, ...] = ()
        self.room = _ENDLESS
        self._unsure: int | None = None  # how deep the object stands of which only the whole tells
        self._doubtful: list[bool] = []  # whether there is such an object in what is open
        self._unread: int | None = None  # how deep the key stands that may be none of the answer's
        self._untold: list[Completed] = []
        self._renamed: set[tuple[int, str]] = set()  # keys that are told by another name, and how deep they stand
        self.around = False
        self._verdicts = verdicts
        self._open: list[dict[str, Any] | list[Any]] = []
        self.innermost: dict[str, Any] | list[Any] | None = None
        self.kind = ""
        self._path: list[str | int] = []
        self._shapes = [shape]
        self._most_depth = current_limits().answer_depth

    @property
    def root(self) -> Any:
        """The whole value so far, or `NOTHING`."""
        return self._held[0]

    @property
    def shown(self) -> Any:
        """The whole value so far, or `NOTHING` while it may only stand around the answer."""
        return NOTHING if self.around else self._held[0]

    @property
    def shape(self) -> Shape:
        """What the schema says of what stands here."""
        return self._shapes[-1]

    @property
    def whole(self) -> bool:
        """Whether a text may appear here only as a whole."""
        return self._shapes[-1].whole

    def _check(self, kind: str) -> None:
        """Refuse a kind of value that the schema does not have here."""
        if not self._shapes[-1].takes(kind):
            what = f"the schema has no {kind} here"
            if not self._verdicts.coerces:
                self.give_up(Violation("$", what, "type"))
            raise Misplaced(what)

    def open(self, container: dict[str, Any] | list[Any], kind: str) -> None:
        """An object or a list begins."""
        if len(self._open) >= self._most_depth:
            raise too_deep(self._most_depth)
        self._check(kind)
        self._put(container)
        self.around = self.around or (not self._open and self._verdicts.may_stand_around(self._shapes[-1]))
        self._open.append(container)
        self._stand_in(container)
        self._doubtful.append(False)
        if isinstance(container, list):
            self._enter(0)

    def _stand_in(self, container: dict[str, Any] | list[Any] | None) -> None:
        self.innermost = container
        self.kind = "" if container is None else "item" if type(container) is list else "member"

    def close(self) -> None:
        """The innermost object or list ends."""
        if self._renamed:
            self._renamed = {each for each in self._renamed if each[0] < len(self._open)}
        container, doubtful = self._open.pop(), self._doubtful.pop()
        self._stand_in(self._open[-1] if self._open else None)
        if isinstance(container, list):
            self._leave()
        if doubtful and self._open:
            self._doubtful[-1] = True
        verdict = self._verdicts.ended(self._shapes[-1], container, whole=not self._open)
        if verdict is not None:
            if self._open and not doubtful:  # behind the whole value another one may follow
                self.give_up(*verdict.violations)
            _take_over(container, verdict.value)
        self._end(container)

    def key(self, key: str) -> None:
        """A key of the innermost object has been read."""
        meant = self._verdicts.key(self._shapes[-1], self._open[-1], key)  # type: ignore[arg-type]
        self.give_up(*meant.violations)
        if meant.name in self._open[-1] or (len(self._open), key) in self._renamed:
            raise NotJson("a key stands twice")
        if meant.name != key:
            self._renamed.add((len(self._open), key))
        if not meant.sure:
            self._leave_open()
        if not meant.known and self._unread is None:
            self._unread = len(self._path)
        self.around = self.around and not (meant.known and len(self._open) == 1)
        self._path.append(meant.name)
        self._shapes.append(self._shapes[-1].inside(meant.name) if meant.known else Shape(None, None))

    def next_item(self) -> None:
        """A comma has been read in the innermost list."""
        self._path[-1] = len(self._open[-1])

    def scalar(self, value: Any, kind: str, written: str = "") -> None:
        """A scalar has been read, and appears as the schema has it; `written` is a number's text."""
        verdict = self._verdicts.ended(self._shapes[-1], value, written)
        if verdict is None or value is verdict.value:
            if value is None and self._open and self._verdicts.may_lack(self._shapes[-2], self._path[-1]):
                self._leave()
                self._leave_open()
                return
            self.give_up(*(verdict.violations if verdict else ()))
            self._check(kind)
        if not self._open and verdict is not None and isinstance(verdict.value, (list, dict)):
            raise NotJson("one value of a list or an object, of which more may follow")
        self._put(value if verdict is None else verdict.value)
        self._end(self.here())

    def begin_text(self) -> None:
        """A text begins, and grows from now on."""
        self._put("")
        self._text_at = (self._open[-1], self._path[-1]) if self._open else (self._held, 0)
        most = self._shapes[-1].most_characters
        self.room = _ENDLESS if most is None else most + 1

    def _leave_open(self) -> None:
        """Say no more of the object that is open: what its keys mean shows when the whole answer is read."""
        self._doubtful[-1] = True
        if self._unsure is None:
            self._unsure = len(self._path) - 1

    def _put(self, value: Any) -> None:
        if not self._open:
            self._held[0] = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
            most = self._shapes[-2].most_items
            if most is not None and len(self._open[-1]) > most:
                self.give_up(Violation("$", f"has more than {most:,} items", "maxItems"), path=self._path[:-1])
        else:
            self._open[-1][str(self._path[-1])] = value

    def lengthen(self, piece: str) -> None:
        """The text that stands here goes on, by no more than there is room for."""
        if not self.lengthened(piece):
            most = self._shapes[-1].most_characters
            self.give_up(Violation("$", f"has more than {most:,} characters", "maxLength"))
            self.room = _ENDLESS
            self.lengthened(piece)

    def lengthened(self, piece: str) -> bool:
        """Whether the text that stands here could just be lengthened, as with most pieces of most answers.

        While it grows nothing else refers to it, and so CPython lengthens it in its place.
        """
        room = self.room - len(piece)
        if room <= 0:
            return False
        self.room = room
        holder, step = self._text_at
        text = holder[step]
        holder[step] = None
        text += piece
        holder[step] = text
        return True

    def end_text(self) -> None:
        """The text that stands here has ended."""
        text = self.here()
        verdict = self._verdicts.ended(self._shapes[-1], text)
        if verdict is not None:
            self.give_up(*verdict.violations)
            _take_over(text, verdict.value)
        self._end(text)

    def give_up(self, *violations: Violation, path: Sequence[str | int] | None = None) -> None:
        """Note what is wrong for good with what stands here, or at a path."""
        if violations and not self.dead and self._unsure is None:
            here = self._path if path is None else path
            self.dead = tuple(placed(each, (*here, *each.location)) for each in violations)

    def _end(self, value: Any) -> None:
        told = self.completed if self._unread is None else self._untold
        told.append(Completed(tuple(self._path), value))
        if not self._open:
            self.around = False
            self._tell_late()
        if self._open and isinstance(self._open[-1], dict):
            self._leave()

    def _tell_late(self) -> None:
        """Tell what stands under keys that might have been none of the answer's, now that the whole is known."""
        whole = self.completed.pop()
        self.completed += (each for each in self._untold if _at(whole.value, each.location) is each.value)
        self.completed.append(whole)
        self._untold = []

    def here(self) -> Any:
        """The value that stands here."""
        return self._open[-1][self._path[-1]] if self._open else self.root  # type: ignore[index]

    def _enter(self, step: str | int) -> None:
        self._path.append(step)
        self._shapes.append(self._shapes[-1].inside(step))

    def _leave(self) -> None:
        self._path.pop()
        if self._unsure is not None and len(self._path) <= self._unsure:
            self._unsure = None
        if self._unread is not None and len(self._path) <= self._unread:
            self._unread = None
        self._shapes.pop()


def _at(value: Any, location: Sequence[str | int]) -> Any:
    """What stands at a place of a value, if there is one."""
    for step in location:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return NOTHING
    return value


def _take_over(value: Any, final: Any) -> None:
    """Add to a value that has been told what it gets in the end. Raises `NotJson` if it comes to something else."""
    if value is final:
        return
    grown = isinstance(value, dict) and isinstance(final, dict) and list(final)[: len(value)] == list(value)
    if not grown or any(value[name] is not final[name] and value[name] != final[name] for name in value):
        raise NotJson("what has been told of it is not what it comes to")
    value.update(final)
