"""The descriptions of declared values, against the keywords that stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift import described
from promptkit.loading.findings import node_at, span_in
from promptkit.schema.references import walk
from promptkit.schema.shorthand_types import TYPES
from promptkit.yaml_nodes import Scalar

if TYPE_CHECKING:
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Node


_LOST_BOUNDS = LatePattern(r"(?:^|,)\s*(-?\d*\.?\d*\.\.-?\d*\.?\d*)\s*\Z")


_OWN = LatePattern(r"(trust|secret|optional|neutralise)(?:\s*[:=]\s*(\w+))?\Z")
"""A keyword of an input, written as if the short form had it."""


def check_prose(findings: Findings, document: Document, schema: dict[str, Any], node: Scalar) -> None:
    """Warn of what the prose of a shorthand swallows: bounds that stand behind it, another type."""
    prose = schema.get("description", "")
    told = document.text[: node.start].rstrip(" \t").endswith("?:")
    if (own := _OWN.match(prose)) is not None and not (told and own[1] == "optional"):
        begin = node.text.rfind(prose)
        span = span_in(document, node)(begin, begin + len(prose))
        of = "the name's `?`" if own[1] == "optional" else f"`{{type: ..., {own[1]}: {own[2] or 'true'}}}`"
        message = f"`{prose}` is read as prose here, and declares nothing"
        findings.once(document, "PK408", message, span, severity="warning", help=f"{own[1]} is declared by {of}")
        return
    bounds = _LOST_BOUNDS.search(prose)
    lost = bounds[1] if bounds and len(bounds[1]) > len("..") else prose if prose in TYPES else ""
    if not lost:
        return
    begin = node.text.rfind(prose) + prose.rfind(lost)
    before = node.text[: node.text.rfind(prose)].rstrip(" ,")
    rest = prose[: bounds.start()].strip() if bounds else ""
    cure = (
        f"write `{before}, {lost}{f', {rest}' if rest else ''}`"
        if bounds
        else f"for either of two types write `{before} | {lost}`"
    )
    span = span_in(document, node)(begin, begin + len(lost))
    findings.once(document, "PK408", f"`{lost}` is read as prose here", span, severity="warning", help=cure)


def check_description(findings: Findings, document: Document, name: str, schema: dict[str, Any], node: Scalar) -> None:
    """Warn of a description that its schema contradicts; `node` is the text that it is, or that ends with it."""
    for fault in described(name, schema):
        begin = node.text.rfind(schema["description"])
        span = span_in(document, node)(begin + fault.start, begin + fault.end)
        cure = (
            f"let both say the same; where the description is right, write # promptkit: ignore {fault.code} beside it"
        )
        findings.once(document, fault.code, fault.message, span, severity="warning", label=fault.label, help=cure)


def check_descriptions(findings: Findings, document: Document, schema: Any, node: Node, key: Scalar) -> None:
    """Warn of descriptions in a JSON Schema that the keywords beside them contradict."""
    for place, each in walk(schema) if "description" in document.text else ():
        written = node_at(node, (*place, "description")) if isinstance(each, dict) and "description" in each else None
        if isinstance(written, Scalar) and written.text == each["description"]:
            name = str(place[-1]) if place[-2:-1] == ("properties",) else key.text
            check_description(findings, document, name, each, written)
