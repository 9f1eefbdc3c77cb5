"""Where and how long is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """`folder` is an empty folder for files; `quick` says to see only that everything works."""

    folder: Path
    quick: bool = False

    @property
    def rounds(self) -> int:
        """How many times each side has its turn."""
        return 1 if self.quick else 15

    @property
    def block(self) -> float:
        """How many seconds a turn in this process takes, about."""
        return 0.002 if self.quick else 0.1
