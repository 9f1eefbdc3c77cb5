"""The page of each diagnostic code: why it is a fault, and how to cure it.

A page is `PKnnn.md` beside this file; its first line is `# PKnnn: title`.
"""

from __future__ import annotations

from pathlib import Path

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError

_FOLDER = Path(__file__).parent


def titles() -> dict[str, str]:
    """Each code with its title, in order."""
    return {path.stem: _title(path) for path in sorted(_FOLDER.glob("PK*.md"))}


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.partition(": ")[2]


def page(code: str) -> str:
    """The page of a code. Raises `ConfigError` for a code that does not exist."""
    known = {path.stem: path for path in _FOLDER.glob("PK*.md")}
    if code not in known:
        cure = did_you_mean(code, known) or "`promptkit explain` lists them"
        raise ConfigError(f"there is no code `{code}`", code="PK514", help=cure)
    return known[code].read_text(encoding="utf-8").rstrip("\n")
