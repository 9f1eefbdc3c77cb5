"""Schemas with addresses of their own inside a document, read as parts of it.

An `$id` inside a document begins a resource: references below it are relative to that, and `#/...` counts from there
(JSON Schema 2020-12, sections 8.2.1 and 9.2.1). Whoever follows references here counts from the document, so such a
document is brought into that form once.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from promptkit.schema.references import children, refers_alone, resolve, unescaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.schema.references import Location

    _Resource = tuple[Location, dict[str, Any], str]

__all__ = ["has_embedded", "without_embedded"]

_NAMES = ("$id", "id", "$anchor", "$dynamicAnchor")
_DYNAMIC = ("$dynamicRef", "$recursiveRef")


def without_embedded(root: Any) -> Any:
    """A document that says the same, in which no schema but the whole has an `$id`, and references count from there.

    It is the document itself where nothing in it has one, where a reference depends on the way that led to it
    (`$dynamicRef`), and where one leads nowhere.
    """
    resources = list(_resources(root))
    if not _are_several(resources) or any(key in each for _, each, _ in resources for key in _DYNAMIC):
        return root
    known = _Known(resources)
    made = deepcopy(root)
    try:
        for place, schema, base in resources:  # which grows, by what references lead to below unknown keywords
            copy = _at(made, place)
            for name in _NAMES if place else ():
                if isinstance(copy.get(name), str):
                    del copy[name]
            if isinstance(schema.get("$ref"), str):
                led, address = known.led_to(base, schema["$ref"])
                copy["$ref"] = _pointer(led)
                resources += known.new(root, led, address)
    except (LookupError, ValueError):  # the latter is urllib's word for an address that is none
        return root
    return made


def has_embedded(root: Any) -> bool:
    """Whether a schema in a document has an address of its own."""
    return _are_several(_resources(root))


def _are_several(resources: Iterable[_Resource]) -> bool:
    return len({base for _, _, base in resources}) > 1


class _Known:
    """Where the resources of a document begin, and what has a plain name in each."""

    def __init__(self, resources: list[_Resource]) -> None:
        self._places = {place for place, _, _ in resources}
        self._starts: dict[str, tuple[Location, Any]] = {}
        self._anchors: dict[tuple[str, str], Location] = {}
        for place, schema, base in resources:
            self._starts.setdefault(base, (place, schema))
            for key in _NAMES:
                name = schema.get(key)
                if isinstance(name, str) and key.endswith("nchor"):
                    self._anchors[base, name] = place
                elif isinstance(name, str) and name[:1] == "#":
                    self._anchors[base, name[1:]] = place

    def led_to(self, base: str, reference: str) -> tuple[Location, str]:
        """The place of what a reference leads to, and the address of its resource. Raises `LookupError`."""
        address, _, fragment = reference.partition("#")
        address = _joined(base, address) if address else base
        if fragment and not fragment.startswith("/"):
            return self._anchors[address, fragment], address
        place, start = self._starts[address]
        resolve(start, f"#{fragment}")
        return (*place, *_steps(start, fragment)), address

    def new(self, root: Any, place: Location, base: str) -> Iterator[_Resource]:
        """The schemas at and below a place that were not known, since it is below a keyword that says nothing."""
        if place not in self._places:
            for found in _resources(root, place, base):
                self._places.add(found[0])
                yield found


def _steps(start: Any, fragment: str) -> Iterator[str | int]:
    """A JSON Pointer as the keys and indices that it goes through."""
    for part in fragment.split("/")[1:]:
        step = int(part) if isinstance(start, list) else unescaped(part)
        yield step
        start = start[step]


def _resources(root: Any, start: Location = (), base: str = "") -> Iterator[_Resource]:
    """Every object schema at and below a place: where it is, and the address to which its references are relative."""
    keyword = "id" if isinstance(root, dict) and "draft-04" in str(root.get("$schema", "")) else "$id"
    alone = refers_alone(root)
    waiting: list[tuple[Location, Any, str]] = [(start, _at(root, start), base)]
    seen: set[int] = set()
    while waiting:
        place, schema, base = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        own = schema.get(keyword)
        if isinstance(own, str) and own[:1] != "#" and not (alone and "$ref" in schema):
            base = _joined(base, own)
        yield place, schema, base
        waiting += [((*place, *inner), each, base) for inner, each in children(schema)]


def _joined(base: str, address: str) -> str:
    from urllib.parse import urljoin

    return urljoin(base, address).rstrip("#")


def _at(root: Any, place: Location) -> Any:
    for step in place:
        root = root[step]
    return root


def _pointer(place: Location) -> str:
    """A place as a JSON Pointer in a URI (RFC 6901, section 6)."""
    from urllib.parse import quote

    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "#" + "".join(f"/{quote(step, safe='~!$&()*+,;=:@')}" for step in steps)
