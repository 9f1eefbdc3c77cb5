"""Inputs and fields as they are authored, shorthands and all, to JSON Schemas; each fault at its character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from promptkit.diagnostics import nearest
from promptkit.loading.description_checks import check_description, check_prose
from promptkit.loading.findings import before_colon, is_bare_key, no_colon, pair_of
from promptkit.loading.inheritance import Entry
from promptkit.loading.lost_prose import cut_off, warn_of_lost_prose
from promptkit.loading.missing_declarations import braced_declaration, is_of_others, missing_declaration
from promptkit.loading.schema_nodes import (
    AS_OBJECT,
    FOREIGN_KEYWORDS,
    OWN_KEYWORDS,
    check_keywords,
    check_schema,
    is_schema_mapping,
    refuse_own_keywords,
)
from promptkit.loading.typed_values import declared_value
from promptkit.loading.value_checks import report_misfits
from promptkit.schema.keywords import KEYWORDS
from promptkit.schema.shorthand import ShorthandError, parse_declaration, split_key, to_object_schema
from promptkit.spec import Trust
from promptkit.yaml_nodes import Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

    from promptkit.loading.declared import Unknown
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Node

_NAMED = "a name is made of the letters a-z, digits and `_`, and does not begin with a digit"
_WORDS_OF_TEMPLATES = frozenset("true false none True False None and or not in is if".split())  # noqa: SIM905


def read_inputs(
    findings: Findings, merged: Map[str, Entry], unknown: Unknown
) -> tuple[dict[str, Any], dict[str, Entry], Any]:
    """The declared inputs: their data by name, the entries they stand in, and the third spelling's whole schema.

    The names of those that are not declared as they should be go to what is `unknown`.
    """
    schema = merged.get("schema")
    if schema is not None and _is_whole_schema(schema.node):
        for other in merged.values():
            if other is not schema:
                message = f"`{other.key.text}` stands beside `schema`, which declares all inputs"
                findings.add(other.document, "PK123", message, other.key, help="move it into the schema's `properties`")
                unknown.inputs = True
        return _from_schema(findings, schema, unknown)
    if "properties" in merged and (entry := merged.get("type")) is not None and entry.node.value == "object":
        cure = "write it there: `inputs: {schema: {type: object, properties: {...}}}`"
        findings.add(entry.document, "PK121", "a JSON Schema of all inputs stands under `schema`", entry.key, help=cure)
        unknown.inputs = True
        return {}, {}, None
    found: dict[str, Any] = {}
    for declared in merged.values():
        name, optional = split_key(declared.key.text)
        if name == "output" and isinstance(declared.node, Mapping) and {*map(_key, declared.node.pairs)} <= _OF_OUTPUTS:
            message, cure = "`output` stands under `inputs`", "indent it less: it belongs to the top level"
            findings.add(declared.document, "PK120", message, declared.key, help=cure)
            unknown.faulty.add(name)
            continue
        before = len(findings.diagnostics)
        data = _read_input(findings, declared, name)
        if len(findings.diagnostics) > before or declared.node.start in declared.document.meant:
            unknown.faulty |= {name, name.partition(":")[0]}
        if data is not None:
            data["required"] = not optional and not data["has_default"]
            found[name] = data
    return found, {name: entry for name, entry in merged.items() if name in found}, None


def _is_whole_schema(node: Node) -> bool:
    """Whether a mapping is the schema of all inputs together, and not the declaration of an input called `schema`."""
    if not isinstance(node, Mapping):
        return False
    kind = node.get("type")
    return node.get("properties") is not None or (isinstance(kind, Scalar) and kind.text in ("object", "array"))


def _read_input(findings: Findings, entry: Entry, name: str) -> dict[str, Any] | None:
    if name in _WORDS_OF_TEMPLATES:
        findings.add(entry.document, "PK124", f"`{name}` is a word of templates", entry.key, help="take another name")
        return None
    if not name.isidentifier() or not name.isascii():
        if is_empty(entry.node) and entry.node.start == entry.node.end and (".." in name or " " in name):
            missing_declaration(findings, entry.document, entry.key)
            return None
        if is_bare_key(entry) and (first := before_colon(entry.key)):
            message, cure = no_colon(first, entry.key)
            findings.add(entry.document, "PK124", message, entry.key, help=cure, fix=pair_of(first, entry))
            return None
        message, cure = f"`{name}` cannot be the name of an input", _NAMED
        if (plain := re.sub(r"[\s.-]+", "_", name)).isidentifier() and plain.isascii():
            cure = f"write `{plain}`, here and in the templates: {_NAMED}"
        findings.add(entry.document, "PK124", message, entry.key, help=cure)
        return None
    node = entry.node
    if isinstance(node, Mapping) and (is_schema_mapping(node) or _misspells_type(node)):
        return _keyword_input(findings, entry, node)
    read = _read_declaration(findings, entry.document, entry.key, node)
    # A faulty declaration still declares the name: one cause, one report.
    schema, has_default, default = read or (True, False, None)
    return _input(schema, has_default=has_default, default=default)


def _misspells_type(node: Mapping) -> bool:
    """Whether a mapping declares no object of fields, but an input whose `type` is misspelt.

    Something like `type` stands in it, and beside that a keyword whose value is no declaration of a field.
    """
    misspelt = any(key.text not in KEYWORDS and nearest(key.text.lower(), ["type"]) for key, _ in node.pairs)
    return misspelt and any(
        key.text in (*KEYWORDS, *OWN_KEYWORDS)
        and isinstance(value, Scalar)
        and (not isinstance(value.value, str) or (key.text == "trust" and value.text in _TRUST))
        for key, value in node.pairs
    )


_TRUST = get_args(Trust)


def _input(schema: Any, **rest: Any) -> dict[str, Any]:
    return {"json_schema": schema, "has_default": False, "default": None} | rest


def _keyword_input(findings: Findings, entry: Entry, node: Mapping) -> dict[str, Any]:
    data = _input({})
    schema: dict[str, Any] = {}
    misspelt = False
    for key, value in node.pairs:
        own = Entry(entry.document, key, value)
        if key.text == "required" and isinstance(value, Scalar):
            cure = FOREIGN_KEYWORDS["required"].replace("{name}", entry.key.text)
            findings.add(entry.document, "PK120", "`required` does not belong to one input", key, help=cure)
        elif key.text == "default":
            data[key.text] = value
        elif key.text in OWN_KEYWORDS:
            data[key.text] = value.value
        elif key.text == "enum" and _type_of(node) == "string":
            schema[key.text] = declared_value(value, {"items": {"type": "string"}})
        elif key.text in KEYWORDS or key.text.startswith("x-"):
            schema[key.text] = value.value
        else:
            _unknown_keyword(findings, own, entry.key.text)
            misspelt = True
    default = node.get("default")
    data["has_default"] = default is not None
    check_keywords(findings, entry.document, schema, node, f"inputs.{entry.key.text}")
    sound = check_schema(findings, entry.document, schema, node, entry.key)
    # A faulty schema still declares the name: one cause, one report.
    data["json_schema"] = schema if sound and not misspelt else True
    if default is not None:
        data["default"] = declared_value(default, data["json_schema"])
        if data.get("secret") is True:
            _tell_default(findings, entry, node, default)
        else:
            _check_default(findings, entry, data["json_schema"], data["default"], default)
    return data


def _unknown_keyword(findings: Findings, entry: Entry, name: str) -> None:
    word = entry.key.text.lower().replace("_", "")
    spelt = next((keyword for keyword in KEYWORDS if keyword.lower() == word), None)
    if spelt is None and word in FOREIGN_KEYWORDS:
        cure = FOREIGN_KEYWORDS[word].replace("{name}", name)
        message = f"there is no keyword `{entry.key.text}` in `inputs.{name}`"
        findings.once(entry.document, "PK120", message, entry.key, help=cure)
    else:
        known = [spelt] if spelt else [*KEYWORDS, *OWN_KEYWORDS]
        findings.unknown_key(entry, known, f"inputs.{name}", otherwise=AS_OBJECT)


def _tell_default(findings: Findings, entry: Entry, node: Mapping, default: Node) -> None:
    """A secret has no default. What it says is quoted nowhere, and not compared with the declaration."""
    entry.document.masked.append((default.start, default.end))
    cure = "give it when the prompt is run, from the environment; a file is no place for a secret"
    message = f"the secret input `{entry.key.text}` has a default"
    findings.add(entry.document, "PK129", message, node.key("default") or entry.key, help=cure)


def _type_of(node: Mapping) -> str:
    kind = node.get("type")
    return kind.text if isinstance(kind, Scalar) else ""


def _check_default(findings: Findings, entry: Entry, schema: Any, default: Any, node: Node) -> None:
    message = f"the default of `{entry.key.text}` does not fit its own declaration"
    report_misfits(findings, entry.document, node, schema, default, "PK307", message)


def _from_schema(findings: Findings, entry: Entry, unknown: Unknown) -> tuple[dict[str, Any], dict[str, Entry], Any]:
    """`inputs: {schema: ...}`: one JSON Schema object, each of its properties an input."""
    whole = entry.node.value
    if whole.get("type", "object") != "object":
        place = entry.node.get("type") if isinstance(entry.node, Mapping) else None
        message = "the schema of all inputs describes an object"
        cure = "its properties are the inputs: `{type: object, properties: {...}}`"
        findings.add(entry.document, "PK121", message, place or entry.key, help=cure)
        unknown.inputs = True
        return {}, {}, None
    sound = check_schema(findings, entry.document, whole, entry.node, entry.key, of_inputs=True)
    refuse_own_keywords(findings, entry.document, whole, entry.node)
    properties = entry.node.get("properties") if isinstance(entry.node, Mapping) else None
    shared = {name: whole[name] for name in ("$defs", "definitions", "$schema") if name in whole}
    found: dict[str, Any] = {}
    entries: dict[str, Entry] = {}
    for key, node in properties.pairs if isinstance(properties, Mapping) else ():
        schema = node.value
        own = {name: schema.pop(name) for name in OWN_KEYWORDS if isinstance(schema, dict) and name in schema}
        body = schema | shared if isinstance(schema, dict) else schema
        # Each input is judged by itself, so what they share stands under `$defs`, not under another property.
        body = body if check_schema(findings, entry.document, body, node, key) else True
        has_default = "default" in own
        found[key.text] = _input(body, has_default=has_default) | own
        found[key.text]["required"] = key.text in _required_names(whole) and not has_default
        entries[key.text] = Entry(entry.document, key, node)
        default = node.get("default") if isinstance(node, Mapping) else None
        if default is not None:
            found[key.text]["default"] = declared_value(default, body)
            _check_default(findings, entries[key.text], body, found[key.text]["default"], default)
    return found, entries, whole if sound else None


_OF_OUTPUTS = frozenset(
    ("format", "fields", "schema", "items", "choices", "headings", "checks", "strict", "description")
)


def _key(pair: tuple[Scalar, Node]) -> str:
    return pair[0].text


def _required_names(schema: dict[str, Any]) -> set[str | None]:
    """The required properties; a misspelt name has been told, and is taken as it was meant, as is what is no name."""
    required, declared = schema.get("required") or [], schema.get("properties")
    declared = declared if isinstance(declared, dict) else {}
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return set(declared)
    return {name if name in declared else nearest(name, declared) for name in required}


def read_fields(findings: Findings, entry: Entry) -> dict[str, Any] | None:
    """The `fields` shorthand of an output as one closed object schema; None where it is no mapping."""
    if not isinstance(entry.node, Mapping):
        findings.expected(entry, "fields", "a mapping of names to declarations")
        return None
    return _object(findings, entry.document, entry.node)


def read_items(findings: Findings, entry: Entry) -> Any:
    """The declaration of a list's items."""
    read = _read_declaration(findings, entry.document, entry.key, entry.node)
    return None if read is None else read[0]


def _object(findings: Findings, document: Document, node: Mapping) -> dict[str, Any]:
    """The object that fields make; of a faulty one, which has been told, anything is taken."""
    properties: dict[str, tuple[dict[str, Any], bool]] = {}
    seen: dict[str, Scalar] = {}
    for key, value in node.pairs:
        name, optional = split_key(key.text)
        if (first := seen.setdefault(name, key)) is not key:
            message = f"`{name}` is declared twice, with and without `?`"
            label = f"first at line {document.place(first.start)[0]}"
            findings.add(document, "PK103", message, key, label=label, help="keep one of the two")
        read = _read_declaration(findings, document, key, value)
        schema, has_default, default = read or ({}, False, None)
        if has_default:
            schema = schema | {"default": default}
        properties[name] = (schema, not optional)
    return to_object_schema(properties)


def _read_declaration(
    findings: Findings, document: Document, key: Scalar, node: Node
) -> tuple[dict[str, Any], bool, Any] | None:
    """A declaration in any of its forms: (schema, has default, default), or None when it is faulty."""
    if is_empty(node):
        missing_declaration(findings, document, key)
        return None
    if isinstance(node, Scalar):
        return _shorthand(findings, document, key, node)
    if isinstance(node, Sequence):
        return _list_shorthand(findings, document, key, node)
    if is_of_others(findings, document, node):
        return None
    if is_schema_mapping(node):
        return _keywords(findings, document, key, node)
    if node.flow and all(is_empty(value) for _, value in node.pairs):
        braced_declaration(findings, document, key, node)
        return None
    return _object(findings, document, node), False, None


def _keywords(findings: Findings, document: Document, key: Scalar, node: Mapping) -> tuple[Any, bool, Any] | None:
    """A declaration in keywords of JSON Schema."""
    schema = node.value
    known = len(findings.diagnostics)
    check_keywords(findings, document, schema, node, key.text)
    sound = check_schema(findings, document, schema, node, key)
    return (schema, False, None) if sound and known == len(findings.diagnostics) else None


def _shorthand(
    findings: Findings, document: Document, key: Scalar, node: Scalar
) -> tuple[dict[str, Any], bool, Any] | None:
    if cut_off(document, node):
        warn_of_lost_prose(findings, key.text, Entry(document, key, node))
        return None
    try:
        declared = parse_declaration(node.text)
    except ShorthandError as error:
        offsets = document.offsets(node)
        start = offsets[min(error.offset, len(node.text))]
        end = offsets[min(error.offset + max(error.length, 1), len(node.text))]
        findings.add(document, "PK126", str(error), (start, max(end, start + 1)), help=error.help)
        return None
    if declared.has_default:
        start, end = declared.default_at
        offsets = document.offsets(node)
        written = Scalar(node.text[start:end], node.style or '"', offsets[start], offsets[max(end - 1, 0)] + 1)
        _check_default(findings, Entry(document, key, node), declared.schema, declared.default, written)
    check_prose(findings, document, declared.schema, node)
    check_description(findings, document, split_key(key.text)[0], declared.schema, node)
    return declared.schema, declared.has_default, declared.default


def _list_shorthand(
    findings: Findings, document: Document, key: Scalar, node: Sequence
) -> tuple[dict[str, Any], bool, Any] | None:
    """`[string]` as YAML reads it: a list with one declaration; several items are an enum's words."""
    if len(node.items) != 1:
        findings.add(
            document,
            "PK126",
            f"`{key.text}`: a list declares one kind of item",
            node,
            help="write `[string]`; an enum is `a | b | c`",
        )
        return None
    read = _read_declaration(findings, document, key, node.items[0])
    return None if read is None else ({"type": "array", "items": read[0]}, False, None)
