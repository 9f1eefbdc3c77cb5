"""`Prompt`: a prompt as a value. Load, render, request, parse, run: the whole story on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from promptkit.answer_types import TypedOutput
from promptkit.call import Call
from promptkit.client import Client, default_client
from promptkit.loader import load_spec, to_yaml
from promptkit.renderer import Renderer
from promptkit.run_config import RunConfig, authored_model, given_inputs, spec_in
from promptkit.source import Memory, Source
from promptkit.template_paths import open_reference
from promptkit.tool_resolution import offered_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from promptkit.completion import Model, ModelFacts, Request
    from promptkit.conversation import Conversation
    from promptkit.explanation import Explained
    from promptkit.fit import Fit
    from promptkit.history import History
    from promptkit.messages import Message
    from promptkit.result import Output, Rendered, Result
    from promptkit.spec import PromptSpec
    from promptkit.streams import AsyncStream, Stream
    from promptkit.tool_resolution import Tools
    from promptkit.toolbox import Confirm
    from promptkit.tools import Tool

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Prompt(Generic[T_co]):
    """A checked prompt, and how it is to be used: immutable, safe to share, cheap to derive from.

    Inputs are keyword arguments, or one mapping: `prompt.run({"self": 1})`. What is not an input (model,
    options, client, history) goes through `using`.
    """

    __slots__ = ("_output", "_renderer", "_tools", "_typed", "_use", "spec")

    spec: PromptSpec
    _output: type[T_co] | None
    _typed: TypedOutput
    _renderer: Renderer
    _use: RunConfig
    _tools: Tools

    def __init__(
        self,
        spec: PromptSpec,
        *,
        output: type[T_co] | None = None,
        model: str | Model | None = None,
        options: Mapping[str, Any] | None = None,
        client: Client | None = None,
        history: History | Sequence[Message | Mapping[str, Any]] = (),
        tools: Iterable[Tool | Callable[..., Any]] = (),
        confirm: Confirm | None = None,
    ) -> None:
        use = RunConfig().changed(
            model=model, options=options, client=client, history=history, tools=tools, confirm=confirm
        )
        self._set(spec=spec, _output=output, _typed=TypedOutput(spec, output), _renderer=Renderer(spec), _use=use)
        self._set(_tools=offered_tools(spec, use.tools, confirm))

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _derived(self, **changed: Any) -> Self:
        """The same prompt with other parts: what was compiled is shared."""
        prompt = object.__new__(type(self))
        prompt._set(**{name: getattr(self, name) for name in Prompt.__slots__} | changed)
        return prompt

    def __setattr__(self, name: str, value: Any = None) -> None:
        raise AttributeError(f"a Prompt does not change: `{name}` stays as it is; `using` gives another one")

    __delattr__ = __setattr__

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.spec, self._output, self._use)

    # Loading

    @overload
    @classmethod
    def from_yaml(cls, path: str | Path, *, output: None = None) -> Prompt[Any]: ...
    @overload
    @classmethod
    def from_yaml(cls, path: str | Path, *, output: type[T]) -> Prompt[T]: ...
    @classmethod
    def from_yaml(cls, path: str | Path, *, output: Any = None) -> Prompt[Any]:
        """The prompt in a file. `output` is a type that answers are turned into, checked against the file.

        Raises `SpecError` with every fault of the file and of what it pulls in, `ConfigError` for an `output` that
        is no type.
        """
        return cls(spec_in(path), output=output)

    @overload
    @classmethod
    def load(cls, reference: str, *, root: str | Path | None = None, output: None = None) -> Prompt[Any]: ...
    @overload
    @classmethod
    def load(cls, reference: str, *, root: str | Path | None = None, output: type[T]) -> Prompt[T]: ...
    @classmethod
    def load(cls, reference: str, *, root: str | Path | None = None, output: Any = None) -> Prompt[Any]:
        """A prompt of a template repo that the project declares, such as `acme/support/triage@^1.2`; offline.

        The project is the one at or above the folder `root`, or else the working folder. What is locked is loaded as it
        was locked. Raises `RepoError`, `LockError`, and as `from_yaml` does.
        """
        return cls(load_spec(*open_reference(reference, root)), output=output)

    @overload
    @classmethod
    def from_text(
        cls, text: str, *, source: Source | None = None, path: str = "<text>", output: None = None
    ) -> Prompt[Any]: ...
    @overload
    @classmethod
    def from_text(
        cls, text: str, *, source: Source | None = None, path: str = "<text>", output: type[T]
    ) -> Prompt[T]: ...
    @classmethod
    def from_text(
        cls, text: str, *, source: Source | None = None, path: str = "<text>", output: Any = None
    ) -> Prompt[Any]:
        """The prompt in a YAML text. `source` is where it may include from, as if it stood there as `path`.

        Raises as `from_yaml` does.
        """
        return cls(load_spec(source or Memory(), path, text), output=output)

    @overload
    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, source: Source | None = None, path: str = "<dict>", output: None = None
    ) -> Prompt[Any]: ...
    @overload
    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, source: Source | None = None, path: str = "<dict>", output: type[T]
    ) -> Prompt[T]: ...
    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, source: Source | None = None, path: str = "<dict>", output: Any = None
    ) -> Prompt[Any]:
        """The prompt in plain data, with the keys of a file. Raises `SpecError`; its lines are the data's as JSON."""
        return cls(load_spec(source or Memory(), path, to_yaml(dict(data))), output=output)

    def using(
        self,
        *,
        model: str | Model | None = None,
        options: Mapping[str, Any] | None = None,
        client: Client | None = None,
        history: History | Sequence[Message | Mapping[str, Any]] | None = None,
        tools: Iterable[Tool | Callable[..., Any]] | None = None,
        confirm: Confirm | None = None,
    ) -> Self:
        """The same prompt, used otherwise. Options are merged; one that is None goes back to the model's default.

        `tools` are functions, or what `tool` made of them: those that the prompt's file names are offered to the
        model, or all of them where it names none. `confirm` is asked before one that is to be confirmed runs, with its
        name and arguments; true agrees.
        Raises `ConfigError` for an option, a message, a tool or a model's name that cannot be meant.
        """
        use = self._use.changed(
            model=model, options=options, client=client, history=history, tools=tools, confirm=confirm
        )
        same = tools is None and confirm is None
        offered = self._tools if same else offered_tools(self.spec, use.tools, use.confirm)
        return self._derived(_use=use, _tools=offered)

    # What it is

    @property
    def name(self) -> str:
        """The prompt's name: as the file says, else its path without the ending."""
        return self.spec.name or self.spec.path.rpartition(".")[0] or self.spec.path

    @property
    def version(self) -> str:
        """The version that its file says, such as `1.2.0`; empty where it says none."""
        return self.spec.version or ""

    @property
    def digest(self) -> str:
        """SHA-256 over the authored data with what it pulls in."""
        return self.spec.digest

    def __repr__(self) -> str:
        version = f"@{self.spec.version}" if self.spec.version else ""
        return f"<Prompt {self.name}{version}>"

    # Using it

    def render(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Rendered:
        """The messages: pure, offline, for the model that is in use.

        Raises `InputError` or `RenderError`.
        """
        facts = self.facts if self._renderer.asks_model else None
        return self._renderer.render(given_inputs(inputs, named), facts, self._use.history.messages)

    def explain(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Explained:
        """The same messages, piece by piece: where each is written, from which inputs it comes, and what it costs.

        Raises as `render` does.
        """
        from promptkit.render_trace import explain

        facts = self.facts if self._renderer.asks_model else None
        return explain(self._renderer, given_inputs(inputs, named), facts, self._use.history.messages)

    def fit(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Fit:
        """What a call fills of the model's window, part by part, at what price, and what could be cut.

        Raises as `request` does, but for what is too long.
        """
        return self._call(given_inputs(inputs, named)).fit

    def request(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Request:
        """Everything that another client needs to make the call: `.to_openai()` is the body."""
        return self._call(given_inputs(inputs, named)).request

    def parse(self, text: str) -> Output[T_co]:
        """The value in an answer that somebody else fetched.

        The file's `checks` are not run: they may speak of the inputs, which nobody gives here.
        Raises `OutputError`.
        """
        return self._typed.read(text, self.facts)

    def run(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Result[T_co]:
        """Ask the model, and give back a validated answer with its receipt.

        Raises `InputError`, `RenderError`, `ModelError` or `OutputError`.
        """
        return self._call(given_inputs(inputs, named)).run()

    async def arun(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Result[T_co]:
        """The same under asyncio."""
        return await self._call(given_inputs(inputs, named)).arun()

    def stream(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Stream[T_co]:
        """The answer as it arrives: iterate over events in a `with` block, then ask for `.result()`."""
        from promptkit.streams import Stream

        return Stream(self._call(given_inputs(inputs, named), stream=True))

    def astream(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> AsyncStream[T_co]:
        """The same under asyncio: `async for` over events."""
        from promptkit.streams import AsyncStream

        return AsyncStream(self._call(given_inputs(inputs, named), stream=True))

    def chat(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Conversation[T_co]:
        """A conversation: these inputs are the same in every turn, and the history in use stands at its beginning.

        Raises `ConfigError` where it is not clear which input a turn's text is, or the history is no conversation.
        """
        from promptkit.conversation import conversation

        return conversation(self, given_inputs(inputs, named))

    # How it is used now

    @property
    def history(self) -> History:
        """The earlier messages in use."""
        return self._use.history

    def inputs_from_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Inputs from the texts of a command line or a form, each read by its declared type. Raises `InputError`."""
        return self._renderer.inputs.from_texts(texts)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model in use."""
        return self.client.facts(self.used_model, instead_of=authored_model(self.spec, self.client))

    @property
    def unknown_tools(self) -> tuple[str, ...]:
        """The tools that the file names and nothing says what they take."""
        return self._tools.unknown

    def without_unknown_tools(self) -> Self:
        """The same prompt without the tools of which nothing says what they take: they change no message."""
        return self._derived(_tools=replace(self._tools, unknown=(), unbound=()))

    @property
    def asks(self) -> bool:
        """Whether somebody may be asked before a tool runs."""
        return any(tool.confirm for tool in self._tools.tools.values())

    @property
    def client(self) -> Client:
        """The client in use."""
        return self._use.client or default_client()

    @property
    def model(self) -> str:
        """The name of the model in use: a call's (one made in code may have one) over the spec's and the settings'."""
        used = self._use.model
        name = used if isinstance(used, str | None) else getattr(used, "name", None)
        return name or authored_model(self.spec, self.client) or self.client.settings.model

    @property
    def used_model(self) -> str | Model:
        """The model in use: its name, or the one that was made in code."""
        return self.model if isinstance(self._use.model, str | None) else self._use.model

    def _model(self) -> Model:
        return self.client.model(self.used_model)

    def _call(self, inputs: Mapping[str, Any], *, stream: bool = False) -> Call:
        return Call(
            spec=self.spec,
            name=self.name,
            renderer=self._renderer,
            typed=self._typed,
            inputs=inputs,
            facts=self.facts,
            model=self._model,
            client=self.client,
            options=self._use.options,
            history=self._use.history,
            tools=self._tools,
            stream=stream,
        )


def _unpickled(kind: type[Prompt[Any]], spec: PromptSpec, output: Any, use: RunConfig) -> Prompt[Any]:
    return kind(spec, output=output, **{name: getattr(use, name) for name in RunConfig.__slots__})
