"""What a `promptkit.toml` says of repos: which ones it uses, which prompts of them, which aliases it gives its own.

[repos.acme]
url = "https://example.org/prompts.git"     # or path = "../prompts", a plain folder
rev = "v2.3.0"                              # a tag, a commit, a range over tags; a branch warns
folder = "prompts"                          # optional: where in the repo its templates are
fetch = "full"                              # or shallow, partial

[prompts]
"acme/support/triage" = "^1.2"

[aliases."support/triage"]                  # in the template repo itself
production = "1.2.0"

[yanked]
"support/triage@1.1.0" = "answers in the wrong language"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import RepoError, SourceError
from promptkit.phrases import one_line
from promptkit.repos.git.store import FETCHES
from promptkit.repos.git.urls import RepoUrl
from promptkit.repos.names import bare_name
from promptkit.repos.references import Reference, is_wish, require_repo_name, wish_of
from promptkit.settings import PROJECT_FILE
from promptkit.source_paths import join
from promptkit.tomlfile import place_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semver import Version

__all__ = ["REPO_KEYS", "Declarations", "DeclaredRepo", "bare_key"]

REPO_KEYS = ("url", "path", "rev", "folder", "fetch")
"""What may be said of a repo."""


@dataclass(frozen=True, slots=True)
class DeclaredRepo:
    """One repo as a project names it: a git repository by `url`, or a plain folder by `path`."""

    name: str
    url: RepoUrl | None = None
    path: Path | None = None
    rev: str = ""
    folder: str = ""
    fetch: str = "full"

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.url.text if self.url is not None else str(self.path)


@dataclass(frozen=True, slots=True)
class Declarations:
    """All that one `promptkit.toml` says of repos; `where` is that file."""

    where: str = PROJECT_FILE
    repos: Mapping[str, DeclaredRepo | RepoError] = field(default_factory=dict)
    """By name; what is wrong with one that a committed file declares is told when somebody uses it."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    yanked: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    """The commits at which the lock beside that file pins what its prompts use, by the path of the mount."""
    is_own: bool = False
    """Whether it is the project's own file in another state of its repository."""

    @classmethod
    def of(cls, tables: Mapping[str, Any], where: str, root: Path | None, *, committed: bool = False) -> Declarations:
        """Read the tables of a project's folder, or of a fetched file, which has no `root`. Raises `RepoError`.

        A fetched file may name no place of this machine. What a `committed` one declares may be gone by now.
        """
        entries = _table(tables, "repos", where).items()
        repos = {name: _read(name, entry, where, root, committed=committed) for name, entry in entries}
        prompts = {name: _wanted(name, wanted, where) for name, wanted in _table(tables, "prompts", where).items()}
        aliases: dict[str, dict[str, str]] = {}
        for name, each in _table(tables, "aliases", where).items():
            aliases.setdefault(bare_name(name), {}).update(_texts(each, f"aliases.{name}", where))
        said = _texts(_table(tables, "yanked", where), "yanked", where)
        yanked = {bare_key(key): why for key, why in said.items()}
        return cls(where, repos, prompts, aliases, yanked)

    def why_yanked(self, path: str, version: Version | str, *, is_own: bool = False) -> str:
        """Why a version of a prompt, or of the whole repo, was yanked, on one line; empty where it was not.

        What was yanked without build metadata was so with any. A version that `is_own` is the prompt's alone, and not
        the whole repo's.
        """
        asked = str(version).removeprefix("v")
        for each in (asked, asked.partition("+")[0]):
            for key in (f"{bare_name(path)}@{each}", *(() if is_own else (f"v{each}", each))):
                if key in self.yanked:
                    return one_line(self.yanked[key] or "no reason is given")
        return ""

    def repo(self, name: str) -> DeclaredRepo:
        """A repo by name. Raises `RepoError` for one that is not declared."""
        if name not in self.repos:
            hint = did_you_mean(name, self.repos) or f"`promptkit repo add {name} URL` declares it"
            raise RepoError(f"no repo `{name}` is declared", code="PK605", where=self.where, help=hint)
        found = self.repos[name]
        if isinstance(found, RepoError):
            raise found
        return found


def bare_key(key: str) -> str:
    """A key under `aliases` or `yanked` in which a prompt is named without the ending of its file."""
    name, at, version = key.rpartition("@")
    return f"{bare_name(name)}@{version}" if at else bare_name(key)


def _read(name: str, entry: Any, where: str, root: Path | None, *, committed: bool) -> DeclaredRepo | RepoError:
    try:
        return _repo(name, entry, where, root)
    except RepoError as error:
        if not committed:
            raise
        return error


def _table(tables: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    found = tables.get(name, {})
    if not isinstance(found, dict):
        raise RepoError(f"`{name}` must be a table", where=where, help=f"write it as [{name}]")
    return found


def _texts(found: Any, name: str, where: str) -> dict[str, str]:
    cure = 'its entries are written KEY = "TEXT"'
    if not isinstance(found, dict):
        raise RepoError(f"`{name}` must be a table of texts", where=where, help=cure)
    for key, value in found.items():
        if not isinstance(value, str):
            raise RepoError(f"`{key}` under `{name}` must be a text", where=where, help=cure)
    return found


def _wanted(name: str, wanted: Any, where: str) -> str:
    if not isinstance(wanted, str):
        cure = f'write it as "{name}" = "^1.2"'
        raise RepoError(f"the version of `{name}` under `prompts` must be a text", where=where, help=cure)
    text = wish_of(wanted)
    Reference.of(f"{name}@{text}" if text else name)
    return text


def _repo(name: str, entry: Any, where: str, root: Path | None) -> DeclaredRepo:
    def place(*keys: str) -> str:
        return f"{where}: repos.{name}" if root is None else place_in(Path(where), "repos", name, *keys)

    require_repo_name(name, where)
    if not isinstance(entry, dict):
        raise RepoError(f"`repos.{name}` must be a table", where=where, help=f"write it as [repos.{name}]")
    for key, value in entry.items():
        if key not in REPO_KEYS:
            cure = did_you_mean(key, REPO_KEYS) or f"known: {', '.join(REPO_KEYS)}"
            raise RepoError(f"a repo has no `{key}`", where=place(key), help=cure)
        if not isinstance(value, str) or not value:
            raise RepoError(f"`{key}` must be a text", where=place(key))
    if ("url" in entry) == ("path" in entry):
        cure = "`url` is a git repository, `path` a plain folder"
        raise RepoError("a repo has either `url` or `path`", where=place(), help=cure)
    if entry.get("fetch", "full") not in FETCHES:
        raise RepoError(f"`fetch` is one of {', '.join(FETCHES)}", where=place("fetch"))
    if not is_wish(entry.get("rev", "HEAD")):
        cure = "it is a tag, a branch, a commit, or a range over tags such as ^1.2"
        raise RepoError(f"`{entry['rev'][:200]}` is no `rev`", code="PK602", where=place("rev"), help=cure)
    try:
        folder = join("", entry.get("folder", ""))
    except SourceError as error:
        raise RepoError(error.message, where=place("folder")) from None
    url = RepoUrl.of(entry["url"], place("url")) if "url" in entry else None
    if root is None and (url is None or url.local):
        message = "a repo that was fetched may not name places of this machine"
        raise RepoError(message, code="PK608", where=place(), help="its owner names it by https or ssh")
    path = _folder(entry["path"], root, place("path")) if "path" in entry and root is not None else None
    return DeclaredRepo(name, url, path, entry.get("rev", ""), folder, entry.get("fetch", "full"))


def _folder(text: str, root: Path, place: str) -> Path:
    """A plain folder: one that says itself that it holds templates, so that no other can be named by a stranger."""
    path = (root / text).resolve()
    if not (path / PROJECT_FILE).is_file():
        cure = f"a plain folder is a template repo when a {PROJECT_FILE} stands in it: promptkit repo init {text}"
        raise RepoError(f"`{text}` is no template repo: there is no {PROJECT_FILE} in it", where=place, help=cure)
    return path
