"""The output's `checks`: each `that` is a Jinja expression over `value`, the answer, and the inputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.loading.findings import node_at, span_in
from promptkit.loading.typed_values import field_names
from promptkit.schema.references import listed_words
from promptkit.template.expressions import Expressions
from promptkit.template.inferred_types import value_of
from promptkit.template.paths import shown
from promptkit.template.scopes import Binding
from promptkit.template.syntax import read_tree
from promptkit.template.tree import TemplateFault
from promptkit.template.walk import input_scope
from promptkit.yaml_nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from promptkit.diagnostics import Severity
    from promptkit.loader import Loading
    from promptkit.loading.declared import Declared
    from promptkit.loading.findings import Findings
    from promptkit.template.inferred_types import InferredType
    from promptkit.template.paths import Path
    from promptkit.yaml_nodes import Document, Node

_OPENING = "{{ "
_BARE = "write it as it stands in {% if ... %}: `value.total > 0`"
_THE_VALUE = ("output", "answer", "result", "response", "data", "self")
"""What other tools call the answer."""
_PLAIN_VALUES = {"text": {"type": "string"}}
"""What `value` is where the output has no schema."""


def check_expressions(loading: Loading) -> set[str]:
    """Check the expression of each check; the inputs in them."""
    findings, chain, data = loading.findings, loading.chain, loading.data
    entry = chain.merged.get("output", {}).get("checks")
    output, inputs = data.get("output", {}), data.get("inputs", {})
    answer = (
        True if loading.unknown.output else output.get("json_schema", _PLAIN_VALUES.get(output.get("format"), True))
    )
    used: set[str] = set()
    for index, item in enumerate(output.get("checks", ())):
        that = item.get("that") if isinstance(item, dict) else None
        if isinstance(that, str) and entry is not None:
            report = partial(_report, findings, entry.document, node_at(entry.node, (index, "that")))
            check = _Check(inputs, loading.unknown.inputs, f"check `{item.get('name') or index + 1}`", report)
            check.asserted = item.get("assert") is True
            check.words = listed_words([answer, *(each["json_schema"] for each in inputs.values())])
            _walk(check, that, value_of(answer), field_names(answer, ()))
            used |= check.used
    return used


def check_assertion(
    findings: Findings, document: Document, node: Scalar, known: Declared, name: str, value: InferredType
) -> None:
    """Check the expression of a test's assertion over the value at its path."""
    check = _Check(known.inputs, known.unknown.inputs, name, partial(_report, findings, document, node))
    check.asserted = True
    _walk(check, node.text, value, ())


def _walk(check: _Check, that: str, value: InferredType, fields: Collection[str]) -> None:
    """Read an expression over `value`, of which these are the `fields`, and the inputs."""
    check.fields = fields
    if that.lstrip().startswith("{{"):
        check.fault(TemplateFault("PK201", "an expression stands without braces", 0, 2, help=_BARE))
        check.used |= set(check.inputs)
        return
    inputs = {name: Binding(value_of(each["json_schema"]), is_input=True) for name, each in check.inputs.items()}
    scope = input_scope(inputs).inner({"value": Binding(value)})
    tree = read_tree(_OPENING + that + " }}")
    for fault in tree.faults:
        check.fault(fault)
    for output_node in tree.root.body:
        for expression in output_node.iter_child_nodes():
            Expressions(tree, check).value(expression, scope)


class _Check:
    """Listens to the walk through one expression."""

    def __init__(
        self, inputs: dict[str, Any], unknown: bool, name: str, report: Callable[[TemplateFault], None]
    ) -> None:
        self.inputs = inputs
        self.unknown = unknown
        self.name = name
        self.report = report
        self.used: set[str] = set()
        self.fields: Collection[str] = ()
        self.words: Collection[str] = ()
        self.asserted = False

    def fault(self, fault: TemplateFault) -> None:
        message = fault.message.replace("`}}` is expected, not", "the expression ends before")
        message = message.replace("an expression is missing before `}}`", "the expression is not whole")
        self.report(fault._replace(message=f"{self.name}: {message}"))

    def undeclared(self, _: Path, fault: TemplateFault) -> None:
        self.fault(fault)

    def maybe_null(self, path: Path, start: int, end: int) -> None:
        """A check cannot be computed where a null stands for what the answer may leave out."""
        named = shown(path)
        message = f"`{named}` may be null, and the check cannot be computed then"
        cure = f"write `not {named} or ...`, or `({named} | default(...))`"
        severity: Severity = "warning" if self.asserted else "note"
        self.fault(TemplateFault("PK213", message, start, end, severity, help=cure))

    def asked(self, path: Path) -> None:
        """What an expression asks for makes no difference to it."""

    def input_used(self, name: str, start: int) -> None:
        self.used.add(name)
        if self.inputs[name].get("secret") is True:
            message = f"the secret input `{name}` may not stand in a check"
            self.fault(TemplateFault("PK208", message, start, start + len(name), help="secrets reach tools only"))

    def undefined(self, name: str, start: int, known: Iterable[str], *, called: bool) -> None:
        label, end = did_you_mean(name, known), start + len(name)
        self.used |= {near} if (near := nearest(name, self.inputs)) else set()
        if self.unknown and not label:
            return
        if called:
            self.fault(TemplateFault("PK204", f"there is no function `{name}`", start, end, label=label))
        else:
            meant = f"value.{name}" if name in self.fields else "value" if name in _THE_VALUE else ""
            cure = f"the answer is `value`: write `{meant}`" if meant else ""
            if not meant and name in self.words:
                meant, cure = name, f"a word stands in quotes: write `'{name}'`"
            message = f"`{name}` is neither `value` nor an input"
            self.fault(TemplateFault("PK202", message, start, end, label="" if meant else label, help=cure))


def _report(findings: Findings, document: Document, node: Node, fault: TemplateFault) -> None:
    start, end = (max(0, at - len(_OPENING)) for at in (fault.start, fault.end))
    span = span_in(document, node)(start, end) if isinstance(node, Scalar) else (node.start, node.start + 1)
    findings.add(document, fault.code, fault.message, span, **fault.details)
