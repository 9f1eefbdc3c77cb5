"""What a writer promises of the keywords that narrow a reader's schema in ways that are not followed further.

Each rule is a proof: it says that all that the writer allows keeps the reader's keyword, or else nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.disjoint import apart, covers, may_have
from promptkit.schema.references import references
from promptkit.schema.validators import UnusableSchemaError, validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from promptkit.schema.claims import Path
    from promptkit.schema.compat import Comparison
    from promptkit.schema.conjunction import Form

    Rule = Callable[[Comparison, Mapping[str, Any], Form, Path], bool]

__all__ = ["matches", "proved"]

_MOST_ITEMS = 32


def proved(comparison: Comparison, keyword: str, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """Whether what the writer allows surely keeps a keyword, among others of the reader's; the writer has no unions."""
    kind = _SPEAKS_OF.get(keyword)
    if kind is not None and not covers(wrote.kinds(), kind):
        return True
    return keyword in _RULES and _RULES[keyword](comparison, read, wrote, path)


def _needed(_: Comparison, read: Mapping[str, Any], wrote: Form, __: Path) -> bool:
    """`dependentRequired`: each field that may be there brings the others with it."""
    return all(
        _brought(wrote.keywords, name).issuperset(others)
        for name, others in read["dependentRequired"].items()
        if may_have(wrote.keywords, name)
    )


def _brought(said: Mapping[str, Any], name: str) -> set[str]:
    """The fields that an object surely has which has one of some name."""
    needs, found = said.get("dependentRequired", {}), set(said.get("required", ()))
    new = found | {name}
    while new:
        found |= new
        new = {each for known in new for each in needs.get(known, ())} - found
    return found


def _dependent(comparison: Comparison, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """`dependentSchemas`: whoever has the field fits the schema."""
    return all(
        comparison.fits(schema, {"allOf": [wrote.keywords, {"required": sorted(_brought(wrote.keywords, name))}]}, path)
        for name, schema in read["dependentSchemas"].items()
        if may_have(wrote.keywords, name)
    )


def _names(comparison: Comparison, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """`propertyNames`: the names that there may be fit."""
    said = wrote.keywords
    possible: dict[str, Any] = {"type": "string"}
    if said.get("additionalProperties") is False and "patternProperties" not in said:
        possible = {"enum": [name for name in said.get("properties", {}) if may_have(said, name)]}
    return comparison.fits(read["propertyNames"], {"allOf": [possible, said.get("propertyNames", True)]}, path)


def _patterns(comparison: Comparison, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """`patternProperties`: whatever may stand under a name that matches fits, as far as each name can be told."""
    said = wrote.keywords
    return all(
        comparison.fits(schema, said.get("patternProperties", {}).get(pattern, True), path)
        or all(comparison.fits(schema, inner, path) for inner in _matched(said, pattern))
        for pattern, schema in read["patternProperties"].items()
    )


def _matched(said: Mapping[str, Any], pattern: str) -> Iterator[Any]:
    """What is said of the fields whose names may match a pattern, one by one and of all others."""
    for name, schema in said.get("properties", {}).items():
        if matches(pattern, name) is not False:
            yield schema
    yield from said.get("patternProperties", {}).values()
    yield said.get("additionalProperties", True)


def matches(pattern: str, name: str) -> bool | None:
    """Whether a name matches a pattern; None where that cannot be told."""
    try:
        return bool(validator({"pattern": pattern}).is_valid(name))
    except (UnusableSchemaError, ValueError):
        return None


def _contains(comparison: Comparison, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """`contains`: so many items are sure to fit, and no more than may."""
    said, wanted = wrote.keywords, read["contains"]
    least, most = read.get("minContains", 1), read.get("maxContains")
    if most is not None and said.get("maxItems", most + 1) > most:
        is_same = comparison.is_same(wanted, said.get("contains"))
        if not is_same or said.get("maxContains", most + 1) > most:
            return False
    if "contains" in said and said.get("minContains", 1) >= least and comparison.fits(wanted, said["contains"], path):
        return True
    found = sum(comparison.fits(wanted, item, path) for item in _sure_items(said))
    return bool(found >= least)


def _sure_items(said: Mapping[str, Any]) -> Iterator[Any]:
    """What the items are that are sure to be there, as many of them as are looked at."""
    listed = said.get("prefixItems", ())
    for index in range(min(int(said.get("minItems", 0)), _MOST_ITEMS)):
        yield listed[index] if index < len(listed) else said.get("items", True)


def _not(comparison: Comparison, read: Mapping[str, Any], wrote: Form, _: Path) -> bool:
    """`not`: nothing that is refused is allowed, or all of it is refused by the writer, too."""
    refused = read["not"]
    if apart(comparison.roots, comparison.form(refused), wrote):
        return True
    return "not" in wrote.keywords and comparison.fits_turned(refused, wrote.keywords["not"])


def _if(comparison: Comparison, read: Mapping[str, Any], wrote: Form, path: Path) -> bool:
    """`if`: what meets the condition fits the one, and what does not the other."""
    condition, said = read["if"], wrote.keywords
    meets: list[Any] = [said]
    misses: list[Any] = [said]
    if comparison.is_same(condition, said.get("if")):
        rest = {keyword: value for keyword, value in said.items() if keyword not in ("if", "then", "else")}
        meets, misses = [rest, said.get("then", True)], [rest, said.get("else", True)]
    if not any(True for _ in references(condition)):
        meets = [*meets, condition]
    never = apart(comparison.roots, comparison.form(condition), wrote)
    if not never and not comparison.fits(read.get("then", True), {"allOf": meets}, path):
        return False
    otherwise = read.get("else", True)
    return (
        otherwise is True
        or comparison.fits(otherwise, {"allOf": misses}, path)
        or (not never and comparison.fits(condition, said, path))
    )


_RULES: dict[str, Rule] = {
    "dependentRequired": _needed,
    "dependentSchemas": _dependent,
    "propertyNames": _names,
    "patternProperties": _patterns,
    "contains": _contains,
    "not": _not,
    "if": _if,
}
_SPEAKS_OF = {
    "contains": "array",
    "unevaluatedItems": "array",
    **dict.fromkeys(
        ("patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
        "object",
    ),
}
"""The type that a keyword speaks of: of all others it says nothing."""
