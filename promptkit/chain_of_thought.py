"""Chain of thought: which mode a call uses, and the wrappers that carry reasoning beside the answer.

`field` asks for `{"reasoning": string, "answer": S}`; `prose` for free text, then a line `Answer:` and the
answer; `native` leaves it to a model that reasons by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from promptkit.schema.references import walk
from promptkit.spec import STRUCTURED_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.completion import ModelFacts
    from promptkit.spec import ChainOfThought, PromptSpec

Mode = Literal["off", "prose", "field", "native"]

ANSWER_LINE = "Answer:"


def chain_of_thought(spec: PromptSpec, facts: ModelFacts | None) -> ChainOfThought:
    """The spec's toggle, or what it says for this model."""
    override = spec.models.get(facts.name) if facts else None
    return override.chain_of_thought if override and override.chain_of_thought else spec.chain_of_thought


def thought_mode(spec: PromptSpec, facts: ModelFacts | None) -> Mode:
    """The mode of a call.

    `auto` is `native` for a model that is known to reason, else `field` for structured answers and `prose`
    for texts.
    """
    mode = chain_of_thought(spec, facts).mode
    if mode != "auto":
        return mode
    if facts is not None and (facts.reasoning or thinking_is_asked(spec, facts.name)):
        return "native"
    return "field" if spec.output.format in STRUCTURED_FORMATS else "prose"


def thinking_is_asked(spec: PromptSpec, model: str) -> bool:
    """Whether the options for a model turn its reasoning on: `chat_template_kwargs: {enable_thinking: true}`.

    DeepSeek-V3.1 reasons only then (SambaNova's SDK, and seen on MARA in 2026).
    """
    override = spec.models.get(model)
    asked = {**spec.options, **(override.options if override else {})}.get("chat_template_kwargs")
    return isinstance(asked, Mapping) and asked.get("enable_thinking") is True


_TO_THE_ROOT = ("$schema", "$defs", "definitions")
_STAYING = ("#/$defs/", "#/definitions/")


def wrapped_schema(schema: Mapping[str, Any] | bool) -> dict[str, Any]:
    """The schema of `{"reasoning", "answer"}` around a schema, whose definitions move to the new root."""
    moved: dict[str, Any] = {}
    answer: Any = schema
    if isinstance(schema, Mapping):
        answer = _moved(schema)
        # A schema with an address of its own keeps what its references are relative to.
        names = _TO_THE_ROOT[:1] if "$id" in answer else _TO_THE_ROOT
        moved = {name: answer.pop(name) for name in names if name in answer}
    reasoning = {"type": "string", "description": "step-by-step thinking that leads to the answer"}
    return {
        "type": "object",
        "properties": {"reasoning": reasoning, "answer": answer},
        "required": ["reasoning", "answer"],
        "additionalProperties": False,
        **moved,
    }


def _moved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema whose references to its own root, or below it, find it at its new place."""
    from copy import deepcopy

    copied = deepcopy(dict(schema))
    for _, each in walk(copied) if "$id" not in copied else ():
        if "$ref" in each:
            each["$ref"] = _moved_reference(each["$ref"])
    return copied


def _moved_reference(reference: Any) -> Any:
    to_root = isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))
    if not to_root or reference.startswith(_STAYING):
        return reference
    return "#/properties/answer" + reference.removeprefix("#")


def wrapped_value(value: Any, reasoning: str | None, mode: Mode, *, plain: bool, dump: Callable[[Any], str]) -> str:
    """An answer as the model shall write it in a mode; `plain` answers are texts, all others JSON."""
    if mode == "field":
        return dump({"reasoning": reasoning or "", "answer": value})
    answer = str(value) if plain else dump(value)
    if mode != "prose":
        return answer
    block = answer if plain else f"```json\n{answer}\n```"
    return "\n\n".join(filter(None, (reasoning, f"{ANSWER_LINE}\n{block}")))
