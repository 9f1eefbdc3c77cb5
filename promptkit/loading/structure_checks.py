"""What is wrong with a spec's structure, at its place in the file."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.late_pattern import LatePattern
from promptkit.loading.findings import unquoted, without_quotes
from promptkit.loading.inheritance import Entry
from promptkit.options import KNOWN_OPTIONS
from promptkit.yaml_nodes import SWITCHES, Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Map

    from promptkit.loading.findings import Findings
    from promptkit.type_hints import Fault


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
    stands_for = {id(fault): _only_missing(fault, listed) for fault in listed if fault.kind == "unknown"}
    explained = meant | {other.location for other in stands_for.values() if other is not None}
    for fault in listed:
        if fault.kind != "missing" or fault.location not in explained:
            other = stands_for.get(id(fault))
            _report(findings, fault, places, fallback, str(other.location[-1]) if other is not None else None)


def _only_missing(fault: Fault, listed: list[Fault]) -> Fault | None:
    """The one key that is missing beside the one that is unknown, which is then what was meant."""
    beside = [each for each in listed if each.location[:-1] == fault.location[:-1] and each.kind != "wrong"]
    missing = [each for each in beside if each.kind == "missing"]
    return missing[0] if len(missing) == 1 and len(beside) == 2 else None


_NAMES_A_MODEL = frozenset(("id", "name", "provider", "vendor", "base_url", "api_base", "url", "deployment"))


def _cure_of_a_model_key(whole: tuple[Any, ...]) -> str:
    """What helps with a key about a model that there is not; nothing where nobody knows."""
    key = str(whole[-1])
    if whole[0] == "model" and key in _NAMES_A_MODEL:
        return "one model is named by a text: `model: NAME`, or `model: openai+https://host/v1#NAME`"
    if key in KNOWN_OPTIONS and whole[0] == "model":
        return f"options stand beside the model: `options: {{{key}: ...}}`"
    if key in KNOWN_OPTIONS and whole[0] == "models":
        return f"write `options: {{{key}: ...}}`"
    return ""


def _report(
    findings: Findings, fault: Fault, places: Map[tuple[Any, ...], Entry], fallback: Entry, meant: str | None = None
) -> None:
    whole = fault.location
    location = whole
    while location and location not in places:
        location = location[:-1]
    entry = places.get(location) or fallback
    name = ".".join(map(str, whole))
    if fault.kind == "unknown":
        inner = _value_entry(entry, whole[len(location) : -1])
        key, of = _key_entry(inner, str(whole[-1])), ".".join(map(str, whole[:-1]))
        elsewhere = _cure_of_a_model_key(whole)
        findings.unknown_key(key, fault.allowed, of, "" if elsewhere else meant, otherwise=elsewhere)
    elif fault.kind == "missing":
        inner = _value_entry(entry, whole[len(location) : -1])
        item = bool(location) and isinstance(location[-1], int)
        at = (inner.node.start, inner.node.start + 1) if item or inner is not entry else entry.key
        findings.add(inner.document, "PK122", f"`{name}` is missing", at, help=f"add `{whole[-1]}:`")
    else:
        code, cure = _SPECIAL.get(str(whole[0]), ("PK121", ""))
        value = _value_entry(entry, whole[len(location) :])
        word = _switch(fault)
        plain = unquoted(fault.value, lambda value: _is_expected(fault.expected, value))
        if isinstance(fault.value, str) and fault.value.endswith(","):
            cure = "take the comma away: lines end without one"
        else:
            cure = _near_form(str(whole[0]), fault.value) + cure
        told = cure or (f"write `{word}`" if word else without_quotes(plain) or _keys_of(fault))
        message = f"`{name}`: {_worded(fault)}"
        findings.add(entry.document, code, message, value.span, help=told, fix=_meant(fault) or word or plain)


def _is_expected(expected: str, value: Any) -> bool:
    """Whether a value is of the kind that is expected in words."""
    if isinstance(value, bool):
        return "true or false" in expected
    return "a number" in expected or ("a whole number" in expected and isinstance(value, int))


def _keys_of(fault: Fault) -> str:
    """The keys of a mapping that is expected, or the mapping that a text stands for."""
    if fault.location == ("examples_from",) and isinstance(fault.value, str):
        return f"write `examples_from: {{path: {fault.value}}}`"
    return f"write a mapping; known keys: {', '.join(sorted(fault.keys))}" if fault.keys else ""


def _meant(fault: Fault) -> str | None:
    """The word that was meant, if it is a listed one."""
    return nearest(fault.value, fault.allowed) if isinstance(fault.value, str) and fault.allowed else None


def _switch(fault: Fault) -> str | None:
    """What to write for `yes`, where true or false is expected; YAML 1.2 reads a text."""
    if not isinstance(fault.value, str):
        return None
    if "true or false" in fault.expected:
        return SWITCHES.get(fault.value.lower())
    return _OF_OTHERS.get((str(fault.location[-1]), fault.value.lower()))


_OF_OTHERS = {
    ("role", "human"): "user",
    **{("role", word): "assistant" for word in ("ai", "model", "bot")},
    ("role", "developer"): "system",
    ("role", "function"): "tool",
    **{("format", word): "json" for word in ("json_schema", "json_object", "object", "structured")},
    **{("format", word): "text" for word in ("string", "plain", "str")},
    **{("format", word): "choice" for word in ("enum", "classification")},
    ("format", "array"): "list",
}
"""What other tools call a role, or a format."""
_SPECIAL = {
    "version": ("PK124", "a version has three numbers, such as 1.2.0 (https://semver.org)"),
    "name": ("PK124", "a name is made of a-z, 0-9, `-` and `_`, with `/` between its parts"),
}


def _near_form(key: str, value: Any) -> str:
    """What a name, or a version, that has not the form of one would be."""
    if key == "name" and isinstance(value, str):
        plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
        near = re.sub(r"[-/]*/[-/]*", "/", re.sub(r"[^a-z0-9_/-]+", "-", plain)).strip("-/_")[:_LONGEST_NAME]
        return f"write `{near}`; " if re.search("[a-z]", near) else ""
    found = _VERSION_LIKE.fullmatch(str(value)) if key == "version" else None
    return f"write `{'.'.join(part or '0' for part in found.groups())}`; " if found else ""


_LONGEST_NAME = 60
_VERSION_LIKE = LatePattern(r"[vV]?(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?(?:\.(0|[1-9]\d{0,8}))?")


def _key_entry(entry: Entry, name: str) -> Entry:
    """What stands under a key, or under a misspelt one that is read in its place; the same entry where nothing does."""
    if isinstance(entry.node, Mapping):
        pairs = {key.text: (key, node) for key, node in entry.node.pairs}
        written = name if name in pairs else next((each for each in pairs if nearest(each, [name])), None)
        if written is not None:
            return Entry(entry.document, *pairs[written])
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
