"""Collecting what is wrong with a file, at its place: what all parts of the loader write into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

from promptkit.diagnostics import DetailsWithFix, Diagnostic, nearest
from promptkit.late_pattern import LatePattern
from promptkit.phrases import shortened
from promptkit.schema import Schema
from promptkit.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from promptkit.loading.inheritance import Entry
    from promptkit.yaml_nodes import Document

MOST_FINDINGS = 1_000
"""How much is told of one load."""
_MOST_NAMES = 24
_PLAIN = {bool: "true or false", int: "a number", float: "a number"}
KINDS = {Scalar: "a text", Sequence: "a list", Mapping: "a mapping"}

_LONGEST_SAID = 2_000
"""What is said of a fault is no longer, whatever names it quotes."""


@dataclass(slots=True)
class Findings:
    """The diagnostics of one load."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    documents: dict[str, Document] = field(default_factory=dict)
    """The documents in which something was found, by their path for people."""
    schemas: dict[int, Schema] = field(default_factory=dict)
    _full: bool = False
    _once: set[tuple[str, str, int]] = field(default_factory=set)

    def add(
        self,
        document: Document,
        code: str,
        message: str,
        span: tuple[int, int] | Node,
        **details: Unpack[DetailsWithFix],
    ) -> None:
        """Report a fault at a node or a span of offsets, unless what stands there is a fault of its own already."""
        where = span if isinstance(span, tuple) else (span.start, span.end)
        if code == "PK121" and document.text.startswith(("{{", "{%"), where[0]):
            return  # a text that YAML has read as a mapping: told as that
        if document.is_lost(where[0]) or (document.meant and _is_told(document, code, where[0])):
            return
        self.documents.setdefault(document.path, document)
        if len(self.diagnostics) >= MOST_FINDINGS:
            self._too_many(document)
            return
        details["label"] = shortened(details.get("label", ""), _LONGEST_SAID)
        details["help"] = shortened(details.get("help", ""), _LONGEST_SAID)
        self.diagnostics.append(document.diagnostic(code, shortened(message, _LONGEST_SAID), where, **details))

    def schema(self, json: Any) -> Schema:
        """The schema of an object that the load holds: one for all that is held against it."""
        known = self.schemas.get(id(json))
        if known is None or known.json is not json:
            known = self.schemas[id(json)] = Schema(json)
        return known

    def _too_many(self, document: Document) -> None:
        if not self._full:
            self._full = True
            message = f"there are more findings than the {MOST_FINDINGS:,} told here"
            self.diagnostics.append(document.diagnostic("PK105", message, (0, 0)))

    def once(
        self,
        document: Document,
        code: str,
        message: str,
        span: tuple[int, int] | Node,
        **details: Unpack[DetailsWithFix],
    ) -> None:
        """Report a fault once, though an alias may have the same text read again."""
        key = document.path, code, span[0] if isinstance(span, tuple) else span.start
        if key not in self._once:
            self._once.add(key)
            self.add(document, code, message, span, **details)

    def unknown_key(
        self,
        entry: Entry,
        known: Iterable[str],
        of: str = "",
        meant: str | None = None,
        *,
        takes_own: bool = False,
        otherwise: str = "",
        taken: Container[str] = (),
    ) -> None:
        """Report a key that nothing reads; `meant` is the known one that it stands for, by default the nearest.

        What is `taken` stands there by its own name, and is written nowhere else.

        `takes_own` says that keys of the author's own may stand there, under names that begin with `x-`. What helps
        `otherwise` is told if none is meant; the known ones, by default.
        """
        if len(self.diagnostics) >= MOST_FINDINGS:
            self._too_many(entry.document)
            return
        names = list(known)
        what = f"there is no key `{entry.key.text}`" + (f" in `{of}`" if of else "")
        meant = nearest(entry.key.text, names) if meant is None else meant
        hint = f"did you mean `{meant}`?" if meant else ""
        if meant and meant in taken:
            hint += " It stands here already"
        others = "; own keys begin with `x-`" if takes_own else ""
        listed = sorted(dict.fromkeys(names))
        more = ", ..." if len(listed) > _MOST_NAMES else ""
        cure = "" if meant else otherwise or f"known keys: {', '.join(listed[:_MOST_NAMES])}{more}{others}"
        if takes_own and re.match(r"x[-_]", entry.key.text, re.IGNORECASE):
            hint, cure = "", f"own keys begin with `x-`: `x-{entry.key.text[2:]}`"
        if cut_by_comma(entry):
            hint, meant = "a comma in `{...}` begins the next key", None
            cure = "quote the whole text before it, if this belongs to it"
        first = without_colon(entry.key, names)
        clear = meant and meant not in taken and not first and is_certain(entry.key.text, meant)
        fix = meant if clear else None
        if first:
            hint, cure = no_colon(first, entry.key)
            fix = pair_of(first, entry)
        self.add(entry.document, "PK120", what, entry.key, label=hint, help=cure, fix=fix)

    def exclusive(self, entry: Entry, one: str, other: str, help: str) -> None:
        """Report the second of two keys that may not stand together."""
        self.add(entry.document, "PK123", f"`{one}` and `{other}` exclude each other", entry.key, help=help)

    def expected(self, entry: Entry, name: str, expected: str, help: str = "") -> None:
        """Report a value of the wrong kind."""
        plain = entry.node.value if isinstance(entry.node, Scalar) else None
        nothing = not isinstance(entry.node, Scalar) and not entry.node.value
        found = "empty" if nothing or is_empty(entry.node) else _PLAIN.get(type(plain)) or KINDS[type(entry.node)]
        message, label = f"`{name}` is {expected}", f"this is {found}"
        self.add(entry.document, "PK121", message, entry.span, label=label, help=help)


def is_certain(written: str, meant: str) -> bool:
    """Whether a word is surely a slip of another one: it begins as that does, and little is different."""
    from difflib import SequenceMatcher

    if not _ONE_WORD.fullmatch(written):
        return False
    near = SequenceMatcher(None, written.casefold(), meant.casefold(), autojunk=False).ratio() >= _ALIKE
    return near and written[:1].casefold() == meant[:1].casefold() and not meant.startswith("x-")


_ALIKE = 0.75
_ONE_WORD = LatePattern(r"[\w.$-]+")


def unquoted(value: Any, fits: Callable[[Any], Any]) -> str | None:
    """What to write for a number, true or false that is a text, since it stands in quotes."""
    plain = resolve(value) if isinstance(value, str) else value
    return (
        str(value) if plain is not None and not isinstance(plain, str) and plain is not value and fits(plain) else None
    )


def without_quotes(word: str | None) -> str:
    """The cure of a value that is a text, since it stands in quotes."""
    return f"write `{word}`, without quotes" if word else ""


def _is_told(document: Document, code: str, offset: int) -> bool:
    """Whether a fault lies in a value that is a fault itself; what its text says as a template is told still."""
    return not code.startswith("PK2") and any(
        start <= offset < start + max(len(text), 1) for start, text in document.meant.items()
    )


def without_colon(key: Scalar, known: Container[str]) -> str:
    """The known key at the beginning of an unknown one, as in `{role system}`; empty where there is none."""
    found = _WITHOUT_COLON.match(key.text)
    return found["first"] if found and found["first"] in known else ""


def before_colon(key: Scalar) -> str:
    """The name at the beginning of a key that its value follows behind a colon without a space; empty for others."""
    found = _WITHOUT_COLON.match(key.text)
    return found["first"] if found and ":" in found["sign"] and found["first"].isidentifier() else ""


_WITHOUT_COLON = LatePattern(r"(?P<first>[\w-]+)(?P<sign>\s*[=:\uff1a]\s*|\s+)(?P<rest>\S.*)", re.DOTALL)


def no_colon(first: str, key: Scalar) -> tuple[str, str]:
    """What is said of such a key, and the cure."""
    found = _WITHOUT_COLON.match(key.text)
    rest = found["rest"] if found and _PLAIN_VALUE.fullmatch(found["rest"]) else "..."
    what = "space behind the colon of" if found and ":" in found["sign"] else "colon behind"
    return f"there is no {what} `{first}`", f"write `{first}: {rest}`"


def pair_of(first: str, entry: Entry) -> str | None:
    """The key and the value that are written as one key in braces; None where that is not certain."""
    found = _WITHOUT_COLON.match(entry.key.text)
    certain = found and is_bare_key(entry) and _PLAIN_VALUE.fullmatch(found["rest"])
    return f"{first}: {found['rest']}" if found and certain else None


def is_bare_key(entry: Entry) -> bool:
    """Whether a key stands in braces without a colon."""
    return is_empty(entry.node) and entry.document.text[entry.key.end : entry.key.end + 1] in (",", "}")


_PLAIN_VALUE = LatePattern(r"[\w.-]+")


def cut_by_comma(entry: Entry) -> bool:
    """Whether a key has no colon, since it is what follows a comma in a text between braces."""
    text = entry.document.text
    rest = text[entry.key.end : entry.key.end + 1]
    before = text[max(0, entry.key.start - _FAR) : entry.key.start].rstrip()
    return is_empty(entry.node) and rest in (",", "}") and before.endswith(",")


_FAR = 100


def span_in(document: Document, scalar: Scalar) -> Callable[[int, int], tuple[int, int]]:
    """How a span of a scalar's text becomes one of the document; read on first use."""
    offsets: list[int] = []

    def span(start: int, end: int) -> tuple[int, int]:
        if not offsets:
            offsets.extend(document.offsets(scalar))
        last = max(end - 1, start)
        return offsets[min(start, len(offsets) - 1)], offsets[min(last, len(offsets) - 1)] + 1

    return span


def node_at(node: Node, location: Iterable[str | int]) -> Node:
    """The node that a violation speaks of, or the nearest one that contains it."""
    for step in location:
        below: Node | None = None
        if isinstance(node, Mapping):
            below = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            return node
        node = below
    return node


def key_at(node: Node, location: tuple[str | int, ...]) -> Node | None:
    """The key at a location, if it is one of a mapping."""
    holder = node_at(node, location[:-1])
    return holder.key(str(location[-1])) if location and isinstance(holder, Mapping) else None


def span_of(node: Node, location: tuple[str | int, ...]) -> tuple[int, int]:
    """Where to put the caret for what is wrong at a location: the whole of a scalar, else where the value begins."""
    found = node_at(node, location)
    if isinstance(found, Scalar) and found.end > found.start:
        return found.start, found.end
    return found.start, min(found.end, found.start + 1)
