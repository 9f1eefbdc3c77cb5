"""What a usable JSON Schema says that can never be, or says for nothing: bounds the wrong way round, and their kin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.diagnostics import did_you_mean
from promptkit.late_pattern import LatePattern
from promptkit.schema.drafts import draft_of, unheard
from promptkit.schema.equality import KINDS, is_kind, same_json
from promptkit.schema.keywords import ANNOTATIONS, FORMATS, KEYWORDS, SILENT
from promptkit.schema.references import refers_alone, walk
from promptkit.schema.satisfiability import empty_schemas, keeps, worth_a_look
from promptkit.schema.violations import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.schema.references import Location

_PAIRS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
    ("minimum", "maximum"),
)
_SPEAKS_OF = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), ("string",)),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), ("number", "integer")
    ),
    **dict.fromkeys(("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"), ("array",)),
    **dict.fromkeys(
        ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties"),
        ("object",),
    ),
}
"""The types of which a keyword says something; values of all others fit it."""

_NEEDS = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}
"""Keywords that say nothing without another one."""

_LOOKED_AT = frozenset(
    ("oneOf", *(name for pair in _PAIRS for name in pair), *_SPEAKS_OF, *_NEEDS, "enum", "const", "format")
) | {"additionalItems", "default", "examples"}
_SAYING = KEYWORDS - ANNOTATIONS - SILENT - {"$ref"}
_MOST_COMPARED = 200
_RECURSIVE = 2019


class Lint(NamedTuple):
    """Something strange: PK407 when no value fits, PK408 when a part of the schema has no effect."""

    code: str
    message: str
    location: Location
    hint: str = ""
    of_key: bool = False
    """Whether it is about the key at the location, and not about the value."""


def schema_lints(schema: Any, *, sound: bool = True) -> Iterator[Lint]:
    """What is strange in a schema; only in a `sound` one are keywords held against each other's values."""
    draft = draft_of(schema)
    looked, told = schema is False, set[int]()
    for place, each in walk(schema):
        looked = sound and (looked or worth_a_look(each))
        for keyword in unheard(each, draft):
            message = f"`{keyword}` says nothing: the draft that `$schema` names has no such keyword"
            hint = "name a newer draft, or leave `$schema` away"
            if keyword.startswith("$recursive") and draft > _RECURSIVE:
                message, hint = (
                    f"`{keyword}` says nothing: it is draft 2019-09's alone",
                    "write `$ref`, or `$dynamicRef`",
                )
            if keyword not in ("then", "else"):  # which say nothing without the `if` that is told
                yield Lint("PK408", message, (*place, keyword), hint, of_key=True)
        for keyword in each if "$ref" in each and place and refers_alone(schema) else ():
            if keyword in _SAYING:
                message = f"`{keyword}` says nothing: beside `$ref`, the draft that `$schema` names reads nothing"
                yield Lint("PK408", message, (*place, keyword), "put both under `allOf`", of_key=True)
        if _LOOKED_AT.isdisjoint(each):
            continue
        for look in (*_LOOKS, *(_LOOKS_AT_VALUES if sound else ())):
            for lint in look(each, place):
                told |= {id(each)} if lint.code == "PK407" else set()
                yield lint
    for found in empty_schemas(schema, told) if looked else ():
        yield Lint("PK408" if found.spare else "PK407", found.message, found.location, found.hint)


def _bounds(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    for low, high in _PAIRS:
        least: Any = schema.get(low)
        most: Any = schema.get(high)
        if KINDS["number"](least) and KINDS["number"](most) and least > most:
            names = list(schema)
            second = max((low, high), key=names.index)
            message = f"no value fits: `{low}` is {least}, and `{high}` {most}"
            yield Lint("PK407", message, (*place, second), "the bounds are the wrong way round")

    least = max(_sides(schema, "minimum", "exclusiveMinimum", 1), default=None)
    most = max(_sides(schema, "maximum", "exclusiveMaximum", -1), default=None)
    if least and most and least[1] + most[1] and least[0] == -most[0]:
        strict = "exclusiveMinimum" if least[1] else "exclusiveMaximum"
        yield Lint("PK407", f"no value fits: the bounds meet at {least[0]}, which is left out", (*place, strict))


def _sides(schema: dict[str, Any], inclusive: str, exclusive: str, sign: int) -> Iterator[tuple[Any, bool]]:
    """The bounds on one side, each with whether it is itself left out; a boolean beside one is draft 4's."""
    for name, strict in ((inclusive, schema.get(exclusive) is True), (exclusive, True)):
        if KINDS["number"](schema.get(name)):
            yield sign * schema[name], strict


def _format(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A format that is almost one of those that are checked; own ones may be called otherwise."""
    found = schema.get("format")
    if isinstance(found, str) and found not in FORMATS and (hint := did_you_mean(found, FORMATS)):
        yield Lint("PK408", f"nothing checks the format `{found}`", (*place, "format"), hint)


_IN_SLASHES = LatePattern(r"/(\^.*\$)/[dgimsuvy]{0,8}", re.DOTALL)


def _pattern(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A regular expression as JavaScript writes it out: behind the slash no text begins."""
    found = schema.get("pattern")
    if isinstance(found, str) and (inner := _IN_SLASHES.fullmatch(found)) and "|" not in found:
        message = "no text fits: the slashes, and the flags, are read as a part of the pattern"
        yield Lint("PK407", message, (*place, "pattern"), f"write `{inner[1]}`")


def _for_nothing(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A keyword that speaks of another type than the declared one."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or not kinds or not all(isinstance(kind, str) and kind in KINDS for kind in kinds):
        return
    for keyword in schema:
        meant = _SPEAKS_OF.get(keyword)
        if meant is not None and not any(kind in meant for kind in kinds):
            message = f"`{keyword}` has no effect: it speaks of {_NAMES[meant[0]]}, and {_kinds(schema)} is declared"
            yield Lint("PK408", message, (*place, keyword), of_key=True)


def _alone(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A keyword that only says something about another one, which is not there."""
    for keyword, needed in _NEEDS.items():
        if keyword in schema and needed not in schema:
            message = f"`{keyword}` says nothing without `{needed}`"
            yield Lint("PK408", message, (*place, keyword), of_key=True)
    if "additionalItems" in schema and not isinstance(schema.get("items"), list):
        message = "`additionalItems` says nothing: it speaks of what follows a list of `items`"
        hint = "`items` tells what follows `prefixItems`" if "prefixItems" in schema else "`items` tells of all items"
        yield Lint("PK408", message, (*place, "additionalItems"), hint, of_key=True)


_NAMES = {"string": "texts", "number": "numbers", "array": "lists", "object": "objects"}


def _enum(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    listed = schema.get("enum")
    if not isinstance(listed, list):
        return
    if not listed:
        yield Lint("PK407", "no value fits: the enum is empty", (*place, "enum"), "list the values")
    fitting = [_fits_type(schema, each) for each in listed]
    if listed and not any(fitting):
        quoted = all(isinstance(each, str) and re.fullmatch(r"-?\d+(?:\.\d+)?", each) for each in listed)
        hint = "numbers stand without quotes" if quoted else ""
        yield Lint("PK407", f"no value fits: none in the enum is {_kinds(schema)}", (*place, "enum"), hint)
        return
    for index, each in enumerate(listed[:_MOST_COMPARED]):
        if any(same_json(each, other) for other in listed[:index]):
            yield Lint("PK408", f"{shown(each)} stands twice in the enum", (*place, "enum", index))
        elif not fitting[index]:
            yield Lint("PK408", f"{shown(each)} is never allowed: it is not {_kinds(schema)}", (*place, "enum", index))


def _never_allowed(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A listed value that the keywords beside the list refuse, while they let others be."""
    beside = {keyword: said for keyword, said in schema.items() if keyword in _SPEAKS_OF}
    listed = schema.get("enum", ())[:_MOST_COMPARED] if beside else ()
    refused = [index for index, each in enumerate(listed) if _fits_type(schema, each) and not keeps(beside, each)]
    for index in refused if len(refused) < len(listed) else ():
        broken = (f"`{keyword}`" for keyword, said in beside.items() if not keeps({keyword: said}, listed[index]))
        message = f"{shown(listed[index])} is never allowed: it breaks {', '.join(broken)}"
        yield Lint("PK408", message, (*place, "enum", index))


def _const(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    if "const" in schema and not _fits_type(schema, schema["const"]):
        yield Lint("PK407", f"no value fits: {shown(schema['const'])} is not {_kinds(schema)}", (*place, "const"))


def _annotated(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A default, or an example, that is no value of its own schema."""
    said = {keyword: value for keyword, value in schema.items() if keyword in (*_SPEAKS_OF, "type", "enum")}
    examples = schema.get("examples")
    values = [("default", (*place, "default"), schema["default"])] if "default" in schema else []
    if isinstance(examples, list):
        values += [("example", (*place, "examples", at), each) for at, each in enumerate(examples[:_MOST_COMPARED])]
    for what, there, value in values:
        if not keeps(said, value):
            broken = (f"`{keyword}`" for keyword, each in said.items() if not keeps({keyword: each}, value))
            words = f"does not keep to {', '.join(broken)}" if _fits_type(schema, value) else f"is not {_kinds(schema)}"
            yield Lint("PK408", f"the {what} {shown(value)} {words}", there)


def _required(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A required field that is not declared: it cannot be there in a closed object, and is misspelt in most others."""
    required, declared = schema.get("required"), schema.get("properties")
    if not isinstance(required, list) or not isinstance(declared, dict):
        return
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for index, name in enumerate(required):
        if not isinstance(name, str) or name in declared:
            continue
        hint = did_you_mean(name, (each for each in declared if each not in required))
        if closed:
            message = f"no value fits: `{name}` is required, and not declared"
            yield Lint("PK407", message, (*place, "required", index), hint)
        elif hint:
            yield Lint("PK408", f"`{name}` is required, and not declared", (*place, "required", index), hint)


_BESIDE = frozenset(("additionalProperties", "required", "minProperties", "maxProperties", "patternProperties"))


def _one_level_down(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A keyword that stands among the properties, as if it were the name of one."""
    declared = schema.get("properties")
    if not isinstance(declared, dict):
        return
    for name in sorted(_BESIDE & declared.keys()):
        if isinstance(declared[name], bool) and name not in schema:
            message = f"`{name}` is declared as a property here, and says nothing of the object"
            yield Lint("PK408", message, (*place, "properties", name), "it stands beside `properties`", of_key=True)


def _same_branches(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A branch of `oneOf` that stands twice: what fits it fits two, and so none alone."""
    branches = schema.get("oneOf")
    if not isinstance(branches, list):
        return
    for index, each in enumerate(branches[:_MOST_COMPARED]):
        if any(same_json(each, other) for other in branches[:index]):
            code, what = ("PK407", "no value fits") if all(same_json(each, one) for one in branches) else ("PK408", "")
            message = "this branch of `oneOf` stands twice, and what fits it fits two of them"
            yield Lint(code, f"{what}: {message}" if what else message, (*place, "oneOf", index), "take one away")


def _conditions(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """What a condition asks for, or demands, that the object around it never has."""
    declared = schema.get("properties")
    if not isinstance(declared, dict):
        return
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for where, names in _demanded(schema) if closed else ():
        for index, name in enumerate(names):
            if isinstance(name, str) and name not in declared:
                message = f"`{name}` is required here, and not declared: no value fits then"
                yield Lint("PK408", message, (*place, *where, index), did_you_mean(name, declared))
    asked = schema.get("if")
    asked = asked.get("properties") if isinstance(asked, dict) else None
    for name, said in asked.items() if isinstance(asked, dict) else ():
        own = declared.get(name)
        if isinstance(said, dict) and "const" in said and isinstance(own, dict) and not keeps(own, said["const"]):
            listed = [each for each in own.get("enum", ()) if isinstance(each, str)]
            hint = did_you_mean(str(said["const"]), listed)
            message = f"this condition never holds: `{name}` never is {shown(said['const'])}"
            yield Lint("PK408", message, (*place, "if", "properties", name, "const"), hint)


def _demanded(schema: dict[str, Any]) -> Iterator[tuple[Location, list[Any]]]:
    """Where, under a condition, fields are required, and which."""
    for keyword in ("then", "else"):
        branch = schema.get(keyword)
        if isinstance(branch, dict) and isinstance(branch.get("required"), list) and "properties" not in branch:
            yield (keyword, "required"), branch["required"]
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(keyword)
        for index, branch in enumerate(branches[:_MOST_COMPARED] if isinstance(branches, list) else ()):
            if isinstance(branch, dict) and isinstance(branch.get("required"), list) and "properties" not in branch:
                yield (keyword, index, "required"), branch["required"]
    depending = schema.get("dependentRequired")
    for name, needed in depending.items() if isinstance(depending, dict) else ():
        if isinstance(needed, list):
            yield ("dependentRequired", name), needed


def _too_few_different(schema: dict[str, Any], place: Location) -> Iterator[Lint]:
    """A list of different items that needs more of them than there are."""
    least: Any = schema.get("minItems")
    items = schema.get("items")
    listed = items.get("enum") if isinstance(items, dict) else None
    alone = schema.get("type") in ("array", ["array"]) and "prefixItems" not in schema
    if not alone or not isinstance(listed, list) or not KINDS["number"](least):
        return
    if schema.get("uniqueItems") is True and least > len(listed):
        message = f"no value fits: {least} different items are needed, and there are {len(listed)}"
        yield Lint("PK407", message, (*place, "minItems"))


def _fits_type(schema: dict[str, Any], value: Any) -> bool:
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return not isinstance(kinds, list) or is_kind(value, (kind for kind in kinds if isinstance(kind, str)))


def _kinds(schema: dict[str, Any]) -> str:
    kinds = schema.get("type")
    return " or ".join(f"`{kind}`" for kind in ([kinds] if isinstance(kinds, str) else kinds or ()))


_LOOKS = (_bounds, _enum, _const, _required, _format, _pattern, _for_nothing, _alone, _one_level_down, _same_branches)
_LOOKS_AT_VALUES = (_never_allowed, _annotated, _conditions, _too_few_different)
