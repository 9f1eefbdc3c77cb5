"""One place in a schema, as readers of loose answers need it: what may stand here, under which names, of which words.

This is an aid for reading only. Branches are laid side by side and joined loosely; whether a value fits is the
validator's word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.schema.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_REFERENCES = 32
_MOST_FORMS = 64
_KINDS = ("object", "array", "string", "number", "integer", "boolean", "null")
_OF_KIND = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems"),
}


class Place:
    """A place in the schema `root`: where `schema` judges."""

    __slots__ = ("__dict__", "root", "schema")

    def __init__(self, root: Any, schema: Any) -> None:
        self.root = root
        self.schema = schema

    @cached_property
    def forms(self) -> tuple[dict[str, Any], ...]:
        """The alternatives, each with at most one `type`, in the schema's order; empty where nothing is said."""
        found: list[dict[str, Any]] = []
        for form in _forms(self.root, self.schema, _MOST_REFERENCES):
            found += [form] if form else []
            if len(found) > _MOST_FORMS:
                return ()
        return tuple(found)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The JSON types that may stand here; empty where the schema leaves it open."""
        kinds: set[str] = set()
        for form in self.forms:
            kind = kind_of(form)
            if not kind:
                return frozenset()
            kinds |= kind
        return frozenset(kinds)

    def takes(self, *kinds: str) -> bool:
        """Whether the schema says that one of these may stand here."""
        return not self.kinds.isdisjoint(kinds)

    @cached_property
    def names(self) -> dict[str, None]:
        """The keys that objects here declare."""
        return {name: None for form in self.forms for name in _named(form)}

    @cached_property
    def _has_prefix(self) -> bool:
        return any("prefixItems" in form for form in self.forms)

    @cached_property
    def _inside(self) -> dict[str | int, Place]:
        return {}

    def inside(self, step: str | int) -> Place:
        """The place of a property, or of an item (by its number)."""
        if isinstance(step, int) and not self._has_prefix:
            step = 0  # all items stand in the same place
        known = self._inside.get(step)
        if known is None:
            schemas = [each for form in self.forms for each in _below(form, step)]
            joined = schemas[0] if len(schemas) == 1 else {"anyOf": schemas} if schemas else True
            known = self._inside[step] = Place(self.root, joined)
        return known


def kind_of(form: dict[str, Any]) -> frozenset[str]:
    """The JSON types of a form; empty for any."""
    if isinstance(form.get("type"), str):
        return frozenset((form["type"],))
    words = form["enum"] if isinstance(form.get("enum"), list) else [form["const"]] if "const" in form else []
    if words:
        return frozenset(json_kind(each) for each in words)
    for kind, keywords in _OF_KIND.items():
        if not form.keys().isdisjoint(keywords):
            return frozenset((kind,))
    return frozenset()


def json_kind(value: Any) -> str:
    """The JSON type of a value; whole numbers are `integer`."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    for kind, types in (("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "object"


def _forms(root: Any, schema: Any, left: int) -> Iterator[dict[str, Any]]:
    if not isinstance(schema, dict) or left <= 0:
        if schema is not False:
            yield {}
        return
    base = {name: value for name, value in schema.items() if name not in ("$ref", "allOf", "anyOf", "oneOf")}
    bases = [base]
    if "$ref" in schema:
        try:
            bases = [_joined(each, base) for each in _forms(root, resolve(root, schema["$ref"]), left - 1)]
        except LookupError:
            bases = [base]
    for part in schema.get("allOf", ()) if isinstance(schema.get("allOf"), list) else ():
        bases = [_joined(one, other) for one in bases for other in list(_forms(root, part, left - 1))[:_MOST_FORMS]]
    for word in ("anyOf", "oneOf"):
        branches = schema.get(word)
        if isinstance(branches, list):
            inner = [form for each in branches for form in _forms(root, each, left - 1)]
            bases = [_joined(one, other) for one in bases for other in inner[:_MOST_FORMS]]
    for each in bases[:_MOST_FORMS]:
        listed = each.get("type")
        yield from (
            ({**each, "type": kind} for kind in listed if kind in _KINDS) if isinstance(listed, list) else (each,)
        )


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What both say; of what both say differently, what the second says, but for properties and what is required."""
    joined = {**one, **other}
    for name in ("properties", "required"):
        if name in one and name in other and type(one[name]) is type(other[name]):
            joined[name] = {**one[name], **other[name]} if name == "properties" else [*one[name], *other[name]]
    return joined


def _named(form: dict[str, Any]) -> dict[str, Any]:
    named = form.get("properties")
    return named if isinstance(named, dict) else {}


def _below(form: dict[str, Any], step: str | int) -> Iterator[Any]:
    if isinstance(step, str):
        named = _named(form)
        if step in named:
            yield named[step]
        elif isinstance(form.get("additionalProperties"), dict):
            yield form["additionalProperties"]
        return
    listed = form.get("prefixItems")
    if isinstance(listed, list) and step < len(listed):
        yield listed[step]
    elif isinstance(form.get("items"), dict):
        yield form["items"]


def plain_word(text: str) -> str:
    """A word without case, accents, spaces and punctuation; of what is nothing else, the text itself."""
    split = unicodedata.normalize("NFKD", text.replace("ı", "i")).casefold()
    bare = "".join(char for char in split if char.isalnum())
    return bare or text.strip()


_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """The words of a text, each plain; signs stand for themselves."""
    return [plain_word(each) for each in _WORDS.findall(text)]
