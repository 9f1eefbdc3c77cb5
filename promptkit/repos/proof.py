"""What proves that a locked state is one to which its name has led: tags stand still, branches have a history.

A lock is a file that anybody can edit, and its SHA-256s prove only that a state is the one that it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.repos.git.command import git, git_says
from promptkit.repos.names import bare_name
from promptkit.repos.references import is_commit
from promptkit.repos.versions import Range

if TYPE_CHECKING:
    from promptkit.repos.git_repo import GitRepo
    from promptkit.repos.references import Pin

__all__ = ["moved"]


def moved(repo: GitRepo, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
    """See `Repo.moved`. Raises `RepoError` where git cannot tell."""
    if pin.version:
        return _version_moved(repo, path, pin)
    if tag := repo.tags.commit(wanted):
        fits = tag == pin.commit or (is_commit(wanted) and pin.commit.startswith(wanted))
        return None if fits else _moved_tag(wanted)
    base = re.split("[~^]", wanted)[0]
    tip = repo.state.head if base == "HEAD" else repo.state.branch(base) or repo.tags.commit(base)
    if is_commit(wanted) and not tip:
        fits = pin.commit.startswith(wanted)
        return None if fits else (f"commit {wanted}", "what is locked is another one")
    if not tip:
        return _unnamed(repo, path, wanted, pin)
    if repo.reach.is_cut:
        return None
    held = git_says(repo.reach.git_dir, "merge-base", "--is-ancestor", pin.commit, tip)
    return None if held else (f"branch {wanted}", "what is locked is not in its history")


def _unnamed(repo: GitRepo, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
    """Why what is no tag and no branch cannot have led to a commit without a version: a range, or an alias."""
    if Range.is_one(wanted):
        holds = Range.of(wanted).holds
        tags = [tag for version, tags in repo.tags.versions(path).items() if holds(version) for tag in tags]
        here = pin.commit in map(repo.tags.commit, tags)
        return None if here else (f"version {wanted}", "no tag in this range stands at what is locked")
    if wanted not in repo.facts.aliases.get(bare_name(path), {}):
        return f"name {wanted}", "no tag, branch or alias is called so any more"
    if repo.reach.is_cut:
        return None
    names = git(repo.reach.git_dir, "for-each-ref", "--count=1", f"--contains={pin.commit}", "--format=%(refname)")
    return None if names.strip() else (f"name {wanted}", "what is locked is in the history of no branch and no tag")


def _version_moved(repo: GitRepo, path: str, pin: Pin) -> tuple[str, str] | None:
    named = (tag for tags in repo.tags.versions(path).values() for tag in tags)
    tags = [tag for tag in named if repo.tags.version(tag, path) == pin.version]
    if not tags and repo.tags.commit(pin.version):
        tags = [pin.version]  # such as 2026.01.15, which is no semantic version
    if not tags:
        return f"version {pin.version}", "no tag of the repo names it any more"
    stands = pin.commit in map(repo.tags.commit, tags)
    return None if stands else _moved_tag(tags[0])


def _moved_tag(tag: str) -> tuple[str, str]:
    return f"tag {tag}", "it was moved to another commit after it was locked"
