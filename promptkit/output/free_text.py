"""What an answer says that is no JSON: a word, a number in a sentence, a list of lines."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.acceptance import Judged, refused
from promptkit.output.code_fence import unfenced
from promptkit.output.denials import denied
from promptkit.output.envelope import read_alone
from promptkit.output.key_value_lines import keyed
from promptkit.output.markdown_lists import BULLET, SCALARS, listed, unmarked
from promptkit.output.marked_answers import DISPUTED, marked
from promptkit.output.place import constants_of, is_worded, plain_word
from promptkit.output.python_calls import called
from promptkit.output.reasoning import TAG, split_tags, without_end
from promptkit.output.retractions import taken_back_in_words
from promptkit.output.scalars import is_nothing
from promptkit.output.sentences import explained, number_in, truth_in, without_courtesy
from promptkit.output.steps import SPLIT, answer_tags_off, reasoning_off, repair_steps, turn_ended
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.output.tagged_fields import tagged
from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promptkit.output.acceptance import Judge
    from promptkit.output.envelope import Found
    from promptkit.output.place import Place

__all__ = ["bulleted", "marked_up", "of_words"]


def of_words(text: str, judge: Judge, found: Found) -> Judged | None:
    """What a text without JSON says, its reasoning set aside."""

    def read(words: str) -> Judged | None:
        listed = _scalar(words, judge, found) or _numbers(words, judge) or _texts(words, judge) or _listed(words, judge)
        told = _alone(words, judge, found) or listed
        if told is not None and not _takes_any_text(judge.place) and (said := taken_back_in_words(words, told.value)):
            raise refused(f"the words beside the value take it back: {said[:40]!r}", "ambiguous")
        return told or keyed(words, judge) or tagged(words, judge) or called(words, judge)

    return _set_apart(text, read)


def marked_up(text: str, judge: Judge) -> Judged | None:
    """An object of which each field stands in markup of its own; its reasoning set aside."""
    return _set_apart(text, lambda words: tagged(words, judge))


def bulleted(text: str, judge: Judge) -> Judged | None:
    """A Markdown list and nothing else, where the schema has a list of such; its reasoning set aside."""
    return _set_apart(text, lambda words: listed(words, judge))


def _set_apart(text: str, read: Callable[[str], Judged | None]) -> Judged | None:
    """What is read of a text without its reasoning, the tag around the answer, and the token that ends its turn."""
    split = split_tags(text)
    words, ended = without_end(split.answer)
    words, tag = (words, split.tag) if split.tag else _without_tag(words)
    if split.unclosed or TAG.search(words) or not words.strip():
        return None
    told = read(words)
    if told is None:
        return None
    steps = [reasoning_off(SPLIT, len(split.reasoning))] if split.reasoning else []
    steps += [answer_tags_off(tag)] if tag else []
    steps += [turn_ended(ended)] if ended else []
    return replace(told, steps=(*steps, *told.steps), reasoning=split.reasoning)


_AROUND = LatePattern(
    r"\s*<(answer|category|class|classification|final_answer|intent|json|label|output|response|result|sentiment)>(.*)</\1>\s*\Z",
    re.DOTALL | re.IGNORECASE,
)


def _without_tag(text: str) -> tuple[str, str]:
    """The value that stands in one tag for answers, and the tag's name; in quotes it is JSON's."""
    found = _AROUND.match(text)
    if found is None or f"<{found[1]}>" in found[2]:
        return text, ""
    with suppress(NotJson):
        inner = parse_json(found[2].strip())
        return (inner, found[1]) if isinstance(inner, str) else (found[2].strip(), found[1])
    return found[2].strip(), found[1]


def _alone(text: str, judge: Judge, found: Found) -> Judged | None:
    """A single value that is no object and no JSON list, written loosely: `'it'`, `True`, `.5`, `(1, 2)`."""
    inner = unfenced(text)
    text = text if inner is None else inner
    begins = _BEGINS_ALONE | ({"("} if judge.place.takes("array") else set())
    first = text.lstrip()[:1]
    if found.candidates or judge.field or first not in begins or (first == "`" and _takes_any_text(judge.place)):
        return None
    if "string" in judge.place.kinds and text.lstrip()[:1].isalnum():
        return None  # the word itself may be meant
    candidate = read_alone(text, judge.place)
    judged = judge.judge(candidate.value, text) if candidate is not None and candidate.repairs else None
    if candidate is None or judged is None or judged.violations or judged.steps:
        return None
    return Judged(judged.value, tuple(repair_steps(text, candidate.repairs)))


_BEGINS_ALONE = frozenset("\"'“‘`´TFN.+-0123456789")
_NUMBERS = LatePattern(r"-?\d{1,18}(?:\.\d+)?(?:(?:[ \t]*[,;][ \t]*|[ \t]*\n[ \t]*)-?\d{1,18}(?:\.\d+)?)+")
_GROUPED = LatePattern(r"\d{1,3}(?:,\d{3})+(?!\d)")
"""One number with its thousands apart, or several."""


def _numbers(text: str, judge: Judge) -> Judged | None:
    """Numbers with commas or line ends between them, where the schema has a list of such."""
    listed = text.strip()
    if judge.field or judge.place.kinds != {"array"} or not judge.place.inside(0).kinds <= {"integer", "number"}:
        return None
    if not _NUMBERS.fullmatch(listed) or _GROUPED.search(listed) or re.fullmatch(r"-?\d+,\d+", listed):
        return None
    judged = judge.judge(re.split(r"\s*[,;\n]\s*", listed), text)
    told = Step("read as a list", "numbers without brackets", repairs=True)
    return None if judged.violations else Judged(judged.value, (told,))


_QUOTE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|“[^”\n]*”)"""
_QUOTED_TEXTS = LatePattern(rf"{_QUOTE}(?:\s*,\s*{_QUOTE})+")


def _texts(text: str, judge: Judge) -> Judged | None:
    """Texts with commas between them, where the schema has a list of such: in quotes, or each a single word."""
    listed = text.strip()
    if judge.field or judge.place.kinds != {"array"} or judge.place.inside(0).kinds != {"string"}:
        return None
    items = [each.strip() for each in re.split("[,\u3001]", listed)]
    if _QUOTED_TEXTS.fullmatch(listed):
        quoted = re.findall(_QUOTE, listed)
        try:
            items = [each[1:-1] if each[0] in "'“" else str(parse_json(each)) for each in quoted]
        except NotJson:
            return None
    elif denied(listed) or "\n" in listed or _GROUPED.search(listed) or not _are_words(items):
        return None
    return judge.accepted(items, text, Step("read as a list", "texts with commas between them", repairs=True))


_LABEL = LatePattern(
    r"(?:(?:the )?(?:final )?(?:answers?|categor(?:y|ies)|class(?:es)?|labels?|outputs?|results?|tags?)):[ \t]*",
    re.IGNORECASE,
)
_BETWEEN_WORDS = LatePattern(r" ?[,;\n] ?(?:and )?| and ")


def _listed(text: str, judge: Judge) -> Judged | None:
    """Words with commas, `and` or line ends between them, and nothing else, where the schema lists all that may be."""
    place = judge.place.inside(0)
    if judge.field or judge.place.kinds != {"array"} or not all(map(is_worded, place.forms)):
        return None
    lines = (" ".join(line.split()) for line in text.splitlines() if line.strip())
    listed = "\n".join(lines).removesuffix(".")
    label = _LABEL.match(listed)
    listed = listed[label.end() if label else 0 :]
    words = [word for form in place.forms for word in constants_of(form) or () if isinstance(word, str)]
    known = {plain_word(word) for word in words} - {""}
    items = [listed] if plain_word(listed) in known else _BETWEEN_WORDS.split(listed)
    named = [plain_word(each) for each in items]
    if not known.issuperset(named) or len(set(named)) < len(named):
        return None
    if len(items) > 1 and any(map(_BETWEEN_WORDS.search, words)):
        return None  # where one word ends and the next one begins is not certain
    return judge.accepted(items, text, Step("read as a list", "words that the schema lists", repairs=True))


def _are_words(items: list[str]) -> bool:
    """Whether items are single words, and too many for a sentence: `Sorry, no` is none."""
    if len(items) < _LEAST_WORDS or plain_word(items[0]) in _ANSWERED or any(map(is_nothing, items)):
        return False
    return all(_WORD.fullmatch(each) and re.search(r"\w", each) and each[-1] not in ".!?;:" for each in items)


_WORD = LatePattern(r"(?!(?:etc|等|等等|など|其他|例如|たとえば)\Z)[^\s\"'`*(){};\[\]]{1,100}")
_LEAST_WORDS = 3
_GREETINGS = "apologies declined error frankly hello hi honestly however okay ok refused sorry sure thanks well yes"
_ANSWERED = frozenset((*_GREETINGS.split(), "unfortunately"))
"""What begins an answer, and no list."""


def _scalar(text: str, judge: Judge, found: Found) -> Judged | None:
    """A number, a truth value or a word that a sentence names, where the schema has nothing else."""
    place = judge.place
    if place.kinds == {"array"} and "string" in place.inside(0).kinds:
        return None  # a text may list several
    if place.kinds == {"array"}:
        place = place.inside(0)  # a list of one
    free = _takes_any_text(place)
    text = text if free else without_courtesy(text.lstrip())
    answer = None if free else marked(text)
    if judge.field or not judge.coerces or not place.kinds or not place.kinds <= SCALARS:
        return None
    if answer == DISPUTED or (found.candidates and answer is None):
        return None
    said = (text if answer is None else answer).strip()
    if place.takes("integer", "number") and BULLET.match(said):
        return None  # a bullet, or a minus
    if not said or said[0] in "{[" or (said[0] == '"' and (free or said.count('"') < len('""'))):
        return None  # the beginning of JSON that has no end
    told = Step("read as the value", "the answer is no JSON; what it says was taken", repairs=True)
    values = (value for value in (unmarked(said), *(() if free else _meant(said, place))) if value is not None)
    return next(filter(None, (judge.accepted(value, text, told) for value in values)), None)


def _takes_any_text(place: Place) -> bool:
    """Whether texts may stand here that the schema does not list."""
    texts = (form for form in place.forms if form.get("type", "string") == "string" or "string" in form["type"])
    return any("enum" not in form and "const" not in form for form in texts)


_IN_BRACKETS = LatePattern(
    r"\A(?:\\\(\s{0,9}(?:\\text\{)?|\\\[\s{0,9})([^\\\s](?:[^\\]{0,58}[^\\\s}])?)\}?\s{0,9}(?:\\\)|\\\])\Z"
)
"""What LaTeX puts around a formula."""


def _meant(said: str, place: Place) -> Iterator[Any]:
    """What is meant, where only some values can be: the words without their marks, then what a sentence gives."""
    words = [word for form in place.forms for word in constants_of(form) or () if isinstance(word, str)]
    bare = said.strip("*`_> " if words else "*`_").strip()
    short = _IN_BRACKETS.sub(r"\1", explained(without_courtesy(bare))).removesuffix("!").strip("*`_ ")
    for each in (bare,) if words or short == bare else (bare, short):
        yield each
        yield number_in(each, whole=True) if "integer" in place.kinds else None
        yield number_in(each, whole=False) if "number" in place.kinds else None
        yield truth_in(each) if "boolean" in place.kinds else None
