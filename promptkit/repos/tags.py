"""The tags of a repository, and the versions that they name: `v1.2.0` of all, `support/triage@1.2.0` of one prompt."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from promptkit.repos.names import bare_name
from promptkit.repos.versions import read_version
from promptkit.source_paths import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semver import Version

__all__ = ["Tags"]

_PREFIX = "refs/tags/"


class Tags:
    """The tags among references (full name to commit); prompts lie under `folder`, and their tags carry it."""

    def __init__(self, refs: Mapping[str, str], folder: str = "") -> None:
        self._refs = refs
        self._folder = folder
        self._known: dict[str, dict[Version, list[str]]] = {}

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(_PREFIX) for name in self._refs if name.startswith(_PREFIX))

    def commit(self, tag: str) -> str:
        """Where a tag stands; empty where there is none, or where it names no commit."""
        return self._refs.get(_PREFIX + tag, "")

    def name(self, path: str, version: Version | str) -> str:
        """The tag of a version of one prompt, which is named by where its file lies in the whole repository."""
        return f"{join(self._folder, bare_name(path))}@{version}"

    def version(self, tag: str, path: str) -> str:
        """The version that a tag names for a path; empty where it names none."""
        own = tag.removeprefix(self.name(path, ""))
        if own != tag:
            return own
        return tag.removeprefix("v") if "/" not in tag and "@" not in tag else ""

    def is_own(self, tag: str, path: str) -> bool:
        """Whether a tag names a version of a prompt alone, where no tag of the whole repo stands with that version."""
        version = read_version(self.version(tag, path))
        if version is None or not tag.startswith(self.name(path, "")):
            return False
        others = (each for each in self.versions(path)[version] if not each.startswith(self.name(path, "")))
        return self.commit(tag) not in map(self.commit, others)

    def has_own(self, path: str) -> bool:
        """Whether some tag names a prompt alone."""
        return self.name(path, "") in self._by_name

    def prompts(self) -> Iterator[str]:
        """The prompts that have tags of their own, whether they are still there or not."""
        prefix = f"{self._folder}/" if self._folder else ""
        names = (name.removesuffix("@") for name in self._by_name if name.endswith("@"))
        return (name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def versions(self, path: str) -> dict[Version, list[str]]:
        """The versions of a path, each with the tags that name it.

        Versions that differ in build metadata alone are one (https://semver.org, item 10).
        """
        name = self.name(path, "")
        own = self._by_name.get(name, [])
        if not own:
            return self._whole
        if name not in self._known:
            self._known[name] = self._versions([*self._by_name.get("", ()), *own], path)
        return self._known[name]

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The tags by the prompt that they name, as `name` begins them; of the whole repo by the empty name."""
        found: dict[str, list[str]] = {}
        for tag in self:
            prompt, at, _ = tag.rpartition("@")
            found.setdefault(prompt + at, []).append(tag)
        return found

    @cached_property
    def _whole(self) -> dict[Version, list[str]]:
        return self._versions(self._by_name.get("", []), "")

    def _versions(self, tags: list[str], path: str) -> dict[Version, list[str]]:
        found: dict[Version, list[str]] = {}
        for tag in tags:
            if (version := read_version(self.version(tag, path))) is not None and self.commit(tag):
                found.setdefault(version, []).append(tag)
        return found
