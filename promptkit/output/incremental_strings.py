"""The pieces of a text in quotes, as they arrive: what its escapes mean, and where it ends.

In double quotes the next one ends the text, as in JSON. In single quotes what follows tells: it may be an apostrophe.
"""

from __future__ import annotations

from promptkit.late_pattern import LatePattern
from promptkit.output.raw_backslashes import is_told, may_be_raw
from promptkit.output.strict_json import NotJson, parse_json

WAIT = -1
"""Where a piece ends that only more of the text can settle."""
_PLAIN = {quote: LatePattern(rf"[^{quote}\\\x00-\x1f\ud800-\udfff]+") for quote in "\"'"}
_SPACE = LatePattern(r"[ \t\r\n]*")
_BLANKS = LatePattern(r"[ \t]*")
_HEX = "[0-9a-fA-F]"
_PAIR = rf"u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_ESCAPE = LatePattern(rf'\\(?:["\\/bfnrt]|{_PAIR}|u(?![dD][89a-fA-F]){_HEX}{{4}})')
_INVALID = LatePattern(rf'(?:[^"\\\n]|{_ESCAPE.pattern}){{0,2000}}?\\[^"\\/bfnrtu\']')
"""A backslash that escapes nothing, further on in a text that has arrived so far."""
_LONGEST_HEAD = 3
_LONGEST_ESCAPE = len("\\ud83d\\ude00")
LONGEST_DOUBT = 200
"""So many characters may follow a single quote, or a name, until it shows what it is."""
_BEHIND = {"key": ":", "item": "]", "member": "}", "": ""}
_NEXT = {"key": "", "item": "'\"[{]-0123456789", "member": "'\"}", "": ""}
"""What stands behind a text, and what behind the comma behind it, by what the text is."""


class IncrementalStrings:
    """Reads texts piece by piece. `repaired` says that one was not JSON as it stood."""

    def __init__(self, *, repair: bool) -> None:
        self.repaired = False
        self._repair = repair
        self._quote = '"'
        self._head = ""
        self._settled = False
        """Whether the backslashes of this text are surely escapes, or have been looked at too long."""

    def begin(self, quote: str) -> None:
        """A text begins with this quote."""
        self._quote, self._head, self._settled = quote, "", False
        self.repaired = self.repaired or quote != '"'

    def begins_with(self, text: str) -> None:
        """How the text begins before its first backslash, as far as it tells a drive of Windows."""
        self._head = self._head or text[:_LONGEST_HEAD]

    def piece(self, text: str, at: int, kind: str) -> tuple[str | None, int]:
        """The next piece of a text, which is a `key`, an `item` or a `member`, and where it ends.

        The piece at the closing quote is None; one that ends at `WAIT` cannot be read yet.
        """
        plain = _PLAIN[self._quote].match(text, at)
        if plain:
            return plain[0], plain.end()
        sign = text[at]
        if sign == '"':
            return None, at + 1
        if sign == "'":
            return self._single_quote(text, at, kind)
        if sign == "\\":
            return self._escape(text, at)
        if not self._repair or sign >= " ":
            raise NotJson("not a character that a string may hold", at)
        self.repaired = True
        return sign, at + 1

    def _single_quote(self, text: str, at: int, kind: str) -> tuple[str | None, int]:
        """The end of a text in single quotes, or an apostrophe in it."""
        behind = past_spaces(text, at + 1)
        after = past_spaces(text, behind + 1) if text[behind : behind + 1] == "," else behind
        if after - at > LONGEST_DOUBT:
            raise NotJson("what a single quote is does not show soon enough", at)
        if after == len(text):
            return "", WAIT
        if text[at + 1].isalpha():
            return "'", at + 1
        ends = text[after] in _NEXT[kind] if text[behind] == "," else text[behind] == _BEHIND[kind]
        if not ends:
            raise NotJson("a single quote that may end its text, or not", at)
        return None, at + 1

    def _escape(self, text: str, at: int) -> tuple[str, int]:
        """An escape; two halves of a surrogate pair are one character."""
        escape = _ESCAPE.match(text, at)
        if escape and self._repair and self._quote == '"' and not self._settled and may_be_raw(text, at, self._head):
            if _INVALID.match(text, at):
                raise NotJson("an escape, or a backslash that stands for itself", at)
            self._settled = is_told(text, at)
            if not self._settled:
                return "", WAIT
        if escape:
            return str(parse_json(f'"{escape[0]}"')), escape.end()
        if self._repair and text.startswith("\\'", at):
            self.repaired = True
            return "'", at + 2
        if len(text) - at >= _LONGEST_ESCAPE or self._quote in text[at + 2 :]:
            raise NotJson("not an escape", at)
        return "", WAIT


def past_blanks(text: str, at: int) -> int:
    """Behind the spaces and tabs of a line."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def past_spaces(text: str, at: int) -> int:
    """Behind JSON's white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
