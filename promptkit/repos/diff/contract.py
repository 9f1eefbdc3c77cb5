"""The contract of a prompt: what callers give it, what it gives back, and which tools it wants from them.

The levels are those of the table in `docs/reference/versions.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.parts import as_data
from promptkit.repos.diff.changes import LEVELS, Change, same_data, same_key, sign_of
from promptkit.repos.diff.schema_changes import READ, TAKEN, WRITTEN, schema_changes
from promptkit.schema.equality import same_json
from promptkit.template_paths import prompt_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.repos.diff.changes import Level, Policy
    from promptkit.spec import ConversationSpec, Input, OutputSpec, PromptSpec

__all__ = ["contract_changes"]


def contract_changes(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    """All changes of the contract."""
    yield from _name(before, after)
    same = same_key("inputs", before, after)
    inputs = [] if same else list(_inputs(before.inputs, after.inputs))
    yield from inputs
    yield from _whole(before, after, inputs)
    if not same_key("output", before, after):
        yield from _output(before.output, after.output, policy)
    yield from _tools(before, after, policy)
    yield from _conversation(before.conversation, after.conversation)


def _name(before: PromptSpec, after: PromptSpec) -> Iterator[Change]:
    if before.name == after.name:
        return
    old, new = (spec.name or prompt_name(spec.path) for spec in (before, after))
    if old == new:
        yield Change("name", "~", new, "patch", "it is the name of its file")
    else:
        yield Change("name", "~", new, "major", "callers know it by its name", old, new)


def _conversation(before: ConversationSpec | None, after: ConversationSpec | None) -> Iterator[Change]:
    if after is None:
        if before is not None:
            yield Change("conversation", "-", "input", "major", "it can hold no conversations any more")
    elif before is None:
        yield Change("conversation", "+", "input", "minor", "it can hold conversations now")
    else:
        if before.input != after.input:
            why = "a turn's text is another input"
            yield Change("conversation", "~", "input", "major", why, before.input, after.input)
        if before.task != after.task:
            why = "the task is said in other turns"
            yield Change("conversation", "~", "task", "minor", why, before.task, after.task)


def _inputs(before: Mapping[str, Input], after: Mapping[str, Input]) -> Iterator[Change]:
    for name, old in before.items():
        if name not in after:
            yield Change(
                "inputs", "-", name, "major", "callers that give it will fail", before=as_data(old.json_schema)
            )
        else:
            yield from _input(name, old, after[name])
    for name, new in after.items():
        if name in before:
            continue
        needed = new.required and not new.has_default
        why = "callers do not give it" if needed else "callers need not give it"
        yield Change("inputs", "+", name, "major" if needed else "minor", why, after=as_data(new.json_schema))


def _input(name: str, old: Input, new: Input) -> Iterator[Change]:
    needed, needs = (each.required and not each.has_default for each in (old, new))
    if needs and not needed:
        yield Change("inputs", "~", name, "major", "it must be given now")
    elif needed and not needs:
        yield Change("inputs", "~", name, "minor", "it need not be given any more")
    defaults = [as_data(each.default) for each in (old, new)]
    if not needs and not (old.has_default == new.has_default and same_json(*defaults)):
        yield Change("inputs", "~", f"{name} default", "minor", "who does not give it gets another one", *defaults)
    if old.secret != new.secret:
        why = "it reaches tools alone now" if new.secret else "its values reach templates, logs and models now"
        yield Change("inputs", "~", f"{name} secret", "minor", why, old.secret, new.secret)
    for key in ("trust", "neutralise"):
        if getattr(old, key) != getattr(new, key):
            why = "the messages fence it otherwise"
            yield Change("inputs", "~", f"{name} {key}", "minor", why, getattr(old, key), getattr(new, key))
    schemas = as_data(old.json_schema), as_data(new.json_schema)
    if not same_data(*schemas):
        yield from schema_changes(WRITTEN, "inputs", name, *schemas)


def _whole(before: PromptSpec, after: PromptSpec, told: list[Change]) -> Iterator[Change]:
    """What is asked of all inputs together, such as `dependentRequired`, beside what is told of each alone."""
    if before.inputs_schema is None and after.inputs_schema is None:
        return
    old, new = (_asked_of_all(spec) for spec in (before, after))
    each = {key: old[key] for key in _OF_EACH if key in old}
    together = [{key: value for key, value in schema.items() if key not in _OF_EACH} | each for schema in (old, new)]
    found = list(schema_changes(WRITTEN, "inputs", "schema", *together))
    yield from found
    heaviest = max((LEVELS.index(change.level) for change in (*told, *found)), default=-1)
    for change in schema_changes(WRITTEN, "inputs", "schema", old, new):  # which may be more than each by itself
        if LEVELS.index(change.level) > max(heaviest, LEVELS.index("minor")):
            heaviest = LEVELS.index(change.level)
            yield change
    if heaviest < 0 and not same_key("inputs_schema", before, after):
        yield Change("inputs", "~", "schema", "patch", "the same inputs in other words")


_OF_EACH = ("properties", "required")


def _asked_of_all(spec: PromptSpec) -> dict[str, Any]:
    """The schema of the object that all inputs are; what is not declared is refused, whatever a schema says."""
    if spec.inputs_schema is not None:
        return dict(as_data(spec.inputs_schema)) | {"additionalProperties": False}
    needed = [name for name, each in spec.inputs.items() if each.required and not each.has_default]
    of_each = {name: as_data(each.json_schema) for name, each in spec.inputs.items()}
    return {"type": "object", "properties": of_each, "required": needed, "additionalProperties": False}


def _output(before: OutputSpec, after: OutputSpec, policy: Policy) -> Iterator[Change]:
    if before.format != after.format:
        why = "callers get another kind of answer"
        yield Change("output", "~", "format", "major", why, before.format, after.format)
        return
    schemas = as_data(before.json_schema), as_data(after.json_schema)
    if None in schemas and schemas[0] != schemas[1]:
        lost = schemas[1] is None
        why = "the answer is not held to a schema any more" if lost else "the answer is held to a schema now"
        yield Change("output", "-" if lost else "+", "schema", "major" if lost else "minor", why)
    elif schemas[0] is not None:
        yield from schema_changes(READ, "output", "$", *schemas, wording=policy.wording)
    gone, come = [name for name in before.headings if name not in after.headings], set(after.headings)
    for name in gone:
        yield Change("output", "-", f"heading {name}", "major", "callers that look for it find nothing")
    for name in sorted(come.difference(before.headings)):
        yield Change("output", "+", f"heading {name}", "minor")
    yield from _checks(before, after)
    if come == set(before.headings) and before.headings != after.headings:
        yield Change("output", "~", "headings", "minor", "they come in another order")
    if before.description != after.description:
        yield Change("output", "~", "description", policy.wording, "the model is told otherwise of it")
    for key in ("attempts", "repair", "coerce", "reask", "strict", "instructions"):
        one, other = getattr(before, key), getattr(after, key)
        if one != other:
            yield Change("output", "~", key, "minor", "answers are accepted otherwise", one, other)


def _checks(before: OutputSpec, after: OutputSpec) -> Iterator[Change]:
    old, new = ({check.name: check for check in output.checks} for output in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        held, holds = (name in checks and checks[name].asserted for checks in (old, new))
        level: Level = "unknown" if held else "minor" if holds else "patch"
        texts = [checks[name].that if name in checks else None for checks in (old, new)]
        yield Change("output", sign_of(name, old, new), f"check {name}", level, _HELD[held, holds], *texts)


_HELD = {
    (True, True): "cannot tell: answers that were refused may come now",
    (True, False): "cannot tell: answers that were refused may come now",
    (False, True): "answers may be refused that were accepted",
    (False, False): "a soft check",
}
"""Why a check has its level, by whether it was asserted and is asserted now."""


def _tools(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    old, new = ({tool.name: tool for tool in spec.tools} for spec in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change("tools", "-", name, "minor", "it is not asked for any more")
        elif name not in old:
            yield Change("tools", "+", name, "major", "callers have no such function")
        else:
            one, other = as_data(old[name].parameters), as_data(new[name].parameters)
            if one is not None and other is not None:
                yield from schema_changes(TAKEN, "tools", name, one, other, wording=policy.wording)
            elif not same_json(one, other):
                yield Change("tools", "~", name, "unknown", "its parameters are declared in another place")
            if old[name].description != new[name].description:
                yield Change("tools", "~", name, policy.wording, "the model is told otherwise of it")
            if old[name].confirm != new[name].confirm:
                yield Change("tools", "~", f"{name} confirm", "minor", "callers are asked otherwise before it runs")
            if old[name].timeout != new[name].timeout:
                yield Change("tools", "~", name, "patch", "it may take another time")
    if old.keys() == new.keys() and list(old) != list(new):
        yield Change("tools", "~", "order", "minor", "the model is told of them in another order")
