"""What the words around a list, an object or a word of prose say of it: that it is the answer, or another thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.loading.drift.answer import Answer

NOUNS = "categories|choices|classes|labels|options|values"
"""What the words of an enum are called together."""
_DENIED = LatePattern(r"\b(?:not|never|no|don't|cannot|without|instead of)\b", re.IGNORECASE)
"""What turns a sentence into its contrary."""
NO_WORDS = frozenset(("null", "none", "...", "etc", "etc."))
"""What stands among the words of a list, and is none of them."""
_OF_BEFORE = LatePattern(
    r"\b(?:old|former|formerly|previous|previously|earlier|used\s+to|looked|no\s+longer"
    r"|you\s+(?:(?:will|shall)\s+)?(?:get|receive|are\s+given|be\s+given)"
    r"(?!.*\b(?:answer|build|give|output|reply|respond|return|write)\b)"
    r"|(?:wrong|bad|incorrect|invalid)\s+(?:answers?|output|responses?|examples?|json|object))\b"
    r"|(?:\A|\n)\s*(?:[-*]\s+)?(?:example\s+)?(?:avoid|bad|incorrect|inputs?|invalid|wrong)\s*:\s*[`\"']*\Z"
    r"|\b(?:do\s+not|don['’]t|never)\s+(?:answer|output|reply|respond|return|write)(?:\s+(?:like|with))?\W{0,3}\Z",
    re.IGNORECASE,
)
"""What says that an object is of the past, an input, or a bad example, and not what is wanted."""
_MOST_BEFORE = 1_000
"""How many characters before an object are looked at."""
_OF_OTHERS = LatePattern(
    r"\b(?:call|columns?|customers?|deprecated|former|headers?|items|keys?|legacy|mails?|old|plans?|prices?|tables?|tools?|users?)\b",
    re.IGNORECASE,
)
_OF_ANSWERS = LatePattern(
    r"\b(?:answer|assign|categor\w+|choices|choose|classes|classif\w+|label\w*|output|pick|reply|respond|return|select|tag)\b",
    re.IGNORECASE,
)
_QUOTED = LatePattern(r"[`\"'](\w{1,60})[`\"']")
_NAMED = LatePattern(r"\b(\w{1,60})\s+(?:field|key|property)\b|\b(?:field|key|property)\s+[`\"']?(\w{1,60})")


def is_denied(text: str) -> bool:
    """Whether a text has a word that turns it into its contrary."""
    return _DENIED.search(text) is not None


def is_of_the_past(before: str) -> bool:
    """Whether the words before an object say that it is of the past, an input, or a bad example."""
    return _OF_BEFORE.search(before[-_MOST_BEFORE:]) is not None


def speaks_of_others(heading: str, enum: Sequence[str], answer: Answer) -> bool:
    """Whether words before a list speak of something else than the field with an enum's words, or of the past."""
    named = set(re.findall(r"\w+", heading.casefold()))
    told = _OF_OTHERS.search(heading) is not None or is_of_the_past(heading) or is_denied(heading)
    return told or bool(named & (answer.keys - answer.fields_of(enum)))


def asks_for(heading: str, enum: Sequence[str], answer: Answer) -> bool:
    """Whether words before a list speak of the answer, or name the field with an enum's words."""
    named = set(re.findall(r"\w+", heading.casefold()))
    return bool(named & answer.fields_of(enum)) or _OF_ANSWERS.search(heading) is not None


def names_a_key(text: str, answer: Answer) -> bool:
    """Whether a sentence names a field of the answer as such: what it asks for is asked of that one."""
    named = (name for pair in _NAMED.findall(text) for name in pair)
    return any(name in answer.keys for name in (*_QUOTED.findall(text), *named))
