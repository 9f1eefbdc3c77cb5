"""`GitRepo`: a git repository as a repo: versions, aliases, commits, and the files of each."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import RepoError, SourceError
from promptkit.repos import nearest, proof, yanked
from promptkit.repos.declared import Declarations
from promptkit.repos.git.snapshot import Snapshot
from promptkit.repos.lock import LOCK_FILE, Lock
from promptkit.repos.mounts import Mount
from promptkit.repos.names import bare_name, by_name, files_named, one_file
from promptkit.repos.references import Pin, allows, is_alias, is_commit, is_whole_commit
from promptkit.repos.repo import Repo
from promptkit.repos.tags import Tags
from promptkit.repos.versions import Range, read_version
from promptkit.settings import PROJECT_FILE
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semver import Version

    from promptkit.repos.git.objects import Reach
    from promptkit.repos.git.store import State

__all__ = ["GitRepo"]

_WALKED = re.compile(r"([0-9A-Za-z][0-9A-Za-z_./-]*)((?:[~^][0-9]{0,4})+)")


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
        """See `Repo.pin`; without a wish and a `rev`, the newest commit.

        A whole commit id is that commit and nothing else; then come versions and ranges, then what has a name: tags,
        aliases, the beginning of a commit's id, branches.
        """
        wanted = wanted or self.rev or "HEAD"
        if (walked := _WALKED.fullmatch(wanted)) is not None:
            return self._walked(path, *walked.groups())
        if wanted == "HEAD":
            return Pin(self._head(), branch="HEAD")
        if is_whole_commit(wanted):
            found = self._commit(wanted)
        elif Range.is_one(wanted):
            return self._versioned(path, wanted)
        else:
            if (pin := self._named(path, wanted)) is not None:
                return pin
            found = self._commit(wanted) if is_commit(wanted) else ""
        if not found:
            raise nearest.unknown(self, path, wanted)
        return Pin(found)

    def _named(self, path: str, wanted: str) -> Pin | None:
        """The state that a tag, an alias or a branch names; None where nothing has the name."""
        refs = self.state.refs
        tag = self.tags.commit(wanted)
        branch = refs.get(f"refs/heads/{wanted}", "") or refs.get(f"refs/remotes/{wanted}", "")
        if is_commit(wanted) and (tag or branch):
            found = self._commit(wanted)
            if found != (tag or branch) and (found or not wanted.isdecimal()):
                message = f"`{wanted}` of {self.whole} is a {'tag' if tag else 'branch'}, and may be a commit"
                raise RepoError(message, code="PK606", help="write the whole id of the commit, or rename the other")
        alias = self.facts.aliases.get(bare_name(path), {}).get(wanted) if path and is_alias(wanted) else None
        if tag and alias is not None:
            message = f"`{wanted}` is an alias and a tag of {self.whole}"
            raise RepoError(message, code="PK606", help="rename one of the two, or name the commit")
        if tag:
            return self._tagged(path, wanted, tag)
        if alias is not None:
            return self._aliased(path, wanted, alias)
        return Pin(branch, branch=wanted) if branch else None

    def _tagged(self, path: str, tag: str, commit: str) -> Pin:
        version = self.tags.version(tag, path)
        parsed = read_version(version)
        if path and parsed is not None and (why := self._why_tag(path, tag)):
            cure = f"not yanked: {nearest.versions(self, path)}"
            raise RepoError(f"`{self.called(path)}@{tag}` was yanked: {why}", code="PK607", help=cure)
        return Pin(commit, version if parsed is not None or version == tag else "", tag)

    def _walked(self, path: str, base: str, steps: str) -> Pin:
        """The state that some steps back from another one lead to, as in `HEAD~2`."""
        found = self.reach.commit(f"{self.pin(path, base).commit}{steps}")
        if not found:
            raise RepoError(f"{self.whole} has no `{base}{steps}`", code="PK605")
        return Pin(found, branch=f"{base}{steps}")

    def _head(self) -> str:
        if not self.state.head:
            cure = "name a tag or a commit" if self.name or self.state.refs else "git commit the prompts first"
            what = "default branch" if self.name or self.state.refs else "commit yet"
            raise RepoError(f"{self.whole} has no {what}", code="PK605", help=cure)
        return self.state.head

    def target(self, path: str, target: str) -> Pin:
        """The state that an alias may lead to: a version, a tag or a commit, never a range, a branch or another alias.

        Raises `RepoError`.
        """
        whole = read_version(target) is not None or is_commit(target)
        if not whole and not self.tags.commit(target):
            message = f"an alias of `{self.called(path)}` cannot lead to `{target}`"
            cure = f"an alias leads to a version, a tag or a commit; {nearest.versions(self, path)}"
            raise RepoError(message, code="PK613", help=cure)
        return self.pin(path, target)

    def _aliased(self, path: str, alias: str, target: str) -> Pin:
        try:
            found = self.target(path, target)
        except RepoError as error:
            if error.code not in ("PK605", "PK613"):
                raise
            why = "no version of it" if error.code == "PK613" else "not there"
            message = f"the alias `{alias}` of `{self.called(path)}` leads to `{target}`, which is {why}"
            cure = error.help if error.code == "PK605" else f"promptkit alias set {alias} {path}@VERSION"
            raise RepoError(message, code="PK613", help=cure) from None
        return Pin(found.commit, found.version, found.tag, alias=alias)

    def _versioned(self, path: str, wanted: str) -> Pin:
        wish = Range.of(wanted)
        tags = self.tags.versions(path)
        from semver import Version

        gone = ""
        for version in sorted(tags, reverse=True):
            named = {tag: Version.parse(self.tags.version(tag, path)) for tag in tags[version]}
            fits = {tag: each for tag, each in named.items() if wish.holds(each)}
            fits = {tag: each for tag, each in fits.items() if self._has(path, self.tags.commit(tag))}
            reasons = {tag: self._why_tag(path, tag) for tag in fits}
            here = {self.tags.commit(tag): tag for tag in fits if not reasons[tag]}
            if not here:
                gone = gone or next((f"{fits[tag]} was yanked: {why}" for tag, why in reasons.items()), "")
                continue
            if len({self.entry_id(path, commit) if path else commit for commit in here}) > 1:
                message = (
                    f"{version} of `{self.called(path)}` is ambiguous: {' and '.join(sorted(here.values()))} differ"
                )
                raise RepoError(message, code="PK606", help="name one of the tags, or the commit")
            own = self.tags.name(path, version)
            commit, tag = min(here.items(), key=lambda pair: (pair[1] != own, pair[1]))
            self._refuse_tag(path, wanted, commit)
            return Pin(commit, self.tags.version(tag, path), tag)
        if gone:
            cure = f"not yanked: {nearest.versions(self, path)}"
            raise RepoError(f"`{self.called(path)}@{wanted}`: {gone}", code="PK607", help=cure)
        if (pin := self._named(path, wanted)) is not None:
            return pin  # a tag such as 2026.01.15, which is no semantic version, or a branch such as 1.x
        raise nearest.unknown(self, path, wanted)

    def _refuse_tag(self, path: str, wanted: str, commit: str) -> None:
        """Refuse a range such as `1.2` that is also the name of a tag, and leads elsewhere than that."""
        tag = self.tags.commit(wanted)
        if tag and read_version(wanted) is None and self.entry_id(path, tag) != self.entry_id(path, commit):
            message = f"`{wanted}` is a range and a tag of {self.whole}, and they lead to different states"
            raise RepoError(message, code="PK606", help=f"write the range as ={wanted}, or name the commit")

    def why_yanked(self, path: str, version: Version | str, facts: Declarations | None = None) -> str:
        """See `Repo.why_yanked`: as it says now, or as `facts` say, where they are given."""
        return yanked.why_version(self.facts if facts is None else facts, self.tags, path, str(version))

    def _why_tag(self, path: str, tag: str) -> str:
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
            kept = (tag for tag in tags[version] if self._has(path, self.tags.commit(tag)))
            tag = next((each for each in kept if with_yanked or not self._why_tag(path, each)), None)
            found = read_version(self.tags.version(tag, path)) if tag is not None else None
            if found is not None:
                yield found

    def newest_tag(self) -> str:
        """The newest tag that names a version of the whole repo, and was not yanked; empty where there is none."""
        for version in self.versions(""):
            if not version.prerelease:
                return next(tag for tag in self.tags.versions("")[version] if not self._why_tag("", tag))
        return ""

    def yanked_at(self, path: str, commit: str) -> str:
        """See `Repo.yanked_at`; what also has a version that was not yanked is none."""
        return yanked.at(self.facts, self.tags, path, commit)

    def unfit(self, path: str, wanted: str, pin: Pin) -> str:  # noqa: ARG002 (`Repo`'s)
        """See `Repo.unfit`: an alias and a branch lead anywhere."""
        said = f"`{wanted}`" if wanted else f"rev `{self.rev}`"
        fits = allows(wanted or self.rev, pin.commit, pin.version) is not False
        return "" if fits else f"{said} is wanted, and {pin.shown} is locked"

    def moved(self, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
        """See `Repo.moved`."""
        return proof.moved(self, path, wanted or self.rev or "HEAD", pin)

    def _commit(self, wanted: str) -> str:
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
        files, found = self.snapshot(commit), self._declared(commit)
        if not found.repos or files.entry(LOCK_FILE) is None:
            return found
        lock = Lock(Path(f"{self.name}@{commit[:12]}:{LOCK_FILE}"), files.read(LOCK_FILE))
        return replace(found, pins=lock.own_pins())

    def _declared(self, commit: str) -> Declarations:
        files = self.snapshot(commit)
        where = f"{self.name}@{commit[:12]}:{PROJECT_FILE}"
        if files.entry(PROJECT_FILE) is None:
            return Declarations(where)
        try:
            text = files.read(PROJECT_FILE).decode("utf-8-sig")
            found = Declarations.of(tomllib.loads(text.replace("\r\n", "\n")), where, self._root)
            found = replace(found, is_own=self._root is not None)
        except SourceError as error:
            raise RepoError(error.message, code=error.code, where=where, help=error.help) from None
        except (ValueError, RecursionError) as error:
            cure = "its owner must mend it; until then, a prompt can be had by the id of a commit"
            raise RepoError(f"the file is not TOML: {error}", where=where, help=cure) from None
        return found

    # Its files

    def snapshot(self, commit: str, label: str = "") -> Snapshot:
        """The files of a commit."""
        key = f"{commit} {label}"
        if key not in self._snapshots:
            label = label or f"{self.name}@{commit[:12]}"
            self._snapshots[key] = Snapshot(self.reach.get, commit, self.folder, label, self.reach.fill)
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
        commit = pin.commit
        files = self.snapshot(commit, f"{self.name}@{pin.shown}")
        return Mount(
            files, self.facts_at(commit), pin, lambda path: self._find(path, commit), lambda: self._prompts(commit)
        )

    def _find(self, path: str, commit: str) -> str:
        """The file that a reference's path stands for in a commit; empty where there is none.

        The empty path is the repo itself: its file is the project's, whether there is one or not. Raises `RepoError`
        where two files have the name.
        """
        return one_file(path, self._is_file(commit)) if path else PROJECT_FILE

    def _has(self, path: str, commit: str) -> bool:
        return not path or bool(files_named(path, self._is_file(commit)))

    def _is_file(self, commit: str) -> Callable[[str], bool]:
        files = self.snapshot(commit)
        return lambda name: (entry := files.entry(name)) is not None and entry.is_file

    def entry_id(self, path: str, commit: str) -> str:
        """The id of the file that a path stands for in a commit."""
        entry = self.snapshot(commit).entry(self._find(path, commit))
        return entry.id if entry is not None else ""

    def _prompts(self, commit: str) -> dict[str, str]:
        return by_name(path for path, _ in self.snapshot(commit).files() if is_prompt(path))
