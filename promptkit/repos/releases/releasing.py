"""Versions and releases: what a change must announce, what was released as what, and the next version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, SpecError
from promptkit.repos.diff.changes import Policy, next_version
from promptkit.repos.releases.states import at_rev, compared, worktree
from promptkit.repos.versions import read_version
from promptkit.settings import PROJECT_FILE

if TYPE_CHECKING:
    from promptkit.prompt import Prompt
    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace
    from promptkit.settings import Settings

__all__ = ["last_release", "loaded", "policy_of", "released_as", "too_small", "version_after"]

_CHOICES = {"wording": ("minor", "patch"), "unknown": ("major", "minor")}


def policy_of(settings: Settings) -> Policy:
    """How a project weighs changes: `[release]` in its file, with `wording` and `unknown`. Raises `ConfigError`."""
    table = settings.project.get("release", {})
    where = str((settings.root or Path()) / PROJECT_FILE)
    for key, value in table.items():
        if key not in _CHOICES:
            hint = did_you_mean(key, _CHOICES) or f"known: {', '.join(_CHOICES)}"
            raise ConfigError(f"`release` has no `{key}`", where=where, help=hint)
        if value not in _CHOICES[key]:
            raise ConfigError(f"`release.{key}` is one of {', '.join(_CHOICES[key])}", where=where)
    return Policy(**table)


def loaded(state: RepoState, name: str) -> Prompt[Any] | None:
    """A prompt of a state; None where it is not there, or has faults."""
    try:
        return state.prompt(name) if name in state.prompts else None
    except SpecError:  # what was broken before has no contract that could break
        return None


def released_as(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The state that a version of a prompt was released as; None where no tag of it has the prompt."""
    repo, parsed = workspace.own(), read_version(version)
    tags = repo.tags.versions(name).get(parsed, []) if parsed is not None else []
    own = repo.tags.name(name, version)
    states = (at_rev(workspace, tag) for tag in sorted(tags, key=lambda tag: tag != own))
    return next((state for state in states if name in state.prompts), None)


def last_release(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The release that a version of a prompt comes after: the highest that is not above it, or else the newest.

    So a fix of 1.2 is compared with 1.2, though 2.0 is out; a yanked release was one, too. None before the first.
    """
    known, own = sorted(workspace.own().tags.versions(name), reverse=True), read_version(version)
    below = [each for each in known if own is not None and each <= own]
    states = (released_as(workspace, name, str(each)) for each in below or known)
    return next((state for state in states if state is not None), None)


def too_small(found: Diff) -> str:
    """Why a version is not enough, in words."""
    return f"is too small for a {found.level} change" if found.level is not None else "goes back"


def version_after(workspace: Workspace, file: str, after: RepoState | None = None) -> tuple[str, str, Diff | None]:
    """The version that a prompt's file in the working tree has, the one it should have, and the diff that says so.

    Compared is with the last release, or else with the last commit; the diff has no level where nothing changed.
    `after` is the working tree, for whoever asks for many. A version that was released already is passed over.
    """
    after = after or worktree(workspace)
    name = after.name_of(file)
    new = after.prompt(name)
    before = last_release(workspace, name, new.spec.version or "") or at_rev(workspace, "HEAD")
    here = new.spec.version or ""
    if name not in before.prompts:
        return here, here or "0.1.0", None
    old = before.prompt(name)
    found = compared((old, before.source), (new, after.source), policy_of(workspace.settings))
    if found.level is None:
        return here, here, found
    if found.before != found.after and found.enough:
        return here, here, found
    version, taken = next_version(old.spec.version or "", found.level), workspace.own().tags.versions(name)
    while read_version(version) in taken:
        version = next_version(version, found.level)
    return here, version, found
