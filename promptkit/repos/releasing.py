"""Versions and releases: what a change must announce, the checks before it is merged, and the next version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.errors import ConfigError, RepoError, SpecError
from promptkit.limits import current_limits, raised_by
from promptkit.repos.changes import Policy, next_version
from promptkit.repos.references import is_alias, is_commit
from promptkit.repos.repo import Repo
from promptkit.repos.states import at_rev, compared, worktree
from promptkit.repos.versions import Range, read_version
from promptkit.schema.equality import same_json
from promptkit.settings import PROJECT_FILE
from promptkit.template_paths import prompt_name
from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.diff import Diff
    from promptkit.repos.states import RepoState
    from promptkit.repos.workspace import Workspace
    from promptkit.settings import Settings

__all__ = ["check_against", "last_release", "policy_of", "released_as", "version_after", "with_version"]

_MARK = "\ufeff"
_CHOICES = {"wording": ("minor", "patch"), "unknown": ("major", "minor")}


def policy_of(settings: Settings) -> Policy:
    """How a project weighs changes: `[release]` in its file, with `wording` and `unknown`. Raises `ConfigError`."""
    table = settings.project.get("release", {})
    where = str((settings.root or Path()) / PROJECT_FILE)
    for key, value in table.items():
        if key not in _CHOICES:
            hint = did_you_mean(key, _CHOICES) or f"known: {', '.join(_CHOICES)}"
            raise ConfigError(f"`release` has no `{key}`", where=where, help=hint)
        if value not in _CHOICES[key]:
            raise ConfigError(f"`release.{key}` is one of {', '.join(_CHOICES[key])}", where=where)
    return Policy(**table)


# Checks


def check_against(workspace: Workspace, rev: str) -> Iterator[Diagnostic]:
    """Everything in the working tree that must not be merged over a state. Raises `RepoError` where there is none."""
    policy = policy_of(workspace.settings)
    before, after = at_rev(workspace, rev), worktree(workspace)
    for name in sorted(after.prompts):
        yield from _check_prompt(workspace, name, before, after, policy)
    for name in sorted(before.prompts.keys() - after.prompts.keys()):
        file = before.prompts[name]
        message = f"`{name}` was removed: callers that load it will fail"
        yield Diagnostic("PK614", "warning", message, file, help="keep it, and say in its description what to use")
    yield from _check_aliases(workspace, after)
    yield from _check_pins(workspace)
    yield from _check_sizes(workspace)


def _check_prompt(
    workspace: Workspace, name: str, before: RepoState, after: RepoState, policy: Policy
) -> Iterator[Diagnostic]:
    if after.is_shared(name):
        message, cure = f"two files have the name `{prompt_name(name)}`", "remove one of them, or give it another name"
        yield Diagnostic("PK606", "error", message, *_place(after, name), help=cure)
        return
    try:
        new = after.prompt(name)
    except SpecError as error:
        yield from error.diagnostics
        return
    if (old := _loaded(before, name)) is not None and old.digest != new.digest:
        found = compared((old, before.source), (new, after.source), policy)
        if not found.enough:
            yield _too_small(found, _place(after, name), before.label)
    state = released_as(workspace, name, new.spec.version or "")
    released = _loaded(state, name) if state is not None else None
    if released is not None and released.digest != new.digest and (old is None or old.spec.version != new.spec.version):
        message = f"`{name}` {new.spec.version} is released already, and was another prompt"
        yield Diagnostic("PK603", "error", message, *_place(after, name), help=f"promptkit bump {after.prompts[name]}")


def _loaded(state: RepoState, name: str) -> Any:
    try:
        return state.prompt(name) if name in state.prompts else None
    except SpecError:  # what was broken before has no contract that could break
        return None


def _too_small(found: Diff, place: tuple[str, int, int], label: str) -> Diagnostic:
    cure = f"the version that announces this is {found.needs}: promptkit bump {place[0]}"
    gravest = [each for each in found.changes if each.level in (found.level, "unknown")][:3]
    notes = tuple(f"{each.part} {each.sign} {each.name}: {each.why or each.level}" for each in gravest)
    if found.before == found.after:
        message = f"`{found.name}` changed since {label}, and its version did not"
        return Diagnostic("PK603", "error", message, *place, help=cure, notes=notes)
    message = f"`{found.name}` {found.before} -> {found.after or 'no version'} is too small for a {found.level} change"
    return Diagnostic("PK604", "error", message, *place, help=cure, notes=notes)


def _place(state: RepoState, name: str) -> tuple[str, int, int]:
    """Where a prompt's version stands."""
    path = state.prompts[name]
    document = read_yaml(state.source.read(path), state.source.shown(path))
    key = document.root.key("version") if isinstance(document.root, Mapping) else None
    line, column = document.place(key.start) if key is not None else (1, 1)
    return document.path, line, column


def released_as(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The state that a version of a prompt was released as; None where no tag of it has the prompt."""
    repo, parsed = workspace.own(), read_version(version)
    tags = repo.tags_of(name).get(parsed, []) if parsed is not None else []
    own = repo.tag_of(name, version)
    states = (at_rev(workspace, tag) for tag in sorted(tags, key=lambda tag: tag != own))
    return next((state for state in states if name in state.prompts), None)


def _check_aliases(workspace: Workspace, after: RepoState) -> Iterator[Diagnostic]:
    repo = workspace.own()
    for name, aliases in workspace.declared.aliases.items():
        for alias, target in aliases.items():
            if not is_alias(alias):
                message = f"`{alias}` can be no alias of `{name}`: it could be a version, a range or a commit"
                yield Diagnostic("PK613", "error", message, _toml(workspace), help="give it a name, such as production")
                continue
            own = _loaded(after, name)
            if own is not None and own.spec.version == target:
                continue
            try:
                repo.require(name, repo.target(name, target))
            except RepoError as error:
                message = f"the alias `{alias}` of `{name}` leads to `{target}`, which is no version of it"
                cure = error.help or f"promptkit alias set {alias} {name}@VERSION"
                yield Diagnostic("PK613", "error", message, _toml(workspace), help=cure)


def _check_pins(workspace: Workspace) -> Iterator[Diagnostic]:
    for name in workspace.declared.repos:
        declared = workspace.declared.repo(name)
        if declared.url is None:
            continue
        try:
            repo = workspace.repo(name)
            moves = isinstance(repo, Repo) and bool(repo.pin("", "").branch)
        except RepoError:
            moves = not _is_fixed(declared.rev)
        if moves:
            message = f"`{name}` follows {declared.rev or 'the newest commit'}, which moves"
            yield Diagnostic("PK612", "error", message, _toml(workspace), help="`rev` names a tag or a range, as ^1.0")


def _is_fixed(rev: str) -> bool:
    """Whether a rev of a repo that was not fetched says by itself that it stays: a commit, a version or a range."""
    return is_commit(rev) or Range.is_one(rev) or read_version(rev.removeprefix("v")) is not None


def _check_sizes(workspace: Workspace) -> Iterator[Diagnostic]:
    root, most = workspace.root or Path(), current_limits().file_bytes
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        hidden = any(part.startswith(".") for part in inside.parts)
        if not hidden and path.suffix in (".yaml", ".yml", ".md", ".json", ".jsonl", ".txt") and path.is_file():
            size = path.stat().st_size
            if size > most:
                message = f"the file has {size:,} bytes, more than the limit of {most:,}"
                yield Diagnostic("PK615", "error", message, inside.as_posix(), help=raised_by("file_bytes"))


def _toml(workspace: Workspace) -> str:
    from promptkit.source import Folder

    return Folder(workspace.root or Path()).shown(PROJECT_FILE)


# The next version


def last_release(workspace: Workspace, name: str, version: str) -> RepoState | None:
    """The release that a version of a prompt comes after: the highest that is not above it, or else the newest.

    So a fix of 1.2 is compared with 1.2, though 2.0 is out. None before the first release.
    """
    repo = workspace.own()
    known, own = repo.versions(name), read_version(version)
    below = [each for each in known if own is not None and each <= own]
    return next((released_as(workspace, name, str(each)) for each in (below or known)[:1]), None)


def version_after(workspace: Workspace, file: str) -> tuple[str, Diff | None]:
    """The version that a prompt's file in the working tree should have, and the diff that says so.

    Compared is with the last release, or else with the last commit. Raises `RepoError` where nothing changed.
    """
    after = worktree(workspace)
    name = after.name_of(file)
    new = after.prompt(name)
    before = last_release(workspace, name, new.spec.version or "") or at_rev(workspace, "HEAD")
    old = _loaded(before, name)
    if old is None:
        return new.spec.version or "0.1.0", None
    found = compared((old, before.source), (new, after.source), policy_of(workspace.settings))
    if found.level is None:
        raise RepoError(f"`{name}` did not change since {before.label}", help="major, minor or patch says otherwise")
    return next_version(old.spec.version or "", found.level), found


def with_version(text: str, version: str, shown: str) -> str:
    """A prompt file's text with another version: nothing else of it changes. Raises `ConfigError`."""
    if read_version(version) is None:
        raise ConfigError(f"`{version}` is no version", help="write it as 1.2.0")
    plain = text.removeprefix(_MARK)
    root = read_yaml(plain.encode("utf-8"), shown).root
    if not isinstance(root, Mapping):
        raise ConfigError("the file is no prompt", where=shown)
    node = root.get("version")
    if isinstance(node, Scalar) and node.end > node.start:
        made = f"{plain[: node.start]}{version}{plain[node.end :]}"
    else:
        made = _with_line(plain, root, version)
    now = read_yaml(made.encode("utf-8"), shown).root
    found = now.get("version") if isinstance(now, Mapping) else None
    wanted = {**root.value, "version": found.value if found is not None else None}
    if not isinstance(found, Scalar) or found.text != version or not same_json(wanted, now.value if now else None):
        cure = f"write it by hand, as one line: version: {version}"
        raise ConfigError("the version cannot be written into this file", where=shown, help=cure)
    return text[: len(text) - len(plain)] + made


def _with_line(text: str, root: Mapping, version: str) -> str:
    """The text with a line for the version: below the name, or else as the first of the mapping."""
    end = "\r\n" if "\r\n" in text else "\n"
    at, key = root.start, root.key("name") or root.key("promptkit")
    if key is not None:
        newline = text.find("\n", key.start)
        text = text if newline >= 0 else f"{text}{end}"
        at = newline + 1 if newline >= 0 else len(text)
    return f"{text[:at]}version: {version}{end}{text[at:]}"
