"""The keys `conversation` and `memory`: what later turns are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.loading.chain import Entry
from promptkit.yaml_nodes import Mapping, Scalar

if TYPE_CHECKING:
    from promptkit.loader import Loading


def read_conversation(loading: Loading, name: str, entry: Entry) -> None:
    """Read which input a turn's text is: one that is declared."""
    loading.data[name] = entry.node.value
    chosen = entry.node.get("input") if isinstance(entry.node, Mapping) else None
    declared = loading.data.get("inputs", {})
    if isinstance(chosen, Scalar) and chosen.text not in declared and not loading.unknown.inputs:
        hint = did_you_mean(chosen.text, declared)
        message = f"`conversation.input`: there is no input `{chosen.text}`"
        loading.findings.add(entry.document, "PK121", message, chosen, label=hint, help=_declared(declared))


def _declared(inputs: dict[str, Any]) -> str:
    return f"declared inputs: {', '.join(inputs)}" if inputs else "declare it under `inputs`"


def read_memory(loading: Loading, name: str, entry: Entry) -> None:
    """A policy by its name, or by what it keeps; further keys are for the policies to come."""
    loading.data[name] = entry.node.value
    node = entry.node
    if isinstance(node, Scalar):
        if node.text not in _POLICIES:
            loading.findings.add(
                entry.document,
                "PK121",
                "`memory` is `full`, or a mapping such as `{last: 20}`",
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
    else:
        loading.findings.expected(entry, name, "`full`, or a mapping such as `{last: 20}`")
        loading.data.pop(name)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_POLICIES = ("full", "summarise")
_MEMORY = ("full", "last", "tokens", "pin", "summarise")
