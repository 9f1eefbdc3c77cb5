"""Jinja's syntax errors in words for authors of prompts, with the cure where the slip is a known one."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Callable

_TAGS = (
    *("if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "call", "endcall"),
    *("include", "import", "from", "extends", "block", "endblock", "with", "endwith", "filter", "endfilter", "raw"),
)
_OTHER_NAMES = {"elseif": "elif", "elsif": "elif", "foreach": "for", "switch": "if", "unless": "if not", "end": "endif"}
_NO_VALUES = ("comment", "endcomment", "csrf_token", "now", "load", "do", "break", "continue", "debug", "autoescape")
"""Tags of others that print nothing of that name."""
_OTHER_NAMES["otherwise"] = "else"
_OTHER_NAMES |= dict.fromkeys(("assign", "let", "var", "capture"), "set")


NO_END_OF_TAG = "unexpected end of template, expected 'end of statement block'"
BRACES_INSIDE = "a tag in a tag"
"""The message, in the place of Jinja's, of braces inside of `{% %}` or of other braces."""


def told(message: str, before: str = "") -> str:
    """Jinja's message about a template, in our words where it has none for people; `before` stands before its place."""
    if message.startswith("expected token 'name'") and before.rstrip().endswith("|"):
        return "template syntax: the name of a filter is expected"
    for pattern, words in _WORDS:
        if found := pattern.match(message):
            return f"template syntax: {words(found)}"
    return f"template syntax: {message.rstrip('.')}"


def cure_of(message: str, text: str, start: int) -> str:
    """What to write instead of what stands at an offset of a text, if it is a known slip."""
    if tag := _UNKNOWN.match(message):
        printed = re.match(r"[\w.]+\s*[-+]?%\}", text[start:])
        others = tag[1] in (*_TAGS, *_OTHER_NAMES, *_NO_VALUES) or _INNERMOST.search(tag[2]) or nearest(tag[1], _TAGS)
        alone = printed is not None and not others
        value = "" if printed is None else printed[0].rstrip("-+%} \t\n")
        return f"a value is printed with `{{{{ {value} }}}}`" if alone else _cure_of_tag(tag[1], tag[2])
    if message == BRACES_INSIDE:
        return f"a name stands there without braces: `{text[start:].split('}', maxsplit=1)[0].strip('{ -')}`"
    if message.startswith("Missing end of comment"):
        return "end the comment with `#}`; for the two characters write {{ '{#' }}"
    if re.match(r"unexpected char [\"'][\"']", message) and text[start : start + 1] in "\"'":
        return "the text that this quote begins has no end"
    if message.startswith("unexpected char") and not text[start : start + 1].isprintable():
        return f"take the character away that cannot be seen: {unicodedata.name(text[start], 'a control character')}"
    here = text[start : start + 8]
    return next((cure for sign, cure in _SLIPS if re.match(sign, here)), _cure_by_message(message, text, start))


def characters_back(message: str, text: str, start: int) -> int:
    """How many characters before the place that Jinja tells the fault begins."""
    if "got '|'" in message and text[start - 1 : start] == "|":
        return 1
    if message.startswith("unexpected '}', expected") and text[start - 1 : start] == "%":
        return 1
    if message.startswith("non-default argument"):
        return len(text[:start].rstrip()) - len(re.sub(r"\w+$", "", text[:start].rstrip())) + _blanks(text[:start])
    return 0


def has_no_end(message: str, text: str, opened: int, offset: int) -> bool:
    """Whether a tag has no end at all, or none on its line, so that what stands on the next one is taken for a part."""
    if message.startswith("unexpected 'end of template'"):
        return text.startswith("{%", opened)
    end, following = text.find("%}", offset), text.find("{", offset)
    open_still = "\n" in text[max(opened, 0) : offset] and (end < 0 or 0 <= following < end)
    return open_still and message.startswith("expected token 'end of statement block'")


def foreign_end(tag: str) -> str:
    """The tag that ends what another language's tag begins, or a misspelt one: `endfor` for `foreach` and `fro`."""
    if tag in _OTHER_NAMES:
        return f"end{_OTHER_NAMES[tag].split()[0]}"
    meant = nearest(tag, _TAGS)
    return f"end{meant}" if f"end{meant}" in _TAGS else ""


def _cure_of_tag(tag: str, more: str) -> str:
    if tag == "end" and (innermost := _INNERMOST.search(more)):
        return f"write `end{innermost[1]}`"
    if tag in _OTHER_NAMES:
        return f"write `{_OTHER_NAMES[tag]}`"
    if tag in ("break", "continue"):
        return "let `{% if ... %}` skip what is not wanted"
    if innermost := _INNERMOST.search(more):
        if tag in ("else", "elif"):
            return f"an `else` stands above: `{{% end{innermost[1]} %}}` comes next"
        if (meant := nearest(tag, ("else", "elif"))) and f"'{meant}'" in more:
            return f"did you mean `{meant}`?"
        return f"the innermost block that is open is `{innermost[1]}`: `{{% end{innermost[1]} %}}` ends it"
    if tag in _TAGS:
        return f"no block is open that `{{% {tag} %}}` belongs to"
    if tag == "do":
        return "templates change nothing: `{% set ... %}` gives a name to a new value"
    return did_you_mean(tag, _TAGS) or "write {{ '{%' }} for the two characters, or put the text in {% raw %}"


def _cure_by_message(message: str, text: str, start: int) -> str:
    """The cure of the first slip that fits a message of Jinja's, and what stands before and behind the place."""
    for slip in _KNOWN_SLIPS:
        if not re.search(slip.said, message):
            continue
        before, behind = re.search(rf"(?:{slip.before})\Z", text[:start]), re.match(slip.behind, text[start:])
        if before is not None and behind is not None:
            return _filled(slip.cure, before.groupdict() | behind.groupdict())
    return ""


def _filled(cure: str, said: dict[str, str | None]) -> str:
    """A cure with what was said in the places of its names; dots for what was not."""
    return re.sub(r"<(\w+)>", lambda named: "..." if said[named[1]] is None else str(said[named[1]]), cure)


class _Slip(NamedTuple):
    """A cure, and the slip that it is for: patterns of Jinja's message, and of the text before and behind the place.

    Names in angle brackets stand for the groups of the patterns.
    """

    cure: str
    said: str = ""
    before: str = ""
    behind: str = ""


_KNOWN_SLIPS = (
    _Slip(
        "arguments stand in brackets: `<filter>(<given>)`",
        said="got '(?:string|integer|float|name|:)'",
        before=r"\|\s*(?P<filter>\w+)\s*",
        behind=r":?\s*(?P<given>\"[^\"]*\"|'[^']*'|[\w.-]+)?",
    ),
    _Slip(
        "arguments stand in brackets: `<filter>(<given>)`",
        behind=r"\{\{[^{}|]*\|\s*(?P<filter>\w+)\s*:\s*(?P<given>[^{}|]*?)\s*(?:\||-?\}\})",
    ),
    _Slip(
        'quote the path: `{% <tag> "<path><rest>" %}`',
        before=r"\{%-?\s*(?P<tag>include|extends|import|from)\s+(?P<path>[\w./-]*)",
        behind=r"(?P<rest>[\w./-]*)",
    ),
    _Slip("write `elif`", said="got 'if'", before=r"else\s*"),
    _Slip("a block stands in {% %}: {% if ... %}", said="cannot begin with `if`"),
    _Slip("a block stands in {% %}: {% for ... %}", said="cannot begin with `for`"),
    _Slip(
        "braces that are no expression's: single ones need no doubling; put double ones in {% raw %}",
        said="got ':'",
        behind=r"\{\{",
    ),
    _Slip(
        "a value is printed with two braces: `{{ name }}`; for a literal brace beside it write `{{ '{' }}`",
        behind=r"\{\{\{",
    ),
    _Slip("`==` compares", said="got '='"),
    _Slip(
        "`is` asks by the name of a test; compare with `==`, or `!=`",
        said="got 'string'",
        before=r"\bis(?:\s+not)?\s*",
    ),
    _Slip("texts are joined with `~`: `'a ' ~ name`", said="got 'string'", before=r"\b[fr]"),
    _Slip(
        "the names of its arguments stand in brackets: `{% macro <name>() %}`",
        said=r"\Aexpected token '\(', got 'end of statement block'\Z",
        before=r"\{%-?\s*macro\s+(?P<name>\w+)\s*",
    ),
    _Slip("no space stands in `%}`", behind=r"%\s+\}"),
    _Slip(
        "it takes no name: `{% <tag> %}`",
        said=r"\Aexpected token 'end of statement block'",
        before=r"\{%-?\s*(?P<tag>end(?!block)\w+)\s+",
    ),
    _Slip("write what it asks for: `{% if ... %}`", said=r"\AExpected an expression", before=r"\{%-?\s*if\s*"),
    _Slip(
        "write what it asks for: `{% elif ... %}`, or `{% else %}`",
        said=r"\AExpected an expression",
        before=r"\{%-?\s*elif\s*",
    ),
    _Slip(
        "an included file sees all that is known here; give it more by `{% set name = ... %}` above",
        said="got 'with'",
        before=r"\{%-?\s*include\b[^%]*",
    ),
    _Slip("lists are made by filters: `rows | map(attribute='name') | list`", said="got 'for'"),
    _Slip("write `or`", before=r"\|\s*", behind=r"\|"),
)
_END_SIGNS: dict[str, str] = {"end of print statement": "`}}`", "end of statement block": "`%}`"}


_TOKENS = {
    "name": "a name",
    "end of template": "the end of the template",
    "string": "a text",
    "integer": "a number",
    "float": "a number",
    **_END_SIGNS,
}
"""What Jinja's lexer calls its tokens, in words."""


def _named(token: str) -> str:
    return _TOKENS.get(token, f"`{token}`")


def _expected(wanted: str, got: str) -> str:
    return f"{_named(wanted)} is expected, not {_named(got)}"


_UNKNOWN = LatePattern(r"Encountered unknown tag '([^']*)'\.(.*)", re.DOTALL)
_INNERMOST = LatePattern(r"The innermost block that needs to be closed is '([^']*)'")
_SLIPS = (
    (r"&&?", "write `and`"),
    (r"\|\|", "write `or`"),
    (r"!(?!=)", "write `not`"),
    (r"\?\?", "write `| default(...)`"),
    (r"\?\.", "write `.`, in `{% if ... %}` where it may be null"),
    (r"\?", "a choice is written `a if condition else b`"),
    (r"=>", "write `>=`"),
    (r"=<", "write `<=`"),
    (r"=(?!=)", "`==` compares"),
    (r"===", "`==` compares"),
    (r"#if\b|\^", "Handlebars' blocks are written {% if ... %} and {% endif %}"),
    (r"#each\b", "Handlebars' blocks are written {% for ... in ... %} and {% endfor %}"),
    (r"#", "Handlebars' blocks are written {% if ... %} or {% for ... in ... %}"),
    (r">\s*\w", "a file is included with {% include 'path' %}"),
    (r"\.\s*[}%]", "Mustache's `.` is the item of a loop: `{% for item in items %}{{ item }}{% endfor %}`"),
    (r"\.\w", "a name stands alone between the braces: `{{ name }}`"),
    (r"[$@]", "a name stands alone between the braces: `{{ name }}`"),
    ("[\u2018\u2019\u201c\u201d]", "use straight quotes"),
)
_WORDS: tuple[tuple[LatePattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        LatePattern(
            r"Unexpected end of template\..*The innermost block that needs to be closed is '([^']*)'", re.DOTALL
        ),
        lambda found: f"`{{% {found[1]} %}}` has no end: `{{% end{found[1]} %}}` is missing",
    ),
    (
        LatePattern(r"unexpected end of template, expected '(.*)'\.?$"),
        lambda found: f"this has no end: {_named(found[1])} is missing",
    ),
    (LatePattern(r"Encountered unknown tag '(end[^']*)'"), lambda found: f"`{{% {found[1]} %}}` ends nothing here"),
    (LatePattern(r"Encountered unknown tag '([^']*)'"), lambda found: f"there is no tag `{{% {found[1]} %}}` here"),
    (LatePattern(r"expected token '(.*)', got '(.*)'$", re.DOTALL), lambda found: _expected(found[1], found[2])),
    (LatePattern(BRACES_INSIDE), lambda _: "a tag stands inside of a tag"),
    (LatePattern(r"can't assign to "), lambda _: "a name is expected here"),
    (LatePattern(r"non-default argument"), lambda _: "a parameter without a default follows one with a default"),
    (LatePattern(r"tag name expected"), lambda _: "the name of a tag is expected"),
    (LatePattern(r"Expected an expression, got "), lambda _: "an expression is missing here"),
    (
        LatePattern(r"unexpected '(end of (?:print statement|statement block))'"),
        lambda found: f"an expression is missing before {_END_SIGNS[found[1]]}",
    ),
    (LatePattern(r"unexpected 'end of template'"), lambda _: "this has no end: `}}` is missing"),
    (LatePattern(r"Missing end of comment tag"), lambda _: "the comment that begins here has no end"),
    (LatePattern(r"Missing end of raw directive"), lambda _: "`{% raw %}` has no end: `{% endraw %}` is missing"),
    (LatePattern(r"unexpected char (.*) at \d+$", re.DOTALL), lambda found: f"{found[1]} cannot stand here"),
)


def _blanks(text: str) -> int:
    return len(text) - len(text.rstrip())
