"""What was yanked: a tag, a version that has several, or a commit at which versions stand, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.repos.versions import read_version

if TYPE_CHECKING:
    from promptkit.repos.declared import Declarations
    from promptkit.repos.tags import Tags

__all__ = ["at", "why_tag", "why_version"]


def why_tag(facts: Declarations, tags: Tags, path: str, tag: str) -> str:
    """Why the version that a tag names was yanked; empty where it was not."""
    if not facts.yanked:
        return ""
    is_own = bool(path) and tags.is_own(tag, path)
    return facts.why_yanked(path, tags.version(tag, path), is_own=is_own)


def why_version(facts: Declarations, tags: Tags, path: str, version: str) -> str:
    """Why a version was yanked; empty where it was not. One that several tags have was so where all of them were."""
    known = read_version(version.removeprefix("v"))
    named = tags.versions(path).get(known, []) if known is not None and facts.yanked else []
    if known is not None and known.build:
        named = [tag for tag in named if tags.version(tag, path) == str(known)]
    if not named:
        return facts.why_yanked(path, version)
    reasons = [why_tag(facts, tags, path, tag) for tag in named]
    return reasons[0] if all(reasons) else ""


def at(facts: Declarations, tags: Tags, path: str, commit: str) -> str:
    """Which version stands at a commit and was yanked, and why; empty where one that was not yanked stands there."""
    if not facts.yanked:
        return ""
    here = [tag for named in tags.versions(path).values() for tag in named if tags.commit(tag) == commit]
    reasons = [(tags.version(tag, path), why_tag(facts, tags, path, tag)) for tag in here]
    return "{} was yanked: {}".format(*reasons[0]) if reasons and all(why for _, why in reasons) else ""
