"""The output's `checks`: each `that` is a Jinja expression over `value`, the answer, and the inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.findings import node_at, span_in
from promptkit.template.analysis import Analysis, TemplateFault, analyse
from promptkit.template.lookups import lookup_faults
from promptkit.yaml_nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.chain import Chain, Entry
    from promptkit.findings import Findings

_OPENING = "{{ "
_PLAIN_VALUES = {"text": {"type": "string"}}
"""What `value` is where the output has no schema."""


def check_expressions(findings: Findings, chain: Chain, data: dict[str, Any]) -> set[str]:
    """Check the expression of each check; the names in them."""
    entry = chain.merged.get("output", {}).get("checks")
    output, inputs = data.get("output", {}), data.get("inputs", {})
    schemas = {name: declared["json_schema"] for name, declared in inputs.items()}
    schemas["value"] = output.get("json_schema", _PLAIN_VALUES.get(output.get("format"), True))
    used: set[str] = set()
    for index, item in enumerate(output.get("checks", ())):
        that = item.get("that") if isinstance(item, dict) else None
        if not isinstance(that, str) or entry is None:
            continue
        analysis = analyse(_OPENING + that + " }}")
        used |= {use.name for use in analysis.names}
        for fault in (*analysis.faults, *_unknown_names(analysis, schemas), *lookup_faults(analysis, schemas)):
            if fault.code not in _NO_FAULTS:
                _report(findings, entry, index, replace(fault, message=f"check `{item.get('name')}`: {fault.message}"))
    return used


_NO_FAULTS = ("PK210", "PK211")
"""What is strange in a template only."""


def _unknown_names(analysis: Analysis, schemas: dict[str, Any]) -> Iterator[TemplateFault]:
    for use in analysis.names:
        if use.name not in schemas:
            hint = did_you_mean(use.name, schemas)
            yield TemplateFault(
                "PK202", f"`{use.name}` is neither `value` nor an input", use.start, use.end, label=hint
            )


def _report(findings: Findings, entry: Entry, index: int, fault: TemplateFault) -> None:
    node = node_at(entry.node, (index, "that"))
    start, end = (max(0, at - len(_OPENING)) for at in (fault.start, fault.end))
    span = span_in(entry.document, node)(start, end) if isinstance(node, Scalar) else (node.start, node.start + 1)
    told = {"severity": fault.severity, "label": fault.label, "help": fault.help}
    findings.add(entry.document, fault.code, fault.message, span, **told)
