"""Stdout and stderr: what may be written to each, in which form, and what happens when nobody reads.

A terminal gets colour (unless `NO_COLOR` is set, see no-color.org) and never a control character that came from a
model or a server. A pipe or a file gets the text as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

from promptkit.late_pattern import LatePattern
from promptkit.phrases import one_line, steady
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "caret": "1;31",
    "gutter": "34",
    "heading": "1;36",
}
_hidden = Redactor()
_SEVERITY = LatePattern(r"^(error|warning|note)(\[PK\d+\])?:", re.MULTILINE)
_GUTTER = LatePattern(r"^ *(?:-->|\d* \||= (?:help|note|usage):)", re.MULTILINE)
_RULE = LatePattern(r"^[a-z]+(?: \(example \d+\))? -{3,} ~[\d,]+ tokens .*$", re.MULTILINE)
_CARET = LatePattern(r"^( *\| +)(\^+.*)$", re.MULTILINE)


def put(text: str, end: str = "\n", *, paint: Callable[[str], str] | None = None) -> None:
    """Write a part of the result to stdout, at once; `paint` gives it colour where that is wanted.

    When the reader has gone (`| head`), the rest goes nowhere: the command still ends with the code that it
    has earned. Raises `ConfigError` when stdout cannot be written.
    """
    stream = sys.stdout
    if stream is None:  # closed by whoever started us
        return
    try:
        shown = steady(text) if stream.isatty() else text
        stream.write((paint(shown) if paint is not None and coloured(stream) else shown) + end)
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError as error:
        from promptkit.errors import ConfigError

        silence(stream)
        raise ConfigError(f"stdout cannot be written: {error.strerror or error}", code="PK115") from None


def tell(text: str, end: str = "\n") -> None:
    """Write a word for the person to stderr. One that cannot be written is lost: there is nobody to tell."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        shown = steady(_hidden.text(text))
        stream.write((painted(shown) if coloured(stream) else shown) + end)
        stream.flush()
    except OSError:
        silence(stream)


def redraw(line: str) -> None:
    """Put a line in the place of the last one on a watched stderr; an empty one wipes it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"\r\x1b[K{steady(line)}")
        sys.stderr.flush()


def hide(*secrets: str) -> None:
    """Keep keys out of all that is told from now on, whoever says them: a server, a model, a bug of ours."""
    _hidden.add(*secrets)


def silence(stream: TextIO) -> None:
    """Let whatever is still in a stream's buffer, and all that comes, go nowhere."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # a stream without a file, as tests have it
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def coloured(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that wants colour."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream is not None and stream.isatty() and not plain


def watched() -> bool:
    """Whether somebody watches stderr, so that it is worth to show what is under way."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str) -> str:
    """The text in one of our styles."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def painted(text: str) -> str:
    """Diagnostics with their parts in colour."""
    text = _CARET.sub(lambda match: match[1] + styled(match[2], "caret"), text)
    text = _GUTTER.sub(lambda match: styled(match[0], "gutter"), text)
    return _SEVERITY.sub(lambda match: styled(match[0], match[1]), text)


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of texts in columns, line by line."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def headed(text: str) -> str:
    """Messages with the rules over them in colour."""
    return _RULE.sub(lambda match: styled(match[0], "heading"), text)
