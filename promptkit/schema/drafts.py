"""What the drafts of JSON Schema read in different ways, and a document in the words of the newest one.

See the release notes of each draft (https://json-schema.org/specification-links).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from promptkit.schema.equality import same_json
from promptkit.schema.references import references, refers_alone, resolve, walk

__all__ = ["draft_of", "heard", "is_draft_4", "modern", "read_otherwise", "respelled", "unheard"]

_NEWEST = 2020
_DRAFTS = {"draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019}
_SINCE = {
    **dict.fromkeys(("const", "contains", "propertyNames"), 6),
    **dict.fromkeys(("if", "then", "else", "contentEncoding", "contentMediaType"), 7),
    **dict.fromkeys(("dependentRequired", "dependentSchemas", "minContains", "maxContains"), 2019),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema", "$anchor", "$recursiveRef"), 2019),
    **dict.fromkeys(("prefixItems", "$dynamicRef", "$dynamicAnchor"), 2020),
}
"""The draft that brought a keyword; those before it pass it over."""
_UNTIL = dict.fromkeys(("$recursiveRef", "$recursiveAnchor"), 2019)
"""The last draft that has a keyword."""

_SHELVES = ("definitions", "$defs")
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def draft_of(document: Any) -> int:
    """The number of a document's draft; the newest where it names none."""
    named = str(document.get("$schema", "")) if isinstance(document, dict) else ""
    return next((number for name, number in _DRAFTS.items() if name in named), _NEWEST)


def is_draft_4(document: Any) -> bool:
    """Whether a document is of draft 4, in which 1.0 is no integer, and `id` is what `$id` is later."""
    return draft_of(document) == 4


def heard(document: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema of some document says there, without the schemas inside it, in the words of 2020-12.

    Beside a reference, older drafts hear nothing. A new mapping.
    """
    if "$ref" in schema and refers_alone(document):
        return {"$ref": schema["$ref"]}
    return respelled(schema, draft_of(document))


def unheard(schema: dict[str, Any], draft: int) -> list[str]:
    """The keywords of a schema that its draft passes over, since a later one brought them, or took them away."""
    return [keyword for keyword in schema if not _SINCE.get(keyword, 0) <= draft <= _UNTIL.get(keyword, draft)]


def respelled(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """The keywords of one schema that a draft does not pass over, in the words of 2020-12; a new mapping.

    Lists of `items` are `prefixItems`; boolean exclusive bounds and `dependencies` are what is said in their place.
    """
    found = {keyword: value for keyword, value in schema.items() if _SINCE.get(keyword, 0) <= draft}
    for bound, exclusive in _BOUNDS:
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and bound in found:
            found[exclusive] = found.pop(bound)
    others = found.pop("additionalItems", True)
    if isinstance(found.get("items"), list):
        found["prefixItems"] = found.pop("items")
        if others is not True:
            found["items"] = others
    if isinstance(found.get("dependencies"), dict):
        for name, needed in found.pop("dependencies").items():
            keyword = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
            found[keyword] = {**found.get(keyword, {}), name: needed}
    return found


def modern(document: Any) -> Any:
    """A document that says the same in the words of 2020-12, and names no draft; itself where it is of that one.

    It has no other word for draft 4's integers, which 1.0 is none of. Raises `LookupError` where a reference leads to
    what has another place now.
    """
    draft = draft_of(document)
    if draft == _NEWEST:
        return document
    made = deepcopy(document)
    for _, schema in list(walk(made)):
        _respell(schema, draft, alone=refers_alone(document))
    made.pop("$schema", None)
    for _, reference in references(document):
        try:
            resolve(document, reference)
        except LookupError:
            continue  # it led nowhere before
        resolve(made, reference)
    return made


def _respell(schema: dict[str, Any], draft: int, *, alone: bool) -> None:
    """Let a schema, and what it is part of, say the same in the words of 2020-12."""
    said = dict(schema)
    schema.clear()
    if alone and "$ref" in said:
        schema.update({keyword: said[keyword] for keyword in ("$ref", *_SHELVES) if keyword in said})
        return
    schema.update(respelled(said, draft))
    if isinstance(schema.get("id"), str) and "$id" not in schema:
        schema["$id"] = schema.pop("id")
    if "$recursiveRef" in schema:  # where no schema inside has an address of its own, "#" is the document
        schema["allOf"] = [*schema.get("allOf", ()), {"$ref": schema.pop("$recursiveRef")}]


def read_otherwise(one: Any, other: Any) -> bool:
    """Whether two documents, or parts of them, are of two drafts, and have what cannot be told in the words of one.

    That is an integer of draft 4 beside one of a later draft, and a part that names a draft of its own.
    """
    if any(inner != () and "$schema" in schema for each in (one, other) for inner, schema in walk(each)):
        return not same_json(one, other)
    return is_draft_4(one) != is_draft_4(other) and any(
        "integer" in _kinds(schema) for document in (one, other) for _, schema in walk(document)
    )


def _kinds(schema: dict[str, Any]) -> Any:
    kinds = schema.get("type", ())
    return kinds if isinstance(kinds, list) else (kinds,)
