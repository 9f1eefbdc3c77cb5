"""A prompt's templates against its inputs: what they name, include, print and where, without rendering."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.expression_checks import check_expressions
from promptkit.findings import span_in
from promptkit.source import SourceError, join
from promptkit.template.analysis import Analysis, analyse
from promptkit.template.flows import ANY_FILE, BLOCK_NAMES, followed, joined
from promptkit.template.lookups import lookup_faults
from promptkit.template.templates import MAX_INCLUDE_DEPTH
from promptkit.yaml_nodes import Document, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.chain import Chain, Entry
    from promptkit.findings import Findings
    from promptkit.source import Source
    from promptkit.template.analysis import TemplateFault

MAX_INCLUDES = 1_000

UNTRUSTED_CURE = "let it stand in `task`, or set `layout: {context: user}` for context"
ROOT_CURE = "only files under the root can be included: the folder of `promptkit.toml`, else of the prompt itself"


@dataclass(slots=True)
class _Text:
    """A template's text and how its offsets become places."""

    document: Document
    text: str
    span: Callable[[int, int], tuple[int, int]]
    system: bool
    folder: str
    stack: tuple[str, ...] = ()
    """Where the file is included, and where the file that includes it is, and so on, for people."""
    above: tuple[str, ...] = ()
    """The paths under the root of the files in which those includes are written."""
    known: frozenset[str] = frozenset()
    """The names that the including templates set."""


@dataclass(slots=True)
class _Check:
    findings: Findings
    source: Source
    inputs: dict[str, Any]
    used: set[str] = field(default_factory=set)
    explained: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    reported: set[tuple[str, int, str]] = field(default_factory=set)
    reached: list[tuple[_Text, Analysis]] = field(default_factory=list)
    """A template and all that it includes."""
    analyses: dict[str, Analysis] = field(default_factory=dict)
    """Of each text: what is included from many places is read once."""
    includes: int = 0
    whole: bool = True
    """False once a template cannot be read: then nobody knows what it uses."""


def check_templates(
    findings: Findings,
    source: Source,
    chain: Chain,
    texts: dict[str, Entry],
    data: dict[str, Any],
    inputs: dict[str, Entry],
) -> dict[str, str]:
    """Check every template; the text of each included file by its path under the root."""
    check = _Check(findings, source, data.get("inputs", {}))
    for location, entry in texts.items():
        if isinstance(entry.node, Scalar):
            _check_text(check, _of_entry(entry, _is_system(location, data)))
            _check_trust(check)
            check.reached.clear()
    check.used |= check_expressions(findings, chain, data)
    for name, entry in inputs.items() if check.whole else ():
        quiet = chain.inherited(entry) or chain.main.origin.rpartition("/")[2].startswith("_")
        if not quiet and name not in check.used | check.explained and not check.inputs.get(name, {}).get("secret"):
            findings.add(
                entry.document,
                "PK203",
                f"the input `{name}` is used by no template",
                entry.key,
                severity="warning",
                help="use it, or remove it",
            )
    return check.files


def _is_system(location: str, data: dict[str, Any]) -> bool:
    layout = data.get("layout")
    if location == "context":
        return not (isinstance(layout, dict) and layout.get("context") == "user")
    if location.startswith("messages."):
        message = data["messages"][int(location.split(".")[1])]
        return getattr(message, "role", "") == "system"
    return location != "task"


def _of_entry(entry: Entry, system: bool) -> _Text:
    document, node = entry.document, entry.node
    assert isinstance(node, Scalar)
    return _Text(document, node.text, span_in(document, node), system, document.origin.rpartition("/")[0])


def _check_text(check: _Check, text: _Text) -> None:
    analysis = check.analyses.get(text.text) or check.analyses.setdefault(text.text, analyse(text.text))
    for fault in analysis.faults:
        _report_fault(check, text, fault)
    check.whole = check.whole and not any(fault.code == "PK201" for fault in analysis.faults)
    _check_names(check, text, analysis)
    _check_lookups(check, text, analysis)
    check.reached.append((text, analysis))
    known = text.known | (analysis.flows.keys() - BLOCK_NAMES)
    for use in analysis.includes:
        _check_include(check, replace(text, known=known), use.name, (use.start, use.end))


def _report(check: _Check, text: _Text, code: str, message: str, span: tuple[int, int], **told: Any) -> None:
    """Report once, however many templates include the faulty text; say who includes it."""
    where = text.span(*span)
    key = text.document.path, where[0], code
    if key not in check.reported:
        check.reported.add(key)
        notes = (f"included by {text.stack[-1]}",) if text.stack else ()
        check.findings.add(text.document, code, message, where, notes=notes, **told)


def _report_fault(check: _Check, text: _Text, fault: TemplateFault) -> None:
    told = {"severity": fault.severity, "label": fault.label, "help": fault.help}
    _report(check, text, fault.code, fault.message, (fault.start, fault.end), **told)


def _check_names(check: _Check, text: _Text, analysis: Analysis) -> None:
    for use in analysis.names:
        check.used.add(use.name)
        declared = check.inputs.get(use.name)
        if declared is None and use.name in text.known:
            continue
        span = use.start, use.end
        if declared is None:
            hint = did_you_mean(use.name, check.inputs)
            check.explained |= {name for name in [nearest(use.name, check.inputs)] if name}
            _report(
                check,
                text,
                "PK202",
                f"`{use.name}` is not declared under `inputs`",
                span,
                label=hint,
                help="" if hint else f"declare it: `inputs: {{{use.name}: string}}`",
            )
        elif declared.get("secret"):
            _report(
                check,
                text,
                "PK208",
                f"the secret input `{use.name}` may not stand in a template",
                span,
                help="secrets reach tools only",
            )


def _check_lookups(check: _Check, text: _Text, analysis: Analysis) -> None:
    schemas = {name: declared["json_schema"] for name, declared in check.inputs.items() if name not in text.known}
    for fault in lookup_faults(analysis, schemas):
        _report_fault(check, text, fault)


def _check_trust(check: _Check) -> None:
    """Untrusted inputs in the system message, followed through all that the template sets, calls and includes."""
    untrusted = {
        name: declared["trust"]
        for name, declared in check.inputs.items()
        if declared.get("trust", "caller") != "caller"
    }
    included = [analysis for text, analysis in check.reached if text.stack]
    mentions = frozenset().union(*(analysis.mentions for analysis in included))
    flows = joined([*(analysis.flows for _, analysis in check.reached), {ANY_FILE: mentions}])
    for text, analysis in check.reached:
        for output in analysis.outputs if text.system else ():
            for name in sorted(followed(output.names, flows) & untrusted.keys()):
                _report(
                    check,
                    text,
                    "PK207",
                    f"`{name}` is untrusted (`trust: {untrusted[name]}`) and would stand in the system message",
                    (output.start, output.end),
                    help=UNTRUSTED_CURE,
                )


def _check_include(check: _Check, text: _Text, name: str, span: tuple[int, int]) -> None:
    if not name:
        _report(check, text, "PK205", "the file to include is not written out", span, help="include a fixed path")
        return
    try:
        path = join(text.folder, name)
    except SourceError as error:
        _report(check, text, "PK206", error.message, span, help=ROOT_CURE)
        return
    try:
        content = check.files.get(path) or check.source.read(path).decode("utf-8")
    except (SourceError, UnicodeDecodeError) as error:
        said = error.message if isinstance(error, SourceError) else f"`{name}` is not UTF-8 text"
        _report(check, text, "PK206", said, span, help="a path is relative to the file in which it is written")
        return
    check.includes += 1
    trouble = _include_trouble(text, path) or _too_many(check)
    if trouble:
        _report(check, text, "PK206", trouble, span)
        return
    check.files[path] = content
    document = Document(content, check.source.shown(path), path)
    line, _ = text.document.place(text.span(*span)[0])
    included = replace(
        text,
        document=document,
        text=content,
        span=lambda start, end: (start, end),
        folder=path.rpartition("/")[0],
        stack=(*text.stack, f"{text.document.path}:{line}"),
        above=(*text.above, text.document.origin),
    )
    _check_text(check, included)


def _too_many(check: _Check) -> str:
    """Files that include several others, level by level, multiply: a few would keep a check busy for ever."""
    return f"the templates have more than {MAX_INCLUDES:,} includes in all" if check.includes > MAX_INCLUDES else ""


def _include_trouble(text: _Text, path: str) -> str:
    chain = [*text.above, text.document.origin]
    if chain == [path]:
        return f"`{path}` includes itself"
    if path in chain:
        return "files include each other in a circle: " + " -> ".join([*chain, path])
    if len(text.stack) >= MAX_INCLUDE_DEPTH:
        return f"includes are nested deeper than {MAX_INCLUDE_DEPTH} files: " + " -> ".join([*chain, path])
    return ""
