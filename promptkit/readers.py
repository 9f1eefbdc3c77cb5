"""One reader for each key of a spec that is more than plain data.

Each takes the loading, the key's name and its entry, and leaves the key's data in the loading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.chain import MERGED, Entry
from promptkit.declarations import read_inputs
from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError
from promptkit.findings import is_empty
from promptkit.options import KNOWN_OPTIONS, check_option
from promptkit.output_reader import read_output
from promptkit.parts import build
from promptkit.spec import MessageSpec, Slot
from promptkit.structure import report
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.findings import Findings
    from promptkit.loader import Loading
    from promptkit.source import Source


_HOTTEST = 2


def read_plain(loading: Loading, name: str, entry: Entry) -> None:
    """Plain data; what merges with a parent has been merged."""
    loading.data[name] = entry.node.value
    if name in MERGED and name in loading.chain.merged:
        merged = loading.chain.merged[name]
        loading.data[name] = {key: each.node.value for key, each in merged.items()}
        loading.places |= {(name, key): each for key, each in merged.items()}


def _text(loading: Loading, name: str, entry: Entry) -> None:
    """A text, as written: plain scalars keep their source."""
    if isinstance(entry.node, Scalar) and not is_empty(entry.node):
        loading.data[name] = entry.node.text
    else:
        loading.findings.expected(entry, name, "a text")


def _template(loading: Loading, name: str, entry: Entry) -> None:
    """A section's template."""
    if _braced(entry):
        return
    if not isinstance(entry.node, Scalar) or is_empty(entry.node):
        loading.findings.expected(entry, name, "a text")
        return
    _warn_of_lost_prose(loading.findings, name, entry)
    loading.data[name] = entry.node.text
    loading.texts[name] = entry


def _braced(entry: Entry) -> bool:
    """Whether `{{` at the beginning made a mapping of a text; that has been reported where it was read."""
    return isinstance(entry.node, Mapping) and entry.document.text.startswith("{{", entry.node.start)


def _warn_of_lost_prose(findings: Findings, name: str, entry: Entry) -> None:
    document, node = entry.document, entry.node
    if not isinstance(node, Scalar) or node.style:
        return
    line_end = document.text.find("\n", node.end)
    rest = document.text[node.end : line_end if line_end >= 0 else len(document.text)]
    if re.match(r"[ \t]+#\S", rest):
        start = node.end + rest.index("#")
        findings.add(
            document,
            "PK110",
            f"a comment cuts the text of `{name}` off",
            (start, node.end + len(rest.rstrip())),
            label="this part is not read",
            help="quote the whole value, or write it under `|`",
        )


def _model(loading: Loading, name: str, entry: Entry) -> None:
    if isinstance(entry.node, Mapping):
        loading.data[name] = entry.node.value
    else:
        _text(loading, name, entry)


def _options(loading: Loading, name: str, entry: Entry) -> None:
    read_plain(loading, name, entry)
    merged = loading.chain.merged.get(name)
    if merged is None:
        loading.findings.expected(entry, name, "a mapping of option names to values")
        del loading.data[name]
        return
    _check_options(loading, merged)


def _check_options(loading: Loading, options: dict[str, Entry]) -> None:
    findings = loading.findings
    for key, each in options.items():
        if key not in KNOWN_OPTIONS and (hint := did_you_mean(key, KNOWN_OPTIONS)):
            findings.add(each.document, "PK120", f"there is no option `{key}`", each.key, label=hint)
            continue
        fault = check_option(key, each.node.value)
        if fault is not None and key == "temperature" and _is_hot(each.node.value):
            fault = check_option(key, each.node.value, max_temperature=_max_temperature(loading.source))
        if fault is not None:
            code = "PK127" if fault.severity == "error" else "PK128"
            place = each.span if key in KNOWN_OPTIONS else (each.key.start, each.key.end)
            findings.add(each.document, code, fault.message, place, severity=fault.severity, help=fault.help)
    if "max_tokens" in options and "max_completion_tokens" in options:
        each = options["max_completion_tokens"]
        findings.add(
            each.document,
            "PK123",
            "`max_tokens` and `max_completion_tokens` exclude each other",
            each.key,
            help="keep `max_tokens`",
        )


def _is_hot(value: Any) -> bool:
    """Whether it is a temperature that some servers take and MARA does not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= _HOTTEST


def _max_temperature(source: Source) -> float:
    """The highest temperature that the settings allow where the file stands; settings that are broken allow MARA's."""
    from promptkit.settings import load_settings

    try:
        return load_settings(getattr(source, "root", None)).max_temperature
    except ConfigError:
        return 1.0


def _models(loading: Loading, name: str, entry: Entry) -> None:
    merged = loading.chain.merged.get(name)
    if merged is None:
        loading.findings.expected(entry, name, "a mapping of model names to what is different for them")
        return
    loading.data[name] = {}
    for model, each in merged.items():
        loading.places[name, model] = each
        value = each.node.value
        if not isinstance(each.node, Mapping):
            loading.findings.expected(each, f"models.{model}", "a mapping")
            continue
        options = each.node.get("options")
        if isinstance(options, Mapping):
            _check_options(loading, {key.text: Entry(each.document, key, node) for key, node in options.pairs})
        chain = each.node.key("chain_of_thought"), each.node.get("chain_of_thought")
        if chain[0] is not None and chain[1] is not None:
            written = Entry(each.document, chain[0], chain[1])
            value["chain_of_thought"] = _thought(loading, f"{name}.{model}.chain_of_thought", written)
        loading.data[name][model] = value


def _thought(loading: Loading, location: str, entry: Entry) -> Any:
    """The toggle's data; its instruction is a template."""
    node, value = entry.node, entry.node.value
    if isinstance(node, Mapping) and isinstance(instruction := node.get("instruction"), Scalar):
        key = node.key("instruction") or entry.key
        value["instruction"] = instruction.text
        loading.texts[f"{location}.instruction"] = Entry(entry.document, key, instruction)
    if isinstance(value, bool):
        return {"mode": "auto" if value else "off"}
    return {"mode": value} if isinstance(value, str) else value


def _chain_of_thought(loading: Loading, name: str, entry: Entry) -> None:
    node = entry.node
    if isinstance(node, Scalar) and node.text in ("yes", "no", "on") and not node.style:
        loading.findings.add(
            entry.document,
            "PK121",
            f"`{name}` is true, false or a mode",
            node,
            label="this is a text in YAML 1.2",
            help="write `true` or `off`",
        )
        return
    loading.data[name] = _thought(loading, name, entry)
    loading.places[name, "mode"] = entry


def _inputs(loading: Loading, name: str, entry: Entry) -> None:
    merged = loading.chain.merged.get(name)
    if merged is None:
        loading.findings.expected(entry, name, "a mapping of names to declarations")
        return
    loading.data[name], loading.inputs, whole = read_inputs(loading.findings, merged)
    if whole is not None:
        loading.data["inputs_schema"] = whole
    loading.places |= {(name, key): each for key, each in loading.inputs.items()}


def _messages(loading: Loading, name: str, entry: Entry) -> None:
    if not isinstance(entry.node, Sequence):
        loading.findings.expected(entry, name, "a list of `{role, content}`")
        return
    messages, seen = [], set()
    for index, node in enumerate(entry.node.items):
        each = Entry(entry.document, entry.key, node)
        loading.places[name, index] = each
        if not isinstance(node, Mapping):
            loading.findings.expected(each, f"messages.{index}", "a mapping `{role, content}`")
            continue
        slot = _slot(node)
        if slot:
            if slot in seen:
                loading.findings.add(entry.document, "PK123", f"there are two `{slot}` slots", node, help="keep one")
            seen.add(slot)
            messages.append(_slot_of(loading, index, slot, node))
        else:
            messages.append(_message(loading, index, each, node))
    loading.data[name] = tuple(messages)


def _conversation(loading: Loading, name: str, entry: Entry) -> None:
    read_plain(loading, name, entry)
    chosen = entry.node.get("input") if isinstance(entry.node, Mapping) else None
    declared = loading.data.get("inputs", {})
    if isinstance(chosen, Scalar) and chosen.text not in declared:
        hint = did_you_mean(chosen.text, declared)
        message = f"`conversation.input`: there is no input `{chosen.text}`"
        loading.findings.add(entry.document, "PK121", message, chosen, label=hint, help=_declared(declared))


def _declared(inputs: dict[str, Any]) -> str:
    return f"declared inputs: {', '.join(inputs)}" if inputs else "declare it under `inputs`"


def _slot(node: Mapping) -> str | None:
    return next((name for name in ("history", "examples") if node.get(name) is not None), None)


def _slot_of(loading: Loading, index: int, slot: str, node: Mapping) -> Any:
    if node.value != {slot: True}:
        loading.findings.add(
            loading.chain.entries["messages"].document,
            "PK121",
            f"`messages.{index}`: a slot is `{{{slot}: true}}` and nothing else",
            node,
        )
    return Slot(history=True) if slot == "history" else Slot(examples=True)


def _message(loading: Loading, index: int, entry: Entry, node: Mapping) -> Any:
    location = f"messages.{index}.content"
    for key, value in node.pairs:
        loading.places["messages", index, key.text] = Entry(entry.document, key, value)
        if key.text not in ("role", "content"):
            loading.findings.unknown_key(Entry(entry.document, key, value), ("role", "content"), f"messages.{index}")
    known = {
        key.text: value.text
        for key, value in node.pairs
        if isinstance(value, Scalar) and key.text in ("role", "content")
    }
    content = node.get("content")
    if isinstance(content, Scalar):
        _warn_of_lost_prose(
            loading.findings, location, Entry(entry.document, node.key("content") or entry.key, content)
        )
        loading.texts[location] = Entry(entry.document, node.key("content") or entry.key, content)
        if not content.text.strip():
            loading.findings.add(
                entry.document,
                "PK121",
                f"`{location}` is empty",
                content,
                help="write a text, or drop the message",
            )
    return _built(loading, index, entry, known)


def _built(loading: Loading, index: int, entry: Entry, known: dict[str, str]) -> Any:
    built, faults = build(MessageSpec, known)
    for fault in faults:
        fault.location = ("messages", index, *fault.location)
        report(loading.findings, fault, loading.places, entry)
    return built or MessageSpec(role="user", content="-")


READERS: dict[str, Callable[[Loading, str, Entry], None]] = {
    "name": _text,
    "version": _text,
    "description": _text,
    "extends": _text,
    "persona": _template,
    "context": _template,
    "task": _template,
    "model": _model,
    "options": _options,
    "models": _models,
    "chain_of_thought": _chain_of_thought,
    "inputs": _inputs,
    "messages": _messages,
    "conversation": _conversation,
    "output": read_output,
}
