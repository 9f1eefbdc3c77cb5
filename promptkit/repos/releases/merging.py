"""What must not be merged: versions that do not announce their changes, names that lead nowhere or to two things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.diagnostics import Diagnostic
from promptkit.errors import ConfigError, RepoError, SpecError
from promptkit.limits import current_limits, raised_by
from promptkit.repos.git.staged import tracked
from promptkit.repos.lock import LOCK_FILE, Lock
from promptkit.repos.locking import own_prompts, used_mounts
from promptkit.repos.pinning import alias_target
from promptkit.repos.references import OTHER_NAME, is_alias, is_commit, is_path
from promptkit.repos.releases.comparing import lonely
from promptkit.repos.releases.judging import judged
from promptkit.repos.releases.released import last_release, released_as
from promptkit.repos.releases.states import at_rev, loaded, nothing, unloadable, worktree
from promptkit.repos.releases.touched import touched
from promptkit.repos.versions import Range, read_version
from promptkit.repos.yanks import Yank
from promptkit.settings import PROJECT_FILE
from promptkit.source import Folder
from promptkit.source_paths import mount_shown
from promptkit.template_paths import prompt_name
from promptkit.yaml_nodes import Mapping
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace

    Used = dict[str, str]  # what is used of other repos: the path of the mount, and the commit

__all__ = ["check_against", "local_repos", "refuse_unlocked"]


def check_against(workspace: Workspace, rev: str) -> Iterator[Diagnostic]:
    """Everything in the working tree that must not be merged over a state. Raises `RepoError` where there is none.

    Before the first commit, `HEAD` is nothing, over which all is new.
    """
    state = workspace.own().state
    is_first = rev == "HEAD" and not state.head and not state.refs
    before, after = nothing() if is_first else at_rev(workspace, rev), worktree(workspace)
    for name in sorted(touched(before, after)):
        yield from _check_prompt(workspace, name, before, after)
    renamed, removed, _ = lonely(before, after)
    gone = {old: f"renamed to `{new}`" for old, new in renamed.items()} | dict.fromkeys(removed, "removed")
    for name, how in sorted(gone.items()):
        message = f"`{name}` was {how}: callers that load it will fail"
        cure = "keep it, and say in its description what to use"
        yield Diagnostic("PK614", "warning", message, before.prompts[name], help=cure)
    yield from _check_aliases(workspace, after)
    yield from _check_yanks(workspace)
    yield from _check_pins(workspace)
    yield from _check_locked(workspace, after)
    yield from _check_files(workspace, after)


def _check_prompt(workspace: Workspace, name: str, before: RepoState, after: RepoState) -> Iterator[Diagnostic]:
    if after.is_shared(name):
        message, cure = f"two files have the name `{prompt_name(name)}`", "remove one of them, or give it another name"
        yield Diagnostic("PK606", "error", message, *_place(after, name), help=cure)
        return
    try:
        new = after.prompt(name)
    except SpecError as error:
        yield from error.diagnostics
        return
    if not is_path(name):
        yield Diagnostic("PK602", "warning", f"no reference can name `{name}`", after.prompts[name], help=OTHER_NAME)
    if (old := loaded(before, name)) is not None and old.digest == new.digest:
        return
    last = last_release(workspace, name, new.spec.version or "")
    if last is not None and (why := unloadable(last, name)):
        message = f"`{name}` cannot be compared with its last release: {why}"
        cure = "look at what changed yourself, and choose the version by it"
        yield Diagnostic("PK604", "warning", message, *_place(after, name), help=cure)
    try:
        judged(workspace, after, name, since=before)
    except ConfigError as error:  # inputs that are saved and cannot be read
        yield Diagnostic(error.code, "error", error.message, error.where or after.prompts[name], help=error.help)
    except RepoError as error:
        if error.code not in ("PK603", "PK604"):
            raise
        place, notes = _place(after, name), error.details
        yield Diagnostic(error.code, "error", error.message, *place, help=error.help, notes=notes)


def _place(state: RepoState, name: str) -> tuple[str, int, int]:
    """Where a prompt's version stands."""
    path = state.prompts[name]
    document = read_yaml(state.source.read(path), state.source.shown(path))
    key = document.root.key("version") if isinstance(document.root, Mapping) else None
    line, column = document.place(key.start) if key is not None else (1, 1)
    return document.path, line, column


def _check_aliases(workspace: Workspace, after: RepoState) -> Iterator[Diagnostic]:
    for name, aliases in workspace.declared.aliases.items():
        for alias, target in aliases.items():
            if fault := _alias_fault(workspace, after, name, alias, target):
                message, cure = fault
                cure = cure or f"promptkit alias set {alias} {name}@VERSION"
                yield Diagnostic("PK613", "error", message, _toml(workspace), help=cure)
            elif name not in after.prompts:
                message = f"the alias `{alias}` leads to {target} of `{name}`, which is here no more"
                cure = f"keep it for those who still use it; or: promptkit alias remove {alias} {name}"
                yield Diagnostic("PK613", "warning", message, _toml(workspace), help=cure)
            elif read_version(target) and released_as(workspace, name, target) is None:
                message = f"the alias `{alias}` of `{name}` leads to {target}, which has no tag yet"
                cure = "promptkit release makes it; nobody can follow the alias before the tag is pushed"
                yield Diagnostic("PK613", "warning", message, _toml(workspace), help=cure)


def _alias_fault(workspace: Workspace, after: RepoState, name: str, alias: str, target: str) -> tuple[str, str] | None:
    """What is wrong with an alias, and the cure if it is not another version; None where nothing is."""
    if not is_alias(alias):
        message = f"`{alias}` can be no alias of `{name}`: it could be a version, a range or a commit"
        return message, "give it a name, such as production"
    if why := workspace.own().why_yanked(name, target, workspace.declared):
        return f"the alias `{alias}` of `{name}` leads to {target}, which was yanked: {why}", ""
    own, repo = loaded(after, name), workspace.own()
    if own is not None and own.spec.version == target:
        return None
    try:
        repo.require(name, alias_target(repo, name, target))
    except RepoError as error:
        message = f"the alias `{alias}` of `{name}` leads to `{target}`, which is no version of it"
        return f"{message}: {error.message}" if error.code != "PK605" else message, error.help
    return None


def _check_yanks(workspace: Workspace) -> Iterator[Diagnostic]:
    for key in workspace.declared.yanked:
        try:
            Yank.of(key).require(workspace.own())
        except RepoError as error:
            yield Diagnostic("PK616", "error", f"under `yanked`: {error.message}", _toml(workspace), help=error.help)


def _check_pins(workspace: Workspace) -> Iterator[Diagnostic]:
    lock = Lock(workspace.folder / LOCK_FILE)
    if lock.exists:
        locked = {entry.key for entry in lock}
        for name, wanted in workspace.declared.prompts.items():
            if (name, wanted, False) not in locked:
                message = f"`{name}` is in use at `{wanted or '*'}`, and not locked"
                yield Diagnostic("PK612", "error", message, _toml(workspace), help=_LOCK_IT)
        return  # what files use is told by the next check
    for name in workspace.declared.repos:
        declared = workspace.declared.repo(name)
        if declared.url is None:
            continue
        try:
            moves = bool(workspace.repo(name).pin("").branch)
        except RepoError:
            moves = not _is_fixed(declared.rev)
        if moves:
            message = f"`{name}` follows {declared.rev or 'the newest commit'}, which moves"
            cure = "promptkit lock pins what is used of it; or `rev` names a tag, or a range over tags such as v1.2.0"
            yield Diagnostic("PK612", "error", message, _toml(workspace), help=cure)


def _check_locked(workspace: Workspace, after: RepoState) -> Iterator[Diagnostic]:
    paths = list(own_prompts(workspace))
    locked = _locked(workspace) if paths else {}
    for path in paths:
        mounts = used_mounts(workspace, path)
        if loose := _loose(mounts, locked):
            yield Diagnostic("PK612", "error", _told(loose), path, help=_LOCK_IT)
        prompt = loaded(after, prompt_name(path)) if mounts else None
        for name in _local(workspace, mounts) if prompt is not None and prompt.spec.version else ():
            message = f"`{name}` is a place of this machine: nobody else can load what uses it"
            cure = "give the repo the `url` that others have; or leave the `version` out, of what is not released"
            yield Diagnostic("PK608", "warning", message, path, help=cure)


_LOCK_IT = "promptkit lock, and commit promptkit.lock"


def _locked(workspace: Workspace) -> Used:
    return Lock(workspace.folder / LOCK_FILE).own_pins()


def _loose(mounts: Used, locked: Used) -> list[str]:
    """What is used of git repos, and is not locked: with that, one version has many texts."""
    return [mount for mount, commit in mounts.items() if commit and mount not in locked]


def refuse_unlocked(workspace: Workspace, path: str) -> None:
    """Raises `RepoError` for a prompt of the project that uses what is not locked."""
    if loose := _loose(used_mounts(workspace, path), _locked(workspace)):
        raise RepoError(_told(loose), code="PK612", where=path, help=_LOCK_IT)


def local_repos(workspace: Workspace, path: str) -> list[str]:
    """The repos that a prompt of the project uses, and that are places of this machine: nobody else has them."""
    return _local(workspace, used_mounts(workspace, path))


def _local(workspace: Workspace, mounts: Used) -> list[str]:
    names = {mount.partition("/")[0] for mount in mounts}
    urls = {name: workspace.declared.repo(name).url for name in sorted(names)}
    return [name for name, url in urls.items() if url is None or url.local]


def _told(loose: list[str]) -> str:
    shown = ", ".join(f"`{mount_shown(mount)}`" for mount in loose[:3])
    return f"it uses {shown}, which {'is' if len(loose) == 1 else 'are'} not locked"


def _is_fixed(rev: str) -> bool:
    """Whether a rev of a repo that was not fetched says by itself that it stays: a commit, a version or a range."""
    return is_commit(rev) or Range.is_one(rev) or read_version(rev.removeprefix("v")) is not None


def _check_files(workspace: Workspace, after: RepoState) -> Iterator[Diagnostic]:
    """Files over the limit, and prompts that are links, among those that git tracks; what it ignores is nobody's."""
    root, most = workspace.folder, current_limits().file_bytes
    for inside in sorted({*tracked(root), *after.prompts.values()}):
        path = root / inside
        if path.is_symlink() and (path.suffix in _TEXTS or path.is_dir()):
            message = f"`{inside}` is a link, of which git keeps only where it leads: nobody can load what is behind it"
            cure = "let the file itself stand there; or a prompt that says `extends` and what it leads to"
            yield Diagnostic("PK602", "warning", message, inside, help=cure)
        if path.suffix in _TEXTS and path.is_file() and (size := path.stat().st_size) > most:
            message = f"the file has {size:,} bytes, more than the limit of {most:,}"
            yield Diagnostic("PK615", "error", message, inside, help=raised_by("file_bytes"))


_TEXTS = (".yaml", ".yml", ".md", ".json", ".jsonl", ".txt")


def _toml(workspace: Workspace) -> str:
    return Folder(workspace.folder).shown(PROJECT_FILE)
