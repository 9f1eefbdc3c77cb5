"""Reading on behind a value that is no YAML, so that all else in the file is told as well.

libyaml reads a copy of the text in which the value is made of letters, as long as the value itself, so that all that
follows keeps its place. The value itself becomes the text that was meant. Where that is not known, the whole entry at
the top of the file in which the fault lies is set aside: it is read as empty, and nothing is said of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptkit.diagnostics import nearest
from promptkit.late_pattern import LatePattern
from promptkit.yaml_keys import TOGETHER
from promptkit.yaml_strays import ENTRY, ITEM, KEYS, LOOK_BACK

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

MOST_RECOVERED = 10
MOST_TEXT = 200_000
"""How long a text may be to be read again, in characters."""

_OF_SYNTAX = ("PK100", "PK110", "PK111", "PK112", "PK116")
_TOP = LatePattern(r"^([A-Za-z_][\w-]*)[ \t]*:(?=\s|$)", re.MULTILINE)
_FENCE = LatePattern(r"^```[^\n]*", re.MULTILINE)
_WORD = LatePattern(r"[A-Za-z_][\w-]*(?![\w-]|[ \t]*:(?:\s|$))")
"""A word at the beginning of a line that is no key, since its colon is missing or is none."""
_ANCHOR = LatePattern(r"(?:^|[\s\[{,])&\w")
_INDENTED = LatePattern(r"^[ \t]+([a-z_]+)[ \t]*:", re.MULTILINE)
_FEWEST = 2
"""With fewer entries nothing is left when one is set aside."""


_AT_ITS_BEGINNING = ("PK111", "PK116")
_INSIDE = ("PK110", "PK112")
_NO_PROSE = tuple("{[\"'|>&*!#")
_COLLECTED = tuple("{[\"'")
"""What begins a value that ends somewhere else than was meant."""


def _is_key(name: str) -> bool:
    """Whether a word before a colon is a key of a prompt, or nearly one; others begin lines of prose."""
    return name in KEYS or name.startswith(("x-", "x_")) or nearest(name.lower(), KEYS) is not None


@dataclass
class Recovery:
    """The text as libyaml reads it, and the values that were meant, by the offset at which each begins."""

    text: str
    meant: dict[int, str] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    """The keys whose entries are set aside, and where each stands."""
    hidden: set[str] = field(default_factory=set)
    """Keys that stand inside of what is set aside, and may have been meant for the top."""
    passed: int = 0
    """How many slips have been gone past, or tried."""

    def passes(self, document: Document, fault: Diagnostic) -> bool:
        """Take what was meant for what is wrong, or set it aside; False when neither helps, or has been tried."""
        self.passed += 1
        if self.passed > MOST_RECOVERED or len(self.text) > MOST_TEXT or not fault.line:
            return False
        return (TOGETHER not in fault.message and self._as_meant(document, fault)) or self._set_aside(document, fault)

    def _set_aside(self, document: Document, fault: Diagnostic) -> bool:
        """Read the entry at the top of the file in which a fault lies as one without a value."""
        if "a fence of Markdown's" in fault.message:
            whole, self.text = self.text, _FENCE.sub(lambda line: " " * len(line[0]), self.text)
            return whole != self.text
        if fault.code not in _OF_SYNTAX or "mark of a merge" in fault.message:  # with both sides nothing is certain
            return False
        start = document.start(fault.line)
        entries = [found for found in _TOP.finditer(self.text) if _is_key(found[1])]
        end = next((found.start() for found in entries if found.start() > start), len(self.text))
        word = _WORD.match(document.line(fault.line))
        if word is not None and _is_key(word[0]):  # an entry whose colon is missing
            return self._without(word[0], start, start, end)
        within = next((found for found in reversed(entries) if found.start() <= start), None)
        if within is None:
            return self._without("", start, start, _end_of_prose(document, fault.line))
        return len(entries) >= _FEWEST and self._without(within[1], within.start(), within.end(), end)

    def _without(self, name: str, at: int, start: int, end: int) -> bool:
        """Read a part of the text as if it were empty: the entry of a key, if it has a name. False for the same again.

        What names an anchor is needed where it is repeated.
        """
        gone = self.text[start:end]
        if not gone.strip() or name in self.aside or (_ANCHOR.search(gone) and "*" in self.text):
            return False
        self.aside |= {name: at} if name else {}
        self.hidden |= {found[1] for found in _INDENTED.finditer(gone) if found[1] in KEYS}
        self.text = self.text[:start] + re.sub(r"[^\r\n]", " ", gone) + self.text[end:]
        self.meant = {offset: text for offset, text in self.meant.items() if not start <= offset < end}
        return True

    def _as_meant(self, document: Document, fault: Diagnostic) -> bool:
        found = _value(document, fault)
        if found is None or found[0] in self.meant:
            return False
        start, end = found
        value = document.text[start:end]
        self.meant[start] = re.sub(r"\s*\n\s*", " ", value).rstrip()
        self.text = self.text[:start] + re.sub(r"\S", "x", value) + self.text[end:]
        return True


def _end_of_prose(document: Document, line: int) -> int:
    """Where the lines end that are no entries, from one of them on."""
    while line < document.lines and (below := document.line(line + 1)).strip() and not ENTRY.match(below):
        line += 1
    return document.start(line) + len(document.line(line))


def _value(document: Document, fault: Diagnostic) -> tuple[int, int] | None:
    """The span of the value in which a fault lies, with the lines that continue it."""
    at = document.start(fault.line) + fault.column - 1
    for number in range(fault.line, max(0, fault.line - LOOK_BACK), -1):
        line = document.line(number)
        found = ENTRY.match(line) or ITEM.match(line)
        if found is None:
            continue
        start, value = document.start(number) + found.start("value"), found["value"]
        begins = fault.code in _AT_ITS_BEGINNING and start == at
        inside = fault.code in _INSIDE and value and not value.startswith(_NO_PROSE)
        nested = fault.code in ("PK100", "PK112") and found["indent"] and number == fault.line and start <= at
        if not (begins or inside or (nested and value.startswith(_COLLECTED))):
            return None
        indent = len(found["indent"].replace("-", " "))
        return start, _end(document, number, indent, entries_only=value.startswith(_COLLECTED))
    return None


def _end(document: Document, number: int, indent: int, *, entries_only: bool = False) -> int:
    """Where the text that begins on a line ends: before a line that is not indented further.

    With `entries_only`, such a line must be an entry, or an item.
    """
    last = number
    for further in range(number + 1, document.lines + 1):
        line = document.line(further)
        ends = line.strip() and len(line) - len(line.lstrip(" ")) <= indent
        if ends and not (entries_only and not (ENTRY.match(line) or ITEM.match(line))):
            break
        last = further if line.strip() else last
    return document.start(last) + len(document.line(last))
