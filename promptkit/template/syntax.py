"""Templates read into Jinja's own tree, in which every node knows its character instead of its line; see `parser`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.simple_parser import read_plain
from promptkit.template.tree import ENDINGS, LONGEST_TAG, OPENINGS, LongTag, TemplateFault, Token, Tree

if TYPE_CHECKING:
    from jinja2 import nodes

MOST_TAGS = 10_000
"""How many tags one template may have."""
_SIMPLE_DEPTH = 8
_SIMPLE_TAG = 100
"""Blocks no deeper in each other, and tags of no more tokens, always compile."""


def read_tree(text: str) -> Tree:
    """Read a template. Never raises: what cannot be read is a fault of the tree."""
    from jinja2 import nodes

    if sum(map(text.count, ("{{", "{%", "{#"))) > MOST_TAGS:
        message = f"the template has more tags than the limit of {MOST_TAGS:,}"
        return Tree(nodes.Template([]), [], [TemplateFault("PK201", message, 0, min(len(text), 2))])
    plain = read_plain(text)
    return plain if plain is not None else read_by_jinja(text)


def read_by_jinja(text: str) -> Tree:
    """Read a template by Jinja's own parser."""
    from jinja2 import TemplateSyntaxError, nodes

    from promptkit.template.parser import RecoveringEnvironment

    reading = RecoveringEnvironment(text)
    try:
        root = reading.parse(text)
        if not reading.faults and _is_deep(reading.tokens):
            _compile(text, root)
    except TemplateSyntaxError as error:
        root = nodes.Template([])
        reading.fail(error)
    except LongTag as error:
        root = nodes.Template([])
        why, cure = f"the tag has more than {LONGEST_TAG:,} names, texts, numbers and signs", "give it as an input"
        reading.faults.append(TemplateFault("PK201", why, error.start, error.start + 2, help=cure))
    except Exception as error:  # noqa: BLE001 (Jinja's parser and compiler fail in many ways on strange templates)
        root = nodes.Template([])
        deep = isinstance(error, (RecursionError, SyntaxError, MemoryError))
        why = "the template is nested too deeply" if deep else "Jinja cannot compile the template"
        reading.faults.append(TemplateFault("PK201", why, 0, len(text)))
    return Tree(root, reading.tokens, reading.faults, frozenset(reading.lost))


def _is_deep(tokens: list[Token]) -> bool:
    """Whether blocks stand so deep in each other, or a tag is so long, that Python might refuse what it compiles to."""
    depth = deepest = longest = begin = 0
    for place, token in enumerate(tokens):
        if token.kind in OPENINGS:
            begin = place
        elif token.kind in ENDINGS:
            longest = max(longest, place - begin)
            word = tokens[begin + 1].value if tokens[begin].kind == "block_begin" else ""
            depth += (word in _BLOCKS) - word.startswith("end")
            deepest = max(deepest, depth)
    return deepest > _SIMPLE_DEPTH or longest > _SIMPLE_TAG


_BLOCKS = frozenset({"if", "for", "macro", "call", "filter", "with", "block", "set"})


def _compile(text: str, root: nodes.Template) -> None:
    from jinja2 import nodes

    from promptkit.template.environment import PromptEnvironment

    plain = PromptEnvironment()
    known: Any
    for kind, known in ((nodes.Filter, plain.filters), (nodes.Test, plain.tests)):
        for node in root.find_all(kind):
            known.setdefault(node.name, str)
    plain.compile(text)
