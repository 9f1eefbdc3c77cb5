"""Versions and releases: what a change must announce, what was released as what, and the next version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, LockError, RepoError
from promptkit.repos.diff.changes import Policy, next_version
from promptkit.repos.releases.comparing import compared, is_renamed, nameless
from promptkit.repos.releases.states import at_rev, loaded, worktree
from promptkit.repos.releases.touched import touched
from promptkit.repos.versions import read_version
from promptkit.settings import PROJECT_FILE

if TYPE_CHECKING:
    from semver import Version

    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace
    from promptkit.settings import Settings

__all__ = ["judged", "last_release", "maybe_changed", "policy_of", "released_as", "renamed_from", "version_after"]

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


def released_as(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The state that a version of a prompt was released as; None where no tag of it has the prompt."""
    repo, parsed = workspace.own(), read_version(version)
    tags = repo.tags.versions(name).get(parsed, []) if parsed is not None else []
    own = repo.tags.name(name, version)
    states = (at_rev(workspace, tag) for tag in sorted(tags, key=lambda tag: tag != own) if repo.has(name, tag))
    return next((state for state in states if name in state.prompts), None)


def maybe_changed(workspace: Workspace, state: RepoState) -> list[str]:
    """The prompts that may not be what the newest release of the whole repo has, in order; those with their own tags.

    All others are as they were released, and nobody need load them.
    """
    repo = workspace.own()
    tag = repo.newest_tag()
    changed = touched(at_rev(workspace, tag), state) if tag else state.prompts
    return sorted(name for name in state.prompts if name in changed or repo.tags.has_own(name))


def last_release(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The release that a version of a prompt comes after: the highest that is not above it, or else the newest.

    So a fix of 1.2 is compared with 1.2, though 2.0 is out; a yanked release was one, too. Pre-releases promise
    nothing, and are asked where there is no other: between 1.0.0 and 1.0.1 stands no 1.0.1-rc.1 that could hide what
    broke. None before the first.
    """
    known, own = sorted(workspace.own().tags.versions(name), reverse=True), read_version(version)
    below = [each for each in known if own is not None and each <= own]
    states = (
        released_as(workspace, name, str(each))
        for each in sorted(below or known, key=lambda each: each.prerelease is not None)
    )
    return next((state for state in states if state is not None), None)


def renamed_from(workspace: Workspace, state: RepoState, name: str) -> str:
    """The name and the version under which a prompt was released before, as it is now; empty where it was not.

    The prompt of that name is here no more: of one that stays, another is a copy.
    """
    repo, text = workspace.own(), nameless(state, name)
    whole = repo.newest_tag()
    known = {*repo.tags.prompts(), *(at_rev(workspace, whole).prompts if whole else ())}
    found: list[tuple[Version, str]] = []
    for old in sorted(known - state.prompts.keys()):
        try:
            last = last_release(workspace, old, "")
        except (RepoError, LockError):  # what is long gone may be read by nobody any more
            continue
        if last is None or nameless(last, old) != text or not is_renamed(last, old, state, name):
            continue
        prompt = loaded(last, old)
        version = read_version((prompt.spec.version or "") if prompt is not None else "")
        found += [(version, old)] if version is not None else []
    return "{1} {0}".format(*max(found)) if found else ""


def judged(workspace: Workspace, state: RepoState, name: str, since: RepoState | None = None) -> Diff | None:
    """What the version of a prompt announces: the diff since the release that it comes after, or else `since` a state.

    None where there is none to compare with, and where the version was released as it is. Raises `RepoError`: PK603
    for a version that had another text before, PK604 for one that is too small for the changes or goes back.
    """
    prompt, file = state.prompt(name), state.prompts[name]
    version = prompt.spec.version or ""
    released = released_as(workspace, name, version)
    as_released = loaded(released, name) if released is not None else None
    if as_released is not None and as_released.digest == prompt.digest:
        return None
    old = loaded(since, name) if since is not None else None
    last = last_release(workspace, name, _higher(version, old.spec.version if old is not None else None))
    base = last or since
    before = loaded(base, name) if base is not None else None
    if base is None or before is None:
        return None
    found = compared((before, base.source), (prompt, state.source), policy_of(workspace.settings))
    if not found.enough or (released is not None and found.level is not None):
        code, message = _too_small(found, name, base.label if last is None else f"its release {found.before}")
        if released is not None and found.before != found.after:
            code, message = "PK603", f"`{name}` {version} is released already, and was another prompt"
        cure = f"promptkit bump {file} {_free(workspace, name, found)}"
        why = [f"{each.part} {each.sign} {each.name}: {each.why or each.level}" for each in found.gravest[:3]]
        raise RepoError(message, code=code, details=why, help=cure)
    return found


def _higher(version: str, other: str | None) -> str:
    one, two = read_version(version), read_version(other or "")
    return str(two) if two is not None and (one is None or two > one) else version


def _too_small(found: Diff, name: str, label: str) -> tuple[str, str]:
    """The code and the words for a version that does not announce a diff since a state."""
    if found.before == found.after:
        return "PK603", f"`{name}` changed since {label}, and its version did not"
    old, new = read_version(found.before), read_version(found.after)
    back = found.level is None or (old is not None and new is not None and new < old)
    how = "goes back" if back else f"is too small for a {found.level} change"
    return "PK604", f"`{name}` {found.before} -> {found.after or 'no version'} {how}"


def _free(workspace: Workspace, name: str, found: Diff) -> str:
    """The least version that announces a diff and was not released already."""
    taken, level = workspace.own().tags.versions(name), found.level or "patch"
    version = next_version(found.before, level)
    while read_version(version) in taken:
        version = next_version(version, level)
    return version


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
    if (old := loaded(before, name)) is None:
        return here, here or "0.1.0", None
    found = compared((old, before.source), (new, after.source), policy_of(workspace.settings))
    if found.level is None:
        return here, here, found
    taken = released_as(workspace, name, here)  # a pre-release, which is not what is compared with
    same = taken is None or ((as_taken := loaded(taken, name)) is not None and as_taken.digest == new.digest)
    if found.before != found.after and found.enough and same:
        return here, here, found
    return here, _free(workspace, name, found), found
