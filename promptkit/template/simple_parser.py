"""Templates of text, `{{ name }}` and simple ifs, read without Jinja's lexer and parser: it takes a tenth of the time.

A simple if asks for a name, for its contrary, or whether it is one word: `{% if tone == 'formal' %}`. The tree and the
tokens are those that Jinja would give; that is a law of the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.template.tree import Token, Tree

if TYPE_CHECKING:
    import re

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_WORD = r"'[^'\\\n{}%]*'|\"[^\"\\\n{}%]*\""
_TAG = LatePattern(
    rf"\{{\{{ *(?P<printed>{_NAME}) *\}}\}}"
    rf"|\{{% *(?:(?P<ask>if|elif) +(?:(?P<negated>not) +)?(?P<name>{_NAME})(?: *(?P<sign>==|!=) *(?P<word>{_WORD}))?"
    r"|(?P<part>else|endif)) *(?P<end>%\}\n?)"
)
_SPACE = LatePattern(r"\s+")
_OPERATIONS = {"==": "eq", "!=": "ne"}
_WORDS = frozenset(
    "true false none True False None not and or in is if else elif endif endfor".split()  # noqa: SIM905
)
_DEEPEST = 8


def read_plain(text: str) -> Tree | None:
    """The tree of a text; None where it has other tags, or anything else that Jinja treats in a way of its own."""
    if "{#" in text or "{{{" in text or "{{%" in text or "\r" in text:
        return None
    return _SimpleParser(text.removesuffix("\n")).tree()


class _SimpleParser:
    """One text read from tag to tag. `bodies` are the blocks that are open here, `ifs` what they belong to."""

    def __init__(self, text: str) -> None:
        from jinja2 import nodes

        self.nodes = nodes
        self.text = text
        self.tokens: list[Token] = []
        self.bodies: list[list[Any]] = [[]]
        self.ifs: list[Any] = []
        self.printed: list[Any] = []
        """What stands side by side, and so is one output."""

    def tree(self) -> Tree | None:
        at = 0
        for tag in _TAG.finditer(self.text):
            if not self._data(at, tag.start(), strips=tag["end"] is not None) or not self._tag(tag):
                return None
            at = tag.end()
        if not self._data(at, len(self.text), strips=False) or self.ifs:
            return None
        self._flush()
        return Tree(self.nodes.Template(self.bodies[0], lineno=1), self.tokens, simple=True)

    def _data(self, start: int, end: int, *, strips: bool) -> bool:
        """The text between two tags, without the whitespace before a block's tag that begins its line."""
        text = self.text[start:end]
        if "{{" in text or "{%" in text:
            return False
        if strips:
            line = text.rfind("\n") + 1
            begins = line > 0 or start == 0 or self.text[start - 1] == "\n"
            text = text[:line] if begins and _SPACE.fullmatch(text, line) else text
        if text:
            self.tokens.append(Token("data", text, start))
            self.printed.append(self.nodes.TemplateData(text, lineno=start))
        return True

    def _tag(self, tag: re.Match[str]) -> bool:
        name = tag["printed"]
        if name is not None:
            start = tag.start("printed")
            self.tokens += (
                Token("variable_begin", "{{", tag.start()),
                Token("name", name, start),
                Token("variable_end", "}}", tag.end() - 2),
            )
            self.printed.append(self.nodes.Name(name, "load", lineno=start))
            return name not in _WORDS
        self._flush()
        self.tokens.append(Token("block_begin", "{%", tag.start()))
        read = self._condition(tag) if tag["part"] is None else self._turn(tag["part"], tag.start("part"))
        self.tokens.append(Token("block_end", tag["end"], tag.start("end")))
        return read

    def _condition(self, tag: re.Match[str]) -> bool:
        begin, start = tag.start("ask"), tag.start("name")
        self.tokens.append(Token("name", tag["ask"], begin))
        if tag["negated"]:
            self.tokens.append(Token("name", "not", tag.start("negated")))
        self.tokens.append(Token("name", tag["name"], start))
        test: Any = self.nodes.Name(tag["name"], "load", lineno=start)
        if tag["sign"]:
            self.tokens.append(Token("operator", tag["sign"], tag.start("sign")))
            self.tokens.append(Token("string", tag["word"], tag.start("word")))
            word = self.nodes.Const(tag["word"][1:-1], lineno=tag.start("word"))
            operand = self.nodes.Operand(_OPERATIONS[tag["sign"]], word)
            test = self.nodes.Compare(test, [operand], lineno=tag.start("end"))
        if tag["negated"]:
            test = self.nodes.Not(test, lineno=tag.start("negated"))
        node = self.nodes.If(test, [], [], [], lineno=begin)
        if tag["ask"] == "if":
            self.bodies[-1].append(node)
            self.ifs.append((node, "if"))
            self.bodies.append(node.body)
        elif self.ifs and self.ifs[-1][1] == "if":
            node.lineno = tag.start("negated") if tag["negated"] else start
            self.ifs[-1][0].elif_.append(node)
            self.bodies[-1] = node.body
        else:
            return False
        return tag["name"] not in _WORDS and len(self.ifs) <= _DEEPEST

    def _turn(self, part: str, start: int) -> bool:
        """An `else`, or the end of an `if`."""
        self.tokens.append(Token("name", part, start))
        if not self.ifs:
            return False
        node, last = self.ifs[-1]
        if part == "endif":
            self.ifs.pop()
            self.bodies.pop()
            return True
        self.ifs[-1] = (node, "else")
        self.bodies[-1] = node.else_
        return bool(last == "if")

    def _flush(self) -> None:
        if self.printed:
            self.bodies[-1].append(self.nodes.Output(self.printed, lineno=self.printed[0].lineno))
            self.printed = []
