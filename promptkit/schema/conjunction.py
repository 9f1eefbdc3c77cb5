"""A schema as one conjunction: references followed and `allOf` joined, with the unions that are left.

What cannot be joined exactly is left out, which makes the form wider than the schema: it is `loose`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from promptkit.schema.drafts import heard
from promptkit.schema.equality import among, same_json
from promptkit.schema.keyword_merge import joined
from promptkit.schema.keywords import ANNOTATIONS, SILENT
from promptkit.schema.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.schema.keyword_merge import Both

ALL_KINDS = ("null", "boolean", "number", "string", "array", "object")

NARROWING = (
    *("not", "if", "contains", "patternProperties", "propertyNames"),
    *("dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties"),
    *("contentEncoding", "contentMediaType", "$dynamicRef", "$recursiveRef"),
)
"""Keywords that narrow a schema in ways that are not followed further."""

FOLLOWED_BY = {"if": ("if", "then", "else"), "contains": ("contains", "minContains", "maxContains")}
"""Keywords that mean something only with each other, in one schema; the others of a group nothing without its first."""

_MOST_WHOLE = 64
SAYS_NOTHING = ANNOTATIONS | SILENT
"""Keywords that no value breaks."""


class Pairs:
    """One schema for two, the same one each time: what is known of schemas goes by identity, and so ends."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], tuple[Any, Any, Any]] = {}

    def __call__(self, one: Any, other: Any) -> Any:
        """The schema that asks for both."""
        if one is False or other is False:
            return False
        if one is True or other is True or one is other:
            return other if one is True else one
        key = (id(one), id(other))
        if key not in self._made:
            self._made[key] = (one, other, {"allOf": [one, other]})  # which keeps both, and so their ids
        return self._made[key][2]


@dataclass
class Form:
    """The keywords that hold together and the unions beside them.

    `never` says that no value fits; `dropped`, that some keyword could not be joined with another of its name.
    """

    keywords: dict[str, Any] = field(default_factory=dict)
    unions: list[tuple[str, list[Any]]] = field(default_factory=list)
    never: bool = False
    dropped: bool = False
    both: Both = field(default_factory=Pairs)

    @property
    def loose(self) -> bool:
        """Whether the keywords allow more than the schema does."""
        return self.dropped or any(keyword in self.keywords for keyword in NARROWING)

    def kinds(self) -> tuple[str, ...]:
        """The JSON types that a value may have."""
        kind = self.keywords.get("type", ALL_KINDS)
        return (kind,) if isinstance(kind, str) else tuple(kind)

    def whole_kinds(self) -> tuple[str, ...]:
        """The same, where a number that can only be a whole one is an integer, as it is since draft 6."""
        is_whole = Fraction(str(self.keywords.get("multipleOf", 0.5))).denominator == 1
        return tuple("integer" if is_whole and kind == "number" else kind for kind in self.kinds())

    def values(self) -> list[Any] | None:
        """All values that there are, if they are finitely many by themselves: enums, constants, null, booleans."""
        if "enum" in self.keywords:
            return list(self.keywords["enum"])
        if set(self.kinds()) <= {"null", "boolean"}:
            return [each for kind in self.kinds() for each in ((None,) if kind == "null" else (True, False))]
        return self._whole_numbers() if self.kinds() == ("integer",) else None

    def _whole_numbers(self) -> list[Any] | None:
        said = self.keywords
        least = [ceil(said["minimum"])] if "minimum" in said else []
        least += [floor(said["exclusiveMinimum"]) + 1] if "exclusiveMinimum" in said else []
        most = [floor(said["maximum"])] if "maximum" in said else []
        most += [ceil(said["exclusiveMaximum"]) - 1] if "exclusiveMaximum" in said else []
        if not least or not most or min(most) - max(least) >= _MOST_WHOLE:
            return None
        return list(range(max(least), min(most) + 1))

    def by_kind(self) -> Iterator[dict[str, Any]]:
        """The same schema as several, one for each type."""
        unions = {"allOf": [{keyword: branches} for keyword, branches in self.unions]} if self.unions else {}
        for kind in self.kinds():
            yield {**self.keywords, **unions, "type": kind}

    def branches(self) -> Iterator[dict[str, Any]]:
        """The same schema as several, one for each branch of its first union."""
        (_, first), *others = self.unions
        rest = [{keyword: branches} for keyword, branches in others]
        for branch in first:
            yield {"allOf": [dict(self.keywords), branch, *rest]}


def form_of(root: Any, schema: Any, both: Both | None = None) -> Form:
    """The form of a schema that stands in the document `root`; `both` makes one schema of two."""
    form = Form(both=both or Pairs())
    _join(root, schema, form, set())
    # An empty set of types or values is nothing.
    form.never |= form.keywords.get("type") == [] or form.keywords.get("enum") == []
    return form


def _join(root: Any, schema: Any, form: Form, seen: set[int]) -> None:
    if schema is False:
        form.never = True
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    found = _grouped(heard(root, schema))
    if "$ref" in found:
        _follow(root, found.pop("$ref"), form, seen)
    for each in found.pop("allOf", ()):
        _join(root, each, form, seen)
    for keyword in ("anyOf", "oneOf"):
        if keyword in found:
            form.unions.append((keyword, found.pop(keyword)))
    _add(form, found)


def _follow(root: Any, reference: Any, form: Form, seen: set[int]) -> None:
    try:
        _join(root, resolve(root, reference), form, seen)
    except LookupError:
        form.dropped = True


def _grouped(found: dict[str, Any]) -> dict[str, Any]:
    """The same keywords without those that say nothing by themselves, and with `const` as an enum of one."""
    for head, *rest in FOLLOWED_BY.values():
        for keyword in rest if head not in found else ():
            found.pop(keyword, None)
    if found.get("minContains") == 1:
        del found["minContains"]
    if "const" in found:
        value = found.pop("const")
        found["enum"] = [value] if among(value, found.get("enum", [value])) else []
    return found


def _add(form: Form, found: dict[str, Any]) -> None:
    """Join the keywords of one more schema that holds for the same value."""
    mine = form.keywords
    for group in FOLLOWED_BY.values():
        one, other = ({key: each[key] for key in group if key in each} for each in (mine, found))
        if one and other and not same_json(one, other):
            form.dropped = True
            found = {key: value for key, value in found.items() if key not in group}
    form.dropped |= align_fields(mine, found) | align_fields(found, mine)
    align_items(mine, found)
    for keyword, value in found.items():
        if keyword not in mine:
            mine[keyword] = value
        elif (both := joined(keyword, mine[keyword], value, form.both)) is not None:
            mine[keyword] = both
        else:  # the first stands
            silent = keyword in SAYS_NOTHING or keyword.startswith("x-")
            form.dropped |= not silent and not same_json(mine[keyword], value)


def align_fields(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Spell out what `additionalProperties` says of the fields that only the other declares.

    True when that cannot be told for fields that match patterns.
    """
    others = one.get("additionalProperties", True)
    if others is True or others == {} or not ({"properties", "patternProperties"} & other.keys()):
        return False
    if "patternProperties" in one:
        return True
    known = one.get("properties", {})
    one["properties"] = known | {name: others for name in other.get("properties", {}) if name not in known}
    return "patternProperties" in other


def align_items(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Make both lists of `prefixItems` equally long, by what is said of all other items."""
    length = max(len(each.get("prefixItems", ())) for each in (one, other))
    for each in (one, other) if length and one else ():
        listed = each.get("prefixItems", [])
        each["prefixItems"] = [*listed, *[each.get("items", True)] * (length - len(listed))]
