"""Validators made from JSON Schemas; with `promptkit.schema`'s tests, the only place that knows jsonschema_rs.

A validator never fetches anything (every reference out of the document is refused), and runs patterns on an
engine that takes linear time; only if a pattern needs look-around or back-references do all get a backtracking
one, with a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.schema.references import MOST_WAYS, endless, too_deep, too_many_ways

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST_SCHEMA = 200
"""How deep a schema may be nested."""

MULTIPLIES = f"its references and alternatives multiply to more than {MOST_WAYS:,} ways to judge one value"
_BACKTRACKS = 100_000

_LATER_FORMATS = {
    "draft-04": (
        *("duration", "idn-hostname", "iri", "iri-reference", "json-pointer", "relative-json-pointer"),
        *("uri-reference", "uri-template", "uuid"),
    ),
    "draft-06": ("duration", "idn-hostname", "iri", "iri-reference", "relative-json-pointer", "uuid"),
    "draft-07": ("duration", "uuid"),
}
"""Formats of JSON Schema 2020-12 that older drafts lack, where schemas of these drafts use them all the same."""


class UnusableSchemaError(ValueError):
    """Why no validator can be made, in one line."""


def validator(schema: Any) -> Any:
    """The `jsonschema_rs` validator of a schema. Raises `UnusableSchemaError`."""
    if why := shape_fault(schema):
        raise UnusableSchemaError(why)
    if too_many_ways(schema) is not None:
        raise UnusableSchemaError(MULTIPLIES)
    try:
        made = _compiled(schema)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UnusableSchemaError(first_line(error)) from None
    if next(endless(schema), None) is not None:
        raise UnusableSchemaError("it leads back to itself without end")
    return made


def shape_fault(schema: Any) -> str:
    """Why something cannot be looked at as a schema at all, or nothing."""
    if not isinstance(schema, (dict, bool)):
        return "a JSON Schema is an object, true or false"
    return f"the schema is nested deeper than {DEEPEST_SCHEMA} levels" if too_deep(schema, DEEPEST_SCHEMA) else ""


def first_line(error: BaseException) -> str:
    """The beginning of an error's message."""
    return str(getattr(error, "message", error)).partition("\n")[0][:200]


def _compiled(schema: Any) -> Any:
    from jsonschema_rs import FancyRegexOptions, RegexOptions, validator_for

    formats = _later_formats(schema)

    def build(options: RegexOptions | FancyRegexOptions) -> Any:
        return validator_for(
            schema, formats=formats, retriever=_refuse_to_fetch, validate_formats=True, pattern_options=options
        )

    try:
        return build(RegexOptions())
    except ValueError:
        return build(FancyRegexOptions(backtrack_limit=_BACKTRACKS))


def _refuse_to_fetch(address: str) -> NoReturn:
    raise ValueError(f"`{address}` is not part of the schema, and nothing is fetched")


def _later_formats(schema: Any) -> dict[str, Callable[[str], bool]]:
    from jsonschema_rs import Draft202012Validator

    draft = str(schema.get("$schema", "")) if isinstance(schema, dict) else ""
    named = next((names for word, names in _LATER_FORMATS.items() if word in draft), ())
    return {name: Draft202012Validator({"format": name}, validate_formats=True).is_valid for name in named}
