"""A JSON answer, from its text to a value that fits: out of its envelope, repaired, brought to the schema.

The validator has the last word; and of two values that both fit none is taken, unless they are equal.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.limits import variable
from promptkit.output.acceptance import Judged, Partial, Refused, refused
from promptkit.output.contradictions import contradicted
from promptkit.output.envelope import Candidate, Found, find
from promptkit.output.free_text import bulleted, of_words
from promptkit.output.labels import is_labelled, role_of, set_aside
from promptkit.output.partial import NOTHING, PartialParser
from promptkit.output.place import is_worded
from promptkit.output.reasoning import TAG
from promptkit.output.repairs import BARE
from promptkit.output.retractions import called_other, taken_back
from promptkit.output.steps import SPLIT, reasoning_off, repair_steps, shown_place
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.output.transport import read_schema
from promptkit.output.unsettled import unsettled
from promptkit.result import Step, Violation
from promptkit.schema.equality import among

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from promptkit.output.acceptance import Judge
    from promptkit.output.place import Place

_MOST_JUDGED = 100


def searched(text: str, judge: Judge, *, repair: bool, reason: str) -> Judged:
    """The value in a text that is not JSON as it stands. Raises `Refused`; `reason` says why it is not JSON."""
    place = judge.place
    found = find(text, place, repair=repair)
    if found.exhausted:
        named = variable("answer_passes")
        raise refused(f"the answer has too many brackets, or slips, to be searched for a value ({named})", "work")
    if repair and not judge.field and place.kinds == {"array"}:
        listed = bulleted(text, judge)
        if listed is not None:
            return listed
    told = [each for each in found.candidates if _is_told(text, each, place)]
    judged = [(each, judge.judge(each.value, text)) for each in told[-_MOST_JUDGED:]]
    fitting = [(each, one) for each, one in judged if not one.violations]
    _refuse_unfinished(text, found, judge)
    if repair and len(told) > 1 and not any(isinstance(each.value, list) for each in told):
        several = _in_one_list(text, judge, found)
        if several is not None:
            return several
    fitting, passed = _without_examples(text, fitting)
    if fitting:
        _refuse_others(text, place, told, fitting[-1], found)
        return _settled(text, judge, fitting, found, passed)
    other = _unescaped(text, judge) or of_words(text, judge, found) if repair else None
    if other is not None:
        return other
    raise _unreadable(text, found, [one for _, one in judged], reason)


def _refuse_unfinished(text: str, found: Found, judge: Judge) -> None:
    """Refuse a text that ends inside of its value, or of its reasoning, or of which the beginning is missing."""
    if found.cut is not None and _could_begin(text, found.cut, judge.place):
        raise _cut(text, found, judge)
    if found.unclosed:
        raise refused("the reasoning never ends: no answer was given", "reasoning")
    if found.headless:
        raise refused("the answer is not whole: its beginning is missing", "truncated")


def _settled(
    text: str, judge: Judge, fitting: list[tuple[Candidate, Judged]], found: Found, passed: Sequence[str]
) -> Judged:
    """The value of those that fit, if nothing that stands beside it takes it back."""
    _refuse_taken_back(text, *fitting[-1], judge.place)
    agreed = _agreed(text, judge, fitting, found, passed)
    if len(fitting) == 1 and (words := called_other(text, fitting[0][0].start, agreed.value)):
        raise refused(f"the words before the value call it something else: {words[:40]!r}", "ambiguous")
    return agreed


def _unreadable(text: str, found: Found, judged: list[Judged], reason: str) -> Refused:
    """Why there is no value in a text."""
    if found.reasoning and not judged and not TAG.sub("", text).replace(found.reasoning[-1], "").strip():
        return refused("the answer is empty", "empty")
    if judged:
        return Refused(judged[-1].violations)
    why = f"{found.fault.message} at {shown_place(text, found.fault.offset)}" if found.fault is not None else reason
    return refused(f"the answer is not JSON: {why}", "json")


def _without_examples(
    text: str, fitting: list[tuple[Candidate, Judged]]
) -> tuple[list[tuple[Candidate, Judged]], list[str]]:
    """The values that no words before them set aside, and these words; all where that leaves a doubt."""
    roles = [role_of(text, each.start) for each, _ in fitting]
    answers = [each for each, (_, is_answer) in zip(fitting, roles, strict=True) if is_answer]
    if len(fitting) > 1 and len(answers) == 1 and all(said for said, _ in roles):
        return answers, [said for said, is_answer in roles if not is_answer]
    words = [set_aside(text, each.start) for each, _ in fitting]
    left = [each for each, aside in zip(fitting, words, strict=True) if not aside]
    if not left or len(left) == len(fitting) or any(is_labelled(text, each.start) for each, _ in left):
        return fitting, []
    return left, [each for each in words if each]


def _refuse_others(
    text: str, place: Place, told: Sequence[Candidate], chosen: tuple[Candidate, Judged], found: Found
) -> None:
    """Refuse a value where another one that looks like the answer follows, and is broken or does not fit."""
    candidate, _ = chosen
    names = {*place.names, *place.inside(0).names} if "array" in place.kinds else set(place.names)
    dicts = [each for each in told if isinstance(each.value, dict)]
    like = [each for each in dicts if not names.isdisjoint(each.value)]
    later = [each for each in like if each.start >= candidate.end]
    if isinstance(candidate.value, dict) and names.isdisjoint(candidate.value):
        later += [each for each in like if each.end <= candidate.start]  # which looks more like it
    broken = [text[start:end] for start, end in found.broken if start >= candidate.end]
    if later or any(name in each for each in broken for name in names):
        raise refused("another value looks like the answer, and cannot be used: nothing is certain", "ambiguous")
    items = isinstance(candidate.value, dict) and place.kinds == {"array"}
    many = len(like if names else dicts)
    if items and many > 1:
        raise refused(f"{many} items stand in the answer, and are no list: which are meant is not certain", "ambiguous")


_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "str", "int", "float", "bool"))


def _refuse_taken_back(text: str, chosen: Candidate, judged: Judged, place: Place) -> None:
    """Refuse a value that the words beside it take back, or contradict."""
    if words := taken_back(text, chosen.start, chosen.end, judged.value):
        raise refused(f"the words beside the value take it back: {words[:40]!r}", "ambiguous")
    if words := unsettled(text, chosen.start, chosen.end, judged.value):
        raise refused(f"the words beside the value show that it is not settled: {words[:40]!r}", "ambiguous")
    if words := contradicted(text, chosen.start, chosen.end, judged.value, place):
        raise refused(f"the words beside the value contradict it: {words[:40]!r}", "ambiguous")


def _is_told(text: str, candidate: Candidate, place: Place) -> bool:
    """Whether a value is one that is given, and not a bracket in a sentence: `see [1] for more`, `[sic]`, a link."""
    value = candidate.value
    if not value:
        return _stands_alone(text, candidate)
    bare = any(repair.what in BARE for repair in candidate.repairs)
    if bare and isinstance(value, dict) and all(str(each) in _TYPES for each in value.values()):
        return False  # the form that was asked for: `{name: string}`
    if not isinstance(value, list) or len(value) > 1 or isinstance(value[0], (list, dict)):
        return True
    begin, end = text.rfind("\n", 0, candidate.start) + 1, text.find("\n", candidate.end)
    before, behind = text[begin : candidate.start].strip(), text[candidate.end : end if end >= 0 else None]
    if isinstance(value[0], str) and not bare:
        return True
    free = any(not is_worded(form) and "format" not in form for form in place.forms)
    if bare and "array" not in place.kinds and place.takes("string", "object") and free:
        return False  # which stands for what is to be filled in: `[your name]`
    if bare or (place.kinds and "array" not in place.kinds):
        return not (before or behind.strip(" .,;:!`"))
    return not (before[-1:].isalnum() and behind.strip(" .;:!`"))


def _agreed(
    text: str, judge: Judge, fitting: Sequence[tuple[Candidate, Judged]], found: Found, passed: Sequence[str]
) -> Judged:
    """The value that all agree on; the last of them needed the least explanation.

    `passed` are the words before others that fit, which say that these are not the answer.
    """
    values: list[Any] = []
    for _, one in fitting:
        values += [one.value] if not among(one.value, values) else []
    last = fitting[-1][0].start
    announced = len(fitting) > 1 and _FINAL.search(text, max(fitting[-2][0].end, last - _LONGEST_WORDS), last)
    before = (text[max(0, each.start - _LONGEST_WORDS) : each.start] for each, _ in fitting[:-1])
    if announced and any(map(_FINAL.search, before)):
        announced = None  # so is another one
    if not announced and (len(values) > 1 or (len(fitting) > 1 and judge.place.schema is True)):
        raise refused(f"{len(fitting)} values could be the answer: which one is meant is not certain", "ambiguous")
    candidate, one = fitting[-1]
    if announced:
        detail = f"of {len(fitting)} values that fit, by {announced[0].strip()!r}"
        told = Step("named as the final one", detail, repairs=True)
        one = replace(one, steps=(told, *one.steps))
    if passed:
        one = replace(one, steps=(Step("passed over", f"a value behind {passed[-1]!r}", repairs=True), *one.steps))
    return Judged(one.value, (*_steps(text, candidate, found), *one.steps), (), _thought(found, one))


_LONGEST_WORDS = 200
_FINAL = LatePattern(
    r"(?:(?:^|[.!?]\s)[^\w\n]*(?:(?:so|the|my|here is|here's|and)\s+){0,3}"
    r"(?:final|corrected|revised|(?:correct|right)(?=\s+(?:answer|json|output|result|value)))"
    r"(?:\s+(?:answer|json|result|version|output|response|value|one|object|list)(?:\s+is)?)?"
    r"|^correction"
    r"|^(?:attempt|draft|try|version)\s+\d{1,3}\s+\(final\))[^\w\n]*\s*(?:```\w*\s*)?\Z",
    re.IGNORECASE | re.MULTILINE,
)
"""What says that the value behind it is the one that counts."""


def _thought(found: Found, one: Judged) -> str:
    return "\n\n".join(filter(None, (*found.reasoning, one.reasoning)))


def _steps(text: str, candidate: Candidate, found: Found) -> list[Step]:
    steps = []
    thought = sum(map(len, found.reasoning))
    if thought:
        steps.append(reasoning_off(SPLIT, thought))
    around = found.left_over(text, candidate)
    if around:
        detail = f"the value stood in a longer text, at {shown_place(text, candidate.start)}"
        steps.append(Step("taken out of its text", detail, repairs=True, offset=candidate.start, changed=around))
    return [*steps, *repair_steps(text, candidate.repairs)]


def _stands_alone(text: str, candidate: Candidate) -> bool:
    """Whether no words stand around a value on its line; an empty one inside of prose is no answer."""
    before, behind = text[: candidate.start].rstrip(" \t"), text[candidate.end :].lstrip(" \t")
    return not (before[-1:].isalnum() or before[-1:] in ("=", "(") or behind[:1].isalnum() or behind[:1] in (")", "."))


def _could_begin(text: str, at: int, place: Place) -> bool:
    """Whether the value that was cut could have been the answer, or an item of it."""
    kind = "object" if text[at] == "{" else "array"
    takes = [place, place.inside(0)] if "array" in place.kinds else [place]
    return any(not each.kinds or kind in each.kinds for each in takes)


def _cut(text: str, found: Found, judge: Judge) -> Refused:
    why = found.fault.message if found.fault is not None else "the text ends inside of a value"
    violation = Violation("$", f"the answer is not whole: {why}", "truncated")
    rest = text[found.cut or 0 :]
    if judge.place.kinds == {"array"} and rest[:1] == "{":  # the items stand one behind the other
        rest = f"[{''.join(f'{json.dumps(each.value)},' for each in found.candidates)}{rest}"
    return Refused([violation], partial_of(rest, judge))


def partial_of(text: str, judge: Judge) -> Partial | None:
    """What there is of a JSON value whose text was cut, in the schema's shape; None when nothing can be said."""
    inside = ("answer",) if judge.field else ()
    parser = PartialParser(read_schema(judge.json, field=judge.field), coerce=judge.coerces)
    ended = [*parser.feed(text), *parser.close()]
    value = parser.value
    for key in inside:
        value = value.get(key, NOTHING) if isinstance(value, dict) else NOTHING
    if value is NOTHING:
        return None
    places = [each.location for each in ended if each.location[: len(inside)] == inside]
    return Partial(value, tuple(place[len(inside) :] for place in places))


# What is no single value


_BETWEEN_ITEMS = LatePattern(
    r"(?:[\s,;`]|</?tool_call>|/\*[^*]{0,200}\*/|//[^\n]{0,200}\n)*(?:(?<=```)(?:json)?\s*)?"
    r"(?:(?<=\n)[ \t]*(?:\d{1,3}[.)]|[-*•]|[A-Z][a-z]{0,20} \d{1,3}:)\s*)?"
)


def _in_one_list(text: str, judge: Judge, found: Found) -> Judged | None:
    """Several values, one behind the other, where the schema has a list of such."""
    if judge.field or len(found.candidates) < 2 or judge.place.kinds != {"array"}:
        return None
    if any(set_aside(text, each.start) for each in found.candidates):
        return None
    gaps = zip(found.candidates, found.candidates[1:], strict=False)
    if not all(_BETWEEN_ITEMS.fullmatch(text, one.end, other.start) for one, other in gaps):
        return None
    judged = judge.judge([each.value for each in found.candidates], text)
    told = Step("put into a list", f"{len(found.candidates)} values stood one behind the other", repairs=True)
    if judged.violations:
        return None
    repairs = repair_steps(text, [repair for each in found.candidates for repair in each.repairs])
    return Judged(judged.value, (told, *repairs, *judged.steps), (), _thought(found, judged))


def _unescaped(text: str, judge: Judge) -> Judged | None:
    """JSON that is written as it stands inside of something else: a text, HTML, a table, a quotation of Markdown's."""
    stripped = text.strip()
    for told, written in _undone(stripped):
        with suppress(NotJson):
            if (judged := judge.accepted(parse_json(written), text, Step(*told, repairs=True))) is not None:
                return judged
    return None


def _undone(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """What is done to a text that was written for another place, and what it then says."""
    if text.startswith(('{\\"', '[\\"', "[{\\", "{\\n")):
        with suppress(NotJson):
            yield ("escapes removed", "the whole answer was escaped as inside of a text"), str(parse_json(f'"{text}"'))
    if text.startswith("{\\n") and "\n" not in text:
        yield ("escapes removed", "line ends were written as escapes"), text.replace("\\n", "\n")
    if "&quot;" in text and '"' not in text:
        plain = _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
        yield ("escapes removed", "the whole answer was escaped as in HTML"), plain
    if text.startswith(('{""', '[""', '"{""', '"[""')) and '"""' not in text.strip('"'):
        inner = text[1:-1] if text[0] == '"' == text[-1] else text
        yield ("quotes written once", "each of them stood twice, as in a table"), inner.replace('""', '"')
    if text.startswith(">") and all(line.startswith(">") for line in text.split("\n")):
        inner = "\n".join(line[1:] for line in text.split("\n"))
        yield ("quotation removed", "the whole answer was quoted as in Markdown"), inner.strip()


_ENTITIES = {"quot": '"', "amp": "&", "lt": "<", "gt": ">", "apos": "'", "#39": "'", "#x27": "'"}
_ENTITY = LatePattern(rf"&({'|'.join(_ENTITIES)});")
"""The characters that are escaped in HTML (its specification, section 13.1.2)."""
