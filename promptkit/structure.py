"""What is wrong with a spec's structure, at its place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.chain import Entry
from promptkit.diagnostics import did_you_mean
from promptkit.yaml_nodes import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

    from promptkit.findings import Findings
    from promptkit.hints import Fault


def report(findings: Findings, fault: Fault, places: Map[tuple[Any, ...], Entry], fallback: Entry) -> None:
    """Report a fault at the deepest place that is known."""
    whole = fault.location
    location = whole
    while location and location not in places:
        location = location[:-1]
    entry = places.get(location) or fallback
    name = ".".join(map(str, whole))
    if fault.kind == "unknown":
        findings.unknown_key(_key_entry(entry, str(whole[-1])), fault.allowed, ".".join(map(str, whole[:-1])))
    elif fault.kind == "missing":
        item = bool(location) and isinstance(location[-1], int)
        at = (entry.node.start, entry.node.start + 1) if item else entry.key
        findings.add(entry.document, "PK122", f"`{name}` is missing", at, help=f"add `{whole[-1]}:`")
    else:
        code, cure = _SPECIAL.get(str(whole[0]), ("PK121", ""))
        value = _value_entry(entry, whole[len(location) :])
        findings.add(entry.document, code, f"`{name}`: {_worded(fault)}", value.span, help=cure)


_SPECIAL = {
    "version": ("PK124", "a version has three numbers, such as 1.2.0 (https://semver.org)"),
    "name": ("PK124", "a name is made of a-z, 0-9, `-` and `_`, with `/` between its parts"),
}


def _key_entry(entry: Entry, name: str) -> Entry:
    if isinstance(entry.node, Mapping) and (key := entry.node.key(name)):
        return Entry(entry.document, key, entry.node.get(name) or entry.node)
    return entry


def _value_entry(entry: Entry, rest: tuple[Any, ...]) -> Entry:
    for step in rest:
        if isinstance(step, int) and isinstance(entry.node, Sequence):
            entry = Entry(entry.document, entry.key, entry.node.items[step])
            continue
        found = _key_entry(entry, str(step))
        if found is entry:
            break
        entry = found
    return entry


def _worded(fault: Fault) -> str:
    hint = did_you_mean(fault.value, fault.allowed) if isinstance(fault.value, str) and fault.allowed else ""
    return f"{fault.words}; {hint}" if hint else fault.words
