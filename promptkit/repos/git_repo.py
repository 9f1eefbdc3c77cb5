"""`GitRepo`: a git repository as a repo: versions, aliases, commits, and the files of each."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import RepoError, SourceError
from promptkit.repos import proof, yanked
from promptkit.repos.declared import Declarations
from promptkit.repos.git.snapshot import Snapshot
from promptkit.repos.lock import LOCK_FILE, MOST_BYTES, Lock
from promptkit.repos.mounts import Mount
from promptkit.repos.names import by_name, files_named, one_file
from promptkit.repos.pinning import pinned
from promptkit.repos.references import allows, is_whole_commit
from promptkit.repos.repo import Repo
from promptkit.repos.tags import Tags
from promptkit.repos.versions import read_version
from promptkit.settings import PROJECT_FILE
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semver import Version

    from promptkit.repos.git.objects import Reach
    from promptkit.repos.git.store import State
    from promptkit.repos.references import Pin

__all__ = ["GitRepo"]


class GitRepo(Repo):
    """The states of a repository, wherever its objects are."""

    def __init__(
        self,
        name: str,
        state: State,
        reach: Reach,
        *,
        rev: str = "",
        folder: str = "",
        root: Path | None = None,
    ) -> None:
        super().__init__(name)
        self.state = state
        self.rev = rev
        self.folder = folder
        self.tags = Tags(state.refs, folder)
        self.reach = reach
        self._root = root
        self._snapshots: dict[str, Snapshot] = {}
        self._facts: Declarations | None = None

    @property
    def is_fetching(self) -> bool:
        """Whether what is missing is fetched."""
        return self.reach.want is not None

    # Its states

    def pin(self, path: str, wanted: str = "") -> Pin:
        """See `Repo.pin`; without a wish and a `rev`, the newest commit."""
        return pinned(self, path, wanted or self.rev or "HEAD")

    def why_yanked(self, path: str, version: Version | str, facts: Declarations | None = None) -> str:
        """See `Repo.why_yanked`: as it says now, or as `facts` say, where they are given."""
        return yanked.why_version(self.facts if facts is None else facts, self.tags, path, str(version))

    def why_tag_yanked(self, path: str, tag: str) -> str:
        """Why what a tag names was yanked; empty where it was not."""
        return yanked.why_tag(self.facts, self.tags, path, tag)

    def versions(self, path: str) -> list[Version]:
        """See `Repo.versions`."""
        return list(self._versions(path, with_yanked=False))

    def released(self, path: str) -> Iterator[Version]:
        """The versions in which a prompt was ever released, the newest first."""
        return self._versions(path, with_yanked=True)

    def _versions(self, path: str, *, with_yanked: bool) -> Iterator[Version]:
        tags = self.tags.versions(path)
        for version in sorted(tags, reverse=True):
            kept = (tag for tag in tags[version] if self.has(path, tag))
            tag = next((each for each in kept if with_yanked or not self.why_tag_yanked(path, each)), None)
            found = read_version(self.tags.version(tag, path)) if tag is not None else None
            if found is not None:
                yield found

    def newest_tag(self) -> str:
        """The newest tag that names a version of the whole repo, and was not yanked; empty where there is none."""
        for version in self.versions(""):
            if not version.prerelease:
                return next(tag for tag in self.tags.versions("")[version] if not self.why_tag_yanked("", tag))
        return ""

    def yanked_at(self, path: str, commit: str) -> str:
        """See `Repo.yanked_at`; what also has a version that was not yanked is none."""
        return yanked.at(self.facts, self.tags, path, commit)

    def is_gone(self, path: str) -> bool:
        """See `Repo.is_gone`."""
        newest = self.state.branch(self.rev) or self.state.head
        return bool(newest) and not files_named(path, self._is_file(newest))

    def unfit(self, path: str, wanted: str, pin: Pin) -> str:  # noqa: ARG002 (`Repo`'s)
        """See `Repo.unfit`: an alias and a branch lead anywhere."""
        said = f"`{wanted}`" if wanted else f"rev `{self.rev}`"
        fits = allows(wanted or self.rev, pin.commit, pin.version) is not False
        return "" if fits else f"{said} is wanted, and {pin.shown} is locked"

    def moved(self, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
        """See `Repo.moved`."""
        return proof.moved(self, path, wanted or self.rev or "HEAD", pin)

    def commit(self, wanted: str) -> str:
        """The commit whose id begins so; never what has that name."""
        found = self.reach.commit(wanted)
        if not found and self.reach.want is not None and is_whole_commit(wanted):
            self.reach.want(wanted)
            found = self.reach.commit(wanted)
        return found if found.startswith(wanted) else ""

    @property
    def facts(self) -> Declarations:
        """See `Repo.facts`: at the tip of the default branch."""
        if self._facts is None:
            self._facts = self._declared(self.state.head) if self.state.head else Declarations()
        return self._facts

    def facts_at(self, commit: str) -> Declarations:
        """What the repo's own file says in one of its states, and what the lock beside it pins of other repos.

        Raises `RepoError` or `LockError` for files that cannot be used.
        """
        found = self._declared(commit)
        return replace(found, pins=self.lock_at(commit).own_pins()) if found.repos else found

    def lock_at(self, commit: str) -> Lock:
        """The lock in one of the repo's states, which has no blocks where there is none. Raises `LockError`."""
        files, path = self.snapshot(commit), Path(f"{self._label(commit[:12])}:{LOCK_FILE}")
        if files.entry(LOCK_FILE) is None:
            return Lock(path, anew=True)
        return Lock(path, files.read(LOCK_FILE, MOST_BYTES))

    def _declared(self, commit: str) -> Declarations:
        files = self.snapshot(commit)
        where = f"{self._label(commit[:12])}:{PROJECT_FILE}"
        if files.entry(PROJECT_FILE) is None:
            return Declarations(where)
        try:
            text = files.read(PROJECT_FILE).decode("utf-8-sig")
            found = Declarations.of(tomllib.loads(text.replace("\r\n", "\n")), where, self._root, committed=True)
            found = replace(found, is_own=self._root is not None)
        except SourceError as error:
            raise RepoError(error.message, code=error.code, where=where, help=error.help) from None
        except (ValueError, RecursionError) as error:
            cure = "its owner must mend it; until then, a prompt can be had by the id of a commit"
            raise RepoError(f"the file is not TOML: {error}", where=where, help=cure) from None
        return found

    # Its files

    def _label(self, state: str) -> str:
        """What one of its states is called before a path, as git writes it for the repository at hand."""
        return f"{self.name}@{state}" if self.name else state

    def snapshot(self, commit: str, label: str = "") -> Snapshot:
        """The files of a commit."""
        key = f"{commit} {label}"
        if key not in self._snapshots:
            label = label or self._label(commit[:12])
            self._snapshots[key] = Snapshot(self.reach.get, commit, self.folder, label, self.reach.fill, self.name)
        return self._snapshots[key]

    def needed(self) -> Iterator[list[str]]:
        """The ids of the files of the newest commit, and then of the one that `rev` means, which the first may tell.

        A rev that leads nowhere is told by whoever uses it.
        """
        if self.state.head:
            yield self.file_ids(self.state.head)
        with suppress(RepoError):
            yield self.file_ids(self.pin("").commit)

    def file_ids(self, commit: str) -> list[str]:
        """The ids of the files of a commit. Raises `RepoError`."""
        return [entry.id for _, entry in self.snapshot(commit).files()]

    def at(self, pin: Pin) -> Mount:
        """See `Repo.at`."""
        return self._at(pin, self.facts_at(pin.commit))

    def at_unpinned(self, pin: Pin) -> Mount:
        """The same without what its lock pins of other repos. Raises `RepoError`."""
        return self._at(pin, self._declared(pin.commit))

    def _at(self, pin: Pin, facts: Declarations) -> Mount:
        commit = pin.commit
        files = self.snapshot(commit, self._label(pin.shown))
        return Mount(files, facts, pin, lambda path: self._find(path, commit), lambda: self._prompts(commit))

    def _find(self, path: str, commit: str) -> str:
        """The file that a reference's path stands for in a commit; empty where there is none.

        The empty path is the repo itself: its file is the project's, whether there is one or not. Raises `RepoError`
        where two files have the name.
        """
        return one_file(path, self._is_file(commit)) if path else PROJECT_FILE

    def has(self, path: str, tag: str) -> bool:
        """Whether a prompt is in the state of a tag; the repo itself (no path) is in all."""
        return not path or bool(files_named(path, self._is_file(self.tags.commit(tag))))

    def _is_file(self, commit: str) -> Callable[[str], bool]:
        files = self.snapshot(commit)
        return lambda name: (entry := files.entry(name)) is not None and entry.is_file

    def is_same(self, one: str, other: str) -> bool:
        """Whether two commits have the same files: a prompt may be made of any of them."""
        return one == other or self.snapshot(one).tree("") == self.snapshot(other).tree("")

    def _prompts(self, commit: str) -> dict[str, str]:
        return by_name(path for path, _ in self.snapshot(commit).files() if is_prompt(path))
