"""Which state of a git repository a wish means: a version, range, tag, alias, commit or branch, or steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern
from promptkit.repos import nearest
from promptkit.repos.names import bare_name
from promptkit.repos.references import Pin, is_alias, is_commit, is_whole_commit
from promptkit.repos.versions import Range, read_version

if TYPE_CHECKING:
    from semver import Version

    from promptkit.repos.git_repo import GitRepo

__all__ = ["alias_target", "pinned"]

_WALKED = LatePattern(r"([0-9A-Za-z][0-9A-Za-z_./-]*)((?:[~^][0-9]{0,4})+)")


def pinned(repo: GitRepo, path: str, wanted: str) -> Pin:
    """The state that a wish for a prompt, or for the whole repo (no path), means. Raises `RepoError`.

    A whole commit id is that commit and nothing else; then come versions and ranges, then what has a name: tags,
    aliases, the beginning of a commit's id, branches.
    """
    if (walked := _WALKED.fullmatch(wanted)) is not None:
        return _walked(repo, path, *walked.groups())
    if wanted == "HEAD":
        return Pin(_head(repo), branch="HEAD")
    if is_whole_commit(wanted):
        pin = None
    elif Range.is_one(wanted):
        # a tag such as 2026.01.15, which is no semantic version, or a branch such as 1.x, comes after all versions
        pin = _versioned(repo, path, wanted) or _named(repo, path, wanted)
    else:
        pin = _named(repo, path, wanted)
    if pin is None and is_commit(wanted) and (found := repo.commit(wanted)):
        pin = Pin(found)
    if pin is None:
        raise nearest.unknown(repo, path, wanted)
    return pin


def alias_target(repo: GitRepo, path: str, target: str) -> Pin:
    """The state that an alias may lead to: a version, a tag or a commit, never a range, a branch or another alias.

    Raises `RepoError`.
    """
    whole = read_version(target) is not None or is_commit(target)
    if not whole and not repo.tags.commit(target):
        message = f"an alias of `{repo.called(path)}` cannot lead to `{target}`"
        cure = f"an alias leads to a version, a tag or a commit; {nearest.versions(repo, path)}"
        raise RepoError(message, code="PK613", help=cure)
    return pinned(repo, path, target)


def _walked(repo: GitRepo, path: str, base: str, steps: str) -> Pin:
    """The state that some steps back from another one lead to, as in `HEAD~2`."""
    found = repo.reach.commit(f"{pinned(repo, path, base).commit}{steps}")
    if not found:
        raise RepoError(f"{repo.whole} has no `{base}{steps}`", code="PK605")
    return Pin(found, branch=f"{base}{steps}")


def _head(repo: GitRepo) -> str:
    if not repo.state.head:
        cure = "name a tag or a commit" if repo.name or repo.state.refs else "git commit the prompts first"
        what = "default branch" if repo.name or repo.state.refs else "commit yet"
        raise RepoError(f"{repo.whole} has no {what}", code="PK605", help=cure)
    return repo.state.head


def _named(repo: GitRepo, path: str, wanted: str) -> Pin | None:
    """The state that a tag, an alias or a branch names; None where nothing has the name."""
    tag, branch = repo.tags.commit(wanted), repo.state.branch(wanted)
    if is_commit(wanted) and (tag or branch):
        found = repo.commit(wanted)
        if found != (tag or branch) and (found or not wanted.isdecimal()):
            message = f"`{wanted}` of {repo.whole} is a {'tag' if tag else 'branch'}, and may be a commit"
            raise RepoError(message, code="PK606", help="write the whole id of the commit, or rename the other")
    alias = repo.facts.aliases.get(bare_name(path), {}).get(wanted) if path and is_alias(wanted) else None
    if tag and alias is not None:
        message = f"`{wanted}` is an alias and a tag of {repo.whole}"
        raise RepoError(message, code="PK606", help="rename one of the two, or name the commit")
    if tag:
        return _tagged(repo, path, wanted, tag)
    if alias is not None:
        return _aliased(repo, path, wanted, alias)
    return Pin(branch, branch=wanted) if branch else None


def _tagged(repo: GitRepo, path: str, tag: str, commit: str) -> Pin:
    version = repo.tags.version(tag, path)
    parsed = read_version(version)
    if path and parsed is not None and (why := repo.why_tag_yanked(path, tag)):
        raise RepoError(
            f"`{repo.called(path)}@{tag}` was yanked: {why}", code="PK607", help=_instead(repo, path, commit)
        )
    return Pin(commit, version if parsed is not None or version == tag else "", tag)


def _aliased(repo: GitRepo, path: str, alias: str, target: str) -> Pin:
    try:
        found = alias_target(repo, path, target)
    except RepoError as error:
        if error.code not in ("PK605", "PK613"):
            raise
        why = "no version of it" if error.code == "PK613" else "not there"
        message = f"the alias `{alias}` of `{repo.called(path)}` leads to `{target}`, which is {why}"
        cure = error.help if error.code == "PK605" else f"promptkit alias set {alias} {path}@VERSION"
        raise RepoError(message, code="PK613", help=cure) from None
    return Pin(found.commit, found.version, found.tag, alias=alias)


def _versioned(repo: GitRepo, path: str, wanted: str) -> Pin | None:
    """The newest version in a range that has the prompt and was not yanked; None where no version is in it."""
    wish, tags = Range.of(wanted), repo.tags.versions(path)
    yanked = gone = ""
    for version in sorted(tags, reverse=True):
        fits = [tag for tag in tags[version] if wish.holds(_version(repo, path, tag)) and repo.has(path, tag)]
        reasons = {tag: repo.why_tag_yanked(path, tag) for tag in fits}
        kept = [tag for tag in fits if not reasons[tag]]
        if kept:
            return _only(repo, path, wanted, kept)
        if fits and not yanked:
            yanked, gone = f"{_version(repo, path, fits[0])} was yanked: {reasons[fits[0]]}", fits[0]
    if yanked:
        cure = _instead(repo, path, repo.tags.commit(gone))
        raise RepoError(f"`{repo.called(path)}@{wanted}`: {yanked}", code="PK607", help=cure)
    return None


def _instead(repo: GitRepo, path: str, commit: str) -> str:
    """What can be had instead of a yanked version, and how to look at it all the same."""
    found = repo.versions(path)
    rest = f"not yanked: {nearest.versions(repo, path)}" if found else "no version of it is left"
    return f"{rest}; to look at it, name its commit: @{commit[:12]}"


def _only(repo: GitRepo, path: str, wanted: str, tags: list[str]) -> Pin:
    """The state of the tags of one version, which must be one; of several tags the prompt's own goes first."""
    commits = {tag: repo.tags.commit(tag) for tag in tags}
    version = _version(repo, path, tags[0])
    if not all(repo.is_same(commits[tags[0]], commit) for commit in commits.values()):
        named = " and ".join(sorted(tags))
        message = f"{version.replace(build=None)} of `{repo.called(path)}` is ambiguous: {named} differ"
        raise RepoError(message, code="PK606", help="name one of the tags, or the commit")
    own = repo.tags.name(path, str(version.replace(build=None)))
    tag = min(tags, key=lambda each: (each != own, each))
    _refuse_tag(repo, wanted, commits[tag])
    return Pin(commits[tag], repo.tags.version(tag, path), tag)


def _version(repo: GitRepo, path: str, tag: str) -> Version:
    from semver import Version

    return Version.parse(repo.tags.version(tag, path))


def _refuse_tag(repo: GitRepo, wanted: str, commit: str) -> None:
    """Refuse a range such as `1.2` that is also the name of a tag, and leads elsewhere than that."""
    tag = repo.tags.commit(wanted)
    if tag and read_version(wanted) is None and not repo.is_same(tag, commit):
        message = f"`{wanted}` is a range and a tag of {repo.whole}, and they lead to different states"
        raise RepoError(message, code="PK606", help=f"write the range as ={wanted}, or name the commit")
