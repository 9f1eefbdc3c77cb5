"""Values in the key order of their schema, as examples are shown to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.references import resolve, same_place

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 200


def ordered(root: Any, value: Any) -> Any:
    """The same value; objects list the schema's properties first, in the schema's order, then all others."""
    return _ordered(root, [root], value, 0)


def _ordered(root: Any, schemas: list[Any], value: Any, depth: int) -> Any:
    if depth > _DEEPEST or not isinstance(value, (dict, list)) or not schemas:
        return value
    forms = list(_forms(root, schemas))
    if isinstance(value, list):
        return [_ordered(root, _items(forms, index), item, depth + 1) for index, item in enumerate(value)]
    named = [form["properties"] for form in forms if isinstance(form.get("properties"), dict)]
    keys = dict.fromkeys(key for properties in named for key in properties if key in value) | dict.fromkeys(value)
    return {key: _ordered(root, _property(forms, key), value[key], depth + 1) for key in keys}


def _forms(root: Any, schemas: list[Any]) -> Iterator[dict[str, Any]]:
    """The schemas and all that judge the same value: what they refer to, and their branches."""
    seen: set[int] = set()
    waiting = list(reversed(schemas))
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        waiting.extend(reversed([each for place, each in same_place(schema) if place[0] not in ("not", "if")]))
        try:
            waiting.append(resolve(root, schema.get("$ref")))
        except LookupError:
            continue


def _property(forms: list[dict[str, Any]], key: str) -> list[Any]:
    found = [form["properties"][key] for form in forms if key in (form.get("properties") or ())]
    others = [form.get("additionalProperties") for form in forms]
    return found or [each for each in others if isinstance(each, dict)]


def _items(forms: list[dict[str, Any]], index: int) -> list[Any]:
    return [each for form in forms if isinstance(each := _item(form, index), dict)]


def _item(form: dict[str, Any], index: int) -> Any:
    """The schema of one item: by its place (`prefixItems`; in older drafts a list of `items`), else of the rest."""
    if isinstance(listed := form.get("prefixItems"), list):
        return listed[index] if index < len(listed) else form.get("items")
    listed = form.get("items")
    if isinstance(listed, list):
        return listed[index] if index < len(listed) else form.get("additionalItems")
    return listed
