"""Snapshots: what a prompt renders to, kept in a file beside it, so that a change of it shows as a diff."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from promptkit.atomic_write import replace_file
from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from promptkit.result import Rendered

Kept = Literal["same", "written", "changed"]

_RULE = LatePattern(r"^(\\*===)", re.MULTILINE)
_NAME = LatePattern(r"\w[\w.-]*\Z")


def snapshot_text(rendered: Rendered) -> str:
    """The messages as a text: each below a line `=== role`; a line of theirs that looks so gets a backslash."""
    parts = (f"=== {message.role}\n{_RULE.sub(_escaped, message.shown)}\n" for message in rendered.messages)
    notes = "".join(f"=== note\n{note}\n" for note in rendered.notes)
    return "\n".join(parts) + (f"\n{notes}" if notes else "")


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"


def snapshot_path(prompt: str | Path, name: str | None = None) -> Path:
    """The file beside a prompt's: `triage.snapshot.txt`, or `triage.NAME.snapshot.txt`. Raises `ConfigError`."""
    file = Path(prompt)
    if name is not None and not _NAME.match(name):
        raise ConfigError(
            f"`{name[:60]}` cannot be the name of a snapshot", help="use letters, digits, `-`, `_` and `.`"
        )
    return file.with_name(f"{file.stem}.{name}.snapshot.txt" if name else f"{file.stem}.snapshot.txt")


def compare(rendered: Rendered, path: Path, *, write: bool) -> tuple[Kept, str]:
    """Hold what is rendered against what is kept: how it stands, and the diff if it has changed.

    With `write`, the file then holds what is rendered. Raises `ConfigError` for a file that cannot be read or written.
    """
    now = snapshot_text(rendered)
    if path.exists() and not path.is_file():
        raise ConfigError("the snapshot is no regular file", where=str(path))
    try:
        kept = path.read_bytes().decode("utf-8", "surrogatepass") if path.exists() else None
        if kept is not None and now in (kept, _without_returns(kept)):
            return "same", ""
        if write:
            replace_file(path, now.encode("utf-8", "surrogatepass"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"the snapshot cannot be kept: {reason}", where=str(path)) from None
    diff = difference(kept or "", now, str(path))
    return ("written" if write else "changed"), diff


def _without_returns(kept: str) -> str:
    """A snapshot as it was written, where a checkout has put a CR before each LF: no snapshot is written so."""
    return kept.replace("\r\n", "\n") if kept.count("\r\n") == kept.count("\n") else kept


def difference(kept: str, now: str, path: str) -> str:
    """A unified diff in which the invisible end of a line is shown: CR as an escape, a space as a dot."""
    old, new = ([_visible(line) for line in text.split("\n")] for text in (kept, now))
    return "\n".join(difflib.unified_diff(old, new, f"{path} (kept)", f"{path} (now)", lineterm=""))


def _visible(line: str) -> str:
    shown = line.replace("\r", "\\r")
    bare = shown.rstrip(" ")
    return bare + "\N{MIDDLE DOT}" * (len(shown) - len(bare))
