"""The key `tools`: names that are bound in code, and whole declarations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.loading.call_reader import tool_name
from promptkit.loading.declarations import read_fields
from promptkit.loading.findings import node_at
from promptkit.loading.inheritance import Entry
from promptkit.loading.schema_nodes import usable_schema, warn_of_keywords
from promptkit.loading.value_checks import report_misfits
from promptkit.options import check_tools
from promptkit.schema.keywords import KEYWORDS
from promptkit.spec import TOOL_PATTERN
from promptkit.yaml_nodes import Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.findings import Findings

TOOL_KEYS = ("name", "description", "fields", "parameters", "confirm", "timeout")
_LIST = "a list of names and declarations, such as `[get_weather]`"


def read_tools(loading: Loading, name: str, entry: Entry) -> None:
    """Each tool by its name, or by what the model is told of it."""
    findings, node = loading.findings, entry.node
    if not isinstance(node, Sequence):
        findings.expected(entry, name, _LIST)
        return
    if too_many := check_tools(len(node.items)):
        findings.add(entry.document, "PK127", too_many.message, entry.key)
    read: list[dict[str, Any]] = []
    seen: set[str] = set()
    for index, item in enumerate(node.items):
        each = Entry(entry.document, entry.key, item)
        loading.places[name, index] = each
        data = _tool(findings, each)
        if data is None:
            continue
        if data.get("name") in seen:
            named = item.get("name") if isinstance(item, Mapping) else item
            findings.add(each.document, "PK123", f"the tool `{data['name']}` stands twice", named or item)
        seen.add(str(data.get("name")))
        loading.places[name, len(read)] = each
        read.append(data)
    loading.data[name] = read
    _check_calls(loading, read)
    _check_choice(loading, {str(tool_name(item)) for item in node.items})


def _check_calls(loading: Loading, tools: list[dict[str, Any]]) -> None:
    """Hold the calls in messages against what their tools take: a model does as it is shown."""
    takes = {tool["name"]: tool["parameters"] for tool in tools if tool.get("parameters") is not None}
    for name, arguments, entry in loading.calls:
        if name in takes:
            message = f"the tool `{name}` does not take these arguments"
            where = loading.findings, entry.document, entry.node
            report_misfits(*where, takes[name], arguments, "PK132", message, severity="warning")


def _check_choice(loading: Loading, names: set[str]) -> None:
    """Warn of a `tool_choice` that names no tool; one may be added where the prompt is run."""
    entry = loading.chain.merged.get("options", {}).get("tool_choice")
    node = entry.node if entry is not None else None
    named = tool_name(node) if isinstance(node, Mapping) else None
    if entry is not None and node is not None and isinstance(named, str) and named not in names:
        place = node_at(node, ("function", "name")) if node_at(node, ("function",)) is not node else node
        message, hint = (
            f"`tool_choice` names the tool `{named}`, which is not among the `tools`",
            did_you_mean(named, names),
        )
        fix = nearest(named, names)
        loading.findings.add(entry.document, "PK132", message, place, severity="warning", label=hint, fix=fix)


def _tool(findings: Findings, entry: Entry) -> dict[str, Any] | None:
    node = entry.node
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.text:
        return {"name": node.text} if _is_name(findings, entry) else None
    if not isinstance(node, Mapping):
        end = node.end if isinstance(node, Scalar) else node.start + 1
        findings.add(entry.document, "PK121", "`tools`: a text or a mapping is expected", (node.start, end))
        return None
    wire = node.get("function")
    if isinstance(wire, Mapping) and {key.text for key, _ in node.pairs} <= {"type", "function"}:
        node = wire  # as OpenAI's clients write it
    return _declaration(findings, Entry(entry.document, entry.key, node), node)


def _is_name(findings: Findings, entry: Entry) -> bool:
    if re.fullmatch(TOOL_PATTERN.strip("^$"), entry.node.text):  # type: ignore[union-attr]
        return True
    cure = "letters, digits, `_` and `-`, at most 64 of them"
    findings.add(entry.document, "PK121", "this cannot be the name of a tool", entry.node, help=cure)
    return False


_OTHER_NAMES = {"inputschema": "parameters", "argsschema": "parameters", "requiresconfirmation": "confirm"}
"""What other libraries call the keys of a tool."""


def _declaration(findings: Findings, entry: Entry, node: Mapping) -> dict[str, Any] | None:
    keys = {key.text: Entry(entry.document, key, value) for key, value in node.pairs}
    for key, each in list(keys.items()):
        if key not in TOOL_KEYS:
            other = _OTHER_NAMES.get(key.replace("_", "").casefold())
            findings.unknown_key(each, TOOL_KEYS, "tools", meant=other, taken=keys)
            meant = other or nearest(key, TOOL_KEYS)
            if meant is not None:
                keys.setdefault(meant, each)
    if "name" not in keys:
        at, cure = (node.start, node.start + 1), "add `name: get_weather`, as the model is to call it"
        findings.add(entry.document, "PK122", "a tool needs a `name`", at, help=cure)
        return None
    data = {key: each.node.value for key, each in keys.items() if key in ("confirm", "timeout")}
    texts = {key: each for key, each in keys.items() if key in ("name", "description")}
    for key, each in texts.items():
        if isinstance(each.node, Scalar) and not is_empty(each.node):
            data[key] = each.node.text
        else:
            findings.expected(each, f"tools.{key}", "a text")
    if "name" in data and not _is_name(findings, keys["name"]):
        del data["name"]
    if "fields" in keys and "parameters" in keys:
        findings.exclusive(keys["parameters"], "fields", "parameters", "keep one of the two")
    if "fields" in keys:
        data["parameters"] = read_fields(findings, keys["fields"])
    elif "parameters" in keys:
        data["parameters"] = _parameters(findings, keys["parameters"])
    return data if "name" in data else None


def _parameters(findings: Findings, entry: Entry) -> Any:
    node = entry.node
    schema = node.value
    if not isinstance(node, Mapping) or schema.get("type") != "object":
        expected = "a JSON Schema of `type: object`; `fields` takes the shorthand"
        cure = ""
        if isinstance(node, Mapping) and "properties" in schema and "type" not in schema:
            cure = "add `type: object`"
        elif isinstance(node, Mapping) and node.pairs and KEYWORDS.isdisjoint(schema):
            cure = "write `fields:` in place of `parameters:`"
        findings.expected(entry, "tools.parameters", expected, cure)
        return None
    warn_of_keywords(findings, entry.document, schema, node)
    return usable_schema(findings, entry.document, schema, node, entry.key)
