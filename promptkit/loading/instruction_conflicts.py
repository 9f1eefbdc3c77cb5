"""Instructions that a prompt gives twice, or against each other, because it inherits some of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.loading.prose import GAP, NUMBER, Sentence, number_of, sentences
from promptkit.template.tree import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.loading.template_text import TemplateText

_LEAST_WORDS = 4
_LANGUAGES = """
arabic bengali bulgarian catalan chinese croatian czech danish dutch english estonian finnish french german greek hebrew
hindi hungarian indonesian irish italian japanese korean latin latvian lithuanian malay norwegian persian polish
portuguese romanian russian serbian slovak slovenian spanish swahili swedish thai turkish ukrainian urdu vietnamese
"""
_LANGUAGE = LatePattern(
    r"^(?:you )?(?:always |must |should |shall )?(?:answer|respond|reply|write|speak)(?: (?:your|the|all))?(?: \w+)?"
    rf" in ({'|'.join(_LANGUAGES.split())})\b"
)
_IN_A_LANGUAGE = LatePattern(rf"\bin (?:{'|'.join(_LANGUAGES.split())})\b", re.IGNORECASE)
_CONDITIONAL = LatePattern(r"\b(?:if|when|unless|only|whenever|quotation)\b")
"""Words of an instruction that holds at times, and so contradicts none."""
_BULLET = LatePattern(r"^(?:[-*+]|\d{1,3}[.)])\s+")
_NEGATED = LatePattern(r"^(?:please )?(?:do not|don't|never|must not|should not|avoid)(?: ever)? ")
_ASKED = LatePattern(r"^(?:please )?(?:always |do |must |should )?")


class Instruction(NamedTuple):
    """A sentence of a template, in plain words, and whether it says what not to do."""

    text: TemplateText
    sentence: Sentence
    words: str

    @property
    def negated(self) -> bool:
        """Whether it forbids."""
        return _NEGATED.match(self.words) is not None

    @property
    def deed(self) -> str:
        """What is to be done, or not to be done."""
        return _NEGATED.sub("", self.words) if self.negated else _ASKED.sub("", self.words)

    @property
    def place(self) -> str:
        """File and line, for people."""
        document = self.text.document
        line, _ = document.place(self.text.span(self.sentence.start, self.sentence.start + 1)[0])
        return f"{document.path}:{line}"


def names_languages(prose: str) -> int:
    """How many times a prose says in which language, or may."""
    return len(_IN_A_LANGUAGE.findall(prose))


def instructions_of(text: TemplateText, prose: str) -> Iterator[Instruction]:
    """The sentences of a template that hold no value."""
    for sentence in sentences(prose):
        words = " ".join(re.findall(r"\w[\w'-]*", _BULLET.sub("", sentence.text.casefold(), count=1)))
        if GAP not in sentence.text and words and not _CONDITIONAL.search(words):
            yield Instruction(text, sentence, words)


def compared(instructions: Iterable[Instruction], main: str) -> Iterator[tuple[TemplateText, TemplateFault]]:
    """Instructions of the file `main` that stand in another one too, or say the contrary of one there."""
    listed = list(instructions)
    own = [each for each in listed if each.text.document.path == main]
    others = [each for each in listed if each.text.document.path != main]
    yield from _languages_of_one(own)
    if not others:
        return
    bounds = [(bound, each) for each in others if (bound := _bound(each.words))]
    same = {each.words: each for each in reversed(others)}
    deeds = {each.deed: each for each in reversed(others)}
    shapes = {_shape(each.words): each for each in reversed(others) if _shape(each.words) != each.words}
    spoken = [(each, language[1]) for each in others if (language := _LANGUAGE.match(each.words))]
    for each in own:
        found = _contrary(each, deeds, shapes) or _other_language(each, spoken) or _other_bound(each, bounds)
        if (twin := same.get(each.words)) and len(each.words.split()) >= _LEAST_WORDS:
            yield each.text, _fault("PK230", each, "this instruction is given twice", f"it stands at {twin.place} too")
        elif found is not None:
            said = " ".join(found.sentence.text.split())[:60]
            label = f"`{said}` at {found.place}"
            yield each.text, _fault("PK231", each, "this instruction contradicts another one", label)


def _contrary(each: Instruction, deeds: dict[str, Instruction], shapes: dict[str, Instruction]) -> Instruction | None:
    other = deeds.get(each.deed)
    if other is not None and other.negated != each.negated and len(each.deed.split()) > 1:
        return other
    shape = _shape(each.words)
    if shape == each.words or len(each.words.split()) < _LEAST_WORDS:
        return None
    other = shapes.get(shape)
    return other if other is not None and other.words != each.words else None


def _other_language(each: Instruction, spoken: list[tuple[Instruction, str]]) -> Instruction | None:
    found = _LANGUAGE.match(each.words)
    return next((other for other, language in spoken if found and language != found[1]), None)


def _languages_of_one(own: list[Instruction]) -> Iterator[tuple[TemplateText, TemplateFault]]:
    """Two languages that one file asks for."""
    spoken = [(each, found[1]) for each in own if (found := _LANGUAGE.fullmatch(each.words))]
    for each, language in spoken[1:]:
        if language != spoken[0][1]:
            said = " ".join(spoken[0][0].sentence.text.split())[:60]
            label = f"`{said}` at {spoken[0][0].place}"
            yield each.text, _fault("PK231", each, "this instruction contradicts another one", label)


_BOUND = LatePattern(
    r"(?:please )?(?:always )?(?:use|write|answer in|answer with|reply in|reply with|give)"
    r" (at least|no fewer than|more than|at most|no more than|up to|fewer than|less than)"
    rf" {NUMBER} (sentences?|words?|paragraphs?|characters?|items?|bullets?|points?|lines?)"
)
"""A limit of the whole answer: the sentence says nothing else."""
_LOW = ("at least", "no fewer than", "more than")


def _bound(words: str) -> tuple[bool, int, str] | None:
    """Whether a limit is one from below, its number, and what it counts."""
    found = _BOUND.fullmatch(words)
    if found is None:
        return None
    return found[1] in _LOW, number_of(found[2]), found[3].removesuffix("s")


def _other_bound(each: Instruction, bounds: list[tuple[tuple[bool, int, str], Instruction]]) -> Instruction | None:
    """An instruction whose limit leaves no number that keeps to both."""
    own = _bound(each.words)
    if own is None:
        return None
    for (low, number, unit), other in bounds:
        least, most = (number, own[1]) if low else (own[1], number)
        if unit == own[2] and low != own[0] and least > most:
            return other
    return None


def _shape(words: str) -> str:
    """The words of a limit with its numbers left open; only a limit contradicts another one by its number."""
    if not re.search(r"\b(?:at most|at least|no more than|exactly|up to|within)\b", words):
        return words
    return re.sub(rf"\b{NUMBER}\b", "#", words)


def _fault(code: str, each: Instruction, message: str, label: str) -> TemplateFault:
    start, end = each.sentence.start, each.sentence.start + len(each.sentence.text)
    cure = "keep one of the two" if code == "PK230" else "let one of the two give way"
    return TemplateFault(code, message, start, end, "warning", label=label, help=cure)
