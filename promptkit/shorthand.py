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
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TYPES: dict[str, dict[str, Any]] = {
    **{name: {"type": name} for name in ("string", "integer", "number", "boolean", "null", "object", "array")},
    "any": {},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "email": {"type": "string", "format": "email"},
    "uri": {"type": "string", "format": "uri"},
    "uuid": {"type": "string", "format": "uuid"},
}
"""The type names and the JSON Schema that each stands for; formats as in JSON Schema 2020-12, section 7.3."""

_MEANT = {
    "str": "string",
    "text": "string",
    "char": "string",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "none": "null",
    "nil": "null",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "dict": "object",
    "map": "object",
    "mapping": "object",
    "json": "any",
    "timestamp": "datetime",
    "date-time": "datetime",
    "url": "uri",
    "guid": "uuid",
}
_BOUND_KEYWORDS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
}
_FIXED_LENGTH = ("date", "date-time", "time", "uuid")
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_BOUNDS = re.compile(rf"\s*({_NUMBER})?\s*\.\.\s*({_NUMBER})?\s*")
_WRONG_DOTS = r"-|\N{EN DASH}|to|\.\.\.|\N{HORIZONTAL ELLIPSIS}"
_MISWRITTEN_BOUNDS = re.compile(rf"\s*({_NUMBER})\s*(?:{_WRONG_DOTS})\s*({_NUMBER})\s*")
_DEFAULT = re.compile(r"(?<!\S)=(?!\S)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', re.DOTALL)
_MOST_LISTS = 16


class ShorthandError(ValueError):
    """A declaration that cannot be read: the fault's 0-based `offset` and `length` in the text, and the cure."""

    def __init__(self, message: str, offset: int = 0, length: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length
        self.help = help

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.offset, self.length, self.help)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a declaration says: its JSON Schema (prose as `description`), and its default, which is not in there."""

    schema: dict[str, Any]
    has_default: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One alternative: a `schema` when it is a type or a list, else the text of a literal."""

    schema: dict[str, Any] | None
    text: str
    offset: int
    length: int
    bare: bool


def parse_declaration(text: str) -> Declaration:
    """Read one declaration. Raises `ShorthandError` at the fault's place."""
    reader = _Reader(text)
    schema, default_at = reader.declaration()
    if default_at is None:
        return Declaration(schema)
    offset = _skip_space(text, default_at)
    return Declaration(schema, has_default=True, default=_default(text[offset:].rstrip(), offset, schema))


def split_key(key: str) -> tuple[str, bool]:
    """A declared key's name, and whether it is optional: `tags?` is `("tags", True)`."""
    return (key[:-1].rstrip(), True) if key.endswith("?") else (key, False)


def to_object_schema(properties: Mapping[str, tuple[dict[str, Any], bool]]) -> dict[str, Any]:
    """A closed object schema of properties given as name to (schema, required)."""
    schema: dict[str, Any] = {"type": "object", "properties": {name: each for name, (each, _) in properties.items()}}
    if required := [name for name, (_, needed) in properties.items() if needed]:
        schema["required"] = required
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
        schema = _schema_of(alternatives)
        self._bounds(schema, alternatives)
        if self._next() == ",":
            self.at += 1
            self._prose(schema)
        return schema, self._default()

    def _next(self) -> str:
        """The next character that is no space, without taking it; empty at the end of this declaration."""
        self.at = _skip_space(self.text, self.at)
        if self.at == len(self.text) or (self.lists and self.text[self.at] == "]"):
            return ""
        return self.text[self.at]

    def _alternatives(self) -> list[_Alternative]:
        found = [self._alternative()]
        while self._next() == "|":
            self.at += 1
            found.append(self._alternative())
        following = self._next()
        if following not in ("", ",") and not _DEFAULT.match(self.text, self.at):
            _fail(f"unexpected `{following}`", self.at, 1, "alternatives are separated by `|`")
        return found

    def _alternative(self) -> _Alternative:
        first = self._next()
        if first == "[":
            return self._list()
        if first and first in "\"'":
            return self._literal()
        return self._word()

    def _list(self) -> _Alternative:
        start = self.at
        self.at += 1
        self.lists += 1
        if self.lists > _MOST_LISTS:
            _fail("lists are nested too deeply", start, 1, "declare the inner part as an object")
        if not self._next():
            _fail("the list does not say what it holds", start, 2, "write `[string]`, or `array` for any list")
        items, default_at = self.declaration()
        if default_at is not None:
            _fail("a list's items have no default", default_at - 1, 1, "put the default behind the `]`")
        if self.text[self.at : self.at + 1] != "]":
            _fail("the list is not closed", start, 1, "end it with `]`")
        self.at += 1
        self.lists -= 1
        return _Alternative({"type": "array", "items": items}, "", start, self.at - start, bare=False)

    def _literal(self) -> _Alternative:
        quoted = _QUOTED.match(self.text, self.at)
        if quoted is None:
            _fail("the quote is not closed", self.at, 1, "end the literal with the same quote")
        start, self.at = self.at, quoted.end()
        return _Alternative(None, _unquoted(quoted.group(), start), start, self.at - start, bare=False)

    def _word(self) -> _Alternative:
        start = self.at
        self.at = self._end(r"[|,\]]" if self.lists else r"[|,]")
        word = self.text[start : self.at].rstrip()
        if not word:
            _fail("a type or a word is missing here", start, 1, f"the types are {', '.join(TYPES)}")
        schema = dict(TYPES[word]) if word in TYPES else None
        return _Alternative(schema, word, start, len(word), bare=True)

    def _end(self, signs: str) -> int:
        """Where the part that begins here ends: at one of some signs, at a default, or with the text."""
        stop = re.compile(signs).search(self.text, self.at)
        end = stop.start() if stop else len(self.text)
        default = _DEFAULT.search(self.text, self.at, end)
        return default.start() if default else end

    def _bounds(self, schema: dict[str, Any], alternatives: list[_Alternative]) -> None:
        if self._next() != ",":
            return
        comma = self.at
        self.at += 1
        start = _skip_space(self.text, self.at)
        part = self.text[start : self._end(r"[,\]]" if self.lists else ",")].rstrip()
        bounds = _BOUNDS.fullmatch(part)
        if bounds is None:
            _refuse_miswritten(part, start, schema)
            self.at = comma
            return
        if not any(bounds.groups()):
            _fail("the bounds have no number", start, len(part), "write `1..5`, `1..` or `..5`")
        schema |= _bounded(schema, alternatives, bounds, start)
        self.at = start + len(part)

    def _prose(self, schema: dict[str, Any]) -> None:
        start = _skip_space(self.text, self.at)
        default = None if self.lists else self._last_default(start)
        end = self._list_end(start) if self.lists else default if default is not None else len(self.text)
        self.at = end
        prose = self.text[start:end].strip()
        quoted = _QUOTED.fullmatch(prose) if prose.startswith('"') else None
        if quoted:
            prose = _unquoted(prose, start)
        if not prose:
            _fail("nothing follows the comma", max(start - 1, 0), 1, "add a description, or take the comma away")
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
        quoted = [(each.start(), each.end()) for each in re.compile(r'"[^"]*"').finditer(self.text, start)]
        found = [each.start() for each in _DEFAULT.finditer(self.text, start)]
        free = [place for place in found if not any(begin < place < end for begin, end in quoted)]
        return free[-1] if free else None

    def _default(self) -> int | None:
        if self._next() != "=":
            return None
        self.at += 1
        return self.at


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _fail(message: str, offset: int, length: int, help: str) -> NoReturn:
    raise ShorthandError(message, offset, length, help)


def _unquoted(quoted: str, offset: int) -> str:
    if quoted[0] == "'":
        return quoted[1:-1].replace("''", "'")
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        _fail("a backslash in double quotes begins an escape", offset, len(quoted), "double it, or use single quotes")


def _schema_of(alternatives: list[_Alternative]) -> dict[str, Any]:
    _refuse_repetition(alternatives)
    nulls = [each for each in alternatives if each.bare and each.text == "null"]
    rest = [each for each in alternatives if not (each.bare and each.text == "null")]
    literals = [each for each in rest if each.schema is None]
    if len(literals) == len(rest) == 1 and rest[0].bare:
        _fail_single_word(rest[0])
    if literals and len(literals) < len(rest):
        _fail_mixture(rest, literals)
    if literals:
        return {"enum": [each.text for each in literals] + [None] * len(nulls)}
    return _union([each.schema for each in alternatives if each.schema is not None])


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    null, rest = {"type": "null"}, [each for each in schemas if each != {"type": "null"}]
    if len(schemas) == 1:
        return schemas[0]
    if {} in schemas:
        return {}
    if all(set(each) == {"type"} for each in schemas):
        return {"type": [each["type"] for each in schemas]}
    if len(rest) == 1 and "description" not in rest[0]:
        return rest[0] | {"type": [rest[0]["type"], "null"]}
    return {"anyOf": rest + [null] * (len(schemas) - len(rest))}


def _refuse_repetition(alternatives: list[_Alternative]) -> None:
    seen: set[tuple[str, str]] = set()
    for each in alternatives:
        what = (json.dumps(each.schema), "" if each.schema is not None else each.text)
        if what in seen:
            _fail("this alternative is written twice", each.offset, each.length, "take one of them away")
        seen.add(what)


def _fail_single_word(alone: _Alternative) -> NoReturn:
    word = alone.text
    if "=" in word:
        cure = "a default has spaces around its `=`: `string = Acme`"
    elif listed := re.fullmatch(r"(?:list|array|set|tuple)\s*[\[<](.+)[\]>]|(.+)\[\]", word, re.IGNORECASE):
        cure = f"a list is written `[{listed[1] or listed[2]}]`"
    elif meant := _near_type(word):
        cure = f"did you mean `{meant}`? Quote it to mean the literal: `'{word}'`"
    else:
        cure = f"quote it to mean the literal: `'{word}'`; the types are {', '.join(TYPES)}"
    _fail(f"unknown type `{word}`", alone.offset, alone.length, cure)


def _fail_mixture(rest: list[_Alternative], literals: list[_Alternative]) -> NoReturn:
    near = [each for each in literals if each.bare and _near_type(each.text)]
    typed = [each for each in rest if each.schema is not None]
    wrong = near[0] if near else literals[0] if len(literals) <= len(typed) else typed[0]
    known = f"did you mean `{_near_type(wrong.text)}`? " if near else ""
    _fail(
        "types and words do not mix, except with `null`",
        wrong.offset,
        wrong.length,
        f"{known}Quote each type name that is meant as a word: `'integer'`".replace("? Q", "? Otherwise q"),
    )


def _near_type(word: str) -> str:
    from difflib import get_close_matches

    if known := _MEANT.get(word.lower()):
        return known
    near = get_close_matches(word.lower(), list(TYPES), n=1, cutoff=0.75)
    return near[0] if near else ""


def _refuse_miswritten(part: str, offset: int, schema: dict[str, Any]) -> None:
    """`1-5` as a whole part is meant as bounds, and would be prose that nothing checks."""
    if (wrong := _MISWRITTEN_BOUNDS.fullmatch(part)) and _bounded_type(schema):
        _fail(f"`{part}` is not how bounds are written", offset, len(part), f"write `{wrong[1]}..{wrong[2]}`")


def _bounded_type(schema: dict[str, Any]) -> str:
    """The one type that bounds would hold for, or nothing."""
    kind = schema.get("type", ())
    kinds = [each for each in ([kind] if isinstance(kind, str) else kind) if each != "null"]
    bounded = len(kinds) == 1 and kinds[0] in _BOUND_KEYWORDS and schema.get("format") not in _FIXED_LENGTH
    return str(kinds[0]) if bounded else ""


def _bounded(
    schema: dict[str, Any], alternatives: list[_Alternative], bounds: re.Match[str], offset: int
) -> dict[str, Any]:
    length = len(bounds.group())
    kind = _bounded_type(schema)
    if not kind:
        named = " | ".join(each.text or "[...]" for each in alternatives[:3])
        what = "an enum" if "enum" in schema else f"`{named}`"
        _fail(f"bounds do not apply to {what}", offset, length, "bounds go with one text, number, list or object")
    found = [
        (keyword, _bound(text, kind, offset, length))
        for keyword, text in zip(_BOUND_KEYWORDS[kind], bounds.groups(), strict=True)
        if text is not None
    ]
    if len(found) == 2 and found[0][1] > found[1][1]:
        _fail("the bounds are the wrong way round", offset, length, f"write `{bounds[2]}..{bounds[1]}`")
    return dict(found)


def _bound(text: str, kind: str, offset: int, length: int) -> int | float:
    counted = kind in ("string", "array", "object")
    if kind != "number" and not re.fullmatch(r"[+-]?\d{1,18}", text):
        _fail(f"`{text}` is not a whole number", offset, length, "write `1..5`, `1..` or `..5`")
    value = _number(text)
    if counted and value < 0:
        _fail("a length or a count is never negative", offset, length, "write `0..5`, or `..5`")
    return value


def _number(text: str) -> int | float:
    """A JSON number; raises ValueError. Whole ones of any spelling but with `.` or `e` are integers."""
    if not re.fullmatch(_NUMBER, text) or len(text) > 1000:
        raise ValueError(text)
    value = float(text) if re.search(r"[.eE]", text) else int(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _default(text: str, offset: int, schema: dict[str, Any]) -> Any:
    if not text:
        _fail("the default is missing", max(offset - 1, 0), 1, 'write it behind `=`; an empty text is `""`')
    for kind in _default_kinds(schema):
        try:
            return _DEFAULT_READERS[kind](text)
        except (ValueError, RecursionError):
            continue
    wanted = " or ".join(_default_kinds(schema))
    cure = {"boolean": "write `true` or `false`"}.get(wanted, "write lists and objects as JSON")
    _fail(f"the default `{text[:40]}` cannot be read as {wanted}", offset, len(text), cure)


def _default_kinds(schema: dict[str, Any]) -> list[str]:
    """The types that a default is tried as, the most special first."""
    if "enum" in schema:
        kinds = {"string", "null"} if None in schema["enum"] else {"string"}
    elif "anyOf" in schema:
        kinds = {kind for each in schema["anyOf"] for kind in _default_kinds(each)}
    else:
        kind = schema.get("type", list(_DEFAULT_READERS))
        kinds = {kind} if isinstance(kind, str) else set(kind)
    return [kind for kind in _DEFAULT_READERS if kind in kinds]


def _read_null(text: str) -> None:
    if text != "null":
        raise ValueError(text)


def _read_boolean(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in ("true", "false") else _no_value(text)


def _read_integer(text: str) -> int:
    value = _number(text)
    return value if isinstance(value, int) else _no_value(text)


def _read_json(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = json.loads(text, parse_constant=_no_value)
        return value if isinstance(value, kind) else _no_value(text)

    return read


def _read_text(text: str) -> str:
    if text[0] == "[" and text[-1] != "]":
        return text
    return _unquoted(text, 0) if _QUOTED.fullmatch(text) else text


def _no_value(text: str) -> Any:
    raise ValueError(text)


_DEFAULT_READERS: dict[str, Callable[[str], Any]] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "number": _number,
    "array": _read_json(list),
    "object": _read_json(dict),
    "string": _read_text,
}
