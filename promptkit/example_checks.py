"""Examples and tests, checked against the declared inputs and output with the validation of live traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from promptkit.chain import Entry
from promptkit.diagnostics import did_you_mean
from promptkit.findings import declared_value, node_at, span_of
from promptkit.schema import Schema
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from promptkit.findings import Findings
    from promptkit.yaml_nodes import Node

EXAMPLE_KEYS = ("inputs", "reasoning", "output")
TEST_KEYS = ("name", "inputs", "output", "assert")


def read_examples(findings: Findings, entry: Entry, known: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The examples' data; each that does not fit is reported at the offending value."""
    found = []
    for number, node in enumerate(_items(findings, entry, "examples"), 1):
        name = f"example {number}"
        if not _is_case(node, findings, entry, name, EXAMPLE_KEYS):
            continue
        output = node.get("output")
        if output is None:
            findings.add(entry.document, "PK122", f"{name} has no `output`", node.pairs[0][0] if node.pairs else node)
            continue
        value = _checked_output(findings, entry, output, known["output"], name)
        example = {"inputs": _checked_inputs(findings, entry, node, known["inputs"], name), "output": value}
        if isinstance(reasoning := node.get("reasoning"), Scalar):
            example["reasoning"] = reasoning.text
        found.append(example)
    return tuple(found)


def read_tests(findings: Findings, entry: Entry, known: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The tests' data; their inputs, and an expected output, must fit like an example's."""
    found = []
    for number, node in enumerate(_items(findings, entry, "tests"), 1):
        name = f"test {number}"
        if not _is_case(node, findings, entry, name, TEST_KEYS):
            continue
        case: dict[str, Any] = {"inputs": _checked_inputs(findings, entry, node, known["inputs"], name)}
        if (output := node.get("output")) is not None:
            case["output"] = _checked_output(findings, entry, output, known["output"], name)
        if isinstance(title := node.get("name"), Scalar):
            case["name"] = title.text
        if isinstance(assertions := node.get("assert"), Sequence):
            case["assert"] = tuple(item.value for item in assertions.items)
        found.append(case)
    return tuple(found)


def _items(findings: Findings, entry: Entry, name: str) -> tuple[Node, ...]:
    if isinstance(entry.node, Sequence):
        return entry.node.items
    findings.expected(entry, name, "a list")
    return ()


def _is_case(node: Node, findings: Findings, entry: Entry, name: str, keys: tuple[str, ...]) -> TypeGuard[Mapping]:
    if not isinstance(node, Mapping):
        findings.add(entry.document, "PK121", f"{name} is not a mapping", node, help=f"keys: {', '.join(keys)}")
        return False
    for key, value in node.pairs:
        if key.text not in keys:
            findings.unknown_key(Entry(entry.document, key, value), keys, name)
    return True


def _checked_inputs(
    findings: Findings, entry: Entry, case: Mapping, inputs: dict[str, Any], name: str
) -> dict[str, Any]:
    node = case.get("inputs")
    given = node.pairs if isinstance(node, Mapping) else ()
    if node is not None and not isinstance(node, Mapping):
        findings.add(entry.document, "PK121", f"the inputs of {name} are not a mapping", node)
        return {}
    values: dict[str, Any] = {}
    for key, value in given:
        declared = inputs.get(key.text)
        if declared is None:
            findings.add(
                entry.document,
                "PK304",
                f"{name} gives an input `{key.text}` that is not declared",
                key,
                label=did_you_mean(key.text, inputs),
            )
            continue
        values[key.text] = declared_value(value, declared["json_schema"])
        _check_input(findings, entry, value, declared, values[key.text], f"{name}, input `{key.text}`")
    required = [
        wanted for wanted, declared in inputs.items() if declared.get("required") and not declared.get("secret")
    ]
    for wanted in required:
        if wanted not in {key.text for key, _ in given}:
            place = case.key("inputs") or (case.pairs[0][0] if case.pairs else case)
            findings.add(
                entry.document,
                "PK303",
                f"{name} lacks the input `{wanted}`",
                place,
                help="give it, make it optional (`?`), or give it a default",
            )
    return values


def _check_input(findings: Findings, entry: Entry, node: Node, declared: dict[str, Any], value: Any, name: str) -> None:
    for violation in Schema(declared["json_schema"]).validate(value):
        findings.add(
            entry.document,
            "PK302",
            f"{name} does not fit its declaration",
            span_of(node, violation, node),
            label=violation.message,
        )


def _checked_output(findings: Findings, entry: Entry, node: Node, output: dict[str, Any], name: str) -> Any:
    schema = output.get("json_schema")
    if output.get("format", "text") in ("text", "markdown"):
        if not isinstance(node, Scalar):
            findings.add(
                entry.document,
                "PK301",
                f"{name} does not fit the output format",
                node,
                label="a text is expected",
            )
            return ""
        return node.text
    if schema is None:
        return node.value
    value = declared_value(node, schema)
    for violation in Schema(schema).validate(value):
        at = node_at(node, violation.location)
        findings.add(
            entry.document,
            "PK301",
            f"{name} does not fit the output schema",
            span_of(node, violation, at),
            label=violation.message if at is not node else f"{violation.path}: {violation.message}",
        )
    return value
