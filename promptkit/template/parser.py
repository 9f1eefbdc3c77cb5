"""One template read by Jinja: its lexer and its parser, so changed that every fault is kept and the reading goes on.

Jinja's lexer hands a line number along with each token, and its parser hands it on to nodes and errors without
looking at it. Here the number is the token's offset in the text: so a name, a filter, an operator and a syntax error
all have an exact place, and nothing of the grammar is written a second time.

Importing this module loads Jinja; `syntax` does so for a template that needs it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token as JinjaToken
from jinja2.lexer import TokenStream

from promptkit.diagnostics import nearest
from promptkit.late_pattern import LatePattern
from promptkit.template import syntax_messages
from promptkit.template.environment import PromptEnvironment, PromptParser
from promptkit.template.sandbox import folded
from promptkit.template.tree import LONGEST_TAG, OPENINGS, LongTag, TemplateFault, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_END = LatePattern(r"\r\n|\r|\n")
"""Where Jinja ends a line."""
_start_of = attrgetter("start")
MOST_FAULTS = 20
"""How many syntax errors of one template are told."""


class RecoveringEnvironment(PromptEnvironment):
    """An environment that reads one text, and keeps its tokens, its faults, and the names that were lost."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tokens: list[Token] = []
        self.faults: list[TemplateFault] = []
        self._told_in: set[int] = set()
        """Where the tags begin in which there are faults."""
        self.lost: set[str] = set()
        self.cut_off = False
        """Whether an end that is missing has been told, so that what it leaves open has its cause."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return Parser(self, source, name, filename).parse()

    def _tokenize(self, source: str, name: str | None, filename: str | None = None, _: str | None = None) -> Any:
        return TokenStream(self.lexer.wrap(self._placed(source), name, filename), name, filename)

    def _placed(self, source: str) -> Iterator[tuple[int, str, str]]:
        """Jinja's tokens with offsets for lines. What no token begins with is told, and passed over with its tag.

        What whitespace control drops stands between two tokens.
        """
        plain, at, state, opened, endless = _LINE_END.sub("\n", source), 0, None, 0, 0
        longer = [match.start() - number for number, match in enumerate(re.finditer("\r\n", source))]
        while True:
            try:
                for _, kind, value in self.lexer.tokeniter(plain[at:], None, state=state):
                    start = max(plain.find(value, at), at)
                    at = start + len(value)
                    if kind in OPENINGS:
                        opened = len(self.tokens)
                    elif len(self.tokens) - opened > LONGEST_TAG:
                        raise LongTag(self.tokens[opened].start)
                    if kind != "whitespace":
                        place = start + bisect_left(longer, start)
                        self.tokens.append(Token(kind, value, place))
                        if kind == "name" and (meant := folded(value)) != value:
                            self.fail(TemplateSyntaxError(f"the name `{value}` is written `{meant}`", place))
                            value = meant  # noqa: PLW2901 (as which it is read)
                        yield place, kind, value
            except TemplateSyntaxError as error:
                if self.tokens[-1].kind == "comment_begin":  # two characters that were meant as they stand
                    error.lineno = self.tokens[-1].start
                    self.fail(error)
                    state = None
                    endless += 1
                    if endless > MOST_FAULTS:
                        raise
                    continue
                state, sign = self._inside()
                error.lineno = at + bisect_left(longer, at) if state else self.tokens[-1].start
                if error.message == "unexpected '}'":  # one of the two signs that end a tag is missing
                    said = f"expected token '{_ENDS_AT[sign]}', got '}}'"
                    self.fail(TemplateSyntaxError(said, error.lineno))
                    at, state = at + 1, None
                    self.tokens.append(Token(_KIND_OF_END[sign], "}", error.lineno))
                    yield error.lineno, _KIND_OF_END[sign], "}"
                    continue
                if sign == "%}" and plain.startswith(sign, at - 1) and "expected" in str(error.message):
                    at -= 1  # a bracket is not closed before the tag's end
                end = plain.find(sign, at) if state else -1
                if end < 0 or len(self.faults) > MOST_FAULTS:
                    raise
                self.fail(error)
                self.lost.update(re.findall(r"[^\W\d]\w*", plain[at:end]))
                if not plain[at].isprintable() and self.tokens[-1].kind == "name":
                    self.lost.add(self.tokens[-1].value)  # which goes on behind a character that cannot be seen
                at = end
            else:
                in_tag = self._inside()[0] is not None
                for block in reversed([] if self.cut_off or in_tag else self._without_end()):
                    yield from self._ended(block)
                return

    def _without_end(self) -> list[Token]:
        """The words of the blocks that have no end; none where one is ended that is not open."""
        opened: list[Token] = []
        for before, word, behind in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            if before.kind != "block_begin" or word.kind != "name":
                continue
            if word.value in _BLOCKS and not (word.value == "set" and self._assigns(word)):
                opened.append(word)
            elif word.value.startswith("end") and (
                not opened or opened.pop().value != word.value[3:] or behind.kind != "block_end"
            ):
                return []
        return opened

    def _assigns(self, word: Token) -> bool:
        """Whether a `set` has its value in the tag itself."""
        return "=" in self.text[word.start : self.text.find("%}", word.start)]

    def _ended(self, block: Token) -> Iterator[tuple[int, str, str]]:
        """Tell that a block has no end, and end it, so that what stands in it is read."""
        said = f"Unexpected end of template. The innermost block that needs to be closed is '{block.value}'."
        at, opening = len(self.text), self._opening(block.start)
        if opening in self._told_in:
            return  # the tag itself cannot be read, and so opens nothing
        self.cut_off = False
        self.fail(TemplateSyntaxError(said, at), opening)
        for kind, value in (("block_begin", "{%"), ("name", f"end{block.value}"), ("block_end", "%}")):
            self.tokens.append(Token(kind, value, at))
            yield at, kind, value

    def _inside(self) -> tuple[str | None, str]:
        """In what the last tokens stand, as the lexer names it, and how that ends."""
        last = next((token.kind for token in reversed(self.tokens) if token.kind in _INSIDE), "")
        return _INSIDE.get(last, (None, ""))

    def fail(self, error: TemplateSyntaxError, opening: int | None = None) -> None:
        """Keep a syntax error at its place: where what has no end begins, else where the reading stopped."""
        message, start = error.message or "it cannot be read", min(error.lineno, len(self.text))
        start -= syntax_messages.characters_back(message, self.text, start)
        if (inner := self._braces_around(start)) is not None:
            message, start = syntax_messages.BRACES_INSIDE, inner
        if syntax_messages.has_no_end(message, self.text, opened := self._opening(start), start):
            message, opening = syntax_messages.NO_END_OF_TAG, opened
        endless = "end of template" in message.lower()
        if endless:
            start = start if opening is None else opening
            known, self.cut_off = self.cut_off, True
        else:
            known = self._is_told(opened) or opened in self._told_in
            if self.text.startswith("{{{", opened) or message == "expected token 'end of print statement', got ':'":
                start = opened  # braces that are no expression's
            self.cut_off |= message.startswith("Encountered unknown tag")
        if not known:
            self._told_in.add(self._opening(start))
            words, cure = (
                syntax_messages.told(message, self.text[:start]),
                syntax_messages.cure_of(message, self.text, start),
            )
            self.faults.append(TemplateFault("PK201", words, start, self._end(start), help=cure))

    def _braces_around(self, offset: int) -> int | None:
        """Where braces with a name begin inside of a tag, if an offset lies in them."""
        opened = self._opening(offset)
        found = _BRACED.search(self.text, opened + 2, offset + 3) if opened >= 0 else None
        return found.start() if found is not None and found.end() > offset else None

    def _is_told(self, opened: int) -> bool:
        """Whether a tag ends what another one of the same foreign kind began, which has been told."""
        ends = _FOREIGN_END.match(self.text, max(opened, 0))
        began = [_FOREIGN_BEGIN.match(self.text, self._opening(fault.start)) for fault in self.faults if ends]
        if _HANDLEBARS.match(self.text, max(opened, 0)):
            self.lost.update(("this", "else", *re.findall(r"\{\{\s*([^\W\d]\w*)\s*\}\}", self.text)))
        return any(began)

    def _opening(self, offset: int) -> int:
        """Where the tag begins that an offset lies in."""
        before = range(bisect_right(self.tokens, offset, key=_start_of) - 1, -1, -1)
        return next((self.tokens[at].start for at in before if self.tokens[at].kind in OPENINGS), -1)

    def _end(self, start: int) -> int:
        """Where what begins at an offset ends: a token, or the whole of an opening tag in its line."""
        at = bisect_right(self.tokens, start, key=_start_of) - 1
        token = self.tokens[at] if at >= 0 else None
        if token is None or token.start != start:
            return min(start + 1, len(self.text))
        if token.kind not in OPENINGS:
            return token.end
        line = _LINE_END.search(self.text, start)
        closing = self.text.find("%}" if token.kind == "block_begin" else "}}", start) + 2
        return min([line.start() if line else len(self.text), *([closing] if closing > 1 else [])])

    def lose(self, start: int) -> None:
        """Remember the names from a token on as lost."""
        behind = self.tokens[bisect_left(self.tokens, start, key=_start_of) :]
        self.lost.update(token.value for token in behind if token.kind == "name")


class Parser(PromptParser):
    """Jinja's parser. What cannot be read is told and left out, and the reading goes on behind it."""

    environment: RecoveringEnvironment

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ended: Counter[str] = Counter()
        """The ends of blocks that another one's has ended, and that may stand further below."""
        self._ended_at: set[int] = set()
        """Where tags stand that have ended more than their own blocks: once each."""

    def parse_tuple(self, *args: Any, **kwargs: Any) -> Any:
        """What is printed; a broken expression is left out."""
        opening = self._before()
        if opening is None or opening.kind != "variable_begin":
            return super().parse_tuple(*args, **kwargs)
        try:
            found = super().parse_tuple(*args, **kwargs)
            if self.stream.current.type == "variable_end":
                return found
            self.stream.expect("variable_end")
        except TemplateSyntaxError as error:
            self.environment.fail(error, opening.start)
            self._skip_to("variable_end", "}}")
            self.environment.lose(opening.start)
        return nodes.TemplateData("", lineno=opening.start)

    def parse_primary(self, *args: Any, **kwargs: Any) -> Any:
        """An operand. Jinja reads some of its own words as names; here they are told."""
        if self.stream.current.test_any(*_NO_NAMES):
            word = self.stream.current.value
            self.fail(f"an expression cannot begin with `{word}`")
        return super().parse_primary(*args, **kwargs)

    def parse_statement(self) -> Any:
        """A tag with what stands in it; a broken one is left out."""
        opening, word = self._before(), self.stream.current.value
        start = opening.start if opening else 0
        try:
            found = super().parse_statement()
            if self.stream.current.type == "block_end":
                return found
            self.stream.expect("block_end")
        except TemplateSyntaxError as error:
            if self._ended[str(word)] and self.stream.current.value == word:
                self._ended[str(word)] -= 1  # it crosses the end that has been told
                self._skip_to("block_end", "%}")
                return []
            self.environment.fail(error, start)
            if len(self.environment.faults) > MOST_FAULTS:
                raise
            if self._ends_more(str(word)):
                return []
            own = self._has_body(str(word), start)
            word = str(word) if own else syntax_messages.foreign_end(str(word)).removeprefix("end") or str(word)
            closed = self._tag_word() == f"end{word}"
            self._skip_to("block_end", "%}")
            if self._has_body(word, start) and not closed:
                self._skip_body(word)
            self.environment.lose(start)
        return []

    def _ends_more(self, word: str) -> bool:
        """Whether a tag ends a block around the innermost one, or is meant to end that; then all of them end."""
        inner, line = self._tag_stack[::-1], self.stream.current.lineno
        if not (inner and word.startswith("end")) or self.stream.current.value != word or line in self._ended_at:
            return False
        outer = word.removeprefix("end")
        if outer not in inner:
            outer = inner[0]
            if not nearest(word, [f"end{outer}"]) and self._has_body(outer, line):
                return False
        self._skip_to("block_end", "%}")
        self._ended_at.add(line)
        for name in inner[: inner.index(outer) + 1]:
            self.stream.push(JinjaToken(line, "block_begin", "{%"))
            self.stream.push(JinjaToken(line, "name", f"end{name}"))
            self.stream.push(JinjaToken(line, "block_end", "%}"))
        self._ended.update(f"end{name}" for name in inner[: inner.index(outer)])
        return True

    def _has_body(self, word: str, start: int) -> bool:
        """Whether a tag that begins at an offset has an end further below."""
        text = self.environment.text
        header = text[start : text.find("%}", start)]
        ends = re.compile(rf"\{{%[-+]?\s*end{re.escape(word)}\b")
        return not (word == "set" and "=" in header) and ends.search(text, start) is not None

    def _skip_body(self, word: str) -> None:
        """Read on to the end of a block whose beginning cannot be read, only to tell what is wrong inside."""
        end = f"name:end{word}"
        try:
            while True:
                self.parse_statements((end, "name:else", "name:elif"))
                if next(self.stream).value == f"end{word}":
                    break
                self._skip_to("block_end", "%}")
        except TemplateSyntaxError:
            self._skip_to("block_end", "%}")

    def _tag_word(self) -> str:
        """The first word of the tag that is being read."""
        tokens = self.environment.tokens
        place = next((n for n in range(len(tokens) - 1, -1, -1) if tokens[n].kind == "block_begin"), 0)
        return tokens[place + 1].value if place + 1 < len(tokens) else ""

    def _before(self) -> Token | None:
        """The token before the current one."""
        tokens, here = self.environment.tokens, self.stream.current
        if here.type == "eof":
            return tokens[-1] if tokens else None
        place = bisect_left(tokens, here.lineno, key=_start_of)
        return tokens[place - 1] if place else None

    def _skip_to(self, kind: str, value: str) -> None:
        """Go on to the end of a tag; the template's end stands for one that is missing."""
        while self.stream.current.type not in (kind, "eof"):
            next(self.stream)
        if self.stream.current.type == "eof":
            self.stream.current = JinjaToken(self.stream.current.lineno, kind, value)


_NO_NAMES = tuple(f"name:{word}" for word in ("and", "or", "in", "is", "if", "else", "elif", "endif", "endfor"))
_HANDLEBARS = LatePattern(r"\{\{[#^/>]")
_FOREIGN_BEGIN = LatePattern(r"\{\{-?\s*(?:[#^]|if\b|for\b)")
_FOREIGN_END = LatePattern(r"\{\{-?\s*(?:/|else\b|elif\b|endif\b|endfor\b)")
_BRACED = LatePattern(r"\{\{-?\s*[^\W\d][\w.\[\]]*\s*-?\}\}")
_BLOCKS = frozenset(("if", "for", "macro", "call", "filter", "block", "with", "set"))
_KIND_OF_END = {"}}": "variable_end", "%}": "block_end"}
_ENDS_AT = {"}}": "end of print statement", "%}": "end of statement block"}
_INSIDE = {
    "variable_begin": ("variable", "}}"),
    "block_begin": ("block", "%}"),
    **dict.fromkeys(("variable_end", "block_end", "comment_begin", "raw_begin"), (None, "")),
}
