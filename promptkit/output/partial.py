"""`PartialParser`: JSON as it arrives. Each character is read once; what is there so far is a value at any time.

A prefix of an answer gives the shape that is certain: objects with the keys whose values have begun, lists with
the items that have begun, a string's text so far. A number or a literal appears once it has ended, and so does a
text that the schema says to be one of several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.output.growing import NOTHING, Completed, Growing
from promptkit.output.lead import Lead
from promptkit.output.shape import Shape
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.output.verdicts import Verdicts
from promptkit.result import Violation
from promptkit.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


__all__ = ["NOTHING", "Completed", "PartialParser"]

_PLAIN = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]+')
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[-+.\w]+")
_HEX = "[0-9a-fA-F]"
_PAIR = rf"u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_ESCAPE = re.compile(rf'\\(?:["\\/bfnrt]|{_PAIR}|u(?![dD][89a-fA-F]){_HEX}{{4}})')
_LONGEST_ESCAPE = len("\\ud83d\\ude00")


class PartialParser:
    """Reads one JSON value in pieces.

    Reasoning in tags and a code fence may stand before it. A text that is not JSON, or not in the schema's shape,
    sets `broken` and ends the reading: whether the whole answer can still be used is for `parse_output` to say.
    Once the value cannot become valid any more, whatever follows, `dead` says why, and `dead_at` after how many
    characters of the text that is so. `coerce` says whether values may be brought to their declared types, and
    `strict` that the text must be the value as it stands.
    """

    def __init__(
        self, schema: Schema | Mapping[str, Any] | bool | None = None, *, coerce: bool = True, strict: bool = False
    ) -> None:
        json = schema.json if isinstance(schema, Schema) else None if schema is None else Schema(schema).json
        self.broken = False
        self._shape = Shape(json, json)
        self._growing = Growing(self._shape, Verdicts(coerces=coerce and not strict))
        self.dead_at: int | None = None
        self._fed = 0
        self._strict = strict
        self._lead: Lead | None = None if strict else Lead()
        self._fence = ""
        self._state: Callable[[str, int], int] = self._value
        self._parts: list[str] = []
        self._kept = ""

    def feed(self, chunk: str) -> list[Completed]:
        """Read a piece; the values that ended in it, in the order in which they ended."""
        self._fed += len(chunk)
        text = self._after_lead(chunk)
        while text and not self.broken:
            try:
                text = self._read(text)
            except NotJson:
                text = self._lost(text)
        done, self._growing.completed = self._growing.completed, []
        return done

    def close(self) -> list[Completed]:
        """The text has ended: so has a number, or a literal, that is the whole answer."""
        return self.feed("\n") if self._state == self._word else []

    @property
    def value(self) -> Any:
        """The value so far, or `NOTHING`. The same growing object at each call: copy it to keep it."""
        return self._growing.root

    @property
    def dead(self) -> tuple[Violation, ...]:
        """What is wrong with the value for good; nothing as long as it can become valid."""
        return self._growing.dead

    @property
    def done(self) -> bool:
        """Whether the value has ended."""
        return self._state == self._end and not self.broken

    def _after_lead(self, chunk: str) -> str:
        """The chunk without what stands before the value; nothing until that is certain."""
        if self._lead is None:
            return chunk
        text = self._lead.feed(chunk)
        if text is None:
            return ""
        self._fence, self._lead = self._lead.fence, None
        return text

    def _lost(self, text: str) -> str:
        """What stands before a value took itself for one: look for a value behind it. A value that broke is lost."""
        if self.value is not NOTHING or self._strict:
            self.broken = True
            return ""
        self._lead = Lead()
        self._lead.lost()
        self._state, self._kept = self._value, ""
        return self._after_lead(text)

    def _read(self, chunk: str) -> str:
        text, at = self._kept + chunk, 0
        self._kept = ""
        try:
            while at < len(text):
                at = self._state(text, at)
                if self._growing.dead and self.dead_at is None:
                    self.dead_at = self._fed - len(text) + at
        except NotJson as error:
            if self._strict:
                self._growing.give_up(Violation("$", f"the answer is not JSON as it stands: {error.message}", "strict"))
            if self._growing.dead and self.dead_at is None:
                self.dead_at = self._fed - len(text) + max(error.offset, at)
            raise
        return ""

    # States: each reads from `at`, and returns where it stopped.

    def _value(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        begin = _BEGINNINGS.get(text[at])
        if begin is not None:
            _placed(at, begin, self)
            return at + 1
        if text[at] == "]" and self._growing.innermost == []:
            return self._close(at)
        self._parts = []
        self._state = self._word
        return at

    def _begin_object(self) -> None:
        self._growing.open({}, "object")
        self._state = self._first_key

    def _begin_list(self) -> None:
        self._growing.open([], "array")
        self._state = self._value

    def _begin_string(self) -> None:
        self._parts = []
        self._state = self._whole_string
        if not self._growing.whole:
            self._growing.begin_text()
            self._state = self._string

    def _close(self, at: int) -> int:
        self._growing.close()
        self._go_on()
        return at + 1

    def _go_on(self) -> None:
        self._state = self._end if self._growing.innermost is None else self._after

    def _first_key(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at < len(text) and text[at] == "}":
            return self._close(at)
        return self._key(text, at)

    def _key(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        if text[at] != '"':
            raise NotJson("a key in quotes is expected", at)
        self._parts = []
        self._state = self._key_text
        return at + 1

    def _key_text(self, text: str, at: int) -> int:
        piece, at = self._piece(text, at)
        if piece is not None:
            self._parts.append(piece)
            return at
        _placed(at, self._growing.key, "".join(self._parts))
        self._state = self._colon
        return at

    def _whole_string(self, text: str, at: int) -> int:
        piece, at = self._piece(text, at)
        if piece is not None:
            self._parts.append(piece)
        else:
            self._scalar("".join(self._parts), at)
        return at

    def _string(self, text: str, at: int) -> int:
        piece, at = self._piece(text, at)
        if piece is None:
            self._growing.end_text()
            self._go_on()
            return at
        room = self._growing.room
        self._growing.lengthen(piece[:room])
        return at - max(0, len(piece) - room)

    def _scalar(self, value: Any, at: int) -> None:
        """A scalar has been read, up to a place in the text."""
        _placed(at, self._growing.scalar, value, _KINDS[type(value)])
        self._go_on()

    def _piece(self, text: str, at: int) -> tuple[str | None, int]:
        """The next piece of a string and where it ends; None for the piece at the closing quote."""
        plain = _PLAIN.match(text, at)
        if plain:
            return plain[0], plain.end()
        if text[at] == '"':
            return None, at + 1
        if text[at] != "\\":
            raise NotJson("not a character that a string may hold", at)
        return self._escape(text, at)

    def _escape(self, text: str, at: int) -> tuple[str, int]:
        """An escape; two halves of a surrogate pair are one character. One that is cut is kept for the next piece."""
        escape = _ESCAPE.match(text, at)
        if escape:
            return str(parse_json(f'"{escape[0]}"')), escape.end()
        if len(text) - at >= _LONGEST_ESCAPE or '"' in text[at + 2 :]:
            raise NotJson("not an escape", at)
        self._kept = text[at:]
        return "", len(text)

    def _colon(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        if text[at] != ":":
            raise NotJson("a colon is expected", at)
        self._state = self._value
        return at + 1

    def _word(self, text: str, at: int) -> int:
        """A number or a literal: it has ended when something else follows."""
        word = _WORD.match(text, at)
        if word:
            self._parts.append(word[0])
            at = word.end()
        if at < len(text):
            self._scalar(_placed(at, parse_json, "".join(self._parts)), at)
        return at

    def _after(self, text: str, at: int) -> int:
        """After a value inside an object or a list."""
        at = _past_space(text, at)
        if at == len(text):
            return at
        in_list = isinstance(self._growing.innermost, list)
        if text[at] == ("]" if in_list else "}"):
            return self._close(at)
        if text[at] != ",":
            raise NotJson("a comma or the end is expected", at)
        if in_list:
            self._growing.next_item()
        self._state = self._value if in_list else self._key
        return at + 1

    def _end(self, text: str, at: int) -> int:
        """After the value: nothing but the end of the fence that it stands in."""
        rest = text[at:].strip()
        if not self._fence.startswith(rest):
            raise NotJson("something stands after the value", at)
        self._fence = self._fence.removeprefix(rest)
        return len(text)


_BEGINNINGS: Mapping[str, Callable[[PartialParser], None]] = {
    '"': PartialParser._begin_string,  # noqa: SLF001
    "{": PartialParser._begin_object,  # noqa: SLF001
    "[": PartialParser._begin_list,  # noqa: SLF001
}
_KINDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def _placed(at: int, step: Callable[..., Any], *values: Any) -> Any:
    """Do a step; what is wrong with it shows at a place in the text."""
    try:
        return step(*values)
    except NotJson as error:
        raise NotJson(error.message, at) from None


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
