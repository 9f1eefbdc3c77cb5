"""How a prompt is to be used: what is no input and goes through `Prompt.using`, each part checked when it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from promptkit.diagnostics import Diagnostic
from promptkit.errors import ConfigError, InputError, SpecError
from promptkit.history import History
from promptkit.loader import load_spec
from promptkit.options import checked_options
from promptkit.spec import ModelChoice
from promptkit.template_paths import locate, path_fault, source_at, text_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from promptkit.client import Client
    from promptkit.completion import Model
    from promptkit.messages import Message
    from promptkit.spec import PromptSpec
    from promptkit.toolbox import Confirm
    from promptkit.tools import Tool


def spec_in(path: str | Path) -> PromptSpec:
    """The spec of the file at a path. Raises `SpecError`, also for a path where no file is."""
    root, inside = locate(Path(path))
    try:
        return load_spec(source_at(root), inside)
    except SpecError:
        fault = path_fault(str(path))
        if fault is None:
            raise
        raise SpecError([text_fault(str(path)) or fault]) from None


def authored_model(spec: PromptSpec, client: Client) -> str:
    """The model that a file names or describes; empty for none."""
    if isinstance(spec.model, ModelChoice):
        from promptkit.models.choosing import choose

        return choose(spec.model, client.settings).name
    return spec.model or ""


def given_tools(tools: Iterable[Tool | Callable[..., Any]]) -> tuple[Tool | Callable[..., Any], ...]:
    """Several tools. Raises `ConfigError` for one that stands alone."""
    try:
        return tuple(tools)
    except TypeError:
        cure = "put it into a list: `tools=[...]`"
        raise ConfigError(
            f"`tools` are several, and {type(tools).__name__} is none", where="tools", help=cure
        ) from None


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How a prompt is to be used."""

    model: str | Model | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    client: Client | None = None
    history: History = field(default_factory=History)
    tools: tuple[Tool | Callable[..., Any], ...] = ()
    confirm: Confirm | None = None

    def changed(
        self,
        *,
        model: str | Model | None = None,
        options: Mapping[str, Any] | None = None,
        client: Client | None = None,
        history: History | Sequence[Message | Mapping[str, Any]] | None = None,
        tools: Iterable[Tool | Callable[..., Any]] | None = None,
        confirm: Confirm | None = None,
    ) -> RunConfig:
        """The same with what is given, each part checked; options are merged. Raises `ConfigError`."""
        given: dict[str, Any] = {
            "model": known_model(model),
            "options": {**self.options, **checked_options(options)} if options else None,
            "client": client,
            "history": None if history is None else History.of(history),
            "tools": None if tools is None else given_tools(tools),
            "confirm": confirm,
        }
        return replace(self, **{name: value for name, value in given.items() if value is not None})


_TEXT = frozenset((str,))


def given_inputs(inputs: object, named: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a call; those that are named win. Raises `InputError`."""
    if inputs is None:
        return {**named}
    if type(inputs) is dict and _TEXT.issuperset(map(type, inputs)):
        return {**inputs, **named}
    problem = f"are {type(inputs).__name__}, not a mapping"
    if issubclass(type(inputs), Mapping):  # whatever it says of itself
        try:
            given = [(name, value) for name, value in cast("Mapping[Any, Any]", inputs).items()]
        except Exception as error:  # noqa: BLE001 (a mapping of somebody's own may raise anything)
            problem = f"cannot be read: {type(error).__name__}: {error}"
        else:
            if all(issubclass(type(name), str) for name, _ in given):
                return {**{str.__str__(name): value for name, value in given}, **named}
            problem = "have a name that is no text"
    cure = 'give them by name, `ticket=...`, or as one mapping, `{"ticket": ...}`'
    raise InputError([Diagnostic("PK306", "error", f"the inputs {problem}", help=cure)])


def known_model(model: str | Model | None) -> str | Model | None:
    """The model, if it or its name can be meant. Raises `ConfigError`."""
    if isinstance(model, str):
        from promptkit.model_names import parse_model_name

        parse_model_name(model)
    elif model is not None and (isinstance(model, type) or not (hasattr(model, "send") or hasattr(model, "asend"))):
        cure = "a model is a name, or an object that has `send` and `asend`; see `promptkit.Model`"
        raise ConfigError(f"`{repr(model)[:80]}` is not a model", where="model", help=cure)
    return model
