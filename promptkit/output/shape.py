"""The shape that a schema gives to a value while it arrives: which kinds may stand where, and which texts are whole."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from promptkit.output.place import Place, constants_of, kind_of, plain_word
from promptkit.schema.equality import json_kind
from promptkit.schema.references import resolve

_BRANCHING = frozenset({"anyOf", "oneOf", "allOf", "if", "not", "$dynamicRef", "$recursiveRef", "prefixItems"})
_MOST_REFERENCES = 32


class Shape:
    """One place in a schema. Where branches leave it open what may stand there, everything may.

    What alternatives agree on is not `binding`: it says how a value is read, and refuses none.
    """

    def __init__(self, root: Any, schema: Any, *, binding: bool = True) -> None:
        self.root = root
        self.declared = schema
        self.binding = binding
        self._schema = _plain(root, schema)
        self._named: dict[str, Shape] = {}
        self._items: Shape | None = None

    def keyword(self, name: str) -> Any:
        """What a keyword says here; None where it says nothing, or branches say more."""
        if name == "additionalProperties" and "patternProperties" in self._schema:
            return None
        return self._schema.get(name)

    @cached_property
    def place(self) -> Place:
        """The place with its alternatives laid side by side."""
        return Place(self.root, True if self.declared is None else self.declared)

    @cached_property
    def most_characters(self) -> int | None:
        """The most that a text here may have; None where something else may stand here, or nothing says."""
        return self._most("string", "maxLength")

    @cached_property
    def most_items(self) -> int | None:
        """The same of a list's items."""
        return self._most("array", "maxItems")

    def _most(self, kind: str, keyword: str) -> int | None:
        most = self.keyword(keyword)
        return most if self.keyword("type") == kind and type(most) is int else None

    def takes(self, kind: str) -> bool:
        """Whether a value of a JSON type may stand here; whole and other numbers are one kind."""
        wanted = self._schema.get("type") if self.binding else None
        if wanted is None:
            words = constants_of(self._schema) if self.binding else None
            kinds = {json_kind(each) for each in words or ()}
            return words is None or kind in kinds or (kind == "number" and "integer" in kinds)
        listed = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else [kind]
        return kind in ("number" if each == "integer" else each for each in listed)

    @cached_property
    def whole(self) -> bool:
        """Whether a text says nothing before it has ended: one of several that are given, or one to be changed."""
        texts = [form for form in self.place.forms if "string" in kind_of(form)]
        given = any("enum" in form or "const" in form for form in texts)
        return given or (bool(self.place.kinds) and not texts)

    def inside(self, step: str | int) -> Shape:
        """The place of a property or an item."""
        if self.declared is None:
            return self
        if not self._schema and isinstance(step, str):
            return self._in_all(step)
        if isinstance(step, int):
            self._items = self._items or Shape(self.root, self._schema.get("items"))
            return self._items
        if step not in self._named:
            named = self._schema.get("properties")
            known = named.get(step) if isinstance(named, dict) else None
            if known is None:
                return Shape(self.root, self.keyword("additionalProperties"))
            self._named[step] = Shape(self.root, known)
        return self._named[step]

    def _in_all(self, name: str) -> Shape:
        """The place of a property where alternatives judge: told as far as all of them say the same of it."""
        known = self._named.get(name)
        if known is None:
            common = _common(self.place, name)
            known = Shape(self.root, common, binding=False)
            if common is not None:  # an answer may have any number of other keys
                self._named[name] = known
        return known


def _common(place: Place, name: str) -> dict[str, Any] | None:
    """What every alternative that is an object says of a property: its type, or its words; None where they differ."""
    objects = [form for form in place.forms if kind_of(form) == {"object"}]
    # A list may be put around an object, and what nobody describes may be anything.
    if place.is_open or not objects or not all(map(kind_of, place.forms)) or place.takes("array"):
        return None
    if not all(_settles(form, name) for form in objects):
        return None
    inside = place.inside(name)
    forms = () if inside.is_open else inside.forms
    kinds = [kind_of(form) for form in forms]
    if not forms or any(len(kind) != 1 or not kind <= _SCALARS for kind in kinds):
        return None
    words = [constants_of(form) for form in forms]
    if all(listed is not None for listed in words):
        return {"enum": [each for listed in words for each in listed or ()]}
    first = set(kinds[0])
    if any(listed is not None for listed in words) or any(set(kind) != first for kind in kinds):
        return None
    return {"type": first.pop()}


def _settles(form: dict[str, Any], name: str) -> bool:
    """Whether an object's form says what may stand under a key: it declares it, or has neither it nor one like it."""
    named = form.get("properties")
    names = named if isinstance(named, dict) else {}
    if "patternProperties" in form:
        return False
    alike = plain_word(name) in map(plain_word, names)
    return name in names or (form.get("additionalProperties") is False and not alike)


_SCALARS = frozenset(("string", "integer", "number", "boolean"))


def _plain(root: Any, schema: Any) -> dict[str, Any]:
    """The schema behind its references; an empty one where more than one schema judges the place."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, dict) or _BRANCHING & schema.keys():
            return {}
        if "$ref" not in schema:
            return schema
        try:
            schema = resolve(root, schema["$ref"])
        except LookupError:
            return {}
    return {}
