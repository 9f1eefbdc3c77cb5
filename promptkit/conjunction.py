"""A schema as one conjunction: references followed and `allOf` joined, with the unions that are left.

What cannot be joined exactly is left out, which makes the form wider than the schema: it is `loose`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.references import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALL_KINDS = ("null", "boolean", "number", "string", "array", "object")

NARROWING = (
    *("not", "if", "contains", "patternProperties", "propertyNames", "dependencies", "dependentRequired"),
    *("dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef"),
)
"""Keywords that narrow a schema in ways that are not followed further."""


@dataclass
class Form:
    """The keywords that hold together and the unions beside them.

    `never` says that no value fits; `dropped`, that some keyword could not be joined with another of its name.
    """

    keywords: dict[str, Any] = field(default_factory=dict)
    unions: list[tuple[str, list[Any]]] = field(default_factory=list)
    never: bool = False
    dropped: bool = False

    @property
    def loose(self) -> bool:
        """Whether the keywords allow more than the schema does."""
        return self.dropped or any(keyword in self.keywords for keyword in NARROWING)

    def kinds(self) -> tuple[str, ...]:
        """The JSON types that a value may have."""
        kind = self.keywords.get("type", ALL_KINDS)
        return (kind,) if isinstance(kind, str) else tuple(kind)

    def values(self) -> list[Any] | None:
        """All values that there are, if they are finitely many by themselves: enums, constants, null, booleans."""
        if "enum" in self.keywords:
            return list(self.keywords["enum"])
        if set(self.kinds()) <= {"null", "boolean"}:
            return [each for kind in self.kinds() for each in ((None,) if kind == "null" else (True, False))]
        return None

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
            yield {**self.keywords, "allOf": [branch, *rest]}


def form_of(root: Any, schema: Any) -> Form:
    """The form of a schema that stands in the document `root`."""
    form = Form()
    _join(root, schema, form, set())
    _tidy(form)
    return form


def _join(root: Any, schema: Any, form: Form, seen: set[int]) -> None:
    if schema is False:
        form.never = True
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    for keyword, value in _modern(schema).items():
        if keyword == "$ref":
            _follow(root, value, form, seen)
        elif keyword == "allOf" and isinstance(value, list):
            for each in value:
                _join(root, each, form, seen)
        elif keyword in ("anyOf", "oneOf") and isinstance(value, list):
            form.unions.append((keyword, value))
        elif keyword not in form.keywords:
            form.keywords[keyword] = value
        else:
            _JOINS.get(keyword, _keep_first)(form, keyword, value)


def _follow(root: Any, reference: Any, form: Form, seen: set[int]) -> None:
    try:
        _join(root, resolve(root, reference), form, seen)
    except LookupError:
        form.dropped = True


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    """Older spellings in today's: lists of `items`, boolean exclusive bounds, `const` as an enum of one."""
    found = dict(schema)
    if isinstance(found.get("items"), list):
        found["prefixItems"] = found["items"]
        found["items"] = found.pop("additionalItems", True)
    for strict, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(strict), bool) and found.pop(strict) and bound in found:
            found[strict] = found.pop(bound)
    if "const" in found:
        value = found.pop("const")
        found["enum"] = [value] if "enum" not in found or value in found["enum"] else []
    return found


def _keep_first(form: Form, keyword: str, value: Any) -> None:
    form.dropped |= form.keywords[keyword] != value and keyword not in _SAYS_NOTHING


_SAYS_NOTHING = ("title", "description", "default", "examples", "$comment", "$schema", "$id", "$defs", "definitions")


def _narrower(choose: Callable[[Any, Any], Any]) -> Callable[[Form, str, Any], None]:
    def join(form: Form, keyword: str, value: Any) -> None:
        form.keywords[keyword] = choose(form.keywords[keyword], value)

    return join


def _types(form: Form, keyword: str, value: Any) -> None:
    wanted = (value,) if isinstance(value, str) else tuple(value)
    both = {each for each in (*form.kinds(), *wanted) if _has(form.kinds(), each) and _has(wanted, each)}
    form.keywords[keyword] = [each for each in (*ALL_KINDS, "integer") if each in both]


def _has(kinds: tuple[str, ...], kind: str) -> bool:
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _properties(form: Form, keyword: str, value: dict[str, Any]) -> None:
    known = form.keywords[keyword]
    both = {name: {"allOf": [known[name], each]} if name in known else each for name, each in value.items()}
    form.keywords[keyword] = known | both


def _all_of(form: Form, keyword: str, value: Any) -> None:
    form.keywords[keyword] = {"allOf": [form.keywords[keyword], value]}


_JOINS: dict[str, Callable[[Form, str, Any], None]] = {
    "type": _types,
    "enum": _narrower(lambda one, other: [each for each in one if each in other]),
    "required": _narrower(lambda one, other: [*one, *(each for each in other if each not in one)]),
    "properties": _properties,
    "additionalProperties": _all_of,
    "items": _all_of,
    "uniqueItems": _narrower(lambda one, other: one or other),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _narrower(max)),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _narrower(min)),
}


def _tidy(form: Form) -> None:
    """Enum values that the type leaves out do not count, and an empty set of types or values is nothing."""
    form.never |= form.keywords.get("type") == [] or form.keywords.get("enum") == []
