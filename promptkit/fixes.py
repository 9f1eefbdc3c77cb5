"""Applying the cures that findings bring along: only the characters of each cure change, and never for the worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.atomic_write import replace_file
from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from promptkit.diagnostics import Diagnostic, Fix

MOST_ROUNDS = 8
"""A cure can bring another fault to light: a file is looked at again so often."""
MOST_ALONE = 40
"""How many cures of a file are tried one by one."""

_MARK = "\ufeff"


def cured(text: str, found: Iterable[Diagnostic]) -> tuple[str, int]:
    """A file's text with the cures of its findings applied, and how many; of two that overlap, the first."""
    mark = _MARK if text.startswith(_MARK) else ""
    plain = text.removeprefix(_MARK)
    fixes = sorted({each.fix for each in found if each.fix is not None}, key=lambda fix: (fix.start, fix.end))
    pieces: list[str] = []
    at = applied = 0
    for fix in fixes:
        if fix.start < at or not _is_inside(fix, plain):
            continue
        pieces += [plain[at : fix.start], fix.text]
        at, applied = fix.end, applied + 1
    return mark + "".join((*pieces, plain[at:])), applied


def _is_inside(fix: Fix, text: str) -> bool:
    return 0 <= fix.start <= fix.end <= len(text)


def fixed(text: str, check: Callable[[str], Iterable[Diagnostic]]) -> tuple[str, int]:
    """A text cured as far as it can be, and by how many cures. `check` finds what is wrong with a text.

    A round that leaves the text no better than it was is taken back, and its cures are tried one by one.
    """
    total, alone = 0, MOST_ALONE
    found = list(check(text))
    for _ in range(MOST_ROUNDS):
        better, applied, again = _better(text, found, check, [found])
        if not applied:
            each = [[one] for one in found if one.fix is not None][:alone]
            alone -= len(each)
            better, applied, again = _better(text, found, check, each)
        if not applied:
            break
        text, found, total = better, again, total + applied
    return text, total


def _better(
    text: str, found: list[Diagnostic], check: Callable[[str], Iterable[Diagnostic]], tried: Iterable[list[Diagnostic]]
) -> tuple[str, int, list[Diagnostic]]:
    """The text after the first cures of those tried that make it better, how many they are, and what is found then."""
    for cures in tried:
        better, applied = cured(text, cures)
        if applied and better != text:
            again = list(check(better))
            if _harm(again) < _harm(found) and _doubled(again) <= _doubled(found):
                return better, applied, again
    return text, 0, found


def _doubled(found: Iterable[Diagnostic]) -> int:
    return sum(each.code == "PK103" for each in found)


def _harm(found: Iterable[Diagnostic]) -> tuple[int, int, int]:
    """How bad it is: what breaks the YAML hides all else, so less of that is better whatever comes to light."""
    listed = list(found)
    unreadable = sum(each.code.startswith("PK1") and each.code < "PK120" for each in listed)
    return unreadable, sum(each.severity == "error" for each in listed), len(listed)


def rewrite(path: Path, text: str) -> None:
    """Put a text in the place of a file, as a whole and with the same rights. Raises `ConfigError`."""
    try:
        replace_file(path, text.encode("utf-8"))
    except OSError as error:
        message = f"the file cannot be written: {error.strerror or error}"
        raise ConfigError(message, code="PK115", where=str(path)) from None
