"""JSON Schema in a compact notation that models read: about half of the JSON's size, and every fact kept.

    {
      "team": "billing" | "platform" | "security",
      "urgency": integer (1..5; 5 means an outage),
      "summary": string (..200 chars),
      "tags"?: [string] (1..3 items),
      "address": Address
    }
    Address = {"street": string, ...}

`?` marks what may be left out and `...` an object that may hold more than is listed (`...: T`: more of the
type `T`); `[T]` is a list, `[A, B]` a tuple, `|` one or the other, `&` both. What a part must fulfil stands in
parentheses behind it (in an object's, right behind its brace), the description last. A schema that is used at
several places, or inside itself, is written once under its name. What has no notation is kept as JSON.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from promptkit.references import MANY_SCHEMAS, NAMED_SCHEMAS, ONE_SCHEMA, children, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDEST = 100
_SHORTEST_NAMED = 24
_DEEPEST = 40
_SAYS_NOTHING = frozenset(
    ("$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$defs", "definitions", "$comment", "$vocabulary")
)
_STRUCTURE = frozenset((*ONE_SCHEMA, *MANY_SCHEMAS, *NAMED_SCHEMAS))
_FEW_VALUES = 8
_NOT_STATED = object()


def to_text(schema: Any) -> str:
    """The notation of a schema; it ends on recursive ones too."""
    return _Printer(schema).text()


class _Printer:
    def __init__(self, root: Any) -> None:
        self.root = root
        self.names: dict[int, str] = {}
        self.waiting: list[Any] = []
        self.told: set[int] = set()
        self.shelves: set[str] = set()
        self._name_shared()

    def text(self) -> str:
        """The root, then each named schema that it leads to, in the order in which they are met."""
        main = self._definition(self.root, 0)
        parts = [f"{self.names[id(self.root)]} = {main}" if id(self.root) in self.names else main]
        self.told.add(id(self.root))
        while self.waiting:
            schema = self.waiting.pop(0)
            if id(schema) not in self.told:
                self.told.add(id(schema))
                parts.append(f"{self.names[id(schema)]} = {self._definition(schema, 0)}")
        return "\n".join(parts)

    def _name_shared(self) -> None:
        """Give a name to each schema that is reached more than once: by references, or by one and its own place."""
        reached: dict[int, int] = {}
        pointers: dict[int, tuple[str, Any]] = {}
        waiting, seen = [self.root], {id(self.root)}
        reached[id(self.root)] = 1
        while waiting:
            schema = waiting.pop()
            inner = [each for place, each in children(schema) if place[0] not in ("$defs", "definitions")]
            target = self.target(schema)
            if isinstance(target, dict):
                pointers.setdefault(id(target), (schema["$ref"], target))
                self.shelves |= {shelf for shelf in schema["$ref"].split("/")[1:2] if shelf not in _STRUCTURE}
            for each in [*inner, target]:
                if isinstance(each, dict):
                    reached[id(each)] = reached.get(id(each), 0) + 1
                    if id(each) not in seen:
                        seen.add(id(each))
                        waiting.append(each)
        for pointer, schema in pointers.values():
            if reached[id(schema)] > 1 and self._worth_a_name(schema):
                self.names[id(schema)] = self._new_name(pointer)

    def _worth_a_name(self, schema: dict[str, Any]) -> bool:
        """A plain type is written out at each use."""
        return (
            schema is self.root
            or any(True for _ in children(schema))
            or "$ref" in schema
            or (len(json.dumps(schema)) > 2 * _SHORTEST_NAMED)
        )

    def _new_name(self, pointer: str) -> str:
        last = re.split(r"[/#.]", pointer)[-1] or "Root"
        name = re.sub(r"\W+", "_", last) or "Part"
        taken = set(self.names.values())
        free = name
        number = 2
        while free in taken:
            free, number = f"{name}{number}", number + 1
        return free

    def target(self, schema: Any) -> Any:
        if not isinstance(schema, dict) or "$ref" not in schema:
            return None
        try:
            return resolve(self.root, schema["$ref"])
        except LookupError:
            return None

    def write(self, schema: Any, level: int, kinds: Any = _NOT_STATED, key: str = "") -> str:
        """A schema at its place: its name if it has one. `kinds` are the types that are known there already."""
        if id(schema) in self.names:
            self.waiting.append(schema)
            return self.names[id(schema)]
        return self._definition(schema, level, kinds, key)

    def _definition(self, schema: Any, level: int, kinds: Any = _NOT_STATED, key: str = "") -> str:
        if not isinstance(schema, dict):
            return {True: "any", False: "never"}.get(schema, _json(schema))
        if level > _DEEPEST:
            return _json(schema)
        return _Part(self, schema, level, kinds, key).text()


class _Part:
    """One object schema while it is written: `rest` holds the keywords that are not told yet."""

    def __init__(self, printer: _Printer, schema: dict[str, Any], level: int, kinds: Any, key: str) -> None:
        self.printer = printer
        # What a schema holds only to be referred to is told where it is referred to.
        silent = _SAYS_NOTHING | printer.shelves if schema is printer.root else _SAYS_NOTHING
        self.rest = {keyword: value for keyword, value in schema.items() if keyword not in silent}
        self.level = level
        self.known = kinds
        self.key = key
        self.target = printer.target(schema)
        self.name = str(schema.get("$ref", "")).rpartition("/")[2]

    def text(self) -> str:
        notes: list[str] = []
        parts = [part for write in (self._reference, self._core, self._combined) for part in write(notes)]
        notes += self._annotations()
        body = " & ".join(parts) or "any"
        default = f" = {_json(self.rest.pop('default'))}" if "default" in self.rest else ""
        self.rest.pop("type", None)
        if self.rest:
            notes.insert(0, _json(self.rest))
        return _noted(body, notes) + default

    def _reference(self, _: list[str]) -> list[str]:
        if self.target is None:
            return []
        del self.rest["$ref"]
        return [self.printer.write(self.target, self.level + 1, key=self.name)]

    def _core(self, notes: list[str]) -> list[str]:
        values = self._values()
        kinds = self.rest.get("type")
        listed = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
        if values is not None:
            told = (" | " if len(values) <= _FEW_VALUES else "|").join(map(_json, values))
            implied = not listed or all(_is_kind(value, listed) for value in values)
            return [told] if implied else [" | ".join(map(str, listed)), f"({told})"]
        if not listed:
            return self._untyped(notes)
        return [" | ".join(self._kind(str(kind), notes, alone=len(listed) == 1) for kind in listed)]

    def _values(self) -> list[Any] | None:
        if "const" in self.rest:
            return [self.rest.pop("const")]
        if isinstance(self.rest.get("enum"), list):
            found: list[Any] = self.rest.pop("enum")
            return found
        return None

    def _untyped(self, notes: list[str]) -> list[str]:
        """Keywords without a type: they hold for the values of their kind and let all others pass."""
        known = self.known is not _NOT_STATED and self.known
        applicable = [kind for kind, keywords in _KEYWORDS.items() if not keywords.isdisjoint(self.rest)]
        if known and all(kind in known for kind in applicable):
            return [self._kind(kind, notes, alone=True) for kind in applicable]
        return [f"any {self._kind(kind, notes, alone=False)}" for kind in applicable]

    def _kind(self, kind: str, notes: list[str], *, alone: bool) -> str:
        write = _KINDS.get(kind)
        facts: list[str] = []
        body = write(self, facts) if write else kind
        if alone and "\n" not in body:
            notes.extend(facts)
            return body
        return _noted(body, facts)

    def _combined(self, _: list[str]) -> list[str]:
        kinds = self.rest.get("type", self.known)
        kinds = [kinds] if isinstance(kinds, str) else kinds

        def write(each: Any) -> str:
            return self.printer.write(each, self.level + 1, kinds)

        parts = []
        for keyword, join in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
            branches = self.rest.get(keyword)
            if isinstance(branches, list) and branches:
                del self.rest[keyword]
                parts.append(_joined([write(each) for each in branches], join, exactly=keyword == "oneOf"))
        if "not" in self.rest:
            parts.append(f"not ({write(self.rest.pop('not'))})")
        if "if" in self.rest and ("then" in self.rest or "else" in self.rest):
            words = [word for word in ("if", "then", "else") if word in self.rest]
            parts.append(" ".join(f"{word} ({write(self.rest.pop(word))})" for word in words))
        return parts

    def _annotations(self) -> list[str]:
        title = self.rest.pop("title", "")
        said = self.rest.pop("description", "")
        examples = self.rest.pop("examples", None)
        notes = [keyword for keyword in ("deprecated", "readOnly", "writeOnly") if self.rest.get(keyword) is True]
        for keyword in notes:
            del self.rest[keyword]
        if isinstance(examples, list) and examples:
            notes.append(f"e.g. {', '.join(map(_json, examples))}")
        if isinstance(title, str) and _plain(title) not in ("", _plain(self.key), _plain(self.name)):
            notes.append(" ".join(title.split()))
        if isinstance(said, str) and said.strip():
            notes.append(" ".join(said.split()))
        return notes

    def string(self, facts: list[str]) -> str:
        facts.extend(self._size("minLength", "maxLength", "char"))
        if isinstance(self.rest.get("format"), str):
            facts.append(self.rest.pop("format"))
        if isinstance(self.rest.get("pattern"), str):
            facts.append(_pattern(self.rest.pop("pattern")))
        return "string"

    def number(self, kind: str, facts: list[str]) -> str:
        low, high = self.rest.pop("minimum", None), self.rest.pop("maximum", None)
        over, under = self.rest.pop("exclusiveMinimum", None), self.rest.pop("exclusiveMaximum", None)
        # Draft 4 has booleans there, which say how to read the other bound.
        if isinstance(over, bool):
            low, over = (None, low) if over else (low, None)
        if isinstance(under, bool):
            high, under = (None, high) if under else (high, None)
        if low is not None or high is not None:
            facts.append(f"{_bound(low)}..{_bound(high)}")
        facts.extend(f"{sign}{_json(bound)}" for sign, bound in ((">", over), ("<", under)) if bound is not None)
        if "multipleOf" in self.rest:
            facts.append(f"multiple of {_json(self.rest.pop('multipleOf'))}")
        if isinstance(self.rest.get("format"), str):
            facts.append(self.rest.pop("format"))
        return kind

    def array(self, facts: list[str]) -> str:
        facts.extend(self._size("minItems", "maxItems", "item"))
        if self.rest.get("uniqueItems") in (True, False) and self.rest.pop("uniqueItems"):
            facts.append("unique")
        first = self.rest.pop("prefixItems", None)
        items = self.rest.pop("items", None)
        if first is None and isinstance(items, list):
            first, items = items, self.rest.pop("additionalItems", None)
        if isinstance(first, list):
            return self._tuple(first, items)
        return "array" if items is None else f"[{self._inner(items)}]"

    def _tuple(self, first: list[Any], others: Any) -> str:
        listed = [self._inner(each) for each in first]
        if others is not False:
            listed.append("..." if others in (None, True) else f"...{self._inner(others)}")
        return f"[{', '.join(listed)}{',' if len(listed) == 1 else ''}]"

    def object(self, facts: list[str]) -> str:
        facts.extend(self._size("minProperties", "maxProperties", "key"))
        declared = self.rest.pop("properties", None) if isinstance(self.rest.get("properties"), dict) else None
        required = self.rest.pop("required", []) if isinstance(self.rest.get("required"), list) else []
        if missing := [name for name in required if name not in (declared or ())]:
            facts.append(f"requires {', '.join(map(_json, missing))}")
        lines = [
            f"{_json(name)}{'' if name in required else '?'}: {self._inner(each, name)}"
            for name, each in (declared or {}).items()
        ]
        patterns = self.rest.pop("patternProperties", None)
        lines += [f"{_pattern(name)}: {self._inner(each)}" for name, each in (patterns or {}).items()]
        additional = self.rest.pop("additionalProperties", True)
        if additional in (True, {}) and not lines:
            return "object"
        if additional is not False:
            lines.append("..." if additional in (True, {}) else f"...: {self._inner(additional)}")
        return _braced(lines, self._take(facts))

    def _take(self, facts: list[str]) -> str:
        """What is said of an object stands behind its opening brace, not after its last line."""
        said = [*facts, *self._annotations()]
        facts.clear()
        return f"({'; '.join(said)})" if said else ""

    def _inner(self, schema: Any, key: str = "") -> str:
        return self.printer.write(schema, self.level + 1, key=key)

    def _size(self, least: str, most: str, unit: str) -> list[str]:
        low, high = self.rest.pop(least, None), self.rest.pop(most, None)
        if low is None and high is None:
            return []
        if low == high:
            return [f"{_json(low)} {unit}{'' if low == 1 else 's'}"]
        return [f"{_bound(low)}..{_bound(high)} {unit}s"]


_KINDS: dict[str, Callable[[_Part, list[str]], str]] = {
    "string": _Part.string,
    "integer": lambda part, facts: part.number("integer", facts),
    "number": lambda part, facts: part.number("number", facts),
    "array": _Part.array,
    "object": _Part.object,
}
_KEYWORDS = {
    "object": frozenset(
        ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties")
    ),
    "array": frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems")),
    "string": frozenset(("minLength", "maxLength", "pattern", "format")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
}
_PYTHON_KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "integer": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def _is_kind(value: Any, kinds: list[Any]) -> bool:
    return any(_PYTHON_KINDS[kind](value) for kind in kinds if kind in _PYTHON_KINDS)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _bound(value: Any) -> str:
    return "" if value is None else _json(value)


def _plain(title: Any) -> str:
    return re.sub(r"[\W_]+", "", str(title)).lower()


def _pattern(pattern: str) -> str:
    return f"/{pattern}/" if pattern.isprintable() else f"pattern {_json(pattern)}"


def _noted(body: str, notes: list[str]) -> str:
    return f"{body} ({'; '.join(notes)})" if notes else body


def _joined(branches: list[str], join: str, *, exactly: bool) -> str:
    inner = [f"({each})" if " & " in each or " | " in each else each for each in branches]
    text = join.join(dict.fromkeys(inner)) if not exactly else join.join(inner)
    return f"one of ({text})" if exactly and len(inner) > 1 and not _apart(branches) else text


def _apart(branches: list[str]) -> bool:
    """Whether branches exclude each other by their kinds alone."""
    heads = [re.match(r'string|integer|boolean|null|\[|\{|"[^"]*"$', each) for each in branches]
    return all(heads) and len({head.group() for head in heads if head}) == len(heads)


def _braced(lines: list[str], said: str) -> str:
    width = sum(map(len, lines)) + 2 * len(lines) + len(said)
    if width <= _WIDEST and not any("\n" in line for line in lines):
        return f"{{{said}{' ' if said and lines else ''}{', '.join(lines)}}}"
    body = ",\n".join(lines).replace("\n", "\n ")
    return f"{{{said}\n {body}\n}}"
