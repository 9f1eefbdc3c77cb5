r"""Texts in quotes whose backslashes all stand for themselves: LaTeX, paths of Windows, regular expressions.

JSON has no `\s`, `\a` or `\(`: who writes one escapes nothing, so that the `\t` of `\times` beside it is no tab either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    import re

__all__ = ["are_raw", "is_told", "may_be_raw"]

_CONTENT = LatePattern(r'(?:[^"\\\n]|\\.){0,20000}(?=")')
_ESCAPE = LatePattern(r"\\(?:(?P<pair>\\)|(?P<code>u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8})|(?P<sign>.))")
_PATH = LatePattern(r"[C-HZc-hz]:(?:\\[^\s\\:;\"<>|?*()]{2,})+\\?\Z")
"""A path of Windows from its drive on."""
_COMMANDS = """
    backslash bar bbox because begin beta bf biggl biggr bigcap bigcup bigl bigr bigoplus bigotimes bigwedge binom bmod
    boldsymbol bot bowtie boxed boxplus breve bullet
    fbox flat forall frac frown
    nabla natural ne nearrow neg neq newcommand newline nexists ngeq ni nleq nmid nolimits nonumber not notin nparallel
    nsubseteq nu
    rangle rbrace rbrack rceil ref rfloor rho right rightarrow rightharpoonup rightleftharpoons rm root rtimes rvert
    tag tan tanh tau tbinom text textbf textit textrm texttt textup tfrac therefore theta thickapprox thinspace tilde
    times tiny to top triangle triangleleft triangleq triangleright
    underbrace underline underset unlhd unrhd uparrow updownarrow uplus upsilon
"""
_LATEX = frozenset(_COMMANDS.split())
"""Commands of LaTeX (its reference manual, and amsmath's) that begin like an escape of JSON's."""
_WORD = LatePattern(r"[A-Za-z]+")
_READ_OTHERWISE = "\"/'`\u201c\u201d\u2019\u201e\u00ab\u00bb"
"""Quotes, and the slash, are themselves behind a backslash."""
_NEVER_MEANT = "bf"
"""Escapes for characters that no model writes: backspace and form feed."""


def are_raw(text: str, start: int) -> bool:
    """Whether all backslashes of a text in double quotes stand for themselves, whose content begins at an offset.

    One of them must escape nothing; and each that could escape something must begin a command, or a part of a path.
    """
    content = _CONTENT.match(text, start)
    if content is None or "\\" not in content[0]:
        return False
    path, proven = _PATH.match(content[0]) is not None, False
    for escape in _ESCAPE.finditer(content[0]):
        sign = escape["sign"] or ""
        if escape["code"] or sign in tuple("bfnrtu"):
            word = _WORD.match(content[0], escape.start() + 1)
            is_command = word is not None and word[0] in _LATEX and _is_whole(content[0], word)
            if not (path or is_command or sign in tuple(_NEVER_MEANT)):
                return False
            proven = proven or (path and sign == "u")
        elif sign in tuple(_READ_OTHERWISE) or (escape["pair"] and not _ends_row(content[0], escape.end())):
            return False  # a backslash that is escaped, while others are not
        elif sign:
            proven = True
    return proven


def _ends_row(content: str, end: int) -> bool:
    r"""Whether two backslashes end a row in LaTeX: `1 & 2 \\ 3 & 4`."""
    return _ROW_END.match(content, end) is not None and ("&" in content or "\\begin" in content)


_ROW_END = LatePattern(r"\s|\[\d{1,2}(?:pt|em|ex|mm)\]|\Z")


def may_be_raw(text: str, at: int, head: str) -> bool:
    """Whether an escape may be a backslash that stands for itself, in a text that arrives and has such a `head`."""
    sign = text[at + 1 : at + 2]
    word = _WORD.match(text, at + 1)
    if sign not in tuple("bfnrtu") or word is None:
        return False
    if sign in tuple(_NEVER_MEANT) or _DRIVE.fullmatch(head):
        return True
    if word.end() == len(text):
        return any(each.startswith(word[0]) for each in _LATEX)
    return word[0] in _LATEX and _is_whole(text, word)


def is_told(text: str, at: int) -> bool:
    """Whether a text is there from an offset to its end, or so much of it that no more is waited for."""
    return len(text) - at > _LONGEST_DOUBT or _CONTENT.match(text, at) is not None


_LONGEST_DOUBT = 2_000
"""So many characters of a text are kept back until its other backslashes show what one of them is."""
_DRIVE = LatePattern(r"[C-HZc-hz]:")


def _is_whole(content: str, word: re.Match[str]) -> bool:
    """Whether a command is not the end of a line and a short word, such as `e` or `i`."""
    return len(word[0]) > _SHORT or content[word.end() : word.end() + 1] in tuple("_^{}$\\")


_SHORT = 2
