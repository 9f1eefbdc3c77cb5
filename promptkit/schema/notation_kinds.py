"""How each JSON type is written with the keywords that hold for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.notation_marks import braced, limit, pattern, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.schema.notation_part import Part

KEYWORDS: dict[str, frozenset[str]] = {
    "object": frozenset(
        ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties")
    ),
    "array": frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems")),
    "string": frozenset(("minLength", "maxLength", "pattern", "format")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
}
"""The keywords that have a notation, by the JSON type that they hold for."""


def _string(part: Part, facts: list[str]) -> str:
    facts.extend(_size(part, "minLength", "maxLength", "char"))
    facts.extend(_format(part))
    if isinstance(part.rest.get("pattern"), str):
        facts.append(pattern(part.rest.pop("pattern")))
    return "string"


def _format(part: Part) -> list[str]:
    return [part.rest.pop("format")] if isinstance(part.rest.get("format"), str) else []


def _number(part: Part, kind: str, facts: list[str]) -> str:
    low, over = _side(part, "minimum", "exclusiveMinimum")
    high, under = _side(part, "maximum", "exclusiveMaximum")
    if low is not None or high is not None:
        facts.append(f"{limit(low)}..{limit(high)}")
    facts.extend(f"{sign}{to_json(end)}" for sign, end in ((">", over), ("<", under)) if end is not None)
    if "multipleOf" in part.rest:
        facts.append(f"multiple of {to_json(part.rest.pop('multipleOf'))}")
    if "string" not in part.kinds():  # whose format it would be
        facts.extend(_format(part))
    return kind


def _side(part: Part, inclusive: str, exclusive: str) -> tuple[Any, Any]:
    """Both bounds of one side. Draft 4 has a boolean for the exclusive one, which says how to read the other."""
    bound, strict = part.rest.pop(inclusive, None), part.rest.pop(exclusive, None)
    if isinstance(strict, bool):
        return (None, bound) if strict else (bound, None)
    return bound, strict


def _array(part: Part, facts: list[str]) -> str:
    facts.extend(_size(part, "minItems", "maxItems", "item"))
    if part.rest.pop("uniqueItems", False):
        facts.append("unique")
    first = part.rest.pop("prefixItems", None)
    items = part.rest.pop("items", None)
    if first is None and isinstance(items, list):
        first, items = items, part.rest.pop("additionalItems", None)
    if isinstance(first, list):
        return _tuple(part, first, items)
    return "array" if items is None else f"[{_inner(part, items)}]"


def _tuple(part: Part, first: list[Any], others: Any) -> str:
    listed = [_inner(part, each) for each in first]
    if others is not False:
        listed.append("..." if others in (None, True) else f"...{_inner(part, others)}")
    return f"[{', '.join(listed)}{',' if len(listed) == 1 else ''}]"


def _object(part: Part, facts: list[str]) -> str:
    facts.extend(_size(part, "minProperties", "maxProperties", "key"))
    declared = part.rest.pop("properties", None) if isinstance(part.rest.get("properties"), dict) else None
    required = part.rest.pop("required", []) if isinstance(part.rest.get("required"), list) else []
    if missing := [name for name in required if name not in (declared or ())]:
        facts.append(f"requires {', '.join(map(to_json, missing))}")
    lines = [
        f"{to_json(name)}{'' if name in required else '?'}: {_inner(part, each, name)}"
        for name, each in (declared or {}).items()
    ]
    patterns = part.rest.pop("patternProperties", None)
    lines += [f"{pattern(name)}: {_inner(part, each)}" for name, each in (patterns or {}).items()]
    additional = _additional(part)
    if additional in (True, {}) and not lines:
        return "object"
    if additional is not False:
        lines.append("..." if additional in (True, {}) else f"...: {_inner(part, additional)}")
    return braced(lines, _take(part, facts))


_APPLICATORS = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies"))
"""Keywords by which other schemas declare properties of the same object."""


def _additional(part: Part) -> Any:
    """What an object may hold beside what is listed.

    `unevaluatedProperties` says it where no other schema speaks of the same object: else these may list more.
    """
    if "additionalProperties" in part.rest:
        return part.rest.pop("additionalProperties")
    alone = not part.name and part.rest.keys().isdisjoint(_APPLICATORS)
    if alone and part.rest.get("unevaluatedProperties") is False:
        del part.rest["unevaluatedProperties"]
        return False
    return True


def _take(part: Part, facts: list[str]) -> str:
    """What is said of an object stands behind its opening brace, not after its last line."""
    said = [*facts, *part.annotations()]
    facts.clear()
    return f"({'; '.join(said)})" if said else ""


def _inner(part: Part, schema: Any, key: str = "") -> str:
    return part.printer.write(schema, part.level + 1, key=key)


def _size(part: Part, least: str, most: str, unit: str) -> list[str]:
    low, high = part.rest.pop(least, None), part.rest.pop(most, None)
    if low is None and high is None:
        return []
    if low == high:
        return [f"{to_json(low)} {unit}{'' if low == 1 else 's'}"]
    return [f"{limit(low)}..{limit(high)} {unit}s"]


KINDS: dict[str, Callable[[Part, list[str]], str]] = {
    "string": _string,
    "integer": lambda part, facts: _number(part, "integer", facts),
    "number": lambda part, facts: _number(part, "number", facts),
    "array": _array,
    "object": _object,
}
"""How a type is written; what must hold for it goes into the list of facts."""
