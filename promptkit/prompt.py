"""`Prompt`: a prompt as a value. Load, render, request, parse, run: the whole story on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from promptkit.call import Call
from promptkit.client import Client, default_client
from promptkit.completion import ModelFacts, Request
from promptkit.errors import ConfigError, SpecError
from promptkit.loader import load_spec, to_yaml
from promptkit.messages import Message
from promptkit.output.ladder import Expected, parse_output
from promptkit.renderer import Renderer
from promptkit.result import Output, Rendered, Result
from promptkit.source import Folder, Memory, Source
from promptkit.streams import AsyncStream, Stream
from promptkit.typed import TypedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptkit.completion import Model
    from promptkit.diagnostics import Diagnostic
    from promptkit.spec import PromptSpec

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Prompt(Generic[T_co]):
    """A checked prompt, and how it is to be used: immutable, safe to share, cheap to derive from.

    Inputs are keyword arguments, or one mapping: `prompt.run({"self": 1})`. What is not an input (model,
    options, client, history) goes through `using`.
    """

    def __init__(
        self,
        spec: PromptSpec,
        *,
        output: type[T_co] | None = None,
        model: str | Model | None = None,
        options: Mapping[str, Any] | None = None,
        client: Client | None = None,
        history: Sequence[Message | Mapping[str, Any]] = (),
    ) -> None:
        self.spec = spec
        self._typed = TypedOutput(spec, output)
        self._renderer = Renderer(spec)
        self._use: dict[str, Any] = {"model": model, "options": dict(options or {}), "client": client}
        self._use["history"] = tuple(m if isinstance(m, Message) else Message.from_openai(m) for m in history)

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

        Raises `SpecError` with every fault of the file and of what it pulls in.
        """
        root, inside = locate(Path(path))
        return Prompt(load_spec(Folder(root), inside), output=output)

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

        Raises `SpecError`.
        """
        return Prompt(load_spec(source or Memory(), path, text), output=output)

    @overload
    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        source: Source | None = None,
        path: str = "<dict>",
        output: None = None,
    ) -> Prompt[Any]: ...
    @overload
    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], *, source: Source | None = None, path: str = "<dict>", output: type[T]
    ) -> Prompt[T]: ...
    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        source: Source | None = None,
        path: str = "<dict>",
        output: Any = None,
    ) -> Prompt[Any]:
        """The prompt in plain data, with the keys of a file. Raises `SpecError`; its lines are the data's as JSON."""
        return Prompt(load_spec(source or Memory(), path, to_yaml(dict(data))), output=output)

    def using(
        self,
        *,
        model: str | Model | None = None,
        options: Mapping[str, Any] | None = None,
        client: Client | None = None,
        history: Sequence[Message | Mapping[str, Any]] | None = None,
    ) -> Self:
        """The same prompt, used otherwise. Options are merged; one that is None goes back to the model's default."""
        changed = object.__new__(type(self))
        changed.__dict__.update(self.__dict__)
        given = {"model": model, "client": client}
        changed._use = {**self._use, **{name: value for name, value in given.items() if value is not None}}
        changed._use["options"] = {**self._use["options"], **(options or {})}
        if history is not None:
            changed._use["history"] = tuple(m if isinstance(m, Message) else Message.from_openai(m) for m in history)
        return changed

    # What it is

    @property
    def name(self) -> str:
        """The prompt's name: as the file says, else its path without the ending."""
        return self.spec.name or self.spec.path.rpartition(".")[0] or self.spec.path

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
        return self._renderer.render(_inputs(inputs, named), self._facts(), self._use["history"])

    def request(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Request:
        """Everything that another client needs to make the call: `.to_openai()` is the body."""
        return self._call(_inputs(inputs, named)).request

    def parse(self, text: str) -> Output[T_co]:
        """The value in an answer that somebody else fetched. Raises `OutputError`."""
        found = parse_output(text, expected=self._expected())
        return Output(self._typed.view(found.value), found.reasoning, found.steps)

    def run(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Result[T_co]:
        """Ask the model, and give back a validated answer with its receipt.

        Raises `InputError`, `RenderError`, `ModelError` or `OutputError`.
        """
        return self._call(_inputs(inputs, named)).run()

    async def arun(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Result[T_co]:
        """The same under asyncio."""
        return await self._call(_inputs(inputs, named)).arun()

    def stream(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Stream[T_co]:
        """The answer as it arrives: iterate over events in a `with` block, then ask for `.result()`."""
        return Stream(self._call(_inputs(inputs, named), stream=True))

    def astream(self, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> AsyncStream[T_co]:
        """The same under asyncio: `async for` over events."""
        return AsyncStream(self._call(_inputs(inputs, named), stream=True))

    # How it is used now

    def inputs_from_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Inputs from the texts of a command line or a form, each read by its declared type. Raises `InputError`."""
        return self._renderer.inputs.from_texts(texts)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model in use."""
        return self._facts()

    @property
    def client(self) -> Client:
        """The client in use."""
        return self._use["client"] or default_client()

    @property
    def model(self) -> str:
        """The name of the model in use: a call's over the spec's over the settings'."""
        used = self._use["model"]
        if used is not None:
            return used if isinstance(used, str) else getattr(used, "name", type(used).__name__)
        return self.spec.model if isinstance(self.spec.model, str) else self.client.settings.model

    def _facts(self) -> ModelFacts:
        name = self.model
        return ModelFacts(name) if not isinstance(self._use["model"], str | None) else self.client.facts(name)

    def _model(self) -> Model:
        used = self._use["model"]
        return used if used is not None and not isinstance(used, str) else self.client.model(self.model)

    def _expected(self, facts: ModelFacts | None = None) -> Expected:
        return self._typed.expected(facts or self._facts())

    def _call(self, inputs: Mapping[str, Any], *, stream: bool = False) -> Call:
        facts = self._facts()
        return Call(
            spec=self.spec,
            name=self.name,
            renderer=self._renderer,
            typed=self._typed,
            inputs=inputs,
            facts=facts,
            model=self._model,
            client=self.client,
            options=self._use["options"],
            history=self._use["history"],
            stream=stream,
        )


def _inputs(inputs: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
    return {**(inputs or {}), **named}


def locate(path: Path) -> tuple[Path, str]:
    """The root that a file belongs to, and its path under it: the nearest folder with a `promptkit.toml`, else its own.

    The file itself may be named by a link: what is named by hand is meant.
    """
    from promptkit.settings import find_root

    folder = path.parent if path.parent != Path() else Path()
    root = find_root(folder) or folder
    try:
        inside = path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        root, inside = folder, path.name
    return root, inside


class Prompts(dict[str, Prompt[Any]]):
    """Several prompts by name, all checked when they are loaded."""

    @classmethod
    def from_folder(cls, folder: str | Path) -> Prompts:
        """Every prompt in a folder and below; files whose name begins with `_` are parts of others.

        Raises `SpecError` with the faults of all files, or `ConfigError` when there is no prompt.
        """
        root = Path(folder)
        if not root.is_dir():
            raise ConfigError(f"`{root}` is not a folder", help="name the folder that holds the prompts")
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.yaml"))
        return cls._all(Folder(root), paths, str(root))

    @classmethod
    def from_package(cls, package: str) -> Prompts:
        """Every prompt among the data files of an installed package, wherever the process runs."""
        from promptkit.source import Package, SourceError

        source = Package(package)
        try:
            return cls._all(source, [path for path in source.names() if path.endswith(".yaml")], package)
        except SourceError as error:
            raise ConfigError(str(error), help="name an importable package, such as `app.prompts`") from None

    @classmethod
    def _all(cls, source: Source, paths: list[str], where: str) -> Prompts:
        found = cls()
        faults: list[Diagnostic] = []
        for path in paths:
            if path.rpartition("/")[2].startswith("_") or any(
                part.startswith((".", "_")) for part in path.split("/")[:-1]
            ):
                continue
            try:
                found[path.removesuffix(".yaml")] = Prompt(load_spec(source, path))
            except SpecError as error:
                faults += error.diagnostics
        if faults:
            raise SpecError(faults)
        if not found:
            raise ConfigError("there is no prompt", where=where, help="a prompt is a file that ends in `.yaml`")
        return found

    def __missing__(self, name: str) -> Prompt[Any]:
        from promptkit.diagnostics import did_you_mean

        raise ConfigError(
            f"there is no prompt `{name}`", help=did_you_mean(name, self) or f"prompts: {', '.join(self)}"
        )
