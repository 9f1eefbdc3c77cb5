"""JSON read in pieces: a state for each place in its grammar, and each character looked at once.

What is almost JSON is read too, if it may be repaired, as far as one character after another settles it: comments,
trailing commas, keys without quotes, single quotes, line ends in texts, Python's words and declared words without
quotes. `promptkit.output.lenient_json` reads more, since it sees the whole text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.bare_words import meaning_of, number_goes_on
from promptkit.output.growing_value import Misplaced
from promptkit.output.incremental_strings import LONGEST_DOUBT, WAIT, IncrementalStrings, past_blanks, past_spaces
from promptkit.output.strict_json import NotJson
from promptkit.output.whitespace import Behind, Whitespace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.output.growing_value import GrowingValue

_WORD = LatePattern(r"[-+.\w]+")
_NAME = LatePattern(r"[\w$-]+")
_KINDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


class IncrementalParser:
    """One value that is read in pieces. `behind` is what may follow it; `in_prose` says that words stand before it.

    When `read` raises `NotJson`, `left` is what it has not read of its piece; `dead_left` is how much of a piece was
    left when it was settled that the value cannot become valid, whatever follows. `in_text` says that a text in double
    quotes grows.
    """

    def __init__(self, growing: GrowingValue, *, repair: bool) -> None:
        self.growing = growing
        self.behind = Behind()
        self.in_prose = self.in_text = self._repaired = False
        self.left = ""
        self.dead_left: int | None = None
        self._repair = repair
        self._state: Callable[[str, int], int] = self._value
        self._quoted = IncrementalStrings(repair=repair)
        self._parts: list[str] = []
        self._read: Any = None
        self._kept = ""
        self._reached, self._settled = 0, False
        self._blanks = Whitespace(comments=repair)

    @property
    def in_word(self) -> bool:
        """Whether a number or a literal goes on until something else follows."""
        return self._state == self._word

    @property
    def ended(self) -> bool:
        """Whether the value has ended."""
        return self._state == self._end

    def read(self, piece: str) -> None:
        """Read a piece of the text."""
        text = self._kept + piece if self._kept else piece
        at, size, growing = 0, len(text), self.growing
        self._kept, self._reached = "", 0
        if self._blanks.open:
            at = self._blanks.rest(text, at)
        try:
            while at < size:
                at = self._state(text, at)
                if growing.dead:
                    self._note_death(size - at)
        except NotJson as error:
            self.in_text = False
            self.left = text[max(error.offset, at, self._reached) :]
            if growing.dead:
                self._settled = self._settled or isinstance(error, Misplaced)
                self._note_death(len(self.left))
            raise
        if self._blanks.kept:
            self._kept, self._blanks.kept = self._blanks.kept, ""

    @property
    def waits(self) -> bool:
        """Whether a part of the last piece waits for what follows."""
        return bool(self._kept)

    def _note_death(self, left: int) -> None:
        """Note where it was settled; of a text that is repaired nothing is, since it may be read otherwise.

        A value is settled by what follows it, up to the next key's colon: `75` may go on as `75%` and `12,` as
        `12,111`, and a quote may stand inside of its text. A text that grows is settled as it is.
        """
        repaired = self._repaired or self._quoted.repaired or self._blanks.found or self.in_prose
        if (self._settled or self.in_text) and self.dead_left is None and not repaired:
            self.dead_left = left

    # States: each reads from `at`, and returns where it stopped.

    def _value(self, text: str, at: int) -> int:
        at = self._blanks.past(text, at)
        if at == len(text):
            return at
        sign = text[at]
        begin = _BEGINNINGS.get(sign)
        if begin is not None:
            self._reached = at + 1
            begin(self)
            self._settled = bool(self.growing.dead)
            return at + 1
        self._settled = bool(self.growing.dead)
        if sign == "]" and isinstance(self.growing.innermost, list) and (self._repair or not self.growing.innermost):
            self._repaired = self._repaired or bool(self.growing.innermost)
            return self._close(at)
        if sign == "'" and self._repair:
            self._begin_string(sign)
            return at + 1
        self._parts = []
        self._state = self._word
        return at

    def _begin_object(self) -> None:
        self.growing.open({}, "object")
        self._state = self._first_key

    def _begin_list(self) -> None:
        self.growing.open([], "array")
        self._state = self._value

    def _begin_string(self, quote: str = '"') -> None:
        self._begin_quotes(quote)
        self._state = self._whole_string
        if not self.growing.whole:
            self.growing.begin_text()
            self._state = self._string
            self.in_text = quote == '"'

    def _begin_quotes(self, quote: str) -> None:
        self._parts = []
        self._quoted.begin(quote)

    def _close(self, at: int) -> int:
        self._reached = at + 1
        self.growing.close()
        self._settled = bool(self.growing.dead)
        self._go_on()
        return at + 1

    def _go_on(self) -> None:
        self._state = self._end if self.growing.innermost is None else self._after

    def _first_key(self, text: str, at: int) -> int:
        at = self._blanks.past(text, at)
        if at < len(text) and text[at] == "}":
            return self._close(at)
        return self._key(text, at)

    def _key(self, text: str, at: int) -> int:
        at = self._blanks.past(text, at)
        if at == len(text):
            return at
        sign = text[at]
        if sign == '"' or (sign == "'" and self._repair):
            self._begin_quotes(sign)
            self._state = self._key_text
            return at + 1
        if not self._repair or not (sign == "}" or sign.isalpha() or sign in "_$"):
            raise NotJson("a key in quotes is expected", at)
        self._repaired = True
        if sign == "}":
            return self._close(at)
        self._parts = []
        self._state = self._bare_key
        return at

    def _bare_key(self, text: str, at: int) -> int:
        name = _NAME.match(text, at)
        if name:
            self._parts.append(name[0])
            return name.end()
        behind = past_spaces(text, at)
        if behind - at <= LONGEST_DOUBT and behind == len(text):
            return self._wait(text, at)
        if behind - at > LONGEST_DOUBT or text[behind] != ":":
            raise NotJson("a colon is expected", at)
        return self._key_ended(behind)

    def _key_text(self, text: str, at: int) -> int:
        piece, at = self._piece(text, at, "key")
        if piece is not None:
            self._parts.append(piece)
            return at
        return self._key_ended(at)

    def _key_ended(self, at: int) -> int:
        self._reached = at
        self.growing.key("".join(self._parts))
        self._state = self._colon
        return at

    def _whole_string(self, text: str, at: int) -> int:
        piece, at = self._piece(text, at, self.growing.kind)
        if piece is not None:
            self._parts.append(piece)
            return at
        self._state = self._text_end
        return self._text_end(text, at)

    def _string(self, text: str, at: int) -> int:
        if text[at] == "\\":
            self._quoted.begins_with(self.growing.here())
        piece, at = self._piece(text, at, self.growing.kind)
        if piece is None:
            self.in_text = False
            self._state = self._text_end
            return self._text_end(text, at)
        room = self.growing.room
        if len(piece) > room:
            at -= len(piece) - room
            piece = piece[:room]
        self.growing.lengthen(piece)
        return at

    def _text_end(self, text: str, at: int) -> int:
        """Behind the quote that ends a text, if what follows bears it out."""
        at = self._end_of_value(text, at)
        if at == len(text) and not self._ends_at_once:
            return at
        self._tell_text(at)
        return at

    def _tell_text(self, at: int) -> None:
        if self.growing.whole:
            self._scalar("".join(self._parts), at)
        else:
            self.growing.end_text()
            self._go_on()

    def cut(self) -> None:
        """The text ends here: a value that has ended is told, though nothing bears it out."""
        if self._state == self._text_end:
            self._tell_text(0)
        elif self._state == self._word_end:
            self._scalar(self._read, 0, "".join(self._parts))

    @property
    def _ends_at_once(self) -> bool:
        """Whether a value ends where it seems to, whatever follows."""
        return self.growing.innermost is None or not self._repair

    def _end_of_value(self, text: str, at: int) -> int:
        """Where it shows that a value has ended: at what stands before the next one, or ends what is around it.

        Nothing is told of a value before: `"New York, "b": 1` and `12:30` are none that end where they seem to.
        """
        if self._ends_at_once or at == len(text):
            return at
        at = self._blanks.past(text, at)
        if at < len(text) and text[at] not in (",]" if self.growing.kind == "item" else ",}"):
            raise NotJson("a comma or the end is expected", at)
        return at

    def _scalar(self, value: Any, at: int, written: str = "") -> None:
        """A scalar has been read, up to a place in the text."""
        self._reached = at
        self.growing.scalar(value, _KINDS[type(value)], written)
        self._go_on()

    def _piece(self, text: str, at: int, kind: str) -> tuple[str | None, int]:
        """The next piece of a text and where it ends; None for the piece at the closing quote."""
        piece, after = self._quoted.piece(text, at, kind)
        return (piece, after) if after != WAIT else ("", self._wait(text, at))

    def _wait(self, text: str, at: int) -> int:
        """Keep what only more of the text can settle."""
        self._kept = text[at:]
        return len(text)

    def _colon(self, text: str, at: int) -> int:
        if text[at] != ":":
            at = self._blanks.past(text, at)
            if at == len(text):
                return at
            if text[at] != ":":
                raise NotJson("a colon is expected", at)
        self._state = self._value
        self._settled = bool(self.growing.dead)
        return at + 1

    def _word(self, text: str, at: int) -> int:
        """A number or a literal: it has ended when something else follows."""
        word = _WORD.match(text, at)
        if word:
            self._parts.append(word[0])
            at = word.end()
        if at == len(text):
            return at
        self._reached = at
        written = "".join(self._parts)
        declared = self.growing.shape.keyword("enum") or () if self._repair else ()
        self._read, repaired = meaning_of(written, declared, repair=self._repair)
        self._repaired = self._repaired or repaired
        self._state = self._word_end
        return self._word_end(text, at)

    def _word_end(self, text: str, at: int) -> int:
        at = self._end_of_value(text, at)
        if at == len(text) and not self._ends_at_once:
            return at
        if type(self._read) in (int, float) and self._repair and self.growing.kind != "item":
            alone = not self.growing.kind
            if text.startswith(",", at) and at + 1 == len(text) and not alone:
                return self._wait(text, at)
            behind = past_blanks(text, at) if alone else at
            if behind == len(text) and behind - at <= LONGEST_DOUBT:
                return self._wait(text, at)
            if behind < len(text) and number_goes_on(text, behind, alone=alone):
                raise NotJson("a number that goes on", at)
        self._scalar(self._read, at, "".join(self._parts))
        return at

    def _after(self, text: str, at: int) -> int:
        """After a value inside an object or a list."""
        if text[at] in self._blanks.signs:
            at = self._blanks.past(text, at)
            if at == len(text):
                return at
        in_list = isinstance(self.growing.innermost, list)
        if text[at] == ("]" if in_list else "}"):
            return self._close(at)
        if text[at] != ",":
            raise NotJson("a comma or the end is expected", at)
        if in_list:
            self.growing.next_item()
        self._state = self._value if in_list else self._key
        return at + 1

    def _end(self, text: str, at: int) -> int:
        """After the value."""
        at = self.behind.past(text, at, words=self._repair and isinstance(self.growing.root, (dict, list)))
        self._repaired = self._repaired or self.behind.words
        return at


_BEGINNINGS: Mapping[str, Callable[[IncrementalParser], None]] = {
    '"': IncrementalParser._begin_string,  # noqa: SLF001
    "{": IncrementalParser._begin_object,  # noqa: SLF001
    "[": IncrementalParser._begin_list,  # noqa: SLF001
}
