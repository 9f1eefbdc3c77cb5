"""Keys that stand elsewhere here, or that other tools have for what stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from promptkit.options import KNOWN_OPTIONS
from promptkit.schema.shorthand_types import TYPES
from promptkit.yaml_nodes import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Container

    from promptkit.loading.inheritance import Entry

BELONGS = {
    **dict.fromkeys(KNOWN_OPTIONS, "options"),
    **dict.fromkeys(("author", "authors", "license", "owner", "tags"), "metadata"),
    **dict.fromkeys(("format", "fields", "schema", "choices", "headings", "checks", "strict", "attempts"), "output"),
}
"""Keys that are known, but one level further down."""
_OTHER_KEYS = {
    **dict.fromkeys(("prompt", "prompts", "template", "instruction", "instructions"), "task"),
    **dict.fromkeys(("user", "user_prompt", "user_message"), "task"),
    **dict.fromkeys(("system", "role", "system_prompt", "system_message", "system_instruction"), "persona"),
    **dict.fromkeys(("variables", "vars", "params", "parameters", "args"), "inputs"),
    **dict.fromkeys(("cot", "think", "thinking", "reasoning"), "chain_of_thought"),
    **dict.fromkeys(("parent", "base", "inherits"), "extends"),
    **dict.fromkeys(("few_shot", "few_shots", "fewshot", "shots"), "examples"),
    **dict.fromkeys(("llm", "engine", "model_name"), "model"),
    "functions": "tools",
}
"""What other tools call the keys of a prompt, or its authors do."""


def other_key(name: str, there: Container[str]) -> str:
    """The key that others call so; beside a task, instructions say who the model is."""
    meant = _OTHER_KEYS.get(name.casefold(), "")
    return "persona" if meant == "task" and "task" in there and name.casefold().startswith("instruction") else meant


class OtherForm(NamedTuple):
    """What other tools write in another form: the key that says it here, and how."""

    meant: str
    cure: str


_OTHER_FORMS = {
    "response_format": OtherForm("output", "the answer's form is `output: {format: json, fields: {...}}`"),
    **dict.fromkeys(
        ("output_schema", "outputschema", "response_schema", "json_schema", "response_model"),
        OtherForm("output", "a JSON Schema is `output: {schema: {...}}`; its short form is `output: {fields: {...}}`"),
    ),
    "input_variables": OtherForm("inputs", "each input has a type: `inputs: {topic: string}`"),
    "template_format": OtherForm("task", "templates are Jinja, as in `{{ topic }}`: take this out"),
}
_OF_LISTS = {
    "prompts": OtherForm("task", "a file holds one prompt: `task: ...`"),
    **dict.fromkeys(
        ("parameters", "params", "config", "settings", "model_parameters", "modelparameters", "generation_config"),
        OtherForm("options", "how the model answers stands under `options`: `options: {temperature: 0}`"),
    ),
    "input": OtherForm("inputs", "each input stands under its own name: `inputs: {topic: string}`"),
    "providers": OtherForm("model", "a file names one model: `model: ...`; `promptkit run -m` takes another"),
}
"""What is so where it holds no single text; some only with what stands in it."""


def other_form(name: str, entry: Entry) -> OtherForm | None:
    """What a key that there is not would have to say otherwise."""
    name, node = name.casefold(), entry.node
    if name in _OTHER_FORMS or isinstance(node, Scalar):
        return _OTHER_FORMS.get(name)
    form = _OF_LISTS.get(name)
    told = _BY_WHAT_IS_INSIDE.get(form.meant) if form is not None else None
    pairs = node.pairs if isinstance(node, Mapping) else ()
    declared = any(isinstance(value, Scalar) and value.text in TYPES for _, value in pairs)
    return form if told is None or (pairs and {key.text for key, _ in pairs} <= told and not declared) else None


_BY_WHAT_IS_INSIDE = {
    "options": frozenset(("temperature", "max_tokens", "max_new_tokens", "topP", "topK", *KNOWN_OPTIONS)),
    "inputs": frozenset(("schema", "default", "defaults")),
}
"""The keys that show what a key of many meanings is: `parameters` may be options, or inputs."""
