"""JSON Schemas as they stand in a file: which mappings are one, and what is wrong with one, at its place."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.late_pattern import LatePattern
from promptkit.loading.description_checks import check_descriptions
from promptkit.loading.findings import key_at, no_colon, node_at, unquoted, without_colon, without_quotes
from promptkit.loading.pattern_faults import why_no_pattern
from promptkit.loading.value_checks import with_hint
from promptkit.schema.embedded import without_embedded
from promptkit.schema.equality import KINDS
from promptkit.schema.keywords import ALSO_NAMES, KEYWORDS, unknown_keywords
from promptkit.schema.lints import schema_lints
from promptkit.schema.remainder import remainder
from promptkit.schema.shorthand_foreign import type_of_json
from promptkit.schema.shorthand_types import TYPES
from promptkit.schema.violations import shown
from promptkit.yaml_nodes import Mapping, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.diagnostics import Severity
    from promptkit.loading.findings import Findings
    from promptkit.schema.problems import SchemaProblem
    from promptkit.schema.references import Location
    from promptkit.yaml_nodes import Document, Node

_OF_OTHERS = {
    "nullable": "it is OpenAPI 3.0's; write `type: [string, 'null']`, or the type that it is",
    "optional": "a field is optional that `required` beside its `properties` does not list",
}
"""Keywords of other dialects: OpenAPI's (its specification 3.0, section 4.7.24), and of habits."""
OWN_KEYWORDS = ("trust", "secret", "neutralise", "default")
"""What a declared input has beside JSON Schema's keywords."""

_INPUT_LEVEL = 2
_A_TYPE = LatePattern(rf"(?:{'|'.join(TYPES)}|\[.*\])\s*(?:[,|=].*)?\Z", re.DOTALL)
_OF_THE_WHOLE = "it is said of a whole input; a part of one has it from there"
AS_OBJECT = "an object whose fields have such names is written `{type: object, properties: {...}}`"
"""What helps where something stands beside a type that is no keyword."""
_OPTIONAL = "it is optional when its key ends in `?`, as in `{name}?`; an input also when it has a `default`"
_OPTIONAL_FIELD = "`required` lists the names of an object's fields; in `fields` a name that ends in `?` is optional"
FOREIGN_KEYWORDS = {
    **dict.fromkeys(("desc", "help", "doc", "comment"), "the keyword is `description`"),
    **dict.fromkeys(("min", "minvalue", "ge", "gte"), "the keyword is `minimum`, or `minLength` for texts"),
    **dict.fromkeys(("max", "maxvalue", "le", "lte"), "the keyword is `maximum`, or `maxLength` for texts"),
    **dict.fromkeys(("options", "choices", "values", "oneof", "allowed"), "the keyword is `enum`"),
    **dict.fromkeys(("optional", "required", "nullable"), _OPTIONAL),
    **dict.fromkeys(("regex", "regexp", "match"), "the keyword is `pattern`"),
    **dict.fromkeys(("length", "size"), "the keywords are `minLength` and `maxLength`"),
    "kind": "the keyword is `type`",
}
"""What other tools call a keyword, in lower case and without `_`."""


def is_schema_mapping(node: Mapping) -> bool:
    """Whether a mapping is JSON Schema, and no object whose fields happen to be called `title` or `items`.

    It is when a keyword says so that looks like nothing else, or when all its keys are keywords and their values
    are no declarations.
    """
    names = {key.text for key, _ in node.pairs}
    if names == {"type"} or any(_telling(key.text, value) for key, value in node.pairs):
        return True
    meant = [key.text for key, value in node.pairs if key.text in _NEARLY_TYPE and _names_a_type(value)]
    if meant and ((len(names) == 1 and meant != ["typ"]) or not all(declares(value) for _, value in node.pairs)):
        return True
    if "type" in names and len(names) > 1 and all(map(_is_nearly_keyword, names)):
        return True
    return names <= {*KEYWORDS, *OWN_KEYWORDS} and not (names and all(declares(value) for _, value in node.pairs))


def _is_nearly_keyword(name: str) -> bool:
    """Whether a name is a keyword but for the size of its letters, one that fields are seldom called."""
    return name in OWN_KEYWORDS or (name not in ALSO_NAMES and name.lower() in _LOWERED) or name == "type"


_LOWERED = frozenset(keyword.lower() for keyword in KEYWORDS - ALSO_NAMES)


_NEARLY_TYPE = frozenset(("typ", "tyep", "tpye", "tyype", "typee", "ytpe"))
"""How `type` is misspelt. Beside other fields it may be the name of one, and `typ` alone is a word of German."""


def _telling(name: str, value: Node) -> bool:
    told = _TOLD_BY_VALUE.get(name)
    return told(value) if told else name in KEYWORDS - ALSO_NAMES


def _names_a_type(value: Node) -> bool:
    named = value.items if isinstance(value, Sequence) else (value,)
    return all(isinstance(each, Scalar) and each.text in KINDS for each in named)


_TOLD_BY_VALUE: dict[str, Callable[[Node], bool]] = {
    "type": _names_a_type,
    "enum": lambda value: isinstance(value, Sequence),
    "const": lambda value: not declares(value),
    "properties": lambda value: isinstance(value, Mapping),
}


def declares(value: Node) -> bool:
    """Whether a value is a declaration by its look: a text that begins with a type, a list of one, an object."""
    if isinstance(value, Scalar):
        return _A_TYPE.match(value.text) is not None
    if isinstance(value, Sequence):
        return len(value.items) == 1 and declares(value.items[0])
    return not any(_telling(key.text, inner) for key, inner in value.pairs)


def check_keywords(findings: Findings, document: Document, schema: Any, node: Node, of: str) -> None:
    """Report what is no keyword in a declaration: nothing there may stand for nothing."""
    for place, name in unknown_keywords(schema):
        key = _key(node, place, name)
        hint = did_you_mean(name, KEYWORDS)
        where = ".".join((of, *map(str, place)))
        foreign = FOREIGN_KEYWORDS.get(name.lower().replace("_", ""), AS_OBJECT)
        cure = _OF_THE_WHOLE if name in OWN_KEYWORDS else foreign.replace("{name}", str((of, *place)[-1]))
        hint = hint if cure == AS_OBJECT else ""
        cure = "" if hint else cure
        fix = nearest(name, KEYWORDS) if hint else None
        message = f"there is no keyword `{name}` in `{where}`"
        findings.once(document, "PK120", message, key, label=hint, help=cure, fix=fix)


def refuse_own_keywords(findings: Findings, document: Document, schema: Any, node: Node) -> None:
    """Report `trust` and `secret` below the inputs of one schema: there they would say nothing."""
    for place, name in unknown_keywords(schema):
        if name in OWN_KEYWORDS and len(place) != _INPUT_LEVEL:
            message = f"there is no keyword `{name}` in a part of an input"
            findings.add(document, "PK120", message, _key(node, place, name), help=_OF_THE_WHOLE)


def warn_of_keywords(findings: Findings, document: Document, schema: Any, node: Node) -> None:
    """Warn of what looks like a misspelt keyword; a schema may have keywords of others."""
    for place, name in unknown_keywords(schema):
        meant = _OF_OTHERS.get(name, "") or _one_level_up(schema, place, name)
        hint = "" if meant else did_you_mean(name, KEYWORDS)
        key = _key(node, place, name)
        if isinstance(key, Scalar) and (first := without_colon(key, KEYWORDS)):
            hint, meant = no_colon(first, key)
        if _ends_prose(node_at(node, place), key):
            hint = "a comma in `{...}` begins the next key"
            meant = "quote the whole text before it, if this belongs to it"
        if hint or meant:
            message = f"`{name}` is no keyword of JSON Schema, and says nothing"
            fix = nearest(name, KEYWORDS) if hint and not meant else None
            findings.once(document, "PK406", message, key, severity="warning", label=hint, help=meant, fix=fix)


def _ends_prose(holder: Node, key: Node) -> bool:
    """Whether a key stands between braces behind a description without quotes: a comma of the prose made it one."""
    if not isinstance(holder, Mapping) or not holder.flow:
        return False
    return any(
        behind is key
        and before.text in ("description", "title", "$comment")
        and isinstance(text, Scalar)
        and not text.style
        for (before, text), (behind, _) in pairwise(holder.pairs)
    )


def _one_level_up(schema: Any, place: tuple[str | int, ...], name: str) -> str:
    """What helps where a property stands beside `properties`, and not among them; else nothing."""
    holder = _value_at(schema, place)
    value = holder.get(name) if isinstance(holder, dict) else None
    is_property = isinstance(value, dict) and not {"type", "properties", "enum", "$ref", "anyOf"}.isdisjoint(value)
    return "a property stands under `properties`" if is_property and isinstance(holder.get("properties"), dict) else ""


def _key(node: Node, place: tuple[str | int, ...], name: str) -> Node:
    found = node_at(node, place)
    return (found.key(name) if isinstance(found, Mapping) else None) or found


def check_schema(
    findings: Findings, document: Document, schema: Any, node: Node, key: Scalar, *, of_inputs: bool = False
) -> bool:
    """Report what is wrong with a JSON Schema, each fault at its node; True when it can be used.

    In one `of_inputs`, the defaults of its properties are judged elsewhere, as values.
    """
    return not _faulty_places(findings, document, schema, node, key, of_inputs=of_inputs)


def usable_schema(findings: Findings, document: Document, schema: Any, node: Node, key: Scalar) -> Any:
    """A JSON Schema whose references all count from its root; what is wrong with it is told.

    Of a faulty one it is what the faulty keywords leave, so that examples are held against the rest; None where
    nothing can be held against it.
    """
    faulty = _faulty_places(findings, document, schema, node, key)
    if not faulty:
        return without_embedded(schema)
    left = remainder(schema, faulty)
    return None if left is True or findings.schema(left).problems() else without_embedded(left)


def _faulty_places(
    findings: Findings, document: Document, schema: Any, node: Node, key: Scalar, *, of_inputs: bool = False
) -> list[Location]:
    """Where the faults of a JSON Schema stand that are reported; the root, where it cannot be read."""
    if any(node.start <= offset < node.end for offset in document.meant) or not _refers_to_something(
        findings, document, node
    ):
        return [()]  # a part of it cannot be read, which has been told
    problems = findings.schema(schema).problems()
    told = {problem.location[:-1] for problem in problems if problem.location}
    for problem in problems:
        if problem.keyword == "required" and problem.location in told:
            continue  # what is wrong with a keyword beside it asks for another one
        label, cure = _worded(problem, schema)
        span = _place(node, problem.location, key)
        findings.once(document, "PK401", "this is not a usable JSON Schema", span, label=label, help=cure)
    faulty = {problem.location: None for problem in problems}
    for lint in schema_lints(schema, sound=not problems):
        if any(problem.location == lint.location for problem in problems) or (
            of_inputs and lint.location[2:] == ("default",)
        ):
            continue
        severity: Severity = "error" if lint.code == "PK407" else "warning"
        at = key_at(node, lint.location) if lint.of_key else None
        span = _place(node, lint.location, key) if at is None else (at.start, at.end)
        findings.once(document, lint.code, lint.message, span, severity=severity, label=lint.hint)
        if severity == "error":
            faulty[_schema_around(schema, lint.location)] = None
    if not faulty:
        check_descriptions(findings, document, schema, node, key)
    return list(faulty)


def _schema_around(schema: Any, location: Location) -> Location:
    """The place of the schema in which keywords contradict each other: which of them is wrong nobody knows."""
    while location and not isinstance(_value_at(schema, location), (dict, bool)):
        location = location[:-1]
    return location


def _refers_to_something(findings: Findings, document: Document, node: Node) -> bool:
    """Report a `$ref` of which YAML has made a comment: `$ref: #/$defs/team`, without quotes."""
    sound = True
    waiting = [node] if "$ref" in document.text else []
    while waiting:
        each = waiting.pop()
        if isinstance(each, Sequence):
            waiting += each.items
        elif isinstance(each, Mapping):
            for key, value in each.pairs:
                waiting.append(value)
                rest = document.text[key.end : document.text.find("\n", key.end) + 1 or None]
                found = re.match(r"[^#\n]*?(#\S+)", rest) if key.text == "$ref" and is_empty(value) else None
                if found is not None:
                    sound = False
                    span = key.end + found.start(1), key.end + found.end(1)
                    label, cure = "this part is not read", f"quote it: `$ref: '{found[1]}'`"
                    findings.once(
                        document, "PK110", "a comment stands where a reference is meant", span, label=label, help=cure
                    )
    return sound


def _place(node: Node, location: tuple[str | int, ...], key: Scalar) -> tuple[int, int]:
    found = node_at(node, location)
    if isinstance(found, Scalar) and found.end > found.start:
        return found.start, found.end
    return (key.start, key.end) if found is node else (found.start, found.start + 1)


def _worded(problem: SchemaProblem, schema: Any) -> tuple[str, str]:
    """A problem's label and cure."""
    label = with_hint(problem.message, problem.meant)
    last = problem.location[-1] if problem.location else ""
    if last == "required" and problem.location[-2:-1] == ("properties",):
        return label, "it stands beside `properties`, not among them"
    value = _value_at(schema, problem.location)
    if last == "items" and isinstance(value, list):
        return "a list of schemas is draft 2019-09's", "write `prefixItems: [...]`"
    if last == "required" and isinstance(value, bool):
        return label, _OPTIONAL_FIELD
    if last == "type" and isinstance(value, str) and not value.isidentifier():
        return label, _as_shorthand(value)
    if last == "type" and isinstance(value, str) and value in TYPES:
        keywords = TYPES[value]
        said = ", ".join(f"{name}: {each}" for name, each in keywords.items())
        return f"`{value}` is a type in shorthand only", f"write `{{{said}}}`" if said else "leave `type` out"
    if last == "type" and isinstance(value, str) and (meant := type_of_json(value)):
        return f"there is no type `{value}`", f"write `type: {meant}`"
    if last == "enum" and isinstance(value, str):
        words = [each.strip() for each in re.split("[,|]", value)]
        return label, f"write `enum: [{', '.join(words)}]`"
    if last == "items" and isinstance(value, str):
        return label, f"write `items: {{type: {value}}}`"
    if last in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
        return label, "since draft 6 it is the bound itself: a number"
    if isinstance(value, str) and label.endswith(("is not a valid regex", 'is not a "regex"')):
        return f"{shown(value)} is no regular expression", why_no_pattern(value)
    plain = unquoted(value, lambda _: label.endswith(_UNQUOTED))
    if plain:
        return label, without_quotes(plain)
    if label.endswith("is not true or false or an object") and isinstance(value, str):
        meant = type_of_json(value) or value
        return label, f"write `{{type: {meant}}}`" if meant in KINDS else "write a schema, such as `{type: string}`"
    return label, ""


_UNQUOTED = ("is not a number", "is not an integer", "is not true or false")


def _as_shorthand(text: str) -> str:
    """What to write for a shorthand that stands under `type`."""
    words = [each.strip() for each in text.split("|")]
    if "|" in text and {*words} <= KINDS.keys():
        return f"write `type: [{', '.join(repr(each) if each == 'null' else each for each in words)}]`"
    if "|" in text:
        return f"an enum is `enum: [{', '.join(part.strip() for part in text.split('|'))}]`, or the shorthand alone"
    return f"the shorthand stands alone, without braces: `{text}`"


def _value_at(schema: Any, location: tuple[str | int, ...]) -> Any:
    for step in location:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return None
    return schema
