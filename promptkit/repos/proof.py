"""What proves that a locked state is one to which its name has led: tags stand still, branches have a history.

A lock is a file that anybody can edit, and its SHA-256s prove only that a state is the one that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.repos.git import git, git_fails
from promptkit.repos.references import is_commit
from promptkit.repos.versions import Range

if TYPE_CHECKING:
    from promptkit.repos.git_repo import GitRepo
    from promptkit.repos.references import Pin

__all__ = ["moved"]

_TAG = "refs/tags/"


def moved(repo: GitRepo, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
    """See `Repo.moved`. Raises `RepoError` where git cannot tell."""
    refs = repo.state.refs
    if pin.version:
        return _version_moved(repo, path, pin)
    if (tag := refs.get(f"{_TAG}{wanted}", "")) and not is_commit(wanted):
        return None if tag == pin.commit else _moved_tag(wanted)
    tip = repo.state.head if wanted == "HEAD" else refs.get(f"refs/heads/{wanted}", "")
    if Range.is_one(wanted) and not tip:
        holds = Range.of(wanted).holds
        tags = [tag for version, tags in repo.tags_of(path).items() if holds(version) for tag in tags]
        here = any(refs[f"{_TAG}{tag}"] == pin.commit for tag in tags)
        return None if here else (f"version {wanted}", "no tag in this range stands at what is locked")
    if is_commit(wanted) or repo.git_dir is None or (repo.git_dir / "shallow").exists():
        return None  # a commit needs no name to lead to it; a history that was cut proves nothing
    if tip:
        lost = git_fails(repo.git_dir, "merge-base", "--is-ancestor", pin.commit, tip)
        return (f"branch {wanted}", "what is locked is not in its history") if lost else None
    held = git(repo.git_dir, "for-each-ref", "--count=1", f"--contains={pin.commit}", "--format=%(refname)")
    return None if held.strip() else (f"name {wanted}", "what is locked is in the history of no branch and no tag")


def _version_moved(repo: GitRepo, path: str, pin: Pin) -> tuple[str, str] | None:
    refs = repo.state.refs
    tags = {str(version): tags for version, tags in repo.tags_of(path).items()}.get(pin.version, [])
    if not tags and f"{_TAG}{pin.version}" in refs:
        tags = [pin.version]  # such as 2026.01.15, which is no semantic version
    if not tags:
        return f"version {pin.version}", "no tag of the repo names it any more"
    stands = pin.commit in {refs[f"{_TAG}{tag}"] for tag in tags}
    return None if stands else _moved_tag(tags[0])


def _moved_tag(tag: str) -> tuple[str, str]:
    return f"tag {tag}", "it was moved to another commit after it was locked"
