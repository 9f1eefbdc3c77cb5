"""What is wrong with a spec's structure, at its place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.loading.chain import Entry
from promptkit.yaml_nodes import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Map

    from promptkit.hints import Fault
    from promptkit.loading.findings import Findings


def report_all(
    findings: Findings, faults: Iterable[Fault], places: Map[tuple[Any, ...], Entry], fallback: Entry
) -> None:
    """Report faults, each at the deepest place that is known; what a misspelt key was meant for is not missing."""
    listed = list(faults)
    meant = {
        (*fault.location[:-1], nearest(str(fault.location[-1]), fault.allowed))
        for fault in listed
        if fault.kind == "unknown"
    }
    for fault in listed:
        if fault.kind != "missing" or fault.location not in meant:
            _report(findings, fault, places, fallback)


def _report(findings: Findings, fault: Fault, places: Map[tuple[Any, ...], Entry], fallback: Entry) -> None:
    whole = fault.location
    location = whole
    while location and location not in places:
        location = location[:-1]
    entry = places.get(location) or fallback
    name = ".".join(map(str, whole))
    if fault.kind == "unknown":
        inner = _value_entry(entry, whole[len(location) : -1])
        findings.unknown_key(_key_entry(inner, str(whole[-1])), fault.allowed, ".".join(map(str, whole[:-1])))
    elif fault.kind == "missing":
        inner = _value_entry(entry, whole[len(location) : -1])
        item = bool(location) and isinstance(location[-1], int)
        at = (inner.node.start, inner.node.start + 1) if item or inner is not entry else entry.key
        findings.add(inner.document, "PK122", f"`{name}` is missing", at, help=f"add `{whole[-1]}:`")
    else:
        code, cure = _SPECIAL.get(str(whole[0]), ("PK121", ""))
        value = _value_entry(entry, whole[len(location) :])
        word = _switch(fault)
        told = cure or (f"write `{word}`" if word else "")
        message = f"`{name}`: {_worded(fault)}"
        findings.add(entry.document, code, message, value.span, help=told, fix=_meant(fault) or word)


def _meant(fault: Fault) -> str | None:
    """The word that was meant, if it is a listed one."""
    return nearest(fault.value, fault.allowed) if isinstance(fault.value, str) and fault.allowed else None


def _switch(fault: Fault) -> str | None:
    """What to write for `yes`, where true or false is expected; YAML 1.2 reads a text."""
    word = _SWITCHES.get(str(fault.value).lower()) if isinstance(fault.value, str) else None
    return word if "true or false" in fault.expected else None


_SWITCHES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
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
