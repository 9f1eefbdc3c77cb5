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

import re
from collections import Counter, deque
from typing import Any

from promptkit.schema.keywords import ANNOTATIONS, SILENT
from promptkit.schema.notation_kinds import KEYWORDS, KINDS
from promptkit.schema.notation_marks import to_json
from promptkit.schema.notation_part import Part
from promptkit.schema.references import (
    MANY_SCHEMAS,
    NAMED_SCHEMAS,
    ONE_SCHEMA,
    REFERENCES,
    children,
    refers_alone,
    resolve,
    unescaped,
)

_SHORTEST_NAMED = 48
_DEEPEST = 40
_TWICE = 2
_VOCABULARY = frozenset(
    (*ONE_SCHEMA, *MANY_SCHEMAS, *NAMED_SCHEMAS, *ANNOTATIONS, *REFERENCES, "enum", "const", "type")
).union(*KEYWORDS.values())
_WORDS = frozenset((*KINDS, "boolean", "null", "any", "never", "not", "if", "then", "else", "one", "of"))


def to_text(schema: Any) -> str:
    """The notation of a schema; it ends on recursive ones too."""
    return Printer(schema).text()


class Printer:
    """A document while it is written: the names of shared schemas, and which of them wait for their turn."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.names: dict[int, str] = {}
        self.waiting: deque[Any] = deque()
        self.shelves: set[str] = set()
        self._lone = refers_alone(root)
        self._name_shared()

    def text(self) -> str:
        """The root, then each named schema that it leads to, in the order in which they are met."""
        main = self._definition(self.root, 0, [], "")
        parts = [f"{self.names[id(self.root)]} = {main}" if id(self.root) in self.names else main]
        told = {id(self.root)}
        while self.waiting:
            schema = self.waiting.popleft()
            if id(schema) not in told:
                told.add(id(schema))
                parts.append(f"{self.names[id(schema)]} = {self._definition(schema, 0, [], '')}")
        return "\n".join(parts)

    def write(self, schema: Any, level: int, known: list[str] | None = None, key: str = "") -> str:
        """A schema at its place: its name if it has one. `known` are the types that hold there already."""
        if id(schema) in self.names:
            self.waiting.append(schema)
            return self.names[id(schema)]
        return self._definition(schema, level, known or [], key)

    def target(self, schema: Any) -> tuple[str, Any]:
        """The keyword of a schema's reference and the schema that it leads to; None when it leads nowhere."""
        for keyword in REFERENCES if isinstance(schema, dict) else ():
            if keyword in schema:
                try:
                    return keyword, resolve(self.root, schema[keyword])
                except LookupError:
                    break
        return "", None

    def telling(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The keywords that mean something at their place."""
        if self._lone and "$ref" in schema:
            return {keyword: value for keyword, value in schema.items() if keyword in (*ANNOTATIONS, "$ref")}
        silent = SILENT | self.shelves if schema is self.root else SILENT
        return {keyword: value for keyword, value in schema.items() if keyword not in silent}

    def _name_shared(self) -> None:
        """Give a name to each schema that is reached more than once: by references, or by one and its own place.

        One that Python shares between places, and that no name stands for, is written out at each: all it leads to is
        reached more than once, too.
        """
        reached = Counter([id(self.root)])
        pointers: dict[int, tuple[str, Any]] = {}
        waiting = [self.root]
        while waiting:
            schema = waiting.pop()
            for each in self._reached_from(schema, pointers):
                reached[id(each)] += 1
                if reached[id(each)] == 1 or (reached[id(each)] == _TWICE and id(each) not in pointers):
                    waiting.append(each)
        for pointer, schema in pointers.values():
            if reached[id(schema)] > 1 and self._worth_a_name(schema):
                self.names[id(schema)] = self._new_name(pointer)

    def _reached_from(self, schema: Any, pointers: dict[int, tuple[str, Any]]) -> list[dict[str, Any]]:
        """The schemas that are told with a schema; a reference's target is put down with its pointer."""
        inner = [each for place, each in children(schema) if place[0] not in ("$defs", "definitions")]
        keyword, target = self.target(schema)
        if isinstance(target, dict):
            pointers.setdefault(id(target), (schema[keyword], target))
            # Whatever holds schemas only to be referred to (`#/components/...`) is told where it is referred to.
            shelf = unescaped(schema[keyword].split("/")[1]) if schema[keyword].startswith("#/") else ""
            self.shelves |= {shelf} - _VOCABULARY
        return [each for each in (*inner, target) if isinstance(each, dict)]

    def _worth_a_name(self, schema: dict[str, Any]) -> bool:
        """A plain type is written out at each use."""
        inside = any(True for _ in children(schema)) or not schema.keys().isdisjoint(REFERENCES)
        return inside or schema is self.root or len(to_json(schema)) > _SHORTEST_NAMED

    def _new_name(self, pointer: str) -> str:
        last = re.split(r"[/#.]", pointer)[-1] or "Root"
        name = re.sub(r"\W+", "_", last) or "Part"
        taken = _WORDS.union(self.names.values())
        free, number = name, 2
        while free in taken:
            free, number = f"{name}{number}", number + 1
        return free

    def _definition(self, schema: Any, level: int, known: list[str], key: str) -> str:
        if not isinstance(schema, dict):
            return {True: "any", False: "never"}.get(schema, to_json(schema))
        return to_json(schema) if level > _DEEPEST else Part(self, schema, level, known, key).text()
