"""Checking many prompts: in order, on all processors, by a project's own rules.

A check of a file is its load, with what is known of the model that it names; nothing is asked of any server.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from promptkit.codes import titles
from promptkit.diagnostics import BUG_CURE, DEBUG_VARIABLE, Diagnostic, Severity, by_place, did_you_mean
from promptkit.errors import ConfigError, PromptkitError, SpecError
from promptkit.late_pattern import LatePattern
from promptkit.loader import load
from promptkit.model_checks import check_model
from promptkit.prefix_checks import check_prefix
from promptkit.settings import PROJECT_FILE, find_root, project_faults
from promptkit.source import Folder
from promptkit.template_paths import locate, path_fault, source_at
from promptkit.tomlfile import load_toml, place_in

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


def read_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Rules:
    """Rules from lists of codes, also several in one text (`PK203,PK213`). Raises `ConfigError` for what is no code."""
    for code in (*_codes(select), *_codes(ignore)):
        if fault := _code_fault(code):
            raise fault
    return Rules(tuple(_codes(select)), tuple(_codes(ignore)))


def _codes(listed: Iterable[Any]) -> list[str]:
    return [part.strip().upper() for code in listed for part in str(code).split(",") if part.strip()]


def _code_fault(code: str, where: str = "", *, whole: bool = False) -> ConfigError | None:
    """What is wrong with a code, or with the beginning of one."""
    if code in titles() or (not whole and any(each.startswith(code) for each in titles())):
        return None
    cure = did_you_mean(code, titles()) or "`promptkit explain` lists them"
    return ConfigError(f"there is no code `{code}`", code="PK514", where=where, help=cure)


def project_rules(root: Path | None) -> tuple[Rules, tuple[ConfigError, ...]]:
    """The rules under `[check]` in a project's file, and all that is wrong with its settings.

    What is wrong in the rules is left out of them.
    """
    root = None if root is None else find_root(root)
    if root is None:
        return Rules(), ()
    path = root / PROJECT_FILE
    faults = list(project_faults(root))
    try:
        table = load_toml(path).get("check", {})
    except ConfigError:
        return Rules(), tuple(faults)
    if not isinstance(table, dict):  # which has been told
        return Rules(), tuple(faults)
    told = _rule_faults(table, path)
    sound = {key: value for key, value in table.items() if key in _KEYS and (key,) not in told} if told else table
    select, ignore = (
        tuple(code for code in _codes(sound.get(key, ())) if (key, code) not in told) for key in ("select", "ignore")
    )
    severity = {code: word for code, word in sound.get("severity", {}).items() if ("severity", code) not in told}
    return Rules(select, ignore, severity), (*faults, *told.values())


def _rule_faults(table: Mapping[str, Any], path: Path) -> dict[tuple[str, ...], ConfigError]:
    """What is wrong under `[check]`, by the key that it is about, and the code below it."""
    found: dict[tuple[str, ...], ConfigError] = {}

    def wrong(message: str, cure: str, *keys: str) -> None:
        found[keys] = ConfigError(message, where=place_in(path, "check", *keys), help=cure)

    for key, value in table.items():
        if key not in _KEYS:
            wrong(f"there is no key `{key}` under `[check]`", did_you_mean(key, _KEYS) or _ALL_KEYS, key)
        elif key == "severity" and not isinstance(value, dict):
            wrong("`severity` under `[check]` is a table of codes", 'severity = {PK203 = "error"}', key)
        elif key != "severity" and not isinstance(value, list):
            wrong(f"`{key}` under `[check]` is a list of codes", f'{key} = ["PK203"]', key)
        else:
            for code in value if key == "severity" else _codes(value):
                if fault := _code_fault(code, place_in(path, "check", key, code), whole=key == "severity"):
                    found[key, code] = fault
                elif key == "severity" and value[code] not in _WORDS:
                    wrong(f"`{value[code]}` is no severity", f"one of {', '.join(_WORDS)}", key, code)
    return found


_KEYS = ("select", "ignore", "severity")
_ALL_KEYS = f"keys: {', '.join(_KEYS)}"
_WORDS = (*_SEVERITIES, "off")


@dataclass(slots=True)
class Report:
    """What a check of many files has found so far: how many findings of each severity, and how many are not told."""

    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    failed: bool = False
    """Whether a bug of promptkit ended the check of a file."""
    stubborn: set[str] = field(default_factory=set)
    """Codes of errors that the rules would lower."""
    _seen: set[tuple[str, str, int, int]] = field(default_factory=set)
    _rules: dict[Path | None, Rules] = field(default_factory=dict)
    _roots: dict[str, Path] = field(default_factory=dict)
    _faults: list[Diagnostic] = field(default_factory=list)

    def take(self, file: str, found: Sequence[Diagnostic], rules: Rules) -> list[Diagnostic]:
        """The findings of one file that are told: each once, though every file that extends another has its too."""
        self.files += 1
        self.failed = self.failed or any(each.code == "PK999" for each in found)
        whole = self.rules(file, rules)
        told: list[Diagnostic] = []
        fresh = [each for each in dict.fromkeys(by_place(found)) if self._is_fresh(each)]
        self._seen |= {_place_of(each) for each in fresh if len(self._seen) < _MOST_REMEMBERED}
        # What is wrong with the rules is no matter of the rules.
        self._faults, faults = [], self._faults
        self.counts["error"] += len(faults)
        for before, each in zip(fresh, whole.of(fresh), strict=True):
            if each is None:
                self.ignored += 1
                continue
            if before.severity == "error" and whole.severity.get(before.code, "error") != "error":
                self.stubborn.add(before.code)
            self.counts[each.severity] += 1
            told.append(each)
        return [*faults, *told]

    def _is_fresh(self, diagnostic: Diagnostic) -> bool:
        """Whether no file before had it; another one may know more, or less, about the same mistake."""
        return _place_of(diagnostic) not in self._seen

    def rules(self, file: str, rules: Rules) -> Rules:
        """The given rules with those of a file's project."""
        folder = os.path.dirname(file)  # noqa: PTH120 (asked for each of a thousand files)
        if file != "-" and folder not in self._roots:
            self._roots[folder] = locate(Path(file))[0]
        root = None if file == "-" else self._roots[folder]
        if root not in self._rules:
            self._rules[root], faults = project_rules(root)
            self._faults += by_place(map(_as_diagnostic, faults))
            self._seen |= set(map(_place_of, self._faults))
        return rules.joined(self._rules[root])


_MOST_REMEMBERED = 100_000


def _place_of(found: Diagnostic) -> tuple[str, str, int, int]:
    return found.code, found.path, found.line, found.column


def _as_diagnostic(error: PromptkitError) -> Diagnostic:
    """What is wrong with a project's file, as a finding in it."""
    path, *place = re.split(r":(?=\d+(?::|$))", error.where)
    line, column = (*map(int, place), 1, 1)[:2] if place else (1, 1)
    path = os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
    return Diagnostic(error.code, "error", error.message, path, line, column, line, column + 1, help=error.help)


_DATA = LatePattern(
    r"(?:\$ref|path)[\"']?[ \t]*:[ \t]*[\"']?(?P<name>[^\s\"'#,{}\[\]|>]{1,300}\.ya?ml)[\"']?(?=[\s,}#]|$)"
    r"|examples_from[ \t]*:[ \t]*[\"']?(?P<rows>[^\s\"'#,{}\[\]|>]{1,300}\.ya?ml)"
)
"""How a prompt names a file of data: a schema by `$ref`, rows of examples by `path`."""


def data_files(files: Iterable[str]) -> set[str]:
    """Which of some files are no prompts, but are named by one of them as a schema or as rows; as absolute paths."""
    listed = {os.path.abspath(file) for file in files}  # noqa: PTH100 (by name, as they are listed)
    found: set[str] = set()
    for file in listed:
        try:
            text = Path(file).read_bytes()[:_MOST_SEARCHED].decode("utf-8", "replace")
        except OSError:
            continue
        for named in _DATA.finditer(text):
            name, folder = named["name"] or named["rows"], os.path.dirname(file)  # noqa: PTH120
            root = locate(Path(file))[0] if name.startswith("/") else folder
            found.add(os.path.normpath(os.path.join(root, name.lstrip("/"))))  # noqa: PTH118
    return found & listed


_MOST_SEARCHED = 1 << 20


def check_file(file: str) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a prompt file. Never raises for what stands in it."""
    fault = path_fault(file)
    if fault is not None:
        return (fault,)
    root, inside = locate(Path(file))
    try:
        source = source_at(root)
    except PromptkitError as error:  # what is wrong with the project's file hides nothing of its prompts
        return (_as_diagnostic(error), *check_source(Folder(root), inside))
    return check_source(source, inside)


def check_source(source: Source, path: str, text: str | None = None) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a prompt of a source; with `text`, that text stands for the file."""
    found: tuple[Diagnostic, ...] = ()
    try:
        loaded = load(source, path, text)
        found = loaded.diagnostics
        found += tuple(check_prefix(loaded)) if loaded.spec is not None else ()
        found += tuple(check_model(loaded, getattr(source, "root", None)))
    except SpecError as error:
        return error.diagnostics
    except ConfigError as error:
        found += (_as_diagnostic(error),)
    except PromptkitError as error:
        found += (Diagnostic(error.code, "error", error.message, source.shown(path), help=error.help),)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        message = f"promptkit failed at this file: {type(error).__name__}: {error}"  # and goes on with the others
        found += (Diagnostic("PK999", "error", message, source.shown(path), help=BUG_CURE),)
    return by_place(found)


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
