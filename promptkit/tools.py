"""Python functions as tools: what a model is told of one comes from its signature and docstring.

    @tool
    def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> dict:
        \"\"\"The weather in a city now.

Args:
            city: Its English name.
        \"\"\"

A `Tool` is still called as the function is.
"""

from __future__ import annotations

import functools
import inspect
import re
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern
from promptkit.schema import Schema
from promptkit.schema.server_subset import served
from promptkit.spec import TOOL_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LONGEST_RUN = 60.0
"""Seconds that a tool may take if nothing else is said."""

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function that a model may call.

    `parameters` is the JSON Schema of its arguments, which are validated by it before anything runs. `from_inputs` are
    parameters that the prompt's inputs of these names fill, secret ones too; the model never sees them. A tool that is
    to `confirm` is run only once somebody agreed. `timeout` is in seconds: then the model is told that it took too
    long, and a function that cannot be stopped goes on in its thread. None lets it take as long as the call may, and
    runs it in the caller's own thread.
    """

    name: str
    description: str
    parameters: Schema
    function: Callable[..., Any]
    from_inputs: tuple[str, ...] = ()
    confirm: bool = False
    timeout: float | None = LONGEST_RUN
    typed: Schema | None = field(default=None, repr=False)
    """The function's own types, by which arguments that are valid are seen."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function gives."""
        return self.function(*arguments, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        place = getattr(self.function, "__module__", None) or "", getattr(self.function, "__qualname__", "")
        if _at_home(*place) is self:
            return _at_home, place
        told = ("name", "description", "from_inputs", "confirm", "timeout")
        return _rebuilt, (self.function, {name: getattr(self, name) for name in told})

    def arguments(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Valid arguments as the function's own types have them. Raises what they raise (pydantic's error)."""
        return dict(self.typed.view(value) if self.typed is not None else value)

    def to_openai(self) -> dict[str, Any]:
        """The tool as it stands in a request; its schema is made fit for servers."""
        described = {"description": self.description} if self.description else {}
        sent, _ = served(_without_nulls(self.parameters.json))
        return {"type": "function", "function": {"name": self.name, **described, "parameters": sent}}


def _without_nulls(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in which an argument that may be left out need not be able to be null too.

    MARA's software once refused such unions in tools (SambaNova community, thread 1159, 2025).
    """
    needed = schema.get("required", ())
    properties = {
        name: _not_null(each) if isinstance(each, dict) and name not in needed else each
        for name, each in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1 or not isinstance(choices[0], dict):
        return schema
    kept = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    return {**choices[0], **kept}


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    from_inputs: Iterable[str] = (),
    confirm: bool = False,
    timeout: float | None = LONGEST_RUN,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(function: Callable[..., Any] | None = None, /, **told: Any) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a function a tool: `@tool`, or `@tool(confirm=True, ...)` with the fields of a `Tool`.

    Its name and docstring are what the model is told, its annotations the schema of its arguments; the docstring
    may describe each argument (Google's, NumPy's, Sphinx's or Epydoc's style). The function may be asynchronous.
    Raises `ConfigError` for one that cannot be a tool.
    """
    return (lambda wrapped: _tool(wrapped, **told)) if function is None else _tool(function, **told)


def as_tool(function: Tool | Callable[..., Any]) -> Tool:
    """The tool that a function is. Raises `ConfigError`."""
    return function if isinstance(function, Tool) else _tool(function)


def _tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    from_inputs: Iterable[str] = (),
    confirm: bool = False,
    timeout: float | None = LONGEST_RUN,
) -> Tool:
    if isinstance(function, Tool):
        raise ConfigError(f"`{function.name}` is a tool already", help="decorate the function once")
    _check_told(name, description, from_inputs, confirm, timeout)
    named = name or str(getattr(function, "__name__", ""))
    if not callable(function) or isinstance(function, type) or not re.fullmatch(TOOL_PATTERN.strip("^$"), named):
        cure = "a tool is a function whose name is made of letters, digits, `_` and `-`; `tool(name=...)` names it"
        raise ConfigError(f"`{repr(function)[:80]}` cannot be a tool", help=cure)
    filled = (from_inputs,) if isinstance(from_inputs, str) else tuple(from_inputs)
    words, of_parameters = described(function)
    typed = signature_schema(function, named, filled)
    return Tool(
        name=named,
        description=words if description is None else description,
        parameters=_with_words(typed, of_parameters, parameters(function, named)),
        function=function,
        from_inputs=filled,
        confirm=confirm,
        timeout=timeout,
        typed=typed,
    )


def _check_told(name: Any, description: Any, from_inputs: Any, confirm: Any, timeout: Any) -> None:
    """Raise `ConfigError` for what cannot be meant."""
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0
    names = from_inputs if isinstance(from_inputs, str | list | tuple | set | frozenset) else [0]
    checks = (
        (name is None or isinstance(name, str), "`name` is a text"),
        (description is None or isinstance(description, str), "`description` is a text"),
        (all(isinstance(each, str) for each in names), "`from_inputs` is a list of names"),
        (isinstance(confirm, bool), "`confirm` is true or false"),
        (timeout is None or number, "`timeout` is a number of seconds, or None"),
    )
    for fits, words in checks:
        if not fits:
            raise ConfigError(words, where="tool")


def described(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What a docstring says of a function, and of its parameters."""
    text = inspect.getdoc(function) or ""
    if not text:
        return "", {}
    import docstring_parser

    try:
        parsed = docstring_parser.parse("\n" + _LONE_HEADING.sub(_indented, text))
    except docstring_parser.ParseError:
        return text, {}
    words = (parsed.short_description, parsed.long_description)
    return "\n\n".join(filter(None, words)), {
        each.arg_name: " ".join(each.description.split()) for each in parsed.params if each.description
    }


_LONE_HEADING = LatePattern(r"\A(?:Args|Arguments|Parameters|Params):[ \t]*\n(?=\S).*", re.DOTALL)
"""A docstring that begins with a heading: whoever took its indentation away took that of what stands below, too."""


def _indented(found: re.Match[str]) -> str:
    return found[0].replace("\n", "\n    ")


def parameters(function: Callable[..., Any], name: str) -> dict[str, inspect.Parameter]:
    """The parameters of a function, all of which can be passed by name. Raises `ConfigError`."""
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise ConfigError(
            f"the tool `{name}` has no signature that can be read", help="wrap it in a function"
        ) from None
    for each in found.values():
        if each.kind not in _BY_NAME:
            cure = "each parameter has a name that a model can give, and no `*` before it"
            raise ConfigError(f"the parameter `{each}` of the tool `{name}` cannot be passed by name", help=cure)
    return dict(found)


def signature_schema(function: Callable[..., Any], name: str, filled: tuple[str, ...] = ()) -> Schema:
    """The types of a function's arguments, without those that are `filled` from elsewhere. Raises `ConfigError`."""
    import typing_extensions

    hints, fields = _hints(function, name), {}
    known = parameters(function, name)
    if unknown := [each for each in filled if each not in known]:
        raise ConfigError(f"the tool `{name}` has no parameter `{unknown[0]}`", where="from_inputs")
    for each in known.values():
        if each.name in filled:
            continue
        if each.name not in hints:
            cure = f"annotate it, such as `{each.name}: str`: the model has to know what to give"
            if each.name in ("self", "cls"):
                cure = "make the bound method a tool: `tool(object.method)`"
            raise ConfigError(f"the parameter `{each.name}` of the tool `{name}` has no type", help=cure)
        needed = each.default is inspect.Parameter.empty
        fields[each.name] = hints[each.name] if needed else typing_extensions.NotRequired[hints[each.name]]
    make: Any = typing_extensions.TypedDict
    arguments = make(f"{name}_arguments", fields)
    arguments.__pydantic_config__ = {"extra": "forbid"}
    try:
        return Schema.from_type(arguments)
    except ConfigError as error:
        raise ConfigError(
            f"the tool `{name}` takes what has no JSON Schema: {error.message}", help=error.help
        ) from None


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    while isinstance(function, functools.partial):
        function = function.func
    held = function if inspect.isroutine(function) else type(function).__call__
    try:
        return typing.get_type_hints(held, include_extras=True)
    except (NameError, TypeError, SyntaxError) as error:
        raise ConfigError(f"the types of the tool `{name}` cannot be resolved: {error}") from None


def _with_words(typed: Schema, words: Mapping[str, str], known: Mapping[str, inspect.Parameter]) -> Schema:
    """The schema with what the docstring says of parameters, and the defaults that JSON has; without titles."""
    json = {name: value for name, value in typed.json.items() if name != "title"}
    properties = {}
    for name, schema in json.get("properties", {}).items():
        told = {key: value for key, value in schema.items() if key != "title"}
        if name in words and "description" not in told:
            told["description"] = words[name]
        default = known[name].default
        if isinstance(default, str | int | float | bool):
            told.setdefault("default", default)
        properties[name] = told
    return Schema({**json, "properties": properties})


def _at_home(module: str, name: str) -> Any:
    """What stands in a module under a name: a function, or the tool that it was made."""
    import importlib

    try:
        found: Any = importlib.import_module(module)
    except (ImportError, ValueError):
        return None
    for step in name.split("."):
        found = getattr(found, step, None)
    return found


def _rebuilt(function: Callable[..., Any], told: dict[str, Any]) -> Tool:
    return _tool(function, **told)
