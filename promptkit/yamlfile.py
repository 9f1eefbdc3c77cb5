"""YAML text to data in which every node knows its place. The only importer of yaml.

libyaml's events are composed here, not by PyYAML: so duplicate keys, tags, merge keys and non-text keys are
faults with a place, limits hold before anything is built, plain scalars keep their source text, and scalars
resolve by YAML 1.2's core schema (`no` is a text, `0o7` is 7). Lines end at LF, CRLF or CR.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

from promptkit.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator


MAX_DEPTH = 64
MAX_ALIASES = 100
MAX_NODES = 100_000
MAX_DIGITS = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A text. `style` is YAML's own sign: `|`, `>`, `'`, `"`, or empty for a plain scalar."""

    text: str
    style: str
    start: int
    end: int

    @property
    def value(self) -> Any:
        """The value by YAML 1.2's core schema; only plain scalars are anything but text."""
        return resolve(self.text) if self.style == "" else self.text


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    start: int
    end: int
    flow: bool = False

    @property
    def value(self) -> Any:
        """The plain data."""
        return [item.value for item in self.items]


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Pairs of a key and a node, in the file's order; keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    start: int
    end: int
    flow: bool = False

    @property
    def value(self) -> Any:
        """The plain data."""
        return {key.text: node.value for key, node in self.pairs}

    def get(self, name: str) -> Node | None:
        """The node under a key."""
        return next((node for key, node in self.pairs if key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key's own node."""
        return next((key for key, _ in self.pairs if key.text == name), None)


Node = Scalar | Sequence | Mapping


@dataclass(eq=False)
class Document:
    """A YAML text that has been read: its root node, and the faults of its syntax.

    `path` is for people, `origin` is the path under the source's root.
    """

    text: str
    path: str
    origin: str = ""
    root: Node | None = None
    faults: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start(self, number: int) -> int:
        """The offset at which a line begins."""
        return self._starts[number - 1]

    def line(self, number: int) -> str:
        """A line's text, without its end."""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r\n")

    def diagnostic(
        self,
        code: str,
        message: str,
        span: tuple[int, int],
        *,
        severity: Severity = "error",
        label: str = "",
        **told: Any,
    ) -> Diagnostic:
        """A diagnostic over a span of offsets."""
        line, column = self.place(span[0])
        end_line, end_column = self.place(max(span))
        return Diagnostic(
            code,
            severity,
            message,
            self.path,
            line,
            column,
            end_line,
            end_column,
            label,
            excerpt=self.line(line),
            **told,
        )

    def offsets(self, scalar: Scalar) -> list[int]:
        """For each character of a scalar's text, its offset in the file; one more for the text's end."""
        return list(_aligned(self.text, scalar))


_CORE = (
    (re.compile(r"(?:~|null|Null|NULL|)\Z"), lambda _: None),
    (re.compile(r"(?:true|True|TRUE)\Z"), lambda _: True),
    (re.compile(r"(?:false|False|FALSE)\Z"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+\Z"), int),
    (re.compile(r"0o[0-7]+\Z"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+\Z"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), float),
)
_MAYBE_NOT_TEXT = frozenset("~nNtTfF-+.0123456789")


def resolve(text: str) -> Any:
    """The value of a plain scalar by YAML 1.2.2, section 10.3; `.inf` and `.nan` stay text, since JSON has neither."""
    if text and text[0] not in _MAYBE_NOT_TEXT:
        return text
    for pattern, convert in _CORE:
        if pattern.match(text):
            value = convert(text)
            return text if value in (float("inf"), float("-inf")) else value
    return text


def read_yaml(data: bytes | str, path: str) -> Document:
    """Read YAML strictly. Never raises: what is wrong stands in the document's `faults`, and `root` may be None."""
    text = data if isinstance(data, str) else _decoded(data, path)
    if isinstance(text, Document):
        return text
    document = Document(text.removeprefix("\ufeff"), path)
    if document.text != text:
        document.faults.append(
            document.diagnostic(
                "PK102",
                "the file begins with a byte order mark",
                (0, 0),
                severity="warning",
                help="save it as UTF-8 without BOM",
            )
        )
    _Composer(document).run()
    return document


def _decoded(data: bytes, path: str) -> str | Document:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        kind = "a binary file" if b"\0" in data[:4096] else "not UTF-8"
        fault = Diagnostic(
            "PK101",
            "error",
            f"the file is {kind}: byte {data[error.start]:#04x}",
            path,
            line,
            column,
            help="a template is YAML in UTF-8",
        )
        return Document("", path, faults=[fault])


class _Stop(Exception):
    """Reading cannot go on; the fault has been reported."""


class _Composer:
    """Composes one document from libyaml's events, within the limits."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0
        self.aliases = 0
        self.depth = 0

    def run(self) -> None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.yaml = yaml
        try:
            self.events: Iterator[Any] = iter(yaml.parse(self.document.text, Loader=loader))
            self._document()
        except yaml.YAMLError as error:
            self.document.root = None
            self._syntax(error)
        except _Stop:
            self.document.root = None

    def _syntax(self, error: Exception) -> None:
        fault = _syntax_fault(self.document, error)
        if all((fault.code, fault.line) != (known.code, known.line) for known in self.document.faults):
            self.document.faults.append(fault)

    def _document(self) -> None:
        yaml = self.yaml
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return
        self.document.root = self._node(next(self.events))
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fault("PK106", "a template file holds one YAML document", after, help="split the file at `---`")

    def _node(self, event: Any) -> Node:
        yaml = self.yaml
        self._count(1, event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None and not (event.tag == "!" and isinstance(event, yaml.ScalarEvent)):
            self._fault("PK104", f"the tag `{event.tag}` is not read", event, help="leave the tag away; quote a text")
        before = self.nodes
        node = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(event)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before + 1)
        return node

    def _scalar(self, event: Any) -> Scalar:
        style = "" if event.style in (None, "") else event.style
        if event.style is None and not event.implicit[0]:
            style = '"'
        text = event.value
        if style == "" and len(text) > MAX_DIGITS and text.lstrip("+-").isdigit():
            self._fault(
                "PK105",
                f"a number of {len(text):,} digits is over the limit of {MAX_DIGITS:,}",
                event,
                help="quote it, if it is a text",
            )
            raise _Stop
        return Scalar(text, style, event.start_mark.index, event.end_mark.index)

    def _collection(self, event: Any) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._fault("PK105", f"the file is nested deeper than the limit of {MAX_DEPTH} levels", event)
            raise _Stop
        build = self._mapping if isinstance(event, self.yaml.MappingStartEvent) else self._sequence
        node = build(event)
        self.depth -= 1
        return node

    def _sequence(self, event: Any) -> Sequence:
        items: list[Node] = []
        item: Any
        while not isinstance(item := next(self.events), self.yaml.SequenceEndEvent):
            items.append(self._node(item))
        return Sequence(tuple(items), event.start_mark.index, item.end_mark.index, bool(event.flow_style))

    def _mapping(self, event: Any) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        item: Any
        while not isinstance(item := next(self.events), self.yaml.MappingEndEvent):
            key, value = self._node(item), self._node(next(self.events))
            if self._good_key(key, seen):
                seen[key.text] = key
                pairs.append((key, value))
        return Mapping(tuple(pairs), event.start_mark.index, item.end_mark.index, bool(event.flow_style))

    def _good_key(self, key: Node, seen: dict[str, Scalar]) -> TypeGuard[Scalar]:
        document = self.document
        if not isinstance(key, Scalar):
            braces = document.text.startswith("{{", key.start - 1)
            message = "a value that begins with `{{` is read as YAML, not as text" if braces else "a key is a text"
            cure = "quote the whole value, or write it under `|`" if braces else "quote the key"
            code = "PK111" if braces else "PK107"
            span = (key.start - 1, key.end) if braces else (key.start, key.end)
            document.faults.append(document.diagnostic(code, message, span, help=cure))
            return False
        if key.text == "<<" and key.style == "":
            document.faults.append(
                document.diagnostic(
                    "PK108",
                    "merge keys are not read",
                    (key.start, key.end),
                    help="use `extends:` to share parts between prompts",
                )
            )
            return False
        if key.text in seen:
            line, _ = document.place(seen[key.text].start)
            document.faults.append(
                document.diagnostic(
                    "PK103",
                    f"the key `{key.text}` stands twice",
                    (key.start, key.end),
                    label=f"first at line {line}",
                    help="keep one of the two",
                )
            )
            return False
        return True

    def _alias(self, event: Any) -> Node:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self._fault("PK105", f"the file has more aliases than the limit of {MAX_ALIASES}", event)
            raise _Stop
        if event.anchor not in self.anchors:
            self._fault("PK109", f"the alias `*{event.anchor}` names no anchor above it", event)
            raise _Stop
        node, size = self.anchors[event.anchor]
        self._count(size, event)
        return node

    def _count(self, nodes: int, event: Any) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._fault("PK105", f"the file has more nodes than the limit of {MAX_NODES:,}", event)
            raise _Stop

    def _fault(self, code: str, message: str, event: Any, **told: Any) -> None:
        span = event.start_mark.index, event.end_mark.index
        self.document.faults.append(self.document.diagnostic(code, message, span, **told))


def _syntax_fault(document: Document, error: Any) -> Diagnostic:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        at = min(getattr(error, "position", 0) or 0, len(document.text))
        reason = getattr(error, "reason", None) or "unreadable character"
        return document.diagnostic("PK101", f"the file is not YAML text: {reason}", (at, at + 1))
    offset = min(mark.index, len(document.text))
    line, _ = document.place(offset)
    trap = _trap(document, line, mark.column)
    if trap:
        return trap
    problem = getattr(error, "problem", None) or "it cannot be read"
    return document.diagnostic(
        "PK100", f"not valid YAML: {problem}", (offset, offset + 1), label=_context(document, error)
    )


def _context(document: Document, error: Any) -> str:
    if not (getattr(error, "context", None) and getattr(error, "context_mark", None)):
        return ""
    line, _ = document.place(min(error.context_mark.index, len(document.text)))
    return f"{error.context} that begins at line {line}"


_BRACES = re.compile(r"^\s*(?:- )?(?:[^\s:]+:\s+)?(\{\{)")
_COLON = re.compile(r"^\s*(?:- )?[^\s:]+:\s+[^\s'\"|>{\[&*!%@`#][^#]*?(:)(?:\s|$)")


def _trap(document: Document, line: int, column: int) -> Diagnostic | None:
    """The two mistakes that end in a syntax error far from their cause: `{{` first, and `: ` in plain prose."""
    for number in (line, line - 1):
        if number < 1:
            continue
        text = document.line(number)
        start = document.start(number)
        if found := _BRACES.match(text):
            span = start + found.start(1), start + found.end(1)
            return document.diagnostic(
                "PK111",
                "a value that begins with `{{` is read as YAML, not as text",
                span,
                help="quote the whole value, or write it under `|`",
            )
        if number == line and (found := _COLON.match(text)) and found.start(1) >= column - 1:
            span = start + found.start(1), start + found.end(1)
            return document.diagnostic(
                "PK112", "a `: ` inside plain text ends it", span, help="quote the whole value, or write it under `|`"
            )
    return None


_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def _aligned(text: str, scalar: Scalar) -> Iterator[int]:
    """Walk the source beside the value: whitespace folds, quotes double, escapes shrink; all else is equal."""
    at = scalar.start
    if scalar.style in ("|", ">"):
        at = text.find("\n", at) + 1 or len(text)
    elif scalar.style:
        at += 1
    for char in scalar.text:
        if scalar.style == '"' and text.startswith("\\", at):
            while text.startswith("\\\n", at) or text.startswith("\\\r", at):
                at = _past_space(text, at + 1)
        at, width = _match(text, at, char, scalar.style)
        yield at
        at += width
    yield at


def _match(text: str, at: int, char: str, style: str) -> tuple[int, int]:
    if style == '"' and text.startswith("\\", at):
        return at, _ESCAPE_LENGTHS.get(text[at + 1 : at + 2], 2)
    if char.isspace():
        return at, int(text[at : at + 1].isspace())
    at = _past_space(text, at)
    return at, 2 if style == "'" and char == "'" else 1


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
