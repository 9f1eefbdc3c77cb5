"""Reading what stands without quotes: numbers and literals, JSON's and others', and words where some are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.place import constants_of, plain_word
from promptkit.output.repairs import QUOTED_TEXT, QUOTED_WORD, Cut
from promptkit.output.strict_json import MAX_DIGITS

if TYPE_CHECKING:
    import re

    from promptkit.output.lenient_json import Loose
    from promptkit.output.place import Place

_NUMBER = LatePattern(r"-?(?:0|[1-9][0-9]*)(?P<real>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?=[\s,\uff0c\u3001})\]:/#;]|\Z)")
_LOOSE_NUMBER = LatePattern(
    r"(?P<sign>[-+]?)(?:(?P<hex>0[xX][0-9a-fA-F]+)|(?P<whole>[0-9][0-9_]*)?(?P<real>\.[0-9_]*)?(?P<power>[eE][-+]?[0-9]+)?)"
    r"(?=[\s,})\]/#;]|\Z)"
)
_LOOSE_ONLY = LatePattern(r"[-+\w.]+\Z")
_GROUPED = LatePattern(r"[-+]?[$€£¥]?\s?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?\s?[%$€£¥]?(?=\s*(?:[}\]\n]|,\s|\Z))")
_CUT_MONEY = LatePattern(r"[-+]?[$€£¥₹]\s?[0-9][0-9.]*,[0-9]")
_LEADING_ZERO = LatePattern(r"[-+]?0[0-9]")
_LITERALS = {"true": True, "false": False, "null": None}
_OTHER_LITERALS = {"True": True, "TRUE": True, "False": False, "FALSE": False, "None": None, "NULL": None, "Null": None}
_OTHER_LITERALS |= {"undefined": None, "nil": None}
_NULLS = ("nil", "none", "null")
_NO_NUMBERS = ("NaN", "nan")
_INFINITE = ("Infinity", "-Infinity", "inf", "-inf")
_LITERAL = LatePattern(r"[A-Za-z]+(?=[\s,\uff0c\u3001})\]/#;]|\Z)|-Infinity|-inf")
_BARE_IN_LIST = LatePattern(r"[^\s\"'{}()\[\],:;][^\"{}\[\],\n]{0,500}")
_COMMENTED = LatePattern(r"\s(?://|#|/\*)")
_BARE = LatePattern(r"[^\s\"'{}\[\],:;](?:[^\"{}\[\]\n,]|,(?!\s*(?:[\"'}\]\n]|[\w$.-]{1,60}\s*:))){0,2000}")
_LITERAL_BEGINS = LatePattern(r"-?\d[\d.]*|[A-Za-z]+")
_MORE_WORDS = LatePattern(r"[:/]\d| +[^\W\d_]")
_HALF_QUOTED = LatePattern(r"([^\s\"'{}\[\],:][^\"\n]{0,500})\"\s*(?:\}|,\s*\"([^\"\n]{1,100})\"\s*:)")
_KEY_NEXT = LatePattern(r"\"([^\"\n]{1,100})\"\s*:")
_LITERAL_LIKE = LatePattern(r"(?:NaN|nan|-?Infinity|-?inf)\s*\Z|\.\.\.|-?0[0-9]*\s*\Z|[-+]?[0-9.]+[eE][-+]?\s*\Z")
_BARE_LINE = LatePattern(r"[^\s\"'{}\[\],:;][^\n]{0,2000}(?=\n)")
_LINE_BEHIND = LatePattern(r"\n\s*(?:[\"']?[\w$.-]{1,60}[\"']?\s*:|[}\]])")


_CALL = LatePattern(r"[A-Za-z_][\w.]{0,60}\([^()]{0,200}\)?")
"""What calls a function, as `datetime.date(2024, 1, 5)` does."""
_KEY_INSIDE = LatePattern(r",\s*([^,:\n]{1,60}?)\s*:")
_MOST_HEX = 300


def _numeric(place: Place) -> bool:
    return place.takes("number", "integer")


_NOTHING = object()
"""What is returned where there is no such value, since null is one."""


class Words:
    """The words of one `Loose`."""

    def __init__(self, reader: Loose) -> None:
        self._reader = reader
        self._text = reader.text

    def read(self, place: Place) -> Any:
        """The value that is written here without quotes."""
        at, text = self._reader.at, self._text
        if self._reader.innermost == "[" and _CUT_MONEY.match(text, at):
            self._reader.fail("an amount of money with a comma in it, which may end it")
        if self._takes_grouped(place) and _GROUPED.match(text, at):
            return self._bare(place)
        if (
            self._is_wordy(place)
            and (wordy := _LITERAL_BEGINS.match(text, at))
            and _MORE_WORDS.match(text, wordy.end())
        ):
            return self._bare(place)
        half = _HALF_QUOTED.match(text, at) if self._is_wordy(place) else None
        if half is not None and (half[2] is None or self._reader.declares(half[2])):
            return self._take("quote added", half.end(1) + 1, half[1])
        number = _NUMBER.match(text, at)
        if number:
            self._reader.at = number.end()
            return self._number(number[0], real=bool(number["real"]))
        for read in (self._literal, self._loose):
            if (value := read(place)) is not _NOTHING:
                return value
        return self._bare(place)

    def _literal(self, place: Place) -> Any:
        """A word of JSON's, or what other languages write for it."""
        literal = _LITERAL.match(self._text, self._reader.at)
        if literal is None:
            return _NOTHING
        word, end = literal[0], literal.end()
        if word in _LITERALS:
            self._reader.at = end
            return _LITERALS[word]
        if not self._is_declared_word(word, place):
            if word in _OTHER_LITERALS:
                return self._take(f"`{word}` read as JSON's word", end, _OTHER_LITERALS[word])
            if word.lower() in _NULLS and place.takes("null"):
                return self._take(f"`{word}` read as null", end, None)
        if word in _INFINITE or (word in _NO_NUMBERS and not place.takes("null")):
            self._reader.fail(f"{word} is not JSON")
        return self._take(f"`{word}` read as null", end, None) if word in _NO_NUMBERS else _NOTHING

    def _loose(self, place: Place) -> Any:
        """A number that is none of JSON's as it is written: hexadecimal, with a sign, without its zero."""
        loose = _LOOSE_NUMBER.match(self._text, self._reader.at)
        if loose is None:
            return _NOTHING
        in_list = self._reader.innermost == "["
        cut = loose.end() == len(self._text.rstrip()) and bool(self._reader.innermost)
        if place.kinds - {"null"} == {"string"} and _LOOSE_ONLY.match(loose[0]) and not cut:
            return self._take(QUOTED_TEXT, loose.end(), loose[0])
        if _LEADING_ZERO.match(loose[0]) and (in_list or not _numeric(place) or place.takes("string")):
            self._reader.fail("a number that begins with 0")
        if not (loose["hex"] or loose["whole"] or len(loose["real"] or "") > 1):
            return _NOTHING
        if cut:
            raise Cut("the text ends at a number, which may go on", self._reader.at)
        return self._take("number written as in JSON", loose.end(), self._loose_number(loose))

    def _is_wordy(self, place: Place) -> bool:
        """Whether a text stands here, so that a number or a literal may be its first word."""
        return self._reader.innermost == "{" and place.kinds - {"null"} == {"string"}

    def _takes_grouped(self, place: Place) -> bool:
        return self._reader.innermost == "{" and place.takes("number", "integer")

    def _is_declared_word(self, word: str, place: Place) -> bool:
        return any(word in (constants_of(form) or ()) for form in place.forms)

    def _take(self, what: str, end: int, value: Any) -> Any:
        self._reader.repair(what, self._reader.at, end - self._reader.at)
        self._reader.at = end
        return value

    def _number(self, written: str, *, real: bool) -> int | float:
        if len(written) > MAX_DIGITS:
            self._reader.fail(f"a number of {len(written):,} digits; the limit is {MAX_DIGITS:,}")
        value = float(written) if real else int(written)
        if value in (float("inf"), float("-inf")):
            self._reader.fail(f"the number {written[:40]} is too large")
        return value

    def _loose_number(self, loose: re.Match[str]) -> int | float:
        sign = "-" if loose["sign"] == "-" else ""
        if loose["hex"] and len(loose["hex"]) > _MOST_HEX:
            self._reader.fail("a number of too many digits")
        if loose["hex"]:
            return int(sign + loose["hex"], 16)
        digits = (loose["whole"] or "0").replace("_", "").lstrip("0") or "0"
        fraction = loose["real"].replace("_", "") if len(loose["real"] or "") > 1 else ""
        rest = f"{fraction}{loose['power'] or ''}"
        return self._number(f"{sign}{digits}{rest}", real=bool(rest))

    def _holds_a_key(self, text: str) -> bool:
        """Whether another declared key stands in a text without quotes."""
        return any(self._reader.declares(found[1]) for found in _KEY_INSIDE.finditer(text))

    def _bare(self, place: Place) -> str:
        """A text without quotes, where the schema says that a text, or a word for something else, stands here."""
        grouped = _GROUPED.match(self._text, self._reader.at) if self._takes_grouped(place) else None
        bare = grouped or (_BARE if self._reader.innermost == "{" else _BARE_IN_LIST).match(self._text, self._reader.at)
        # Where nothing is declared, words are values only in a text that is all one value.
        free = self._reader.alone and not place.kinds and bare is not None and not _LITERAL_LIKE.match(bare[0])
        if bare is None or not (free or place.takes("string", "number", "integer", "boolean")):
            self._reader.fail("a value is expected")
        if (
            _CALL.fullmatch(bare[0].strip())
            or self._holds_a_key(bare[0])
            or _COMMENTED.search(bare[0])
            or bare[0].startswith(("...", "…"))
        ):
            self._reader.fail("a value is expected")
        word = bare[0].rstrip()
        line = (
            _BARE_LINE.match(self._text, self._reader.at) if grouped is None and self._reader.innermost == "{" else None
        )
        if line is not None and place.takes("string") and _LINE_BEHIND.match(self._text, line.end()):
            whole = line[0].rstrip().removesuffix(",").rstrip()
            word = whole if len(whole) > len(word) else word
        end = self._reader.past_space(self._reader.at + len(word))
        if end >= len(self._text):
            raise Cut("the text ends inside of a word without quotes", self._reader.at)
        key = _KEY_NEXT.match(self._text, end)
        if (self._text[end] == '"' and not (key and self._reader.declares(key[1]))) or (
            "'" in word and word.count("'") % 2 and not place.takes("string")
        ):
            self._reader.fail("a value is expected")
        known = {plain_word(str(each)) for form in place.forms for each in constants_of(form) or ()}
        what = QUOTED_WORD if plain_word(word) in known else QUOTED_TEXT
        return str(self._take(what, self._reader.at + len(word), word))
