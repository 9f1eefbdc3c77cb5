"""What the prose of a prompt shows of its answer, against the output's schema: an object, a list of its keys."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.loading.prose import GAP
from promptkit.loading.typed_values import schemas_inside
from promptkit.template.tree import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from promptkit.loading.prose import Sentence

MOST_SHOWN = 8
_DECODER = json.JSONDecoder()
CURE = "let both say the same; where the prose is right, write {{# promptkit: ignore {code} #}} beside it"
_OF_BEFORE = re.compile(
    r"\b(?:old|former|formerly|previous|previously|earlier|used\s+to|looked|no\s+longer"
    r"|(?:wrong|bad|incorrect|invalid)\s+(?:answers?|output|responses?|examples?|json|object))\b"
    r"|(?:\A|\n)\s*(?:[-*]\s+)?(?:example\s+)?(?:avoid|bad|incorrect|inputs?|invalid|wrong)\s*:\s*[`\"']*\Z"
    r"|\b(?:do\s+not|don['’]t|never)\s+(?:answer|output|reply|respond|return|write)(?:\s+(?:like|with))?\W{0,3}\Z",
    re.IGNORECASE,
)
"""What says that an object is of the past, an input, or a bad example, and not what is wanted."""
NOUNS = "categories|choices|classes|labels|options|values"
"""What the words of an enum are called together."""
DENIED = re.compile(r"\b(?:not|never|no|don't|cannot|without|instead of)\b", re.IGNORECASE)
"""What turns a sentence into its contrary."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the output declares: its format, the names of its fields at any depth, its enums, numbers by field.

    `needed` are the fields that no object leaves out which has them.
    """

    format: str
    schema: Any
    keys: frozenset[str]
    enums: tuple[tuple[str, ...], ...]
    fields: dict[str, dict[str, Any]]
    needed: frozenset[str] = frozenset()
    alone: bool = False
    """Whether one field is all that is spoken of, by its name or not."""
    given: tuple[frozenset[str], ...] = ()
    """The words of inputs that are one of several, in small letters."""

    def is_given(self, words: Iterable[str]) -> bool:
        """Whether all of some words are an input's."""
        said = {word.casefold() for word in words}
        return any(said <= known for known in self.given)

    @property
    def closed(self) -> bool:
        """Whether the whole answer takes no other fields than those that are declared."""
        return isinstance(self.schema, dict) and self.schema.get("additionalProperties") is False

    @property
    def kind(self) -> str:
        """The JSON type of the whole answer, where the schema names it."""
        kind = self.schema.get("type") if isinstance(self.schema, dict) else None
        return kind if isinstance(kind, str) else ""

    @classmethod
    def of(cls, output: dict[str, Any]) -> Answer:
        """The answer that an output's data declare."""
        schema = output.get("json_schema")
        found: dict[str, dict[str, Any]] = {}
        enums: list[tuple[str, ...]] = []
        optional: set[str] = set()
        for each in schemas_inside(schema):
            properties = each.get("properties")
            needed = each.get("required")
            names = set(properties) if isinstance(properties, dict) else set()
            optional |= names.difference(needed if isinstance(needed, list) else ())
            for name, inner in properties.items() if isinstance(properties, dict) else ():
                if isinstance(inner, dict):  # of one that is declared in two ways nothing is said
                    found[name] = inner if found.get(name, inner) == inner else {}
            listed = each.get("enum")
            if isinstance(listed, list) and len(listed) > 1 and all(isinstance(word, str) for word in listed):
                enums.append(tuple(listed))
        if output.get("format") == "choice":
            enums.append(tuple(map(str, output.get("choices") or ())))
        keys = frozenset(found)
        return cls(output.get("format", "text"), schema, keys, tuple(enums), found, keys - optional)

    @classmethod
    def of_field(cls, name: str, schema: dict[str, Any]) -> Answer:
        """One field, whose description speaks of nothing else."""
        words = tuple(_enum_of(schema))
        enums = (words,) if len(words) > 1 and len(words) == len(schema["enum"]) else ()
        return cls("json", schema, frozenset([name]), enums, {name: schema}, alone=True)


def names_a_key(text: str, answer: Answer) -> bool:
    """Whether a sentence names a field of the answer as such: what it asks for is asked of that one."""
    quoted = (found for found in re.findall(r"[`\"'](\w{1,60})[`\"']", text))
    named = re.findall(r"\b(\w{1,60})\s+(?:field|key|property)\b|\b(?:field|key|property)\s+[`\"']?(\w{1,60})", text)
    return any(name in answer.keys for name in (*quoted, *(each for pair in named for each in pair)))


def drifted(code: str, sentence: Sentence, span: tuple[int, int], message: str, label: str) -> TemplateFault:
    """A warning at a part of a sentence that says other things than the schema."""
    start, end = sentence.start + span[0], sentence.start + span[1]
    return TemplateFault(code, message, start, end, "warning", label=label, help=CURE.format(code=code))


def shown_objects(prose: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects in a prose, each with the offset at which it begins."""
    at = prose.find("{")
    while at >= 0 and len(prose) - at > 2:
        end = at + 1
        if re.match(r"\{\s*\"", prose[at : at + 40]):
            try:
                data, end = _DECODER.raw_decode(prose, at)
            except (ValueError, RecursionError):
                data = None
            if isinstance(data, dict) and data:
                yield at, data
        at = prose.find("{", max(end, at + 1))


def without(prose: str, shown: list[tuple[int, dict[str, Any]]]) -> str:
    """A prose with its objects blanked out."""
    for start, _ in reversed(shown):
        _, end = _DECODER.raw_decode(prose, start)
        prose = prose[:start] + GAP * (end - start) + prose[end:]
    return prose


def of_object(prose: str, start: int, data: dict[str, Any], answer: Answer) -> Iterator[TemplateFault]:
    """An object that is plainly the answer's: at least half of its keys are declared, side by side."""
    declared = answer.schema.get("properties") if isinstance(answer.schema, dict) else None
    if not isinstance(declared, dict) or sum(key in declared for key in data) * 2 < len(data):
        return
    before = prose[prose.rfind(".", 0, start) + 1 : start]
    if _OF_BEFORE.search(before):
        return
    whole = GAP * start + prose[start:]
    for key, value in data.items():
        found = re.search(rf'"({re.escape(json.dumps(key, ensure_ascii=False)[1:-1])})"\s*:\s*("?)', whole)
        if found is None:
            continue
        if key not in declared:
            hint = did_you_mean(key, (name for name in declared if name not in data))
            if answer.schema.get("additionalProperties") is False:
                label = hint or f"its fields are {', '.join(list(declared)[:MOST_SHOWN])}"
                yield _shown_fault("PK217", found.span(1), f"the output has no field `{key}`", label)
        elif isinstance(value, str) and _enum_of(declared[key]) and value not in _enum_of(declared[key]):
            words = _enum_of(declared[key])
            parts = [value] if "|" not in value else value.split("|")[:_MOST_PARTS]
            plain = {word.casefold() for word in words}
            known = sum(part.strip().casefold() in plain for part in parts)
            if not re.fullmatch(r"[\w .|-]+", value) or (len(parts) > 1 and known * 2 < len(parts)):
                continue
            at = found.end()
            for part in parts:
                begin = at + len(part) - len(part.lstrip())
                if part.strip() not in words and part.strip().lower() not in _NO_WORDS:
                    yield _never_said(part.strip(), begin, words)
                at += len(part) + 1
        elif value and isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from _of_number(key, value, declared[key], whole, found.end())


_MOST_PARTS = 20
_NO_WORDS = frozenset(("null", "none", "...", "etc", "etc."))
"""What stands among words, and is none of them."""


def _never_said(word: str, start: int, words: list[str]) -> TemplateFault:
    """The fault of a word that is none of an enum's."""
    hint = did_you_mean(word, words)
    label = f"not one of {', '.join(words[:MOST_SHOWN])}{f'; {hint}' if hint else ''}"
    return _shown_fault("PK218", (start, start + len(word)), f"the output never says `{word}`", label)


def _of_number(key: str, value: float, schema: Any, whole: str, at: int) -> Iterator[TemplateFault]:
    """A number that the schema refuses; a 0 stands for any number."""
    bounds = [schema.get(name) if isinstance(schema, dict) else None for name in ("minimum", "maximum")]
    least, most = (bound if isinstance(bound, (int, float)) else None for bound in bounds)
    if (least is not None and value < least) or (most is not None and value > most):
        written = re.match(r"[-+.\deE]+", whole[at:])
        label = f"{'' if least is None else least}..{'' if most is None else most}"
        span = at, at + (written.end() if written else 1)
        yield _shown_fault("PK219", span, f"`{key}` has other bounds", label)


_HEADING = re.compile(
    r"^(?=.*\b(?:answer|respond|response|reply|return|output|result|JSON|extract)\b)"
    r".*\b(?:keys|fields|properties|attributes|JSON|object)\b.*:[ \t]*$",
    re.IGNORECASE,
)
_KEY_LINE = re.compile(
    r"[ \t]*(?:[-*+\N{BULLET}]|\d+[.)])[ \t]+(?:\*\*)?([`\"']?)([A-Za-z_][\w-]*)\1"
    r"(?=[ \t]*(?:[:(*\N{EN DASH}\N{EM DASH}-]|$))"
)


def _key_lists(prose: str) -> list[list[tuple[str, int]]]:
    """The words at which the items begin of each list below a heading that speaks of keys; each with its offset."""
    groups: list[list[tuple[str, int]]] = []
    at, is_open = 0, False
    for line in prose.splitlines(keepends=True):
        text = line.rstrip()
        if text.endswith(":") and _HEADING.match(text):
            groups.append([])
            is_open = True
        elif is_open and (item := _KEY_LINE.match(text)) is not None:
            groups[-1].append((item[2], at + item.start(2)))
        elif text and not text.startswith((" ", "\t")):
            is_open = False
        at += len(line)
    return groups


def listed_keys(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Keys that stand below each other, of which at least half are declared: `with these keys:` and a line for each."""
    declared = answer.schema.get("properties") if isinstance(answer.schema, dict) else None
    if not isinstance(declared, dict) or answer.schema.get("additionalProperties") is not False:
        return
    for group in _key_lists(prose):
        if sum(name in declared for name, _ in group) * 2 < len(group):
            continue
        for name, start in group:
            if name not in answer.keys:
                hint = did_you_mean(name, (each for each in declared if each not in dict(group)))
                label = hint or f"its fields are {', '.join(list(declared)[:MOST_SHOWN])}"
                yield _shown_fault("PK217", (start, start + len(name)), f"the output has no field `{name}`", label)


_WORDS_BELOW = re.compile(rf"\b(?:one\s+of|{NOUNS})\b[^.:\n]{{0,60}}:[ \t]*$", re.IGNORECASE)
_WORD_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?:[-*+\N{BULLET}]|\d+[.)])[ \t]+(?:\*\*)?"
    r"(?P<mark>[`\"']?)(?P<word>[A-Za-z_]\w*(?:[ -]\w+){0,5})(?P=mark)"
    r"(?:\*\*)?[ \t]*(?P<rest>[:(\N{EN DASH}\N{EM DASH}]|- |$)"
)
_LONGEST_LINE = 300
_OF_ANSWERS = re.compile(
    r"\b(?:answer|assign|categor\w+|choices|choose|classes|classif\w+|label\w*|output|pick|reply|respond|return|select|tag)\b",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(
    r"\b(?:call|columns?|customers?|deprecated|former|headers?|items|keys?|legacy|mails?|old|plans?|prices?|tables?|tools?|users?)\b",
    re.IGNORECASE,
)


def _fields_of(enum: Sequence[str], answer: Answer) -> set[str]:
    """The fields that have an enum's words."""
    return {name for name, each in answer.fields.items() if tuple(each.get("enum", ())) == tuple(enum)}


def speaks_of_others(heading: str, enum: Sequence[str], answer: Answer) -> bool:
    """Whether words before a list speak of something else than the field with an enum's words, or of the past."""
    named = set(re.findall(r"\w+", heading.casefold()))
    told = _OF_OTHERS.search(heading) or _OF_BEFORE.search(heading) or DENIED.search(heading)
    return told is not None or bool(named & (answer.keys - _fields_of(enum, answer)))


def asks_for(heading: str, enum: Sequence[str], answer: Answer) -> bool:
    """Whether words before a list speak of the answer, or name the field with an enum's words."""
    named = set(re.findall(r"\w+", heading.casefold()))
    return bool(named & _fields_of(enum, answer)) or _OF_ANSWERS.search(heading) is not None


def listed_words(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Words that stand below each other, of which at least half are an enum's: `one of the following:` and bullets."""
    if not answer.enums or ":\n" not in prose:
        return
    group: list[tuple[str, int, bool]] | None = None
    heading, indent, at = "", "", 0
    for line in (*prose.splitlines(keepends=True), "end"):
        text = line.rstrip()
        item = _WORD_LINE.match(text) if group is not None and len(text) <= _LONGEST_LINE else None
        if group is not None and item is not None and (not group or item["indent"] == indent):
            indent = item["indent"]
            group.append((text, at + item.start("word"), bool(item["mark"]) or " " not in item["word"]))
        elif (text or group) and not (group and item is not None and len(item["indent"]) > len(indent)):
            yield from _strange(heading, group or [], answer)
            heading, group = (text, []) if _WORDS_BELOW.search(text) else ("", None)
        at += len(line)


def _strange(heading: str, group: list[tuple[str, int, bool]], answer: Answer) -> Iterator[TemplateFault]:
    """The words in a list of lines that an enum does not have, though it has most of them."""
    found = [(item["word"], text, start, alone) for text, start, alone in group if (item := _WORD_LINE.match(text))]
    named = {word.casefold() for word, *_ in found}
    known = [(len(named & {word.casefold() for word in enum}), enum) for enum in answer.enums]
    most, enum = max(known, default=(0, ()), key=lambda pair: pair[0])
    if most < _LEAST_KNOWN or most * 2 < len(found) or answer.is_given(named):
        return
    if speaks_of_others(heading, enum, answer) or not asks_for(heading, enum, answer):
        return
    plain = {word.casefold() for word in enum}
    for word, text, start, alone in found:
        said = {each.casefold() for each in re.findall(r"[\w-]+", text)}
        if alone and word.casefold() not in plain | _NO_WORDS and said.isdisjoint(plain):
            yield _never_said(word, start, list(enum))


_LEAST_KNOWN = 2


def _enum_of(schema: Any) -> list[str]:
    listed = schema.get("enum") if isinstance(schema, dict) else None
    return [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []


def _shown_fault(code: str, span: tuple[int, int], message: str, label: str) -> TemplateFault:
    return TemplateFault(code, message, *span, "warning", label=label, help=CURE.format(code=code))
