"""A JSON Schema as servers take it: never stricter than the declared one, which stays the judge of every answer.

Servers know a part of JSON Schema, and refuse a request for the rest of it. MARA's software refused lists of types
(SambaNova community, thread 1159, 2025); llama.cpp refuses boolean schemas, references by anchor or address and to the
document itself (tried on its server, November 2026); OpenAI's documentation of structured outputs names the keywords
that are left out here. What a server does not know is also of no use to the model, which sees it in the prompt.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.schema.drafts import draft_of, respelled
from promptkit.schema.equality import is_kind
from promptkit.schema.references import refers_alone, resolve, walk
from promptkit.schema.violations import json_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from promptkit.schema.references import Location

_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "boolean": (),
    "null": (),
}
_OF_ANY = ("type", "enum", "const", "title", "description", "anyOf", "oneOf", "allOf", "$ref")
_KEPT = frozenset((*_OF_ANY, *(keyword for keywords in _OF_KIND.values() for keyword in keywords)))
_CONSTRAINTS = frozenset(
    (
        *("patternProperties", "propertyNames", "dependencies", "dependentRequired", "dependentSchemas"),
        *("unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains"),
        *("if", "then", "else", "not", "$dynamicRef", "$recursiveRef"),
    )
)
"""What says something of values and is left out; all else that is left out is an annotation."""
_BRANCHES = ("anyOf", "oneOf", "allOf")
_MOST_REFERENCES = 32


def served(schema: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The schema to send, and what it no longer says, each with its place.

    A root that is a reference is what it leads to. Definitions stand under `$defs`, those in use alone.
    """
    return _Served(dict(schema)).whole()


class _Served:
    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.alone = refers_alone(root)
        self.draft = draft_of(root)
        self.lost: list[str] = []
        self.names: dict[int, str] = {}
        self.taken: dict[str, int] = {}
        self.definitions: dict[str, Any] = {}
        self.waiting: list[tuple[str, dict[str, Any]]] = []
        self.embedded = 0

    def whole(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The whole document. Definitions are gone through one after another, however long their chain is."""
        schema = self._object(self._led(self.root), ())
        while self.waiting:
            name, target = self.waiting.pop(0)
            self.definitions[name] = self._object(target, ("$defs", name))
        while schema.keys() - {"title", "description"} == {"$ref"}:
            name = schema["$ref"].removeprefix("#/$defs/")
            if self.definitions[name] is schema:
                break
            schema = self.definitions[name]
        used = self._used(schema)
        definitions = {"$defs": used} if used else {}
        return schema | definitions, tuple(dict.fromkeys(self.lost))

    def _used(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The definitions that are still referred to: what did may have been left out since."""
        used: set[str] = set()
        waiting = [schema]
        while waiting:
            for _, each in walk(waiting.pop()):
                name = str(each.get("$ref", "")).removeprefix("#/$defs/")
                if name in self.definitions and name not in used:
                    used.add(name)
                    waiting.append(self.definitions[name])
        return {name: each for name, each in self.definitions.items() if name in used}

    def _led(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What the root leads to, as long as it is a reference and nothing else."""
        for _ in range(_MOST_REFERENCES):
            others = schema.keys() & _KEPT - {"$ref", "title", "description"}
            if "$ref" not in schema or (others and not self.alone):
                break
            target = self._target(schema["$ref"])
            if not isinstance(target, dict) or target is schema:
                break
            schema = target
        return schema

    @cached_property
    def _anchors(self) -> dict[str, Any]:
        """The schemas that have a plain name, by it; the first of them if several have it."""
        found: dict[str, Any] = {}
        for _, schema in walk(self.root):
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(schema.get(keyword), str):
                    found.setdefault(f"#{schema[keyword]}", schema)
        return found

    def _target(self, reference: Any) -> Any:
        """What a reference leads to; None for nothing."""
        if isinstance(reference, str) and reference[:1] == "#" and reference in self._anchors:
            return self._anchors[reference]
        try:
            return resolve(self.root, reference)
        except LookupError:
            return None

    def _any(self, schema: Any, at: Location) -> dict[str, Any]:
        """A schema inside; `true` and `false` are none that every server knows."""
        if isinstance(schema, dict):
            return self._object(schema, at)
        if schema is False:
            self._lose("false", at)
        return {}

    def _object(self, schema: dict[str, Any], at: Location) -> dict[str, Any]:
        if "$ref" in schema and self.alone:
            schema = {"$ref": schema["$ref"]}
        is_embedded = schema is not self.root and isinstance(schema.get("$id", schema.get("id")), str)
        self.embedded += is_embedded
        try:
            return self._without_unknown(respelled(schema, self.draft), at)
        finally:
            self.embedded -= is_embedded

    def _without_unknown(self, schema: dict[str, Any], at: Location) -> dict[str, Any]:
        for keyword in schema:
            if keyword in _CONSTRAINTS:
                self._lose(keyword, at)
        kept = {
            keyword: self._keyword(keyword, value, (*at, keyword))
            for keyword, value in schema.items()
            if keyword in _KEPT
        }
        if "patternProperties" in schema:  # its keys would be refused as additional ones
            kept.pop("additionalProperties", None)
        kept = {keyword: value for keyword, value in kept.items() if value is not _GONE}
        return self._with_one_type(self._with_any_of(kept, at), at)

    def _keyword(self, keyword: str, value: Any, at: Location) -> Any:
        if keyword == "$ref":
            return self._reference(value, at)
        if keyword == "properties":
            return dict(self._without_false(value.items(), at))
        if keyword in _BRANCHES:
            branches = list(enumerate(value))
            if keyword != "allOf":  # beside another branch, one that nothing fits says nothing
                branches = [(index, each) for index, each in branches if each is not False] or branches
            return [each for _, each in self._without_false(branches, at)] or _GONE
        if keyword == "prefixItems":
            return [self._any(each, (*at, index)) for index, each in enumerate(value)]
        if keyword == "items" and isinstance(value, bool):
            self._any(value, at)
            return _GONE
        if keyword == "items" or (keyword == "additionalProperties" and not isinstance(value, bool)):
            return self._any(value, at)
        return value

    def _without_false(self, schemas: Iterable[tuple[Any, Any]], at: Location) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Schemas by their steps, without those that nothing fits."""
        for step, schema in schemas:
            inner = self._any(schema, (*at, step))
            if schema is not False:
                yield step, inner

    def _reference(self, reference: Any, at: Location) -> Any:
        """The reference by a name under `$defs`, where what it leads to is put."""
        # What is relative to an address of its own would lead elsewhere without it.
        target = None if self.embedded else self._target(reference)
        if target is None or isinstance(target, bool):
            self._lose("$ref", at[:-1])
            return _GONE
        if id(target) not in self.names:
            name = self._name(reference)
            self.names[id(target)] = name
            self.definitions[name] = {}  # keeps its turn
            self.waiting.append((name, target))
        return f"#/$defs/{self.names[id(target)]}"

    def _name(self, reference: str) -> str:
        last = "".join(char if char.isalnum() or char in "_-." else "_" for char in reference.rpartition("/")[2])
        wanted = last.strip("_") or "root"
        name = wanted
        while name in self.definitions:
            self.taken[wanted] = self.taken.get(wanted, 1) + 1
            name = f"{wanted}_{self.taken[wanted]}"
        return name

    def _with_any_of(self, schema: dict[str, Any], at: Location) -> dict[str, Any]:
        """`oneOf` as `anyOf`: what is left out of its branches could make two of them fit."""
        if "oneOf" not in schema:
            return schema
        self.lost.append(f"`oneOf` sent as `anyOf` at {json_path(at)}")
        if "anyOf" not in schema:
            return {"anyOf" if keyword == "oneOf" else keyword: value for keyword, value in schema.items()}
        others = {keyword: value for keyword, value in schema.items() if keyword != "oneOf"}
        return others | {"allOf": [*schema.get("allOf", ()), {"anyOf": schema["oneOf"]}]}

    def _with_one_type(self, schema: dict[str, Any], at: Location) -> dict[str, Any]:
        """A list of types as alternatives of one type each."""
        kinds = schema.get("type")
        if not isinstance(kinds, list):
            return schema
        others = {keyword: value for keyword, value in schema.items() if keyword != "type"}
        if len(kinds) == 1:
            return {"type": kinds[0], **others}
        if schema.keys() & {*_BRANCHES, "$ref"}:
            self._lose("type", at)
            return others
        outside = {keyword: value for keyword, value in others.items() if keyword in ("title", "description")}
        forms = [form for kind in kinds if (form := _of_kind(kind, others)) is not None]
        if not forms:  # nothing fits, which servers have no word for
            self._lose("type", at)
            return others
        return outside | {"anyOf": forms}

    def _lose(self, what: str, at: Location) -> None:
        self.lost.append(f"`{what}` left out at {json_path(at)}")


_GONE = object()


def _of_kind(kind: str, schema: dict[str, Any]) -> dict[str, Any] | None:
    """What a schema says of values of one type; None if it has none."""
    keywords = _OF_KIND["number" if kind == "integer" else kind]
    form: dict[str, Any] = {"type": kind} | {name: schema[name] for name in keywords if name in schema}
    if "enum" in schema:
        words = [each for each in schema["enum"] if _is(kind, each)]
        return form | {"enum": words} if words else None
    if "const" in schema:
        return form | {"const": schema["const"]} if _is(kind, schema["const"]) else None
    return form


def _is(kind: str, value: Any) -> bool:
    return is_kind(value, (kind,))
