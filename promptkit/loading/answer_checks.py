"""An example's answer against what is asked of live ones beside the schema: headings, and checks that must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.headings import misplaced_headings
from promptkit.loading.findings import span_of
from promptkit.template import Templates

if TYPE_CHECKING:
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Node


def check_answer(
    findings: Findings,
    document: Document,
    node: Node,
    output: dict[str, Any],
    value: Any,
    inputs: dict[str, Any],
    name: str,
) -> None:
    """Report headings that an answer lacks, and asserted checks that it fails."""
    message = f"{name} does not fit the output format"
    wanted = output.get("headings", ()) if output.get("format") == "markdown" and isinstance(value, str) else ()
    for label in misplaced_headings(value, wanted) if wanted else ():
        findings.add(document, "PK301", message, span_of(node, ()), label=label)
    for check in output.get("checks", ()):
        if isinstance(check, dict) and check.get("assert") is True and _fails(check.get("that"), value, inputs):
            label = f"the check `{check.get('name')}` must hold: {check.get('that')}"
            findings.add(document, "PK301", f"{name} fails a check", span_of(node, ()), label=label)


def _fails(expression: Any, value: Any, inputs: dict[str, Any]) -> bool:
    """Whether a check says no; one that cannot be computed here says nothing."""
    if not isinstance(expression, str):
        return False
    try:
        return not Templates({}).evaluate(expression, {**inputs, "value": value})
    except RenderError:
        return False
