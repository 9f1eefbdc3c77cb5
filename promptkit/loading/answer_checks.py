"""An example's answer against what is asked of live ones beside the schema: headings, and checks that must hold."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.headings import misplaced_headings
from promptkit.loading.findings import span_of
from promptkit.template import Templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Node


MAX_SECONDS = 1.0
"""How long the checks of all examples of a prompt may take together; what is left then is not looked at."""


class Clock:
    """The time that the checks of one load have taken."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @property
    def runs(self) -> bool:
        """Whether there is time left."""
        return self.seconds < MAX_SECONDS

    def measured(self, work: Callable[[], bool]) -> bool:
        """What some work gives; its time is counted."""
        began = time.monotonic()
        found = work()
        self.seconds += time.monotonic() - began
        return found


def check_answer(
    findings: Findings,
    document: Document,
    node: Node,
    output: dict[str, Any],
    value: Any,
    inputs: dict[str, Any],
    name: str,
    clock: Clock,
) -> None:
    """Report headings that an answer lacks, and asserted checks that it fails."""
    message = f"{name} does not fit the output format"
    wanted = output.get("headings", ()) if output.get("format") == "markdown" and isinstance(value, str) else ()
    for label in misplaced_headings(value, wanted) if wanted else ():
        findings.add(document, "PK301", message, span_of(node, ()), label=label)
    for check in output.get("checks", ()) if clock.runs else ():
        that = check.get("that") if isinstance(check, dict) and check.get("assert") is True else None
        if clock.measured(partial(_fails, that, value, inputs)):
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
