"""Which files each prompt is made of, who shares them, and which prompts a change can touch."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import LockError
from promptkit.loader import load
from promptkit.phrases import one_line
from promptkit.repos.lock import digest_of, of_repos
from promptkit.repos.recording import Recording, kind_of
from promptkit.repos.releases.touched import touched
from promptkit.source_paths import MOUNT, mount_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.repos.lock import Locked
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
    """The files of prompts, of each its own first; of one with faults, those that could be read, and its own.

    Line ends are as git keeps them, whatever a checkout makes of them.
    """
    for name in names:
        file = state.prompts[name]
        recording = Recording(state.source)
        loaded = load(recording, file)
        if file not in recording.files:
            yield Edge(name, "prompt", file, "")
        for path, data in recording.files.items():
            yield Edge(name, kind_of(path, file, loaded), path, digest_of(data.replace(b"\r\n", b"\n")))


def locked_edges(lock: Iterable[Locked]) -> Iterator[Edge]:
    """The files of each prompt of a repo that is locked, its own first. Raises `LockError`."""
    for entry in of_repos(lock).values():
        yield from _edges_of(entry, str(entry))


def _edges_of(entry: Locked, name: str) -> Iterator[Edge]:
    repo = entry.name.partition("/")[0]
    for part in sorted(entry.parts, key=lambda part: part.kind != "prompt"):
        place = part.path if MOUNT in part.path else f"{repo}/{part.path}"
        yield Edge(name, part.kind, place, part.sha256)


def _in_use(state: RepoState) -> list[Edge]:
    """The same of a state, by the names of the prompts: one is the same when something else is wanted of it."""
    return [edge for name, entry in of_repos(state.locked()).items() for edge in _edges_of(entry, name)]


def affected(before: RepoState, after: RepoState) -> dict[str, list[str]]:
    """The prompts that a change can touch, each with the parts that are others now; new and removed ones themselves.

    First those of the project, then those of repos that it has in use, in which the lock tells what moved. Raises
    `LockError`.
    """
    names = touched(before, after)
    gone = before.prompts.keys() - after.prompts.keys()
    old = [*edges(before, sorted(before.prompts.keys() & names)), *(_file_of(before, name) for name in sorted(gone))]
    found = _differing(old, edges(after, sorted(names)), "which is gone")
    was, now = [], _in_use(after)
    with suppress(LockError):  # of one that cannot be read any more, everything may have been another one
        was = _in_use(before)
    for name, parts in _differing(was, now, "which is in use no more").items():
        found[f"{name} (in use)" if name in found else name] = parts
    return found


def _file_of(state: RepoState, name: str) -> Edge:
    return Edge(name, "prompt", state.prompts[name], "")


def _differing(before: Iterable[Edge], after: Iterable[Edge], gone: str) -> dict[str, list[str]]:
    """The files in which two graphs differ, by prompt; of a prompt that is `gone`, which is told so, its own alone."""
    old = {(edge.prompt, edge.path): edge for edge in before}
    new = {(edge.prompt, edge.path): edge for edge in after}
    found: dict[str, list[str]] = {}
    for key, edge in new.items():
        if key not in old or old[key].sha256 != edge.sha256:
            found.setdefault(edge.prompt, []).append(f"{edge.kind} {edge.shown}")
    there = {edge.prompt for edge in new.values()}
    for key, edge in old.items():
        if key not in new and (edge.prompt in there or edge.kind == "prompt"):
            how = "which is gone from it" if edge.prompt in there else gone
            found.setdefault(edge.prompt, []).append(f"{edge.kind} {edge.shown}, {how}")
    return found


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
