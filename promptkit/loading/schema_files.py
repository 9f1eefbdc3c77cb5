"""`schema: {$ref: schemas/triage.json}`: a JSON Schema in a file of the same source, JSON or YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from promptkit.loading.file_suggestions import RELATIVE, file_cure
from promptkit.loading.schema_nodes import usable_schema, warn_of_keywords
from promptkit.source import SourceError
from promptkit.source_paths import resolve
from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.inheritance import Entry
    from promptkit.yaml_nodes import Document

SCHEMA_ENDINGS = (".json", ".yaml", ".yml")


def read_schema_file(loading: Loading, entry: Entry, reference: Scalar) -> Any:
    """The schema that a file holds; what is wrong with it is told in that file, and None is given."""
    findings, source, document = loading.findings, loading.source, entry.document
    if "://" in reference.text:
        message, cure = "a schema is never fetched from the network", "keep the file beside the prompt"
        findings.add(document, "PK401", message, reference, help=cure)
        return None
    if "#" in reference.text:
        whole = reference.text.partition("#")[0]
        message, cure = (
            "a schema is a whole file, not a part of one",
            f"write the part into a file of its own, or take `{whole}`",
        )
        findings.add(document, "PK401", message, reference, help=cure)
        return None
    try:
        path = resolve(source, document.origin.rpartition("/")[0], reference.text)
    except SourceError as error:
        findings.add(document, error.code, error.message, reference, help=error.help or RELATIVE)
        return None
    try:
        read = read_yaml(source.read(path), source.shown(path))
    except SourceError as error:
        findings.add(
            document, error.code, error.message, reference, help=error.help or file_cure(source, path, reference.text)
        )
        return None
    if path.endswith(".json") and _is_no_json(loading, read):
        return None
    findings.diagnostics += read.faults
    if not isinstance(read.root, Mapping):
        if not any(fault.severity == "error" for fault in read.faults):
            findings.add(document, "PK401", "the file holds no JSON Schema", reference, help="a schema is an object")
        return None
    warn_of_keywords(findings, read, read.root.value, read.root)
    return usable_schema(findings, read, read.root.value, read.root, Scalar("", "", 0, 1))


def _is_no_json(loading: Loading, read: Document) -> bool:
    """Whether a file that says it is JSON is none, which is told; YAML would take comments for texts."""
    bounded = any(fault.code in ("PK101", "PK105") for fault in read.faults)
    try:
        if not bounded:
            json.loads(read.text)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        loading.findings.diagnostics.append(read.diagnostic("PK100", message, (error.pos, error.pos + 1), help=_JSON))
        return True
    except (ValueError, RecursionError):
        return False  # numbers and depths beyond limits are told otherwise
    return False


_JSON = "JSON has no comments, no trailing commas, and double quotes only"
