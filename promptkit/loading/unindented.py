"""What stands below a key that holds others, and is not indented: `fields:` and a line `team: string` beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from promptkit.loading.key_aliases import BELONGS
from promptkit.loading.output_reader import OUTPUT_KEYS
from promptkit.loading.schema_nodes import declares
from promptkit.spec import PromptSpec
from promptkit.yaml_nodes import Mapping, is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.loading.findings import Findings
    from promptkit.loading.inheritance import Chain, Entry

_KEYS = frozenset(PromptSpec.__annotations__)


def take_in(chain: Chain, findings: Findings) -> None:
    """Tell of such lines once, at the key above them, and read them as if they were indented."""
    for name, fits in _HELD.items():
        _take_in(chain.entries, name, fits, findings)
        held = chain.entries.get(name)
        if held is not None and name not in chain.merged and isinstance(held.node, Mapping):
            chain.merged[name] = {key.text: replace(held, key=key, node=node) for key, node in held.node.pairs}
    if "output" in chain.merged:
        _take_in(chain.merged["output"], "fields", _is_field, findings)


def _take_in(entries: dict[str, Entry], name: str, fits: Callable[[Entry], bool], findings: Findings) -> None:
    holder = entries.get(name)
    if holder is None or not is_empty(holder.node):
        return
    beside = (each for each in entries.values() if each.document is holder.document)
    below = sorted((each.key.start, each) for each in beside if each.key.start > holder.key.start)
    taken = list(takewhile(fits, (each for _, each in below)))
    if not taken:
        return
    message, cure = f"the lines below `{name}` are not indented", f"indent what belongs to `{name}` by two spaces"
    findings.add(holder.document, "PK121", message, holder.key, help=cure)
    pairs = tuple((each.key, each.node) for each in taken)
    for each in taken:
        del entries[each.key.text]
    entries[name] = replace(holder, node=Mapping(pairs, taken[0].key.start, taken[-1].node.end))


def _is_input(entry: Entry) -> bool:
    return entry.key.text not in _KEYS and declares(entry.node)


def _is_of_output(entry: Entry) -> bool:
    return BELONGS.get(entry.key.text) == "output"


def _is_field(entry: Entry) -> bool:
    return entry.key.text not in OUTPUT_KEYS and declares(entry.node)


_HELD = {"inputs": _is_input, "output": _is_of_output}
