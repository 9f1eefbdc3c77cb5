"""`examples_from: {path: rows.jsonl}`: the rows of the file, checked like examples that stand in the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.loading.example_checks import check_example
from promptkit.loading.file_suggestions import near_file
from promptkit.loading.inheritance import Entry
from promptkit.source import SourceError
from promptkit.source_paths import resolve
from promptkit.yaml_nodes import Document, Mapping, Scalar, Sequence
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loader import Loading
    from promptkit.loading.declared import Declared
    from promptkit.yaml_nodes import Node

MAX_ROWS = 1_000
"""How many rows are checked when a prompt is loaded."""

_ENDINGS = (".jsonl", ".ndjson", ".json", ".yaml", ".yml")


def check_example_file(loading: Loading, known: Declared) -> None:
    """Check the file that `examples_from` names, and its rows: one object a line, or a list of them."""
    entry = loading.chain.entries.get("examples_from")
    path = entry.node.get("path") if entry and isinstance(entry.node, Mapping) else None
    if entry is not None:
        message, cure = "`examples_from` is checked, and cannot be rendered by this version", "write `examples:`"
        loading.findings.add(entry.document, "PK131", message, entry.key, severity="note", help=cure)
    if entry is None or not isinstance(path, Scalar) or not path.text.endswith(_ENDINGS):
        return
    findings, source = loading.findings, loading.source
    inside = path.text
    try:
        inside = resolve(source, entry.document.origin.rpartition("/")[0], path.text)
        data = source.read(inside)
    except SourceError as error:
        cure = error.help or near_file(source, inside) or "a path is relative to the file in which it is written"
        findings.add(entry.document, error.code, error.message, path, help=cure)
        return
    for number, (document, row) in enumerate(_rows(data, source.shown(inside), inside), 1):
        findings.diagnostics += document.faults
        if row is not None and number <= MAX_ROWS:
            check_example(findings, Entry(document, Scalar("", "", row.start, row.start + 1), row), row, known, number)


def _rows(data: bytes, shown: str, path: str) -> Iterator[tuple[Document, Node | None]]:
    if path.endswith((".jsonl", ".ndjson")):
        yield from _lines(data, shown)
        return
    document = read_yaml(data, shown)
    rows = document.root.items if isinstance(document.root, Sequence) else ()
    if not rows:
        yield document, document.root
    for index, row in enumerate(rows):
        yield (document if not index else Document(document.text, shown)), row


def _lines(data: bytes, shown: str) -> Iterator[tuple[Document, Node | None]]:
    """Each line by itself, in a document of the whole text, so that its places are the file's."""
    for before, line in enumerate(data.decode("utf-8", "replace").split("\n")):
        if line.strip():
            document = read_yaml("\n" * before + line, shown)
            yield document, document.root
