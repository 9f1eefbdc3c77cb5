"""What an expression can be, as the schemas of the inputs tell, and what stands under its keys.

A value is a tuple of schemas, each after the document that it stands in, any of which it may fit; None when nobody
can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.diagnostics import did_you_mean
from promptkit.schema.conjunction import form_of
from promptkit.schema.equality import json_kind
from promptkit.schema.members import AnyItem, Members, UntoldError
from promptkit.template.reserved import LOOP_COUNTERS
from promptkit.template.sandbox import ALLOWED_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from promptkit.diagnostics import Severity
    from promptkit.schema.conjunction import Form
    from promptkit.schema.members import Key

InferredType = tuple[tuple[Any, Any], ...] | None

_KINDS = {dict: ("object",), list: ("array",), str: ("string",), float: ("number", "integer")}
METHODS: Mapping[str, frozenset[str]] = {
    name: ALLOWED_METHODS[kind] for kind, names in _KINDS.items() for name in names
}
"""The methods of values, by their JSON type."""

_MOST_SCHEMAS = 100
_LEFT_OUT = {"type": "null"}
"""What a declared field is that an object leaves out."""


def value_of(schema: Any) -> InferredType:
    """What a schema that is a document of its own describes."""
    return None if schema is True else ((schema, schema),)


def of_type(kind: str) -> InferredType:
    """Any value of one JSON type."""
    return value_of({"type": kind})


def of_loop() -> InferredType:
    """What `loop` is inside of a loop (Jinja's template documentation, "For")."""
    kinds = {**LOOP_COUNTERS, "previtem": "", "nextitem": ""}
    known: dict[str, Any] = {name: {"type": kind} if kind else {} for name, kind in kinds.items()}
    for name in ("index", "revindex", "length"):
        known[name] |= {"minimum": 1}
    for name in ("index0", "revindex0"):
        known[name] |= {"minimum": 0}
    return value_of({"type": "object", "properties": known, "required": list(known), "additionalProperties": False})


def list_of(value: InferredType) -> InferredType:
    """A list of such values."""
    return None if value is None else tuple((root, {"type": "array", "items": schema}) for root, schema in value)


def pairs_of(value: InferredType) -> InferredType:
    """The list of key and value that an object's `items()` are."""
    return _listed(value, lambda schema: {"type": "array", "prefixItems": [{"type": "string"}, schema]})


def entries_of(value: InferredType) -> InferredType:
    """The list of the values of an object."""
    return _listed(value, lambda schema: schema)


def _listed(value: InferredType, item: Callable[[Any], Any]) -> InferredType:
    """A list with an item for each of what an object can have under any key; None where it may have anything."""
    found: list[tuple[Any, Any]] = []
    for root, schema in value or ():
        form = form_of(root, schema)
        named, others = form.keywords.get("properties", {}), form.keywords.get("additionalProperties", True)
        if form.unions or others is True or "patternProperties" in form.keywords or not isinstance(named, dict):
            return None
        found += [(root, each) for each in (*named.values(), others) if each is not False]
    if not found or any(each is True for _, each in found):
        return None
    return tuple((root, {"type": "array", "items": item(schema)}) for root, schema in found)


def groups_of(items: InferredType, key: str | None) -> InferredType:
    """What `groupby` gives: a list of the `grouper` with the `list` of its items, which can also be unpacked."""
    if items is None:
        return None
    of = (members_of(items, key)[1] or ()) if key is not None else ()
    grouper = of[0][1] if len(of) == 1 else {}
    return tuple(
        (root, {"type": "array", "items": {"$comment": GROUP, **_closed({"grouper": grouper, "list": listed})}})
        for root, schema in items
        for listed in [{"type": "array", "items": schema}]
    )


GROUP = "a group of `groupby`"
KEY = "a key of an object, as a loop gives it"
WRITTEN_OUT = "an object that the template writes out"


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def is_group(item: InferredType) -> bool:
    """Whether an item is a group of `groupby`, which can be unpacked."""
    return item is not None and all(isinstance(each, dict) and each.get("$comment") == GROUP for _, each in item)


def unpacked(item: InferredType, many: int) -> list[InferredType]:
    """What each of several names stands for that an item is unpacked into."""
    if is_group(item):
        return [members_of(item, name)[1] for name in ("grouper", "list")]
    told = kinds_of(item) == {"array"}
    return [members_of(item, at)[1] or None for at in range(many)] if told else [None] * many


def size_of(value: InferredType) -> InferredType:
    """How many characters, items or keys a value has."""
    if value is None:
        return of_type("integer")
    return tuple((found, found) for root, schema in value for found in [_size(form_of(root, schema))])


def _size(form: Form) -> Any:
    bounds = _SIZES.get(form.kinds()[0]) if len(form.kinds()) == 1 and not form.unions else None
    if bounds is None:
        return {"type": "integer"}
    least, most = (form.keywords.get(name) for name in bounds)
    return {"type": "integer", "minimum": least or 0} | ({"maximum": most} if most is not None else {})


_SIZES: Mapping[str, tuple[str, str]] = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def is_nullable(value: InferredType) -> bool:
    """Whether a value is declared to be null sometimes."""
    left = [_MOST_SCHEMAS]
    return value is not None and any(_takes_null(root, schema, left) for root, schema in value)


def _takes_null(root: Any, schema: Any, left: list[int]) -> bool:
    left[0] -= 1
    if left[0] < 0 or (isinstance(schema, dict) and schema.get("type") == "string"):
        return False
    form = form_of(root, schema)
    if form.unions:
        return any(_takes_null(root, branch, left) for branch in form.branches())
    allowed = form.keywords.get("enum")
    return None in allowed if allowed is not None else "type" in form.keywords and "null" in form.kinds()


def either(values: Iterable[InferredType]) -> InferredType:
    """What is one of several values."""
    found: dict[tuple[int, int], tuple[Any, Any]] = {}
    for value in values:
        if value is None:
            return None
        found |= {(id(root), id(schema)): (root, schema) for root, schema in value}
    return tuple(found.values()) if 0 < len(found) <= _MOST_SCHEMAS else None


def members_of(value: InferredType, key: Key) -> tuple[Members, InferredType]:
    """What is under a key of a value, and what that can be: None when it is not told, empty when it is never there."""
    together, below = Members(), []
    try:
        for root, schema in value or ():
            before = len(together.schemas)
            together.join(root, schema, key, METHODS)
            below += [(root, each) for each in together.schemas[before:] if each is not False]
    except UntoldError:
        return together, None
    if together.left_out:
        below.append((_LEFT_OUT, _LEFT_OUT))
    told = not (together.open and below) and len(below) <= _MOST_SCHEMAS and all(each is not True for _, each in below)
    return together, tuple(below) if told else None


def is_method(value: InferredType, key: str) -> bool:
    """Whether a key of a value is always one of its methods."""
    members, _ = members_of(value, key)
    return bool(kinds_of(value)) and 0 < members.methods == len(members.schemas)


def item_of(value: InferredType) -> InferredType:
    """What each item of a list is."""
    return members_of(value, AnyItem)[1] or None if kinds_of(value) == {"array"} else None


def pass_of(value: InferredType) -> InferredType:
    """What a loop over a value gives in each pass: an item of a list, a key of an object, a character of a text."""
    kinds = kinds_of(value)
    if kinds == {"array"}:
        return item_of(value)
    if kinds == {"object"}:
        return value_of({"$comment": KEY, "type": "string"})
    return of_type("string") if kinds == {"string"} else None


def kinds_of(value: InferredType) -> frozenset[str]:
    """The JSON types that a value can have where it is not null; none when nobody can tell."""
    found: set[str] = set()
    left = [_MOST_SCHEMAS]
    for root, schema in value or ():
        kinds = _kinds(root, schema, left)
        if not kinds:
            return frozenset()
        found |= kinds
    return frozenset(found - {"null"})


def _kinds(root: Any, schema: Any, left: list[int]) -> set[str]:
    """The types of one schema, none when it does not tell; `left` counts the schemas that are still looked at."""
    left[0] -= 1
    if isinstance(schema, bool) or left[0] < 0:
        return set()
    form = form_of(root, schema)
    if form.unions:
        below = [_kinds(root, branch, left) for branch in form.branches()]
        return set().union(*below) if all(below) else set()
    allowed = form.keywords.get("enum")
    if allowed is not None:
        return set(map(json_kind, allowed))
    return set(form.kinds()) if "type" in form.keywords else set()


class KeyFault(NamedTuple):
    """What is wrong with a key that is looked up."""

    severity: Severity
    message: str
    label: str
    help: str


def is_written_out(value: InferredType) -> bool:
    """Whether the template itself writes an object out, whose keys may hold what no data do."""
    return any(isinstance(each, dict) and each.get("$comment") == WRITTEN_OUT for _, each in value or ())


def missing_key(value: InferredType, of: str, key: str) -> KeyFault | None:
    """What is to be said if a value never has a key, or has it although nothing declares it."""
    members, below = members_of(value, key)
    if below is None or below or not members.kinds:
        return None
    methods = {method for kind in members.kinds for method in METHODS.get(kind, ())}
    hint = did_you_mean(key, members.names or sorted(methods))
    of = f"`{of}`" if of else "this"
    if members.open and is_written_out(value):
        known = f"known: {', '.join(members.names)}"
        return KeyFault("warning", f"{of} has no `{key}`", hint, "" if hint else known)
    if members.open:
        cure = "declare it, or say `additionalProperties: true`"
        return KeyFault("warning", f"{of} declares no `{key}`", hint, cure)
    kinds = f"{of} is declared as {' or '.join(members.kinds)}"
    if any(isinstance(each, dict) and each.get("$comment") == KEY for _, each in value or ()):
        kinds = "a loop over an object gives its keys; `.values()` gives what stands under them"
    known = f"known: {', '.join(members.names)}" if members.names else kinds
    return KeyFault("error", f"{of} has no `{key}`", hint, "" if hint else known)
