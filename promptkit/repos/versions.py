"""Semantic versions and ranges over them: `1.2.0`, `^1.2`, `~1.2.3`, `>=1.0, <2`, `1.x`, `*`.

`^` and `~` mean what Cargo and npm mean by them, and `1.2` what npm means, all of 1.2 (Cargo: as `^1.2`); see
https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html and https://docs.npmjs.com/cli/using-npm/semver.
A pre-release is taken only by a range that names a pre-release of the same three numbers, as in npm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from semver import Version

__all__ = ["Range", "core", "read_version"]

_PART = LatePattern(r"(?P<op>\^|~|>=|<=|>|<|=)?\s*v?(?P<version>[0-9xX*][0-9A-Za-z.+*-]*)")
_PARTIAL = LatePattern(r"(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?")
_LONGEST = 200
_CURE = "ranges are written ^1.2, ~1.2.3, 1.x, >=1.0,<2 or *"


def read_version(text: str) -> Version | None:
    """A whole semantic version; None for what is none."""
    from semver import Version

    return Version.parse(text) if len(text) <= _LONGEST and Version.is_valid(text) else None


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions: all that lie within every one of the `bounds`, (at least, below) each; None is no bound."""

    text: str
    bounds: tuple[tuple[Version | None, Version | None], ...]
    exact: Version | None = None

    @classmethod
    def of(cls, text: str) -> Range:
        """Read a range. Raises `RepoError`."""
        if len(text) > _LONGEST:
            raise RepoError(f"`{text[:40]}...` is no version and no range", code="PK602", help=_CURE)
        whole = read_version(text.strip().removeprefix("="))
        if whole is not None:
            return cls(text, (), whole)
        parts = [part.strip() for part in text.split(",")]
        return cls(text, tuple(_bounds(part, text) for part in parts))

    @staticmethod
    def is_one(text: str) -> bool:
        """Whether a text is a range or a version, and not a name."""
        named = "@" in text or "/" in text or re.fullmatch("[0-9a-f]{7,64}", text.strip())
        if named or not re.match(r"\s*(\^|~|[<>=]|[0-9]+(\.|$)|[xX*]$|\*)", text):
            return False
        if re.match(r"\s*[\^~<>=*]", text):
            return True  # what begins so is nothing else, and what is wrong with it is told
        try:
            Range.of(text)
        except RepoError:
            return False  # a name such as 1.x-dev
        return True

    def holds(self, version: Version) -> bool:
        """Whether a version is in the range."""
        if self.exact is not None:
            return version == self.exact and (version.build == self.exact.build or self.exact.build is None)
        if version.prerelease and not self._names_prerelease(version):
            return False
        return all(
            (least is None or version >= least) and (below is None or version < below) for least, below in self.bounds
        )

    def _names_prerelease(self, version: Version) -> bool:
        named = (bound for pair in self.bounds for bound in pair if bound is not None and bound.prerelease)
        return any(core(bound) == core(version) for bound in named)


def core(version: Version) -> tuple[int, int, int]:
    """The three numbers of a version."""
    return version.major, version.minor, version.patch


def _bounds(part: str, whole: str) -> tuple[Version | None, Version | None]:
    from semver import Version

    found = _PART.fullmatch(part)
    if found is None:
        raise RepoError(f"`{whole}` is no version and no range", code="PK602", help=_CURE)
    operator, text = found["op"] or "", found["version"]
    full = read_version(text)
    partial = _PARTIAL.fullmatch(text)
    if full is None and partial is None:
        raise RepoError(f"`{whole}` is no version and no range", code="PK602", help=_CURE)
    numbers = [full.major, full.minor, full.patch] if full is not None else _numbers(partial)
    low = full or Version(*[*numbers, 0, 0, 0][:3])
    if not numbers:
        return None, None
    if operator == "^":
        return low, _next(numbers, min(_first_set(numbers), len(numbers) - 1))
    if operator == "~":
        return low, _next(numbers, min(1, len(numbers) - 1))
    if operator == ">=":
        return low, None
    if operator == "<":
        return None, low
    if operator == ">":
        return _above(low, numbers), None
    if operator == "<=":
        return None, _above(low, numbers)
    return low, _next(numbers, len(numbers) - 1)


def _numbers(partial: re.Match[str] | None) -> list[int]:
    numbers: list[int] = []
    for group in partial.groups() if partial is not None else ():
        if group is None or not group.isdecimal():
            break
        numbers.append(int(group))
    return numbers


def _first_set(numbers: list[int]) -> int:
    """Which number must not change for a version to stay compatible: the first that is not 0."""
    return next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)


def _above(low: Version, numbers: list[int]) -> Version:
    """The first version that is higher than all that a text such as `1.2` or `1.2.3-rc.1` names."""
    return low.replace(prerelease=f"{low.prerelease}.0") if low.prerelease else _next(numbers, len(numbers) - 1)


def _next(numbers: list[int], place: int) -> Version:
    """The first version in which a number is higher."""
    from semver import Version

    raised = [*numbers[:place], numbers[place] + 1]
    return Version(*[*raised, 0, 0, 0][:3])
