"""What is wrong with a JSON Schema itself, each problem at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.diagnostics import nearest
from promptkit.schema.limits import first_fault
from promptkit.schema.references import Location, endless, references, resolve, too_many_ways
from promptkit.schema.validators import DEEPEST_SCHEMA, MULTIPLIES, UnusableSchemaError, shape_fault, validator
from promptkit.schema.violations import json_path, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
"""The drafts that are known, by their metaschemas' addresses (json-schema.org, "Specification Links")."""

_SHELVES = ("$defs", "definitions")


def _shelf(schema: Any, keyword: str) -> list[str]:
    held = schema.get(keyword) if isinstance(schema, dict) else None
    return [str(name) for name in held] if isinstance(held, dict) else []


_NEWEST = "http://json-schema.org/schema"
_METASCHEMAS: dict[str, Any] = {}


class SchemaProblem(NamedTuple):
    """Why a schema cannot be used, and where in it.

    `keyword` is the one of the metaschema that it breaks; `meant` is the word that was probably meant, for which the
    message asks at its end.
    """

    message: str
    location: Location = ()
    keyword: str = ""
    meant: str = ""

    def __str__(self) -> str:
        return f"at {json_path(self.location)}: {self.message}"


def schema_problems(schema: Any) -> tuple[SchemaProblem, ...]:
    """What keeps a schema from use by its draft's metaschema, its patterns and its references."""
    if why := shape_fault(schema):
        return (SchemaProblem(why),)
    found = [*_draft_problems(schema), *_circles(schema)]
    if not found and (place := too_many_ways(schema)) is not None:
        return (SchemaProblem(MULTIPLIES, place),)
    try:
        validator(schema)
    except UnusableSchemaError as error:
        found += _astray(schema)
        found = found or [SchemaProblem(error.args[0])]
    return tuple(dict.fromkeys(found))


def _draft_problems(schema: Any) -> Iterator[SchemaProblem]:
    """What the metaschema says; patterns are checked there too, as texts of the format `regex`."""
    draft = schema.get("$schema", DRAFTS[-1]) if isinstance(schema, dict) else DRAFTS[-1]
    address = draft.rstrip("#") if isinstance(draft, str) else ""
    address = DRAFTS[-1] if address == _NEWEST else address
    if address not in DRAFTS:
        yield SchemaProblem(f"the draft {draft!r} is not known; known are {', '.join(DRAFTS)}", ("$schema",))
    elif fault := first_fault(schema, DEEPEST_SCHEMA):
        yield SchemaProblem(fault[1], fault[0])
    else:
        for violation in violations(_metaschema(address).iter_errors(schema), schema):
            yield SchemaProblem(violation.message, violation.location, violation.keyword, violation.meant)


def _metaschema(draft: str) -> Any:
    if draft not in _METASCHEMAS:
        _METASCHEMAS[draft] = validator({"$schema": draft, "$ref": draft})
    return _METASCHEMAS[draft]


def _circles(schema: Any) -> Iterator[SchemaProblem]:
    for place in endless(schema):
        yield SchemaProblem("this leads back to itself without end", place)


def _astray(schema: Any) -> Iterator[SchemaProblem]:
    """The references that no schema of the document answers."""
    for place, reference in references(schema):
        try:
            resolve(schema, reference)
        except LookupError:
            if isinstance(reference, str):  # else the metaschema says so
                yield SchemaProblem(_where_to(schema, reference), place)


def _where_to(schema: Any, reference: str) -> str:
    if reference.startswith("#"):
        known = [f"#/{keyword}/{name}" for keyword in _SHELVES for name in _shelf(schema, keyword)]
        by_name = [each for each in known if each.rpartition("/")[2] == reference.strip("#").rpartition("/")[2]]
        near = by_name[0] if by_name else nearest(reference, known)
        return f"`{reference[:80]}` leads nowhere in this schema{f'; did you mean `{near}`?' if near else ''}"
    return f"`{reference[:80]}` is outside of this document, and nothing is fetched; copy it into `$defs`"
