"""What a template names, includes and prints, found without rendering it.

Offsets are 0-based characters of the template's text; whoever knows where the text stands turns them into places.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Severity, did_you_mean
from promptkit.template import sandbox
from promptkit.template.chains import bindings, chains
from promptkit.template.filters import OWN_FILTERS
from promptkit.template.flows import flows, followed, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment, nodes

    from promptkit.template.chains import Binding, Chain

LINE_END = re.compile(r"\r\n|\r|\n")
"""Where Jinja ends a line."""


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """Something wrong at a span of a template's text."""

    code: str
    message: str
    start: int
    end: int
    severity: Severity = "error"
    label: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A name or a path that a template uses, where it stands. The path of an include that is not fixed is empty."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Printing:
    """An expression, or a block, that puts text into the message: the names in it, and its span."""

    names: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one template text needs from outside, what it prints, and what is wrong with it.

    `flows` says for each name that the template sets which names its value is made from (see `template_flows`),
    and `mentions` are all names in it. `chains` are what is looked up in names, and `bindings` what the template's
    own names stand for, where that is simple.
    """

    names: tuple[Use, ...] = ()
    includes: tuple[Use, ...] = ()
    faults: tuple[TemplateFault, ...] = ()
    outputs: tuple[Printing, ...] = ()
    flows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    mentions: frozenset[str] = frozenset()
    chains: tuple[Chain, ...] = ()
    bindings: Mapping[str, tuple[Binding, ...]] = field(default_factory=dict)

    def sources(self, output: Printing) -> frozenset[str]:
        """All names that an output can come from, as far as this template alone tells."""
        return followed(output.names, self.flows)


def analyse(text: str) -> Analysis:
    """Read a template without rendering it. Never raises: a syntax error is a fault too."""
    from jinja2 import TemplateSyntaxError

    env = sandbox.environment_class()()
    try:
        tree = env.parse(text)
        missing = _unknown_functions(env, tree)
        undeclared = _undeclared(env, tree)
        env.compile(text)  # finds what only shows then, such as a block that stands twice
    except TemplateSyntaxError as error:
        return Analysis(faults=(_syntax_fault(text, error),))
    except Exception as error:  # noqa: BLE001 (Jinja's compiler and Python's fail in many ways on strange templates)
        deep = isinstance(error, (RecursionError, SyntaxError, MemoryError))
        why = "the template is nested too deeply" if deep else "Jinja cannot compile the template"
        return Analysis(faults=(TemplateFault("PK201", why, 0, len(text)),))
    tokens = _tokens(env, text)
    outputs = sorted(_outputs(tree, tokens), key=lambda output: output.start)
    return Analysis(
        names=tuple(use for use in _name_uses(tokens) if use.name in undeclared),
        includes=tuple(_include_uses(tree, tokens)),
        faults=(*_function_faults(env, missing, tokens), *_lost_braces(tree, tokens), *_lost_comments(tokens)),
        outputs=tuple(outputs),
        flows=flows(tree),
        mentions=names_in(tree),
        chains=tuple(chains(tokens)),
        bindings=bindings(tree),
    )


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    start: int
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.value)


def _tokens(env: Environment, text: str) -> list[_Token]:
    """Jinja's tokens with their offsets; what whitespace control drops stands between two tokens."""
    found: list[_Token] = []
    plain, at = LINE_END.sub("\n", text), 0
    for line, kind, value in env.lex(text):
        start = max(plain.find(value, at), at)
        found.append(_Token(kind, value, start, line))
        at = start + len(value)
    longer = [match.start() - number for number, match in enumerate(re.finditer("\r\n", text))]
    listed = [token for token in found if token.kind != "whitespace"]
    return [_shifted(token, longer) for token in listed] if longer else listed


def _shifted(token: _Token, longer: list[int]) -> _Token:
    """A token's place in a text whose lines end in two characters."""
    from bisect import bisect_left

    return _Token(token.kind, token.value, token.start + bisect_left(longer, token.start), token.line)


def _syntax_fault(text: str, error: Any) -> TemplateFault:
    starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    start = starts[min(max(error.lineno, 1), len(starts)) - 1]
    line = LINE_END.split(text[start:], maxsplit=1)[0]
    indent = len(line) - len(line.lstrip())
    return TemplateFault("PK201", f"template syntax: {error.message}", start + indent, start + len(line.rstrip()))


def _undeclared(env: Environment, tree: nodes.Template) -> frozenset[str]:
    """The names that must come from outside. Raises what compiling raises."""
    from jinja2 import meta

    found = {name for name in meta.find_undeclared_variables(tree) if name not in env.globals}
    return frozenset(found | ({"self"} & names_in(tree)))


def _name_uses(tokens: list[_Token]) -> Iterator[Use]:
    """Names that stand for variables: not attributes, filters, tests or the names of arguments."""
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.kind != "name":
            continue
        if before is not None and before.value in (".", "|", "is"):
            continue
        if after is not None and after.value == "=" and before is not None and before.value in ("(", ","):
            continue
        yield Use(token.value, token.start, token.end)


_LOADING = ("include", "import", "from", "extends")


def _include_uses(tree: nodes.Template, tokens: list[_Token]) -> Iterator[Use]:
    """The files that a template loads, each with the place of its name."""
    from jinja2 import nodes

    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    loads: list[Any] = list(tree.find_all(kinds))
    tags = [number for number, token in enumerate(tokens) if token.kind == "block_begin"]
    named = [tokens[tag + 2] for tag in tags if tokens[tag + 1].value in _LOADING]
    for node, argument in zip(loads, named, strict=True):
        fixed = isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        yield Use(node.template.value if fixed else "", argument.start, argument.end)


def _unknown_functions(env: Environment, tree: nodes.Template) -> dict[str, set[str]]:
    """Filters and tests that do not exist; stand-ins are added, so that the rest of the template can be read."""
    from jinja2 import nodes

    missing: dict[str, set[str]] = {}
    for kind, word, known in ((nodes.Filter, "filter", env.filters), (nodes.Test, "test", env.tests)):
        names = {node.name for node in tree.find_all(kind)}
        missing[word] = {name for name in names if name not in known or name in OWN_FILTERS}
        known.update((name, _stand_in) for name in missing[word])
    return missing


def _stand_in(value: Any, *_: Any, **__: Any) -> Any:
    return value


def _function_faults(env: Environment, missing: dict[str, set[str]], tokens: list[_Token]) -> Iterator[TemplateFault]:
    for word, known, signs in (("filter", env.filters, ("|", "filter")), ("test", env.tests, ("is", "not"))):
        public = sorted(set(known) - missing[word] - set(OWN_FILTERS))
        for before, token in itertools.pairwise(tokens):
            if token.value in missing[word] and before.value in signs:
                hint = did_you_mean(token.value, public)
                yield TemplateFault("PK204", f"there is no {word} `{token.value}`", token.start, token.end, label=hint)


def _lost_braces(tree: nodes.Template, tokens: list[_Token]) -> Iterator[TemplateFault]:
    """Printed expressions that name nothing: text with double braces that was not meant as an expression."""
    from jinja2 import nodes

    for node, start, end in _expressions(tree, tokens):
        written_out = isinstance(node, nodes.Const) and isinstance(node.value, str) and re.search("[{}]", node.value)
        if not names_in(node) and not written_out:
            yield TemplateFault(
                "PK210",
                "this expression names no input",
                start,
                end,
                "warning",
                label="its double braces will not be printed",
                help="write {{ '{{' }} for two literal braces, or put the text in {% raw %}",
            )


def _lost_comments(tokens: list[_Token]) -> Iterator[TemplateFault]:
    for opening, body in itertools.pairwise(tokens):
        if opening.kind == "comment_begin" and body.kind == "comment" and body.value[0] not in " \t\n-#":
            yield TemplateFault(
                "PK211",
                "`{#` begins a comment: the text up to `#}` will vanish",
                opening.start,
                body.end,
                "warning",
                help="write {{ '{#' }} for the two characters",
            )


def _outputs(tree: nodes.Template, tokens: list[_Token]) -> Iterator[Printing]:
    """Printed expressions, and blocks whose text goes through a call or a filter."""
    from jinja2 import nodes

    for node, start, end in _expressions(tree, tokens):
        yield Printing(names_in(node), start, end)
    blocks: list[Any] = list(tree.find_all((nodes.CallBlock, nodes.FilterBlock)))
    tags = [(tokens[n], tokens[n + 1]) for n, token in enumerate(tokens) if token.kind == "block_begin"]
    places = [(tag.start, word.end) for tag, word in tags if word.value in ("call", "filter")]
    for node, (start, end) in zip(blocks, places, strict=True):
        yield Printing(names_in(*node.body, getattr(node, "call", None), getattr(node, "filter", None)), start, end)


def _expressions(tree: nodes.Template, tokens: list[_Token]) -> Iterator[tuple[nodes.Expr, int, int]]:
    """Each `{{ ... }}` with its span, in the order in which they stand."""
    from jinja2 import nodes

    begins = [token for token in tokens if token.kind == "variable_begin"]
    ends = [token for token in tokens if token.kind == "variable_end"]
    printed = [child for output in tree.find_all(nodes.Output) for child in output.nodes]
    shown = [child for child in printed if not isinstance(child, nodes.TemplateData)]
    for node, begin, end in zip(shown, begins, ends, strict=True):
        yield node, begin.start, end.start + len(end.value.rstrip())
