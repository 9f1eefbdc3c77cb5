"""What tests assert of an answer: `{type: equals, path: team, value: platform}`, against the output's schema."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.late_pattern import LatePattern
from promptkit.loading.expression_checks import check_assertion
from promptkit.loading.findings import is_certain
from promptkit.loading.inheritance import Entry
from promptkit.loading.typed_values import declared_value
from promptkit.loading.value_checks import report_misfits
from promptkit.schema.conjunction import form_of
from promptkit.schema.shorthand_bounds import BOUNDS
from promptkit.template.comparisons import never_equal, never_holds
from promptkit.template.inferred_types import item_of, kinds_of, members_of, missing_key, size_of, value_of
from promptkit.template.type_rules import named
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.declared import Declared
    from promptkit.loading.findings import Findings
    from promptkit.template.inferred_types import InferredType
    from promptkit.yaml_nodes import Document, Node

ASSERTIONS = {
    "equals": "The value at the path is this one.",
    "not_equals": "It is another one.",
    "one_of": "It is one of a list.",
    "contains": "A text has this part, a list this item.",
    "not_contains": "It has not.",
    "starts_with": "The text begins so.",
    "ends_with": "The text ends so.",
    "matches": "The text matches a regular expression (Python's `re`).",
    "less_than": "The number is less.",
    "greater_than": "The number is greater.",
    "at_most": "The number is this, or less.",
    "at_least": "The number is this, or more.",
    "length": "So many items, or characters, as bounds: `1..5`.",
    "is_json": "The answer is JSON.",
    "fits": "The answer fits the output.",
    "check": "A Jinja expression over `value` holds.",
    "similar": "The text means nearly the same as another one.",
    "judge": "A model says that this holds for the answer.",
}
"""The types of assertions, each with what it says of the value at its path."""

_OF_OTHERS = {
    **dict.fromkeys(("icontains", "contains_any", "icontains_any"), 'write `{type: matches, value: "(?i)..."}`'),
    **dict.fromkeys(("contains_all", "icontains_all"), "write `type: contains` once for each of them"),
    "regex": "write `type: matches`",
    **dict.fromkeys(
        ("javascript", "python", "assertion"), "write `{type: check, value: ...}`, an expression over `value`"
    ),
    **dict.fromkeys(
        ("llm_rubric", "g_eval", "factuality", "model_graded_closedqa", "answer_relevance"), "write `type: judge`"
    ),
    **dict.fromkeys(
        ("is_valid_json", "contains_json", "json_schema"), "write `type: fits`: the answer fits the output"
    ),
}
"""What promptfoo and others call their assertions, with `_` for `-`."""

KEYS = ("type", "path", "value")
_NUMBERS = frozenset(("number", "integer"))
_OF_TEXTS = ("starts_with", "ends_with", "matches", "check", "similar", "judge")
_OF_VALUES = ASSERTIONS.keys() - {"is_json", "fits"}
_OF_KINDS = {
    **dict.fromkeys(("less_than", "greater_than", "at_most", "at_least"), _NUMBERS),
    **dict.fromkeys(("starts_with", "ends_with", "matches"), frozenset(("string",))),
    "length": frozenset(("string", "array", "object")),
}
"""Assertions that hold for values of some JSON types alone."""
_OF_EQUALS = ("equals", "not_equals")
_STEP = LatePattern(r"\[(\d+)\]|([^.\[\]]+)")


def read_assertions(findings: Findings, document: Document, node: Node, known: Declared, name: str) -> tuple[Any, ...]:
    """The assertions' data; a path that leads nowhere and a value that can never be there are reported."""
    if not isinstance(node, Sequence):
        entry = Entry(document, Scalar("assert", "", node.start, node.start + 1), node)
        cure = "each one begins with a `-`: `- {type: contains, value: ...}`" if isinstance(node, Mapping) else ""
        findings.expected(entry, f"assert of {name}", "a list of `{type, path, value}`", help=cure)
        return ()
    found = []
    for item in node.items:
        if isinstance(item, Mapping):
            if "path" not in _check_form(findings, document, item, name):
                _check(findings, document, item, known, name)
            found.append(item.value)
        else:
            message = f"an assertion of {name} is not a mapping"
            findings.add(document, "PK121", message, item, help="write `{type: equals, path: ..., value: ...}`")
    return tuple(found)


def _check_form(findings: Findings, document: Document, item: Mapping, name: str) -> set[str]:
    """Misspelt keys, a type or a value that is not there, a pattern that is none; the keys that were meant."""
    meant: set[str] = set()
    for key, node in item.pairs:
        named = key.text.replace("-", "_")
        if named in ASSERTIONS and item.get("type") is None:
            written = document.text[node.start : node.end]
            told = written if re.fullmatch(r"[^\n]{1,60}", written) else "..."
            message = f"the type of an assertion stands under `type`, in {name}"
            findings.add(document, "PK120", message, key, help=f"write `type: {named}, value: {told}`")
            meant |= {"type", "value"}
            continue
        if key.text in KEYS or key.text.startswith("x-"):
            continue
        near = nearest(key.text, KEYS)
        meant |= {near} if near is not None and item.get(near) is None else set()
        findings.unknown_key(Entry(document, key, node), KEYS, f"an assertion of {name}", takes_own=True)
    kind, value = item.get("type"), item.get("value")
    begin = (item.start, item.start + 1)
    if kind is None and "type" not in meant:
        cure = "say how the answer is compared: `type: equals`"
        findings.add(document, "PK122", f"an assertion of {name} has no `type`", begin, help=cure)
    elif isinstance(kind, Scalar) and kind.text in _OF_VALUES and value is None and "value" not in meant:
        cure = "say with what: `value: ...`"
        findings.add(document, "PK122", f"{name}: `{kind.text}` has no `value` to compare with", kind, help=cure)
    elif isinstance(kind, Scalar) and kind.text == "matches" and isinstance(value, Scalar):
        try:
            re.compile(value.text)
        except (re.error, OverflowError, RecursionError) as error:
            message = f"{name}: `{value.text[:40]}` is no regular expression: {error}"
            findings.add(document, "PK121", message, value)
    elif isinstance(kind, Scalar) and value is not None and (wanted := _unfit(kind.text, value)):
        message = f"{name}: `{kind.text}` takes {wanted}"
        findings.add(document, "PK121", message, value)
    return meant


def _unfit(kind: str, value: Node) -> str:
    """What an assertion is compared with, where its value is none."""
    if _OF_KINDS.get(kind) == _NUMBERS and (type(value.value) not in (int, float)):
        return "a number"
    if kind == "one_of" and not isinstance(value, Sequence):
        return "a list of values: `value: [a, b]`"
    if kind == "length":
        bounds = BOUNDS.fullmatch(value.text) if isinstance(value, Scalar) else None
        least, most = bounds.groups() if bounds else ("", "")
        in_order = not (least and most) or float(least) <= float(most)
        is_number = type(value.value) is int and value.value >= 0
        return "" if is_number or (bounds and (least or most) and in_order) else "a number, or bounds such as `1..5`"
    return "a text" if kind in _OF_TEXTS and not isinstance(value, Scalar) else ""


def _check(findings: Findings, document: Document, item: Mapping, known: Declared, name: str) -> None:
    kind, path, value = item.get("type"), item.get("path"), item.get("value")
    if isinstance(kind, Scalar) and kind.text not in ASSERTIONS:
        _unknown_type(findings, document, kind, name)
    schema = None if known.unknown.output else known.output.get("json_schema")
    found: InferredType = None if schema is None else value_of(schema)
    if isinstance(path, Scalar) and schema is not None:
        found = _followed(findings, document, path, found, name)
    if isinstance(kind, Scalar) and kind.text == "check" and isinstance(value, Scalar):
        check_assertion(findings, document, value, known, name, found)
    if schema is None:
        return
    takes, kinds = _OF_KINDS.get(kind.text) if isinstance(kind, Scalar) else None, kinds_of(found)
    told = isinstance(kind, Scalar) and value is not None and _unfit(kind.text, value)
    if takes is not None and kinds and not kinds & takes and isinstance(kind, Scalar) and not told:
        message = f"{name}: `{kind.text}` never holds for {named(kinds)}"
        findings.add(document, "PK301", message, kind, label=f"it is for {named(takes)}")
    elif isinstance(kind, Scalar) and value is not None and not told:
        _check_bounds(findings, document, kind.text, value, found, name)
    compared = isinstance(kind, Scalar) and kind.text in _OF_EQUALS
    if isinstance(kind, Scalar) and kind.text == "contains" and isinstance(value, Scalar):
        _check_contained(findings, document, value, found, name)
    if compared and value is not None and found is not None and len(found) == 1:
        (root, inner), *_ = found
        shared = {
            key: root[key] for key in ("$defs", "definitions", "$schema") if isinstance(root, dict) and key in root
        }
        whole = {**shared, **inner} if isinstance(inner, dict) and inner is not root else inner
        message = f"{name} expects a value that the output never has"
        report_misfits(findings, document, value, whole, declared_value(value, whole), "PK301", message)


def _check_bounds(
    findings: Findings, document: Document, kind: str, value: Node, found: InferredType, name: str
) -> None:
    """An order to a number, or a length, that no value of the output has."""
    orders, measured = [(_ORDERS.get(kind, ""), value.value)], found
    if kind == "length" and isinstance(value, Scalar):
        measured = size_of(found) if found is not None else None
        bounds = BOUNDS.fullmatch(value.text)
        least, most = bounds.groups() if bounds else (value.text, value.text)
        orders = [("gteq", int(least or 0)), ("lteq", int(most) if most else math.inf)]
    why = next((why for order, number in orders if order and (why := never_holds(measured, order, number))), None)
    if why is not None:
        message = f"{name} expects a value that the output never has"
        findings.add(document, "PK301", message, value, label=why[0], help=why[1])


_ORDERS = {"less_than": "lt", "greater_than": "gt", "at_most": "lteq", "at_least": "gteq"}


def _unknown_type(findings: Findings, document: Document, kind: Scalar, name: str) -> None:
    """A type of assertion that there is not: what others call so, or the nearest one, or all that there are."""
    cure = _OF_OTHERS.get(kind.text.lower().replace("-", "_"), "")
    meant = nearest(kind.text, ASSERTIONS) if not cure else None
    message = f"{name}: there is no assertion of type `{kind.text}`"
    label = f"did you mean `{meant}`?" if meant else ""
    fix = meant if meant and is_certain(kind.text, meant) else None
    cure = cure or ("" if meant else f"there are {', '.join(ASSERTIONS)}")
    findings.add(document, "PK121", message, kind, label=label, help=cure, fix=fix)


def _check_contained(findings: Findings, document: Document, value: Scalar, found: InferredType, name: str) -> None:
    """What an answer shall contain: of a list an item, of a text some of it; nothing else contains anything."""
    kinds = kinds_of(found)
    message = f"{name} expects a value that the output never has"
    if kinds and not kinds & {"string", "array", "object"}:
        label = f"{named(kinds)} contains nothing"
        findings.add(document, "PK301", message, value, label=label, help="write `type: equals`")
    elif kinds == {"array"} and (why := never_equal(item_of(found), value.value)) is not None:
        findings.add(document, "PK301", message, value, label=f"no item is that; {why[0]}", help=why[1])
    elif kinds == {"string"}:
        words = [each for root, schema in found or () for each in (form_of(root, schema).values() or [None])]
        if words and all(isinstance(each, str) and value.text not in each for each in words):
            findings.add(document, "PK301", message, value, label=f"none of {', '.join(words)} contains it")


def _followed(findings: Findings, document: Document, path: Scalar, value: InferredType, name: str) -> InferredType:
    """What stands at a path of the answer, such as `lines[0].price` or `$.team`; a step that leads nowhere is told."""
    offsets = document.offsets(path)
    for step, start, end in _steps(path.text):
        if value is None:
            return None
        wrong = missing_key(value, "the answer", step) if isinstance(step, str) else None
        if wrong is not None:
            severity, message, label, cure = wrong
            if isinstance(step, str) and step.isdecimal() and kinds_of(value) == {"array"}:
                message, label, cure = (
                    f"an item of a list is looked up in brackets: `[{step}]`",
                    "",
                    f"write `[{step}]`",
                )
            span = offsets[start], offsets[end - 1] + 1
            findings.add(document, "PK301", f"{name}: {message}", span, severity=severity, label=label, help=cure)
            return None
        value = members_of(value, step)[1] or None
    return value


def _steps(text: str) -> Iterator[tuple[str | int, int, int]]:
    for found in _STEP.finditer(text):
        if found.start() == 0 and found.group() == "$":
            continue
        yield (int(found[1]) if found[1] else found[2]), found.start(), found.end()
