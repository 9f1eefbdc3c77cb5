"""The schemas inside a JSON Schema: where they stand, what `$ref` leads to, and which ones lead to themselves.

Nothing here fetches anything: a reference either leads to a place in the same document or it leads nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
_HOLDING = frozenset((*ONE_SCHEMA, *MANY_SCHEMAS, *NAMED_SCHEMAS))
_SAME_PLACE_ONE = ("not", "if", "then", "else")
_SAME_PLACE_MANY = ("allOf", "anyOf", "oneOf")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
"""The keywords that lead to another schema; the dynamic ones are taken as if they were not."""

_LONE_REFERENCE = ("draft-04", "draft-06", "draft-07")


def children(schema: Any) -> Iterator[tuple[Location, Any]]:
    """The schemas directly inside a schema, each with its place there; never what stands in `enum` or `default`."""
    if not isinstance(schema, dict) or _HOLDING.isdisjoint(schema):
        return
    for keyword, value in schema.items():
        if isinstance(value, (dict, bool)) and keyword in ONE_SCHEMA:
            yield (keyword,), value
        elif isinstance(value, list) and keyword in MANY_SCHEMAS:
            yield from (((keyword, index), each) for index, each in enumerate(value))
        elif isinstance(value, dict) and keyword in NAMED_SCHEMAS:
            yield from (((keyword, name), each) for name, each in value.items() if isinstance(each, (dict, bool)))


def with_children(schema: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy of a schema in which each schema directly inside it is what `change` makes of it."""
    copy: dict[Any, Any] = {**schema}
    for (keyword, *steps), inner in children(schema):
        if not steps:
            copy[keyword] = change(inner)
        else:
            copy[keyword] = copy[keyword].copy() if copy[keyword] is schema.get(str(keyword)) else copy[keyword]
            copy[keyword][steps[0]] = change(inner)
    return copy


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


def listed_words(schemas: Iterable[Any]) -> frozenset[str]:
    """The texts that enums and constants of some schemas list."""
    found = (each for schema in schemas for _, each in walk(schema))
    listed = ((*(each["enum"] if isinstance(each.get("enum"), list) else ()), each.get("const")) for each in found)
    return frozenset(word for words in listed for word in words if isinstance(word, str))


def optional_fields(documents: Iterable[Any]) -> frozenset[str]:
    """The fields that some object in these documents declares and does not require."""
    found: set[str] = set()
    for document in documents:
        for _, schema in walk(document):
            declared, required = (schema.get(keyword) for keyword in ("properties", "required"))
            if isinstance(declared, dict):
                needed = required if isinstance(required, list) else ()
                found |= {name for name in declared if name not in needed}
    return frozenset(found)


def resolve(root: Any, reference: Any) -> Any:
    """The schema that a reference inside the document leads to. Raises `LookupError` when there is none.

    JSON Pointers (RFC 6901, in a URI fragment), plain names by `$anchor`, `$dynamicAnchor` or draft 4's `id`, and
    both behind the `$id` of a schema in the document.
    """
    if not isinstance(reference, str):
        raise LookupError(reference)  # noqa: TRY004 (what leads nowhere, for whatever reason)
    address, _, fragment = reference.partition("#")
    if address:
        root = _identified(root, address)
    if fragment and not fragment.startswith("/"):
        return _anchored(root, fragment)
    found = root
    for part in fragment.split("/")[1:]:
        found = _step(found, unescaped(part))
    if isinstance(found, (dict, bool)):
        return found
    raise LookupError(reference)


def _identified(root: Any, address: str) -> Any:
    """The schema with an `$id`; both addresses are taken as relative to the document's own."""
    from urllib.parse import urljoin

    base = str(root.get("$id", root.get("id", ""))) if isinstance(root, dict) else ""
    try:
        wanted = urljoin(base, address)
        for _, schema in walk(root):
            own = schema.get("$id", schema.get("id"))
            if isinstance(own, str) and own[:1] != "#" and urljoin(base, own).rstrip("#") == wanted:
                return schema
    except ValueError as error:  # urllib's word for an address that is none
        raise LookupError(address) from error
    raise LookupError(address)


def refers_alone(root: Any) -> bool:
    """Whether `$ref` makes nothing of the keywords beside it, as in the drafts 4 to 7."""
    draft = str(root.get("$schema", "")) if isinstance(root, dict) else ""
    return any(name in draft for name in _LONE_REFERENCE)


def _anchored(root: Any, name: str) -> Any:
    for _, schema in walk(root):
        if name in (schema.get("$anchor"), schema.get("$dynamicAnchor")) or f"#{name}" in _ids(schema):
            return schema
    raise LookupError(name)


def _ids(schema: Mapping[str, Any]) -> tuple[Any, Any]:
    return schema.get("$id"), schema.get("id")


def unescaped(part: str) -> str:
    """A key as a JSON Pointer in a URI spells it."""
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
        yield from (((*place, keyword), schema[keyword]) for keyword in REFERENCES if keyword in schema)


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
    if next(references(root), None) is None:
        return
    places = {id(schema): place for place, schema in walk(root)}
    done: set[int] = set()
    for place, schema in walk(root):
        yield from _endless_from(root, (place, schema), places, done)


def _endless_from(
    root: Any, start: tuple[Location, dict[str, Any]], places: Mapping[int, Location], done: set[int]
) -> Iterator[Location]:
    """Depth first without recursion; `path` holds what is being visited, so that meeting it again is a circle."""
    path: set[int] = set()
    stack: list[tuple[Location, Any, bool]] = [(*start, False)]
    while stack:
        at, schema, leaving = stack.pop()
        if leaving:
            path.discard(id(schema))
            done.add(id(schema))
            continue
        if not isinstance(schema, dict) or id(schema) in done or id(schema) in path:
            continue
        path.add(id(schema))
        stack.append((at, schema, True))
        for inner, each in _same_value(root, schema):
            place = (*at, *inner)
            if id(each) in path:
                yield place
            else:
                stack.append((places.get(id(each), place), each, False))


MOST_WAYS = 20_000
"""In how many ways one value may be judged at one place, alternatives of alternatives counted out."""


def too_many_ways(root: Any) -> Location | None:
    """A schema whose references and alternatives multiply so much that a value could not be judged in time.

    Schemas that lead back to themselves are told by `endless`; here they count once.
    """
    if next(references(root), None) is None:
        return None
    ways: dict[int, int] = {}
    for place, start in walk(root):
        stack: list[tuple[Any, bool]] = [(start, False)]
        path: set[int] = set()
        while stack:
            schema, leaving = stack.pop()
            if leaving:
                path.discard(id(schema))
                inner = [each for _, each in _same_value(root, schema) if isinstance(each, dict)]
                ways[id(schema)] = max(1, sum(ways.get(id(each), 1) for each in inner))
                if ways[id(schema)] > MOST_WAYS:
                    return place
            elif isinstance(schema, dict) and id(schema) not in ways and id(schema) not in path:
                path.add(id(schema))
                stack.append((schema, True))
                stack += [(each, False) for _, each in _same_value(root, schema)]
    return None


def _same_value(root: Any, schema: dict[str, Any]) -> Iterator[tuple[Location, Any]]:
    if "$ref" not in schema or not refers_alone(root):
        yield from same_place(schema)
    for keyword in REFERENCES:
        try:
            yield (keyword,), resolve(root, schema.get(keyword))
        except LookupError:
            continue


def too_deep(value: Any, limit: int) -> bool:
    """Whether lists and objects are nested deeper than a limit; without recursion, stopping at the first such."""
    level = {id(value): value}
    for _ in range(limit + 1):
        inner = (child for each in level.values() for child in _inside(each) if isinstance(child, (dict, list)))
        # What is shared counts once at each level, so that aliases upon aliases do not multiply.
        level = {id(child): child for child in inner}
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
