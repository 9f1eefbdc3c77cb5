"""Reading texts in quotes that are not as JSON has them: where they end, and what stands in them."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.lenient_brackets import is_stray
from promptkit.output.raw_backslashes import are_raw
from promptkit.output.reasoning import END_OF_TURN
from promptkit.output.repairs import Cut, Unreadable
from promptkit.output.strict_json import parse_json

if TYPE_CHECKING:
    from promptkit.output.lenient_json import Loose
    from promptkit.output.place import Place

CLOSING = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "`": "`´'", "«": "»", "„": "“”"}
"""What opens a text, and what ends it."""
WIDE_COMMAS = ("\uff0c", "\u3001")
"""What Chinese and Japanese writing has for a comma."""
FENCE_BEHIND = LatePattern(rf"(?<=\n)```(?!\w)|```\s*\Z|</tool_call>|(?:{END_OF_TURN})\s*\Z")
"""The fence, the tag or the token that ends what a value stands in."""
_ANY_CLOSING = LatePattern(r"[}\]]")
_STRICT = LatePattern(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_TRIPLE = ('"""', "'''", "```")
_SILENT = "bfnrtu"
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", '"': '"'}
_UNICODE = LatePattern(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u(?![dD][89a-fA-F])([0-9a-fA-F]{4})"
)
_OTHER_CODES = LatePattern(r"\\x([0-9a-fA-F]{2})|\\U([0-9a-fA-F]{8})")
_PIECE = LatePattern(r"[^\\\"'“”’`»\x00-\x1f]+")
_KEY_BEHIND = LatePattern(
    r"[\"'“”`‘]([^\"'“”\n:]{0,200})[\"'“”`’]\s*[:\uff1a=]|-?\d[\d.]*\s*:|[^\W\d][\w$.-]{0,99}\s*:(?!//)"
)
_PLUS = LatePattern(r"\s*\+\s*(?:/\*[^*]{0,200}\*/\s*)?(?=[\"'])")
_HALF_KEY = LatePattern(r"([^\W\d][\w$.-]{0,99})\"\s*:")
_AFTER_COMMA = LatePattern(r"\s*(?:[},]|//|/\*|#|\.\.\.|…|\"[^\"]{0,200}\"?\s*\Z|\Z)")
_VALUE_BEHIND = LatePattern(
    r"\s*(?:[ubrUBR]?[\"'“‘{\[\]`]|-?\d|(?:true|false|null|True|False|None)\b|//|#|\.\.\.|…|\Z)"
)
_BARE_ITEM = LatePattern(r"[^\W\d][\w-]{0,60}\s*(?:\](?!\")|,\s*(?:\"|[\w-]{1,60}\s*(?:,|\](?!\"))))")
"""A word without quotes that is a whole item of a list."""
_PROSE_BEHIND = LatePattern(r"[ \t]*(?:\n|\Z)")
_KEY_WITH_CONTROLS = LatePattern(r"\"([^\"\\:]{1,200})\"(?=\s*:)")
_NO_CONTROLS = dict.fromkeys(range(32))
_LONGEST_KEY = 200


class Strings:
    """The texts of one `Loose`."""

    def __init__(self, reader: Loose) -> None:
        self._reader = reader
        self._text = reader.text

    def text(self, place: Place) -> str:
        """A value in quotes; several with a `+` between them are one, as in JavaScript and Python."""
        found = self._one(place)
        while more := _PLUS.match(self._text, self._reader.at):
            self._reader.repair("texts joined at `+`", self._reader.at, len(more[0]) + 2)
            self._reader.at = more.end()
            found += self._one(place)
        return found

    def _one(self, place: Place) -> str:
        reader = self._reader
        strict = _STRICT.match(self._text, reader.at)
        if strict and self._closes(strict.end() - 1, 1):
            return self._as_it_is(strict)
        closing = self._fence()
        if closing == "```" and not place.takes("string"):
            raise Unreadable("a value is expected", reader.at)
        return self._loose(closing)

    def key(self, place: Place) -> str:
        """A key in quotes."""
        reader, text = self._reader, self._text
        strict = _STRICT.match(text, reader.at)
        if strict and (
            text[reader.past_space(strict.end()) :][:1] in (":", "\uff1a", "=", "") or strict[0][1:-1] in place.names
        ):
            return self._as_it_is(strict)
        tabbed = _KEY_WITH_CONTROLS.match(text, reader.at)
        if tabbed and tabbed[1] != tabbed[1].translate(_NO_CONTROLS):
            reader.repair("control character escaped", reader.at)
            reader.at = tabbed.end(1) + 1
            return tabbed[1]
        half = re.compile(r"[\"'“]([\w$.-]{1,100})\s*:").match(text, reader.at)
        if half and half[1] in place.names:
            reader.repair("quote added", half.end(1))
            reader.at = half.end(1)
            return half[1]
        start, closing = reader.at, self._fence()
        end = next((at for at in range(start + 1, min(start + _LONGEST_KEY, len(text))) if text[at] in closing), -1)
        if end < 0 or text[start] == '"' or "\\" in text[start:end]:
            if len(text) - start < _LONGEST_KEY and not any(sign in text[start + 1 :] for sign in closing):
                raise Cut("the text ends inside of a key", start)
            raise Unreadable("a key in quotes is expected", start)
        reader.repair("quotes as in JSON", start, 2)
        reader.at = end + 1
        return text[start + 1 : end]

    def behind_prefix(self, sign: str) -> str:
        """The sign behind the prefix of a text of Python's, which is gone past; else the sign that is here."""
        reader = self._reader
        if sign not in "ubrfUBRF" or not (reader.innermost or reader.alone):
            return sign
        found = _PREFIX.match(self._text, reader.at)
        if found is None:
            return sign
        kind, text = found["kind"].lower(), found["text"]
        if ("r" in kind and "\\" in text) or ("f" in kind and "{" in text):
            raise Unreadable("a text of Python's whose prefix changes what stands in it", reader.at)
        reader.repair("prefix of a text left out", reader.at, len(kind))
        reader.at += len(kind)
        return self._text[reader.at]

    def begins_key(self, at: int) -> bool:
        """Whether a key with its colon begins here."""
        return _KEY_BEHIND.match(self._text, at) is not None

    def _as_it_is(self, strict: re.Match[str]) -> str:
        self._reader.at = strict.end()
        if "\\" not in strict[0]:
            return strict[0][1:-1]
        if "\\u" in strict[0]:
            self._refuse_halves(strict)
        return str(parse_json(strict[0]))

    def _refuse_halves(self, strict: re.Match[str]) -> None:
        left = _UNICODE.sub("", strict[0].replace("\\\\", ""))
        if re.search(r"\\u[dD][89a-fA-F]", left):
            raise Unreadable("half of a surrogate pair, which is no character", strict.start())

    def _fence(self) -> str:
        """What ends the text that begins here; several signs are alternatives, three the same are one."""
        at = self._reader.at
        triple = self._text[at : at + 3]
        return triple if triple in _TRIPLE else CLOSING[self._text[at]]

    def _loose(self, closing: str) -> str:
        reader, text = self._reader, self._text
        start = reader.at
        width = 3 if closing in _TRIPLE else 1
        signs = closing[0] if width == 3 else closing
        if width == 3 or text[start] != '"':
            reader.repair("quotes as in JSON", start, 2 * width)
        pieces: list[str] = []
        inner: list[int] = []
        literal = decoded = False
        at = start + width
        raw = closing == '"' and are_raw(text, at)
        while at < len(text):
            plain = _PIECE.match(text, at)
            if plain:
                pieces.append(plain[0])
                at = plain.end()
            elif (
                text[at] in signs
                and text.startswith(closing if width == 3 else text[at], at)
                and self._closes(at, width)
            ):
                self._check_pairs(inner, start + width, at)
                self._check_escaped([*inner, at], start + width)
                reader.at = at + width
                return _block("".join(pieces), closing) if width == _BLOCK else "".join(pieces)
            elif text[at] == "\\" and raw:
                many = 2 if text.startswith("\\", at + 1) else 1  # the end of a row in LaTeX
                reader.repair("backslash escaped", at, many)
                pieces.append("\\" * many)
                at += many
            elif text[at] == "\\":
                piece, after = self._escape(at)
                pieces.append(piece)
                literal, decoded = literal or piece == "\\" != text[at + 1 : at + 2], decoded or text[at + 1] in _SILENT
                if literal and decoded:
                    raise Unreadable("backslashes that are escapes, and others that are not", at)
                at = after
            else:
                if text[at] in signs and width == 1:
                    ended = self._ended_before(at, start + width)
                    if ended:
                        self._check_pairs(inner, start + width, ended)
                        self._check_last(start + width, ended)
                        reader.repair("quote added", ended)
                        reader.at = ended
                        whole = "".join(pieces)[: ended - at]
                        return whole.rstrip() if inner else whole
                    inner += [] if _APOSTROPHE.match(text, at - 1) or self._is_of_inches(at) else [at]
                    self._reader.repair("quote inside of a text escaped", at)
                elif text[at] < " ":
                    self._reader.repair(
                        "line end in a text escaped" if text[at] in "\r\n" else "control character escaped", at
                    )
                pieces.append(text[at])
                at += 1
        raise Cut("the text ends inside of quotes", start)

    def _is_of_inches(self, at: int) -> bool:
        """Whether the quote stands for inches, behind a number in a member's text."""
        return self._reader.innermost == "{" and _INCHES.search(self._text, at - _LONGEST_INCHES, at + 2) is not None

    def _ended_before(self, at: int, start: int) -> int:
        """Where a text ends whose quote is missing, before a declared key that begins here; 0 where that is not so."""
        key = _QUOTED_KEY.match(self._text, at)
        before = self._text[max(start, at - _LONGEST_KEY) : at].rstrip()
        if key is None or not before.endswith(",") or not self._reader.declares(key[1]):
            return 0
        return max(start, at - _LONGEST_KEY) + len(before) - 1

    def _check_escaped(self, quotes: list[int], start: int) -> None:
        r"""Refuse an escaped quote before a comma and a quote, as in `"a\", "b"`: it may end an item of the list."""
        for at in quotes if self._reader.innermost == "[" else ():
            before = self._text[max(start, at - _LONGEST_INCHES) : at].rstrip()
            if before.endswith(",") and before[:-1].rstrip().endswith(('\\"', "\\'")):
                raise Unreadable("a quote behind a backslash that can be read in two ways", at)

    def _check_last(self, start: int, end: int) -> None:
        """Refuse an escaped quote at the end of a text whose own is missing, since it may be that one."""
        if self._text.endswith('\\"', start, end) and self._text.count('\\"', start, end) % 2:
            raise Unreadable("a quote behind a backslash that can be read in two ways", end - 1)

    def _check_pairs(self, inner: list[int], start: int, end: int) -> None:
        """Refuse quotes inside of a text that do not stand in pairs around words, or that make a key.

        There the text may have ended, and another one begun.
        """
        text, last, low = self._text, start, 0
        for number, at in enumerate(inner):
            low += sum(map(text[last:at].count, _LOW_QUOTES)) - sum(map(text[last:at].count, "”»"))
            last = at
            before, behind = text[at - 1] if at > start else " ", text[at + 1] if at + 1 < end else " "
            opens = number % 2 == 0
            if opens and low > 0:
                continue
            fits = before not in _OPENS_BEHIND if opens else before.isspace()
            if fits or (behind.isspace() if opens else behind.isalnum()) or (not opens and _COLON.match(text, at + 1)):
                raise Unreadable("quotes inside of a text that can be read in two ways", at)
        if len(inner) % 2 and not any(sign in text[start:end] for sign in _LOW_QUOTES):
            raise Unreadable("a quote inside of a text that can be read in two ways", inner[-1])

    def _closes(self, at: int, width: int) -> bool:
        """Whether the quote here ends its text, by what stands behind it."""
        reader, text = self._reader, self._text
        behind = reader.past_space(at + width)
        sign = text[behind : behind + 1]
        if sign == "+" and _PLUS.match(text, at + width):
            return True
        if sign == ")" and reader.innermost == "(":
            return True
        if not any(map(reader.inside, "{[(")):
            return _PROSE_BEHIND.match(text, at + width) is not None
        if not sign:
            # At the end of the text, a quote that could belong to the text ends nothing.
            return text[at] == '"' and width == 1 and not text[at - 1].isspace()
        if sign in "}]":
            return reader.inside("{" if sign == "}" else "[") or is_stray(reader, behind)
        in_object = reader.innermost == "{"
        if sign in (",", ";", *WIDE_COMMAS):
            if not in_object:
                after = reader.past_space(behind + 1)
                ends = reader.innermost == "(" and text.startswith(")", after)
                return ends or (_VALUE_BEHIND.match(text, after) or _BARE_ITEM.match(text, after)) is not None
            after = reader.past_space(behind + 1)
            half = _HALF_KEY.match(text, after)
            begins = self.begins_key(after) or (half is not None and reader.declares(half[1]))
            return begins or _AFTER_COMMA.match(text, behind + 1) is not None
        if _ELLIPSIS.match(text, behind):
            return True
        if FENCE_BEHIND.match(text, behind) and not _ANY_CLOSING.search(text, behind):
            return text[at] == '"' and width == 1 and not text[at - 1].isspace()
        # What follows could be the next member, with its comma missing.
        if in_object:
            return self.begins_key(behind)
        return behind > at + width and _VALUE_BEHIND.match(text, behind) is not None and sign != "]"

    def _escape(self, at: int) -> tuple[str, int]:
        """What a backslash makes, and where that ends."""
        text, reader = self._text, self._reader
        sign = text[at + 1 : at + 2]
        if sign in _ESCAPES and sign:
            return _ESCAPES[sign], at + 2
        code = _UNICODE.match(text, at)
        if code:
            return str(parse_json(f'"{code[0]}"')), code.end()
        if sign == "u" and re.match(r"\\u[dD][89a-fA-F]", text[at : at + 4]):
            raise Unreadable("half of a surrogate pair, which is no character", at)
        other = _OTHER_CODES.match(text, at)
        if other and int(other[1] or other[2], 16) <= 0x10FFFF and not 0xD800 <= int(other[1] or other[2], 16) < 0xE000:
            reader.repair("escape written as in JSON", at, len(other[0]))
            return chr(int(other[1] or other[2], 16)), other.end()
        if not sign:
            raise Cut("the text ends inside of quotes", at)
        if sign == "u":
            raise Unreadable("not an escape", at)
        if sign in "'`“”’„«»":
            reader.repair("backslash left out", at)
            return sign, at + 2
        if sign in "\r\n":
            reader.repair("line end in a text escaped", at)
            return sign, at + 2
        reader.repair("backslash escaped", at)
        return "\\", at + 1


_PREFIX = LatePattern(
    r"(?P<kind>[uUbB]|[bB]?[rR]|[rR][bB]|[rR]?[fF]|[fF][rR])(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"\s*(?:[,:}\])]|\Z)"
)
"""A text of Python's with what stands before it."""
_ELLIPSIS = LatePattern(r"\.{3}|…")
_BLOCK = 3
_QUOTED_KEY = LatePattern(r"\"([^\"\n]{1,200})\"\s*:")
_LOW_QUOTES = "„“«"
_APOSTROPHE = LatePattern(r"\w.\w")
_INCHES = LatePattern(r"(?<!\w)\d[\d.]{0,4}\"[ )\]-]")
_LONGEST_INCHES = 6
_OPENS_BEHIND = " \t\r\n([{<-–—/=:;,.!?*_|\\"
_COLON = LatePattern(r"\s*:")
_INFO = LatePattern(r"[^\n`]{0,100}\n")


def _block(text: str, closing: str) -> str:
    """A text between three quotes: one that begins on a line of its own is taken without that line end and its indent.

    Between backticks, the first line says which language follows.
    """
    first = _INFO.match(text)
    if first is None or (first[0].strip() and closing != "```"):
        return text
    body = text[first.end() :]
    last = body.rpartition("\n")
    return dedent(last[0] if not last[2].strip() else body)
