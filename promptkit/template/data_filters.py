"""Filters that write values for a model: tables, CSV, XML, bullets, numbers with decimals; and texts cut to a size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.late_pattern import LatePattern
from promptkit.template.metering import MAX_MARKED, MAX_PARTS, check_clock, measured, weighed
from promptkit.template.printing import kind_of, plain, printed, to_json
from promptkit.tokens import PieceEstimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Rows = list[Mapping[str, Any]]

_LINE = LatePattern(r"(?<![^\n])[^\n]*")
_LINE_END = LatePattern(r"[\n\r]")
_QUOTED = LatePattern('[",\r\n]')
_XML_NAME = LatePattern(r"[A-Za-z_][\w.-]*\Z")
"""Names that need no thought; XML 1.0, section 2.3, allows more."""
_NO_XML = LatePattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0, section 2.2, has no way to write."""


def table(value: Any, columns: Any = None) -> str:
    """A list of objects as a Markdown table (GitHub's), a column for each key; `columns` names them, and their order.

    A line break in a cell becomes `<br>`, a list or an object JSON; what is null or absent is empty.
    """
    weighed(value)
    names, rows = _rows(value, columns, "table")
    head = [_row(map(_cell, map(_plain_text, names))), _row("---" for _ in names)]
    body = (_row(_cell(_plain_text(row.get(name))) for name in names) for row in rows)
    return _lines_of(itertools.chain(head, body)) if names else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(measured(cells))} |"


def _cell(text: str) -> str:
    return "<br>".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def to_csv(value: Any, columns: Any = None) -> str:
    """A list of objects as CSV (RFC 4180, but lines end in LF), the keys in the first line; otherwise as `table`."""
    weighed(value)
    names, rows = _rows(value, columns, "csv")
    body = ([_plain_text(row.get(name)) for name in names] for row in rows)
    lines = itertools.chain([map(_plain_text, names)], body) if names else ()
    return _lines_of(",".join(measured(map(_field, line))) or '""' for line in lines)


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _rows(value: Any, columns: Any, filter_: str) -> tuple[list[str], Rows]:
    """The names of the columns, and the rows: objects, or lists for which `columns` gives the names."""
    listed = _items(value, filter_)
    wanted = None if columns is None else [_plain_text(name) for name in _items(columns, filter_)]
    rows: Rows = []
    for each in listed:
        if isinstance(each, Mapping):
            rows.append(each)
        elif isinstance(each, (list, tuple)) and wanted is not None:
            rows.append(dict(zip(wanted, each, strict=False)))
        else:
            cure = f"name the columns: `| {filter_}(['name', ...])`" if isinstance(each, (list, tuple)) else ""
            raise RenderError(f"`{filter_}` takes a list of objects, not of {kind_of(each)}", code="PK223", help=cure)
    names = list(dict.fromkeys(name for row in rows for name in row)) if wanted is None else wanted
    if len(names) * len(rows) > MAX_PARTS:
        raise RenderError(f"a table has more than {MAX_PARTS:,} cells", code="PK220")
    return names, rows


def bullets(value: Any) -> str:
    """A list, or an object, as Markdown bullets; what stands inside of one is indented below it.

    A key with a line break in it stands in quotes, as JSON.
    """
    weighed(value)
    if not isinstance(value, Mapping):
        value = _items(value, "bullets")
    return _lines_of(_dashed(_entries(plain(value))))


Lines = Iterator[str]


def _entries(value: Any) -> Iterator[Lines]:
    """The lines of each item, and of each key with its value."""
    if not isinstance(value, Mapping):
        yield from (_lines(item) for item in value)
        return
    for name, item in value.items():
        key = to_json(name) if _LINE_END.search(name) else name
        lines = _lines(item)
        if isinstance(item, (list, tuple, Mapping)) and item:
            yield itertools.chain([f"{key}:"], (f"  {line}" for line in lines))
        else:
            first = next(lines)
            yield itertools.chain([f"{key}: {first}" if first else f"{key}:"], (f"  {line}" for line in lines))


def _lines(item: Any) -> Lines:
    """The lines of a value, at least one of them, made one at a time: deep inside, each costs time at every level."""
    if isinstance(item, Mapping) and item:
        yield from itertools.chain.from_iterable(_entries(item))
    elif isinstance(item, (list, tuple)) and item:
        yield from _dashed(_entries(item))
    else:
        text = to_json(item) if isinstance(item, (list, tuple, Mapping)) else _plain_text(item)
        yield from (line[0] for line in _LINE.finditer(text))


def _dashed(entries: Iterator[Lines]) -> Lines:
    for lines in entries:
        first = next(lines)
        yield f"- {first}" if first else "-"
        yield from (f"  {line}" if line else "" for line in lines)


_ITEM = "item"


def xml(value: Any, tag: str = "data", item: str = _ITEM) -> str:
    """A value as XML: the whole in `tag`, an element for each key, `item` for each item if the whole is a list.

    A key that is no name stands in an attribute: `<entry name="...">`. A null is an empty element. A character that XML
    cannot hold becomes U+FFFD.
    """
    if value is None:
        raise _no_value("xml")
    for name in (tag, item):
        if not _XML_NAME.match(name):
            raise RenderError(f"`xml`: `{name[:40]}` is no name of an element", code="PK223")
    weighed(value)
    return _lines_of(_element(tag, plain(value), item))


def _element(tag: str, value: Any, item: str) -> Iterator[str]:
    named = tag if _XML_NAME.match(tag) else f'entry name="{_escaped(tag)}"'
    close = f"</{named.split(' ', 1)[0]}>"
    if isinstance(value, (list, tuple, Mapping)) and value:
        yield f"<{named}>"
        for name, each in value.items() if isinstance(value, Mapping) else ((item, each) for each in value):
            yield from (f"  {line}" for line in _element(name, each, _ITEM))
        yield close
    else:
        text = "" if value is None or value in ([], (), {}) else _escaped(_plain_text(value), quotes=False)
        yield f"<{named}>{text}{close}" if text else f"<{named}/>"


def _escaped(text: str, *, quotes: bool = True) -> str:
    plain = (
        _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return plain.replace('"', "&quot;") if quotes else plain


_MOST_DECIMALS = 20


def decimals(value: float, many: int = 2) -> str:
    """A number with so many digits behind its point, zeros among them: `0.5 | decimals` is `0.50`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RenderError(f"`decimals` takes a number, not {kind_of(value)}", code="PK223")
    if isinstance(value, float) and not math.isfinite(value):
        raise RenderError("`decimals` takes a finite number", code="PK223")
    if not isinstance(many, int) or isinstance(many, bool) or not 0 <= many <= _MOST_DECIMALS:
        raise RenderError(f"`decimals` takes a whole number up to {_MOST_DECIMALS}", code="PK223")
    if isinstance(value, int):
        return to_json(value) + (f".{'0' * many}" if many else "")
    return f"{value:.{many}f}"


def truncate_tokens(text: str, most: int) -> str:
    """A text cut to about so many tokens, the note that it was cut included; a shorter text stays as it is.

    Tokens are estimated as everywhere (see `promptkit.tokens`); the cut falls between words where there are any.
    """
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise RenderError("`truncate_tokens` takes a whole number from 1", code="PK223")
    counter = PieceEstimate()
    whole = counter.count(text) if len(text) <= MAX_MARKED else _counted_in_parts(text, counter)
    if whole <= most:
        return text
    note = f"[cut here: about {{:,}} of {whole:,} tokens are left out]"
    room = max(0, most - counter.count(note))
    kept = counter.cut(text, room)
    if kept and not text[len(kept) : len(kept) + 1].isspace():
        words = kept.rstrip().rsplit(None, 1)
        kept = words[0] if len(words) > 1 and len(words[1]) < len(kept) // 2 else kept
    kept = kept.rstrip()
    said = note.format(max(1, whole - counter.count(kept)))
    return f"{kept}\n{said}" if kept else said


def _counted_in_parts(text: str, counter: PieceEstimate) -> int:
    """The tokens of a long text, part by part, while there is time."""
    total, at = 0, 0
    while at < len(text):
        check_clock()
        end = _PART.match(text, min(at + MAX_MARKED, len(text))).end()  # type: ignore[union-attr]
        total += counter.count(text[at:end])
        at = end
    return total


_PART = LatePattern(r"\S{0,50}")
"""A part ends with a word where there are any."""


def _items(value: Any, filter_: str) -> list[Any]:
    if value is None:
        raise _no_value(filter_)
    if isinstance(value, (list, tuple, Iterator)):
        return list(value)
    raise RenderError(f"`{filter_}` takes a list, not {kind_of(value)}", code="PK223")


def _no_value(filter_: str) -> RenderError:
    cure = "guard it with `{% if ... %}`"
    return RenderError(f"a null is given to `{filter_}`", code="PK224", help=cure)


def _plain_text(value: Any) -> str:
    """A cell's text: what `{{ ... }}` prints, and nothing for a null."""
    return "" if value is None else str.__str__(printed(value))


def _lines_of(lines: Iterable[str]) -> str:
    return "\n".join(measured(lines, between=1))


DATA_FILTERS: Mapping[str, Callable[..., str]] = {
    "table": table,
    "csv": to_csv,
    "xml": xml,
    "bullets": bullets,
    "decimals": decimals,
    "truncate_tokens": truncate_tokens,
}
