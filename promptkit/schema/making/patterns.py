"""Texts that match a regular expression of a JSON Schema, made by walking its parse tree.

The tree is Python's, whose dialect is near enough to ECMA-262 for this use; whoever calls checks the text with
the validator, so that a difference between the dialects costs a candidate and never makes a wrong value.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD = "simulated"
_LETTERS = _WORD + "bcfghjknopqrvwxyz"
_DIGITS = "1234567890"
_OTHERS = "-_. /:@#+,;!?()[]{}'\"*=<>&%$~^|\\`\t\n\r"
_PREFERRED = _LETTERS + _LETTERS.upper() + _DIGITS + _OTHERS
_LONGEST = 20_000
_WANTS = (9, 1, 2, 3, 0, 4, 5, 6, 7, 8, 12, 16, 32, 64)
"""How often a part that may be repeated is repeated, in the order in which it is tried."""

_UNICODE_CLASSES = {"L": "A-Za-z", "Ll": "a-z", "Lu": "A-Z", "N": "0-9", "Nd": "0-9", "P": "!?.,", "Z": " ", "Zs": " "}
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": lambda char: char in "0123456789",
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda char: char == "_" or (char.isascii() and char.isalnum()),
}


class Unmatchable(Exception):
    """No text can be made for this pattern."""


def matching_texts(pattern: str, *, least: int = 0, ordinal: int = 0) -> Iterator[str]:
    """Candidates for a text that the pattern matches, likely ones first; there may be none.

    `least` is a length that is asked for elsewhere; texts of different ordinals differ where the pattern
    leaves room.
    """
    try:
        tree: Any = re._parser.parse(_as_python(pattern))  # type: ignore[attr-defined]  # noqa: SLF001 (the only parser of the standard library)
    except (re.error, RecursionError, OverflowError):
        return
    wants = (*_WANTS[:4], least, *_WANTS[4:]) if least else _WANTS
    for branch in range(4):
        for want in wants:
            try:
                yield _Walk(want, branch, ordinal).text(tree)
            except (Unmatchable, RecursionError):
                continue


def first_texts(pattern: str, fits: Callable[[str], bool], *, least: int, ordinal: int, most: int = 4) -> list[str]:
    """The first few different candidates that fit; when there is none, a few stock texts that do."""
    made = (text for text in matching_texts(pattern, least=least, ordinal=ordinal) if fits(text))
    found = list(dict.fromkeys(islice(made, most)))
    return found or [text for text in _stock(least, ordinal) if fits(text)][:most]


def _stock(least: int, ordinal: int) -> Iterator[str]:
    """Texts with a bit of everything, for look-aheads such as those of password rules."""
    for text in ("Simulated-1", "Simulated1", "simulated_1", "S1mulated!", "simulated", "SIMULATED", "1", "a", ""):
        numbered = f"{text}{ordinal}" if ordinal else text
        yield numbered + (_WORD * (least // len(_WORD) + 1))[: max(0, least - len(numbered))]


def _as_python(pattern: str) -> str:
    """The ECMA-262 forms that Python spells otherwise."""
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    pattern = re.sub(r"\\k<(\w+)>", r"(?P=\1)", pattern)
    pattern = re.sub(r"\\p\{(\w+)\}", _unicode_class, pattern)
    return re.sub(r"\\u\{([0-9A-Fa-f]{1,8})\}", lambda found: f"\\U{found[1]:0>8}", pattern)


def _unicode_class(found: re.Match[str]) -> str:
    chars = _UNICODE_CLASSES.get(found[1], "A-Za-z")
    opened = found.string.count("[", 0, found.start()) > found.string.count("]", 0, found.start())
    return chars if opened else f"[{chars}]"


class _Walk:
    """One walk over a tree, with one wish for repetitions and one for branches."""

    def __init__(self, want: int, branch: int, ordinal: int) -> None:
        self._want = want
        self._branch = branch
        self._ordinal = ordinal
        self._groups: dict[int, str] = {}
        self._length = 0

    def text(self, tree: Any) -> str:
        """The text of a sequence of nodes. Raises `Unmatchable`."""
        return "".join([self._node(str(op), argument) for op, argument in tree])

    def _node(self, op: str, argument: Any) -> str:
        make = _NODES.get(op)
        if make is None:
            raise Unmatchable(op)
        return make(self, argument)

    def literal(self, code: int) -> str:
        return self._char(lambda char: char == chr(code), chr(code))

    def other(self, code: int) -> str:
        return self._char(lambda char: char != chr(code))

    def any_char(self, _: None) -> str:
        return self._char(lambda char: char != "\n")

    def one_of(self, items: list[tuple[Any, Any]]) -> str:
        negated = str(items[0][0]) == "NEGATE"
        listed = [(str(op), argument) for op, argument in items if str(op) != "NEGATE"]
        extra = "" if negated else "".join(_first_of(op, argument) for op, argument in listed)
        return self._char(lambda char: any(_holds(op, it, char) for op, it in listed) != negated, extra)

    def repeat(self, argument: tuple[int, int, Any]) -> str:
        least, most, tree = argument
        single = len(tree) == 1 and str(tree[0][0]) in ("IN", "ANY", "NOT_LITERAL")
        want = self._want if single or self._want != _WANTS[0] else 1
        times = min(max(int(least), want), int(most))
        if times > _LONGEST:
            raise Unmatchable("too long")
        return "".join([self.text(tree) for _ in range(times)])

    def group(self, argument: tuple[int | None, int, int, Any]) -> str:
        number, text = argument[0], self.text(argument[-1])
        if number is not None:
            self._groups[number] = text
        return text

    def branch(self, argument: tuple[Any, list[Any]]) -> str:
        branches = argument[1]
        return self.text(branches[(self._branch + self._ordinal) % len(branches)])

    def backreference(self, number: int) -> str:
        return self._groups.get(number, "")

    def _char(self, holds: Callable[[str], bool], extra: str = "") -> str:
        """The next character: one of the word `simulated` where it may stand, else the first that may."""
        if self._length >= _LONGEST:
            raise Unmatchable("too long")
        if len(extra) == 1 and holds(extra) and not any(map(holds, _PREFERRED.replace(extra, ""))):
            self._length += 1
            return extra
        allowed = [char for char in _PREFERRED + extra if holds(char)]
        if not allowed:
            raise Unmatchable("no character")
        place = self._length % len(_WORD)
        self._length += 1
        letter = _WORD[place]
        wished = letter if letter in allowed else letter.upper()
        index = allowed.index(wished) if wished in allowed else place % len(allowed)
        return allowed[(index + self._ordinal) % len(allowed)]


def _holds(op: str, argument: Any, char: str) -> bool:
    if op == "LITERAL":
        return bool(ord(char) == argument)
    if op == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    name = str(argument)
    positive = name.replace("_NOT_", "_")
    return _CATEGORIES[positive](char) != (name != positive) if positive in _CATEGORIES else False


def _first_of(op: str, argument: Any) -> str:
    codes = {"LITERAL": lambda: argument, "RANGE": lambda: argument[0]}
    return chr(codes[op]()) if op in codes else ""


_NODES: dict[str, Callable[[_Walk, Any], str]] = {
    "LITERAL": _Walk.literal,
    "NOT_LITERAL": _Walk.other,
    "ANY": _Walk.any_char,
    "IN": _Walk.one_of,
    "MAX_REPEAT": _Walk.repeat,
    "MIN_REPEAT": _Walk.repeat,
    "POSSESSIVE_REPEAT": _Walk.repeat,
    "SUBPATTERN": _Walk.group,
    "ATOMIC_GROUP": lambda walk, tree: walk.text(tree),
    "BRANCH": _Walk.branch,
    "GROUPREF": _Walk.backreference,
    "AT": lambda _walk, _argument: "",
    "ASSERT": lambda _walk, _argument: "",
    "ASSERT_NOT": lambda _walk, _argument: "",
}
"""How each kind of node is written; kinds that stand nowhere here cannot be made."""
