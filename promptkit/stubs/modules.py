"""Whole modules: the types of prompts' inputs and answers, and a `Prompt` that knows them by the paths of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.stubs.types import WRITERS, Types, class_name, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.spec import PromptSpec

FORMS = tuple(WRITERS)
"""`typeddict` and `pydantic` are modules of types, `pyi` is a stub for a module that has `Prompt` of promptkit."""

_HEAD = '"""Types of prompts. Made by `promptkit schema --stubs {form}`: make it anew when they change."""'
_METHODS = (
    ("render", "Rendered", ""),
    ("request", "Request", ""),
    ("run", "Result[{output}]", ""),
    ("arun", "Result[{output}]", "async "),
    ("stream", "Stream[{output}]", ""),
    ("astream", "AsyncStream[{output}]", ""),
)


def inputs_schema(spec: PromptSpec) -> dict[str, Any]:
    """One JSON Schema of all inputs of a prompt together; secrets are among them, since callers give them too."""
    if spec.inputs_schema is not None:
        return spec.inputs_schema
    properties: dict[str, Any] = {}
    for name, declared in spec.inputs.items():
        schema: Any = declared.json_schema if isinstance(declared.json_schema, dict) else {}
        properties[name] = {**schema, "default": declared.default} if declared.has_default else schema
    required = [name for name, declared in spec.inputs.items() if declared.required]
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties}
    return {**whole, **({"required": required} if required else {}), "additionalProperties": False}


def answer_schema(spec: PromptSpec) -> Any:
    """The JSON Schema of a prompt's answers: any text where they are no data."""
    declared = spec.output.json_schema
    if declared is not None or spec.output.format == "json":
        return True if declared is None else declared
    return {"type": "string", **({"enum": list(spec.output.choices)} if spec.output.choices else {})}


def stub_module(prompts: Mapping[str, PromptSpec], form: str) -> str:
    """The code of a module for prompts by the paths that callers give, in one of the `FORMS`."""
    types = Types(WRITERS[form])
    names = _names(prompts)
    stubs = []
    for path, spec in prompts.items():
        name = names[path]
        inputs = inputs_schema(spec)
        output = _output(types, spec, name)
        if form == "pyi":
            stubs.append(_prompt_class(types, spec, name, output))
        elif inputs.get("properties"):
            types.of(inputs, f"{name}Inputs")
        if form != "pyi" and output not in types.classes:
            alias = types.free(f"{name}Output")
            types.classes[alias] = f"{alias} = {output}"
    code = ["\n\n" + each for each in types.classes.values()]
    if form == "pyi":
        code += [*("\n\n" + each for each in stubs), "\n\n" + _entry(prompts, names)]
    said = (line for line in _imports(form) if " import " not in line)
    used = frozenset(re.findall(r"\w+", "\n".join([*said, *code])))
    imports = (_only(used, line) for line in _imports(form))
    return "\n".join([_HEAD.format(form=form), "", *(each for each in imports if each is not None), *code])


def _only(used: frozenset[str], line: str) -> str | None:
    """A line of imports with the names that are used; None where none is."""
    start, imports, names = line.partition(" import ")
    wanted = [name for name in names.split(", ") if name in used]
    return f"{start} import {', '.join(wanted)}" if wanted else None if imports else line


def _names(prompts: Mapping[str, PromptSpec]) -> dict[str, str]:
    """A class name for each prompt: by the last part of its name, or the whole name where two would be the same."""
    whole = {path: spec.name or path.removeprefix("./").rpartition(".")[0] for path, spec in prompts.items()}
    short = {path: class_name(name.rpartition("/")[2]) for path, name in whole.items()}
    twice = [name for name in short.values() if list(short.values()).count(name) > 1]
    return {path: class_name(whole[path]) if short[path] in twice else short[path] for path in prompts}


def _output(types: Types, spec: PromptSpec, name: str) -> str:
    schema = spec.output.json_schema
    return "str" if schema is None and spec.output.format != "json" else types.of(schema, f"{name}Output")


def _imports(form: str) -> list[str]:
    if form == "pydantic":
        return ["from typing import Any, Literal", "", "from pydantic import BaseModel, Field"]
    if form == "typeddict":
        return ["from typing import Any, Literal, NotRequired, TypedDict"]
    return [
        "from collections.abc import Mapping",
        "from pathlib import Path",
        "from typing import Any, Literal, NotRequired, TypedDict, TypeVar, overload",
        "",
        "import promptkit",
        "from promptkit import AsyncStream, Rendered, Request, Result, Stream",
        "",
        'T = TypeVar("T")',
    ]


def _prompt_class(types: Types, spec: PromptSpec, name: str, output: str) -> str:
    """A prompt whose methods take just its inputs."""
    parameters = []
    for key, declared in spec.inputs.items():
        if is_name(key):
            kind = types.of(declared.json_schema, f"{name}{class_name(key)}")
            parameters.append(f"{key}: {kind}" if declared.required else f"{key}: {kind} = ...")
    given = f", *, {', '.join(parameters)}" if parameters else ""
    own, all_inputs = (f"_{each}" if each in spec.inputs else each for each in ("self", "inputs"))
    lines = [f"class {name}Prompt(promptkit.Prompt[{output}]):"]
    for method, result, prefix in _METHODS:
        returned = result.format(output=output)
        start = f"    {prefix}def {method}({own}, {all_inputs}: None = None, /"
        ignored = "  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]"
        lines.append(f"{start}{given}) -> {returned}: ...{ignored}")
    return "\n".join(lines)


def _entry(prompts: Mapping[str, PromptSpec], names: Mapping[str, str]) -> str:
    lines = ["class Prompt(promptkit.Prompt[Any]):"]
    for path in prompts:
        lines += [
            "    @overload  # type: ignore[override]",
            "    @classmethod",
            f"    def from_yaml(cls, path: Literal[{path!r}], *, output: None = None) -> {names[path]}Prompt: ...",
        ]
    lines += [
        "    @overload",
        "    @classmethod",
        "    def from_yaml(cls, path: str | Path, *, output: None = None) -> promptkit.Prompt[Any]: ...",
        "    @overload",
        "    @classmethod",
        "    def from_yaml(cls, path: str | Path, *, output: type[T]) -> promptkit.Prompt[T]: ...",
    ]
    return "\n".join(lines)
