"""The keywords of JSON Schema, drafts 4 to 2020-12 (https://json-schema.org/specification-links)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.references import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.schema.references import Location

_CORE = """
$anchor $comment $defs $dynamicAnchor $dynamicRef $id $recursiveAnchor $recursiveRef $ref $schema $vocabulary
definitions id
"""
_APPLICATORS = """
additionalItems additionalProperties allOf anyOf contains dependencies dependentSchemas else if items not oneOf
patternProperties prefixItems properties propertyNames then unevaluatedItems unevaluatedProperties
"""
_ASSERTIONS = """
const dependentRequired enum exclusiveMaximum exclusiveMinimum format maxContains maxItems maxLength maxProperties
maximum minContains minItems minLength minProperties minimum multipleOf pattern required type uniqueItems
"""
_NOTES = """
contentEncoding contentMediaType contentSchema default deprecated description examples readOnly title writeOnly
"""
_ALSO_NAMES = """
const contains default dependencies deprecated description else enum examples format id if items maximum minimum not
pattern properties required then title type
"""
ANNOTATIONS = frozenset(("title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"))
"""Keywords that say something about values, but ask for nothing."""

SILENT = frozenset(
    (
        *("$schema", "$vocabulary", "$comment", "$defs", "definitions"),
        *("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"),
    )
)
"""Keywords without a meaning for values: addresses, remarks, and shelves whose things are told where they are used."""

FORMATS = frozenset(
    (
        *("date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
        *("uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer"),
        *("relative-json-pointer", "regex"),
    )
)
"""The formats of JSON Schema 2020-12, section 7.3; others are never checked."""

KEYWORDS = frozenset(f"{_CORE} {_APPLICATORS} {_ASSERTIONS} {_NOTES}".split())

ALSO_NAMES = frozenset(_ALSO_NAMES.split())
"""Keywords that people also call their fields; the others look like nothing else."""


def unknown_keywords(schema: Any) -> Iterator[tuple[Location, str]]:
    """What no draft knows, with the place of the schema in which it stands. Own keywords begin with `x-`."""
    for place, each in walk(schema):
        for name in each:
            if name not in KEYWORDS and not name.startswith("x-"):
                yield place, name
