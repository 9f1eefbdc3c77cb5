"""What the words beside a value say of it: that it is none, that it is an example, or that it was a mistake.

A value is refused where the words just before it, or behind it, take it back. Phrases stand one a line; see `phrasing`.
"""

from __future__ import annotations

import re
from typing import Any

from promptkit.output.labels import announces_other, names_other, names_value
from promptkit.output.phrasing import any_of, without_contractions
from promptkit.output.place import plain_word, words_of

__all__ = ["announces_draft", "called_other", "is_verdict", "taken_back", "taken_back_in_words"]

_NEAR = 120
"""How many characters before a value are looked at."""
_FAR = 60
"""How much white space may stand between a value and words that take it back."""
_SAID_BEHIND = 300
"""How many characters behind a value are looked at."""
_PARTS = {
    "IT": "(?:THIS|(?:the|my|this|that|these) (?:above |given |last |previous )?(?:ANSWERs?|data|object)"
    "(?: above| given)?)",
    "BE": "(?:is|was|are|were) (?:(?!only )\\w+ly )?(?:(?:all|also|still) )?",
    "CANNOT": "i (?:cannot|could not)",
    "WRONG": "(?:wrong|incorrect|inaccurate|invalid|not (?:(?:quite|really) )?(?:right|correct|valid)"
    "|not (?:my|the) (?:(?:correct|final|right) )?ANSWER)\\b",
    "AWRY": "(?:bad|fake|incorrect|invalid|mock|obsolete|outdated|rejected|wrong|dummy|placeholder)",
    "ANSWER": "(?:answer|json|output|response|result|value)",
    "EXAMPLE": "(?:example|beispiel|exemple|ejemplo|esempio)",
    "UNREAL": "(?:dummy|fabricated|fictional|fictitious|hypothetical|invented|made[- ]up|placeholder|sample)s?\\b",
    "OWN": "(?! (?:of|(?:data|values?) (?:of|from)))",
    "ONLY": "(?:(?:all|just|merely|only|an?) ){0,2}",
    "START": "\\A\\W{0,4}",
    "COLON": "(?= ?[:\uff1a])",
    "SOUND": "(?:accurate|complete|correct|fine|good|ok|okay|perfect|right|so|valid)\\b",
    "DATA": "(?:any|the|this|your) (?:data|information|request|task|text)",
    "SOURCE": "(?:document|file|input|text)",
    "NEGATED": "[^.\\n]{0,60}\\b(?:any|no|not|without)\\b[^.\\n]{0,60}",
    "GIVEN": "(?:attached|given|provided|supplied)",
    "ENDS": "\\s*(?:[.!,;)\\]]|\\Z|(?=\\n))",
    "NOTED": "(?:(?:please )?note ?(?:that\\b|:)? ?|disclaimer ?: ?)?",
    "THIS": "(?:that|this|it|the above)",
}
"""What stands in several phrases."""


_AS_THOUGHT = r"""
    \A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?
"""
_BEFORE = r"""
    \b(?:is|was|are|were|am|can|could|may|might|must|should|will|would|\w+ly) not(?: \w+ly)?(?: be| been| have been)?
    \b(?:is|was) not (?:my|the) (?:(?:correct|final|right) )?ANSWER
    \b(?:cannot|never)(?: be)?
    \b(?:instead of|rather than|unlike|but not)
    (?:\A|[.!?]\s+)not
    \b(?:nicht|niet|inte|ikke|no es|n[aã]o é|non è|n'est pas|не)
    不是

    \b(?:this|that|it) (?:is|was) (?:wrong|incorrect)
    das ist falsch
    START(?:the )?(?:wrong|incorrect)(?: ANSWER)?(?: is\b|COLON)
    START(?:the |an? )?(?:previously )?AWRY (?:ANSWER|EXAMPLE)(?: is\b|COLON)
    START(?:dummy|fake|mock|placeholder)COLON
    STARTthe following is (?:incorrect|wrong)
    STARTnot this
    START(?:draft|EXAMPLE|version)(?: \d{1,3})? ?\([^()\n]{0,30}\bnot\b[^()\n]{0,30}\)COLON
    \b(?:here|this|that|it) is (?:an?|the) AWRY ANSWER(?=[: ]|\Z)
    START(?:the )?(?:previous|earlier|old) ANSWER(?: (?:was|is)\b|COLON)
    \b(?:this|that|it) is (?:an? )?(?:dummy|placeholder|sample)s?\b
    START(?:the )?(?:validator|checker|parser|server) (?:rejected|refused|discarded)
    STARTi (?:almost|nearly|would have) (?:answered|chose|chosen|gave|given|said|written|wrote)
    START(?:first,? )?i (?:considered|discarded|rejected|ruled out|was (?:about|tempted) to (?:answer|say|write))
    START(?:all|anything|everything) (?:but|except|other than)
    STARTother than
    STARTnot (?:my|the) ANSWERCOLON
    \b(?:an?|one) (?:common|frequent|typical) (?:error|mistake) (?:is|would be)
    \b(?:an?|one) (?:bad|false|incorrect|wrong) (?:ANSWER|choice|option|reading) (?:is|would be)
    \ban? naive \w+ would (?:answer|give|output|return|say)
    STARTavoid(?= ?\Z)
    \b(?:ignore|disregard|forget|never ?mind) (?:the )?following
    \b(?:bad|invalid|wrong) input
    \b(?:error|failed|failure) (?:at|for|in|with)

    \b(?:do not|never|i will not) (?:answer|say|use|return|output|give)(?: with)?
    \b(?:cannot|unable to) (?:give|output|produce|provide|return)
    CANNOT (?:answer(?: (?:that|this|it))?|comply|help (?:you )?with (?:that|this))[.!]
    \bi do not know[.!]
    CANNOT [^\n]{0,60}[.!;] (?:an? |for )?(?:typical (?:ANSWER|EXAMPLE)|EXAMPLE)(?: is|COLON)

    START(?:an? |for )?(?:EXAMPLE|e\.g\.|例)(?: ANSWER)?(?:COLON|(?=\s*\Z))
    STARTfor instanceCOLON
    STARTfor EXAMPLE\b[^.:\n]{0,40}\bis
    STARTthe [\w-]{1,20} EXAMPLE was
    STARTthe prompt (?:has|said|says)
    START(?:zum beispiel|z\. ?b\.|par exemple|por ejemplo|per esempio|例如|比如|например|たとえば|例えば)COLON
    \bEXAMPLE (?:of the (?:format|output)|would be|might be)
    START(?:the )?schema EXAMPLE[^.:\n]{0,40}
    STARTthe schema (?:is|looks like)(?: this)?
    START(?:hypothetically,?|templateCOLON)
    \be\.g\.,?
    \btypical (?:answer|response)
    \bsomething like

    \b(?:would|could|might) (?:look like|(?:normally|otherwise|typically|usually) (?:answer|be|output|return|say))
    \bwas going to (?:answer|say|write)
    \bi will (?:answer|reply|respond) (?:like|with something)
    STARTif (?!asked|forced|i ha|pressed)[^.\n]{1,80},? ?(?:then|i would (?:answer|give|output|return|say))
    STARTif\b[^.\n]{1,60}\b(?:were|was|knew)\b[^.\n]{0,40},? ?it would be
    \b(?:suppose|assume|assuming|imagine|pretend)(?: that)? (?:it|(?:the )?ANSWER) (?:is|was|were)
    STARTi (?:previously|initially|originally|first) (?:thought|said|answered|wrote)
    \b(?:expected|required|requested) (?:format|schema|shape) (?:is|looks like)
    \bthe (?:input was|format would be)
    (?:START|\berror: )input was
    \b(?:error|failed)\b[^\n]{0,60}[.!?;] default(?: value)?COLON

    START(?:you|(?:the )?user) (?:gave|wrote|said|sent|provided)(?: me)?
    STARTthe user's (?:\w+ )?(?:input|message|text) (?:is|was)
    STARTyour input(?: was|COLON)
    START(?:(?:the )?user|you) asked (?:me )?to (?:answer|output|reply|return|say)
    \b(?:asks|says|told) (?:me )?to (?:answer|output|reply|return|say)
    <(?:document|draft|example|function_results?|incorrect|input|rejected)>
    <(?:schema|template|tool_(?:response|result)s?|user|user_input|wrong)>

    \bshould i (?:answer|give|output|reply|return|say|write)(?: with)?
    STARTif i (?:answer|gave|give|output|return|say|said|write)(?: with)?
    STARTignore (?:this|that)COLON
    \bwould be (?:wrong|incorrect)COLON
    \(not (?:my|the) ANSWER\)
    \bwhat not to (?:answer|do|output|reply|return|say|write)COLON
    STARTexpected (?:format|schema|shape|output format)COLON
    \bhere is an? (?:\w+ )?template (?:for you )?(?:that )?(?:you can|to) fillCOLON
    \bhere is an? (?:\w+ )?template (?:for you )?(?:that )?(?:you can|to) fill inCOLON
    \bno (?:document|file|input|text) (?:was|were) GIVEN[^\n]{0,60}\b(?:UNREAL|EXAMPLE)[^\n]{0,20}COLON
    <!--
"""
"""What takes a value back that stands behind it: it is denied, wrong, refused, an example, a condition, a quote."""
_BEHIND = r"""
    actually\b[^.\n]{0,60}\b(?:should|wrong|incorrect|not|must be|instead)\b
    actually,? no\b[^.\n]{0,9}:
    actually,? -?\d+(?:\.\d+)?ENDS
    (?:actually,? |no,? |or rather,? )?make (?:that|it) (?:-?\d|["\x27`])\S{0,20}ENDS
    wait\b[,.!\s-]{1,9}(?:that|this|it|no|i)\b
    (?:no|nein)[,.]? (?:wait|warte)(?=\W*(?:\n|\Z|[.!,]))
    (?:no|not(?: really)?) ?[.!]? ?\Z
    (?:never ?mind|hold on|(?:cancel|scratch|strike) that|oops|my mistake|erratum|just kidding)\b
    (?:on second thought|(?:up)?on reflection)\b
    rather ?:
    edit ?:(?! ?(?:format|typo|spell|gramm))
    err,
    (?:sorry,? )?actually,? no ?[.!]? ?(?:\n|\Z)
    correction ?(?::(?! ?none)|[\u2013\u2014-])
    apologies, (?:the|it|that|i)\b
    (?:sorry,? )?i meant [\d"\x27{\[-]
    sorry,? i meant\b(?! (?:no|to)\b)
    hmm\b[^.\n]{0,60}\b(?:should be|wrong|instead)\b
    hmm\b[^.\n]{0,60}\bnot (?:look |seem )?(?:correct|right)ENDS
    no, (?:-?\d|(?:it|that|this) (?:is WRONG|should be\b))
    i (?:take|took) (?:(?:it all|it|my ANSWER|that|this) back|back)\b
    i (?:was wrong|made (?:a mistake|an error))ENDS
    i (?:retract|withdraw) IT\b
    i (?:need|have|want) to (?:change|correct|fix|redo) (?:this|that|it|the (?:answer|json|output|value))\b
    (?:(?:sorry|please|so|just),? ){0,2}(?:discard|disregard|do not (?:rely on|use)|forget|ignore)(?: IT)? ?(?:[.!]|\Z)
    \(?(?:an? )?(?:EXAMPLE|draft|dummy|obsolete|outdated|placeholder)\)
    \(?(?:EXAMPLE|illustration) onlyENDS
    \((?:EXAMPLE|illustration) (?:data|values?)\)
    (?:<-+|\u2190|#|//) ?(?:this|that) is (?:the|an?) EXAMPLE(?: from the prompt| only)?ENDS

    would be (?:an? |the )?(?:WRONGENDS|(?:incorrect|wrong) ANSWER)
    (?:is|was) my (?:first|initial|old|previous) (?:answer|attempt|draft|guess|thought|try|version)\b
    this does not match\b
    (?:das ist falsch|eso es incorrecto|c'est faux|это неверно)\b
    (?:but|and|which) (?:i )?(?:rejected|discarded)(?: (?:it|that))?ENDS
    cannot be (?:produced|right|correct)ENDS
    (?:is|was|has been) (?:deleted|discarded|obsolete|outdated|rejected|removed|replaced|superseded|withdrawn)\b

    (?:but )?CANNOT (?:answer|comply|say|tell|decide)(?: (?:that|this|it))? ?(?:[.!]|\Z)
    (?:but )?CANNOT do (?:that|this|it) ?(?:[.!]|\Z)
    (?:but )?CANNOT (?:determine (?:it|that|this)|help (?:you )?with (?:that|this)) ?(?:[.!]|\Z)
    (?:but )?CANNOT provide (?:it|that|this|one|an answer) ?(?:[.!]|\Z)
    (?:but )?i do not know\b
    however,? CANNOT answer\b

    is what (?:i|they|he|she|we) (?:would|might|could) have\b
    is what an? [\w\s]{1,30}\b(?:would|might|could)\s[^.\n]{1,30}\bbut\b
    is what [^.\n]{1,40}\b(?:asks?|told|wants?)\b

    (?:is|was) (?:only |just |merely )?(?:an? )?(?:EXAMPLE|draft|placeholder)ENDS
    (?:is|was) (?:the|my|your) inputENDS
    which contradicts the (?:document|facts|source|text)ENDS
    the above is an? EXAMPLE ?[;,.] ?(?:please )?replace\b
    THIS (?:is|was) (?:only|just) an? EXAMPLE\b
    THIS (?:is|was) an EXAMPLE ?[.!]? ?\)?\Z
    IT (?:is|are) (?:just|merely|only) an? (?:EXAMPLE|illustration)\b
    (?:these|the values) (?:are|were) (?:just|only )?(?:EXAMPLE|test) (?:data|values)\b
    NOTED(?:these|the (?:data|values?)|THIS)(?: \w+){0,2}? (?:is|are) ONLYUNREALOWN
    since no (?:document|text) (?:was|were) GIVEN, (?:it|this) is ONLYUNREALENDS
    [^.\n]{0,80}, so (?:this|it) is ONLYUNREALENDS
    NEGATED, so (?:the|these) (?:data|values?|results?) (?:is|are) ONLY(?:UNREAL|EXAMPLEs?\b)
    (?:as|because|since) no SOURCE (?:was|were) GIVEN, i (?:have )?(?:invented|made up|used) (?:UNREAL|EXAMPLE)
    i made (?:(?:it|that|these|this) up|up (?:the|these|this))\b
    以上仅为(?:示例|例子|举例|假设)
    replace (?:the|these) values\b
    replace (?:\w+ )?with (?:the )?(?:actual|correct|real)\b
    todo\b
    still thinking\b
    (?:this|that) is not (?:my|the) final\b
    the (?:\w+ of the )?final (?:answer|version) will be (?:the same|different|given|provided|sent)\b
"""
"""What takes a value back that stands before it: second thoughts, corrections, refusals, and that it is not real."""
_ON_ITS_LINE = r"""
    if (?:i|it|the|there|we|you) (?:could|had|was|were)\b
    is not (?:my|the) (?:(?:correct|final|right) )?ANSWERENDS
"""
_OF_WRONG = r"""
    (?:but )?THIS (?:is|was) WRONG
    (?:sorry,? )?(?:(?:and|but|though|which) )?(?:IT )?BEWRONG(?:ENDS|\s+because\b)
    (?:incorrect|invalid|not quite|wrong) ?[.!]? ?\Z
"""
"""What calls a value wrong, unless it is itself a verdict that says so of something else."""
_OF_NOTHING = r"""
    (?:there was )?no (?:document|file|input|text|transcript) (?:was )?GIVEN(?:ENDS|, so)
    NOTEDi (?:do not have|have no|had no) access to (?:any|the|this|your) (?:SOURCE|page)s? ?(?:[.!;)\]]|\Z|\n)
    please (?:paste|provide|send|share) (?:me )?(?:the|your) actual SOURCE\b
    please (?:paste|provide|send|share) (?:me )?(?:the|your) (?!input\b)SOURCE ?(?:[.!]|\Z|\n)
    please (?:paste|provide|send|share) (?:me )?(?:the|your) \w+ firstENDS
    please (?:paste|provide|send|share) (?:me )?(?:the|your) (?!input\b)SOURCE,? so (?:that )?i can\b
    (?:(?:i apologi[sz]e|sorry|unfortunately),? )?(?:but )?CANNOT (?:complete|fulfil+|process) \w+ (?:request|task)ENDS
"""
"""What says that there was nothing to read the value from, unless it says so itself."""
_OF_INABILITY = r"""
    (?:CANNOT|i (?:am unable|am not able) to) (?:complete|do|extract|fulfil+|process) (?:it|that|this|DATA)[.!]
    as an ai(?: language)? model,? CANNOT (?:answer|complete|do|extract|help|know)\b[^.:\n]{0,60}[.!]
"""
"""What says before a value that there can be none, unless it says so itself."""
_WRONG_ON_ITS_LINE = re.compile(
    r"[ \t`\"'.,]{0,9}(?:[\u274c\u2717\u2718\U0001f6ab]"
    r"|(?:[\[(] ?(?:wrong|incorrect|invalid|not (?:correct|right|valid)) ?[\])]"
    r"|(?:<-+|\u2190|\n{1,3}\^) ?(?:wrong|incorrect|invalid)(?=[.!]?[ \t]*(?:\n|\Z))))",
    re.IGNORECASE,
)
_TAKEN_BACK_BEFORE = re.compile(
    rf"(?:(?:{any_of(_BEFORE + _AS_THOUGHT, _PARTS)})\s*[:\uff1a]?\s*[`\"']*|~~)\Z", re.IGNORECASE
)
_BETWEEN = rf"(?:[ \t]{{1,3}}-[ \t]|[\s`.,;(*_#\u2013\u2014]{{0,{_FAR}}})"
_HESITATION = r"(?:(?:hmm+|oh|ah|uh)\b[,.!\u2026\s]{1,4})?"
_TAKEN_BACK_BEHIND = re.compile(
    rf"[ \t`\"']{{0,9}}(?:\?(?=\s|\Z)|{any_of(_ON_ITS_LINE, _PARTS)})"
    rf"|{_BETWEEN}{_HESITATION}(?:{any_of(_BEHIND, _PARTS)})",
    re.IGNORECASE,
)
_CALLED_WRONG = re.compile(rf"{_BETWEEN}(?:{any_of(_OF_WRONG, _PARTS)})", re.IGNORECASE)
_HAD_NOTHING = re.compile(rf"{_BETWEEN}(?:{any_of(_OF_NOTHING, _PARTS)})", re.IGNORECASE)
_UNABLE = re.compile(rf"\b(?:{any_of(_OF_INABILITY, _PARTS)})\s*\Z", re.IGNORECASE)
_AGAIN = r"""
    another try
    try again
    (?:correct|fix|redo) (?:it|that|this)
"""
_BEGINS_ANEW = re.compile(rf"\b(?:{any_of(_AGAIN)})\b[^.\n]{{0,20}}:\W*\Z", re.IGNORECASE)
"""What announces another value that never came."""
_FENCED = re.compile(r"\s*\n(?:[ \t]*```\w*[ \t]*\n)?\s*\Z|\s*```\w*\s*\n\s*\Z")
"""What stands between a line and the value under it."""


def taken_back(text: str, start: int, end: int, value: Any) -> str:
    """The words beside a value that take it back, as in `It is not {...}` and `{...} Wait, it is wrong`; or none."""
    behind = without_contractions(text[end : end + _SAID_BEHIND])
    found = (
        _TAKEN_BACK_BEFORE.search(_line_above(text, start))
        or _TAKEN_BACK_BEHIND.match(behind)
        or _BEGINS_ANEW.search(text, max(end, len(text) - _NEAR))
    )
    if found is None and not is_verdict(value):
        found = _CALLED_WRONG.match(behind) or _WRONG_ON_ITS_LINE.match(behind)
    if found is None and not _says_nothing(value):
        found = _HAD_NOTHING.match(behind) or (None if is_verdict(value) else _UNABLE.search(_line_above(text, start)))
    return "" if found is None else found[0].strip()


def called_other(text: str, start: int, value: Any) -> str:
    """The label before a value that calls it something else than the answer, such as `Draft:`; or none."""
    said = names_value(text, start, value)
    return "" if said and is_verdict(value) and not _VERDICTS.isdisjoint(words_of(said)) else said


def taken_back_in_words(text: str, value: Any) -> str:
    """The words of a text without JSON that take back what it says: a label, a mark, a sentence behind it; or none."""
    if len(text) > _MOST_WORDS:
        return ""
    for colon in _COLONS.finditer(text):
        if (said := names_other(text[: colon.end()])) and not _ANSWER_FOLLOWS.search(text, colon.end()):
            return said
    wrong = () if is_verdict(value) else (_CALLED_WRONG,)
    for ended in _SENTENCE_ENDS.finditer(text):
        behind = without_contractions(text[ended.end() : ended.end() + _SAID_BEHIND])
        for pattern in (_TAKEN_BACK_BEHIND, _HAD_NOTHING, *wrong):
            if found := pattern.match(behind):
                return found[0].strip()
    found = _MARKED_BEHIND.search(text)
    return "" if found is None else found[0]


_MOST_WORDS = 5_000
_COLONS = re.compile("[:\uff1a]")
_ANSWER_FOLLOWS = re.compile(
    r"\b(?:answer|conclusion|final|output|result|verdict)\b\W{0,4}(?:[:\uff1a]|is\b)", re.IGNORECASE
)
_SENTENCE_ENDS = re.compile(r"[.!\u3002](?=\s|[^\x00-\x7f])|\n+")
_MARKED_BEHIND = re.compile(r"[(\[](?:draft|example|sample|placeholder|not final)[)\]]", re.IGNORECASE)


def is_verdict(value: Any) -> bool:
    """Whether a value judges something else: it holds a false, a word such as `wrong`, or a key such as `valid`."""
    if isinstance(value, dict):
        return not _OF_VERDICTS.isdisjoint(map(plain_word, value)) or any(map(is_verdict, value.values()))
    if isinstance(value, list):
        return any(map(is_verdict, value))
    return value is False or (isinstance(value, str) and plain_word(value) in _VERDICTS)


_OF_VERDICTS = frozenset("correct grade isvalid iscorrect ok pass passed score valid verdict".split())  # noqa: SIM905
_VERDICTS = frozenset("bad error fail failed fake false incorrect invalid no rejected wrong".split())  # noqa: SIM905


def _says_nothing(value: Any) -> bool:
    """Whether a part of a value says that there was nothing to read it from."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
    if value in ([], {}) or any(part in (None, False, "", [], {}) for part in parts):
        return True
    return any(isinstance(part, str) and _NOTHING.search(part) is not None for part in parts)


_NOTHING = re.compile(
    r"\b(?:cannot|can['’]?t|denied|error|failed|missing|no|none|not|refused?|unable|unknown|unsafe)\b", re.IGNORECASE
)
"""What a text in a value says of something that was not there, or was refused."""


def _line_above(text: str, start: int) -> str:
    """The words before a value on its line, or on the line above a value, or a fence, that begins one."""
    above = _FENCED.sub("", text[max(0, start - _NEAR) : start])
    return without_contractions(above[above.rfind("\n") + 1 :])


def announces_draft(text: str, start: int) -> bool:
    """Whether what stands before a value says that it is no answer, or need not be the one."""
    return _TAKEN_BACK_BEFORE.search(_line_above(text, start)) is not None or announces_other(text, start)
