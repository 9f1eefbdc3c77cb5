"""Which files each prompt is made of, who shares them, and which prompts a change can touch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.loader import load
from promptkit.phrases import one_line
from promptkit.repos.lock import digest_of
from promptkit.repos.recording import Recording, kind_of
from promptkit.repos.releases.touched import touched
from promptkit.source import MOUNT, mount_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.repos.lock import Lock
    from promptkit.repos.releases.states import RepoState

__all__ = ["Edge", "affected", "edges", "locked_edges", "to_dot", "to_tree"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A prompt and a file that it is made of: prompt, parent, include, schema, examples, summariser."""

    prompt: str
    kind: str
    path: str
    sha256: str

    @property
    def shown(self) -> str:
        """The path, with what another repo is called by."""
        return mount_shown(self.path)


def edges(state: RepoState, names: Iterable[str]) -> Iterator[Edge]:
    """The files of prompts, of each its own first; of one with faults, those that could be read."""
    for name in names:
        file = state.prompts[name]
        recording = Recording(state.source)
        loaded = load(recording, file)
        for path, data in recording.files.items():
            yield Edge(name, kind_of(path, file, loaded), path, digest_of(data))


def locked_edges(lock: Lock) -> Iterator[Edge]:
    """The files of each prompt of a repo that is locked, its own first. Raises `LockError`."""
    for entry in lock:
        if entry.is_own:
            continue  # a prompt of the project itself, of which the lock has only what is not its own
        repo = entry.name.partition("/")[0]
        for part in sorted(entry.parts, key=lambda part: part.kind != "prompt"):
            place = part.path if MOUNT in part.path else f"{repo}/{part.path}"
            yield Edge(str(entry), part.kind, place, part.sha256)


def affected(before: RepoState, after: RepoState) -> dict[str, list[str]]:
    """The prompts that a change can touch, each with the parts that are others now; new and removed ones themselves."""
    names = touched(before, after)
    old = {(edge.prompt, edge.path): edge for edge in edges(before, sorted(before.prompts.keys() & names))}
    found: dict[str, list[str]] = {}
    seen = set()
    for edge in edges(after, sorted(names)):
        seen.add((edge.prompt, edge.path))
        known = old.get((edge.prompt, edge.path))
        if known is None or known.sha256 != edge.sha256:
            found.setdefault(edge.prompt, []).append(f"{edge.kind} {edge.shown}")
    for (prompt, path), edge in old.items():
        if (prompt, path) not in seen and prompt in after.prompts:
            found.setdefault(prompt, []).append(f"{edge.kind} {edge.shown}, which is gone from it")
    gone = sorted(before.prompts.keys() - after.prompts.keys())
    return found | {name: [f"prompt {before.prompts[name]}, which is gone"] for name in gone}


def to_tree(found: Iterable[Edge]) -> str:
    """The graph as a text: each prompt with its parts, then the parts that several share."""
    lines: list[str] = []
    users: dict[str, list[str]] = {}
    prompt = ""
    for edge in found:
        if edge.prompt != prompt:
            prompt = edge.prompt
            lines.append(one_line(prompt))
        if edge.kind != "prompt":
            lines.append(f"  {edge.kind:10} {one_line(edge.shown)}")
            users.setdefault(edge.shown, []).append(prompt)
    shared = {path: names for path, names in users.items() if len(names) > 1}
    lines += ["", "shared"] if shared else []
    lines += [one_line(f"  {path}: {', '.join(names)}") for path, names in sorted(shared.items())]
    return "\n".join(lines)


def to_dot(found: Iterable[Edge]) -> str:
    """The graph in Graphviz's language (https://graphviz.org/doc/info/lang.html)."""
    lines = ["digraph prompts {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for edge in found:
        if edge.kind == "prompt":
            lines.append(f"  {_id(edge.prompt)} [style=filled, fillcolor=lightblue];")
        else:
            lines.append(f"  {_id(edge.prompt)} -> {_id(edge.shown)} [label={_id(edge.kind)}];")
    return "\n".join([*dict.fromkeys(lines), "}"])


def _id(text: str) -> str:
    return json.dumps(one_line(text), ensure_ascii=False)
