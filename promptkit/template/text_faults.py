"""Text that a template would lose, or print as it stands.

That is braces and comments that were not meant for Jinja, and variables in the notation of others.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.template.names import names_in
from promptkit.template.tree import TemplateFault, Tree

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

_FOREIGN = LatePattern(
    r"(?<![\w{$%\\])(?:\$\{(\w+)\}|\{(\w+)(?:![rsa])?(?::(?:[<>=^][^{}\s]{0,8}|[.,+#\d]{1,8}[a-z%]))?\}"
    r"|\$([a-z_]\w*)\b(?!\$)|%\((\w+)\)s|<<(\w+)>>(?![ \t]*\0)"
    r"|\{\s+\{\s*(\w+)\s*\}\s*\}|<%=?\s*(\w+)\s*%>|\[\[\s*(\w+)\s*\]\]|\{\s*(\w+)\s+\}\})(?!\})"
)
"""How `${x}` and `$x` (shells, JavaScript), `{x}` and `{x:.2f}` (f-strings, LangChain), `%(x)s`, `<<x>>`, `<% x %>` and
`[[x]]` name a variable; two braces with a space between them, and braces of which the first is lost."""
_BROKEN_TAG = LatePattern(
    r"(?:\{\s+)?(?<!\{)%\s{0,9}((?:set|if|elif|else|for|include|extends|import|from|macro|block|call|filter|raw|with"
    r"|end[a-z]+)\b[^%\n{}]{0,200}?)\s{0,9}%(?:\}| \})"
)
"""A tag whose first brace is lost, or whose braces stand apart."""


_MOST_FOREIGN = 1_000


def lost_text(tree: Tree) -> Iterator[TemplateFault]:
    """Double braces and `{#` in a text in which they are not meant for Jinja."""
    if not tree.simple:
        yield from _lost_braces(tree)
        yield from _lost_comments(tree)


def _lost_braces(tree: Tree) -> Iterator[TemplateFault]:
    """Printed expressions that name nothing: text with double braces that was not meant as an expression."""
    from jinja2 import nodes

    literals = (nodes.Const, nodes.Dict, nodes.List, nodes.Tuple)  # an operation is meant
    for output in tree.root.find_all(nodes.Output):
        for node in output.nodes:
            if names_in(node) or not isinstance(node, literals) or _is_written_out(node):
                continue
            start, end = tree.around(node.lineno)
            yield TemplateFault(
                "PK210",
                "this expression names no input",
                start,
                end,
                "warning",
                label="its double braces will not be printed",
                help="write {{ '{{' }} for two literal braces, or put the text in {% raw %}",
            )


def _is_written_out(node: Any) -> bool:
    from jinja2 import nodes

    text = node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""
    return bool(text) and (not re.search(r"\w", text) or re.search("[{}]", text) is not None)


def _lost_comments(tree: Tree) -> Iterator[TemplateFault]:
    for opening, body in itertools.pairwise(tree.tokens):
        if opening.kind == "comment_begin" and body.kind == "comment" and body.value[0] not in " \t\n-#":
            yield TemplateFault(
                "PK211",
                "`{#` begins a comment: the text up to `#}` will vanish",
                opening.start,
                body.end,
                "warning",
                help="write {{ '{#' }} for the two characters",
            )


def foreign_variables(prose: str, inputs: Container[str]) -> Iterator[tuple[str, TemplateFault]]:
    """Names of inputs in another tool's notation, outside of tags: they would be printed as they stand."""
    for found in itertools.islice(_FOREIGN.finditer(prose), _MOST_FOREIGN):
        name = next(filter(None, found.groups()))
        if name in inputs:
            cure = f"write {{{{ {name} }}}} for its value"
            message = f"`{found[0]}` is printed as it stands"
            label = f"`{name}` is an input"
            yield name, TemplateFault("PK212", message, *found.span(), "warning", label=label, help=cure)


def tags_in_texts(tree: Tree, inputs: Container[str]) -> Iterator[TemplateFault]:
    """Names of inputs in braces in the texts of tags: they would be taken as they stand."""
    around = zip(tree.tokens, tree.tokens[1:], tree.tokens[2:], strict=False)
    for before, text, behind in around if not tree.simple else ():
        if text.kind != "string" or (before.kind, behind.kind) == ("variable_begin", "variable_end"):
            continue  # braces that are printed alone are written so on purpose
        for found in _PRINTED.finditer(text.value):
            if found[1] in inputs:
                start = text.start + found.start()
                message = f"`{found[0]}` is taken as it stands: a text in a tag holds no tags"
                cure = f"write `{found[1]}` without quotes, and `~` between it and other texts"
                yield TemplateFault("PK212", message, start, start + len(found[0]), "warning", help=cure)


_PRINTED = LatePattern(r"\{\{-?\s*([^\W\d]\w*)[^{}]{0,100}\}\}")
_SHOWN = LatePattern(r"```|~~~|<example|\{%-?\s*raw")


def unsettled_merge(text: str) -> Iterator[TemplateFault]:
    """Git's marks of a merge that is not settled, in a file: the model would read both sides."""
    if "<<<<<<< " not in text or _SHOWN.search(text):  # which may show them
        return
    marks, at, opened = iter(("<<<<<<< ", "=======", ">>>>>>> ")), 0, -1
    wanted: str | None = next(marks)
    for line in text.split("\n"):
        if wanted is not None and line.startswith(wanted):
            opened = at if opened < 0 else opened
            wanted = next(marks, None)
        at += len(line) + 1
    if wanted is None:
        cure = "keep one side, or both, and take the lines with <<<<<<<, ======= and >>>>>>> out"
        message = "`<<<<<<<` is git's mark of a merge that is not settled"
        yield TemplateFault("PK201", message, opened, opened + 7, "warning", help=cure)


def with_broken_tags(faults: Iterable[TemplateFault], broken: Iterable[TemplateFault]) -> Iterator[TemplateFault]:
    """The faults of a template and its broken tags; a block that one of these was to end has no end because of it."""
    left = list(broken)
    for fault in faults:
        missing, spare = _MISSING_END.search(fault.message), _SPARE_END.search(fault.message)
        behind = [each for each in left if missing and each.start > fault.start and each.help == f"write {missing[1]}"]
        begun = f"write {{% {spare[1]}" if spare else ""
        behind += [
            each for each in reversed(left) if spare and each.start < fault.start and each.help.startswith(begun)
        ]
        if (cause := next(iter(behind), None)) is None:
            yield fault
        else:
            left.remove(cause)
            yield cause._replace(code=fault.code, severity=fault.severity)
    yield from left


_SPARE_END = LatePattern(r"`\{% end([a-z]+) %\}` ends nothing")
_MISSING_END = LatePattern(r"`(\{% end[a-z]+ %\})` is missing\Z")


def broken_tags(prose: str) -> Iterator[TemplateFault]:
    """Tags without their first brace, outside of others: they would be printed as they stand."""
    for found in itertools.islice(_BROKEN_TAG.finditer(prose), _MOST_FOREIGN):
        cure = f"write {{% {found[1]} %}}"
        yield TemplateFault("PK212", f"`{found[0]}` is printed as it stands", *found.span(), "warning", help=cure)
