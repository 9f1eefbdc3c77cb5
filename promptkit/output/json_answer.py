"""A JSON answer, from its text to a value that fits: out of its envelope, mended, brought to the schema.

The validator has the last word; and of two values that both fit none is taken, unless they are equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.output.coerce import coerce
from promptkit.output.envelope import Candidate, Found, find, read_alone
from promptkit.output.partial import NOTHING, PartialParser
from promptkit.output.place import Place, plain_word
from promptkit.output.reasoning import TAG
from promptkit.output.scalars import number_in, truth_in
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Step, Violation
from promptkit.schema.equality import among

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from promptkit.output.mends import Mend
    from promptkit.schema import Schema

UNWRAPPED = "unwrapped"
_MOST_JUDGED = 100
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A value brought to the schema, what was done, and what is still wrong; `reasoning` stood beside it."""

    value: Any
    steps: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """What there is of a value that was cut, and the places of what had ended."""

    value: Any
    whole: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """What an answer's value must be. With `field`, it stands beside its reasoning, under "answer"."""

    schema: Schema | None
    field: bool = False
    coerces: bool = True

    @property
    def place(self) -> Place:
        """What the reader of the text may expect."""
        json = True if self.schema is None else self.schema.json
        if not self.field:
            return Place(json, json)
        wrapper = {"type": "object", "properties": {"reasoning": {"type": "string"}, "answer": json}}
        return Place(json, wrapper)

    def judge(self, value: Any, text: str) -> Judged:
        """Hold a value against the schema, and bring it to it if need be."""
        if not self.field:
            return self._judged(value, text)
        key = _key_of(value, "answer")
        if key is None:
            bare = self._judged(value, text)
            missing = Violation("$", 'the answer is not an object with "reasoning" and "answer"', "field")
            told = Step("wrapper missing", "the answer stood by itself, without its reasoning", repairs=True)
            usable = self.coerces and self.schema is not None and not bare.violations
            return Judged(bare.value, (*bare.steps, told)) if usable else Judged(value, violations=(missing,))
        judged = self._judged(value[key], text)
        beside = _key_of(value, "reasoning")
        reasoning = str(value[beside] or "") if beside is not None else ""
        unwrapped = Step(UNWRAPPED, "the answer was taken from beside its reasoning", repairs=key != "answer")
        return Judged(judged.value, (unwrapped, *judged.steps), judged.violations, reasoning)

    def _judged(self, value: Any, text: str) -> Judged:
        if self.schema is None:
            return Judged(value)
        if isinstance(value, dict) and value == self.schema.json:  # as small models give it back
            return Judged(value, violations=(Violation("$", "the answer is the schema itself", "echo"),))
        violations = self.schema.validate(value, parsed=True)
        if not violations or not self.coerces:
            return Judged(value, violations=violations)
        fit = coerce(value, self.schema.json, text)
        if not fit.changes:
            return Judged(value, violations=violations)
        steps = tuple(Step("value changed", str(change), repairs=True) for change in fit.changes)
        left = self.schema.validate(fit.value, parsed=True)
        return Judged(value, violations=violations) if left else Judged(fit.value, steps)


def _key_of(value: Any, name: str) -> str | None:
    """The key of an object that is called so, or but for its case and signs, if it is the only one."""
    if not isinstance(value, dict) or name in value:
        return name if isinstance(value, dict) else None
    near = [key for key in value if plain_word(key) == name]
    return near[0] if len(near) == 1 else None


class Refused(Exception):
    """The answer cannot be used; what there is of it, if it was cut."""

    def __init__(self, violations: Iterable[Violation], partial: Partial | None = None) -> None:
        super().__init__()
        self.violations = tuple(violations)
        self.partial = partial


def refused(message: str, keyword: str) -> Refused:
    """A refusal of the whole answer."""
    return Refused([Violation("$", message, keyword)])


def searched(text: str, judge: Judge, *, repair: bool, reason: str) -> Judged:
    """The value in a text that is not JSON as it stands. Raises `Refused`; `reason` says why it is not JSON."""
    place = judge.place
    found = find(text, place, repair=repair)
    if found.exhausted:
        raise refused("the answer has too many brackets to be searched for a value", "work")
    told = [each for each in found.candidates if each.value or _stands_alone(text, each)]
    judged = [(each, judge.judge(each.value, text)) for each in told[-_MOST_JUDGED:]]
    fitting = [(each, one) for each, one in judged if not one.violations]
    if found.cut is not None and _could_begin(text, found.cut, place):
        raise _cut(text, found)
    if found.unclosed and not fitting:
        raise refused("the reasoning never ends: no answer was given", "reasoning")
    if repair and len(told) > 1 and not any(isinstance(each.value, list) for each in told):
        several = _in_one_list(text, judge, found)
        if several is not None:
            return several
    if fitting:
        return _agreed(text, judge, fitting, found)
    if repair:
        other = _unescaped(text, judge) or _alone(text, judge, found) or _scalar(text, judge, found)
        if other is not None:
            return other
    if found.reasoning and not judged and not TAG.sub("", text).replace(found.reasoning[-1], "").strip():
        raise refused("the answer is empty", "empty")
    if judged:
        raise Refused(judged[-1][1].violations)
    why = f"{found.fault.message} at {_at(text, found.fault.offset)}" if found.fault is not None else reason
    raise refused(f"the answer is not JSON: {why}", "json")


def _agreed(text: str, judge: Judge, fitting: Sequence[tuple[Candidate, Judged]], found: Found) -> Judged:
    """The value that all agree on; the last of them needed the least explanation."""
    values: list[Any] = []
    for _, one in fitting:
        values += [one.value] if not among(one.value, values) else []
    last = fitting[-1][0].start
    announced = len(fitting) > 1 and _FINAL.search(text, fitting[-2][0].end, last)
    if not announced and (len(values) > 1 or (len(fitting) > 1 and judge.place.schema is True)):
        raise refused(f"{len(fitting)} values could be the answer: which one is meant is not certain", "ambiguous")
    candidate, one = fitting[-1]
    if announced:
        told = Step(
            "named as the final one", f"of {len(fitting)} values that fit, by {announced[0].strip()!r}", repairs=True
        )
        one = replace(one, steps=(told, *one.steps))
    return Judged(one.value, (*_steps(text, candidate, found), *one.steps), (), _thought(found, one))


_FINAL = re.compile(
    r"\b(?:final|corrected|revised)\b[^\n{\[]{0,60}\W*(?:```\w*\s*)?\Z|\bmy response:\s*\Z", re.IGNORECASE
)
"""What says that the value behind it is the one that counts."""


def _thought(found: Found, one: Judged) -> str:
    return "\n\n".join(filter(None, (*found.reasoning, one.reasoning)))


def _steps(text: str, candidate: Candidate, found: Found) -> list[Step]:
    steps = []
    thought = sum(map(len, found.reasoning))
    if thought:
        steps.append(Step("reasoning split off", f"{thought:,} character{'s' * (thought > 1)} of reasoning"))
    outside = TAG.sub("", f"{text[: candidate.start]}\n{text[candidate.end :]}")
    for each in found.reasoning:
        outside = outside.replace(each, "", 1)
    around = len("".join(outside.split()))
    if around:
        detail = f"the value stood in a longer text, at {_at(text, candidate.start)}"
        steps.append(Step("taken out of its text", detail, True, candidate.start, around))
    return [*steps, *mended(text, candidate.mends)]


def mended(text: str, mends: Sequence[Mend]) -> list[Step]:
    """What was done to a text, the same things told together."""
    by_what: dict[str, list[Mend]] = {}
    for each in mends:
        by_what.setdefault(each.what, []).append(each)
    steps = []
    for what, several in by_what.items():
        more = f", and {len(several) - 1} more" if len(several) > 1 else ""
        first, changed = several[0].offset, sum(each.changed for each in several)
        steps.append(Step(what, f"at {_at(text, first)}{more}", True, first, changed))
    return steps


def _at(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def _stands_alone(text: str, candidate: Candidate) -> bool:
    """Whether no words stand around a value on its line; an empty one inside of prose is no answer."""
    before, behind = text[: candidate.start].rstrip(" \t"), text[candidate.end :].lstrip(" \t")
    return not (before[-1:].isalnum() or before[-1:] in ("=", "(") or behind[:1].isalnum() or behind[:1] in (")", "."))


def _could_begin(text: str, at: int, place: Place) -> bool:
    """Whether the value that was cut could have been the answer."""
    return not place.kinds or ("object" if text[at] == "{" else "array") in place.kinds


def _cut(text: str, found: Found) -> Refused:
    why = found.fault.message if found.fault is not None else "the text ends inside of a value"
    violation = Violation("$", f"the answer is not whole: {why}", "truncated")
    return Refused([violation], partial_of(text[found.cut or 0 :]))


def partial_of(text: str) -> Partial | None:
    """What there is of a JSON value whose text was cut; None when nothing can be said."""
    parser = PartialParser()
    ended = parser.feed(text)
    if parser.value is NOTHING:
        return None
    return Partial(parser.value, tuple(each.location for each in ended))


# What is no single value


def _in_one_list(text: str, judge: Judge, found: Found) -> Judged | None:
    """Several values, one behind the other, where the schema has a list of such."""
    if judge.field or len(found.candidates) < 2 or judge.place.kinds != {"array"}:
        return None
    gaps = zip(found.candidates, found.candidates[1:], strict=False)
    if any(text[one.end : other.start].strip(" \t\r\n,;`") for one, other in gaps):
        return None
    judged = judge.judge([each.value for each in found.candidates], text)
    told = Step("put into a list", f"{len(found.candidates)} values stood one behind the other", repairs=True)
    mends = [step for each in found.candidates for step in mended(text, each.mends)]
    return (
        None if judged.violations else Judged(judged.value, (told, *mends, *judged.steps), (), _thought(found, judged))
    )


def _unescaped(text: str, judge: Judge) -> Judged | None:
    """JSON whose quotes are all escaped, as if it stood inside of a text."""
    stripped = text.strip()
    if not stripped.startswith(('{\\"', '[\\"', "[{\\", "{\\n")):
        return None
    try:
        value = parse_json(str(parse_json(f'"{stripped}"')))
    except NotJson:
        return None
    judged = judge.judge(value, text)
    told = Step("escapes removed", "the whole answer was escaped as inside of a text", repairs=True)
    return None if judged.violations else Judged(judged.value, (told, *judged.steps), (), judged.reasoning)


def _alone(text: str, judge: Judge, found: Found) -> Judged | None:
    """A single value that is no object and no list, written loosely: `'it'`, `True`, `.5`."""
    if found.candidates or judge.field or text.lstrip()[:1] not in _BEGINS_ALONE:
        return None
    candidate = read_alone(text, judge.place)
    judged = judge.judge(candidate.value, text) if candidate is not None and candidate.mends else None
    if candidate is None or judged is None or judged.violations or judged.steps:
        return None
    return Judged(judged.value, tuple(mended(text, candidate.mends)))


_BEGINS_ALONE = frozenset("\"'“‘`´TFN.+-0123456789")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+(\S.*)")


def _bulleted(text: str, judge: Judge) -> Judged | None:
    """A Markdown list and nothing else, where the schema has a list of texts."""
    lines = [_BULLET.fullmatch(line) for line in text.strip().split("\n") if line.strip()]
    items = [line[1].strip() for line in lines if line]
    if not items or len(items) < len(lines):
        return None
    judged = judge.judge(items, text)
    told = Step("read as a list", f"{len(items)} lines of a Markdown list", repairs=True)
    return None if judged.violations else Judged(judged.value, (told, *judged.steps))


def _scalar(text: str, judge: Judge, found: Found) -> Judged | None:
    """A number, a truth value or a word that a sentence names, where the schema has nothing else."""
    place, said = judge.place, text.strip()
    if place.kinds == {"array"} and place.inside(0).kinds == {"string"}:
        return _bulleted(text, judge)
    if place.kinds == {"array"}:
        place = place.inside(0)  # a list of one
    if (
        judge.field
        or not judge.coerces
        or not said
        or not place.kinds
        or not place.kinds <= _SCALARS
        or found.candidates
    ):
        return None
    worded = judge.judge(said, text)
    told = Step("read as the value", "the answer is no JSON; what it says was taken", repairs=True)
    if not worded.violations:
        return Judged(worded.value, (told, *worded.steps))
    guesses: list[Any] = [
        number_in(said, whole=True) if "integer" in place.kinds else None,
        number_in(said, whole=False) if "number" in place.kinds else None,
        truth_in(said) if "boolean" in place.kinds else None,
    ]
    for value in guesses:
        if value is not None:
            judged = judge.judge(value, text)
            return None if judged.violations else Judged(judged.value, (told, *judged.steps))
    return None
