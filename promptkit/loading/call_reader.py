"""Calls of tools among authored messages: each has an id of its own, and the result that belongs to it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.late_pattern import LatePattern
from promptkit.loading.inheritance import Entry
from promptkit.schema.limits import DEEPEST_VALUE, first_fault
from promptkit.spec import TOOL_PATTERN
from promptkit.yaml_nodes import Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Node

_CALL_KEYS = ("name", "arguments", "id")
_LIST = "a list of calls, such as `[{name: get_weather, arguments: {city: Paris}}]`"
_TEMPLATE = LatePattern(r"\{[{%#]")


class Calls:
    """The calls that have no result yet, in order, while messages are read one after another.

    A server takes a call only with its result right behind the message that makes it, and a result only with its
    call; so a slot, which may be filled with anything, has no place between them.
    """

    def __init__(self, findings: Findings, tools: Node | None, messages: Sequence) -> None:
        self._findings = findings
        listed = tools.items if isinstance(tools, Sequence) else []
        self._tools = [str(tool_name(item)) for item in listed]
        self.made: list[tuple[str, dict[str, Any], Entry]] = []
        """Each call: the tool's name, what it is called with, and where that is written out."""
        self._open: dict[str, Entry] = {}
        self._taken: set[str] = set()
        self._written = set(_ids(messages))
        self._told: set[str] = set()
        self._unsure = False

    def doubt(self) -> None:
        """What stands here is faulty itself: until the next turn nothing follows from it."""
        self._open, self._unsure = {}, True

    def close(self, before: str = "the end") -> None:
        """No result can come any more: tell of the calls that have none, unless they are faulty themselves."""
        for name, call in self._open.items():
            cure = f"write its result behind the message: {{role: tool, tool_call_id: {name}, content: ...}}"
            message = f"the call `{name}` has no result before {before}"
            self._findings.add(call.document, "PK132", message, call.span, help=cure)
        self._told = {*self._told, *self._open}  # a result that comes too late is not told once more
        self._open, self._unsure = {}, False

    def read(self, location: str, entry: Entry) -> list[dict[str, Any]]:
        """The calls of an assistant message; those without an id get one."""
        node = entry.node
        if not isinstance(node, Sequence) or not node.items:
            self._findings.expected(entry, location, _LIST)
            self.doubt()
            return []
        told = self._errors()
        each = (Entry(entry.document, entry.key, item) for item in node.items)
        calls = [self._call(f"{location}.{index}", item) for index, item in enumerate(each)]
        if self._errors() > told:
            self.doubt()
        return [call for call in calls if call]

    def _errors(self) -> int:
        return sum(finding.severity == "error" for finding in self._findings.diagnostics)

    def answered(self, location: str, message: Entry, given: Entry | None) -> str:
        """The id of the call that a tool message is the result of: the one that it names, or else the first."""
        name = next(iter(self._open), "") if given is None else self._text(location, given)
        if name is None:
            self.doubt()
        elif name not in self._open and not self._unsure:
            late = name in self._told if name else bool(self._told)
            if not late:
                self._astray(location, message, given, name)
                self.doubt()
        self._open.pop(name or "", None)
        return name or "-"

    def _astray(self, location: str, message: Entry, given: Entry | None, name: str) -> None:
        """Tell of a result that belongs to no call."""
        known = list(self._open)
        if given is None:
            cure = "write the assistant message that calls it before: {role: assistant, tool_calls: [{name: ...}]}"
            at = message.node.start, message.node.start + 1
            self._findings.add(message.document, "PK132", "this result belongs to no call", at, help=cure)
            return
        told = f"`{location}`: there is no call `{name}` without a result here"
        cure = f"calls without a result: {', '.join(known)}" if known else "drop it, or write the call before"
        meant = nearest(name, known)
        hint = f"did you mean `{meant}`?" if meant else ""
        self._findings.add(given.document, "PK132", told, given.span, label=hint, help=cure, fix=meant)

    def _call(self, location: str, entry: Entry) -> dict[str, Any] | None:
        node: Node | None = entry.node
        if not isinstance(node, Mapping):
            self._findings.expected(
                entry, location, "a mapping, such as `{name: get_weather, arguments: {city: Paris}}`"
            )
            return None
        keys = {key.text: Entry(entry.document, key, value) for key, value in node.pairs}
        if isinstance(keys["function"].node if "function" in keys else None, Mapping):  # as it stands on the wire
            inside: Any = keys.pop("function").node
            keys.pop("type", None)
            keys |= {key.text: Entry(entry.document, key, value) for key, value in inside.pairs}
        meant = set()
        for key, each in keys.items():
            if key not in _CALL_KEYS:
                self._findings.unknown_key(each, _CALL_KEYS, location)
                meant.add(nearest(key, _CALL_KEYS))
        if "name" not in {*keys, *meant}:
            at = node.start, node.start + 1
            self._findings.add(entry.document, "PK122", f"`{location}`: a call needs a `name`", at)
        name = self._text(f"{location}.name", keys.get("name"), TOOL_PATTERN)
        arguments = self._arguments(f"{location}.arguments", keys.get("arguments"))
        read = {
            "name": name,
            "arguments": arguments,
            "id": self._id(f"{location}.id", keys.get("id"), entry),
        }
        if name is None:
            return None
        if "arguments" in keys and isinstance(keys["arguments"].node, Mapping):
            self.made.append((name, arguments, keys["arguments"]))
        if self._tools and name not in self._tools:
            hint = did_you_mean(name, self._tools)
            told = f"the tool `{name}` is not among the `tools`"
            where = keys["name"]
            self._findings.add(where.document, "PK132", told, where.span, severity="warning", label=hint)
        return read

    def _text(self, location: str, entry: Entry | None, pattern: str = "") -> str | None:
        if entry is None:
            return None
        text = entry.node.text if isinstance(entry.node, Scalar) and not is_empty(entry.node) else ""
        if not text or not text.isprintable():
            self._findings.expected(entry, location, "a text in one line")
        elif pattern and not re.fullmatch(pattern.strip("^$"), text):
            self._findings.expected(entry, location, "letters, digits, `_` and `-`")
        else:
            return text
        return None

    def _id(self, location: str, given: Entry | None, call: Entry) -> str:
        name = self._text(location, given)
        if name in self._taken and given is not None:
            self._findings.add(given.document, "PK123", f"`{location}`: another call has this id", given.span)
        number = len(self._taken) + 1
        while name is None or (given is None and name in self._taken | self._written):
            name, number = f"call_{number}", number + 1
        self._taken.add(name)
        self._open[name] = call
        return name

    def _arguments(self, location: str, entry: Entry | None) -> dict[str, Any]:
        """What a tool is called with: a mapping, or its JSON text; no template, so that nothing looks like one."""
        if entry is None or is_empty(entry.node):
            return {}
        value, reason = entry.node.value, ""
        if isinstance(value, str):
            value, reason = _from_json(value)
        if not isinstance(value, dict):
            self._findings.expected(entry, location, reason or "a mapping, such as `{city: Paris}`")
            return {}
        if fault := first_fault(value, DEEPEST_VALUE):
            self._findings.add(entry.document, "PK121", f"`{location}` is no JSON: {fault[1]}", entry.span)
            return {}
        if _TEMPLATE.search(json.dumps(value, ensure_ascii=False)):
            told = f"`{location}` is data, and no template: it would arrive as it is written"
            cure = "write the value itself; a turn with values of its own belongs to `using(history=...)`"
            self._findings.add(entry.document, "PK121", told, entry.span, severity="warning", help=cure)
        return value


def _from_json(text: str) -> tuple[Any, str]:
    """The value of a JSON text, or None and what it should have been."""
    try:
        return json.loads(text, object_pairs_hook=_without_twins), ""
    except _TwiceError as twice:
        return None, f"an object whose keys stand once: `{twice}` stands twice"
    except (ValueError, RecursionError):
        return None, ""


class _TwiceError(Exception):
    """A key stands twice in an object."""


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read:
            raise _TwiceError(key)
        read[key] = value
    return read


def _ids(messages: Sequence) -> Iterator[str]:
    """The ids that are written in the calls of all messages."""
    for message in messages.items:
        calls = message.get("tool_calls") if isinstance(message, Mapping) else None
        for call in calls.items if isinstance(calls, Sequence) else ():
            name = call.get("id") if isinstance(call, Mapping) else None
            if isinstance(name, Scalar):
                yield name.text


def tool_name(tool: Node) -> Any:
    """The name of a tool as `tools` lists it."""
    if isinstance(tool, Scalar):
        return tool.value
    wire = tool.get("function") if isinstance(tool, Mapping) else None
    named = (wire if isinstance(wire, Mapping) else tool).get("name") if isinstance(tool, Mapping) else None
    return named.value if isinstance(named, Scalar) else None
