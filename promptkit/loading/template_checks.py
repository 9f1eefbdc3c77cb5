"""A prompt's templates against its inputs: what they name, include, print and where, without rendering."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.loading.drift import Answer, drift
from promptkit.loading.expression_checks import check_expressions
from promptkit.loading.findings import span_in
from promptkit.loading.instruction_conflicts import compared, instructions_of, names_languages
from promptkit.loading.lost_prose import cut_off, without_open_tag
from promptkit.loading.prose import prose_of, without_tags
from promptkit.loading.template_text import TemplateText
from promptkit.schema.references import listed_words
from promptkit.spec import Trust
from promptkit.template.fences import SYSTEM_CURE
from promptkit.template.inferred_types import is_nullable, value_of
from promptkit.template.scopes import Binding
from promptkit.template.syntax import read_tree
from promptkit.template.taint import printed_strangers
from promptkit.template.text_faults import (
    broken_tags,
    foreign_variables,
    lost_text,
    tags_in_texts,
    unsettled_merge,
    with_broken_tags,
)
from promptkit.template.walk import Walk, input_scope
from promptkit.yaml_nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.loader import Loading
    from promptkit.loading.findings import Findings
    from promptkit.loading.inheritance import Chain, Entry
    from promptkit.source import Source
    from promptkit.template.scopes import Scope
    from promptkit.template.tree import TemplateFault, Tree
    from promptkit.yaml_nodes import Document


@dataclass
class TemplateChecks:
    """The check of all templates of one prompt, and what they were seen to use."""

    findings: Findings
    source: Source
    inputs: dict[str, Any]
    partial: bool = False
    """Whether the file is a part of others, which declare what it uses."""
    parents: list[Document] = field(default_factory=list)
    narrowed: set[str] = field(default_factory=set)
    """The inputs of parents that are declared anew."""
    used: set[str] = field(default_factory=set)
    explained: set[str] = field(default_factory=set)
    """Inputs that a misspelt name was meant for: one cause, one report."""
    removed: dict[str, Entry] = field(default_factory=dict)
    """The inputs that a child takes away, each with where it does so."""
    misnamed: set[str] = field(default_factory=set)
    """What the names of inputs that cannot be names come to in templates: `w-x` is `w` and `x`."""
    files: dict[str, str] = field(default_factory=dict)
    """What the templates load: path under the root to text."""
    trees: dict[str, Tree] = field(default_factory=dict)
    """By their text: what is included from many places is read once."""
    reported: set[tuple[str, int, str]] = field(default_factory=set)
    asked: set[tuple[Any, ...]] = field(default_factory=set)
    """The paths that the template tests for being there."""
    unguarded: list[tuple[TemplateText, tuple[Any, ...], TemplateFault]] = field(default_factory=list)
    """Lookups of what nothing declares; each is told unless the template tests that path."""
    system_cure: str = SYSTEM_CURE
    loads: int = 0
    unread: bool = False
    """Whether a file that a template loads cannot be, which has been told."""
    exhausted: bool = False
    """Whether more was loaded than may be, which has been told."""
    tokens: int = 0
    """How many tokens were walked through, those of a file as often as it is included."""
    loaded: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Each file that a template loads, and where the first one does."""
    hints: dict[str, str] = field(default_factory=dict)
    walked: dict[str, TemplateText] = field(default_factory=dict)
    """The files that the template loads which is checked, by their paths."""
    entered: list[tuple[TemplateText, str]] = field(default_factory=list)
    """Each text that was come to, once a file and text, with its prose."""

    def tree(self, text: str) -> Tree:
        """The tree of a text."""
        if text not in self.trees:
            self.trees[text] = read_tree(text)
        return self.trees[text]

    def hint(self, name: str, known: Callable[[], Iterable[str]]) -> str:
        """What may have been meant by a name, looked for once; not of very many names in a file."""
        if name not in self.hints:
            self.hints[name] = did_you_mean(name, known()) if len(self.hints) < _MOST_HINTS else ""
        return self.hints[name]

    def near(self, name: str) -> str | None:
        """The input that may have been meant by a name; not of very many."""
        return nearest(name, self.inputs) if name in self.hints or len(self.hints) < _MOST_HINTS else None

    def report(self, text: TemplateText, fault: TemplateFault) -> None:
        """Report once, however many templates include the faulty text; say who includes it."""
        if fault.code == "PK214" and text.document in self.parents and self._is_narrowed(text.text, fault):
            return  # what is never so with the child's declaration is so with the base's own
        where = text.span(fault.start, fault.end)
        key = text.document.path, where[0], fault.code
        if key in self.reported:
            return
        self.reported.add(key)
        notes = (f"included by {text.stack[-1]}",) if text.stack else ()
        self.findings.add(text.document, fault.code, fault.message, where, notes=notes, **fault.details)

    def _is_narrowed(self, text: str, fault: TemplateFault) -> bool:
        """Whether a fault is about an input that is declared anew; else whether its tag names no other one."""
        if named := re.match(r"`(\w+)", fault.message):
            return named[1] in self.narrowed
        begin, end = text.rfind("{", 0, fault.start + 1), text.find("}", fault.start)
        words = re.findall(r"\w+", text[max(begin, 0) : end if end >= 0 else len(text)])
        inputs = self.inputs.keys() & set(words)
        return bool(inputs) and inputs <= self.narrowed

    @property
    def whole(self) -> bool:
        """Whether all was read; if not, nobody knows what else is used."""
        return not self.unread and all(tree.whole for tree in self.trees.values())

    def check(self, text: TemplateText, scope: Scope) -> None:
        """Check one template with all that it loads."""
        tree = self.tree(text.text)
        text.enter(tree)
        self.walked = {}
        try:
            Walk(tree, text).run(scope.inner())
        except RecursionError:
            message = "the template is nested too deeply to be checked: macros or expressions call each other on and on"
            text.tell("PK221", message, 0, 1)
        for place, path, fault in self.unguarded:
            if path not in self.asked:
                self.report(place, fault)
        self.asked, self.unguarded = set(), []
        if text.system and self.untrusted:
            self._refuse_strangers(text, tree)

    def _refuse_strangers(self, text: TemplateText, tree: Tree) -> None:
        """Tell of what could stand in a system message though it comes from strangers."""
        files = {path: each.text for path, each in self.walked.items()}
        places = {"": text, **self.walked}
        for path, start, end, names in printed_strangers(tree, text.text, files, self.untrusted):
            for name in names:
                trust = self.inputs[name].get("trust")
                message = f"`{name}` is untrusted (`trust: {trust}`) and would stand in the system message"
                places[path].tell("PK207", message, start, end, help=self.system_cure)

    def forget(self) -> None:
        """Let go of the texts, which hold this check in turn: no garbage collector is needed for them then."""
        self.entered, self.unguarded, self.walked = [], [], {}

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that the inputs can be."""
        return listed_words(each["json_schema"] for each in self.inputs.values())

    @cached_property
    def holders(self) -> dict[str, str]:
        """For each field of an input that is an object: the input."""
        schemas = ((name, each["json_schema"]) for name, each in reversed(self.inputs.items()))
        declared = ((name, each.get("properties")) for name, each in schemas if isinstance(each, dict))
        return {field: name for name, fields in declared if isinstance(fields, dict) for field in fields}

    @cached_property
    def untrusted(self) -> frozenset[str]:
        """The inputs that come from strangers."""
        return frozenset(name for name, each in self.inputs.items() if each.get("trust", "caller") in _STRANGERS)

    def enter(self, text: TemplateText, tree: Tree) -> None:
        """Begin with a text, be it a template of the prompt's or one that it loads."""
        self.tokens += len(tree.tokens)
        if text.stack:
            self.walked[text.document.origin] = text
        prose = prose_of(tree, text.text) if tree.whole else ""
        if all(text.document.path != known.document.path or text.text != known.text for known, _ in self.entered):
            self.entered.append((text, prose))
        outside = prose if tree.whole else without_tags(text.text)
        for fault in (
            *with_broken_tags(tree.faults, broken_tags(outside)),
            *lost_text(tree),
            *tags_in_texts(tree, self.inputs),
        ):
            self.report(text, fault)
        for name, fault in foreign_variables(outside, self.inputs):
            self.explained.add(name)
            self.report(text, fault)
        for fault in unsettled_merge(text.text) if text.stack else ():
            self.report(text, fault)


def check_templates(loading: Loading) -> dict[str, str]:
    """Check every template; the text of each file that they load by its path under the root."""
    data, chain = loading.data, loading.chain
    unknown = loading.unknown
    checks = TemplateChecks(loading.findings, loading.source, data.get("inputs", {}), unknown.inputs)
    checks.explained |= unknown.faulty
    if "messages" in data:
        checks.system_cure = "let it stand in a message of `role: user`"
    checks.removed = chain.removed
    checks.parents, checks.narrowed = chain.documents[1:], chain.narrowed
    checks.misnamed = {
        part
        for name in unknown.faulty
        if name not in checks.inputs
        for part in (*re.findall(r"\w+", name), re.sub(r"\W+", "_", name))
    }
    scope = input_scope({name: _known(declared) for name, declared in checks.inputs.items()})
    for location, entry in loading.texts.items():
        document, node = entry.document, entry.node
        if isinstance(node, Scalar):
            folder = document.origin.rpartition("/")[0]
            span = span_in(document, node)
            system = _is_system(location, data)
            asks = not location.startswith("messages.") or _role(location, data) in ("system", "user")
            text = node.text if cut_off(document, node, is_template=True) is None else without_open_tag(node.text)
            checks.check(TemplateText(checks, document, text, span, folder, system=system, asks=asks), scope)
    checks.used |= check_expressions(loading)
    _check_prose(checks, loading)
    if checks.whole and not loading.partial and not unknown.templates:
        _warn_of_unused(checks, chain, loading.inputs)
    checks.forget()
    return checks.files


def _check_prose(checks: TemplateChecks, loading: Loading) -> None:
    """What the words of the templates say, against the output and against each other."""
    prose = [(text, words) for text, words in checks.entered if text.asks]
    if not loading.unknown.output:
        given = (listed_words([each["json_schema"]]) for each in checks.inputs.values())
        spoken = tuple(frozenset(map(str.casefold, each)) for each in given if each)
        answer = Answer.of(loading.data.get("output", {}))._replace(given=spoken, inputs=frozenset(checks.inputs))
        for text, words in prose:
            for fault in drift(words, answer):
                checks.report(text, fault)
    if len({text.document.path for text, _ in prose}) < 2 and sum(names_languages(words) for _, words in prose) < 2:
        return
    instructions = (each for text, words in prose for each in instructions_of(text, words))
    for text, fault in compared(instructions, loading.chain.main.path):
        checks.report(text, fault)


_MOST_HINTS = 200
_STRANGERS = frozenset(get_args(Trust)) - {"caller"}


def _known(declared: dict[str, Any]) -> Binding:
    value = value_of(declared["json_schema"])
    optional = not declared.get("required", True) and not declared.get("has_default")
    return Binding(value, nullable=optional or is_nullable(value), is_input=True)


def _warn_of_unused(checks: TemplateChecks, chain: Chain, inputs: dict[str, Entry]) -> None:
    if any(fault.code == "PK106" for fault in chain.main.faults):
        return  # a second document follows, which may use them
    for name, entry in inputs.items():
        known = name in checks.used | checks.explained or chain.inherited(entry)
        if not known and not checks.inputs.get(name, {}).get("secret"):
            checks.findings.add(
                entry.document,
                "PK203",
                f"the input `{name}` is used by no template",
                entry.key,
                severity="warning",
                help="use it, or remove it",
            )


def _is_system(location: str, data: dict[str, Any]) -> bool:
    layout = data.get("layout")
    if location == "context":
        return not (isinstance(layout, dict) and layout.get("context", "system") != "system")
    if location.startswith("messages."):
        return _role(location, data) == "system"
    return location != "task"


def _role(location: str, data: dict[str, Any]) -> str:
    return str(getattr(data["messages"][int(location.split(".")[1])], "role", ""))
