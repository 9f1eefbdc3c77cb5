"""Where the texts of a spec stand in their files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.spec import Origin
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.inheritance import Entry


def answers_of(entry: Entry | None) -> dict[str, Origin]:
    """Where the answers of the examples stand."""
    examples = entry.node.items if entry is not None and isinstance(entry.node, Sequence) else ()
    found: dict[str, Origin] = {}
    for number, each in enumerate(examples):
        answer = each.get("output") if isinstance(each, Mapping) else None
        if entry is not None and answer is not None:
            place = entry.document.place(answer.start)
            found[f"examples.{number}.output"] = Origin.of_sound(path=entry.document.origin, lines=(place,))
    return found


def origin_of(entry: Entry) -> Origin:
    """Where the text of an entry stands, line by line."""
    document, node = entry.document, entry.node
    if not isinstance(node, Scalar):
        return Origin(path=document.origin)
    # The first visible character of each line, counted back to where the line's text begins.
    begins = [found.span() for found in _LINE_BEGINS.finditer(node.text)]
    offsets = document.offsets(node)
    lines = tuple(document.place(max(0, offsets[visible] - (visible - start))) for start, visible in begins)
    if offsets[-1] - offsets[0] == len(node.text) or node.style == "|":
        return Origin.of_sound(path=document.origin, lines=lines)
    folds = tuple((at, *document.place(offsets[at])) for at in _jumps(node.text, offsets))
    return Origin.of_sound(path=document.origin, lines=lines, folds=folds)


def _jumps(text: str, offsets: list[int]) -> Iterator[int]:
    """Where the file does not go on with the text's next character, inside the text's lines."""
    for at in range(1, len(text)):
        if offsets[at] != offsets[at - 1] + 1 and text[at - 1] != "\n":
            yield at


_LINE_BEGINS = LatePattern("^[ \t]*", re.MULTILINE)
