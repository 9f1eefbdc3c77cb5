"""Whom a walk through a template tells what it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.template.paths import Path
    from promptkit.template.tree import TemplateFault


class Listener(Protocol):
    """Whom a walk tells what it meets."""

    def undefined(self, name: str, start: int, known: Iterable[str], *, called: bool) -> None:
        """A name that stands for nothing, and those that do."""

    def input_used(self, name: str, start: int) -> None:
        """An input is used."""

    def fault(self, fault: TemplateFault) -> None:
        """Something is wrong."""

    def undeclared(self, path: Path, fault: TemplateFault) -> None:
        """A key is looked up that nothing declares, at a path."""

    def maybe_null(self, path: Path, start: int, end: int) -> None:
        """A value is used that may be null."""

    def asked(self, path: Path) -> None:
        """The template asks whether something is there, or says what stands for it."""
