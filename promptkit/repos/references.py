"""References: `acme/support/triage@^1.2` is the prompt `support/triage` of the repo `acme`, in a version.

Behind `@` stands a version or a range, an alias such as `production`, a commit, a tag such as `v1.2.0`, or `HEAD`;
without it, the repo's `rev` holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern
from promptkit.repos.versions import Range, read_version

__all__ = [
    "OTHER_NAME",
    "Pin",
    "Reference",
    "allows",
    "is_alias",
    "is_commit",
    "is_path",
    "is_whole_commit",
    "is_wish",
    "require_repo_name",
    "wish_of",
]

_REPO_NAME = LatePattern(r"[a-z0-9][a-z0-9_-]{0,63}")
_ALIAS = LatePattern(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_WANTED = LatePattern(r"(?!.*(\.\.|//))[0-9A-Za-z^~<>=*][0-9A-Za-z^~<>=*.,+_ @/-]{0,99}")
_SEGMENT = LatePattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
OTHER_NAME = "give the file a name of letters, digits, `_`, `.` and `-`, which does not begin with `.` or `-`"
_CURE = "a reference is REPO/PATH[@VERSION], such as acme/support/triage@^1.2"


def is_commit(text: str) -> bool:
    """Whether a text is the id of a commit, or the beginning of one."""
    return re.fullmatch("[0-9a-f]{7,64}", text) is not None


def is_whole_commit(text: str) -> bool:
    """Whether a text is the whole id of a commit, by SHA-1 or SHA-256."""
    return len(text) in (40, 64) and is_commit(text)


def allows(wanted: str, commit: str, version: str) -> bool | None:
    """Whether a state is what is wanted, by its commit and its version; None where that is a name, which may move."""
    if is_commit(wanted):
        return commit.startswith(wanted) or (None if wanted.isdecimal() else False)  # digits may be a tag's name
    if re.search("[0-9A-Za-z][~^]", wanted):
        return None
    known = read_version(version)
    whole = wanted.removeprefix("v")
    if read_version(whole) is None and not Range.is_one(wanted):
        return None
    if known is None:
        return version == wanted if version else None  # a branch may be called as a range is
    return Range.of(whole).holds(known)


def is_alias(text: str) -> bool:
    """Whether an alias may be called so: nothing that could be a version, a range, a commit or `HEAD`."""
    version = Range.is_one(text) or read_version(text.removeprefix("v")) is not None
    return _ALIAS.fullmatch(text) is not None and not version and not is_commit(text) and text != "HEAD"


def require_repo_name(name: str, where: str = "") -> None:
    """Raises `RepoError` for what can be no name of a repo."""
    if not _REPO_NAME.fullmatch(name):
        cure = "names of repos are made of a-z, 0-9, `_` and `-`"
        raise RepoError(f"`{name}` is no name for a repo", code="PK602", where=where, help=cure)


def wish_of(text: str) -> str:
    """What is wanted of a prompt in use, as a reference has it: any version is written `*` there, or left out."""
    return "" if text == "*" else text


def is_path(text: str) -> bool:
    """Whether a reference can name a file or a prompt so: names of letters, digits, `_`, `.` and `-`."""
    return all(_SEGMENT.fullmatch(name) for name in text.split("/"))


def is_wish(text: str) -> bool:
    """Whether a text may stand behind the `@` of a reference."""
    return _WANTED.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """A prompt or a file of a repo, and which state of it is wanted; empty is the repo's own `rev`."""

    repo: str
    path: str
    wanted: str = ""

    @classmethod
    def of(cls, text: str) -> Reference:
        """Read a reference. Raises `RepoError`."""
        body, at, wanted = text.partition("@")
        repo, slash, path = body.partition("/")
        if not slash or not _REPO_NAME.fullmatch(repo) or not is_path(path) or (at and not is_wish(wanted)):
            is_file = not at and text.endswith((".yaml", ".yml"))
            cure = f"{_CURE}; a file is loaded by Prompt.from_yaml" if is_file else _CURE
            raise RepoError(f"`{text[:200]}` is no reference to a prompt", code="PK602", help=cure)
        return cls(repo, path, wanted)

    def __str__(self) -> str:
        return f"{self.repo}/{self.path}{'@' if self.wanted else ''}{self.wanted}"

    @property
    def name(self) -> str:
        """The reference without what is wanted."""
        return f"{self.repo}/{self.path}"


@dataclass(frozen=True, slots=True)
class Pin:
    """The one state that is meant: its commit, and the version, tag, alias or branch that led there."""

    commit: str
    version: str = ""
    tag: str = ""
    alias: str = ""
    branch: str = ""

    @property
    def shown(self) -> str:
        """The state as people know it."""
        return self.version or self.tag or self.alias or self.branch or self.commit[:12]
