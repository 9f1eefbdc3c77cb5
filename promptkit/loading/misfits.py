"""What is wrong with an authored value by its schema, at its place in the file: for examples, tests and defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.loading.declared import field_names
from promptkit.loading.findings import key_at, node_at, span_of
from promptkit.yaml_nodes import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.diagnostics import Severity
    from promptkit.loading.findings import Findings
    from promptkit.result import Violation
    from promptkit.yaml_nodes import Document, Node

_HINT = re.compile(r' \(did you mean "([^"]*)"\?\)$')
_SUBJECT = re.compile(r"^(?:\"(?:[^\"\\]|\\.)*\"|\S+) is (?=not one of )")


def report_misfits(
    findings: Findings,
    document: Document,
    node: Node,
    schema: Any,
    value: Any,
    code: str,
    message: str,
    severity: Severity = "error",
) -> bool:
    """Report each way in which a node's value does not fit; False when there is one."""
    told = False
    if isinstance(schema, dict) and schema.get("type") == "boolean" and isinstance(node, Scalar) and not node.style:
        word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(node.text.lower())
        if word is not None:
            label = "YAML 1.2 reads a text"
            findings.once(
                document, code, message, node, severity=severity, label=label, help=f"write `{word}`", fix=word
            )
            return False
    for span, label, fix in _misfits(node, schema, findings.schema(schema).validate(value)):
        told = True
        findings.once(document, code, message, span, severity=severity, label=label, fix=fix)
    return not told


def _misfits(
    node: Node, schema: Any, violations: tuple[Violation, ...]
) -> Iterator[tuple[tuple[int, int], str, str | None]]:
    misspelt = dict(_misspelt(node, violations))
    for violation in violations:
        if violation.keyword == "required":
            key = misspelt.get((*violation.location, _missing(violation)))
            if key is not None:
                missing = _missing(violation)
                yield (key.start, key.end), f"did you mean `{missing}`?", missing
                continue
        elif _is_extra(violation):
            if any(key is key_at(node, violation.location) for key in misspelt.values()):
                continue
            key = key_at(node, violation.location)
            if key is not None:
                meant = nearest(str(violation.location[-1]), field_names(schema, violation.location[:-1]))
                hint = f"; did you mean `{meant}`?" if meant else ""
                yield (key.start, key.end), f"{label_of(violation)}{hint}", meant
                continue
        yield span_of(node, violation.location), label_of(violation), _fix(violation)


def _misspelt(node: Node, violations: tuple[Violation, ...]) -> Iterator[tuple[tuple[Any, ...], Node]]:
    """The keys that were meant to be fields which are missing, by the places of these."""
    for violation in violations:
        holder = node_at(node, violation.location)
        if violation.keyword == "required" and isinstance(holder, Mapping):
            missing = _missing(violation)
            extra = [
                str(other.location[-1])
                for other in violations
                if _is_extra(other) and other.location[:-1] == violation.location
            ]
            named = _HINT.search(violation.message)
            near = nearest(missing, extra) or (named[1] if named else None)
            key = holder.key(near) if near else None
            if key is not None:
                yield (*violation.location, missing), key


def _missing(violation: Violation) -> str:
    """The name of a field that is missing."""
    found = re.match(r'required field "((?:[^"\\]|\\.)*)"', violation.message)
    return found[1] if found else ""


def _is_extra(violation: Violation) -> bool:
    return violation.keyword in ("additionalProperties", "unevaluatedProperties") and bool(violation.location)


def label_of(violation: Violation) -> str:
    """A violation in words that stand beside the caret: the value stands above it already."""
    hint = _HINT.search(violation.message)
    plain = _SUBJECT.sub("", violation.message[: hint.start()] if hint else violation.message)
    return f"{plain}; did you mean `{hint[1]}`?" if hint else plain


def _fix(violation: Violation) -> str | None:
    """The listed word that was meant."""
    hint = _HINT.search(violation.message)
    return hint[1] if hint and violation.keyword == "enum" and re.fullmatch(r"[A-Za-z][\w-]*", hint[1]) else None
