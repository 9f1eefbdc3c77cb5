"""Reading on behind a value that is no YAML: what was meant is known, so that all else in the file is told as well.

libyaml reads a copy of the text in which the value is made of letters, as long as the value itself, so that all that
follows keeps its place. The value itself becomes the text that was meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptkit.yaml_traps import ENTRY, ITEM

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

MOST_RECOVERED = 10
MOST_TEXT = 200_000
"""How long a text may be to be read again, in characters."""

_LOOK_BACK = 50
_AT_ITS_BEGINNING = ("PK111", "PK116")
_INSIDE = ("PK110", "PK112")
_NO_PROSE = tuple("{[\"'|>&*!#")


@dataclass
class Recovery:
    """The text as libyaml reads it, and the values that were meant, by the offset at which each begins."""

    text: str
    meant: dict[int, str] = field(default_factory=dict)

    def passes(self, document: Document, fault: Diagnostic) -> bool:
        """Take what was meant for what is wrong; False when that is not known, or has been tried."""
        if len(self.meant) >= MOST_RECOVERED or len(self.text) > MOST_TEXT:
            return False
        begins = document.start(fault.line)
        if "a tab stands here" in fault.message:
            at = begins + fault.column - 1
            self.text = self.text[:at] + " " + self.text[at + 1 :]
            is_new = at not in self.meant
            self.meant[at] = ""  # where no value begins
            return is_new
        found = _value(document, fault)
        if found is None or found[0] in self.meant:
            return False
        start, end = found
        value = document.text[start:end]
        self.meant[start] = re.sub(r"\s*\n\s*", " ", value).rstrip()
        self.text = self.text[:start] + re.sub(r"\S", "x", value) + self.text[end:]
        return True


def _value(document: Document, fault: Diagnostic) -> tuple[int, int] | None:
    """The span of the value in which a fault lies, with the lines that continue it."""
    at = document.start(fault.line) + fault.column - 1
    for number in range(fault.line, max(0, fault.line - _LOOK_BACK), -1):
        line = document.line(number)
        found = ENTRY.match(line) or ITEM.match(line)
        if found is None:
            continue
        start, value = document.start(number) + found.start("value"), found["value"]
        begins = fault.code in _AT_ITS_BEGINNING and start == at
        inside = fault.code in _INSIDE and value and not value.startswith(_NO_PROSE)
        if not begins and not inside:
            return None
        indent = len(found["indent"].replace("-", " "))
        return start, _end(document, number, indent)
    return None


def _end(document: Document, number: int, indent: int) -> int:
    """Where the text that begins on a line ends: before a line that is not indented further."""
    last = number
    for further in range(number + 1, document.lines + 1):
        line = document.line(further)
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            break
        last = further if line.strip() else last
    return document.start(last) + len(document.line(last))
