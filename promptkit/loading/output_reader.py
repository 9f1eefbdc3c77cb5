"""The `output` key: its format, its schema in any spelling, its checks."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.late_pattern import LatePattern
from promptkit.loading.declarations import read_fields, read_items
from promptkit.loading.findings import without_colon
from promptkit.loading.inheritance import Entry
from promptkit.loading.lost_prose import warn_of_typographic_quotes
from promptkit.loading.schema_files import SCHEMA_ENDINGS, read_schema_file
from promptkit.loading.schema_nodes import declares, is_schema_mapping, usable_schema, warn_of_keywords
from promptkit.schema.keywords import KEYWORDS
from promptkit.spec import FORMAT_KEYS, JSON_FORMATS, STRUCTURED_FORMATS, TEXT_FORMATS
from promptkit.yaml_nodes import Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from promptkit.loader import Loading
    from promptkit.loading.findings import Findings

_FORMATS = tuple(FORMAT_KEYS)
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
        plain = str(entry.node.value)
        cure = f"write `output: {{format: {plain}}}`" if plain in (*STRUCTURED_FORMATS, *TEXT_FORMATS) else ""
        loading.findings.expected(entry, name, "a mapping, such as `{format: json, fields: {...}}`", help=cure)
        loading.unknown.output = True
        return
    loading.places |= {(name, key): each for key, each in merged.items()}
    straight = _straight_schema(merged)
    if straight is not None:
        message, cure = "a JSON Schema stands under `schema`", "write it there: `output: {schema: {...}}`"
        loading.findings.add(straight.document, "PK120", message, straight.key, help=cure)
        loading.unknown.output = True
    first = _straight_fields(merged) if straight is None else None
    if first is not None:
        message = f"there is no key `{first.key.text}` in `{name}`"
        cure = f"fields stand under `fields`: `{name}: {{fields: {{{first.key.text}: ...}}}}`"
        loading.findings.add(first.document, "PK120", message, first.key, help=cure)
        loading.unknown.output = True
    for key, each in list(merged.items()):
        if key not in OUTPUT_KEYS and first is None and not (straight is not None and key in KEYWORDS):
            loading.findings.unknown_key(each, OUTPUT_KEYS, name)
            meant = nearest(key, OUTPUT_KEYS)
            if without_colon(each.key, OUTPUT_KEYS):
                loading.unknown.output = True
            elif meant is not None and meant not in merged and _goes_with(meant, merged):
                merged[meant] = each  # read as it was meant, so that nothing seems missing
    data = {key: each.node.value for key, each in merged.items() if key in OUTPUT_KEYS and key not in _OUTPUT_READERS}
    described = merged["description"].node if "description" in merged else None
    if isinstance(described, Scalar) and loading.data.get("inputs", {}).keys() & set(_PRINTED.findall(described.text)):
        _warn_of_braces(loading.findings, merged["description"], "description", described)
    if described is not None:
        document = merged["description"].document
        warn_of_typographic_quotes(loading.findings, "output.description", document, described)
    for key in ("choices", "headings"):
        if key in merged:
            data[key] = _texts(loading.findings, merged[key], key)
    if "checks" in merged:
        data["checks"] = _checks(loading, merged["checks"])
    _default_format(data, merged)
    _output_schema(loading, data, merged)
    _contradictions(loading.findings, entry, data, merged)
    if data.get("json_schema", True) is None or data.get("format") not in _FORMATS:
        loading.unknown.output = True  # what is wrong with the schema or the format is told
    loading.data[name] = data


_PRINTED = LatePattern(r"\{[{%]-?\s*(?:if\s+)?([A-Za-z_]\w*)")
"""The name that a tag prints, or asks for."""


def _goes_with(meant: str, merged: dict[str, Entry]) -> bool:
    """Whether a key that may have been meant would contradict none that is there."""
    form = merged.get("format")
    own = FORMAT_KEYS.get(form.node.text, ()) if form is not None and isinstance(form.node, Scalar) else (meant,)
    return meant not in _OF_A_FORMAT or (meant in own and merged.keys().isdisjoint(_OF_A_FORMAT - set(own)))


def _straight_schema(merged: dict[str, Entry]) -> Entry | None:
    """The first keyword of a JSON Schema that stands beside the other keys."""
    if "schema" in merged or "fields" in merged or _SCHEMA_SIGNS.isdisjoint(merged):
        return None
    return next(each for key, each in merged.items() if key in KEYWORDS and key not in OUTPUT_KEYS)


def _straight_fields(merged: dict[str, Entry]) -> Entry | None:
    """The first field that is declared beside the other keys, where only such stand there."""
    others = [each for key, each in merged.items() if key not in OUTPUT_KEYS]
    fields = [each for each in others if declares(each.node) and nearest(each.key.text, OUTPUT_KEYS) is None]
    form = merged.get("format")
    others = [each for each in others if each.key.text not in ("example", "examples")]
    alone = not {"fields", "schema", "items", "choices"} & merged.keys()
    alone &= form is None or (isinstance(form.node, Scalar) and form.node.text == "json")
    return others[0] if alone and others and len(fields) == len(others) else None


_SCHEMA_SIGNS = frozenset(("properties", "$ref", "$schema", "anyOf", "oneOf", "allOf", "enum", "additionalProperties"))
_OF_A_FORMAT = frozenset(key for keys in FORMAT_KEYS.values() for key in keys)
_OUTPUT_READERS = ("fields", "schema", "items", "choices", "headings", "checks")


_FEW = 5
_PLAIN_WORD = LatePattern(r"\w[\w -]*\Z")
_WITHOUT_MEANINGS = "list the words alone, and say in `output.description` what each of them means"


def _texts(findings: Findings, entry: Entry, name: str) -> tuple[str, ...]:
    if not isinstance(entry.node, Sequence) or not entry.node.items:
        dashed = isinstance(entry.node, Scalar) and re.match("-[\\w\u00a0]", entry.node.text)
        cure = "put a space behind each dash: `- ...`" if dashed else ""
        if name == "choices" and isinstance(entry.node, Mapping):
            words = [key.text for key, _ in entry.node.pairs]
            plain = len(words) <= _FEW and all(map(_PLAIN_WORD.match, words))
            shown = f": `choices: [{', '.join(words)}]`" if plain else ""
            cure = f"{_WITHOUT_MEANINGS}{shown}"
        findings.expected(entry, f"output.{name}", "a list of texts", cure)
        return ()
    listed: dict[str, None] = {}
    for item in entry.node.items:
        if not isinstance(item, Scalar):
            message = f"`output.{name}` is a list of texts"
            at, cure = (item.start, item.start + 1), _WITHOUT_MEANINGS if name == "choices" else ""
            findings.add(entry.document, "PK121", message, at, label="this is no text", help=cure)
        elif item.text in listed:
            message = f"`{item.text}` stands twice in `output.{name}`"
            findings.add(entry.document, "PK408", message, item, severity="warning", help="take one of them away")
        else:
            listed[item.text] = None
            _warn_of_braces(findings, entry, name, item)
            warn_of_typographic_quotes(findings, f"output.{name}", entry.document, item)
            if name == "headings" and (signs := re.match(r"#{1,6}\s+", item.text)):
                message = "a heading is named without its signs, which are put before it"
                cure = f"write `{item.text[signs.end() :]}`"
                findings.add(entry.document, "PK121", message, item, help=cure)
    return tuple(listed)


def _warn_of_braces(findings: Findings, entry: Entry, name: str, text: Scalar) -> None:
    """Tell of what looks like a template where none is read."""
    if "{{" in text.text or "{%" in text.text:
        message, cure = (
            f"`output.{name}` is no template: the braces are printed as they stand",
            "write the words themselves",
        )
        findings.add(entry.document, "PK212", message, text, severity="warning", help=cure)


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
        cure = "write `checks: [{name: ..., that: ...}]`"
        loading.findings.expected(entry, "output.checks", "a list of `{name, that}`", cure)
        return ()
    checks = list(value)
    for index, check in enumerate(value):
        item = entry.node.items[index] if isinstance(entry.node, Sequence) else entry.node
        loading.places["output", "checks", index] = Entry(entry.document, entry.key, item)
        if (cure := _check_cure(check)) and isinstance(entry.node, Sequence):
            message = f"`output.checks.{index}`: a check is a mapping of `name` and `that`"
            loading.findings.add(entry.document, "PK121", message, item, label="this is an expression", help=cure)
            checks[index] = {"name": f"check_{index}", "that": "true"}  # whose faults have this one cause
    return tuple(checks)


def _check_cure(check: Any) -> str:
    """How a check is written that is an expression alone, or under `assert`; nothing for all else."""
    if isinstance(check, str) and check.strip():
        return f"write `{{name: ..., that: {json.dumps(check, ensure_ascii=False)}}}`"
    if isinstance(check, dict) and isinstance(check.get("assert"), str) and "that" not in check:
        name, that = check.get("name", "..."), json.dumps(check["assert"], ensure_ascii=False)
        return f"the expression stands under `that`: `{{name: {name}, that: {that}, assert: true}}`"
    return ""


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
    reference = node.get("$ref") if isinstance(node, Mapping) and len(node.pairs) == 1 else None
    if isinstance(reference, Scalar) and not is_empty(reference) and not reference.text.startswith("#"):
        return read_schema_file(loading, entry, reference)
    if isinstance(node, Scalar) and node.text.endswith(SCHEMA_ENDINGS):
        cure = f"a schema in a file is named by `schema: {{$ref: {node.text}}}`"
        loading.findings.add(entry.document, "PK121", "`output.schema` is a JSON Schema", node, help=cure)
        return None
    if not isinstance(node, Mapping) and not isinstance(node.value, bool):
        loading.findings.expected(entry, "output.schema", "a JSON Schema")
        return None
    if isinstance(node, Mapping) and (wrong := _no_schema(node)):
        loading.findings.add(entry.document, "PK121", wrong[0], node.pairs[0][0], help=wrong[1])
        return None
    schema = node.value
    warn_of_keywords(loading.findings, entry.document, schema, node)
    return usable_schema(loading.findings, entry.document, schema, node, entry.key)


def _no_schema(node: Mapping) -> tuple[str, str] | None:
    """What stands in the place of a schema, and the cure: fields without `properties`, or OpenAI's wrapper."""
    names = {key.text for key, _ in node.pairs}
    inner = node.get("schema")
    if isinstance(inner, Mapping) and names <= {"name", "strict", "description", "schema"}:
        return "the JSON Schema stands in a wrapper of OpenAI's", "write what stands under the inner `schema` here"
    if (
        node.pairs
        and not is_schema_mapping(node)
        and any(isinstance(value, Scalar) and declares(value) for _, value in node.pairs)
    ):
        message = "the short form of fields stands under `fields`; `schema` takes a JSON Schema"
        return message, f"write `fields: {{{node.pairs[0][0].text}: ...}}`, or `{{type: object, properties: {{...}}}}`"
    if not names or names & set(KEYWORDS):
        return None
    if all(isinstance(value, Mapping) and value.get("type") is not None for _, value in node.pairs):
        return (
            "the fields of a JSON Schema stand under `properties`",
            "write `{type: object, properties: {...}}`, or `fields:`",
        )
    return None


def _contradictions(findings: Findings, entry: Entry, data: dict[str, Any], merged: dict[str, Entry]) -> None:
    if "fields" in merged and "schema" in merged:
        findings.exclusive(merged["schema"], "fields", "schema", "keep one of the two")
    misfit = ""
    for key in chain.from_iterable(FORMAT_KEYS.values()):
        own = FORMAT_KEYS[data["format"]] if data["format"] in _FORMATS else OUTPUT_KEYS
        if key in merged and key not in own:
            each, misfit = merged[key], key
            cure = f"write `{own[0]}: ...`, or take another format" if own else "leave one of the two out"
            message = f"`{key}` does not go with `format: {data['format']}`"
            findings.add(each.document, "PK123", message, each.key, help=cure)
    told = merged.get("instructions")
    if told is not None and told.node.value == "json_schema" and data["format"] not in JSON_FORMATS:
        message = f"`instructions: json_schema` does not go with `format: {data['format']}`"
        findings.add(told.document, "PK123", message, told.node, help="it is for `format: json` and `list`")
    if data["format"] == "choice" and "choices" not in merged and not misfit:
        findings.add(entry.document, "PK122", "`format: choice` needs `choices`", entry.key, help="choices: [yes, no]")
