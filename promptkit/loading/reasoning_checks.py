"""The reasoning of examples, against whether the model is asked to reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.inheritance import Entry

_OFF = (False, None, "off")
_WRITTEN = ("field", "prose")
"""The modes in which reasoning stands in the message of an example, whatever the model."""


def check_reasoning(loading: Loading) -> None:
    """Tell of examples whose reasoning is shown to no model, and of those without any where it is asked for."""
    entries, findings = loading.chain.entries, loading.findings
    entry, thought = entries.get("examples"), entries.get("chain_of_thought")
    if entry is None or loading.partial or not isinstance(entry.node, Sequence) or loading.chain.inherited(entry):
        return
    examples = [each for each in entry.node.items if isinstance(each, Mapping)]
    reasoned = [key for each in examples if (key := each.key("reasoning")) is not None]
    mode = _mode(thought)
    if reasoned and mode in _OFF and not _some_model_reasons(entries.get("models")):
        message = "the reasoning of examples is shown to no model, since `chain_of_thought` is off"
        cure = "write `chain_of_thought: true`, or leave the reasoning out"
        findings.add(entry.document, "PK308", message, reasoned[0], severity="note", help=cure)
    if mode in _WRITTEN:
        for number, each in enumerate(examples, 1):
            if _is_without(each):
                message = f"example {number} has no `reasoning`, and shows the model an empty one"
                place = (each.start, each.start + 1)
                findings.add(entry.document, "PK308", message, place, severity="note", help="add `reasoning: ...`")


def _is_without(example: Mapping) -> bool:
    """Whether an example says nothing of its reasoning, under whatever key."""
    output = example.get("output")
    within = isinstance(output, Mapping) and output.key("reasoning") is not None
    return output is not None and not within and {key.text for key, _ in example.pairs} <= {"inputs", "output"}


def _mode(thought: Entry | None) -> object:
    node = thought.node if thought is not None else None
    if isinstance(node, Mapping):
        node = node.get("mode")
        return node.value if isinstance(node, Scalar) else "auto"
    return node.value if isinstance(node, Scalar) else None


def _some_model_reasons(models: Entry | None) -> bool:
    """Whether a model has a `chain_of_thought` of its own."""
    listed = models.node.pairs if models is not None and isinstance(models.node, Mapping) else ()
    return any(isinstance(each, Mapping) and each.get("chain_of_thought") is not None for _, each in listed)
