"""Positioned data to `PromptSpec`, with every fault of a file and of what it pulls in, at its place, at once.

`load` reads the chain of files, each key by its own reader, then checks what only shows when all is known:
templates against inputs, examples and tests against inputs and output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Diagnostic, by_place, nearest
from promptkit.errors import SpecError
from promptkit.late_pattern import LatePattern
from promptkit.loading.answer_checks import AnswerChecks
from promptkit.loading.declared import Declared, Unknown
from promptkit.loading.example_checks import read_examples, read_tests
from promptkit.loading.example_files import check_example_file
from promptkit.loading.file_suggestions import near_file
from promptkit.loading.findings import MOST_FINDINGS, Findings, without_colon
from promptkit.loading.inheritance import MERGED, Chain, Entry, read_chain
from promptkit.loading.key_aliases import BELONGS, other_form, other_key
from promptkit.loading.origins import answers_of, origin_of
from promptkit.loading.readers import READERS, read_plain
from promptkit.loading.reasoning_checks import check_reasoning
from promptkit.loading.structure_checks import report_all
from promptkit.loading.suppressions import without_ignored
from promptkit.loading.template_checks import check_templates
from promptkit.loading.unindented import take_in
from promptkit.parts import build
from promptkit.source import SourceError
from promptkit.source_paths import resolve
from promptkit.spec import FORMAT_VERSION, SUMMARY_INPUTS, PromptSpec
from promptkit.yaml_nodes import Mapping, Node, Scalar, Sequence, is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.source import Source
    from promptkit.yaml_nodes import Document

TEXTS = ("persona", "context", "task")
KEYS = (
    "promptkit",
    "name",
    "version",
    "description",
    "metadata",
    "extends",
    "model",
    "options",
    "models",
    "inputs",
    "persona",
    "context",
    "task",
    "messages",
    "output",
    "examples",
    "examples_from",
    "chain_of_thought",
    "tools",
    "layout",
    "conversation",
    "memory",
    "budget",
    "tests",
)
_LISTS = ("messages", "examples", "tests", "tools")
_DECLARING = frozenset(("format", "fields", "schema", "items", "choices", "headings"))
"""Keys of an output that say what it is; a base that has none of them leaves that to its children."""
AFTER_ALL = {"examples": read_examples, "tests": read_tests}
"""What can be read only once inputs and output are known."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A spec, if there is a usable one, and everything that was found."""

    spec: PromptSpec | None
    diagnostics: tuple[Diagnostic, ...]
    chain: Chain | None = field(default=None, repr=False, compare=False)
    """The files that it was read from, in which every key knows its place."""
    draft: PromptSpec | None = field(default=None, repr=False, compare=False)
    """What the file says, errors or not: to look at, never to use. None where its structure is wrong."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that forbid to use the file."""
        return tuple(finding for finding in self.diagnostics if finding.severity == "error")


def load(source: Source, path: str, text: str | None = None, *, summariser: bool = False) -> Loaded:
    """Load a file from a source; with `text`, that text stands for the file. Never raises.

    A `summariser` is the prompt that another one names for the summaries of its conversations.
    """
    chain = read_chain(source, path, text)
    if (other := _other_version(chain)) is not None:
        return Loaded(None, (other,))
    findings = Findings(list(chain.faults))
    take_in(chain, findings)
    spec = Loading(source, path, chain, findings, summariser).spec() if isinstance(chain.main.root, Mapping) else None
    documents = {document.path: document for document in chain.documents} | findings.documents
    kept = without_ignored(findings.diagnostics, documents.values(), chain.main)
    found = by_place(map(chain.noted, kept))
    failed = any(finding.severity == "error" for finding in found)
    return Loaded(None if failed else spec, found, chain, spec)


def _other_version(chain: Chain) -> Diagnostic | None:
    """A format's version that is not ours: whoever wrote the file means other things by all that stands in it."""
    entry = chain.entries.get("promptkit")
    version = entry.node.value if entry else FORMAT_VERSION
    if entry is None or not isinstance(version, int) or version == FORMAT_VERSION:
        return None
    message = f"version {version} of the format is not read here, version {FORMAT_VERSION} is"
    cure = f"write `promptkit: {FORMAT_VERSION}`, or use a newer promptkit"
    return entry.document.diagnostic("PK121", message, entry.span, help=cure)


def load_spec(source: Source, path: str, text: str | None = None) -> PromptSpec:
    """The spec of a file. Raises `SpecError` with all its faults."""
    loaded = load(source, path, text)
    if loaded.spec is None:
        raise SpecError(loaded.errors)
    return loaded.spec


def to_yaml(data: Any) -> str:
    """A YAML text (in its JSON form) for a prompt given as data, so that it is loaded like any file.

    Raises `SpecError` for what no file can hold.
    """
    import json

    try:
        text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        fault = Diagnostic("PK114", "error", f"a prompt is plain data: {error}", "<dict>")
        raise SpecError([fault]) from None
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_UNPRINTABLE = LatePattern("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class Loading:
    """One load in progress: the data that a spec will be built of, and the node that each part of it came from."""

    def __init__(self, source: Source, path: str, chain: Chain, findings: Findings, summariser: bool) -> None:
        self.source = source
        self.path = path
        self.chain = chain
        self.summariser = summariser
        self.findings = findings
        self.data: dict[str, Any] = {}
        self.texts: dict[str, Entry] = {}
        self.places: dict[tuple[str | int, ...], Entry] = {}
        self.inputs: dict[str, Entry] = {}
        self.calls: list[tuple[str, dict[str, Any], Entry]] = []
        """The calls of tools in messages: the tool, its arguments, and where these are written."""
        strange = (name for name in chain.entries if name not in KEYS and not name.startswith("x-"))
        self.near = {name: nearest(name, KEYS) or "" for name in islice(strange, MOST_FINDINGS)}
        """The key that each unknown one is nearest to, if there is one; of so many as are told."""
        forms = {name: other_form(name, entry) for name, entry in chain.entries.items() if name not in KEYS}
        self.other_forms = {name: form for name, form in forms.items() if form is not None}
        cut = {without_colon(entry.key, KEYS) for name, entry in chain.entries.items() if name not in KEYS} - {""}
        aside = (document.aside for document in chain.documents)
        self.aside = frozenset(form.meant for form in self.other_forms.values()).union(cut, *aside)
        """Keys that cannot be read."""
        declares = chain.merged.get("output", {}).keys() & _DECLARING
        self.unknown = Unknown(
            inputs=self.partial
            or chain.broken
            or self._has_merges()
            or not self.aside.isdisjoint(("inputs", "extends")),
            templates=chain.broken or bool(self.aside - {"inputs"}) or self._has_unread_texts(),
            output=(self.partial and not declares) or chain.broken or not self.aside.isdisjoint(("output", "extends")),
        )

    def _has_merges(self) -> bool:
        """Whether a merge key is refused, which may have declared inputs."""
        return any(fault.code == "PK108" for document in self.chain.documents for fault in document.faults)

    def _has_unread_texts(self) -> bool:
        """Whether texts that may use inputs are not read: behind a key that stands twice, or that nothing reads."""
        documents = self.chain.documents
        twice = any(fault.code == "PK103" for document in documents for fault in document.faults)
        return (
            twice
            or any(document.lost or document.meant for document in documents)
            or any(map(_is_template, self._unknown_entries()))
        )

    def _unknown_entries(self) -> Iterator[Entry]:
        for name, entry in self.chain.entries.items():
            if name not in KEYS and not name.startswith("x-") and not self.near.get(name):
                yield entry

    def spec(self) -> PromptSpec | None:
        """The spec, unless its structure is wrong."""
        entries = self.chain.entries
        for name, entry in entries.items():
            self.places[name,] = entry
            if name.startswith("x-"):
                self.data.setdefault("extras", {})[name] = entry.node.value
            elif name in BELONGS:
                under = BELONGS[name]
                message, cure = f"`{name}` stands under `{under}`", f"write `{under}: {{{name}: ...}}`"
                self.findings.add(entry.document, "PK120", message, entry.key, help=cure)
            elif form := self.other_forms.get(name):
                self.findings.add(entry.document, "PK120", f"there is no key `{name}`", entry.key, help=form.cure)
            elif name not in KEYS:
                meant = self._meant_by(name, entries)
                beside = {name for name, each in entries.items() if each.document is entry.document}
                self.findings.unknown_key(entry, KEYS, meant=meant, takes_own=True, taken=beside)
        self._read_as_meant()
        for name in KEYS:
            if name in entries and name not in AFTER_ALL:
                READERS.get(name, read_plain)(self, name, entries[name])
        self._require_task()
        self._build_examples()
        files = check_templates(self)
        origins = {location: origin_of(entry) for location, entry in self.texts.items()}
        origins |= answers_of(entries.get("examples"))
        shown = {path: self.source.shown(path) for path in files}
        shown |= {document.origin: document.path for document in self.chain.documents}
        self.data |= {"path": self.path, "origins": origins, "files": files, "shown": shown}
        return self._validated()

    def _read_as_meant(self) -> None:
        """Read a misspelt key as the one that was meant: what is wrong below it is told, and nothing seems missing."""
        entries = self.chain.entries
        known = {*KEYS, *self.other_forms}
        for name in [name for name in entries if name not in known and not name.startswith("x-")]:
            meant = self._meant_by(name, entries)
            exclusive = (meant in TEXTS and "messages" in entries) or (meant == "messages" and "task" in entries)
            kind = Sequence if meant in _LISTS else Scalar if meant in TEXTS else Mapping if meant in MERGED else Node
            fits = isinstance(entries[name].node, kind) and not is_empty(entries[name].node)
            if meant and meant not in entries and fits and not exclusive and meant not in self.aside:
                entries[meant] = self.places[meant,] = entries[name]
                if meant in MERGED and isinstance(node := entries[name].node, Mapping):
                    document = entries[name].document
                    self.chain.merged[meant] = {key.text: Entry(document, key, value) for key, value in node.pairs}

    def _meant_by(self, name: str, entries: dict[str, Entry]) -> str:
        """The key that one stands for that there is not; empty where that is not clear, or is there itself."""
        other = other_key(name, entries)
        if other == "extends" and not isinstance(entries[name].node, Scalar):
            other = ""  # what holds anchors, say
        meant = other or self.near.get(name, "")
        return meant if meant not in entries or not other else ""

    def load_summariser(self, document: Document, named: Scalar) -> None:
        """Load the prompt that `memory` names for summaries; what is wrong with it is told in that file."""
        if self.summariser:
            message, cure = "a prompt for summaries names none of its own", "leave `prompt` out"
            self.findings.add(document, "PK123", message, named, help=cure)
            return
        try:
            path = resolve(self.source, document.origin.rpartition("/")[0], named.text)
            self.source.read(path)
        except SourceError as error:
            cure = error.help or near_file(self.source, named.text) or "a path is relative to this file"
            self.findings.add(document, error.code, error.message, named, help=cure)
            return
        loaded = load(self.source, path, summariser=True)
        self.findings.diagnostics += loaded.diagnostics
        self.data["summariser"] = loaded.spec
        if loaded.spec is not None and loaded.spec.summary_misfit:
            message = f"`{named.text}` makes no summary: it {loaded.spec.summary_misfit}"
            cure = f"a prompt for summaries has the input `turns`, and if it likes {' and '.join(SUMMARY_INPUTS[1:])}"
            self.findings.add(document, "PK121", message, named, help=cure)

    def _may_have_task(self) -> bool:
        """Whether what cannot be read may be the task, or stand for it."""
        unread = not self.aside.isdisjoint(("task", "messages", "extends")) or bool(self.aside - set(KEYS))
        unread |= any(fault.code == "PK106" for fault in self.chain.main.faults)  # another document follows
        return unread or any(map(_is_template, self._unknown_entries()))

    def _require_task(self) -> None:
        entries = self.chain.entries
        if "messages" in entries and not (is_empty(entries["messages"].node) and "task" in entries):
            for name in TEXTS:
                if name in entries and not self.chain.inherited(entries[name]):
                    self.findings.exclusive(entries[name], name, "messages", "put the text into one of the messages")
                    self.unknown.templates = True
                self.data.pop(name, None)
                self.texts.pop(name, None)
        elif "task" not in entries and not (self.partial or self.chain.broken or self._may_have_task()):
            self._tell_of_no_task()
        elif "task" in entries and not self.partial and self._says_nothing(entries["task"]):
            task = entries["task"]
            if any("the text of `task`" in fault.help for fault in task.document.faults):
                return  # its lines stand too far left, which is told
            cure = "say what the model shall do; without a text of the user's nothing can be sent"
            self.findings.add(task.document, "PK122", "the `task` is empty", task.node, help=cure)

    def _tell_of_no_task(self) -> None:
        """Tell that there is none; or where it stands, if that is inside of a text above it."""
        main = self.chain.main
        texts = (entry for name, entry in self.chain.entries.items() if name in TEXTS and entry.document is main)
        spans = [(entry.node.start, entry.node.end) for entry in texts]
        inside = (_INDENTED_TASK.search(main.text, start, end) for start, end in spans)
        found = next((each for each in inside if each is not None), None)
        if found is not None:
            message = "there is no `task`: this one is a line of the text above it"
            self.findings.add(main, "PK122", message, found.span("key"), help="write it as far left as the other keys")
            return
        at = main.root.start if main.root else 0
        cure = "say what the model shall do: `task: ...`"
        self.findings.add(main, "PK122", "there is no `task`", (at, at), help=cure)

    def _says_nothing(self, task: Entry) -> bool:
        """Whether the user's message would be empty whatever the inputs: the task is, and no context stands in it."""
        layout, context = self.chain.entries.get("layout"), str(self.data.get("context") or "")
        if layout is not None and isinstance(layout.node, Mapping) and context.strip():
            return False
        return isinstance(task.node, Scalar) and isinstance(task.node.value, str) and not task.node.text.strip()

    @property
    def partial(self) -> bool:
        """A file whose name begins with `_` is a base for others, and need not be whole."""
        return self.path.rpartition("/")[2].startswith("_")

    def _build_examples(self) -> None:
        inputs, output = self.data.get("inputs", {}), self.data.get("output", {})
        known = Declared(inputs, output, self.unknown, AnswerChecks(output, inputs))
        for name, reader in AFTER_ALL.items():
            if entry := self.chain.entries.get(name):
                self.data[name] = reader(self.findings, entry, known)
        check_example_file(self, known)
        check_reasoning(self)

    def _validated(self) -> PromptSpec | None:
        built, faults = build(PromptSpec, self.data)
        if faults:  # none in an empty file, which has no entries
            report_all(self.findings, faults, self.places, next(iter(self.chain.entries.values())))
        return built


_INDENTED_TASK = LatePattern(r"^[ \t]+(?P<key>task)[ \t]*:(?=\s)", re.MULTILINE)


def _is_template(entry: Entry) -> bool:
    """Whether the text of a template stands in an entry."""
    return isinstance(entry.node, Scalar) and "{{" in entry.node.text
