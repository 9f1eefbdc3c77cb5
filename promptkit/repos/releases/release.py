"""A release: which versions have no tag yet, whether each may have one, and its entry in the changelog."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import RepoError, SourceError
from promptkit.late_pattern import LatePattern
from promptkit.repos.diff.text import changelog_lines
from promptkit.repos.git.publishing import Publisher
from promptkit.repos.references import OTHER_NAME, is_path
from promptkit.repos.releases.judging import judged
from promptkit.repos.releases.merging import refuse_unlocked
from promptkit.repos.releases.released import maybe_changed, released_as, renamed_from
from promptkit.repos.releases.states import at_rev, loaded, worktree
from promptkit.repos.releases.touched import touched
from promptkit.repos.versions import read_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from promptkit.repos.diff.diff import Diff
    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace

__all__ = ["Release", "planned", "publish", "uncommitted"]

CHANGELOG = "CHANGELOG.md"
_HEAD = b"# Changelog\n"
_FENCE = LatePattern(r" {0,3}(`{3,}|~{3,})(.*)")


@dataclass(frozen=True, slots=True)
class Release:
    """One version of one prompt that is about to be tagged; without a `diff` it is the first.

    `was` is the name and the version under which the first one was released before, if it was.
    """

    name: str
    version: str
    tag: str
    diff: Diff | None
    file: str = ""
    was: str = ""

    @property
    def title(self) -> str:
        """The heading of its entry, without the day."""
        return f"## {self.name} {self.version}"

    @property
    def entry(self) -> str:
        """Its entry in the changelog."""
        first = f"- First release under this name; before it was {self.was}." if self.was else "- First release."
        lines = (changelog_lines(self.diff) or ["- As before."]) if self.diff is not None else [first]
        return "\n".join([f"{self.title} ({datetime.now(UTC).date()})", "", *lines])


def planned(workspace: Workspace, names: Sequence[str] = ()) -> list[Release]:
    """What would be released: the named prompts, or all whose version has no tag. Raises `RepoError` or `SpecError`.

    What is released must be committed, and its version must announce what changed since the last release.
    """
    head, now = at_rev(workspace, "HEAD"), worktree(workspace)
    for name in names:
        if name not in head.prompts and name not in head.prompts.values():
            hint = did_you_mean(name, head.prompts) or "only what is committed can be released"
            raise RepoError(f"there is no prompt `{name}` in the last commit", code="PK605", help=hint)
    found = []
    by_file = {file: name for name, file in head.prompts.items()}
    for name in dict.fromkeys(by_file.get(name, name) for name in names) or maybe_changed(workspace, head):
        release = _planned(workspace, name, head, now, asked=bool(names))
        found += [release] if release is not None else []
    return found


def _planned(workspace: Workspace, name: str, head: RepoState, now: RepoState, *, asked: bool) -> Release | None:
    repo = workspace.own()
    prompt = head.prompt(name)
    version = prompt.spec.version or ""
    if read_version(version) is None:
        if asked:
            raise RepoError(f"`{name}` has no version", help=f"promptkit bump {head.prompts[name]} 1.0.0")
        return None
    if released_as(workspace, name, version) is not None:
        later = now.prompt(name).spec.version if name in now.prompts else version
        if later != version:
            message = f"`{name}` {version} is released already, and {later or 'its new state'} is not committed"
            raise RepoError(message, code="PK603", help="what is released is what is committed: git commit first")
        judged(workspace, head, name)  # which refuses another text
        if asked:
            cure = f"promptkit bump {head.prompts[name]}"
            raise RepoError(f"`{name}` {version} is released already", code="PK603", help=cure)
        return None
    if name not in now.prompts or now.prompt(name).digest != prompt.digest:
        message = f"`{name}` is not committed as it lies in the working tree"
        raise RepoError(message, help="what is released is what is committed: git commit first")
    head.name_of(head.prompts[name])  # which refuses a name that two files have
    if not is_path(name):
        raise RepoError(f"no reference can name `{name}`", code="PK602", help=f"{OTHER_NAME}; or name the others")
    if workspace.declared.repos:
        refuse_unlocked(workspace, head.prompts[name])
    found = judged(workspace, head, name)
    if not asked and found is not None and found.level is None and found.before == version:
        return None  # as it was in the release of the whole repo
    was = ""
    if found is None:
        _refuse_lost_tags(head, name, version)
        was = renamed_from(workspace, head, name)
    return Release(name, version, repo.tags.name(name, version), found, head.prompts[name], was)


def _refuse_lost_tags(head: RepoState, name: str, version: str) -> None:
    """Raises `RepoError` where the changelog has earlier versions of a prompt of which no tag is here."""
    try:
        text = head.source.read(CHANGELOG).decode("utf-8", "replace")
    except SourceError:
        return
    told = re.search(rf"^## {re.escape(name)} (?!{re.escape(version)} \()(\S+) \(", text, re.MULTILINE)
    if told is not None:
        message = f"{CHANGELOG} tells of `{name}` {told[1]}, and no tag of it is here"
        raise RepoError(message, help="git fetch --tags; a clone for a release needs them")


def uncommitted(workspace: Workspace) -> list[str]:
    """The prompts that are others in the working tree than in the last commit, which alone is released."""
    head, now = at_rev(workspace, "HEAD"), worktree(workspace)
    both = sorted(head.prompts.keys() & touched(head, now))
    states = {name: [loaded(state, name) for state in (head, now)] for name in both}
    return [name for name, (old, new) in states.items() if old is None or new is None or old.digest != new.digest]


def publish(root: Path, plan: Sequence[Release], head: str) -> None:
    """Write the changelog, commit it and tag each version: all of it, or nothing. Raises `RepoError`.

    `head` is the commit that was looked at: what came after it was not.
    What a release that was broken off left in the changelog is not written twice.
    """
    path = root / CHANGELOG
    with Publisher(root) as publisher:
        if publisher.view.head != head:
            raise RepoError("somebody has committed in the meantime", where=str(root), help="try again")
        try:
            text = (publisher.committed(path) or _HEAD).decode("utf-8")
        except UnicodeDecodeError as error:
            raise RepoError(f"the changelog is no UTF-8: {error.reason}", where=str(path)) from None
        made = with_entries(text, plan)
        titles = ", ".join(f"{each.name} {each.version}" for each in plan)
        tags = {each.tag: f"{each.name} {each.version}" for each in plan}
        publisher.publish({path: made.encode("utf-8")}, f"Release {titles}\n", tags)


def with_entries(text: str, plan: Iterable[Release]) -> str:
    """A changelog with new entries above the old ones, below its own introduction; all that is there stays as it is."""
    entries = [each.entry for each in plan if f"\n{each.title} (" not in f"\n{text}"]
    if not entries:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    at = _first_entry(text)
    head, rest = text[:at], text[at:]
    new = end.join("\n\n".join(entries).split("\n"))
    return f"{head.rstrip()}{end}{end}{new}{end}{f'{end}{rest}' if rest else ''}"


def _first_entry(text: str) -> int:
    """Where the first heading of an entry stands, which is not within a block of code or a comment; else the end."""
    at, fence, comment = 0, "", False
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if fence:
            ends = found is not None and found[1].startswith(fence) and not found[2].strip()
            fence = "" if ends else fence
        elif not comment and found is not None:
            fence = found[1]
        elif not comment and line.startswith("## "):
            return at
        comment = not fence and (comment or "<!--" in line) and "-->" not in line.rpartition("<!--")[2]
        at += len(line)
    return at
