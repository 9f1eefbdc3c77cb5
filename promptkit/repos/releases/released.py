"""What was released: the tags of versions, the states they stand at, and what every prompt is to be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import LockError, RepoError
from promptkit.repos.releases.comparing import is_renamed, nameless
from promptkit.repos.releases.states import at_rev, loaded
from promptkit.repos.releases.touched import touched
from promptkit.repos.versions import read_version

if TYPE_CHECKING:
    from semver import Version

    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace

__all__ = ["last_release", "maybe_changed", "released_as", "renamed_from"]


def released_as(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The state that a version of a prompt was released as; None where no tag of it has the prompt."""
    repo, parsed = workspace.own(), read_version(version)
    tags = repo.tags.versions(name).get(parsed, []) if parsed is not None else []
    own = repo.tags.name(name, version)
    states = (at_rev(workspace, tag) for tag in sorted(tags, key=lambda tag: tag != own) if repo.has(name, tag))
    return next((state for state in states if name in state.prompts), None)


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


def maybe_changed(workspace: Workspace, state: RepoState) -> list[str]:
    """The prompts that may not be what the newest release of the whole repo has, in order; those with their own tags.

    All others are as they were released, and nobody need load them.
    """
    repo = workspace.own()
    tag = repo.newest_tag()
    changed = touched(at_rev(workspace, tag), state) if tag else state.prompts
    return sorted(name for name in state.prompts if name in changed or repo.tags.has_own(name))


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
