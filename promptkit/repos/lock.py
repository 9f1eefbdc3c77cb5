"""`promptkit.lock`: for each prompt in use the commit, the version, and a SHA-256 of all that it is made of.

The file is TOML, one block a prompt, in the order of names, so that a change of one prompt is a change of its block.
`sha256` is the digest of the resolved prompt; `parts` are the files that it was read from, each with the SHA-256 of
its bytes; `pins` are the commits of other repos that are named in them. A prompt of the project itself is listed when
it uses other repos: then its own files are not pinned, since git keeps them.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.errors import LockError
from promptkit.late_pattern import LatePattern
from promptkit.repos.names import bare_name, in_use_as
from promptkit.repos.references import Pin, Reference, allows, is_whole_commit
from promptkit.source_paths import mount_shown
from promptkit.template_paths import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["LOCK_FILE", "MOST_BYTES", "Lock", "Locked", "Part", "digest_of", "of_repos"]

_FORMAT = 1
_HEAD = f"# Written by `promptkit lock`: commit it, and do not edit it.\nversion = {_FORMAT}\n"
_BLOCK = "[[prompt]]\n"
_ODD_BLOCK = LatePattern(r"^[ \t]*\[\[[ \t]*prompt[ \t]*\]\][ \t]*(?:#.*)?\n", re.MULTILINE)
MOST_BYTES = 64 << 20
_SHA256 = LatePattern("[0-9a-f]{64}")
_CURE = "`promptkit lock update` writes it anew"


def digest_of(data: bytes) -> str:
    """The SHA-256 of a part's bytes."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a prompt was read from: prompt, parent, include, schema, examples, summariser."""

    kind: str
    path: str
    sha256: str

    @classmethod
    def of(cls, text: str) -> Part:
        """Read a line of `parts`. Raises `ValueError`."""
        head, _, sha256 = text.rpartition(" ")
        kind, _, path = head.partition(" ")
        if not _SHA256.fullmatch(sha256) or not path:
            raise ValueError(text)
        return cls(kind, path, sha256)

    def __str__(self) -> str:
        return f"{self.kind} {self.path} {self.sha256}"


@dataclass(frozen=True, slots=True)
class Locked:
    """One prompt in use. `commit` is empty for a plain folder and for the project itself."""

    name: str
    wanted: str
    version: str
    commit: str
    sha256: str
    file: str
    parts: tuple[Part, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    format: int = 1

    @property
    def key(self) -> tuple[str, str, bool]:
        """What the block is found by: a file of the project may be called as a prompt of a repo is."""
        return self.name, self.wanted, self.is_own

    @property
    def shown(self) -> str:
        """The state that is locked, as people know it: a version, or the beginning of a commit's id or a digest."""
        return self.version or self.commit[:12] or self.sha256[:12]

    @property
    def is_own(self) -> bool:
        """Whether it is a prompt of the project itself, which is known by its file."""
        return self.name == self.file

    @property
    def pin(self) -> Pin:
        """The state that is locked."""
        return Pin(self.commit, self.version)

    def __str__(self) -> str:
        return f"{self.name}{'@' if self.wanted else ''}{self.wanted}"

    def text(self) -> str:
        """The block in the file."""
        rows: list[tuple[str, Any]] = [
            (key, getattr(self, key)) for key in ("name", "wanted", "version", "commit", "sha256", "file", "format")
        ]
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rows if value != ""]
        lines += _listed("parts", map(str, sorted(self.parts, key=lambda part: (part.kind, part.path))))
        lines += _listed("pins", (f"{mount} {commit}" for mount, commit in sorted(self.pins.items())))
        return _BLOCK + "\n".join(lines) + "\n"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Locked:
        """Read a block. Raises `ValueError`."""
        texts = {key: data.get(key, "") for key in ("name", "wanted", "version", "commit", "sha256", "file")}
        if not all(isinstance(value, str) for value in texts.values()) or not _SHA256.fullmatch(texts["sha256"]):
            raise ValueError("a block has no `name` or no `sha256`")
        pins = dict(text.rsplit(" ", 1) for text in data.get("pins", ()))
        for commit in filter(None, (texts["commit"], *pins.values())):
            if not is_whole_commit(commit):
                raise ValueError(f"`{commit}` is no commit")
        return cls(**texts, parts=tuple(map(Part.of, data.get("parts", ()))), pins=pins, format=int(data["format"]))


def _listed(key: str, texts: Iterable[str]) -> list[str]:
    rows = [f"  {json.dumps(text, ensure_ascii=False)}," for text in texts]
    return [f"{key} = [", *rows, "]"] if rows else []


def of_repos(entries: Iterable[Locked]) -> dict[str, Locked]:
    """The blocks of prompts of repos, by name: without the ending of the file, unless two files have that name.

    Raises as `Lock` does.
    """
    found = [entry for entry in entries if not entry.is_own]
    shared = Counter(bare_name(entry.name) for entry in found)
    return {entry.name if shared[bare_name(entry.name)] > 1 else bare_name(entry.name): entry for entry in found}


class Lock:
    """The lockfile of a project. One block is read without parsing the others.

    `data` are its bytes where they are not to be read from the file; with `anew`, what is there is not looked at.
    """

    def __init__(self, path: Path, data: bytes | None = None, *, anew: bool = False) -> None:
        self.path = path
        self._blocks = None if anew else self._read(data)

    @property
    def exists(self) -> bool:
        """Whether there is a lockfile."""
        return self._blocks is not None

    def __iter__(self) -> Iterator[Locked]:
        """All blocks. Raises `LockError` for one that cannot be read, and for two of one prompt."""
        seen: set[tuple[str, str, bool]] = set()
        for block in self._blocks or ():
            entry = self._parsed(block)
            if entry.key in seen:
                raise self._twice(entry)
            seen.add(entry.key)
            yield entry

    def edited(self) -> Iterator[Locked]:
        """The blocks that are written otherwise than `write` writes them: `find` looks for their text.

        Raises `LockError` for one that cannot be read.
        """
        for block in self._blocks or ():
            entry = self._parsed(block)
            if entry.text().strip() != f"{_BLOCK}{block}".strip():
                yield entry

    def own_pins(self) -> dict[str, str]:
        """The commits that are pinned for the project's own prompts, by the path of the mount.

        Raises `LockError` where two prompts pin different ones: all are loaded from one source.
        """
        pins: dict[str, str] = {}
        for entry in self:
            for mount, commit in entry.pins.items() if entry.is_own else ():
                if pins.setdefault(mount, commit) != commit:
                    message = f"two states of `{mount_shown(mount)}` are pinned, one for `{entry.name}`"
                    raise LockError(message, where=str(self.path), help="`promptkit lock` pins one for all")
        return pins

    def find(self, reference: Reference, in_use: Mapping[str, str]) -> Locked | None:
        """The block that a reference may be loaded from: what is locked of a prompt in use is what is wanted.

        `in_use` are the prompts in use, each with what is wanted of it. Raises `LockError` where one is locked as
        something else was wanted.
        """
        name = in_use_as(reference.name, in_use)
        if not name:
            return None
        line = f"\nname = {json.dumps(name, ensure_ascii=False)}\n"
        blocks = (self._parsed(block) for block in self._blocks or () if line in f"\n{block}")
        found = [each for each in blocks if each.name == name and not each.is_own]
        if not found:  # a block that somebody has written otherwise is one, too
            found = [each for each in self if each.name == name and not each.is_own]
        if len({each.key for each in found}) < len(found):
            raise self._twice(found[0])
        if not found:
            return None
        wanted = in_use[name]
        locked = next((each for each in found if each.wanted == wanted), None)
        if locked is None:
            message = f"`{name}` is in use at `{wanted or '*'}`, and locked at `{found[0].wanted or '*'}`"
            raise LockError(message, where=str(self.path), help="`promptkit lock` locks what is in use")
        is_other = reference.path != bare_name(reference.path) and reference.path != locked.file
        fits = reference.wanted in ("", wanted) or allows(reference.wanted, locked.commit, locked.version)
        return locked if fits and not is_other else None

    def contents(self) -> bytes | None:
        """The bytes that the file has now; None where there is none."""
        return self.path.read_bytes() if self.path.is_file() else None

    @staticmethod
    def text(entries: Iterable[Locked]) -> str:
        """The text of the file for some blocks."""
        return "\n".join([_HEAD, *(entry.text() for entry in sorted(entries, key=lambda entry: entry.key))])

    def _bytes(self) -> bytes | None:
        try:
            if self.path.exists() and not self.path.is_file():
                raise LockError("it is no file", where=str(self.path))
            with self.path.open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LockError(f"it cannot be read: {error.strerror}", where=str(self.path)) from None

    def _read(self, data: bytes | None) -> list[str] | None:
        data = self._bytes() if data is None else data
        if data is None:
            return None
        if len(data) > MOST_BYTES:
            raise LockError(f"it is larger than {MOST_BYTES:,} bytes", where=str(self.path))
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if "\n<<<<<<< " in f"\n{text}":
            cure = "take one side, then: promptkit lock"
            raise LockError("it holds both sides of a merge", where=str(self.path), help=cure)
        if text.count("[[") != text.count(_BLOCK):
            text = _ODD_BLOCK.sub(_BLOCK, text)
        head, *blocks = text.split(_BLOCK)
        if f"version = {_FORMAT}" not in head.splitlines():
            message = f"it is no lockfile of version {_FORMAT}"
            raise LockError(message, where=str(self.path), help=f"use a newer promptkit, or {_CURE}")
        return blocks

    def _twice(self, entry: Locked) -> LockError:
        return LockError(f"there are two blocks of `{entry}`", where=str(self.path), help=_CURE)

    def _parsed(self, block: str) -> Locked:
        try:
            return Locked.of(tomllib.loads(block))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            name = re.search('name = "([^"]*)"', block)
            where = f"{self.path}{f': {name[1]}' if name else ''}"
            cure = f"of a merge take one side's whole file, then: promptkit lock; {_CURE}"
            raise LockError(f"a block cannot be read: {error}", where=where, help=cure) from None
