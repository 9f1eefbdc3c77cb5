"""Cases as data: a folder of YAML files, each a mapping of known keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class CaseFiles:
    """The cases in `cases/FOLDER`."""

    def __init__(self, folder: str, keys: set[str]) -> None:
        self.folder = Path(__file__).parent / "cases" / folder
        self._keys = keys

    def case(self, name: str) -> dict[str, Any]:
        """The case in one file."""
        data = yaml.safe_load((self.folder / f"{name}.yaml").read_text(encoding="utf-8"))
        assert data.keys() <= self._keys
        return data

    def names(self, kind: str = "says") -> list[str]:
        """The names of the cases that have a key."""
        return sorted(path.stem for path in self.folder.glob("*.yaml") if kind in self.case(path.stem))
