"""Templates of text and `{{ name }}` only, read without Jinja's lexer and parser: most are, and it takes a tenth.

The tree and the tokens are those that Jinja would give; that is a law of the tests.
"""

from __future__ import annotations

import re
from typing import Any

from promptkit.template.tree import Token, Tree

_NAME = re.compile(r"\{\{( *)([A-Za-z_][A-Za-z0-9_]*)( *)\}\}")
_WORDS = frozenset(
    "true false none True False None not and or in is if else elif endif endfor".split()  # noqa: SIM905
)


def read_plain(text: str) -> Tree | None:
    """The tree of a text; None where it has other tags, or anything else that Jinja treats in a way of its own."""
    if any(sign in text for sign in ("{%", "{#", "{{{", "\r")):
        return None
    from jinja2 import nodes

    tokens: list[Token] = []
    printed: list[Any] = []
    at = 0
    end = len(text) - text.endswith("\n")
    for found in _NAME.finditer(text):
        if found[2] in _WORDS:
            return None
        _data(text[at : found.start()], at, tokens, printed)
        start = found.start(2)
        tokens += (
            Token("variable_begin", "{{", found.start()),
            Token("name", found[2], start),
            Token("variable_end", "}}", found.end() - 2),
        )
        printed.append(nodes.Name(found[2], "load", lineno=start))
        at = found.end()
    _data(text[at:end], at, tokens, printed)
    if any("{{" in token.value for token in tokens if token.kind == "data"):
        return None
    body = [nodes.Output(printed, lineno=printed[0].lineno)] if printed else []
    return Tree(nodes.Template(body, lineno=1), tokens)


def _data(text: str, at: int, tokens: list[Token], printed: list[Any]) -> None:
    from jinja2 import nodes

    if text:
        tokens.append(Token("data", text, at))
        printed.append(nodes.TemplateData(text, lineno=at))
