"""Reading JSON that is almost JSON: what has one reading is read, and each repair is told; the rest is refused.

The schema takes part: it says which keys there are, so that a missing colon, an inner quote or a word without quotes
has one reading where the text alone would have two. Nothing is looked at more than a bounded number of times.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, dumps
from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits
from promptkit.output.lenient_brackets import goes_on, is_member, is_stray
from promptkit.output.lenient_space import space_at, space_repairs
from promptkit.output.lenient_strings import CLOSING, FENCE_BEHIND, WIDE_COMMAS, Strings
from promptkit.output.lenient_words import Words
from promptkit.output.repairs import QUOTED_KEY, Cut, Repair, Unreadable
from promptkit.output.strict_json import NotJson, read_at
from promptkit.schema.equality import same_json

if TYPE_CHECKING:
    from promptkit.output.place import Place

_REPAIRS_A_PASS, _CHARACTERS_A_REPAIR = 8_000, 25
_MOST_STRICT_READS = 20
"""How often a value inside may turn out not to be JSON before none is tried as such any more."""
_KEY_NUMBER = LatePattern(r"-?\d+(?:\.\d+)?(?=\s*:)")
_KEY_WORD = LatePattern(r"[^\W\d][\w$.-]*(?: [\w$.-]+){0,5}(?=\s*(?::(?!//)|=))")
_REST = LatePattern(r"[\s`]*\Z")
_STRAY = LatePattern(r"\}\s*[,\]{]")
_NEAR = 200
_ITEM_BEHIND = LatePattern(r"\}\s*,?\s*\{")
_MORE = LatePattern(r",\s*[^\s}\]]")
_TYPED = LatePattern(r"(?:new\s)?(ObjectId|ISODate|Date|Number(?:Long|Int|Decimal)|UUID|Decimal)\((?=[\"'\d-])")
"""How MongoDB's shell, JavaScript and Python write values that have types of their own."""
_ELLIPSIS = LatePattern(r"\.{3,}|…")
_VALUE_BEGINS = LatePattern(r"[\"'“”‘{\[`]|-?\d|(?:true|false|null|True|False|None)\b")


class Loose:
    """Reads one value from an offset of a text. What was done to read it is in `repairs`, where it ended is `at`.

    `alone` says that nothing stands before the value, so that words in it are more likely its own than prose.
    """

    def __init__(self, text: str, at: int, place: Place, *, alone: bool) -> None:
        self.text = text
        self.at = at
        self.place = place
        self.repairs: list[Repair] = []
        self.opened: list[str] = []
        """The signs of the lists and objects that are open, the innermost last."""
        self.declared: list[dict[str, None]] = []
        """The keys that each of these declares."""
        self.alone = alone
        self._at_end = False
        self.keys_read: set[str] = set()
        """The keys that the outermost object has so far."""
        self._strict_reads = _MOST_STRICT_READS
        limits = current_limits()
        self._most_depth = limits.answer_depth
        self._most_repairs = limits.answer_passes * max(_REPAIRS_A_PASS, len(text) // _CHARACTERS_A_REPAIR)
        self.exhausted = False
        """Whether there are more slips than may be mended."""
        self._strings = Strings(self)
        self._words = Words(self)

    def read(self) -> Any:
        """The value. Raises `Unreadable`, and `Cut` for a text that ends too early."""
        return self.value(self.place)

    # What the strings' reader asks, too.

    def repair(self, what: str, offset: int, changed: int = 1) -> None:
        """Note what is done. Raises `Unreadable` where it gets too much."""
        self.repairs.append(Repair(what, offset, changed))
        if len(self.repairs) > self._most_repairs:
            self.exhausted = True
            raise Unreadable("there are too many slips", offset)

    def inside(self, kind: str) -> bool:
        """Whether a list (`[`) or an object (`{`) is open."""
        return kind in self.opened

    @property
    def innermost(self) -> str:
        """The sign of the list or object that is open, if any."""
        return self.opened[-1] if self.opened else ""

    def declares(self, name: str) -> bool:
        """Whether the object that is open declares a key."""
        return self.innermost == "{" and name in self.declared[-1]

    def past_space(self, at: int) -> int:
        """Behind white space and comments."""
        found = space_at(self.text, at)
        return found.end() if found else at

    def _skip(self) -> str:
        """Go behind white space and comments, and tell of these; the character there, empty at the end."""
        found = space_at(self.text, self.at)
        if found:
            self.repairs += space_repairs(found, in_list=self.innermost == "[")
            self.at = found.end()
        return self.text[self.at : self.at + 1]

    def fail(self, why: str) -> NoReturn:
        """Refuse what stands here."""
        raise Unreadable(why, self.at)

    def value(self, place: Place) -> Any:
        """The value that begins here."""
        sign = self._skip()
        if not sign:
            raise Cut("the text ends where a value is expected", self.at)
        if sign in "{[":
            if self.opened and self._strict_reads and (known := self._strict()) is not None:
                return known[0]
            if len(self.opened) >= self._most_depth:
                self.fail(f"nested deeper than {self._most_depth} levels")
            self.opened.append(sign)
            self.declared.append(place.names)
            self.at += 1
            read = self._object(place) if sign == "{" else self._list(place)
            self.opened.pop()
            self.declared.pop()
            return read
        sign = self._strings.behind_prefix(sign)
        if sign == "(" and (self.opened or (self.alone and place.takes("array"))):
            return self._tuple(place)
        if self.opened and (named := _TYPED.match(self.text, self.at)):
            return self._typed(place, named)
        return self._strings.text(place) if sign in CLOSING else self._words.read(place)

    def _typed(self, place: Place, named: re.Match[str]) -> Any:
        """The value inside of a call that says no more than its type."""
        start, self.at = self.at, named.end()
        self.opened.append("(")
        value = self.value(place)
        self.opened.pop()
        if self._skip() != ")":
            self.fail("`)` is expected")
        self.at += 1
        self.repair(f"`{named[1]}(...)` read as what it holds", start, len(named[0]) + 1)
        return value

    def _strict(self) -> tuple[Any] | None:
        """The value here, if it is JSON as it stands: most of what is inside of a broken value is."""
        try:
            value, self.at = read_at(self.text, self.at, len(self.opened))
        except (NotJson, JSONDecodeError, RecursionError):
            self._strict_reads -= 1
            return None
        return (value,)

    # Objects

    def _object(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        again: set[str] = set()
        while True:
            sign = self._skip()
            if sign == "]" and not found and self.inside("["):
                self.fail("a bracket that closes nothing")
            if self._ends(sign, "}"):
                return found
            if self._is_noise(sign):
                continue
            start = self.at
            key = self._key(place)
            if key in found:
                self.repair(
                    f"key {dumps(key[:60], ensure_ascii=False)} stands twice: the last one counts", start, len(key)
                )
            self._colon(key, place)
            value = self.value(place.inside(key))
            again |= {key} if key in found and not same_json(found[key], value) else set()
            if len(again) > 1 and self.inside("["):
                self.fail("several keys stand twice: it may be two items in one")
            found[key] = value
            self.keys_read |= {key} if len(self.opened) == 1 else set()
            if self._separator("}"):
                others = any(isinstance(form.get("additionalProperties"), dict) for form in place.forms)
                if self._at_end and (others or not place.names or not place.names.keys() <= found.keys()):
                    raise Cut("the text ends inside of an object", self.at)
                return found

    def _ends(self, sign: str, closing: str) -> bool:
        """Whether an object or a list ends here; then it has been gone past."""
        if sign == closing:
            self.at += 1
            return True
        if not sign:
            raise Cut(
                "the text ends inside of an object" if closing == "}" else "the text ends inside of a list", self.at
            )
        if sign in "}]" and self._closes_outer(sign):
            self.repair(f"`{closing}` added", self.at)
            return True
        if sign in "}]" and _REST.match(self.text, self.at + 1):
            self.repair(f"`{closing}` put in the place of `{sign}`", self.at)
            self.at += 1
            return True
        return False

    def _closes_outer(self, sign: str) -> bool:
        return ("{" if sign == "}" else "[") in self.opened[:-1]

    def _is_noise(self, sign: str) -> bool:
        """Whether something stands here that says nothing; then it has been gone past."""
        dots = _ELLIPSIS.match(self.text, self.at)
        if dots:
            self.repair("`...` left out", self.at, len(dots[0]))
            self.at = dots.end()
            behind = self._skip()
            if behind not in ",}]":
                self.fail("`...` stands for something in the middle")
            if behind == "]" and self.text[: dots.start()].rstrip().endswith("["):
                self.fail("`...` stands for all of a list")
            if self.text[self.at : self.at + 1] == "," and _MORE.match(self.text, self.at):
                self.fail("`...` stands for something in the middle")
            return True
        if sign == ",":
            self.repair("comma left out", self.at)
            self.at += 1
            return True
        if sign in "}]":
            self.fail("a bracket that closes nothing")
        return False

    def _key(self, place: Place) -> str:
        sign = self._strings.behind_prefix(self.text[self.at])
        if sign in CLOSING:
            return self._strings.key(place)
        word = _KEY_WORD.match(self.text, self.at) or _KEY_NUMBER.match(self.text, self.at)
        if word is None:
            half = re.compile(r"([^\W\d][\w$.-]*)\"\s*:").match(self.text, self.at)
            if half is None or half[1] not in place.names:
                self.fail("a key is expected")
            self.repair("quote added", self.at)
            self.at = half.end(1) + 1
            return half[1]
        self.repair(QUOTED_KEY, self.at, 2)
        self.at = word.end()
        return word[0]

    def _colon(self, key: str, place: Place) -> None:
        sign = self._skip()
        if sign == ":":
            self.at += 1
        elif sign == "\uff1a":
            self.repair("sign written as in JSON", self.at)
            self.at += 1
        elif sign == "=":
            width = 2 if self.text.startswith("=>", self.at) else 1
            self.repair("`:` put in the place of `=`", self.at, width)
            self.at += width
        elif not sign:
            raise Cut("the text ends behind a key", self.at)
        elif key in place.names and _VALUE_BEGINS.match(self.text, self.at):
            self.repair("`:` added", self.at)
        else:
            self.fail("a colon is expected")

    def _separator(self, closing: str) -> bool:
        """Go past what stands between two members; True when the object or list has ended."""
        sign = self._skip()
        if not sign or FENCE_BEHIND.match(self.text, self.at):
            # Every object around is behind a whole value too, and has all that it declares; of a list, more items
            # could have followed.
            if "[" in self.opened:
                raise Cut("the text ends inside of a list", self.at)
            if self.text[: self.at].rstrip()[-1:].isdigit():
                raise Cut("the text ends at a number, which may go on", self.at)
            self.repair("`}` added at the end", self.at)
            self._at_end = True
            return True
        if sign in (",", *WIDE_COMMAS):
            comma = self.at
            if sign != ",":
                self.repair("sign written as in JSON", comma)
            self.at += 1
            if self._skip() == closing:
                self.repair("comma left out", comma)
            return False
        stray = _ITEM_BEHIND if "{" in self.opened else _STRAY
        before = self.text[max(0, self.at - _NEAR) : self.at].rstrip() if sign == "}" else ""
        twice = before.endswith("}")  # an object has just ended
        if twice and closing == "]" and stray.match(self.text, self.at):
            self.repair("`}` left out", self.at)
            self.at += 1
            return self._separator(closing)
        if sign == closing == "}" and goes_on(self):
            self.repair("`}` left out", self.at)
            self.at = self.text.index(",", self.at) + 1
            return False
        if sign == ";" and closing == "}":
            self.repair("`,` put in the place of `;`", self.at)
            self.at += 1
            return False
        if is_stray(self, self.at):
            self.repair("`]` left out", self.at)
            self.at += 1
            return self._separator(closing)
        if sign in "}]" or _ELLIPSIS.match(self.text, self.at):
            return self._ends(sign, closing)
        begins = self._strings.begins_key(self.at) if closing == "}" else _VALUE_BEGINS.match(self.text, self.at)
        if not begins or (sign == "-" and closing == "]"):
            self.fail("a comma or the end is expected")
        self.repair("`,` added", self.at)
        return False

    # Lists

    def _list(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while True:
            sign = self._skip()
            if self._ends(sign, "]"):
                return found
            if self._is_noise(sign):
                continue
            if found and is_member(self, place.inside(0)):
                return found
            found.append(self.value(place.inside(len(found))))
            if self._separator("]"):
                return found

    def _tuple(self, place: Place) -> Any:
        """What Python writes in round brackets: a list, or a single value."""
        start = self.at
        if len(self.opened) >= self._most_depth:
            self.fail(f"nested deeper than {self._most_depth} levels")
        self.opened.append("(")
        self.at += 1
        found: list[Any] = []
        commas = 0
        while self._skip() != ")":
            found.append(self.value(place.inside(len(found)) if place.takes("array") else place))
            if self._skip() == ",":
                self.at, commas = self.at + 1, commas + 1
            elif self.text[self.at : self.at + 1] != ")":
                self.fail("a comma or `)` is expected")
        self.at += 1
        self.opened.pop()
        self.repair("round brackets read as in Python", start, 2)
        return found[0] if len(found) == 1 and not commas else found
