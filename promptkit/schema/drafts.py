"""What the drafts of JSON Schema read in different ways."""

from __future__ import annotations

from typing import Any

from promptkit.schema.equality import same_json
from promptkit.schema.references import refers_alone, walk

__all__ = ["heard", "is_draft_4", "read_otherwise"]

_LATER = frozenset(
    (
        "prefixItems",
        "dependentRequired",
        "dependentSchemas",
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
    )
)
"""Keywords that say nothing in some drafts (JSON Schema 2019-09 and 2020-12, release notes)."""


def is_draft_4(document: Any) -> bool:
    """Whether a document is of draft 4, in which 1.0 is no integer, and `id` is what `$id` is later."""
    return isinstance(document, dict) and "draft-04" in str(document.get("$schema", ""))


def heard(document: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a schema of some document that the document's draft does not pass over; a new mapping."""
    if "$ref" in schema and refers_alone(document):
        return {"$ref": schema["$ref"]}
    draft = str(document.get("$schema", "")) if isinstance(document, dict) else ""
    unknown = {keyword for name, keywords in _UNKNOWN.items() if name in draft for keyword in keywords}
    return {keyword: value for keyword, value in schema.items() if keyword not in unknown}


_UNKNOWN = {
    "draft-04": ("const", "contains", "propertyNames", "if"),
    "draft-06": ("if",),
}
"""Keywords that a draft does not know yet, and so passes over."""


def read_otherwise(one: Any, other: Any) -> bool:
    """Whether two documents, or parts of them, are of two drafts, and have what these read in two ways."""
    if any(inner != () and "$schema" in schema for each in (one, other) for inner, schema in walk(each)):
        return not same_json(one, other)
    drafts = [str(each.get("$schema", "")).rstrip("#") if isinstance(each, dict) else "" for each in (one, other)]
    newest = "https://json-schema.org/draft/2020-12/schema"
    first, second = (draft or newest for draft in drafts)
    if first == second:
        return False
    has_oldest = "draft-04" in first + second  # in which 1.0 is no integer
    return any(
        not _LATER.isdisjoint(schema) or (has_oldest and "integer" in _kinds(schema))
        for document in (one, other)
        for _, schema in walk(document)
    )


def _kinds(schema: dict[str, Any]) -> Any:
    kinds = schema.get("type", ())
    return kinds if isinstance(kinds, list) else (kinds,)
