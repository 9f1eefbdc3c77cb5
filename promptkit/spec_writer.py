"""A spec as the data of a prompt file: what `load` reads back as the same spec, whatever it was made of.

Shorthands, parents and schema files are gone: every declaration is in JSON Schema, everything stands in one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.parts import as_data
from promptkit.source_paths import join
from promptkit.template.paths import find
from promptkit.template.syntax import read_tree

if TYPE_CHECKING:
    from promptkit.spec import Input, OutputSpec, PromptSpec

_AS_THEY_ARE = (
    *("promptkit", "name", "version", "description", "metadata", "model", "options", "models", "persona", "context"),
    *("task", "messages", "examples_from", "tools", "layout", "conversation", "memory", "budget", "tests", "examples"),
    "chain_of_thought",
)


def authored_data(spec: PromptSpec) -> dict[str, Any]:
    """The data of a prompt file that says what a spec says. `loader.to_yaml` makes a text of it."""
    data = spec.data()
    written = {key: data[key] for key in _AS_THEY_ARE if data.get(key) is not None}
    for location, text in spec.templates().items():
        _put(written, location.split("."), _at_home(text, spec, location))
    if spec.inputs_schema is not None:
        written["inputs"] = {"schema": _whole(spec)}
    elif "inputs" in data:
        written["inputs"] = {_key(name, each): _declared(each) for name, each in spec.inputs.items()}
    if "output" in data:
        written["output"] = _output(spec.output)
    return {**written, **as_data(spec.extras)}


def _put(data: Any, steps: list[str], text: str) -> None:
    for step in steps[:-1]:
        data = data[int(step)] if isinstance(data, (list, tuple)) else data.get(step)
    if isinstance(data, dict) and steps[-1] in data:
        data[steps[-1]] = text


def _at_home(text: str, spec: PromptSpec, location: str) -> str:
    """A template as it is written in the spec's own file: paths of files that a parent includes begin at the root."""
    origin = spec.origins.get(location)
    folder = origin.path.rpartition("/")[0] if origin else ""
    if origin is None or folder == spec.path.rpartition("/")[0]:
        return text
    tree = read_tree(text)
    for node in sorted(find(tree.root, *_LOADS), key=lambda node: -node.lineno):
        if isinstance(path := getattr(node.template, "value", None), str):
            token = tree.token(node.template.lineno)
            quote = token.value[0]
            text = f"{text[: token.start]}{quote}/{join(folder, path)}{quote}{text[token.end :]}"
    return text


_LOADS = ("Include", "Import", "FromImport", "Extends")


def _key(name: str, declared: Input) -> str:
    return name if declared.required or declared.has_default else f"{name}?"


def _declared(declared: Input) -> dict[str, Any]:
    schema = declared.json_schema if isinstance(declared.json_schema, dict) else {}
    return {**schema, **_own(declared)}


def _own(declared: Input) -> dict[str, Any]:
    """What an input has beside its schema."""
    own = {key: value for key, value in declared.data().items() if key in ("trust", "secret", "neutralise")}
    return {**own, **({"default": as_data(declared.default)} if declared.has_default else {})}


def _whole(spec: PromptSpec) -> dict[str, Any]:
    """The schema of all inputs, with what each has beside it back in its place."""
    whole = as_data(spec.inputs_schema)
    properties = {
        name: {**each, **_own(spec.inputs[name])} if isinstance(each, dict) and name in spec.inputs else each
        for name, each in whole.get("properties", {}).items()
    }
    return {**whole, "properties": properties}


def _output(output: OutputSpec) -> dict[str, Any]:
    data = output.data()
    schema = data.pop("json_schema", None)
    if schema is None or data.get("choices"):
        return data
    if output.format == "list":
        items = schema.get("items", {}) if isinstance(schema, dict) else {}
        return data if items == {"type": "string"} else {**data, "items": items}
    return {**data, "schema": schema}
