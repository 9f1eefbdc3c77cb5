"""The `output` key: its format, its schema in any spelling, its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from promptkit.chain import Entry
from promptkit.declarations import read_fields, read_items
from promptkit.schema_nodes import check_schema, warn_of_keywords
from promptkit.source import SourceError, join
from promptkit.spec import OutputFormat
from promptkit.yaml_nodes import Mapping, Scalar, Sequence
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from promptkit.findings import Findings
    from promptkit.loader import Loading

_FORMATS = get_args(OutputFormat)
OUTPUT_KEYS = (
    "format",
    "fields",
    "schema",
    "choices",
    "items",
    "headings",
    "description",
    "instructions",
    "checks",
    "attempts",
    "repair",
    "coerce",
    "reask",
    "strict",
)


def read_output(loading: Loading, name: str, entry: Entry) -> None:
    """The whole of `output`, with the format that its declarations imply."""
    merged = loading.chain.merged.get(name)
    if merged is None:
        loading.findings.expected(entry, name, "a mapping, such as `{format: json, fields: {...}}`")
        return
    loading.places |= {(name, key): each for key, each in merged.items()}
    for key, each in merged.items():
        if key not in OUTPUT_KEYS:
            loading.findings.unknown_key(each, OUTPUT_KEYS, name)
    data = {key: each.node.value for key, each in merged.items() if key in OUTPUT_KEYS and key not in _OUTPUT_READERS}
    for key in ("choices", "headings"):
        if key in merged:
            data[key] = _texts(loading.findings, merged[key], key)
    if "checks" in merged:
        data["checks"] = _checks(loading, merged["checks"])
    _default_format(data, merged)
    _output_schema(loading, data, merged)
    _contradictions(loading.findings, entry, data, merged)
    loading.data[name] = data


_OUTPUT_READERS = ("fields", "schema", "items", "choices", "headings", "checks")


def _texts(findings: Findings, entry: Entry, name: str) -> tuple[str, ...]:
    if not isinstance(entry.node, Sequence) or not entry.node.items:
        findings.expected(entry, f"output.{name}", "a list of texts")
        return ()
    return tuple(item.text for item in entry.node.items if isinstance(item, Scalar))


def _default_format(data: dict[str, Any], merged: dict[str, Entry]) -> None:
    """What is declared says the format, where `format` does not."""
    implied = {
        "fields": "json",
        "schema": "json",
        "choices": "choice",
        "items": "list",
        "headings": "markdown",
    }
    if "format" not in data:
        data["format"] = next((implied[key] for key in merged if key in implied), "text")


def _checks(loading: Loading, entry: Entry) -> tuple[Any, ...]:
    value = entry.node.value
    if not isinstance(value, list):
        loading.findings.expected(entry, "output.checks", "a list of `{name, that}`")
        return ()
    for index in range(len(value)):
        item = entry.node.items[index] if isinstance(entry.node, Sequence) else entry.node
        loading.places["output", "checks", index] = Entry(entry.document, entry.key, item)
    return tuple(value)


def _output_schema(loading: Loading, data: dict[str, Any], merged: dict[str, Entry]) -> None:
    if "fields" in merged:
        data["json_schema"] = read_fields(loading.findings, merged["fields"])
    if "items" in merged:
        items = read_items(loading.findings, merged["items"])
        data["json_schema"] = None if items is None else {"type": "array", "items": items}
    if "schema" in merged:
        data["json_schema"] = _authored_schema(loading, merged["schema"])
    if data["format"] == "choice" and data.get("choices"):
        data["json_schema"] = {"enum": list(data["choices"])}
    if data["format"] == "list" and "json_schema" not in data:
        data["json_schema"] = {"type": "array", "items": {"type": "string"}}


def _authored_schema(loading: Loading, entry: Entry) -> Any:
    node = entry.node
    if (
        isinstance(node, Mapping)
        and [key.text for key, _ in node.pairs] == ["$ref"]
        and isinstance(node.get("$ref"), Scalar)
    ):
        reference = node.pairs[0][1]
        if isinstance(reference, Scalar) and not reference.text.startswith("#"):
            return _schema_file(loading, entry, reference)
    if not isinstance(node, Mapping) and not isinstance(node.value, bool):
        loading.findings.expected(entry, "output.schema", "a JSON Schema")
        return None
    schema = node.value
    warn_of_keywords(loading.findings, entry.document, schema, node)
    return schema if check_schema(loading.findings, entry.document, schema, node, entry.key) else None


def _schema_file(loading: Loading, entry: Entry, reference: Scalar) -> Any:
    """`schema: {$ref: schemas/triage.json}`: a file of the same source, JSON or YAML."""
    document = entry.document
    if "://" in reference.text:
        loading.findings.add(
            document,
            "PK401",
            "a schema is never fetched from the network",
            reference,
            help="keep the file beside the prompt",
        )
        return None
    try:
        path = join(document.origin.rpartition("/")[0], reference.text)
        read = read_yaml(loading.source.read(path), loading.source.shown(path))
    except SourceError as error:
        loading.findings.add(
            document,
            "PK113",
            error.message,
            reference,
            help="a path is relative to the file in which it is written",
        )
        return None
    loading.findings.diagnostics += read.faults
    if read.root is None or not isinstance(read.root, Mapping):
        loading.findings.add(document, "PK401", "the file holds no JSON Schema", reference)
        return None
    warn_of_keywords(loading.findings, read, read.root.value, read.root)
    sound = check_schema(loading.findings, read, read.root.value, read.root, Scalar("", "", 0, 1))
    return read.root.value if sound else None


def _contradictions(findings: Findings, entry: Entry, data: dict[str, Any], merged: dict[str, Entry]) -> None:
    if "fields" in merged and "schema" in merged:
        each = merged["schema"]
        findings.add(
            each.document,
            "PK123",
            "`fields` and `schema` exclude each other",
            each.key,
            help="keep one of the two",
        )
    wanted = {
        "json": ("fields", "schema"),
        "choice": ("choices",),
        "list": ("items",),
        "markdown": ("headings",),
    }
    for key in ("fields", "schema", "choices", "items", "headings"):
        if data["format"] in _FORMATS and key in merged and key not in wanted.get(data["format"], ()):
            each = merged[key]
            findings.add(each.document, "PK123", f"`{key}` does not go with `format: {data['format']}`", each.key)
    if data["format"] == "choice" and "choices" not in merged:
        findings.add(entry.document, "PK122", "`format: choice` needs `choices`", entry.key, help="choices: [yes, no]")
