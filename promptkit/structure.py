"""What pydantic finds wrong with a spec's structure, in our words and at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.chain import Entry
from promptkit.diagnostics import did_you_mean
from promptkit.spec import PromptSpec
from promptkit.yaml_nodes import Mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Map

    from promptkit.findings import Findings

_HIDDEN = ("path", "origins", "files", "extras", "inputs_schema")


def report(findings: Findings, fault: Map[str, Any], places: Map[tuple[Any, ...], Entry], fallback: Entry) -> None:
    """Report one of pydantic's errors at the deepest place that is known."""
    whole = tuple(fault["loc"])
    location = whole
    while location and location not in places:
        location = location[:-1]
    entry = places.get(location) or fallback
    name = ".".join(map(str, whole))
    if fault["type"] == "extra_forbidden":
        findings.unknown_key(_key_entry(entry, str(whole[-1])), _known_fields(whole), ".".join(map(str, whole[:-1])))
    elif fault["type"] == "missing":
        findings.add(entry.document, "PK122", f"`{name}` is missing", entry.key, help=f"add `{whole[-1]}:`")
    else:
        code, cure = _SPECIAL.get(str(whole[0]), ("PK121", ""))
        at = _value_entry(entry, whole[len(location) :])
        findings.add(entry.document, code, f"`{name}`: {_worded(fault)}", at.span, help=cure)


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
        found = _key_entry(entry, str(step))
        if found is entry:
            break
        entry = found
    return entry


def _known_fields(location: tuple[Any, ...]) -> list[str]:
    """The keys that exist where an unknown one was found."""
    model: Any = PromptSpec
    for step in location[:-1]:
        model = _field_model(model, step)
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items() if name not in ("path", "origins", "files", "extras")]


def _field_model(model: Any, step: Any) -> Any:
    from typing import get_args

    fields = getattr(model, "model_fields", {})
    if step not in fields:
        return model
    stack = [fields[step].annotation]
    while stack:
        kind = stack.pop()
        if hasattr(kind, "model_fields"):
            return kind
        stack += [arg for arg in get_args(kind) if arg is not Ellipsis]
    return None


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_type": lambda _: "a text is expected",
    "string_pattern_mismatch": lambda _: "not a valid value",
    "bool_type": lambda _: "true or false is expected",
    "int_type": lambda _: "a whole number is expected",
    "float_type": lambda _: "a number is expected",
    "dict_type": lambda _: "a mapping is expected",
    "model_type": lambda _: "a mapping is expected",
    "model_attributes_type": lambda _: "a mapping is expected",
    "tuple_type": lambda _: "a list is expected",
    "literal_error": lambda context: f"one of {context['expected']} is expected".replace("'", "`"),
    "greater_than": lambda context: f"it must be greater than {context['gt']}",
    "greater_than_equal": lambda context: f"it must be at least {context['ge']}",
    "less_than_equal": lambda context: f"it must be at most {context['le']}",
}


def _worded(fault: Map[str, Any]) -> str:
    word = _WORDS.get(fault["type"])
    said = word(fault.get("ctx", {})) if word else fault["msg"][:1].lower() + fault["msg"][1:]
    value = fault.get("input")
    if fault["type"] == "literal_error" and isinstance(value, str):
        known = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
        hint = did_you_mean(value, known)
        return f"{said}; {hint}" if hint else said
    return said
