"""`Snapshot`: the files of one commit as a `Source`. Trees are walked here, so that links and submodules are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import RepoError, SourceError
from promptkit.limits import current_limits, raised_by
from promptkit.source import no_such_file
from promptkit.source_paths import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from promptkit.repos.git.objects import Found

__all__ = ["Entry", "Snapshot"]

_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"
_TREE_BYTES = 64 << 20
_NO_FILES = {_FOLDER: "a folder, not a file", _LINK: "a link", _SUBMODULE: "a submodule"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree: its mode (octal, as git writes it) and the id of its object."""

    mode: str
    id: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree."""
        return self.mode == _FOLDER

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.mode.startswith("100")


class Snapshot:
    """The files under a folder of one commit. Links are not followed, submodules not entered, nothing is filtered.

    `get` gives an object, or None where it is not on this machine; then `fetch`, if there is one, brings it here. All
    files are brought at once, since whoever reads one reads others. `kept` is the name of a repo that was fetched.
    """

    def __init__(
        self,
        get: Callable[[str, int], Found | None],
        commit: str,
        folder: str = "",
        label: str = "",
        fetch: Callable[[Iterable[str]], None] | None = None,
        kept: str = "",
    ) -> None:
        self.commit = commit
        self.folder = join("", folder)
        self.label = label or commit[:12]
        self._get = get
        self._fetch = fetch
        self.kept = kept
        self._trees: dict[str, dict[str, Entry]] = {}

    def read(self, path: str, most: int | None = None) -> bytes:
        """See `Source.read`; `most` is how many bytes it may have, by default the limit of files."""
        inside = join("", path)
        entry = self.entry(inside)
        if entry is None:
            raise no_such_file(f"there is no file `{self.shown(path)}`")
        if not entry.is_file:
            kind = _NO_FILES.get(entry.mode, "no regular file")
            cure = "nothing in a repo is followed to another place" if entry.mode in (_LINK, _SUBMODULE) else ""
            raise SourceError(f"`{self.shown(path)}` is {kind}", help=cure)
        most = current_limits().file_bytes if most is None else most
        try:
            found = self._get(entry.id, most)
            if found is None and self._fetch is not None:
                self.fetch()
                found = self._get(entry.id, most)
        except RepoError as error:
            if error.code != "PK615":
                raise
            message = f"`{self.shown(path)}` is larger than the limit of {most:,} bytes"
            raise SourceError(message, help=raised_by("file_bytes")) from None
        if found is None or found.type != "blob":
            cure = '`promptkit lock` fetches what is in use; a repo with fetch = "full" has all files of all states'
            if self._fetch is None and self.kept:
                cure = f"{cure}; where that is so, its copy is damaged: promptkit repo update --anew {self.kept}"
            raise SourceError(f"`{self.shown(path)}` is not on this machine", help=cure)
        return found.data

    def fetch(self) -> None:
        """Bring what is missing of its files here, where that may be done. Raises `RepoError`."""
        if self._fetch is not None:
            self._fetch(entry.id for _, entry in self.files())

    def shown(self, path: str) -> str:
        """See `Source.shown`: as git writes a path in a revision."""
        return f"{self.label}:{path}"

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        try:
            tree = self.tree(join("", path).rpartition("/")[0])
        except (SourceError, RepoError):
            return ()
        return sorted(name for name, entry in tree.items() if entry.is_file)[:1_000]

    def entry(self, path: str) -> Entry | None:
        """What stands at a path under the folder; None where nothing does. Raises as `tree` does."""
        parent, _, name = path.rpartition("/")
        return self.tree(parent).get(name) if name else None

    def tree(self, path: str) -> dict[str, Entry]:
        """The entries of a folder; none where there is no such folder. Raises `RepoError` for what is not here."""
        here = self._tree(f"{self.commit}^{{tree}}")
        for name in (each for each in f"{self.folder}/{path}".split("/") if each):
            entry = here.get(name)
            if entry is None or not entry.is_folder:
                return {}
            here = self._tree(entry.id)
        return here

    def files(self) -> Iterator[tuple[str, Entry]]:
        """Every file under the folder, by path, in order. Raises `RepoError` for more than a repo may hold."""
        limits = current_limits()
        left = [limits.repo_files]

        def walk(tree: dict[str, Entry], prefix: str, depth: int) -> Iterator[tuple[str, Entry]]:
            if depth > limits.repo_depth:
                raise _too_large("repo_depth", f"has more than {limits.repo_depth:,} folders below each other")
            left[0] -= len(tree)
            if left[0] < 0:
                raise _too_large("repo_files", f"has more than {limits.repo_files:,} files and folders")
            for name, entry in sorted(tree.items()):
                if entry.is_folder:
                    yield from walk(self._tree(entry.id), f"{prefix}{name}/", depth + 1)
                elif entry.is_file:
                    yield prefix + name, entry

        yield from walk(self.tree(""), "", 0)

    def _tree(self, name: str) -> dict[str, Entry]:
        if name not in self._trees:
            found = self._get(name, _TREE_BYTES)
            if found is None or found.type != "tree":
                message = f"the files of the commit {self.commit[:12]} are not on this machine"
                raise RepoError(message, code="PK609", help="fetch them with `promptkit repo update`")
            self._trees[name] = dict(_entries(found.data, len(found.id) // 2))
        return self._trees[name]


def _entries(data: bytes, id_bytes: int) -> Iterator[tuple[str, Entry]]:
    """The entries of a tree object: mode, a blank, the name, a zero byte, the id; names that are no UTF-8 are left."""
    at = 0
    while at < len(data):
        blank = data.find(b" ", at)
        end = data.find(b"\0", blank)
        if blank < 0 or end < 0:
            return
        mode, name = data[at:blank].decode("ascii", "replace"), data[blank + 1 : end]
        at = end + 1 + id_bytes
        try:
            yield name.decode("utf-8"), Entry(mode.lstrip("0"), data[end + 1 : at].hex())
        except UnicodeDecodeError:
            continue


def _too_large(limit: str, message: str) -> RepoError:
    return RepoError(f"the repo {message}", code="PK615", help=raised_by(limit))
