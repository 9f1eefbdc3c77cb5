"""A value that grows in its place: what is open, where the reading stands in it, and which parts have ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.limits import current_limits
from promptkit.output.strict_json import NotJson, too_deep

if TYPE_CHECKING:
    from promptkit.output.shape import Shape

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """A value inside the answer that has ended: where it stands, and what it is."""

    location: Location
    value: Any


class _Nothing:
    """The value before anything has arrived."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()


class Growing:
    """The value so far. Each method raises `NotJson` for what may not stand where the reading is."""

    def __init__(self, shape: Shape) -> None:
        self.root: Any = NOTHING
        self.completed: list[Completed] = []
        self._open: list[dict[str, Any] | list[Any]] = []
        self._path: list[str | int] = []
        self._shapes = [shape]
        self._most_depth = current_limits().answer_depth

    @property
    def innermost(self) -> dict[str, Any] | list[Any] | None:
        """The object or list that is open."""
        return self._open[-1] if self._open else None

    @property
    def whole(self) -> bool:
        """Whether a text may appear here only as a whole."""
        return self._shapes[-1].whole

    def check(self, kind: str) -> None:
        """Refuse a kind of value that the schema does not have here."""
        if not self._shapes[-1].takes(kind):
            raise NotJson(f"the schema has no {kind} here")

    def open(self, container: dict[str, Any] | list[Any], kind: str) -> None:
        """An object or a list begins."""
        if len(self._open) >= self._most_depth:
            raise too_deep(self._most_depth)
        self.check(kind)
        self.put(container)
        self._open.append(container)
        if isinstance(container, list):
            self._enter(0)

    def close(self) -> None:
        """The innermost object or list ends."""
        container = self._open.pop()
        if isinstance(container, list):
            self._leave()
        self.end(container)

    def key(self, key: str) -> None:
        """A key of the innermost object has been read."""
        if key in self._open[-1]:
            raise NotJson("a key stands twice")
        self._enter(key)

    def next_item(self) -> None:
        """A comma has been read in the innermost list."""
        self._path[-1] = len(self._open[-1])

    def put(self, value: Any) -> None:
        """A value stands here now."""
        if not self._open:
            self.root = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        else:
            self._open[-1][str(self._path[-1])] = value

    def lengthen(self, piece: str) -> None:
        """The text that stands here goes on.

        While it grows nothing else refers to it, and so CPython lengthens it in its place.
        """
        text = self._take()
        text += piece
        self.put(text)

    def end(self, value: Any) -> None:
        """The value that stands here has ended."""
        self.completed.append(Completed(tuple(self._path), value))
        if isinstance(self.innermost, dict):
            self._leave()

    def here(self) -> Any:
        """The value that stands here."""
        return self._open[-1][self._path[-1]] if self._open else self.root  # type: ignore[index]

    def _take(self) -> Any:
        if self._open:
            return self._open[-1].pop(self._path[-1])  # type: ignore[arg-type]
        text, self.root = self.root, NOTHING
        return text

    def _enter(self, step: str | int) -> None:
        self._path.append(step)
        self._shapes.append(self._shapes[-1].inside(step))

    def _leave(self) -> None:
        self._path.pop()
        self._shapes.pop()
