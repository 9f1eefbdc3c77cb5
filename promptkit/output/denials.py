"""Words that deny what they stand beside: a value in a text, a word of an enum, a list."""

from __future__ import annotations

from promptkit.output.place import words_of

__all__ = ["DENIALS", "denied", "doubted"]

_DENIED = """
    absent aint almost against anything arent barely but cannot cant could couldnt didnt disagree doesnt dont doubt
    either except fail failed fails false falsely far formerly free hardly if incorrect instead isn isnt lack lacking
    lacks less maybe might nearly neither nah never no non nope nor not nothing once opposite overly previously rarely
    rather eliminate eliminated eliminates exclude excluded excludes excluding refuse ruled scarcely
    seldom perhaps possibly shouldnt than too unless unlikely wasnt werent without wont wouldnt wrong
    aucun aucune degil ei eivat geen inte ikke ingen kein keine keinen keiner keinerlei nao nicht nie niente nim
    non nunca pas senza sans sin ne не нет 不 没 非 ohne nem nije neni bukan khong ليس لא οχι नहीं
"""
DENIALS = frozenset(_DENIED.split())
_DOUBTS = "not no without except exclude excluded excluding avoid wrong incorrect but however actually wait instead"
_DOUBTFUL = frozenset(_DOUBTS.split())
"""What doubts a list when it stands around it."""


def denied(text: str) -> bool:
    """Whether the last line of a text has a word that denies what follows."""
    lines = text.rstrip().splitlines()
    return bool(lines) and not DENIALS.isdisjoint(words_of(lines[-1]))


def doubted(around: str) -> bool:
    """Whether the lines around a list say that it is not what was asked for."""
    return not _DOUBTFUL.isdisjoint(words_of(around))
