"""What changed between two states of a prompt, how much each change asks, and the version that says so.

A `major` change can break a caller that did nothing wrong; a `minor` one gives callers more, or other words; a
`patch` changes nothing that a caller or a model sees. `unknown` is a change of which nobody can tell whether it breaks:
it counts as major until somebody has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from promptkit.parts import Part
from promptkit.repos.versions import core, read_version
from promptkit.schema.equality import same_json

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from promptkit.spec import PromptSpec


__all__ = [
    "LEVELS",
    "Change",
    "Level",
    "Policy",
    "is_enough",
    "needed",
    "next_version",
    "same_data",
    "same_key",
    "sign_of",
    "whole",
]

Level = Literal["patch", "minor", "unknown", "major"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "unknown", "major")
"""From the least to the most."""

Sign = Literal["+", "-", "~"]


def sign_of(name: object, before: Container[Any], after: Container[Any]) -> Sign:
    """Whether something was added, removed or changed."""
    return "+" if name not in before else "-" if name not in after else "~"


def same_data(one: Any, other: Any) -> bool:
    """Whether two pieces of a spec, as plain data, are the same by JSON's equality; most are so letter by letter."""
    return repr(one) == repr(other) or same_json(one, other)


def same_key(key: str, before: PromptSpec, after: PromptSpec) -> bool:
    """Whether two specs say the same under a key."""
    if before.plain_texts.get(key) == after.plain_texts.get(key):
        return True
    return same_json(before.plain.get(key), after.plain.get(key))


def whole(value: Any) -> Any:
    """A piece of a spec as plain data, in which what is not said stands as what holds then."""
    if isinstance(value, Part):
        return {name: whole(getattr(value, name)) for name, each in value.declared.items() if each.authored}
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Change:
    """One change: in which `part`, of what, from what to what, and why it has its level."""

    part: str
    sign: Sign
    name: str
    level: Level
    why: str = ""
    before: Any = None
    after: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a team decides for itself: how much other words weigh, and a change of which nobody can tell."""

    wording: Literal["minor", "patch"] = "minor"
    unknown: Literal["major", "minor"] = "major"


def needed(changes: Iterable[Change], policy: Policy | None = None) -> Level | None:
    """The most that any change asks for, by a policy; None where nothing changed."""
    levels = [change.level for change in changes]
    if not levels:
        return None
    most = max(levels, key=LEVELS.index)
    return (policy or Policy()).unknown if most == "unknown" else most


def next_version(before: str, level: Level) -> str:
    """The least version that announces a change of a level, by Semantic Versioning 2.0.0.

    Below 1.0.0 the second number is what a breaking change raises, as Cargo has it; of a pre-release it is the release.
    """
    version = read_version(before)
    if version is None:
        return "1.0.0"
    if version.prerelease:
        return str(version.finalize_version())
    if level in ("major", "unknown"):
        return str(version.bump_major() if version.major else version.bump_minor())
    return str(version.bump_minor() if level == "minor" and version.major else version.bump_patch())


def is_enough(before: str, after: str, level: Level) -> bool:
    """Whether a new version announces a change of a level."""
    old, new = read_version(before), read_version(after)
    if old is None or new is None:
        return new is not None or old is None
    if new <= old:
        return False
    if old.prerelease and core(old) == core(new):
        return True  # what is not released yet promises nothing
    wanted = read_version(next_version(str(old.finalize_version()), level))
    return wanted is None or core(new) >= core(wanted)
