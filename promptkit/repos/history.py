"""`History`: when the files of a repository were last changed."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.repos.git import command as git
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from promptkit.repos.git_repo import GitRepo

__all__ = ["LAST_TIME", "History"]

LAST_TIME = 253_402_300_799
"""The end of the year 9999, behind which no calendar goes."""

_COMMIT = LatePattern("\x01([0-9a-f]{40,64}) ([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class History:
    """The commits up to one of them, and the ids of the files that it has; nothing where there is no repository.

    Only the main line is followed, from each commit to its first parent: what another branch brought was changed when
    it was merged. So what was read up to one of its commits can be kept.
    """

    repo: GitRepo | None = None
    commit: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, repo: GitRepo, commit: str) -> History:
        """The history of a commit; an empty one before the first. Raises `RepoError`."""
        if not commit:
            return cls()
        return cls(repo, commit, {file: entry.id for file, entry in repo.snapshot(commit).files()})

    def dates(self, since: str, known: Mapping[str, int]) -> Mapping[str, int]:
        """When each prompt's file was last changed (Unix seconds), as far as the history is here.

        `known` are the times up to the commit `since`, behind which nothing is read.
        """
        if self.repo is None:
            return {}
        files = set(filter(is_prompt, self.ids))
        known = {file: time for file, time in known.items() if file in files}
        found: dict[str, int] = {}
        prefix = f"{self.repo.folder}/" if self.repo.folder else ""
        cut = _lines(self.repo.reach.git_dir / "shallow")
        time, is_whole = 0, True
        for field_ in _log(self.repo, self.commit):
            if header := _COMMIT.fullmatch(field_):
                if header[1] == since and files == known.keys() | found.keys():  # else more of the past came since
                    return known | found
                time, is_whole = min(int(header[2]), LAST_TIME), header[1] not in cut
            elif is_whole and field_.startswith(prefix) and field_.removeprefix(prefix) in files:
                found.setdefault(field_.removeprefix(prefix), time)
                if len(found) == len(files):
                    break
        return found


def _lines(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def _log(repo: GitRepo, commit: str) -> Iterator[str]:
    """The commits of the main line, each with the files in which it differs from the one before."""
    shown = ("log", "-z", "--format=%x01%H %ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv")
    line = ("--first-parent", "--diff-merges=first-parent", "--no-show-signature")
    process = git.started(repo.reach.git_dir, *shown, *line, commit, "--")
    assert process.stdout is not None
    rest = b""
    try:
        while piece := process.stdout.read(1 << 16):
            *whole, rest = (rest + piece).replace(b"\n", b"\0").split(b"\0")
            yield from (each.decode("utf-8", "replace") for each in whole if each)
    finally:
        process.kill()
        with suppress(subprocess.SubprocessError):
            process.communicate()
