"""Examples and tests, checked against the declared inputs and output with the validation of live traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.loading.assertion_checks import read_assertions
from promptkit.loading.findings import cut_by_comma
from promptkit.loading.inheritance import Entry
from promptkit.loading.typed_values import declared_value, field_names
from promptkit.loading.value_checks import report_misfits
from promptkit.spec import TEXT_FORMATS
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from promptkit.loading.declared import Declared
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Node

EXAMPLE_KEYS = ("inputs", "reasoning", "output")
TEST_KEYS = ("name", "inputs", "output", "assert")


def read_examples(findings: Findings, entry: Entry, known: Declared) -> tuple[dict[str, Any], ...]:
    """The examples' data; each that does not fit is reported at the offending value."""
    found: list[dict[str, Any]] = []
    answered: dict[str, tuple[int, Any]] = {}
    for number, node in enumerate(_items(findings, entry, "examples"), 1):
        before_it = len(findings.diagnostics)
        example = check_example(findings, entry, node, known, number)
        if example is None:
            continue
        found.append(example)
        if len(findings.diagnostics) > before_it:
            continue  # what does not fit decides nothing
        decided = _decided(example["output"], known)
        first, before = answered.setdefault(repr(sorted(example["inputs"].items())), (number, decided))
        if example["inputs"] and before != decided:
            message = f"example {number} answers the inputs of example {first} otherwise"
            findings.add(entry.document, "PK231", message, node, severity="warning", help="keep one of the two")
    return tuple(found)


def _decided(output: Any, known: Declared) -> Any:
    """What of an answer is one of several words, or a truth: what is free to be worded may well differ."""
    if known.output.get("format") == "choice":
        return output
    schema = known.output.get("json_schema")
    fields = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(output, dict) or not isinstance(fields, dict):
        return None
    closed = {name for name, each in fields.items() if isinstance(each, dict)}
    closed = {name for name in closed if "enum" in fields[name] or fields[name].get("type") == "boolean"}
    return {name: value for name, value in output.items() if name in closed}


def check_example(findings: Findings, entry: Entry, node: Node, known: Declared, number: int) -> dict[str, Any] | None:
    """One example's data, if it has the form of one; what does not fit in it is reported."""
    name = f"example {number}"
    if isinstance(node, Mapping) and _is_flat(node, known):
        _tell_of_flat(findings, entry, node, known, name)
        return None
    if not _is_case(node, findings, entry, name, EXAMPLE_KEYS, known):
        return None
    output = node.get("output")
    if output is None:  # one under a misspelt key is read as it was meant
        output = next(
            (value for key, value in node.pairs if _meant_by(key.text, EXAMPLE_KEYS, known) == "output"), None
        )
    if output is None:
        at = node.pairs[0][0] if node.pairs else node
        findings.add(entry.document, "PK122", f"{name} has no `output`", at, help="add `output:`")
        return None
    inputs = _checked_inputs(findings, entry, node, known, name)
    example = {"inputs": inputs, "output": checked_output(findings, entry, output, known, name, inputs)}
    if (reasoning := node.get("reasoning")) is not None:
        if not isinstance(reasoning, Scalar):
            findings.expected(Entry(entry.document, entry.key, reasoning), f"the reasoning of {name}", "a text")
            return None
        example["reasoning"] = reasoning.text
    return example


def _tell_of_flat(findings: Findings, entry: Entry, node: Mapping, known: Declared, name: str) -> None:
    given = {key.text: key.text in known.inputs for key, _ in node.pairs}
    inputs, output = (", ".join(f"{each}: ..." for each in given if given[each] is side) for side in (True, False))
    message, cure = f"inputs and output of {name} are mixed", f"write `inputs: {{{inputs}}}` and `output: {{{output}}}`"
    if not inputs:
        message, cure = f"the answer of {name} stands under no `output`", f"write `output: {{{output}}}`"
    findings.add(entry.document, "PK120", message, node.pairs[0][0], help=cure)


def _is_flat(node: Mapping, known: Declared) -> bool:
    """Whether the values of an example stand side by side: its inputs, if it has any, and the fields of its output."""
    names = {key.text for key, _ in node.pairs}
    given = names & known.inputs.keys()
    if not names.isdisjoint(EXAMPLE_KEYS):
        return False
    answered = names - given
    return bool(answered) and answered <= set(field_names(known.output.get("json_schema"), ()))


def read_tests(findings: Findings, entry: Entry, known: Declared) -> tuple[dict[str, Any], ...]:
    """The tests' data; their inputs, an expected output, and what they assert must fit like an example's."""
    found = []
    for number, node in enumerate(_items(findings, entry, "tests"), 1):
        name = f"test {number}"
        if not _is_case(node, findings, entry, name, TEST_KEYS, known):
            continue
        case: dict[str, Any] = {"inputs": _checked_inputs(findings, entry, node, known, name)}
        if (output := node.get("output")) is not None:
            case["output"] = checked_output(findings, entry, output, known, name, case["inputs"])
        if isinstance(title := node.get("name"), Scalar):
            case["name"] = title.text
        if (asserted := node.get("assert")) is not None:
            case["assert"] = read_assertions(findings, entry.document, asserted, known, name)
        found.append(case)
    return tuple(found)


_OTHER_KEYS = {
    **dict.fromkeys(("input", "args", "params", "variables", "vars", "question", "query", "user"), "inputs"),
    **dict.fromkeys(("answer", "response", "completion", "assistant", "result", "expected", "target"), "output"),
    **dict.fromkeys(("thought", "thoughts", "rationale", "explanation"), "reasoning"),
}
"""What other tools call the keys of an example."""


def _meant(node: Mapping, keys: tuple[str, ...], known: Declared) -> set[str]:
    """The keys that others were meant to be; the name of an input was meant to stand under `inputs`."""
    return {_meant_by(key.text, keys, known) for key, _ in node.pairs if key.text not in keys}


def _meant_by(key: str, keys: tuple[str, ...], known: Declared) -> str:
    return "inputs" if key in known.inputs else nearest(key, keys) or _OTHER_KEYS.get(key.casefold(), "")


def _items(findings: Findings, entry: Entry, name: str) -> tuple[Node, ...]:
    if isinstance(entry.node, Sequence):
        return entry.node.items
    cure = "begin each with `- `, and indent its other lines" if isinstance(entry.node, Mapping) else ""
    findings.expected(entry, name, "a list", cure)
    return ()


def _is_case(
    node: Node, findings: Findings, entry: Entry, name: str, keys: tuple[str, ...], known: Declared
) -> TypeGuard[Mapping]:
    if not isinstance(node, Mapping):
        findings.add(entry.document, "PK121", f"{name} is not a mapping", node, help=f"keys: {', '.join(keys)}")
        return False
    for key, value in node.pairs:
        if key.text in known.inputs and key.text not in keys:
            message, cure = f"the input `{key.text}` stands beside `inputs` in {name}", "write `inputs: {name: value}`"
            findings.add(entry.document, "PK120", message, key, help=cure.replace("name", key.text))
        elif key.text not in keys:
            unread, meant = Entry(entry.document, key, value), _meant_by(key.text, keys, known)
            findings.unknown_key(unread, keys, name, meant)
    return True


def _checked_inputs(findings: Findings, entry: Entry, case: Mapping, known: Declared, name: str) -> dict[str, Any]:
    inputs, unknown = known.inputs, known.unknown.inputs
    node = case.get("inputs")
    if node is None and "inputs" in _meant(case, EXAMPLE_KEYS, known):
        return {}
    if node is not None and not isinstance(node, Mapping):
        message = f"the inputs of {name} are not a mapping"
        findings.add(entry.document, "PK121", message, node, help="write `{name: value}`")
        return {}
    values: dict[str, Any] = {}
    meant: set[str | None] = set()
    pairs = node.pairs if node else ()
    secrets = {name for name, declared in inputs.items() if declared.get("secret") is True}
    entry.document.masked += [(value.start, value.end) for key, value in pairs if key.text in secrets]
    for key, value in pairs:
        declared = inputs.get(key.text)
        if key.text in secrets:
            message, cure = f"the secret input `{key.text}` stands in {name}", "leave it out: no template can use it"
            findings.add(entry.document, "PK129", message, key, help=cure)
        elif declared is not None:
            values[key.text] = declared_value(value, declared["json_schema"])
            message = f"{name}, input `{key.text}` does not fit its declaration"
            schema = declared["json_schema"]
            report_misfits(findings, entry.document, value, schema, values[key.text], "PK302", message)
        elif not unknown and key.text not in known.unknown.faulty:
            near = nearest(key.text, inputs)
            meant.add(near)
            message = f"{name} gives an input `{key.text}` that is not declared"
            cut = cut_by_comma(Entry(entry.document, key, value))
            label = "a comma in `{...}` begins the next key" if cut else did_you_mean(key.text, inputs)
            cure = "quote the whole text before it, if this belongs to it" if cut else ""
            findings.add(entry.document, "PK304", message, key, label=label, help=cure, fix=None if cut else near)
    for wanted, declared in inputs.items():
        needed = declared.get("required") and not declared.get("secret")
        needed = needed and wanted not in known.unknown.faulty
        if needed and wanted not in values and wanted not in meant:
            place = (node.start, node.start + 1) if node else (case.pairs[0][0] if case.pairs else case)
            cure = "give it, make it optional (`?`), or give it a default"
            findings.add(entry.document, "PK303", f"{name} lacks the input `{wanted}`", place, help=cure)
    return values


def checked_output(
    findings: Findings, entry: Entry, node: Node, known: Declared, name: str, inputs: dict[str, Any]
) -> Any:
    """An answer's data; one that does not fit the output is reported at the offending value."""
    output = known.output
    schema = output.get("json_schema")
    if known.unknown.output:
        return node.value
    if output.get("format", "text") in TEXT_FORMATS:
        if not isinstance(node, Scalar):
            message = f"{name} does not fit the output format"
            findings.add(entry.document, "PK301", message, (node.start, node.start + 1), label="a text is expected")
            return ""
        known.checks.check(findings, entry.document, node, node.text, inputs, name)
        return node.text
    if schema is None:
        return node.value
    value = declared_value(node, schema)
    message = f"{name} does not fit the output schema"
    if report_misfits(findings, entry.document, node, schema, value, "PK301", message):
        known.checks.check(findings, entry.document, node, value, inputs, name)
    return value
