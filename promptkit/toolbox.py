"""The tools that one prompt offers: bound to what its file says of them, and each call judged before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import Parameter, isasyncgen, isgenerator
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, OutputError
from promptkit.output.ladder import parse_output
from promptkit.result import Step, ToolRun, ToolStatus
from promptkit.schema import Schema
from promptkit.tools import Tool, as_tool, described, parameters, signature_schema

if TYPE_CHECKING:
    from promptkit.messages import ToolCall
    from promptkit.spec import PromptSpec, ToolSpec

Confirm = Callable[[str, Mapping[str, Any]], Any]
"""Asked before a tool that is to be confirmed runs, with its name and arguments; true (or what awaits it) agrees."""

_MOST_SAID = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call of a tool: its valid arguments, or in `refusal` why it is not to be run."""

    call: ToolCall
    tool: Tool | None = None
    arguments: Any = None
    steps: tuple[Step, ...] = ()
    refusal: tuple[ToolStatus, str] | None = None

    def run(self, status: ToolStatus, told: str, seconds: float = 0.0) -> ToolRun:
        """What came of it."""
        return ToolRun(self.call, status, told, self.arguments, self.steps, seconds)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Tools by their names, with what they need from outside of the model's calls."""

    tools: Mapping[str, Tool] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)  # one of them may be secret
    confirm: Confirm | None = None

    def prepare(self, call: ToolCall) -> Prepared:
        """Judge a call: its tool has to be there, and its arguments valid by the tool's own schema."""
        tool = self.tools.get(call.name)
        if tool is None:
            hint = did_you_mean(call.name, self.tools)
            said = f"there is no tool `{call.name[:80]}`; {hint or 'there is: ' + ', '.join(self.tools)}"
            return Prepared(call, refusal=("unknown", f"not run: {said}"))
        try:
            # Nothing and null are how some servers write that there are no arguments.
            text = "{}" if call.arguments.strip() in ("", "null") else call.arguments
            output = parse_output(text, tool.parameters)
            return Prepared(call, tool, output.value, output.steps)
        except OutputError as error:
            listed = [f"- {violation}" for violation in error.violations[:_MOST_SAID]]
            why = "\n".join(("not run, since the arguments do not fit the tool's parameters:", *listed))
            return Prepared(call, tool, refusal=("invalid", why))

    def given(self, tool: Tool) -> dict[str, Any]:
        """The arguments that the prompt's inputs fill."""
        return {name: self.inputs[name] for name in tool.from_inputs if name in self.inputs}


def bound_tools(spec: PromptSpec, given: Sequence[Tool | Callable[..., Any]]) -> tuple[dict[str, Tool], list[str]]:
    """The tools that a prompt offers, and the names of those that nothing in code is bound to.

    Where the file names tools, these are offered, and `given` is where they are looked up; else all that is given is.
    Raises `ConfigError` for names that stand twice, and for code that cannot take what the file declares.
    """
    known: dict[str, Tool] = {}
    for each in given:
        tool = _named(each, spec)
        if tool.name in known:
            raise ConfigError(f"two tools are called `{tool.name}`", help="`tool(name=...)` gives one another name")
        known[tool.name] = tool
    for tool in known.values():
        _check_inputs(tool, spec)
    if not spec.tools:
        return known, []
    offered = {each.name: _declared(each, known.get(each.name)) for each in spec.tools}
    unbound = [each.name for each in spec.tools if each.name not in known]
    return {name: tool for name, tool in offered.items() if tool}, unbound


def _named(given: Tool | Callable[..., Any], spec: PromptSpec) -> Tool:
    """A tool, or a function whose parameters the file declares: its own types need not say them."""
    name = getattr(given, "__name__", "")
    declared = next((each for each in spec.tools if each.name == name and each.parameters is not None), None)
    if isinstance(given, Tool) or declared is None:
        return as_tool(given)
    return Tool(name, described(given)[0], Schema(declared.parameters or {}), given, typed=_typed(given, name))


def _typed(function: Callable[..., Any], name: str) -> Schema | None:
    try:
        return signature_schema(function, name)
    except ConfigError:
        return None


def _declared(spec: ToolSpec, tool: Tool | None) -> Tool | None:
    """A tool as the file has it; None where neither file nor code says what it takes."""
    if spec.parameters is None:
        found = tool and replace(tool, description=spec.description or tool.description)
    else:
        declared = Schema(spec.parameters)
        if tool is not None:
            _check_signature(tool, declared)
        words = spec.description or (tool.description if tool else "")
        found = replace(tool or Tool(spec.name, "", declared, _unbound), description=words, parameters=declared)
    return found and replace(found, confirm=spec.confirm or found.confirm, timeout=spec.timeout or found.timeout)


def _unbound(**_: Any) -> None:
    """Stand where no function is bound; nothing calls it, since a prompt with such a tool is not run."""


def _check_signature(tool: Tool, declared: Schema) -> None:
    """The function can take all that the file lets the model give. Raises `ConfigError`."""
    from promptkit.schema.compat import accepts

    cure = "change the function or the file's declaration"
    if tool.typed is not None:
        for found in accepts(tool.typed.json, declared.json):
            if found.certain:
                message = f"the tool `{tool.name}` cannot take what the file declares at {found.path}: {found.message}"
                raise ConfigError(message, where="tools", help=cure)
        return
    known = parameters(tool.function, tool.name)
    for name in declared.json.get("properties", {}):
        if name not in known:
            raise ConfigError(f"the tool `{tool.name}` has no parameter `{name}`", where="tools", help=cure)
    for name, each in known.items():
        sure = name in declared.json.get("required", ()) or name in tool.from_inputs
        if each.default is Parameter.empty and not sure:
            message = f"the tool `{tool.name}` needs `{name}`, which the file does not make the model give"
            raise ConfigError(message, where="tools", help=cure)


def _check_inputs(tool: Tool, spec: PromptSpec) -> None:
    """What a tool takes from the prompt's inputs is there, if it cannot do without. Raises `ConfigError`."""
    for name in tool.from_inputs:
        declared = spec.inputs.get(name)
        sure = declared is not None and (declared.required or declared.has_default)
        if not sure and parameters(tool.function, tool.name)[name].default is Parameter.empty:
            if declared is not None:
                message = f"the tool `{tool.name}` needs the input `{name}`, which may be left out"
                raise ConfigError(message, where="tools", help=f"give the parameter `{name}` a default")
            hint = did_you_mean(name, spec.inputs)
            message = f"the tool `{tool.name}` takes the input `{name}`, and the prompt has none"
            raise ConfigError(message, where="tools", help=hint or f"declare `{name}` under `inputs`")


def as_text(value: Any) -> str:
    """What a tool gave, as the model is told it: a text as it is, all else as JSON. Raises `TypeError`."""
    if isinstance(value, str):
        return str.__str__(value)
    if isgenerator(value) or isasyncgen(value):
        raise TypeError("it gives its results one by one; a tool returns them all, as a list")
    from pydantic_core import from_json, to_json

    written = to_json(value, fallback=str, inf_nan_mode="strings")  # NaN is no JSON
    return json.dumps(from_json(written), ensure_ascii=False)
