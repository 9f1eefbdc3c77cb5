"""The contract of a prompt: what callers give it, what it gives back, and which tools it wants from them.

The levels are those of the table in `docs/reference/versions.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.parts import as_data
from promptkit.repos.diff.changes import Change, sign_of
from promptkit.repos.diff.schema_changes import READ, WRITTEN, schema_changes
from promptkit.schema.equality import same_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.spec import Input, OutputSpec, PromptSpec

__all__ = ["contract_changes"]


def contract_changes(before: PromptSpec, after: PromptSpec) -> Iterator[Change]:
    """All changes of the contract."""
    if before.name and after.name and before.name != after.name:
        yield Change("name", "~", after.name, "major", "callers know it by its name", before.name, after.name)
    yield from _inputs(before.inputs, after.inputs)
    yield from _output(before.output, after.output)
    yield from _tools(before, after)
    if before.conversation and before.conversation != after.conversation:
        yield Change("conversation", "~", "input", "major", "a turn's text is another input")
    elif before.conversation != after.conversation:
        yield Change("conversation", "+", "input", "minor", "it can hold conversations now")


def _inputs(before: Mapping[str, Input], after: Mapping[str, Input]) -> Iterator[Change]:
    for name, old in before.items():
        if name not in after:
            yield Change(
                "inputs", "-", name, "major", "callers that give it will fail", before=as_data(old.json_schema)
            )
        elif old != after[name]:
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
    if not needs and (old.has_default, as_data(old.default)) != (new.has_default, as_data(new.default)):
        why = "who does not give it gets another one"
        yield Change("inputs", "~", f"{name} default", "minor", why, as_data(old.default), as_data(new.default))
    if old.secret != new.secret:
        why = "it reaches tools alone now" if new.secret else "its values reach templates, logs and models now"
        yield Change("inputs", "~", f"{name} secret", "minor", why, old.secret, new.secret)
    for key in ("trust", "neutralise"):
        if getattr(old, key) != getattr(new, key):
            why = "the messages fence it otherwise"
            yield Change("inputs", "~", f"{name} {key}", "minor", why, getattr(old, key), getattr(new, key))
    yield from schema_changes(WRITTEN, "inputs", name, as_data(old.json_schema), as_data(new.json_schema))


def _output(before: OutputSpec, after: OutputSpec) -> Iterator[Change]:
    if before == after:
        return
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
        yield from schema_changes(READ, "output", "$", *schemas)
    gone, come = [name for name in before.headings if name not in after.headings], set(after.headings)
    for name in gone:
        yield Change("output", "-", f"heading {name}", "major", "callers that look for it find nothing")
    for name in sorted(come.difference(before.headings)):
        yield Change("output", "+", f"heading {name}", "minor")
    yield from _checks(before, after)
    if come == set(before.headings) and before.headings != after.headings:
        yield Change("output", "~", "headings", "minor", "they come in another order")
    if before.description != after.description:
        yield Change("output", "~", "description", "minor", "the model is told otherwise of it")
    for key in ("attempts", "repair", "coerce", "reask", "strict", "instructions"):
        one, other = getattr(before, key), getattr(after, key)
        if one != other:
            yield Change("output", "~", key, "minor", "answers are accepted otherwise", one, other)


def _checks(before: OutputSpec, after: OutputSpec) -> Iterator[Change]:
    old, new = ({check.name: check for check in output.checks} for output in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        asserted = new[name].asserted if name in new else False
        why = "answers may be refused that were accepted" if asserted else "a soft check"
        yield Change("output", sign_of(name, old, new), f"check {name}", "minor" if asserted else "patch", why)


def _tools(before: PromptSpec, after: PromptSpec) -> Iterator[Change]:
    old, new = ({tool.name: tool for tool in spec.tools} for spec in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change("tools", "-", name, "minor", "it is not asked for any more")
        elif name not in old:
            yield Change("tools", "+", name, "major", "callers have no such function")
        else:
            one, other = as_data(old[name].parameters), as_data(new[name].parameters)
            if one is not None and other is not None:
                yield from schema_changes(READ, "tools", name, one, other)
            elif not same_json(one, other):
                yield Change("tools", "~", name, "unknown", "its parameters are declared in another place")
            if (old[name].description, old[name].confirm) != (new[name].description, new[name].confirm):
                yield Change("tools", "~", name, "minor", "the model is told otherwise of it")
            if old[name].timeout != new[name].timeout:
                yield Change("tools", "~", name, "patch", "it may take another time")
    if old.keys() == new.keys() and list(old) != list(new):
        yield Change("tools", "~", "order", "minor", "the model is told of them in another order")
