"""What servers can keep of a prompt from call to call: the beginning that is always the same.

Servers that cache prompts keep whole beginnings, and from about 1,024 tokens on (OpenAI, "Prompt caching"). An input
that stands before a long text which never changes lets all of that text be read, and paid for, anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.completion import canonical_json
from promptkit.late_pattern import LatePattern
from promptkit.layout import planned_messages
from promptkit.loading.findings import span_in
from promptkit.loading.inheritance import Entry
from promptkit.spec import MessageSpec
from promptkit.tokens import PieceEstimate
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from promptkit.diagnostics import Diagnostic
    from promptkit.loader import Loaded
    from promptkit.loading.inheritance import Chain
    from promptkit.spec import PromptSpec

WORTH = 1_024
"""Tokens: less than this behind an input is not worth a word."""
_FEW_BYTES = 900
"""So few have less tokens than that, whatever they are."""

_INCLUDE = LatePattern(r"\{%[-+]?\s*include\s+['\"]([^'\"]+)['\"]")
_TAG = LatePattern(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NAME = LatePattern(r"\w+")


def check_prefix(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """A warning for the first input before much that never changes, at its place."""
    spec, chain = loaded.spec, loaded.chain
    if spec is None or chain is None or not spec.inputs or spec.path.rpartition("/")[2].startswith("_"):
        return ()
    found: tuple[Entry, tuple[int, int]] | None = None
    behind: list[str] = []
    for entry, text in _parts(spec, chain):
        if found is not None:
            behind.append(text)
        elif entry is not None and (mention := _mention(text, spec.inputs)):
            start, end, tag_end = mention
            found = entry, (start, end)
            behind.append(text[tag_end:])
    if found is None or (tokens := _tokens(spec, behind)) < WORTH:
        return ()
    entry, mentioned = found
    assert isinstance(entry.node, Scalar)
    message = f"an input stands before ~{tokens:,} tokens that never change: servers can keep only what is before it"
    cure = "let what changes stand last: in `task`, or at the end of the last section; `render --tokens` shows the rest"
    span = span_in(entry.document, entry.node)(*mentioned)
    return (entry.document.diagnostic("PK233", message, span, severity="warning", help=cure),)


def _mention(text: str, inputs: Container[str]) -> tuple[int, int, int] | None:
    """The first tag that names an input: where it begins, where the name ends, and where the tag does."""
    for tag in _TAG.finditer(text):
        for name in _NAME.finditer(tag[0]) if not tag[0].startswith("{#") else ():
            if name[0] in inputs:
                return tag.start(), tag.start() + name.end(), tag.end()
    return None


def _parts(spec: PromptSpec, chain: Chain) -> Iterator[tuple[Entry | None, str]]:
    """The texts in the order in which they are sent, up to what is different in each call anyway."""
    examples = "".join(canonical_json([each.inputs, each.output]) for each in spec.examples)
    if spec.messages is None:
        sections = ("persona", "context") if spec.layout.context == "system" else ("persona",)
        for name in sections:
            if (text := getattr(spec, name)) is not None:
                yield _scalar(chain.entries.get(name)), text
        yield None, examples
        return
    plan = planned_messages(spec)
    last = max((at for at, (_, part) in enumerate(plan) if getattr(part, "role", "") == "user"), default=len(plan))
    for index, part in plan[:last]:
        if isinstance(part, MessageSpec):
            yield _message(chain, index), part.content or ""
        elif part.history:
            return
        else:
            yield None, examples


def _message(chain: Chain, index: int) -> Entry | None:
    """The entry of a message's content."""
    written = chain.entries["messages"]
    message = written.node.items[index] if isinstance(written.node, Sequence) else None
    content = message.get("content") if isinstance(message, Mapping) else None
    return None if content is None else _scalar(Entry(written.document, written.key, content))


def _scalar(entry: Entry | None) -> Entry | None:
    """An entry whose text stands there as it is, so that it has places."""
    return entry if entry is not None and isinstance(entry.node, Scalar) else None


def _tokens(spec: PromptSpec, texts: list[str]) -> int:
    """The tokens of what is written in texts and in what they include, by an estimate."""
    included = [spec.files.get(path, "") for text in texts for path in _included(spec, text)]
    written = "".join(_TAG.sub("", text) for text in [*texts, *included])
    return PieceEstimate().count(written) if len(written.encode(errors="replace")) > _FEW_BYTES else 0


def _included(spec: PromptSpec, text: str) -> Iterator[str]:
    for name in _INCLUDE.findall(text):
        yield from (path for path in spec.files if path == name.lstrip("/") or path.endswith(f"/{name.lstrip('/')}"))
