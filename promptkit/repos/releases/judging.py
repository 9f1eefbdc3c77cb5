"""What the version of a prompt must announce, whether it does, and which one would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, RepoError
from promptkit.repos.diff.changes import Policy, next_version
from promptkit.repos.releases.comparing import compared
from promptkit.repos.releases.released import last_release, released_as
from promptkit.repos.releases.states import at_rev, loaded, worktree
from promptkit.repos.versions import read_version
from promptkit.settings import PROJECT_FILE

if TYPE_CHECKING:
    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace
    from promptkit.settings import Settings

__all__ = ["judged", "policy_of", "version_after"]

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
