"""A prompt file with what it extends, merged: each part still knows the document in which it is written.

One parent, at most eight in a line. `inputs options models metadata layout budget output` merge one level, an
entry replacing whole; everything else replaces whole; `null` removes at those two levels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.limits import current_limits, raised_by
from promptkit.loading.file_suggestions import RELATIVE, near_file
from promptkit.source import SourceError
from promptkit.source_paths import resolve
from promptkit.yaml_nodes import Document, Mapping, Node, Scalar, is_empty
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from promptkit.source import Source

MERGED = ("inputs", "options", "models", "metadata", "layout", "budget", "output")
NOT_INHERITED = ("name", "version", "description", "tests", "promptkit", "extends")

_EITHER_OR = {"schema": "fields", "fields": "schema"}


@dataclass(slots=True, eq=False)
class Entry:
    """A key and its value, in the document in which they are written."""

    document: Document
    key: Scalar
    node: Node

    @property
    def span(self) -> tuple[int, int]:
        """The value's span; the key's when the value is empty."""
        node = self.node
        return (node.start, node.end) if node.end > node.start else (self.key.start, self.key.end)


@dataclass(slots=True, eq=False)
class Chain:
    """The merged file: `entries` by key, and for the keys in `MERGED` the entries of each by its own key."""

    main: Document
    documents: list[Document]
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: dict[str, dict[str, Entry]] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)
    extended_at: dict[str, str] = field(default_factory=dict)
    removed: dict[str, Entry] = field(default_factory=dict)
    """The inputs of parents that a child takes away, each with the null that does so."""
    narrowed: set[str] = field(default_factory=set)
    """The inputs of parents that are declared anew."""
    broken: bool = False
    """Whether a parent cannot be read: then nobody knows what it declares."""

    def inherited(self, entry: Entry) -> bool:
        """Whether an entry comes from a parent."""
        return entry.document is not self.main

    def noted(self, fault: Diagnostic) -> Diagnostic:
        """A fault of a parent says where that parent is extended."""
        where = self.extended_at.get(fault.path)
        return replace(fault, notes=(*fault.notes, f"extended at {where}")) if where else fault


def read_chain(source: Source, path: str, text: str | None = None) -> Chain:
    """Read a file (or a text that stands for it) and its parents. Never raises; see the chain's `faults`."""
    first = read_document(source, path) if text is None else read_yaml(text, source.shown(path))
    first.origin = path
    chain = Chain(first, [first], faults=[*_file_faults(first)])
    _follow(chain, source)
    documents = chain.documents
    chain.broken |= any(not isinstance(document.root, Mapping) for document in documents[1:])
    for document in reversed(documents):
        if isinstance(document.root, Mapping):
            _merge(chain, document, document.root)
    return chain


def read_document(source: Source, path: str) -> Document:
    """One YAML file through the one door; a file that cannot be read is a fault of the document."""
    shown = source.shown(path)
    try:
        return read_yaml(source.read(path), shown)
    except SourceError as error:
        cure = error.help or near_file(source, path)
        return Document("", shown, faults=[Diagnostic(error.code, "error", error.message, shown, help=cure)])


def _follow(chain: Chain, source: Source) -> None:
    """Add the file's parent, and its parent, and so on."""
    documents, paths = chain.documents, [chain.main.origin]
    while (entry := _extends(documents[-1])) is not None:
        trouble, cure, code = "a path is expected", "", ""
        if isinstance(entry.node, Scalar):
            trouble, cure, code = _extend(chain, source, paths, entry, entry.node.text)
        if trouble:
            chain.broken = True
            if isinstance(entry.node, Scalar) and not entry.document.is_lost(entry.node.start):
                found = entry.document.diagnostic(code or "PK130", trouble, entry.span, help=cure or RELATIVE)
                chain.faults.append(found)
            return


def _extend(chain: Chain, source: Source, paths: list[str], entry: Entry, named: str) -> tuple[str, str, str]:
    """Add one parent; else why it cannot be, the cure, and the code where a repo has its own."""
    if "://" in named:
        cure = "declare its repo in promptkit.toml, or keep the file here"
        return "a parent is never fetched from the network", cure, ""
    try:
        path = resolve(source, paths[-1].rpartition("/")[0], named)
    except SourceError as error:
        return f"{error.message}{_way(paths)}", error.help, error.own_code
    paths.append(path)
    if path in paths[:-1]:
        return (
            "the files extend each other in a circle: " + " -> ".join(paths),
            "let one of them extend another file",
            "",
        )
    most = current_limits().include_depth
    if len(paths) > most + 1:
        way = " -> ".join(paths)
        cure = f"put some of them together; {raised_by('include_depth')}"
        return f"more than {most} parents stand above each other: {way}", cure, ""
    document = read_document(source, path)
    missing = [fault for fault in document.faults if fault.code == "PK113" or fault.code.startswith("PK6")]
    if missing:
        own, cure = missing[0].code.replace("PK113", ""), missing[0].help
        if any(f"`{each.rpartition('/')[2]}`" in cure for each in paths[:-1]):
            cure = ""  # which extends it
        return f"{missing[0].message}{_way(paths[:-1])}", cure, own
    document.origin = path
    line, _ = entry.document.place(entry.node.start)
    chain.extended_at[document.path] = f"{entry.document.path}:{line}"
    chain.faults += _file_faults(document)
    chain.documents.append(document)
    return "", "", ""


def _way(paths: list[str]) -> str:
    """How a file was come to, where that goes through others."""
    return f" ({' -> '.join(paths)})" if len(paths) > 1 else ""


def _extends(document: Document) -> Entry | None:
    if not isinstance(document.root, Mapping):
        return None
    key, node = document.root.key("extends"), document.root.get("extends")
    return Entry(document, key, node) if key and node and not is_empty(node) else None


def _file_faults(document: Document) -> list[Diagnostic]:
    if document.root is None and any(fault.severity == "error" for fault in document.faults):
        return document.faults
    if document.root is None or is_empty(document.root):
        cure = "a prompt needs at least `task:`; try `promptkit init`"
        return [*document.faults, document.diagnostic("PK114", "the file is empty", (0, 0), help=cure)]
    if not isinstance(document.root, Mapping):
        kind = "a list" if not isinstance(document.root, Scalar) else "a text"
        span = document.root.start, document.root.start + 1
        return [
            *document.faults,
            document.diagnostic(
                "PK114",
                f"the file is {kind}, not a prompt",
                span,
                help="a prompt is a mapping with keys such as `task:`",
            ),
        ]
    return document.faults


def _merge(chain: Chain, document: Document, root: Mapping) -> None:
    if document is chain.main:
        for name in NOT_INHERITED:
            chain.entries.pop(name, None)
    for key, node in root.pairs:
        entry = Entry(document, key, node)
        if is_empty(node) and key.text in chain.entries:
            chain.entries.pop(key.text, None)
            chain.merged.pop(key.text, None)
            continue
        known = chain.entries.get(key.text)
        if key.text in MERGED and known is not None and not isinstance(known.node, Mapping):
            continue  # which is a fault, and told where it stands
        chain.entries[key.text] = entry
        if key.text in MERGED and not isinstance(node, Mapping):
            chain.merged.pop(key.text, None)
        elif key.text in MERGED and isinstance(node, Mapping):
            level = chain.merged.setdefault(key.text, {})
            removes = ("unknown" if chain.broken else "known") if key.text == "inputs" and _extends(document) else ""
            before = set(level)
            chain.faults += _merge_level(level, document, node, removes)
            if key.text == "inputs":
                gone = before - level.keys()
                chain.narrowed |= {name for name in before & level.keys() if level[name].document is document}
                chain.removed |= {
                    each.text: Entry(document, each, null) for each, null in node.pairs if each.text in gone
                }


def _merge_level(known: dict[str, Entry], document: Document, node: Mapping, removes: str) -> list[Diagnostic]:
    """Merge one level. Where a null can only be meant to remove from known parents, one that does not is a fault."""
    inherited, faults = set(known), []
    for key, value in node.pairs:
        name = key.text.removesuffix("?").rstrip()
        if is_empty(value) and name in inherited:
            known.pop(name, None)
            continue
        if is_empty(value) and removes == "unknown":
            continue  # it may remove what a parent declares that cannot be read
        if is_empty(value) and removes == "known":
            hint = did_you_mean(name, inherited)
            message = f"`{name}` removes nothing: no parent declares it"
            faults.append(document.diagnostic("PK125", message, (key.start, key.end), label=hint))
            continue
        if name in known and known[name].document is document:
            message = f"`{name}` is declared twice, with and without `?`"
            line, _ = document.place(known[name].key.start)
            cure = "keep one of the two"
            label = f"first at line {line}"
            faults.append(document.diagnostic("PK103", message, (key.start, key.end), label=label, help=cure))
        if _EITHER_OR.get(name) in inherited:
            known.pop(_EITHER_OR[name], None)
        known[name] = Entry(document, key, value)
    return faults
