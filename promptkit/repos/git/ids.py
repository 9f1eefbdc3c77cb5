"""The ids by which git knows contents: hashes, by SHA-1 or SHA-256 (gitformat-object, git-hash-object)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["content_id", "file_id", "hash_of", "object_id"]

_SHA256_LETTERS = 64


def hash_of(commit: str) -> str:
    """The hash by which a repository names its objects, known from the id of one: `sha1` or `sha256`."""
    return "sha256" if len(commit) == _SHA256_LETTERS else "sha1"


def file_id(path: Path, kind: str, committed: str = "") -> str:
    """The id that git gives to a file as it lies there, see `content_id`; empty for what cannot be read."""
    try:
        return content_id(path.read_bytes(), kind, committed)
    except OSError:
        return ""


def content_id(data: bytes, kind: str, committed: str = "") -> str:
    """The id that git gives to a file's bytes.

    One whose lines end in CRLF is as it was `committed` where that is so with LF: a checkout may have changed them
    (gitattributes, `core.autocrlf`).
    """
    if committed and b"\r\n" in data and object_id("blob", data.replace(b"\r\n", b"\n"), kind) == committed:
        return committed
    return object_id("blob", data, kind)


def object_id(kind: str, data: bytes, hashed: str) -> str:
    """The id of an object: it is hashed behind its type, its length and a zero (git-hash-object)."""
    return hashlib.new(hashed, b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()
