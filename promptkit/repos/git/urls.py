"""Where a template repo is: https, ssh, or an absolute path of this machine, and nothing else.

Git knows URLs that run commands (`ext::`), and hosts that are read as options of ssh: what is not of the grammar here
is refused (CVE-2022-24439, CVE-2017-1000117).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern

__all__ = ["RepoUrl"]

_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_USER = r"(?:(?P<user>[A-Za-z0-9_.+~][A-Za-z0-9_.+~-]*)@)?"
_PATH = r"[A-Za-z0-9._~+@%,=&()!$*:-]+(?:/+[A-Za-z0-9._~+@%,=&()!$*:-]+)*/*"
_HTTPS = LatePattern(rf"https://{_USER}{_HOST}(?::(?P<port>[0-9]{{1,5}}))?/+(?P<path>{_PATH})")
_SSH = LatePattern(rf"ssh://{_USER}{_HOST}(?::(?P<port>[0-9]{{1,5}}))?/+(?P<path>{_PATH})")
_SCP = LatePattern(
    rf"{_USER}{_HOST}:(?!/|-)(?P<path>{_PATH})|{_USER.replace('user', 'user2')}"
    rf"{_HOST.replace('host', 'host2')}:/+(?P<path2>{_PATH})"
)
_LONGEST = 1_000
_CURE = "a repo is https://HOST/PATH, ssh://[USER@]HOST/PATH, [USER@]HOST:PATH, or an absolute path"


@dataclass(frozen=True, slots=True)
class RepoUrl:
    """A checked URL; `key` is the same for all spellings of one place, and `local` ones are paths."""

    text: str
    key: str
    local: bool = False

    @classmethod
    def of(cls, text: str, where: str = "") -> RepoUrl:
        """Check a URL. Raises `RepoError`; a URL with a password in it is not repeated."""
        if re.match(r"[A-Za-z+]+://[^/@]*:[^/@]*@", text):
            message = "a password must not stand in the URL of a repo: it would be committed with it"
            raise RepoError(message, code="PK601", where=where, help="git's own credential helpers keep passwords")
        if not text or len(text) > _LONGEST or not text.isprintable() or text != text.strip():
            raise RepoError("the URL of the repo is no URL", code="PK601", where=where, help=_CURE)
        for form, scheme in ((_HTTPS, "https"), (_SSH, "ssh")):
            if found := form.fullmatch(text):
                port, path = f":{found['port']}" if found["port"] else "", _bare(found["path"])
                user = f"{found['user'] or ''}@" if scheme == "ssh" and path.startswith("~/") else ""
                return cls(text, f"{scheme}://{user}{found['host'].lower()}{port}/{path}")
        if "://" not in text and "::" not in text and Path(text).is_absolute():
            return cls(text, str(Path(text)), local=True)
        if "://" not in text and "::" not in text and (found := _SCP.fullmatch(text)):
            if found["path2"] and not found["path2"].startswith("~"):
                return cls(text, f"ssh://{found['host2'].lower()}/{_bare(found['path2'])}")
            # Without a slash, the path begins in the home of the user (git-fetch(1), GIT URLS).
            path = _bare(found["path"] or found["path2"])
            home = path if path.startswith("~") else f"~/{path}"
            user = f"{found['user'] or found['user2'] or ''}@" if home.startswith("~/") else ""
            return cls(text, f"ssh://{user}{(found['host'] or found['host2']).lower()}/{home}")
        raise RepoError(f"`{text}` is no URL of a repo", code="PK601", where=where, help=_CURE)


def _bare(path: str) -> str:
    return re.sub("/+", "/", path).rstrip("/").removesuffix(".git")
