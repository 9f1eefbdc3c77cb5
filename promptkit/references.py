"""The schemas inside a JSON Schema: where they stand, what `$ref` leads to, and which ones lead to themselves.

Nothing here fetches anything: a reference either leads to a place in the same document or it leads nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Location = tuple[str | int, ...]

ONE_SCHEMA = (
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
    "not",
    "if",
    "then",
    "else",
)
MANY_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions")
_SAME_PLACE_ONE = ("not", "if", "then", "else")
_SAME_PLACE_MANY = ("allOf", "anyOf", "oneOf")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def children(schema: Any) -> Iterator[tuple[Location, Any]]:
    """The schemas directly inside a schema, each with its place there; never what stands in `enum` or `default`."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if isinstance(value, (dict, bool)) and keyword in ONE_SCHEMA:
            yield (keyword,), value
        elif isinstance(value, list) and keyword in MANY_SCHEMAS:
            yield from (((keyword, index), each) for index, each in enumerate(value))
        elif isinstance(value, dict) and keyword in NAMED_SCHEMAS:
            yield from (((keyword, name), each) for name, each in value.items() if isinstance(each, (dict, bool)))


def walk(root: Any) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Every object schema of a document with its place, the root first; each object once."""
    waiting: list[tuple[Location, Any]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        place, schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield place, schema
        waiting.extend(reversed([((*place, *inner), each) for inner, each in children(schema)]))


def resolve(root: Any, reference: Any) -> Any:
    """The schema that a reference inside the document leads to. Raises `LookupError` when there is none.

    JSON Pointers (RFC 6901, in a URI fragment) and plain names by `$anchor`, `$dynamicAnchor` or draft 4's `id`.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise LookupError(reference)
    fragment = reference[1:]
    if fragment and not fragment.startswith("/"):
        return _anchored(root, fragment)
    found = root
    for part in fragment.split("/")[1:]:
        found = _step(found, _unescaped(part))
    if isinstance(found, (dict, bool)):
        return found
    raise LookupError(reference)


def _anchored(root: Any, name: str) -> Any:
    for _, schema in walk(root):
        if name in (schema.get("$anchor"), schema.get("$dynamicAnchor")) or f"#{name}" in _ids(schema):
            return schema
    raise LookupError(name)


def _ids(schema: Mapping[str, Any]) -> tuple[Any, Any]:
    return schema.get("$id"), schema.get("id")


def _unescaped(part: str) -> str:
    if "%" in part:
        from urllib.parse import unquote

        part = unquote(part)
    return part.replace("~1", "/").replace("~0", "~")


def _step(found: Any, part: str) -> Any:
    if isinstance(found, dict):
        return found[part]
    if isinstance(found, list) and part.isascii() and part.isdigit() and len(part) < 10:
        return found[int(part)]
    raise LookupError(part)


def references(root: Any) -> Iterator[tuple[Location, Any]]:
    """Every reference of a document: where its keyword stands, and what it says."""
    for place, schema in walk(root):
        yield from (((*place, keyword), schema[keyword]) for keyword in _REFERENCES if keyword in schema)


def same_place(schema: Any) -> Iterator[tuple[Location, Any]]:
    """The schemas inside a schema that judge the very same value."""
    if not isinstance(schema, dict):
        return
    for keyword in _SAME_PLACE_ONE:
        if isinstance(schema.get(keyword), dict):
            yield (keyword,), schema[keyword]
    for keyword in _SAME_PLACE_MANY:
        each = schema.get(keyword)
        yield from (((keyword, index), one) for index, one in enumerate(each if isinstance(each, list) else ()))


def endless(root: Any) -> Iterator[Location]:
    """The references that lead back to themselves without going into the value: nothing could ever fit them."""
    done: set[int] = set()
    for place, schema in walk(root):
        yield from _endless_from(root, place, schema, done)


def _endless_from(root: Any, place: Location, start: dict[str, Any], done: set[int]) -> Iterator[Location]:
    """Depth first without recursion; `path` holds what is being visited, so that meeting it again is a circle."""
    path: set[int] = set()
    stack: list[tuple[Location, Any, bool]] = [(place, start, False)]
    while stack:
        at, schema, leaving = stack.pop()
        if leaving:
            path.discard(id(schema))
            done.add(id(schema))
            continue
        if not isinstance(schema, dict) or id(schema) in done:
            continue
        path.add(id(schema))
        stack.append((at, schema, True))
        for inner, each in _same_value(root, schema):
            if id(each) in path:
                yield (*at, *inner)
            else:
                stack.append(((*at, *inner), each, False))


def _same_value(root: Any, schema: dict[str, Any]) -> Iterator[tuple[Location, Any]]:
    yield from same_place(schema)
    for keyword in ("$ref", "$recursiveRef"):
        try:
            yield (keyword,), resolve(root, schema.get(keyword))
        except LookupError:
            continue


def too_deep(value: Any, limit: int) -> bool:
    """Whether lists and objects are nested deeper than a limit; without recursion, stopping at the first such."""
    level = [value]
    for _ in range(limit + 1):
        level = [child for each in level for child in _inside(each) if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
