"""Reading JSON that is almost JSON: what has one reading is read, and each mend is told; the rest is refused.

The schema takes part: it says which keys there are, so that a missing colon, an inner quote or a word without quotes
has one reading where the text alone would have two. Nothing is looked at more than a bounded number of times.
"""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.limits import current_limits
from promptkit.output.loose_strings import CLOSING, Strings
from promptkit.output.mends import Cut, Mend, Unreadable
from promptkit.output.place import plain_word
from promptkit.output.strict_json import MAX_DIGITS

if TYPE_CHECKING:
    from promptkit.output.place import Place

_SPACE = re.compile(r"(?:[\s\ufeff\u200b]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|#[^\n]*)+")
_ODD_SPACE = re.compile(r"[^ \t\r\n]")
_COMMENT = re.compile(r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|#[^\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<real>(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=[\s,}\]:/#;]|\Z)")
_LOOSE_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?:(?P<hex>0[xX][0-9a-fA-F]+)|(?P<whole>\d[\d_]*)?(?P<real>\.\d*)?(?P<power>[eE][-+]?\d+)?)"
    r"(?=[\s,}\]/#;]|\Z)"
)
_GROUPED = re.compile(r"[-+]?[$€£¥]?\s?\d{1,3}(?:,\d{3})+(?:\.\d+)?\s?[%$€£¥]?(?=\s*(?:[}\]\n]|,\s|\Z))")
_LITERALS = {"true": True, "false": False, "null": None}
_OTHER_LITERALS = {"True": True, "TRUE": True, "False": False, "FALSE": False, "None": None, "NULL": None, "Null": None}
_OTHER_LITERALS |= {"undefined": None, "nil": None}
_NO_NUMBERS = ("NaN", "nan", "Infinity", "-Infinity", "inf", "-inf")
_LITERAL = re.compile(r"[A-Za-z]+(?=[\s,}\]/#;]|\Z)|-Infinity|-inf")
_KEY_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?=\s*:)")
_KEY_WORD = re.compile(r"[^\W\d][\w$.-]*(?: [\w$.-]+){0,5}(?=\s*(?::(?!//)|=))")
_BARE_IN_LIST = re.compile(r"[^\s\"'{}\[\],:;][^\"{}\[\],\n]{0,500}")
_BARE = re.compile(r"[^\s\"'{}\[\],:;](?:[^\"{}\[\]\n,]|,(?!\s*(?:[\"'}\]\n]|[\w$.-]{1,60}\s*:))){0,2000}")
_BARE_LINE = re.compile(r"[^\s\"'{}\[\],:;][^\n]{0,2000}?(?=,?[ \t]*\n\s*(?:[\"']?[\w$.-]{1,60}[\"']?\s*:|[}\]]))")
_ELLIPSIS = re.compile(r"\.{3,}|…")
_VALUE_BEGINS = re.compile(r"[\"'“”‘{\[`]|-?\d|(?:true|false|null|True|False|None)\b")


class Loose:
    """Reads one value from an offset of a text. What was done to read it is in `mends`, where it ended is `at`."""

    def __init__(self, text: str, at: int, place: Place) -> None:
        self.text = text
        self.at = at
        self.place = place
        self.mends: list[Mend] = []
        self._open: list[str] = []
        self._most_depth = current_limits().answer_depth
        self._strings = Strings(self)

    def read(self) -> Any:
        """The value. Raises `Unreadable`, and `Cut` for a text that ends too early."""
        return self.value(self.place)

    # What the strings' reader asks, too.

    def mend(self, what: str, offset: int, changed: int = 1) -> None:
        """Note what is done."""
        self.mends.append(Mend(what, offset, changed))

    def inside(self, kind: str) -> bool:
        """Whether a list (`[`) or an object (`{`) is open."""
        return kind in self._open

    @property
    def innermost(self) -> str:
        """The sign of the list or object that is open, if any."""
        return self._open[-1] if self._open else ""

    def past_space(self, at: int) -> int:
        """Behind white space and comments."""
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _skip(self) -> str:
        """Go behind white space and comments, and tell of these; the character there, empty at the end."""
        found = _SPACE.match(self.text, self.at)
        if found:
            if "/" in found[0] or "#" in found[0]:
                for comment in _COMMENT.finditer(self.text, self.at, found.end()):
                    self.mend("comment left out", comment.start(), len(comment[0]))
            if _ODD_SPACE.search(_COMMENT.sub("", found[0])):
                self.mend("space written as in JSON", found.start())
            self.at = found.end()
        return self.text[self.at : self.at + 1]

    def _fail(self, why: str) -> NoReturn:
        raise Unreadable(why, self.at)

    def value(self, place: Place) -> Any:
        """The value that begins here."""
        sign = self._skip()
        if not sign:
            raise Cut("the text ends where a value is expected", self.at)
        if sign in "{[":
            if len(self._open) >= self._most_depth:
                self._fail(f"nested deeper than {self._most_depth} levels")
            self._open.append(sign)
            self.at += 1
            read = self._object(place) if sign == "{" else self._list(place)
            self._open.pop()
            return read
        return self._strings.text(place) if sign in CLOSING else self._word(place)

    # Objects

    def _object(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            sign = self._skip()
            if self._ends(sign, "}"):
                return found
            if self._is_noise(sign):
                continue
            start = self.at
            key = self._key(place)
            if key in found:
                self.mend(
                    f"key {dumps(key[:60], ensure_ascii=False)} stands twice: the last one counts", start, len(key)
                )
            self._colon(key, place)
            found[key] = self.value(place.inside(key))
            if self._separator("}"):
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
            self.mend(f"`{closing}` added", self.at)
            return True
        return False

    def _closes_outer(self, sign: str) -> bool:
        return ("{" if sign == "}" else "[") in self._open[:-1]

    def _is_noise(self, sign: str) -> bool:
        """Whether something stands here that says nothing; then it has been gone past."""
        dots = _ELLIPSIS.match(self.text, self.at)
        if dots:
            self.mend("`...` left out", self.at, len(dots[0]))
            self.at = dots.end()
            return True
        if sign in ",}]":
            self.mend("comma left out" if sign == "," else f"`{sign}` left out", self.at)
            self.at += 1
            return True
        return False

    def _key(self, place: Place) -> str:
        sign = self.text[self.at]
        if sign in CLOSING:
            return self._strings.key(place)
        word = _KEY_WORD.match(self.text, self.at) or _KEY_NUMBER.match(self.text, self.at)
        if word is None:
            half = re.compile(r"([^\W\d][\w$.-]*)\"\s*:").match(self.text, self.at)
            if half is None or half[1] not in place.names:
                self._fail("a key is expected")
            self.mend("quote added", self.at)
            self.at = half.end(1) + 1
            return half[1]
        self.mend("quotes put around a key", self.at, 2)
        self.at = word.end()
        return word[0]

    def _colon(self, key: str, place: Place) -> None:
        sign = self._skip()
        if sign == ":":
            self.at += 1
        elif sign == "=":
            width = 2 if self.text.startswith("=>", self.at) else 1
            self.mend("`:` put in the place of `=`", self.at, width)
            self.at += width
        elif not sign:
            raise Cut("the text ends behind a key", self.at)
        elif key in place.names and _VALUE_BEGINS.match(self.text, self.at):
            self.mend("`:` added", self.at)
        else:
            self._fail("a colon is expected")

    def _separator(self, closing: str) -> bool:
        """Go past what stands between two members; True when the object or list has ended."""
        sign = self._skip()
        if not sign:
            # Every object around is behind a whole value too; of a list, more items could have followed.
            if "[" in self._open:
                raise Cut("the text ends inside of a list", self.at)
            if self.text[: self.at].rstrip()[-1:].isdigit():
                raise Cut("the text ends at a number, which may go on", self.at)
            self.mend("`}` added at the end", self.at)
            return True
        if sign == ",":
            comma = self.at
            self.at += 1
            if self._skip() == closing:
                self.mend("comma left out", comma)
            return False
        if sign == ";":
            self.mend("`,` put in the place of `;`", self.at)
            self.at += 1
            return False
        if sign in "}]" or _ELLIPSIS.match(self.text, self.at):
            return self._ends(sign, closing)
        begins = self._strings.begins_key(self.at) if closing == "}" else _VALUE_BEGINS.match(self.text, self.at)
        if not begins:
            self._fail("a comma or the end is expected")
        self.mend("`,` added", self.at)
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
            found.append(self.value(place.inside(len(found))))
            if self._separator("]"):
                return found

    # Words without quotes

    def _word(self, place: Place) -> Any:
        at, text = self.at, self.text
        if self._takes_grouped(place) and _GROUPED.match(text, at):
            return self._bare(place)
        number = _NUMBER.match(text, at)
        if number:
            self.at = number.end()
            return self._number(number[0], real=bool(number["real"]))
        literal = _LITERAL.match(text, at)
        if literal and literal[0] in _LITERALS:
            self.at = literal.end()
            return _LITERALS[literal[0]]
        if literal and literal[0] in _OTHER_LITERALS and not self._is_declared_word(literal[0], place):
            return self._take(f"`{literal[0]}` read as JSON's word", literal.end(), _OTHER_LITERALS[literal[0]])
        if literal and literal[0] in _NO_NUMBERS:
            if not place.takes("null"):
                self._fail(f"{literal[0]} is not JSON")
            return self._take(f"`{literal[0]}` read as null", literal.end(), None)
        loose = _LOOSE_NUMBER.match(text, at)
        if loose and (loose["hex"] or loose["whole"] or len(loose["real"] or "") > 1):
            return self._take("number written as in JSON", loose.end(), self._loose_number(loose))
        return self._bare(place)

    def _takes_grouped(self, place: Place) -> bool:
        return self._open[-1:] == ["{"] and place.takes("number", "integer")

    def _is_declared_word(self, word: str, place: Place) -> bool:
        return any(word in form.get("enum", ()) or form.get("const") == word for form in place.forms)

    def _take(self, what: str, end: int, value: Any) -> Any:
        self.mend(what, self.at, end - self.at)
        self.at = end
        return value

    def _number(self, written: str, *, real: bool) -> int | float:
        if len(written) > MAX_DIGITS:
            self._fail(f"a number of {len(written):,} digits; the limit is {MAX_DIGITS:,}")
        value = float(written) if real else int(written)
        if value in (float("inf"), float("-inf")):
            self._fail(f"the number {written[:40]} is too large")
        return value

    def _loose_number(self, loose: re.Match[str]) -> int | float:
        sign = "-" if loose["sign"] == "-" else ""
        if loose["hex"]:
            return int(sign + loose["hex"], 16) if len(loose["hex"]) <= MAX_DIGITS else self._fail("too many digits")
        digits = (loose["whole"] or "0").replace("_", "").lstrip("0") or "0"
        fraction = loose["real"] if len(loose["real"] or "") > 1 else ""
        rest = f"{fraction}{loose['power'] or ''}"
        return self._number(f"{sign}{digits}{rest}", real=bool(rest))

    def _bare(self, place: Place) -> str:
        """A text without quotes, where the schema says that a text, or a word for something else, stands here."""
        grouped = _GROUPED.match(self.text, self.at) if self._takes_grouped(place) else None
        bare = grouped or (_BARE if self._open[-1:] == ["{"] else _BARE_IN_LIST).match(self.text, self.at)
        if bare is None or not place.takes("string", "number", "integer", "boolean"):
            self._fail("a value is expected")
        word = bare[0].rstrip()
        line = _BARE_LINE.match(self.text, self.at) if grouped is None and self.innermost == "{" else None
        if line is not None and place.takes("string") and len(line[0]) > len(word):
            word = line[0].rstrip()
        end = self.past_space(self.at + len(word))
        if end >= len(self.text):
            raise Cut("the text ends inside of a word without quotes", self.at)
        if self.text[end] == '"' or ("'" in word and word.count("'") % 2 and not place.takes("string")):
            self._fail("a value is expected")
        known = {plain_word(str(each)) for form in place.forms for each in form.get("enum", (form.get("const"),))}
        what = "quotes put around a word" if plain_word(word) in known else "quotes put around a text"
        return str(self._take(what, self.at + len(word), word))
