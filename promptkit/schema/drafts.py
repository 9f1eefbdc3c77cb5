"""What the drafts of JSON Schema read in different ways."""

from __future__ import annotations

from typing import Any

from promptkit.schema.references import walk

__all__ = ["read_otherwise"]

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


def read_otherwise(one: Any, other: Any) -> bool:
    """Whether two documents are of two drafts, and have what these read in two ways."""
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
