"""What is no part of a value in JSON that arrives in pieces: white space, comments, and what stands behind it."""

from __future__ import annotations

from promptkit.late_pattern import LatePattern
from promptkit.output.incremental_strings import past_spaces
from promptkit.output.strict_json import NotJson

_SPACES = " \t\r\n"
_ANOTHER = LatePattern(r"[{\[<]")
"""What could begin another value, or say that the one before was none."""
_COMMENT = LatePattern(r"#|//|/\*")


class Whitespace:
    """Goes past white space and comments.

    `open` is what ends the comment that a piece ended in, `kept` what only more of the text can settle, and `found`
    says that there was a comment.
    """

    def __init__(self, *, comments: bool) -> None:
        self.signs = _SPACES + "/#" if comments else _SPACES
        self.open = ""
        self.kept = ""
        self.found = False

    def past(self, text: str, at: int) -> int:
        """Behind all that says nothing; the text's length where it may go on."""
        size = len(text)
        while at < size and text[at] in self.signs:
            behind = past_spaces(text, at) if text[at] in _SPACES else self._comment(text, at)
            if behind == at:
                break
            at = behind
        return at

    def _comment(self, text: str, at: int) -> int:
        comment = _COMMENT.match(text, at)
        if comment is None:
            self.kept = text[at:] if len(text) == at + 1 else ""
            return len(text) if self.kept else at
        self.found = True
        self.open = "*/" if comment[0] == "/*" else "\n"
        return self.rest(text, comment.end())

    def rest(self, text: str, at: int) -> int:
        """Behind the comment that is open; before the line end that ends it."""
        end = text.find(self.open, at)
        if end < 0:
            self.kept = "*" if self.open == "*/" and text.endswith("*", at) else ""
            return len(text)
        end += len(self.open.strip())
        self.open = ""
        return end


class Behind:
    """What stands behind a whole value: the end of the `fence` that it stands in, and words."""

    def __init__(self) -> None:
        self.fence = ""
        self.words = False
        self._comma = False

    def past(self, text: str, at: int, *, words: bool) -> int:
        """Behind all of it. Raises `NotJson` for what is neither, or where a further member of an object begins."""
        while at < len(text) and (text[at].isspace() or self._ends_fence(text[at]) or self._is_comma(text[at], words)):
            at += 1
        if at == len(text):
            return at
        member = self._comma and not self.words and text[at] in "\"'{["
        another = _ANOTHER.search(text, at)
        if not words or another or member:
            raise NotJson("something stands after the value", another.start() if words and another else at)
        self.fence, self.words = "", True
        return len(text)

    def _ends_fence(self, sign: str) -> bool:
        ends = self.fence.startswith(sign)
        self.fence = self.fence[ends:]
        return ends

    def _is_comma(self, sign: str, words: bool) -> bool:
        """Whether this is a first comma, or a colon: what follows shows whether a member does."""
        first = words and not self.words and not self._comma and sign in ",:"
        self._comma = self._comma or first
        return first
