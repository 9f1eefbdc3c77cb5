"""What may have been meant where a repo has no such prompt, version or state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import RepoError
from promptkit.phrases import one_line
from promptkit.repos.names import bare_name
from promptkit.repos.references import Pin
from promptkit.repos.versions import Range
from promptkit.source import ENDINGS
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from promptkit.repos.git_repo import GitRepo
    from promptkit.repos.mounts import Mount
    from promptkit.repos.repo import Repo

__all__ = ["prompts", "unknown", "versions"]

_SHOWN = 5


def prompts(repo: Repo, path: str, state: Mount) -> str:
    """The prompts of a state whose names are near."""
    names = state.prompts()
    if hint := did_you_mean(path, names):
        return hint.replace("`", f"`{repo.called('')}/" if repo.name else "`", 1)
    last = path.rpartition("/")[2]
    alike = [name for name in names if name.rpartition("/")[2] == last]
    shown = one_line(", ".join(repo.called(name) for name in (alike or list(names))[:_SHOWN]))
    return f"prompts there: {shown}" if shown else "no prompt is there"


def versions(repo: GitRepo, path: str) -> str:
    """The versions in which a prompt, or the whole repo, can be had."""
    found = [str(version) for version in repo.versions(path)]
    if found:
        return ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    if repo.tags.versions(path):
        return "all are yanked"
    if not path:
        return "none is tagged for the whole repo, as v1.2.0 would be"
    if is_prompt(path if path.endswith(ENDINGS) else f"{path}.yaml"):
        return "none is tagged"
    own = next((tag for tag in repo.tags if "@" in tag), "")
    return "none: a file that is no prompt has those of the whole repo, tags such as v1.2.0" + (
        f"; or name the tag of a prompt, @{own}" if own else ""
    )


def unknown(repo: GitRepo, path: str, wanted: str) -> RepoError:
    """That a state is not there, with the nearest ones."""
    if not path:
        return _no_state(repo, wanted)
    newest = repo.at(Pin(repo.state.head)) if repo.state.head else None
    if not repo.versions(path) and not (newest and newest.find(path)):
        cure = prompts(repo, path, newest) if newest else ""
        return RepoError(f"there is no `{path}` in {repo.whole}", code="PK605", help=cure)
    aliases = list(repo.facts.aliases.get(bare_name(path), {}))
    near = did_you_mean(wanted, aliases) if aliases and not Range.is_one(wanted) else ""
    told = [f"versions: {versions(repo, path)}"] + ([f"aliases: {', '.join(aliases)}"] if aliases else [])
    return _missing(repo, f"`{repo.called(path)}`", wanted, near or "; ".join(told))


def _no_state(repo: GitRepo, wanted: str) -> RepoError:
    """That the whole repo has no such state: of its prompts' own versions a range over its tags knows nothing."""
    own = sorted(tag for tag in repo.tags if "@" in tag)
    if Range.is_one(wanted):
        cure = f"versions: {versions(repo, '')}"
        if own and repo.name and not repo.versions(""):
            name = own[-1].rpartition("@")[0].removeprefix(f"{repo.folder}/")
            cure = f"its prompts have versions of their own: leave `rev` out, and use {repo.called(name)}@{wanted}"
    else:
        names = [ref.split("/", 2)[2] for ref in repo.state.refs if ref.count("/") >= 2]
        cure = did_you_mean(wanted, names) or f"tags and branches: {', '.join(names[:_SHOWN]) or 'none'}"
    return _missing(repo, repo.whole, wanted, cure)


def _missing(repo: GitRepo, what: str, wanted: str, cure: str) -> RepoError:
    fetched = "; `promptkit repo update` looks for newer ones" if repo.name and not repo.is_fetching else ""
    return RepoError(f"{what} has no `{wanted}`", code="PK605", help=cure + fetched)
