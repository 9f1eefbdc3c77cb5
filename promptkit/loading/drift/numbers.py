"""What a sentence says of numbers, and the schema says otherwise: how many items, a range, a length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.telling import drift_in
from promptkit.loading.prose import NUMBER, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_POOL = LatePattern(
    r"\b(?:of|from|among|the|these|those|all|both)"
    r"(?:\s+(?:the|these|those|following|list\s+of|set\s+of|a\s+list\s+of|other))*\s+\Z"
    r"|\bthere\s+(?:are|is|were|was)\s+(?:about\s+)?\Z|\b(?!answer|item|json|object|output|response|result)\w+s\s+with\s+\Z",
    re.IGNORECASE,
)
"""What stands before the number of those that are chosen from, or that are there already."""
_SUBSET = LatePattern(
    r"['’]|\s+in\s+your\s+(?:head|mind|reasoning|thoughts)\b|\s+(?:per|(?:for|in|of)\s+each)\b|\s*(?:is|are|was|were|remain|remains)\b"
    r"(?!\s+(?:required|needed|allowed|expected|wanted|returned|to be|enough)\b)",
    re.IGNORECASE,
)
"""What stands behind the number of some that are so, as in `exactly three options are wrong`."""
_HOLDER = LatePattern(
    r"\s*(?:(?:each|every|all|an?|the)\s+)?(?:of\s+the\s+)?`?(?P<holder>[a-z]\w*)`?(?:['’]s\s+\w+)?\s+"
    r"(?:has|have|contains?|holds?|gets?)\b",
    re.IGNORECASE,
)
_WHOLES = frozenset(
    "answer answers response responses output outputs result results reply it list json there you".split()  # noqa: SIM905
)
"""What has the fields of the answer, where a sentence says who has something."""
_NEAR = 100
"""How far before a number the words stand that say what it is of."""
_COUNT = LatePattern(
    rf"\b(?:(exactly|precisely|at most|no more than|up to|at least|no fewer than|a maximum of|a minimum of)\s+)?"
    rf"(?:{NUMBER}\s*(?:to|-|\N{{EN DASH}}|and)\s*)?{NUMBER}\s+`?(\w+)`?"
    r"(?=(?:[ \t]+|[ \t]*\n(?=(?-i:[a-z])))`?(\w+)`?|)",
    re.IGNORECASE,
)
_SIGNED = NUMBER.replace("(", r"((?<![\w)])-?(?:", 1) + ")"
_ASIDE = r"(?:\s*\([^()\n]{1,40}\))?"
_RANGE = LatePattern(
    rf"(?:\b(?:from|between|of)\b)?\s*(?<![\w.]){_SIGNED}{_ASIDE}\s*(?:to|and|-|\N{{EN DASH}}|\.\.)\s*{NUMBER}\b"
    r"(?!\.\d)",
    re.IGNORECASE,
)
_UNIT = LatePattern(
    r"[\s-]+(?!(?:and|as|based|because|by|depending|for|if|in|inclusive|integer|of|on|or|points?|scale|so|the|to|using|when"
    r"|where|which|whole|with|how)\b)[a-z]",
    re.IGNORECASE,
)
"""What stands behind a range that has a unit, or counts something: `1-3 sentences`."""
_LED_BY = LatePattern(r"\s*(?:from|between)\b", re.IGNORECASE)
_THINGS = LatePattern(
    r"[\s-]+(?:(?!(?:it|that|which|who)\b)[\w-]+,?\s+)?"
    r"(?!(?:always|as|decimals|has|is|its|less|percents?|plus|points|pts|stars|this|thus|was)\b)[a-z]+s\b",
    re.IGNORECASE,
)
"""What stands behind a range with `from` or `between` that counts something: `from 7 to 9 passages`."""
_RESCALED = LatePattern(r"\b(?:convert|divide|normali[sz]e|rescale)\b", re.IGNORECASE)
_YEARS = LatePattern(r"(?:19|20)\d\d(?:19|20)\d\d\Z")
_LEADS = """
    a an and answer as at be between by each float from in int integer is it must numeric number of on quality range
    rate rated rating scale score scored spans text the to use using value values whole with within you
"""
_LEADING = frozenset(_LEADS.split())
"""Words that may stand before the range of a field's values; other ones say what is numbered: `steps 1-3`."""
_CHARACTERS = LatePattern(
    rf"(at most|no more than|up to|a maximum of|at least|a minimum of)\s+{NUMBER}\s+characters", re.IGNORECASE
)


def of_numbers(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Where a sentence gives bounds that the schema refuses."""
    yield from _item_counts(sentence, answer)
    yield from _ranges(sentence, answer)
    yield from _of_description(sentence, answer)
    for found in _CHARACTERS.finditer(sentence.text) if "characters" in sentence.text.lower() else ():
        for name, schema in _named(sentence.text, answer, "string"):
            if _has_another_holder(sentence.text, found, name):
                continue
            if answer.alone and not _ENDS.match(sentence.text, found.end()):
                continue
            if not answer.alone and _is_said_of_another(sentence.text, found, name):
                continue
            most, least = schema.get("maxLength"), schema.get("minLength", 0)
            number, is_least = number_of(found[2]), found[1].lower() in ("at least", "a minimum of")
            if isinstance(most, int) and number > most:
                label = f"at most {most} characters"
                yield drift_in("PK219", sentence, found.span(2), f"`{name}` has other bounds", label)
            elif not is_least and isinstance(least, int) and number < least:
                label = f"at least {least} characters"
                yield drift_in("PK219", sentence, found.span(2), f"`{name}` has other bounds", label)


_SUBJECT = LatePattern(
    r"\b(?:the|each|every|an?)\s+([a-z]\w*)(?:\s+(?:is|of|has|have|be|may|must|can|should))*\s*\Z|\b([a-z]\w*)\s+of\s+\Z",
    re.IGNORECASE,
)


def _is_said_of_another(text: str, found: re.Match[str], name: str) -> bool:
    """Whether the noun before a length is another one than the field: `messages of up to 4000 characters`."""
    subject = _SUBJECT.search(text[max(0, found.start() - _NEAR) : found.start()])
    words = _forms(name) | {*name.lower().split("_"), *_WHOLES, "string", "text", "field", "value", "length", "total"}
    if subject is None or (subject[1] or subject[2]).lower() in words:
        return False
    spelt = re.escape(name).replace("_", "[_ ]")
    named = re.compile(rf"\b{spelt}`?\s*(?::|-|(?:is|of|(?:should|must|may)\s+be)\b)", re.IGNORECASE)
    behind = re.compile(rf"\s+(?:as|for)\s+(?:the\s+)?`?{spelt}\b", re.IGNORECASE)
    return named.search(text, 0, found.start()) is None and behind.match(text, found.end()) is None


_LENGTHS = LatePattern(
    rf"\A\s*(?:between\s+|from\s+|about\s+)?{NUMBER}\s*(?:to|and|-|\N{{EN DASH}})\s*{NUMBER}\s+characters"
    r"\s*(?:[.,;]|\Z)",
    re.IGNORECASE,
)
_MEANS = LatePattern(
    rf"(?:\A|[,;]\s*|\band\s+)(-?{NUMBER})\s+(?:means|stands\s+for)\b(?!\s+(?:\d|not?\b|out\b))", re.IGNORECASE
)


def _of_description(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """What the description of one field says of its length, or of one of its values."""
    for name, schema in answer.fields.items() if answer.alone else ():
        kinds = _kinds(schema)
        for found in _LENGTHS.finditer(sentence.text) if kinds == {"string"} else ():
            least, most = schema.get("minLength", 0), schema.get("maxLength")
            if _beyond(number_of(found[1]), number_of(found[2]), least, most):
                label = f"{_bounds(least, most)} characters"
                yield drift_in("PK219", sentence, found.span(), f"`{name}` has other bounds", label)
        for found in _MEANS.finditer(sentence.text) if kinds <= {"integer", "number"} and kinds else ():
            least, most, number = schema.get("minimum"), schema.get("maximum"), number_of(found[1])
            if _beyond(number, number, least, most):
                yield drift_in("PK219", sentence, found.span(1), f"`{name}` is never {found[1]}", _bounds(least, most))


def _beyond(first: float, last: float, least: Any, most: Any) -> bool:
    """Whether a range goes beyond bounds."""
    low, high = isinstance(least, (int, float)), isinstance(most, (int, float))
    return (low and first < least) or (high and last > most)


def _bounds(least: Any, most: Any) -> str:
    """Bounds as the short form has them."""
    return f"{'' if least is None else least}..{'' if most is None else most}"


def _item_counts(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    lists = {name: schema for name, schema in answer.fields.items() if _kinds(schema) == {"array"}}
    for found in _COUNT.finditer(sentence.text) if lists else ():
        words, low, high, *nouns = found.groups()
        named = {noun.lower() for noun in nouns if noun}
        name = next((name for name in lists if named & _forms(name)), None)
        if (
            name is None
            and answer.alone
            and words
            and not found.start()
            and not _OF_EACH.match(sentence.text, found.end())
        ):
            name = next(iter(lists))  # the list that is described, whatever its items are called
        if name is None:
            continue
        if _is_of_others(sentence.text, found, name):
            continue
        least, most = lists[name].get("minItems", 0), lists[name].get("maxItems")
        first, last = (number_of(low) if low else number_of(high)), number_of(high)
        if _contradicts((words or "").lower(), first, last, least, most):
            label = f"{_bounds(least, most)} items"
            yield drift_in("PK219", sentence, found.span(3), f"`{name}` has other bounds", label)


_OF_EACH = LatePattern(r"[^.]{0,20}\b(?:each|per|every|long)\b", re.IGNORECASE)


_IN_THE_ANSWER = LatePattern(r"\s+in\s+(?:the|your)\s+(?:answer|output|response)\b", re.IGNORECASE)


def _is_of_others(text: str, found: re.Match[str], name: str) -> bool:
    """Whether a number is of those that are chosen from, of some that are so, or of what something else has."""
    if _IN_THE_ANSWER.match(text, found.end()):
        return False
    pool = _POOL.search(text[max(0, found.start() - _NEAR) : found.start()]) or _SUBSET.match(text, found.end())
    return pool is not None or _has_another_holder(text, found, name)


def _has_another_holder(text: str, found: re.Match[str], name: str) -> bool:
    """Whether the words before a number say that something else has so many: `each bullet has`."""
    signs = (".", ";", ",", ":", "\n", " and ")
    first = max(0, found.start() - _NEAR)
    ends = (at + len(sign) for sign in signs if (at := text.rfind(sign, first, found.start())) >= 0)
    begin = max(ends, default=first)
    holder = _HOLDER.match(text, begin)
    return holder is not None and holder["holder"].lower() not in _WHOLES | _forms(name)


def _contradicts(words: str, first: int, last: int, least: int, most: int | None) -> bool:
    """Whether a number of items in words goes beyond the bounds of a list."""
    if words in ("at least", "no fewer than", "a minimum of"):
        return most is not None and first > most
    if words in ("at most", "no more than", "up to", "a maximum of"):
        return last < least or (most is not None and last > most)
    low = first < least and (first != last or words != "")  # `one item per chapter` says nothing of their number
    return low or (most is not None and last > most)


def _ranges(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`from 1 to 10`, of a number that is named in the sentence; only one may be, or nobody knows which is meant."""
    named = list(_named(sentence.text, answer, "integer", "number"))
    if len(named) != 1:
        return
    name, schema = named[0]
    least, most = schema.get("minimum"), schema.get("maximum")
    ranges = list(_RANGE.finditer(sentence.text))
    if any((float(low), float(high)) == (least, most) for low, high in _DECIMALS.findall(sentence.text)):
        return  # the others are of something else
    for found in ranges:
        first, last = number_of(found[1]), number_of(found[2])
        if _OF_OTHER_SCALES.search(sentence.text):
            return
        if _is_rescaled(sentence.text, found):
            continue
        if answer.alone and not _is_of_all(sentence.text, found):
            continue
        if not answer.alone and _counts_others(sentence.text, found, name):
            continue
        if _beyond(first, last, least, most):
            span = found.span(2) if _beyond(last, last, None, most) else found.span(1)
            yield drift_in("PK219", sentence, span, f"`{name}` has other bounds", _bounds(least, most))


_DECIMALS = LatePattern(
    r"(?<![\w.])(-?\d{1,9}(?:\.\d{1,9})?)\s*(?:to|and|-|\N{EN DASH}|\.\.)\s*(-?\d{1,9}(?:\.\d{1,9})?)(?![\w.]*\d)"
)


def _is_rescaled(text: str, found: re.Match[str]) -> bool:
    """Whether a range is the one before a change of scale: `rate it from 1 to 10, then divide by 10`."""
    before = _RESCALED.search(text, 0, found.start())
    from_it = before is not None and not re.search(r"\b(?:in)?to\b", text[before.end() : found.start()])
    return from_it or _RESCALED.search(text, found.end()) is not None


def _counts_others(text: str, found: re.Match[str], name: str) -> bool:
    """Whether a range has a unit of its own, or numbers other things: `1-3 sentences`, `steps 1-3`."""
    is_led = _LED_BY.match(found[0]) is not None
    if (_THINGS if is_led else _UNIT).match(text, found.end()) or _YEARS.match(found[1] + found[2]):
        return True
    before = re.search(r"([a-z]+)[\s\"'`*]*\Z", text[max(0, found.start(1) - _NEAR) : found.start(1)], re.IGNORECASE)
    return before is not None and before[1].lower() not in _LEADING | _forms(name) | {*name.lower().split("_")}


_OF_OTHER_SCALES = LatePattern(
    r"\b(?:old|former|previous|earlier|original|input|source|incoming)\s+(?:[\w-]+\s+){0,2}"
    r"(?:forms?|system|scales?|ratings?|scores?|range|values?|numbers?|stars|surveys?)\b",
    re.IGNORECASE,
)
"""What says that a range is that of something else, such as what comes in."""


def _is_of_all(text: str, found: re.Match[str]) -> bool:
    """Whether a range in a description is that of all values, and of no special ones."""
    led = _LED.search(text[max(0, found.end(1) - _NEAR) : found.end(1)])
    return led is not None and _ENDS.match(text, found.end()) is not None


_LED = LatePattern(rf"(?:\A|\b(?:from|between|scale of|scale|range|score of))\s*-?{NUMBER}\Z", re.IGNORECASE)
"""What stands before such a range."""
_ENDS = LatePattern(r"\s*(?:[.,;)]|\Z)")


def _named(text: str, answer: Answer, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    lower = text.lower()
    for name, schema in answer.fields.items():
        named = answer.alone or (
            name.lower() in lower and re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) is not None
        )
        if named and _kinds(schema) & set(kinds):
            yield name, schema


def _kinds(schema: dict[str, Any]) -> set[str]:
    kind = schema.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind) - {"null"} if isinstance(kind, list) else set()


def _forms(name: str) -> set[str]:
    """A field's name as prose has it, in the plural and in the singular."""
    plain = name.lower().replace("_", " ")
    return {plain, plain + "s", plain.removesuffix("s"), plain.removesuffix("es"), re.sub("ies$", "y", plain)}
