"""The keys `conversation` and `memory`: what later turns are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.loading.inheritance import Entry
from promptkit.schema.conjunction import form_of
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.findings import Findings


def read_conversation(loading: Loading, name: str, entry: Entry) -> None:
    """Read which input a turn's text is: one that is declared."""
    loading.data[name] = entry.node.value
    chosen = entry.node.get("input") if isinstance(entry.node, Mapping) else None
    declared = loading.data.get("inputs", {})
    first = entry.node.get("task") if isinstance(entry.node, Mapping) else None
    if isinstance(first, Scalar) and first.value == "first" and "messages" in loading.chain.entries:
        message = "`conversation.task: first` is about `task`, and there are `messages`"
        cure = "leave it out, or write a `task` in the place of `messages`"
        loading.findings.add(entry.document, "PK123", message, first, help=cure)
    if isinstance(chosen, Scalar) and chosen.text not in declared and not loading.unknown.inputs:
        hint = did_you_mean(chosen.text, declared)
        message = f"`conversation.input`: there is no input `{chosen.text}`"
        loading.findings.add(entry.document, "PK121", message, chosen, label=hint, help=_declared(declared))
    elif isinstance(chosen, Scalar) and chosen.text in declared and (kinds := _no_text(declared[chosen.text])):
        message = f"`conversation.input`: `{chosen.text}` is declared as {' or '.join(kinds)}, and a turn is a text"
        loading.findings.add(entry.document, "PK121", message, chosen, help="name an input that takes a text")


def _no_text(declared: dict[str, Any]) -> tuple[str, ...]:
    """The types of an input that no text fits; none where one may."""
    schema = declared.get("json_schema", True)
    kinds = form_of(schema, schema).kinds()
    return () if "string" in kinds else kinds


def _declared(inputs: dict[str, Any]) -> str:
    return f"declared inputs: {', '.join(inputs)}" if inputs else "declare it under `inputs`"


def read_memory(loading: Loading, name: str, entry: Entry) -> None:
    """A policy by its name, or by what it keeps."""
    loading.data[name] = entry.node.value
    node = entry.node
    if isinstance(node, Scalar):
        if node.text not in _POLICIES:
            loading.findings.add(
                entry.document,
                "PK121",
                "`memory` is `full`, `summarise`, or a mapping such as `{last: 20}`",
                entry.span,
                label=did_you_mean(node.text, _POLICIES),
            )
            loading.data.pop(name)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            if key.text not in _MEMORY:
                loading.findings.unknown_key(Entry(entry.document, key, value), _MEMORY, name)
            elif key.text in ("last", "tokens") and not _is_count(value.value):
                message = f"`memory.{key.text}` is a whole number from 1"
                loading.findings.add(entry.document, "PK121", message, Entry(entry.document, key, value).span)
            elif key.text == "full" and not isinstance(value.value, bool):
                loading.findings.expected(Entry(entry.document, key, value), "memory.full", "true or false")
            elif key.text == "pin":
                _check_pins(loading.findings, Entry(entry.document, key, value))
            elif key.text == "summarise":
                _check_summary(loading, Entry(entry.document, key, value))
    else:
        loading.findings.expected(entry, name, "`full`, or a mapping such as `{last: 20}`")
        loading.data.pop(name)


def _check_summary(loading: Loading, entry: Entry) -> None:
    """How turns that are left out are summarised: `true`, or about how long, by which model and which prompt."""
    node = entry.node
    if not isinstance(node, Mapping):
        if node.value not in (True, False):
            loading.findings.expected(entry, "memory.summarise", "`true`, or a mapping such as `{tokens: 400}`")
        return
    for key, value in node.pairs:
        each = Entry(entry.document, key, value)
        if key.text not in _SUMMARISE:
            loading.findings.unknown_key(each, _SUMMARISE, "memory.summarise")
        elif key.text == "tokens" and not _is_count(value.value):
            loading.findings.expected(each, "memory.summarise.tokens", "a whole number from 1")
        elif key.text != "tokens" and (not isinstance(value, Scalar) or not isinstance(value.value, str)):
            loading.findings.expected(each, f"memory.summarise.{key.text}", _SUMMARISE[key.text])
        elif key.text == "prompt" and isinstance(value, Scalar):
            loading.load_summariser(each.document, value)


_SUMMARISE = {"tokens": "a whole number from 1", "model": "a model's name", "prompt": "a path such as `summary.yaml`"}


def _check_pins(findings: Findings, entry: Entry) -> None:
    """What is always kept: numbers of turns, texts, or mappings of what a turn holds."""
    if not isinstance(entry.node, Sequence):
        findings.expected(entry, "memory.pin", "a list, such as `[1, my name is]`")
        return
    for item in entry.node.items:
        each = Entry(entry.document, entry.key, item)
        for key, value in item.pairs if isinstance(item, Mapping) else ():
            if key.text not in _PINNED:
                findings.unknown_key(Entry(entry.document, key, value), _PINNED, "memory.pin")
                break
            if not isinstance(value.value, _PINNED[key.text]) or isinstance(value.value, bool):
                kind = "a number of a turn" if key.text == "turn" else "a text"
                findings.expected(Entry(entry.document, key, value), f"memory.pin.{key.text}", kind)
        known = isinstance(item, Mapping) and bool(item.pairs)
        if not known and (not isinstance(item.value, int | str) or isinstance(item.value, bool) or not item.value):
            findings.expected(each, "memory.pin", "a number of a turn (the first is 1), a text, or a mapping")


_PINNED: dict[str, type] = {"turn": int, "text": str, "role": str, "name": str}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_POLICIES = ("full", "summarise")
_MEMORY = ("full", "last", "tokens", "pin", "summarise")
