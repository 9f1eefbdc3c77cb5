"""One reader for each key of a spec that is more than plain data.

Each takes the loading, the key's name and its entry, and leaves the key's data in the loading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.errors import ConfigError
from promptkit.loading.declarations import read_inputs
from promptkit.loading.findings import (
    is_bare_key,
    is_certain,
    no_colon,
    pair_of,
    unquoted,
    without_colon,
    without_quotes,
)
from promptkit.loading.inheritance import MERGED, Entry
from promptkit.loading.lost_prose import is_braced, warn_of_lost_prose
from promptkit.loading.message_reader import read_messages
from promptkit.loading.output_reader import read_output
from promptkit.loading.tool_reader import read_tools
from promptkit.loading.turn_readers import read_conversation, read_memory
from promptkit.loading.typed_values import declared_value
from promptkit.model_names import parse_model_name
from promptkit.options import KNOWN_OPTIONS, check_option
from promptkit.spec import SECTION
from promptkit.yaml_nodes import SWITCHES, Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.loader import Loading
    from promptkit.source import Source
    from promptkit.yaml_nodes import Node


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
        warn_of_lost_prose(loading.findings, name, entry)
        loading.data[name] = entry.node.text
    else:
        first = next((each.text for each in getattr(entry.node, "items", ()) if isinstance(each, Scalar)), "")
        loading.findings.expected(entry, name, "a text", f"write one of them: `{name}: {first}`" if first else "")


def _template(loading: Loading, name: str, entry: Entry) -> None:
    """A section's template."""
    if not isinstance(entry.node, Scalar) or is_empty(entry.node):
        if not is_braced(entry):
            loading.findings.expected(entry, name, "a text", _text_instead(entry.node))
        loading.unknown.templates = True
        return
    if warn_of_lost_prose(loading.findings, name, entry, is_template=True):
        loading.unknown.templates = True  # what is cut off may use an input
    loading.data[name] = entry.node.text
    loading.texts[name] = entry


def _text_instead(node: Node) -> str:
    """How to write what stands where a template's text should."""
    if isinstance(node, Sequence):
        return "write all of it as one text under `|`"
    path = next(
        (each.text for key, each in getattr(node, "pairs", ()) if key.text in _PATHS and hasattr(each, "text")), ""
    )
    return f"take a file in with `{{% include '{path}' %}}`" if path else ""


_PATHS = ("file", "path", "include", "from", "template")


def _model(loading: Loading, name: str, entry: Entry) -> None:
    if isinstance(entry.node, Mapping):
        loading.data[name] = entry.node.value
        return
    _text(loading, name, entry)
    try:
        parse_model_name(loading.data.get(name, "-"))
    except ConfigError as error:
        loading.findings.add(entry.document, "PK121", f"`model`: {error.message}", entry.span, help=error.help)


def _options(loading: Loading, name: str, entry: Entry) -> None:
    read_plain(loading, name, entry)
    merged = loading.chain.merged.get(name)
    if merged is None:
        loading.findings.expected(entry, name, "a mapping of option names to values")
        del loading.data[name]
        return
    for key, each in merged.items():
        loading.data[name][key] = _option_value(key, each)
    _check_options(loading, merged)


def _layout(loading: Loading, name: str, entry: Entry) -> None:
    """How sections are set; the look of one is a text with places in it, and no template."""
    read_plain(loading, name, entry)
    section = loading.chain.merged.get(name, {}).get("section")
    if section is not None and not (isinstance(section.node, Scalar) and re.fullmatch(SECTION, section.node.text)):
        message = "`layout.section` is a text with `{{ text }}` in it once, and `{{ name }}` or `{{ title }}`"
        cure = "such as `'[{{ title }}]\\n{{ text }}'` in double quotes, or under `|`; it has no other tags"
        loading.findings.add(section.document, "PK121", message, section.span, help=cure)
        del loading.data[name]["section"]


def _option_value(name: str, entry: Entry) -> Any:
    """An option's value; texts that end an answer keep their source (`stop: [1.0]`)."""
    return declared_value(entry.node, _STOPS) if name == "stop" else entry.node.value


_STOPS = {"type": "string", "items": {"type": "string"}}


def _check_options(loading: Loading, options: dict[str, Entry]) -> None:
    findings = loading.findings
    for key, each in options.items():
        if first := without_colon(each.key, KNOWN_OPTIONS):
            label, cure = no_colon(first, each.key)
            fix = pair_of(first, each)
            findings.add(
                each.document, "PK120", f"there is no option `{key}`", each.key, label=label, help=cure, fix=fix
            )
            continue
        if key not in KNOWN_OPTIONS and (hint := did_you_mean(key, KNOWN_OPTIONS)):
            meant = nearest(key, KNOWN_OPTIONS)
            fix = meant if meant and is_certain(key, meant) else None
            findings.add(each.document, "PK120", f"there is no option `{key}`", each.key, label=hint, fix=fix)
            continue
        if key in KNOWN_OPTIONS and is_bare_key(each):
            findings.add(
                each.document, "PK121", f"the option `{key}` has no value", each.key, help=f"write `{key}: ...`"
            )
            continue
        value = _option_value(key, each)
        fault = check_option(key, value)
        if key not in KNOWN_OPTIONS and value is None and fault is None:
            label = "a comma in `{...}` begins the next key" if key.isdecimal() else ""
            cure = "a number has a decimal point: `0.5`" if key.isdecimal() else "an option of your server has a value"
            findings.add(each.document, "PK120", f"there is no option `{key}`", each.key, label=label, help=cure)
            continue
        if fault is not None and key == "temperature" and _is_hot(each.node.value):
            fault = check_option(key, each.node.value, max_temperature=_max_temperature(loading.source))
        if fault is not None:
            code = "PK127" if fault.severity == "error" else "PK128"
            place = each.span if key in KNOWN_OPTIONS else (each.key.start, each.key.end)
            plain = unquoted(value, KNOWN_OPTIONS[key].fits) if key in KNOWN_OPTIONS else None
            cure = fault.help or without_quotes(plain)
            findings.add(each.document, code, fault.message, place, severity=fault.severity, help=cure, fix=plain)
    if "max_tokens" in options and "max_completion_tokens" in options:
        each = options["max_completion_tokens"]
        findings.exclusive(each, "max_tokens", "max_completion_tokens", "keep `max_tokens`")


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
            cure = f"options of all models: `options: {{{model}: ...}}`" if model in KNOWN_OPTIONS else ""
            loading.findings.expected(each, f"models.{model}", "a mapping", cure)
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
        if value.get("mode") in ("off", False):
            message, at = "`instruction` has no effect while `mode` is `off`", node.key("instruction") or instruction
            loading.findings.add(entry.document, "PK123", message, at, severity="warning", help="keep one of the two")
        key = node.key("instruction") or entry.key
        value["instruction"] = instruction.text
        loading.texts[f"{location}.instruction"] = Entry(entry.document, key, instruction)
    if isinstance(value, bool):
        return {"mode": "auto" if value else "off"}
    return {"mode": value} if isinstance(value, str) else value


def _chain_of_thought(loading: Loading, name: str, entry: Entry) -> None:
    node = entry.node
    if isinstance(node, Scalar) and node.text in SWITCHES and node.text != "off" and not node.style:
        meant = "off" if SWITCHES[node.text] == "false" else "true"
        loading.findings.add(
            entry.document,
            "PK121",
            f"`{name}` is true, false or a mode",
            node,
            label="this is a text in YAML 1.2",
            help=f"write `{meant}`",
            fix=meant,
        )
        return
    loading.data[name] = _thought(loading, name, entry)
    if not isinstance(node, Mapping):
        loading.places[name, "mode"] = entry


_INPUTS = "a mapping of names to declarations, such as `{text: string}`"


def _inputs(loading: Loading, name: str, entry: Entry) -> None:
    merged = loading.chain.merged.get(name)
    if merged is None:
        listed = entry.node.value
        names = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
        typed = ", ".join(f"{each}: string" for each in names)
        loading.findings.expected(entry, name, _INPUTS, help=f"write `inputs: {{{typed}}}`" if typed else "")
        loading.unknown.inputs = True
        return
    loading.data[name], loading.inputs, whole = read_inputs(loading.findings, merged, loading.unknown)
    if whole is not None:
        loading.data["inputs_schema"] = whole
    loading.places |= {(name, key): each for key, each in loading.inputs.items()}


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
    "layout": _layout,
    "messages": read_messages,
    "conversation": read_conversation,
    "memory": read_memory,
    "output": read_output,
    "tools": read_tools,
}
