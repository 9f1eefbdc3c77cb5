"""Texts of which YAML has read something else: braces at the beginning, and a `#` that begins a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yaml_traps import QUOTE

if TYPE_CHECKING:
    from promptkit.loading.chain import Entry
    from promptkit.loading.findings import Findings


def is_braced(entry: Entry) -> bool:
    """Whether `{{` at the beginning made a mapping of a text; that has been reported where it was read."""
    return isinstance(entry.node, Mapping) and entry.document.text.startswith("{{", entry.node.start)


def warn_of_lost_prose(findings: Findings, name: str, entry: Entry) -> None:
    """Report a comment that cuts a text off."""
    document, node = entry.document, entry.node
    if not isinstance(node, Scalar) or node.style:
        return
    line_end = document.text.find("\n", node.end)
    rest = document.text[node.end : line_end if line_end >= 0 else len(document.text)]
    if re.match(r"[ \t]+#\S", rest):
        start = node.end + rest.index("#")
        findings.add(
            document,
            "PK110",
            f"a comment cuts the text of `{name}` off",
            (start, node.end + len(rest.rstrip())),
            label="this part is not read",
            help=QUOTE,
        )
