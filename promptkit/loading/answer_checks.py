"""An example's answer against what is asked of live ones beside the schema: headings, and checks that must hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.headings import misplaced_headings
from promptkit.loading.findings import span_of
from promptkit.template import Templates

if TYPE_CHECKING:
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Node


MAX_SECONDS = 1.0
"""How long the checks of all examples of a prompt may take together; what is left then is not looked at."""


class AnswerChecks:
    """What a prompt asks of answers beside the schema, held against those of its examples and tests."""

    def __init__(self, output: dict[str, Any], inputs: dict[str, Any]) -> None:
        self.output = output
        declared = (output.get("json_schema"), *(each["json_schema"] for each in inputs.values()))
        self.templates = Templates({}, schemas=declared)
        self.seconds = 0.0

    def check(
        self, findings: Findings, document: Document, node: Node, value: Any, inputs: dict[str, Any], name: str
    ) -> None:
        """Report headings that an answer lacks, and asserted checks that it fails."""
        output, message = self.output, f"{name} does not fit the output format"
        wanted = output.get("headings", ()) if output.get("format") == "markdown" and isinstance(value, str) else ()
        for label in misplaced_headings(value, wanted) if wanted else ():
            findings.add(document, "PK301", message, span_of(node, ()), label=label)
        for check in output.get("checks", ()) if self.seconds < MAX_SECONDS else ():
            that = check.get("that") if isinstance(check, dict) and check.get("assert") is True else None
            if isinstance(that, str) and self._fails(that, value, inputs):
                label = f"the check `{check.get('name')}` must hold: {that}"
                findings.add(document, "PK301", f"{name} fails a check", span_of(node, ()), label=label)

    def _fails(self, expression: str, value: Any, inputs: dict[str, Any]) -> bool:
        """Whether a check says no; one that cannot be computed here says nothing."""
        began = time.monotonic()
        try:
            return not self.templates.evaluate(expression, {**inputs, "value": value})
        except RenderError:
            return False
        finally:
            self.seconds += time.monotonic() - began
