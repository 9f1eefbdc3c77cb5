"""YAML text to data in which every node knows its place. The only importer of yaml.

libyaml's events are composed here, not by PyYAML: so duplicate keys, tags, merge keys and non-text keys are
faults with a place, limits hold before anything is built, plain scalars keep their source text, and scalars
resolve by YAML 1.2's core schema (`no` is a text, `0o7` is 7). Lines end at LF, CRLF or CR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, Unpack

from promptkit.diagnostics import did_you_mean
from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits, raised_by
from promptkit.yaml_faults import decoded, syntax_fault, too_much
from promptkit.yaml_nodes import Document, Mapping, Node, Scalar, Sequence
from promptkit.yaml_pairs import disguised, has_pairs, restoring
from promptkit.yaml_recovery import Recovery
from promptkit.yaml_traps import braces_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.diagnostics import Details, Diagnostic

MAX_DIGITS = 4_000
MAX_FAULTS = 100

_CORE = "tag:yaml.org,2002:"
_NO_TEXTS = frozenset(_CORE + name for name in ("int", "float", "bool", "null"))
_PROPERTIES = LatePattern(r"(?:[&!]\S*\s+)*")


def read_yaml(data: bytes | str, path: str) -> Document:
    """Read YAML strictly. Never raises: what is wrong stands in the document's `faults`, and `root` may be None."""
    text = decoded(data, path)
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
    if document.root is None and document.faults and document.text.strip():
        _read_on(document)
    return document


def _read_on(document: Document) -> None:
    """Read what stands around the values that are no YAML, each as what was meant."""
    recovery, view = Recovery(document.text), document
    told = [fault for fault in document.faults if fault.code == "PK102"]
    while view.root is None and recovery.passes(document, fault := view.faults[-1]):
        told.append(document.showing(fault))
        aside = len(recovery.aside)
        view = Document(recovery.text, document.path, meant=recovery.meant)
        _Composer(view).run()
        if view.root is None and not (view.faults and (aside or _is_clear(view.faults[-1], told))):
            view.faults = []  # what follows from the first ones is passed over
            break
    if view is not document:
        document.root, document.lost, document.meant = view.root, view.lost, recovery.meant
        document.aside = frozenset({*recovery.aside, *recovery.hidden})
        if isinstance(view.root, Mapping) and recovery.aside:
            gone = set(recovery.aside.values())
            view.root.pairs = tuple(pair for pair in view.root.pairs if pair[0].start not in gone)
        document.faults = [*told, *map(document.showing, view.faults)]


def _is_clear(fault: Diagnostic, told: list[Diagnostic]) -> bool:
    """Whether a further fault is no consequence of those before it."""
    return bool(fault.help) and all(fault.line > each.line for each in told)


def write_yaml(data: Any) -> str:
    """JSON data as YAML in block style, texts of several lines as `|` blocks."""
    import yaml

    class Blocks(yaml.SafeDumper):
        def ignore_aliases(self, _: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar(_CORE + "str", value, style="|" if "\n" in value else None)

    Blocks.add_representer(str, text)
    written: str = yaml.dump(data, Dumper=Blocks, sort_keys=False, allow_unicode=True, width=100)
    return written


class _Stop(Exception):
    """Reading cannot go on; the fault has been reported."""


class _Composer:
    """Composes one document from libyaml's events, within the limits."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.limits = current_limits()
        self.most_nodes = self.limits.yaml_nodes
        self.nodes = 0
        self.aliases = 0
        self.depth = 0

    def run(self) -> None:
        import yaml

        if fault := too_much(self.document):
            self.document.faults.append(fault)
            return
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.yaml = yaml
        self.alias_event, self.scalar_event = yaml.AliasEvent, yaml.ScalarEvent
        try:
            paired, text = has_pairs(self.document.text), self.document.text
            events: Callable[[], Any] = loader(disguised(text) if paired else text).get_event
            self.next = restoring(events, yaml.ScalarEvent, text) if paired else events
            self._document()
        except yaml.YAMLError as error:
            self.document.root = None
            self._syntax(error)
        except _Stop:
            self.document.root = None

    def _syntax(self, error: Exception) -> None:
        fault = syntax_fault(self.document, error)
        if all((fault.code, fault.line) != (known.code, known.line) for known in self.document.faults):
            self.document.faults.append(fault)

    def _document(self) -> None:
        yaml = self.yaml
        self.next()
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            return
        self.document.root = self._node(self.next())
        self.next()
        after = self.next()
        if not isinstance(after, yaml.StreamEndEvent):
            cure = "split the file at `---`; inside of a text, indent it like the text"
            if self.document.text.lstrip().startswith("---"):  # as dotprompt and others have it
                cure = "what stands below this `---` belongs under a key: `task: |`, and indented"
            self._fault("PK106", "a template file holds one YAML document", after, help=cure)

    def _node(self, event: Any) -> Node:
        self.nodes += 1
        if self.nodes > self.most_nodes:
            self._too_many_nodes(event)
        kind = event.__class__
        if self.document.meant and event.start_mark.index in self.document.meant and kind is self.scalar_event:
            at = event.start_mark.index
            return Scalar(self.document.meant[at], "", at, event.end_mark.index)
        if kind is self.alias_event:
            return self._alias(event)
        tag, anchor = event.tag, event.anchor
        if kind is self.scalar_event and tag is None and anchor is None and len(event.value) <= MAX_DIGITS:
            return Scalar(event.value, event.style or "", event.start_mark.index, event.end_mark.index)
        if tag is not None and not (tag == "!" and kind is self.scalar_event):
            self._tag_fault(event)
        before = self.nodes
        node = self._scalar(event) if kind is self.scalar_event else self._collection(event)
        if anchor:
            self.anchors[anchor] = (node, self.nodes - before + 1)
        return node

    def _tag_fault(self, event: Any) -> None:
        name = event.tag.removeprefix("tag:yaml.org,2002:")
        shown = f"!!{name}" if name != event.tag else event.tag
        cure = "leave the tag away; quote a text"
        if "include" in name and isinstance(event, self.yaml.ScalarEvent):
            cure = f'a template includes a file itself: `{{% include "{event.value}" %}}`, under `|`'
        at = self.document.text.find("!", event.start_mark.index)
        span = (
            (at, at + len(shown)) if 0 <= at < event.end_mark.index else (event.start_mark.index, event.end_mark.index)
        )
        self.document.faults.append(
            self.document.diagnostic("PK104", f"the tag `{shown}` is not read", span, help=cure)
        )
        self.document.lost.append((span[0], span[0] + 1))

    def _scalar(self, event: Any) -> Scalar:
        style, text = self._style(event), event.value
        if style == "" and len(text) > MAX_DIGITS and text.lstrip("+-").isdigit():
            self._fault(
                "PK105",
                f"a number of {len(text):,} digits is over the limit of {MAX_DIGITS:,}",
                event,
                help="quote it, if it is a text",
            )
            raise _Stop
        start = event.start_mark.index
        if event.anchor or event.tag:
            start = min(_PROPERTIES.match(self.document.text, start).end(), event.end_mark.index)  # type: ignore[union-attr]
        return Scalar(text, style, start, event.end_mark.index)

    @staticmethod
    def _style(event: Any) -> str:
        """The style that decides what a scalar is read as. The tag `!` makes a text of a plain one, as quotes do.

        (YAML 1.2.2, section 6.9.1.) Other tags are refused; still, they say what was meant.
        """
        if event.tag in ("!", _CORE + "str"):
            return event.style or '"'
        return "" if event.tag in _NO_TEXTS else event.style or ""

    def _collection(self, event: Any) -> Node:
        self.depth += 1
        if self.depth > self.limits.yaml_depth:
            message = f"the file is nested deeper than the limit of {self.limits.yaml_depth} levels"
            self._fault("PK105", message, event, help=raised_by("yaml_depth"))
            raise _Stop
        build = self._mapping if isinstance(event, self.yaml.MappingStartEvent) else self._sequence
        node = build(event)
        self.depth -= 1
        return node

    def _sequence(self, event: Any) -> Sequence:
        items: list[Node] = []
        end, item = self.yaml.SequenceEndEvent, self.next()
        while item.__class__ is not end:
            items.append(self._node(item))
            item = self.next()
        return Sequence(tuple(items), event.start_mark.index, _end(item), bool(event.flow_style))

    def _mapping(self, event: Any) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        faults = self.document.faults
        end, item = self.yaml.MappingEndEvent, self.next()
        node = self._node
        while item.__class__ is not end:
            key, value = node(item), node(self.next())
            if len(faults) >= MAX_FAULTS:
                self._stop_at_many_faults(item)
            if self._good_key(key, seen):
                seen[key.text] = key
                pairs.append((key, value))
            item = self.next()
        return Mapping(tuple(pairs), event.start_mark.index, _end(item), bool(event.flow_style))

    def _good_key(self, key: Node, seen: dict[str, Scalar]) -> TypeGuard[Scalar]:
        if key.__class__ is Scalar and key.text not in seen and key.text.isidentifier():
            return True
        fault = _key_fault(self.document, key, seen)
        self.document.faults += [fault] if fault else []
        if fault is not None and fault.code == "PK100":
            raise _Stop  # what stands where is not known then
        return fault is None

    def _alias(self, event: Any) -> Node:
        self.aliases += 1
        if self.aliases > self.limits.yaml_aliases:
            message = f"the file has more aliases than the limit of {self.limits.yaml_aliases:,}"
            self._fault("PK105", message, event, help=raised_by("yaml_aliases"))
            raise _Stop
        if event.anchor not in self.anchors:
            hint = did_you_mean(event.anchor, self.anchors)
            self._fault("PK109", f"the alias `*{event.anchor}` names no anchor above it", event, label=hint)
            span = event.start_mark.index, event.end_mark.index
            self.document.lost.append(span)
            return Scalar("", '"', *span)
        node, size = self.anchors[event.anchor]
        self.nodes += size
        if self.nodes > self.most_nodes:
            self._too_many_nodes(event)
        return node

    def _too_many_nodes(self, event: Any) -> NoReturn:
        message = f"the file has more nodes than the limit of {self.most_nodes:,}"
        self._fault("PK105", message, event, help=raised_by("yaml_nodes"))
        raise _Stop

    def _stop_at_many_faults(self, event: Any) -> NoReturn:
        self._fault("PK105", f"the file has more faults than the {MAX_FAULTS} told here; reading ends", event)
        raise _Stop

    def _fault(self, code: str, message: str, event: Any, **details: Unpack[Details]) -> None:
        span = event.start_mark.index, event.end_mark.index
        self.document.faults.append(self.document.diagnostic(code, message, span, **details))


def _key_fault(document: Document, key: Node, seen: dict[str, Scalar]) -> Diagnostic | None:
    span = (key.start, key.end)
    if not isinstance(key, Scalar):
        if document.text.startswith("{{", key.start - 1):
            return braces_fault(document, (key.start - 1, key.end))
        return document.diagnostic("PK107", "a key is a text", span, help="quote the key")
    if key.text == "<<" and key.style == "":
        cure = "use `extends:` to share parts between prompts"
        return document.diagnostic("PK108", "merge keys are not read", span, help=cure)
    if key.style == "" and key.text != key.text.strip():
        message = "not valid YAML: this line is indented with characters that only look like spaces"
        cure, sign = "indent with plain spaces", next(char for char in key.text if char.isspace())
        if not key.text[0].isspace():
            message, cure = (
                "not valid YAML: a character that only looks like a space stands behind this key",
                "take it away",
            )
        return document.diagnostic("PK100", message, span, label=f"U+{ord(sign):04X}", help=cure)
    if key.text in seen:
        line, _ = document.place(seen[key.text].start)
        first = f"first at line {line}"
        message = f"the key `{key.text}` stands twice"
        return document.diagnostic("PK103", message, span, label=first, help="keep one of the two")
    return None


def _end(event: Any) -> int:
    return int(event.end_mark.index)
