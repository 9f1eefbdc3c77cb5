r"""The one-line notation in which inputs and fields are declared, read into JSON Schema.

    declaration  = alternatives ["," bounds] ["," prose] ["= default"]
    alternatives = alternative {"|" alternative}
    alternative  = type | word | "quoted" | 'quoted' | "[" declaration without default "]"
    bounds       = [a] ".." [b]

Type names only make a union, words only a string enum, and either may be joined by `null`. Quotes make a
literal of what would be a type name: in double quotes with JSON's escapes, in single quotes with `''` for
one quote. Bounds are a length for texts, a count for lists and objects, a range for numbers.

Prose runs to the end. A default stands behind the last ` = ` (with spaces around it) that is not inside
double quotes; prose that is one double-quoted text is taken without its quotes, so that it may hold ` = `.
An input that has a default may be left out of a call. In a field of an output it is the schema's `default`:
the model is told of it, and the field stays required; nothing is filled in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.schema.shorthand_bounds import BOUNDS, read_bounds
from promptkit.schema.shorthand_literals import QUOTED, ShorthandError, fail, read_default, unquoted
from promptkit.schema.shorthand_types import TYPES, Alternative, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Declaration", "ShorthandError", "parse_declaration", "split_key", "to_object_schema"]

_DEFAULT = LatePattern(r"(?<!\S)=(?!\S)")
_QUOTED_OR_DEFAULT = LatePattern(r'"[^"]*"|(?<!\S)=(?!\S)')
_MOST_LISTS = 16
_SPACE = LatePattern(r"\s*")
_SURROGATE = LatePattern("[\ud800-\udfff]")
_OF_WORDS, _OF_WORDS_IN_LISTS = LatePattern(r"[|,]"), LatePattern(r"[|,\]]")
_MORE_WORDS = LatePattern(r"""\s*((?:["'][\w-]{1,30}["']\s*,\s*)*["'][\w-]{1,30}["'])\s*(?:\]|\Z)""")
_OF_BOUNDS, _OF_BOUNDS_IN_LISTS = LatePattern(","), LatePattern(r"[,\]]")
"""The signs at which a part ends."""


class Declaration(NamedTuple):
    """What a declaration says: its JSON Schema (prose as `description`), and its default, which is not in there."""

    schema: dict[str, Any]
    has_default: bool = False
    default: Any = None
    default_at: tuple[int, int] = (0, 0)
    """Where the default stands in the text: its 0-based offset, and where it ends."""


def parse_declaration(text: str) -> Declaration:
    """Read one declaration. Raises `ShorthandError` at the fault's place."""
    if text in TYPES:
        return Declaration(dict(TYPES[text]))
    if half := _SURROGATE.search(text):
        fail("half of a surrogate pair is no character", half.start(), 1, "write the character itself")
    reader = _Reader(text)
    schema, default_at = reader.declaration()
    if default_at is None:
        return Declaration(schema)
    offset = _skip_space(text, default_at)
    written = text[offset:].rstrip()
    default = read_default(written, offset, schema)
    return Declaration(schema, has_default=True, default=default, default_at=(offset, offset + len(written)))


def split_key(key: str) -> tuple[str, bool]:
    """A declared key's name, and whether it is optional: `tags?` is `("tags", True)`."""
    return (key[:-1].rstrip(), True) if key.endswith("?") else (key, False)


def to_object_schema(properties: Mapping[str, tuple[dict[str, Any], bool]]) -> dict[str, Any]:
    """A closed object schema of properties given as name to (schema, required).

    Where all of them are optional it says so, by an empty list: a schema without one says nothing of them.
    """
    schema: dict[str, Any] = {"type": "object", "properties": {name: each for name, (each, _) in properties.items()}}
    if properties:
        schema["required"] = [name for name, (_, needed) in properties.items() if needed]
    return schema | {"additionalProperties": False}


class _Reader:
    """A position in the text that moves on as the grammar is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lists = 0

    def declaration(self) -> tuple[dict[str, Any], int | None]:
        """The schema, and where the default's text begins if there is one."""
        alternatives = self._alternatives()
        schema = schema_of(alternatives, self.text)
        self._bounds(schema, alternatives)
        if self._next() == ",":
            self.at += 1
            self._refuse_words(alternatives)
            self._prose(schema)
        return schema, self._default()

    def _refuse_words(self, alternatives: list[Alternative]) -> None:
        """Refuse quoted words behind the comma of a quoted word, where prose would stand."""
        [first, *others] = alternatives
        more = _MORE_WORDS.match(self.text, self.at) if first.schema is None and not first.bare and not others else None
        if more is not None:
            written = re.sub(r"\s*,\s*", " | ", self.text[first.offset : more.end(1)])
            cure = f"alternatives have bars between them: `{written}`"
            fail("a word stands where prose would", more.start(1), len(more[1]), cure)

    def _next(self) -> str:
        """The next character that is no space, without taking it; empty at the end of this declaration."""
        self.at = _skip_space(self.text, self.at)
        if self.at == len(self.text) or (self.lists and self.text[self.at] == "]"):
            return ""
        return self.text[self.at]

    def _alternatives(self) -> list[Alternative]:
        found = [self._alternative()]
        while self._next() == "|":
            self.at += 1
            found.append(self._alternative())
        following = self._next()
        if following not in ("", ",") and not _DEFAULT.match(self.text, self.at):
            if bounds := BOUNDS.match(self.text, self.at):
                cure = f"bounds stand behind a comma: `{self.text[: self.at].rstrip()}, {bounds[0].strip()}`"
                fail("a comma is missing here", self.at, len(bounds[0].rstrip()), cure)
            fail(f"unexpected `{following}`", self.at, 1, "alternatives are separated by `|`")
        return found

    def _alternative(self) -> Alternative:
        first = self._next()
        if first == "[":
            return self._list()
        if first and first in "\"'":
            return self._literal()
        return self._word()

    def _list(self) -> Alternative:
        start = self.at
        self.at += 1
        self.lists += 1
        if self.lists > _MOST_LISTS:
            fail("lists are nested too deeply", start, 1, "declare the inner part as an object")
        if not self._next():
            fail(
                "the list does not say what it holds",
                start,
                len(self.text[start : start + 2]),
                "write `[string]`, or `array` for any list",
            )
        items, default_at = self.declaration()
        if default_at is not None:
            fail("a list's items have no default", default_at - 1, 1, "put the default behind the `]`")
        if self.text[self.at : self.at + 1] != "]":
            fail("the list is not closed", start, 1, "end it with `]`")
        self.at += 1
        self.lists -= 1
        return Alternative({"type": "array", "items": items}, "", start, self.at - start, bare=False)

    def _literal(self) -> Alternative:
        quoted = QUOTED.match(self.text, self.at)
        if quoted is None:
            fail("the quote is not closed", self.at, 1, "end the literal with the same quote")
        start, self.at = self.at, quoted.end()
        return Alternative(None, unquoted(quoted.group(), start), start, self.at - start, bare=False)

    def _word(self) -> Alternative:
        start = self.at
        self.at = self._end(_OF_WORDS_IN_LISTS if self.lists else _OF_WORDS)
        word = self.text[start : self.at].rstrip()
        if not word:
            fail("a type or a word is missing here", start, 1, f"the types are {', '.join(TYPES)}")
        schema = dict(TYPES[word]) if word in TYPES else None
        return Alternative(schema, word, start, len(word), bare=True)

    def _end(self, signs: LatePattern[str]) -> int:
        """Where the part that begins here ends: at one of some signs, at a default, or with the text."""
        stop = signs.search(self.text, self.at)
        end = stop.start() if stop else len(self.text)
        default = _DEFAULT.search(self.text, self.at, end)
        return default.start() if default else end

    def _bounds(self, schema: dict[str, Any], alternatives: list[Alternative]) -> None:
        if self._next() != ",":
            return
        comma = self.at
        self.at += 1
        start = _skip_space(self.text, self.at)
        part = self.text[start : self._end(_OF_BOUNDS_IN_LISTS if self.lists else _OF_BOUNDS)].rstrip()
        bounds = read_bounds(self.text, part, start, schema, alternatives)
        if bounds is None:
            self.at = comma
            return
        schema |= bounds
        self.at = start + len(part)

    def _prose(self, schema: dict[str, Any]) -> None:
        comma, start = self.at - 1, _skip_space(self.text, self.at)
        default = None if self.lists else self._last_default(start)
        end = self._list_end(start) if self.lists else default if default is not None else len(self.text)
        self.at = end
        prose = self.text[start:end].strip()
        quoted = QUOTED.fullmatch(prose) if prose.startswith('"') else None
        if quoted:
            prose = unquoted(prose, start)
        if not prose:
            fail("nothing follows the comma", comma, 1, "add a description, or take the comma away")
        schema["description"] = prose

    def _list_end(self, start: int) -> int:
        """The `]` that closes the list whose items' prose begins here; brackets in prose come in pairs."""
        depth = 0
        for bracket in re.compile(r"[\[\]]").finditer(self.text, start):
            if bracket.group() == "]" and not depth:
                return bracket.start()
            depth += 1 if bracket.group() == "[" else -1
        return len(self.text)

    def _last_default(self, start: int) -> int | None:
        """The place of the last ` = ` that does not stand inside double quotes."""
        found = [each.start() for each in _QUOTED_OR_DEFAULT.finditer(self.text, start) if each.group() == "="]
        return found[-1] if found else None

    def _default(self) -> int | None:
        if self._next() != "=":
            return None
        self.at += 1
        return self.at


def _skip_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
