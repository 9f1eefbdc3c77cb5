"""A diff as a text for a terminal, and as Markdown for a pull request or a changelog."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.phrases import counted, one_line
from promptkit.repos.diff.changes import LEVELS
from promptkit.repos.diff.wording import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.repos.diff.changes import Change
    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.diff.wording import Words

__all__ = ["changelog_lines", "to_markdown", "to_text", "verdict"]

_WIDTH = 64
_CONTEXT = 24
_LONGEST = 80
"""How much is shown of one piece that was added or removed."""
_AROUND = 2
"""How many lines beside a line that differs are shown."""


def to_text(found: Diff, *, show: bool = False) -> str:
    """The diff in columns; with `show`, the rendered messages word by word."""
    rows = [tuple(map(one_line, _cells(change))) for change in found.changes]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    widths = [max(widths[0], len("rendered")), min(widths[1], _WIDTH), widths[2]]
    lines = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, (*widths, 0), strict=True)).rstrip() for row in rows
    ]
    lines += [f"{'rendered':{widths[0]}}  {text}" for text in _rendered(found)]
    if show:
        for case in found.cases:
            lines += _shown(case.name, case.trouble, case.messages) if case.differs else ()
    lines.append(f"{'verdict':{widths[0]}}  {verdict(found)}")
    return "\n".join(lines)


def verdict(found: Diff) -> str:
    """What the changes ask for, and whether the version says so."""
    if found.level is None:
        if found.before == found.after:
            return "nothing changed"
        back = "" if found.enough else ", which goes back  error[PK604]"
        return f"nothing changed but the version: {found.before or 'none'} -> {found.after or 'none'}{back}"
    unclear = f" ({counted(len(found.unclear), 'change')} cannot be told)" if found.unclear else ""
    if not found.before:
        return f"{found.level}{unclear}; the old state has no version"
    said = found.after or "no version"
    if found.is_others:
        return f"{found.level}{unclear}: {found.before} -> {said}, which others released"
    if found.enough:
        return f"{found.level}{unclear}: {found.before} -> {said} says so"
    code = "PK603" if found.before == found.after else "PK604"
    return f"{found.level}{unclear}: needs {found.needs}, the file says {said}  error[{code}]"


def to_markdown(found: Diff) -> str:
    """The diff for a pull request."""
    versions = f" {found.before or '-'} → {found.after or '-'}" if found.before or found.after else ""
    mark = "" if found.enough else " ❌"
    lines = [f"### `{one_line(found.name)}`{versions}: {found.level or 'nothing changed'}{mark}", ""]
    if found.changes:
        lines += ["| part | change | level | why |", "|---|---|---|---|"]
        for change in found.changes:
            part, what, level, why = map(one_line, _cells(change))
            cells = (_plain(part), f"`{change.sign}` {_code(what[2:])}", level, _plain(why))
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    lines += [f"{text[:1].upper()}{text[1:]}." for text in _rendered(found)] + [""]
    shown = [case for case in found.cases if case.differs and case.messages][:3]
    for case in shown:
        lines += ["<details><summary>", "", f"Rendered: {_plain(case.name)}", "", "</summary>", "", "```diff"]
        for role, pieces in case.messages:
            lines += [f"@@ {role} @@", *_diff_lines(pieces)]
        lines += ["```", "", "</details>", ""]
    lines.append(f"**Verdict:** {_plain(verdict(found))}")
    return "\n".join(lines) + "\n"


def changelog_lines(found: Diff) -> list[str]:
    """One line a change, the gravest first, for a changelog."""
    kept = sorted(found.changes, key=lambda change: -LEVELS.index(change.level))
    lines = []
    for change in kept:
        part, what, _, why = map(one_line, _cells(change))
        breaking = "**Breaking:** " if change.level in ("major", "unknown") else ""
        lines.append(f"- {breaking}{_plain(part)}: {_code(what)}{f' ({_plain(why)})' if why else ''}")
    return lines


def _cells(change: Change) -> tuple[str, str, str, str]:
    """A change as a row: the part, what changed of it, the level, and why."""
    return _part(change), _what(change), _level(change), change.why


def _part(change: Change) -> str:
    return change.name if change.part in ("sections", change.name) else change.part


def _level(change: Change) -> str:
    return {"major": "MAJOR", "unknown": "cannot tell"}.get(change.level, change.level)


def _what(change: Change) -> str:
    """The sign and what it is: of texts the first words that differ."""
    one, other = change.before, change.after
    if change.part in ("sections", "includes") and isinstance(one, str) and isinstance(other, str):
        name = "" if change.part == "sections" else f"{change.name}: "
        return f"{change.sign} {name}{_excerpt(one, other)}"
    if change.sign == "~" and (one is not None or other is not None) and change.part != "name":
        name = "" if change.part == change.name else f"{change.name}: "
        texts = [_said(value) for value in (one, other)]
        if max(map(len, texts)) > _WIDTH and None not in (one, other):
            return f"~ {name}{_excerpt(*texts)}"
        return f"~ {name}{_short(one)} -> {_short(other)}"
    return f"{change.sign} {change.name}"


def _excerpt(one: str, other: str) -> str:
    """The first difference of two texts with a little around it."""
    if not one or not other:
        return _short(one or other)
    pieces = words(one, other)
    first = next((at for at, (sign, _) in enumerate(pieces) if sign != "="), 0)
    text = _tail(pieces[first - 1][1]) if first else ""
    for at, (sign, piece) in enumerate(pieces[first:], first):
        more = sum(sign != "=" for sign, _ in pieces[at:])
        if more and len(text) + _CONTEXT * (sign == "=") > _WIDTH:
            return f"{' '.join(text.split())} (and {more} more)"
        text += _marked(sign, piece) if more else _head(piece, _CONTEXT)
    return " ".join(text.split())


def _marked(sign: str, text: str) -> str:
    if sign == "=":
        return text if len(text) <= 2 * _CONTEXT else f"{_head(text, _CONTEXT)}{_tail(text)}"
    shown = _head(text, _LONGEST)
    return f"[-{shown}-]" if sign == "-" else f"{{+{shown}+}}"


def _head(text: str, most: int) -> str:
    """The beginning of a text, which ends with a whole word where there is one."""
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0] or text[:most]}..."


def _tail(text: str) -> str:
    """The end of a text, which begins with a whole word where there is one."""
    return text if len(text) <= _CONTEXT else text[-_CONTEXT:].partition(" ")[2] or text[-_CONTEXT:]


def _short(value: Any) -> str:
    return _head(" ".join(_said(value).split()), _WIDTH)


def _said(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else canonical_json(value)


def _rendered(found: Diff) -> Iterator[str]:
    if not found.cases:
        yield "no inputs are saved for it: tests, examples or NAME.inputs.json"
        return
    differ = sum(case.differs for case in found.cases)
    of = f"{len(found.cases):,} of " if found.left_out else ""
    saved = counted(len(found.cases) + found.left_out, "saved input")
    text = f"messages for {of}{saved}: {differ:,} differ{'s' * (differ == 1)}"
    if (more := found.more_tokens) is not None and differ:
        about = "~" if found.error else ""
        text += f", {about}{more:+,.0f} tokens each" if round(more) else ", as many tokens"
    yield text + "".join(_price(found))
    for case in found.cases:
        if case.trouble:
            yield one_line(f"{case.name}: {case.trouble}")


def _price(found: Diff) -> Iterator[str]:
    """What a request costs more or less, of another model than before, or of one and the same."""
    other = found.model_before != found.model
    if not other and not round(found.more_tokens or 0):
        return
    instead = f" instead of {found.model_before}" if other else ""
    for name, price in {found.model_before: found.price_before, found.model: found.price}.items():
        if price is None and name:
            yield f"; the price of {name} is not known"
    if (usd := found.more_usd) is not None:
        yield f", {usd * 1_000_000:+,.2f} USD for a million calls of {found.model}{instead}"


def _shown(name: str, trouble: str, messages: Iterable[tuple[str, Words]]) -> Iterator[str]:
    yield f"--- {one_line(name)}"
    if trouble:
        yield f"    {one_line(trouble)}"
    for role, pieces in messages:
        if all(sign == "=" for sign, _ in pieces):
            yield f"  {role}: as before"
            continue
        yield f"  {role}:"
        yield from (f"    {line}" for line in _near_changes(pieces))


def _near_changes(pieces: Words) -> Iterator[str]:
    """The lines of two texts word by word, without those that are far from what differs."""
    lines, changed = [""], [False]
    for sign, text in pieces:
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append("")
                changed.append(False)
            lines[-1] += part if sign == "=" or not part else f"[-{part}-]" if sign == "-" else f"{{+{part}+}}"
            changed[-1] = changed[-1] or sign != "="
    passed = 0
    for at, line in enumerate(lines):
        if any(changed[max(0, at - _AROUND) : at + _AROUND + 1]):
            yield from [f"... {counted(passed, 'line')} as before"] if passed else ()
            yield one_line(line)
            passed = 0
        else:
            passed += 1
    yield from [f"... {counted(passed, 'line')} as before"] if passed else ()


def _diff_lines(pieces: Words) -> Iterator[str]:
    """Both texts line by line, as `diff -u` marks them."""
    from difflib import unified_diff

    one, other = ("".join(each for sign, each in pieces if sign != gone).splitlines() for gone in ("+", "-"))
    for line in list(unified_diff(one, other, lineterm="", n=1))[2:]:
        if not line.startswith("@@"):
            yield one_line(line.replace("```", "'''"))


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _plain(text: str) -> str:
    """A text that Markdown takes as it stands: no tag, no emphasis, no link comes of it."""
    return re.sub(r"([\\`*_\[\]<])", r"\\\1", one_line(text))
