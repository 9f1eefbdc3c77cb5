"""`PartialParser`: JSON as it arrives. Each character is read once; what is there so far is a value at any time.

A prefix of an answer gives the shape that is certain: objects with the keys that have begun, lists with the
items that have begun, a string's text so far. A number or a literal appears once it has ended.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.output.strict_json import MAX_DEPTH, NotJson, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.schema import Schema

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """A value inside the answer that has ended: where it stands, and what it is."""

    location: Location
    value: Any


class _Nothing:
    """The value before anything has arrived."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()

_PLAIN = re.compile(r'[^"\\]+')
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[-+.\w]+")
_LEAD = re.compile(r"\s*(?:<(think|thinking|reasoning)>.*?</\1>\s*)*(?:`{3,}[^\n`]*\n\s*)?", re.DOTALL | re.IGNORECASE)
_MAYBE_LEAD = re.compile(r"\s*(?:<|`|\Z)")


class PartialParser:
    """Reads one JSON value in pieces.

    Reasoning in tags and a code fence may stand before it. A text that is not JSON sets `broken` and ends the
    reading: whether the whole answer can still be used is for `parse_output` to say.
    """

    def __init__(self, schema: Schema | Mapping[str, Any] | bool | None = None) -> None:
        self.schema = schema
        self.broken = False
        self._lead: list[str] | None = []
        self._state: Callable[[str, int], int] = self._value
        self._stack: list[dict[str, Any] | list[Any]] = []
        self._path: list[str | int] = []
        self._root: Any = NOTHING
        self._parts: list[str] = []
        self._escape = ""
        self._is_key = False
        self._completed: list[Completed] = []

    def feed(self, chunk: str) -> list[Completed]:
        """Read a piece; the values that ended in it, in the order in which they ended."""
        text = self._after_lead(chunk)
        at = 0
        try:
            while at < len(text) and not self.broken:
                at = self._state(text, at)
        except NotJson:
            self.broken = True
        done, self._completed = self._completed, []
        return done

    @property
    def value(self) -> Any:
        """The value so far, or `NOTHING`. The same growing object at each call: copy it to keep it."""
        if self._state == self._string and not self._is_key:
            self._put("".join(self._parts))
        return self._root

    @property
    def done(self) -> bool:
        """Whether the value has ended."""
        return self._state == self._end

    def _after_lead(self, chunk: str) -> str:
        """The chunk without what stands before the value; kept back until it is certain."""
        if self._lead is None:
            return chunk
        self._lead.append(chunk)
        text = "".join(self._lead)
        begin = _LEAD.match(text)
        rest = text[begin.end() :] if begin else text
        if not rest or _MAYBE_LEAD.match(rest):
            return ""
        self._lead = None
        return rest

    # States: each reads from `at`, and returns where it stopped.

    def _value(self, text: str, at: int) -> int:
        at = _past_space(text, at)
        if at == len(text):
            return at
        char = text[at]
        if char == '"':
            self._begin_string(is_key=False)
            return at + 1
        if char in "{[":
            self._open({} if char == "{" else [])
            return at + 1
        if char == "]" and self._stack and self._stack[-1] == []:
            return self._close(at)
        self._parts = []
        self._state = self._word
        return at

    def _open(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise NotJson(f"nested deeper than {MAX_DEPTH} levels")
        self._put(container)
        self._stack.append(container)
        if isinstance(container, dict):
            self._state = self._first_key
        else:
            self._path.append(0)
            self._state = self._value

    def _close(self, at: int) -> int:
        container = self._stack.pop()
        if isinstance(container, list):
            self._path.pop()
        self._ended(container)
        return at + 1

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
        self._begin_string(is_key=True)
        return at + 1

    def _begin_string(self, *, is_key: bool) -> None:
        self._parts = []
        self._is_key = is_key
        self._state = self._string

    def _string(self, text: str, at: int) -> int:
        plain = _PLAIN.match(text, at)
        if plain:
            self._parts.append(plain[0])
            at = plain.end()
        if at == len(text):
            return at
        if text[at] == "\\":
            self._escape = ""
            self._state = self._escaped
            return at
        whole = "".join(self._parts)
        if self._is_key:
            container = self._stack[-1]
            if whole in container:
                raise NotJson("a key stands twice", at)
            self._path.append(whole)
            self._state = self._colon
        else:
            self._put(whole)
            self._ended(whole)
        return at + 1

    def _escaped(self, text: str, at: int) -> int:
        """An escape; two halves of a surrogate pair are one character."""
        while at < len(text):
            self._escape += text[at]
            at += 1
            size = 6 if self._escape[1:2] == "u" else 2
            if len(self._escape) > 6 and self._escape[6:8] != "\\u"[: len(self._escape) - 6]:
                kept, self._escape = self._escape[:6], self._escape[6:]
                self._parts.append(_unescaped(kept))
                self._state = self._string
                return at - len(self._escape)
            if len(self._escape) >= size and not (_is_high(self._escape) and len(self._escape) < 12):
                self._parts.append(_unescaped(self._escape))
                self._state = self._string
                return at
        return at

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
        if at == len(text):
            return at
        value = parse_json("".join(self._parts))
        self._put(value)
        self._ended(value)
        return at

    def _after(self, text: str, at: int) -> int:
        """After a value inside an object or a list."""
        at = _past_space(text, at)
        if at == len(text):
            return at
        container = self._stack[-1]
        if text[at] == ",":
            if isinstance(container, list):
                self._path[-1] = len(container)
            self._state = self._value if isinstance(container, list) else self._key
            return at + 1
        if text[at] == ("]" if isinstance(container, list) else "}"):
            return self._close(at)
        raise NotJson("a comma or the end is expected", at)

    def _end(self, text: str, at: int) -> int:  # noqa: ARG002 (what follows is not part of the value)
        return len(text)

    def _put(self, value: Any) -> None:
        if not self._stack:
            self._root = value
            return
        container, step = self._stack[-1], self._path[-1]
        if isinstance(container, dict):
            container[str(step)] = value
        elif step == len(container):
            container.append(value)
        else:
            container[int(step)] = value

    def _ended(self, value: Any) -> None:
        self._completed.append(Completed(tuple(self._path), value))
        if not self._stack:
            self._state = self._end
            return
        if isinstance(self._stack[-1], dict):
            self._path.pop()
        self._state = self._after


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _is_high(escape: str) -> bool:
    return escape[1:2] == "u" and escape[2:4].lower() in ("d8", "d9", "da", "db")


def _unescaped(escape: str) -> str:
    try:
        return str(json.loads(f'"{escape}"'))
    except ValueError:
        raise NotJson(f"{escape} is not an escape") from None
