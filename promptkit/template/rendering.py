"""What belongs to one rendering, whichever files it loads, and how: its fences, and what imported files have set."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.limits import current_limits, raised_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.template.fences import Fences


@dataclass(slots=True)
class Rendering:
    """One rendering of one template."""

    fences: Fences | None
    modules: dict[int, Any] = field(default_factory=dict)
    """The modules of imported files, by the identities of their templates."""


class Budget:
    """What the rendering of one prompt may still use up, over all its messages and examples.

    `seconds` is the time that it has spent in templates that are compiled.
    """

    __slots__ = ("_left", "_most", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._most = self._left = current_limits().render_characters

    def add(self, texts: Iterable[str]) -> None:
        """Count what has been rendered. Raises `RenderError` when all of it gets too long."""
        for text in texts:
            self._left -= len(text)
        if self._left < 0:
            message = f"the messages grow beyond {self._most:,} characters"
            raise RenderError(message, code="PK220", help=raised_by("render_characters"))


_current: ContextVar[Rendering | None] = ContextVar("promptkit_rendering", default=None)


def current_fences() -> Fences | None:
    """The fences of the message that is being rendered; None where nothing is untrusted."""
    rendering = _current.get()
    return None if rendering is None else rendering.fences


def current_modules() -> dict[int, Any]:
    """What the files have set that this rendering has imported; nothing is kept outside of one."""
    rendering = _current.get()
    return {} if rendering is None else rendering.modules


@contextmanager
def rendering(fences: Fences | None) -> Iterator[None]:
    """What runs inside is one rendering, with these fences."""
    token = _current.set(Rendering(fences))
    try:
        yield
    finally:
        _current.reset(token)
