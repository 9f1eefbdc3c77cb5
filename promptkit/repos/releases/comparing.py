"""States of prompts compared: one prompt's two, or all prompts of two states of a repository."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError, LockError, PromptkitError, SourceError
from promptkit.loader import load_spec
from promptkit.prompt import Prompt
from promptkit.repos.diff.changes import same_data
from promptkit.repos.diff.diff import diff, joined_cases, saved_cases
from promptkit.repos.from_lock import locked_source
from promptkit.repos.lock import LOCK_FILE, of_repos
from promptkit.repos.releases.states import loaded, unloadable
from promptkit.repos.releases.touched import touched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from promptkit.repos.diff.changes import Policy
    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.lock import Locked
    from promptkit.repos.releases.states import RepoState
    from promptkit.source import Source

__all__ = ["Comparison", "compared", "compared_states", "is_renamed", "lonely", "nameless"]


def compared(
    before: tuple[Prompt[Any], Source], after: tuple[Prompt[Any], Source], policy: Policy, model: str | None = None
) -> Diff:
    """Compare two states of one prompt over the inputs that are saved in either, for a model."""
    (old, old_source), (new, new_source) = before, after
    if model is not None:
        old, new = old.using(model=model), new.using(model=model)
    saved = []
    for prompt, source in ((new, new_source), (old, old_source)):
        try:
            saved.append(saved_cases(prompt.spec, source))
        except ConfigError:
            if getattr(source, "root", None) is not None:
                raise  # what is broken in an old state can be mended by nobody
    cases = joined_cases(*saved)
    facts = new.facts
    return diff(old, new, cases, policy=policy, counter=new.client.counter(facts), facts=facts, old_facts=old.facts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two states of a repository: what changed in each prompt that both have, and which ones only one of them has.

    Prompts of the project have another name, are gone, or are new; those of repos, which others released, have `moved`,
    or are taken into use, or given up. `untold` are those of which there is no diff, each with why.
    """

    diffs: list[Diff] = field(default_factory=list)
    moved: list[Diff] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    taken_up: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    untold: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return any(getattr(self, each.name) for each in fields(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines."""
        told = {name: [each.to_dict() for each in getattr(self, name)] for name in ("diffs", "moved")}
        return {each.name: getattr(self, each.name) for each in fields(self)} | told

    @property
    def is_breaking(self) -> bool:
        """Whether callers of the project's prompts may fail, and no version says so."""
        return bool(self.renamed or self.removed) or not all(each.enough for each in self.diffs)


def compared_states(
    root: Path, before: RepoState, after: RepoState, policy: Policy, model: str | None = None
) -> Comparison:
    """Compare two states of the project in a folder. Raises `SpecError`, `RepoError` or `LockError`."""
    found = Comparison()
    changed = touched(before, after)
    for name, old_name in _pairs(before, after):
        if name not in changed:
            continue
        new = after.prompt(name) if after.pin is None else loaded(after, name)  # what lies here can be mended
        if (old := loaded(before, old_name)) is None or new is None:
            why = unloadable(before, old_name) or unloadable(after, name)
            found.untold[name] = f"it cannot be compared: {why}"
        elif old.digest != new.digest:
            found.diffs.append(compared((old, before.source), (new, after.source), policy, model))
    renamed, removed, added = lonely(before, after)
    found.renamed.update(renamed)
    found.removed.extend(removed)
    found.added.extend(added)
    _compare_in_use(root, found, before, after, policy, model)
    return found


def _pairs(before: RepoState, after: RepoState) -> Iterator[tuple[str, str]]:
    """The prompts that are in both states, as each calls them: a file that shared its name is called by it no more."""
    by_file = {file: name for name, file in before.prompts.items()}
    for name, file in sorted(after.prompts.items()):
        if name in before.prompts or file in by_file:
            yield name, name if name in before.prompts else by_file[file]


def _compare_in_use(
    root: Path, found: Comparison, before: RepoState, after: RepoState, policy: Policy, model: str | None
) -> None:
    """Compare the prompts of repos that both states have in use, as each is locked."""
    new = of_repos(after.locked())
    try:
        old = of_repos(before.locked())
    except LockError as error:  # which nobody can mend any more
        found.untold[LOCK_FILE] = f"in {before.label} {error.message}, and so nothing is told of what is in use"
        return
    found.taken_up.extend(sorted(new.keys() - old.keys()))
    found.given_up.extend(sorted(old.keys() - new.keys()))
    for name in sorted(old.keys() & new.keys()):
        if all(getattr(old[name], each) == getattr(new[name], each) for each in ("sha256", "version", "parts")):
            continue
        try:
            was, now = (_locked(root, each[name]) for each in (old, new))
        except PromptkitError as error:  # what was locked once may be nowhere by now
            states = f"{old[name].shown} -> {new[name].shown}"
            found.untold[name] = f"{states}, which cannot be compared: {error.message}"
        else:
            moved = replace(compared(was, now, policy, model), name=name, is_others=True)
            found.moved.append(replace(moved, before=old[name].shown, after=new[name].shown))


def _locked(root: Path, entry: Locked) -> tuple[Prompt[Any], Source]:
    source, file = locked_source(root, entry, is_past=True)
    return Prompt(load_spec(source, file)), source


def lonely(before: RepoState, after: RepoState) -> tuple[dict[str, str], list[str], list[str]]:
    """Of the prompts that are in one of two states alone: which have another name now, which are gone, which are new.

    A prompt has another name where it is the same, but for what it calls itself, and its version.
    """
    gone, new = (_alone(*states) for states in ((before, after), (after, before)))
    by_text = {nameless(after, name): name for name in new}
    renamed = {}
    for old in gone:
        if (name := by_text.get(nameless(before, old))) is not None and is_renamed(before, old, after, name):
            renamed[old] = by_text.pop(nameless(before, old))
    return (
        renamed,
        [name for name in gone if name not in renamed],
        [name for name in new if name not in renamed.values()],
    )


def _alone(state: RepoState, other: RepoState) -> list[str]:
    """The prompts of a state whose names and files the other has not."""
    files = set(other.prompts.values())
    return sorted(name for name, file in state.prompts.items() if name not in other.prompts and file not in files)


def is_renamed(before: RepoState, old: str, after: RepoState, new: str) -> bool:
    """Whether a prompt is the same under another name, but for that and its version; its parents may lie elsewhere."""
    one, other = loaded(before, old), loaded(after, new)
    if one is None or other is None:
        return one is other
    plain = ({key: value for key, value in each.spec.plain.items() if key not in _OWN} for each in (one, other))
    return same_data(*plain) and sorted(one.spec.files.values()) == sorted(other.spec.files.values())


_OWN = ("name", "version", "extends")
"""What a prompt may say otherwise, and still be the same under another name."""


def nameless(state: RepoState, name: str) -> bytes:
    """A prompt's file without its name and its version: those that may be the same under another name have one."""
    try:
        lines = state.source.read(state.prompts[name]).splitlines()
    except SourceError:  # too large, or no file at all: it is like no other
        return f"{state.label}:{name}".encode()
    return b"\n".join(line for line in lines if not line.startswith((b"name:", b"version:", b"extends:")))
