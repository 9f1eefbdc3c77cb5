"""Checking many prompts: in order, on all processors, by a project's own rules.

A check of a file is its load, with what is known of the model that it names; nothing is asked of any server.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from promptkit.codes import titles
from promptkit.diagnostics import Diagnostic, Severity, by_place, did_you_mean
from promptkit.errors import ConfigError, PromptkitError, SpecError
from promptkit.loader import load
from promptkit.model_checks import check_model
from promptkit.prefix_checks import check_prefix
from promptkit.settings import load_settings
from promptkit.template_paths import locate, path_fault, source_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from promptkit.source import Source

FEW = 32
"""So many files are checked by one process: to start others takes longer."""

_SEVERITIES = get_args(Severity)
_CHUNK = 8


@dataclass(frozen=True, slots=True)
class Rules:
    """Which findings are told, and how severe each is.

    `select` and `ignore` hold codes or the beginnings of codes (`PK2` is all that is about templates). `severity`
    raises or lowers warnings and notes; an error stays one, since the file cannot be used.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    def of(self, found: Iterable[Diagnostic]) -> Iterator[Diagnostic | None]:
        """Each finding as it is told, or None for one that is not."""
        for each in found:
            wanted = not self.select or each.code.startswith(self.select)
            severity = self.severity.get(each.code, each.severity)
            if not wanted or (self.ignore and each.code.startswith(self.ignore)) or severity == "off":
                yield None
            else:
                yield each if each.severity == "error" else replace(each, severity=cast("Severity", severity))

    def joined(self, other: Rules) -> Rules:
        """These rules with those of a project's file beside them; what is selected here goes over what is there."""
        return Rules(self.select or other.select, self.ignore + other.ignore, {**other.severity, **self.severity})


def read_rules(select: Iterable[str] = (), ignore: Iterable[str] = (), severity: Any = None, where: str = "") -> Rules:
    """Rules from lists of codes, also several in one text (`PK203,PK213`). Raises `ConfigError` for what is no code."""
    severities = {} if severity is None else severity
    if not isinstance(severities, dict):
        cure = 'severity = {PK203 = "error"}'
        raise ConfigError("`severity` under `[check]` is a table of codes", code="PK513", where=where, help=cure)
    for code, word in severities.items():
        if code not in titles():
            cure = did_you_mean(code, titles()) or "`promptkit explain` lists them"
            raise ConfigError(f"there is no code `{code}`", code="PK514", where=where, help=cure)
        if word not in (*_SEVERITIES, "off"):
            message = f"`{word}` is no severity"
            cure = f"one of {', '.join((*_SEVERITIES, 'off'))}"
            raise ConfigError(message, code="PK513", where=where, help=cure)
    return Rules(tuple(_known(select, where)), tuple(_known(ignore, where)), severities)


def _known(codes: Iterable[str], where: str) -> list[str]:
    listed = [part.strip().upper() for code in codes for part in str(code).split(",") if part.strip()]
    for code in listed:
        if not any(each.startswith(code) for each in titles()):
            cure = did_you_mean(code, titles()) or "`promptkit explain` lists them"
            raise ConfigError(f"there is no code `{code}`", code="PK514", where=where, help=cure)
    return listed


def project_rules(root: Path | None) -> Rules:
    """The rules under `[check]` in a project's file. Raises `ConfigError`."""
    settings = load_settings(root)
    table = settings.project.get("check", {})
    where = str(settings.root / "promptkit.toml") if settings.root else ""
    if not isinstance(table, dict):
        raise ConfigError("`check` is a table", code="PK513", where=where, help="write `[check]` and its keys below")
    for key in table:
        if key not in _KEYS:
            cure = did_you_mean(key, _KEYS) or f"keys: {', '.join(_KEYS)}"
            raise ConfigError(f"there is no key `{key}` under `[check]`", code="PK513", where=where, help=cure)
    listed = {key: table.get(key, []) for key in ("select", "ignore")}
    for key, value in listed.items():
        if not isinstance(value, list):
            message = f"`{key}` under `[check]` is a list of codes"
            raise ConfigError(message, code="PK513", where=where, help=f'{key} = ["PK203"]')
    return read_rules(listed["select"], listed["ignore"], table.get("severity"), where)


_KEYS = ("select", "ignore", "severity")


@dataclass(slots=True)
class Report:
    """What a check of many files has found so far: how many findings of each severity, and how many are not told."""

    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    stubborn: set[str] = field(default_factory=set)
    """Codes of errors that the rules would lower."""
    _seen: set[Diagnostic] = field(default_factory=set)
    _rules: dict[Path | None, Rules] = field(default_factory=dict)

    def take(self, file: str, found: Sequence[Diagnostic], rules: Rules) -> list[Diagnostic]:
        """The findings of one file that are told: each once, though every file that extends another has its too."""
        self.files += 1
        whole = self.rules(file, rules)
        told: list[Diagnostic] = []
        fresh = [each for each in by_place(found) if self._is_fresh(each)]
        for before, each in zip(fresh, whole.of(fresh), strict=True):
            if each is None:
                self.ignored += 1
                continue
            if before.severity == "error" and whole.severity.get(before.code, "error") != "error":
                self.stubborn.add(before.code)
            self.counts[each.severity] += 1
            told.append(each)
        return told

    def _is_fresh(self, diagnostic: Diagnostic) -> bool:
        plain = replace(diagnostic, notes=())
        if plain in self._seen:
            return False
        if len(self._seen) < _MOST_REMEMBERED:
            self._seen.add(plain)
        return True

    def rules(self, file: str, rules: Rules) -> Rules:
        """The given rules with those of a file's project."""
        root = None if file == "-" else locate(Path(file))[0]
        if root not in self._rules:
            self._rules[root] = project_rules(root)
        return rules.joined(self._rules[root])


_MOST_REMEMBERED = 100_000


def check_file(file: str) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a prompt file. Never raises for what stands in it."""
    fault = path_fault(file)
    if fault is not None:
        return (fault,)
    root, inside = locate(Path(file))
    return check_source(source_at(root), inside)


def check_source(source: Source, path: str, text: str | None = None) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a prompt of a source; with `text`, that text stands for the file."""
    try:
        loaded = load(source, path, text)
        root = getattr(source, "root", None)
        more = (*check_model(loaded, root), *check_prefix(loaded)) if loaded.spec is not None else ()
    except SpecError as error:
        return error.diagnostics
    except PromptkitError as error:
        return (Diagnostic(error.code, "error", error.message, source.shown(path), help=error.help),)
    return by_place((*loaded.diagnostics, *more))


def check_files(files: Sequence[str], jobs: int = 0) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    """Check files, on as many processes as there are processors unless `jobs` says how many; results in order."""
    wanted = jobs or _processors()
    if wanted == 1 or (len(files) < FEW and not jobs):
        yield from ((file, check_file(file)) for file in files)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(min(wanted, len(files))) as pool:
        try:
            yield from zip(files, pool.map(check_file, files, chunksize=_CHUNK), strict=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
