"""Collecting what is wrong with a file, at its place: what all parts of the loader write into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.yaml_nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.chain import Entry
    from promptkit.result import Violation
    from promptkit.yaml_nodes import Document

KINDS = {Scalar: "a text", Sequence: "a list", Mapping: "a mapping"}


@dataclass(slots=True)
class Findings:
    """The diagnostics of one load."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, document: Document, code: str, message: str, span: tuple[int, int] | Node, **told: Any) -> None:
        """Report a fault at a node or a span of offsets."""
        where = span if isinstance(span, tuple) else (span.start, span.end)
        self.diagnostics.append(document.diagnostic(code, message, where, **told))

    def unknown_key(self, entry: Entry, known: Iterable[str], of: str = "") -> None:
        """Report a key that nothing reads."""
        names = list(known)
        what = f"there is no key `{entry.key.text}`" + (f" in `{of}`" if of else "")
        hint = did_you_mean(entry.key.text, names)
        self.add(
            entry.document,
            "PK120",
            what,
            entry.key,
            label=hint,
            help="" if hint else f"known keys: {', '.join(sorted(names))}",
        )

    def expected(self, entry: Entry, name: str, expected: str) -> None:
        """Report a value of the wrong kind."""
        found = "empty" if is_empty(entry.node) else KINDS[type(entry.node)]
        self.add(entry.document, "PK121", f"`{name}` is {expected}", entry.span, label=f"this is {found}")


def is_empty(node: Node) -> bool:
    """Whether a node is a null or nothing at all."""
    return isinstance(node, Scalar) and node.value is None


def declared_value(node: Node, schema: Any) -> Any:
    """A node's data; where the schema declares a text, a plain scalar keeps its source text (`no`, `1.10`)."""
    if isinstance(node, Scalar):
        return node.text if node.style == "" and _text_only(schema) else node.value
    if isinstance(node, Sequence):
        items = schema.get("items", True) if isinstance(schema, dict) else True
        return [declared_value(item, items) for item in node.items]
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    others = schema.get("additionalProperties", True) if isinstance(schema, dict) else True
    return {key.text: declared_value(value, properties.get(key.text, others)) for key, value in node.pairs}


def _text_only(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if "enum" in schema:
        return bool(schema["enum"]) and all(isinstance(item, str) for item in schema["enum"])
    return schema.get("type") == "string"


def span_in(document: Document, scalar: Scalar) -> Callable[[int, int], tuple[int, int]]:
    """How a span of a scalar's text becomes one of the document; read on first use."""
    offsets: list[int] = []

    def span(start: int, end: int) -> tuple[int, int]:
        if not offsets:
            offsets.extend(document.offsets(scalar))
        last = max(end - 1, start)
        return offsets[min(start, len(offsets) - 1)], offsets[min(last, len(offsets) - 1)] + 1

    return span


def node_at(node: Node, location: Iterable[str | int]) -> Node:
    """The node that a violation speaks of, or the nearest one that contains it."""
    for step in location:
        below: Node | None = None
        if isinstance(node, Mapping):
            below = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            return node
        node = below
    return node


def span_of(node: Node, violation: Violation, fallback: Node) -> tuple[int, int]:
    """Where to put the caret for a violation: the offending value, an extra key, or the key of what lacks a field."""
    found = node_at(node, violation.location)
    if isinstance(found, Scalar) and found.end > found.start:
        return found.start, found.end
    if found is node:
        return fallback.start, fallback.end
    return found.start, min(found.end, found.start + 1)
