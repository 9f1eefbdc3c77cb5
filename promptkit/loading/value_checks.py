"""What is wrong with an authored value by its schema, at its place in the file: for examples, tests and defaults."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.loading.findings import key_at, node_at, span_of
from promptkit.loading.typed_values import field_names
from promptkit.schema.misfit_cures import cure_of
from promptkit.schema.violations import hint_of, shown
from promptkit.yaml_nodes import SWITCHES, Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.diagnostics import Severity
    from promptkit.loading.findings import Findings
    from promptkit.result import Violation
    from promptkit.yaml_nodes import Document, Node


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
    if isinstance(schema, dict) and schema.get("type") == "boolean" and isinstance(node, Scalar) and not node.style:
        word = SWITCHES.get(node.text.lower())
        if word is not None:
            label = "YAML 1.2 reads a text"
            findings.once(
                document, code, message, node, severity=severity, label=label, help=f"write `{word}`", fix=word
            )
            return False
    violations = findings.schema(schema).validate(value)
    if violations and (written := _json_in(value)) is not None and not findings.schema(schema).validate(written):
        label, cure = (
            "this is a text, and what it holds fits",
            "write it as YAML, without the quotes or the `|` around it",
        )
        findings.once(document, code, message, node, severity=severity, label=label, help=cure)
        return False
    for span, label, fix, cure in _misfits(node, schema, value, violations) if violations else ():
        findings.once(document, code, message, span, severity=severity, label=label, help=cure, fix=fix)
    return not violations


def _json_in(value: Any) -> Any:
    """The object, or the list, that a text holds as JSON; None where it holds none."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _misfits(
    node: Node, schema: Any, value: Any, violations: tuple[Violation, ...]
) -> Iterator[tuple[tuple[int, int], str, str | None, str]]:
    misspelt, renamed = dict(_misspelt(node, violations)), dict(_renamed(node, violations))
    for violation in violations:
        if violation.keyword == "required":
            key = misspelt.get((*violation.location, violation.name))
            if key is None and (key := renamed.get((*violation.location, violation.name))) is not None:
                label = f'field "{key.text}" is not allowed, and "{violation.name}" is missing: is it that one?'
                yield (key.start, key.end), label, None, ""
                continue
            if key is not None:
                yield (key.start, key.end), f"did you mean `{violation.name}`?", violation.name, ""
                continue
        elif _is_extra(violation):
            if any(key is key_at(node, violation.location) for key in (*misspelt.values(), *renamed.values())):
                continue
            key = key_at(node, violation.location)
            if key is not None:
                meant = nearest(str(violation.location[-1]), field_names(schema, violation.location[:-1]))
                hint = f"; did you mean `{meant}`?" if meant else ""
                yield (key.start, key.end), f"{violation.message}{hint}", meant, ""
                continue
        cure = cure_of(violation.message, _part(value, violation))
        yield span_of(node, violation.location), _label(violation, value), _fix(violation, value), cure


def _misspelt(node: Node, violations: tuple[Violation, ...]) -> Iterator[tuple[tuple[Any, ...], Node]]:
    """The keys that were meant to be fields which are missing, by the places of these."""
    for violation in violations:
        holder = node_at(node, violation.location)
        if violation.keyword == "required" and isinstance(holder, Mapping):
            extra = [
                str(other.location[-1])
                for other in violations
                if _is_extra(other) and other.location[:-1] == violation.location
            ]
            near = nearest(violation.name, extra) or violation.meant
            key = holder.key(near) if near else None
            if key is not None:
                yield (*violation.location, violation.name), key


def _renamed(node: Node, violations: tuple[Violation, ...]) -> Iterator[tuple[tuple[Any, ...], Scalar]]:
    """The only key that an object has too much, where it lacks just one: most likely it has another name now."""
    for violation in violations:
        holder = node_at(node, violation.location) if violation.keyword == "required" else None
        if not isinstance(holder, Mapping):
            continue
        here = [other for other in violations if _is_extra(other) and other.location[:-1] == violation.location]
        lacking = [each for each in violations if each.keyword == "required" and each.location == violation.location]
        key = holder.key(str(here[0].location[-1])) if len(here) == len(lacking) == 1 else None
        if key is not None:
            yield (*violation.location, violation.name), key


def _is_extra(violation: Violation) -> bool:
    return violation.keyword in ("additionalProperties", "unevaluatedProperties") and bool(violation.location)


def with_hint(message: str, meant: str) -> str:
    """The message of a violation as a label, which asks for what was meant as all labels do."""
    return f"{message.removesuffix(hint_of(meant))}; did you mean `{meant}`?" if meant else message


def _label(violation: Violation, value: Any) -> str:
    """A violation in words that stand beside the caret: a word that is not listed stands above it already."""
    said = with_hint(violation.message, violation.meant)
    if violation.keyword != "enum":
        return said
    return said.removeprefix(f"{shown(_part(value, violation))} is ")


def _part(value: Any, violation: Violation) -> Any:
    """The part of a value that does not fit."""
    with suppress(LookupError, TypeError):
        for step in violation.location:
            value = value[step]
        return value
    return None


def _fix(violation: Violation, value: Any) -> str | None:
    """The listed word that was meant, where the letters are the same: of others, the list may have the slip."""
    known = violation.keyword == "enum" and re.fullmatch(r"[A-Za-z][\w-]*", violation.meant)
    same = known and _letters(str(_part(value, violation))) == _letters(violation.meant)
    return violation.meant if same else None


def _letters(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()
