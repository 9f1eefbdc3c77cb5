"""`Store`: one fetched repository in the cache that all projects of this user share.

What was fetched is what `state.json` says, and that file is replaced as a whole after a fetch has ended: a fetch that
is killed leaves the old state. Fetches hold a lock between processes, and so does the git that they start; readers
need none, since objects are never removed, unless their owner starts anew with ids of another kind.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern
from promptkit.private_files import keep_file
from promptkit.repos.git.cache_lock import cache_lock
from promptkit.repos.git.command import FSCK, git, make_directory, transfer
from promptkit.repos.git.local import GitDirectory, View
from promptkit.repos.git.objects import Objects, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from promptkit.repos.git.objects import Found
    from promptkit.repos.git.urls import RepoUrl

__all__ = ["FETCHES", "State", "Store", "changed_tags"]

FETCHES = ("full", "shallow", "partial")
"""All of the history; the newest commit of each branch and tag; all commits, and files when they are needed."""

_FORMAT = 1
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_HEAD = "refs/promptkit/head"
_REMOTE = "promptkit"
_FLAGS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_OF_MODE = {"full": (), "shallow": ("--depth=1",), "partial": ("--filter=blob:none",)}
_KINDS = ("sha1", "sha256")
_DAMAGE = LatePattern(
    r"corrupt|bad (object|config)|unable to (read|unpack|parse)|inflate|cannot read|is damaged|not a git rep"
)
"""What git, or we, say of a copy in the cache that is not what was fetched once."""
_OTHER_KIND = LatePattern(r"client sha\d+; server (sha1|sha256)")


@dataclass(frozen=True, slots=True)
class State:
    """What the last fetch found: `head` is the tip of the default branch, `refs` branches and tags, as commits."""

    head: str
    refs: Mapping[str, str] = field(default_factory=dict)
    fetched: float = 0.0

    def branch(self, name: str) -> str:
        """Where a branch stands, of the repository or, by `origin/main`, of another one; empty where there is none."""
        return self.refs.get(f"refs/heads/{name}", "") or self.refs.get(f"refs/remotes/{name}", "")


class Store:
    """The cached copy of one URL. Nothing is fetched but by `update`, `want` and `fill`."""

    def __init__(self, url: RepoUrl, cache_dir: Path, mode: str = "full") -> None:
        self.url = url
        self.mode = mode
        slug = re.sub("[^A-Za-z0-9]+", "-", url.key)[-40:].strip("-")
        key = sha256(f"{url.key}\n{mode}".encode()).hexdigest()[:16]
        self.path = cache_dir / "repos" / f"{slug}-{key}"
        self.kind = self._kept()[1]
        self.git_dir = self._place(self.kind)
        self._known: frozenset[str] | None = None
        self._objects = Objects(self.git_dir, promised=mode == "partial")

    def _use(self, kind: str) -> None:
        """Take the copy whose objects have this kind of ids: one that is fetched anew with others has its own place."""
        self.kind = kind
        self.git_dir = self._place(kind)
        self._known = None
        self._objects.close()
        self._objects = Objects(self.git_dir, promised=self.mode == "partial")

    def _place(self, kind: str) -> Path:
        return self.path / ("git" if kind == _KINDS[0] else f"git-{kind}")

    def state(self) -> State | None:
        """What the last fetch found; None before the first."""
        return self._kept()[0]

    def _kept(self) -> tuple[State | None, str]:
        """The state that is kept, and the kind of its ids."""
        nothing = None, _KINDS[0]  # which is told as a repo that was not fetched, and mended by a fetch
        try:
            data = json.loads((self.path / "state.json").read_bytes())
            kind = data.get("ids", _KINDS[0])
            if data["version"] != _FORMAT or not isinstance(data["refs"], dict) or kind not in _KINDS:
                return nothing
            return State(str(data["head"]), data["refs"], float(data["fetched"])), kind
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return nothing

    def get(self, name: str, most: int) -> Found | None:
        """An object; None where it is not in the cache."""
        if not self.git_dir.exists() or (self.mode == "partial" and name.isalnum() and name not in self._present()):
            return None
        return self._objects.get(name, most)

    def _present(self) -> frozenset[str]:
        """The ids of all objects of a partial copy: git searches long for one that it has not."""
        if self._known is None:
            listed = git(self.git_dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
            self._known = frozenset(listed.decode("ascii").split())
        return self._known

    def close(self) -> None:
        """End what reads the objects."""
        self._objects.close()

    def update(
        self,
        waiting: Callable[[], None] = lambda: None,
        needed: Callable[[State], Iterable[Iterable[str]]] = lambda _: (),
        *,
        anew: bool = False,
        mending: Callable[[], None] = lambda: None,
    ) -> tuple[State | None, State]:
        """Fetch all branches and tags; the state before and the one now; `waiting` hears that another one fetches.

        `needed` are the ids of files that a copy must have of a state, some of which may be needed to know others. With
        `anew`, all is fetched into a new copy; so it is where the old one is damaged, which `mending` hears. Raises
        `RepoError`; then the old state stays.
        """
        with self._locked(waiting) as keep_open, self._address() as address:
            try:
                done = self._updated(address, keep_open, needed, anew=anew)
            except RepoError as error:
                if anew or not _DAMAGE.search(" ".join((error.message, *error.details))):
                    raise
                done = None
            if done is None:
                mending()
                done = self._updated(address, keep_open, needed, anew=True)
        if done is None:
            raise RepoError("what was fetched lacks objects", where=self.url.text, help=FSCK)
        for kind in _KINDS:
            if kind != self.kind:  # what was fetched before its owner changed the kind of ids
                shutil.rmtree(self._place(kind), ignore_errors=True)
        return done

    def _updated(
        self, address: str, keep_open: int, needed: Callable[[State], Iterable[Iterable[str]]], *, anew: bool
    ) -> tuple[State | None, State] | None:
        """The states before and after a fetch; None where the copy then lacks something that it should have."""
        known = self.kind
        try:
            with self._set_aside(wanted=anew):
                self._fetch_all(address, keep_open, (f"+HEAD:{_HEAD}", *_REFS))
                state = self._found()
                for ids in needed(state) if self.mode == "partial" else ():
                    self._fill(ids, address, keep_open)
                before = self.state()
                if not self._is_whole(state, needed(state)):
                    return None
                self._keep(state)
        except BaseException:
            if self.kind != known:
                self._use(known)
            raise
        return before, state

    def _is_whole(self, state: State, needed: Iterable[Iterable[str]]) -> bool:
        """Whether all files are here that there should be, and what leads to them; of each state, its topmost tree."""
        try:
            wanted = {each for ids in needed for each in ids}
        except RepoError as error:
            return error.code == "PK615"  # more than may be looked at
        names = git(self.git_dir, "for-each-ref", "--format=%(refname)^{}").decode("utf-8", "replace").splitlines()
        trees = {f"{commit}^{{tree}}" for commit in state.refs.values()}
        given = "".join(f"{each}\n" for each in sorted({*wanted, *names, *trees})).encode()
        listed = git(self.git_dir, "cat-file", "--batch-check=%(objecttype)", given=given)
        return not any(line.endswith(b" missing") for line in listed.splitlines())

    @contextlib.contextmanager
    def _set_aside(self, *, wanted: bool) -> Iterator[None]:
        """An empty copy in the place of the one that is there, which comes back where the block fails."""
        if not wanted:
            yield
            return
        place, aside = self.git_dir, self.path / "aside"
        shutil.rmtree(aside, ignore_errors=True)
        self._objects.close()
        place.rename(aside)
        try:
            make_directory(place, self.kind)
            yield
        except BaseException:
            self._objects.close()
            shutil.rmtree(place, ignore_errors=True)
            aside.rename(place)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def want(self, commit: str) -> None:
        """Fetch one commit that no branch or tag led to. Raises `RepoError`."""
        with self._locked() as keep_open, self._address() as address:
            depth = ("--depth=1",) if self.mode == "shallow" else _OF_MODE[self.mode]
            self._fetch(address, (*_FLAGS, *depth, _REMOTE, commit), keep_open)

    def fill(self, ids: Iterable[str]) -> None:
        """Fetch those files of a partial copy that it has not, by id, all at once. Raises `RepoError`."""
        wanted = set(ids)
        if wanted - self._present():
            with self._locked() as keep_open, self._address() as address:
                self._fill(wanted, address, keep_open)

    def _fill(self, ids: Iterable[str], address: str, keep_open: int) -> None:
        if missing := sorted(set(ids) - self._present()):
            arguments = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", *_FLAGS, "--filter=blob:none", "--stdin")
            given = "".join(f"{each}\n" for each in missing).encode()
            self._transfer(address, (*arguments, _REMOTE), keep_open, given)

    def _fetch_all(self, address: str, keep_open: int, refs: tuple[str, ...]) -> None:
        """Fetch references; again without what the other side has not, and with its kind of ids."""
        flags = (*_FLAGS, "--prune", "--force", "--update-shallow", *_OF_MODE[self.mode])
        try:
            self._fetch(address, (*flags, _REMOTE, *refs), keep_open)
        except RepoError as error:
            said = " ".join(error.details)
            if "remote ref HEAD" in said and refs != _REFS:  # there is no commit on the default branch
                self._fetch_all(address, keep_open, _REFS)
            elif (other := _OTHER_KIND.search(said)) is not None and other[1] != self.kind:
                self._use(other[1])
                make_directory(self.git_dir, self.kind)
                self._fetch_all(address, keep_open, refs)
            else:
                raise

    def _fetch(self, address: str, arguments: tuple[str, ...], keep_open: int) -> None:
        self._transfer(address, ("fetch", *arguments), keep_open)

    def _transfer(self, address: str, arguments: tuple[str, ...], keep_open: int, given: bytes = b"") -> None:
        named = ("-c", f"remote.{_REMOTE}.url={address}")
        self._known = None
        transfer(self.git_dir, *named, *arguments, given=given, where=self.url.text, keep_open=(keep_open,))

    @contextlib.contextmanager
    def _locked(self, waiting: Callable[[], None] = lambda: None) -> Iterator[int]:
        with cache_lock(self.path / "lock", waiting) as descriptor:
            make_directory(self.git_dir, self.kind)
            self._mend()
            yield descriptor

    def _mend(self) -> None:
        """Remove what a killed git left behind: the lock is ours, so that nobody works on it any more."""
        for left in (*self.git_dir.glob("*.lock"), *self.git_dir.glob("refs/**/*.lock")):
            left.unlink(missing_ok=True)
        for left in self.git_dir.glob("objects/pack/tmp_*"):
            left.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _address(self) -> Iterator[str]:
        """What is fetched from: a repository of this machine is shown to git without its configuration."""
        if not self.url.local:
            yield self.url.text
            return
        from pathlib import Path

        folder = Path(self.url.text)
        if not folder.is_dir():
            cure = "what was fetched before can still be used" if self.state() else ""
            error = RepoError("there is no such folder", code="PK605", where=self.url.text, help=cure)
            error.is_unreachable = True
            raise error
        view = View(GitDirectory.at(folder))
        try:
            if not view.refs and not view.head:
                message, cure = "the repository has no commits yet", "commit a prompt first"
                raise RepoError(message, where=self.url.text, help=cure)
            yield str(view.serve())
        finally:
            view.close()

    def _found(self) -> State:
        """The state that the references tell, each followed to its commit; those that lead to none are left out."""
        names = git(self.git_dir, "for-each-ref", "--format=%(refname)").decode("utf-8", "replace").splitlines()
        reach = Reach(self.git_dir, self.get)
        commits = {name: commit for name in names if (commit := reach.commit(name))}
        if not commits:
            raise RepoError("the repository has no commits", where=self.url.text)
        head = commits.pop(_HEAD, "")
        return State(head, commits, time.time())

    def _keep(self, state: State) -> None:
        data = {"version": _FORMAT, "url": self.url.text, "ids": self.kind, "head": state.head}
        keep_file(
            self.path / "state.json",
            json.dumps({**data, "fetched": state.fetched, "refs": dict(state.refs)}),
            "the state of a repo",
        )


def changed_tags(before: State | None, now: State) -> tuple[list[str], list[str], list[str]]:
    """The tags that stand at another commit than before, those that are gone, and those that are new.

    What was pinned by one that was moved or deleted is not what is there now.
    """
    old, new = (_tags(state) for state in (before, now))
    moved = [tag for tag in new if old.get(tag, new[tag]) != new[tag]]
    return moved, sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())


def _tags(state: State | None) -> dict[str, str]:
    refs = state.refs if state is not None else {}
    return {ref.removeprefix("refs/tags/"): commit for ref, commit in refs.items() if ref.startswith("refs/tags/")}
