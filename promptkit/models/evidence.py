"""What was measured of models on a server: dated, kept in a file of the cache folder, read by `facts_for`."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptkit.completion import sha256
from promptkit.file_lock import file_lock
from promptkit.private_files import keep_file
from promptkit.setting_table import address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from promptkit.completion import ModelFacts
    from promptkit.settings import Settings

_VERSION = 1
OF_FACTS = ("json_schema", "json_mode", "tools", "forced_tools", "reasoning", "tokens_per_second")
"""The findings that are facts of a model, by the same names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found: its value (true, false, a number, a word; None when it stayed open), how, and when."""

    value: Any
    detail: str
    date: str

    @classmethod
    def now(cls, value: Any, detail: str) -> Finding:
        """A finding of this moment (ISO 8601, UTC)."""
        return cls(value, detail, datetime.now(UTC).isoformat(timespec="seconds"))


Findings = dict[str, Finding]


def evidence_path(settings: Settings, base_url: str = "") -> Path:
    """The file in which a server's evidence is kept."""
    return settings.cache_dir / f"evidence-{sha256(address(base_url or settings.base_url))[:16]}.json"


def load_evidence(settings: Settings, base_url: str = "") -> Mapping[str, Findings]:
    """What was found on a server (by default the configured one), by model; a file that cannot be read is none."""
    path = evidence_path(settings, base_url)
    try:
        state = path.stat()
    except OSError:
        return {}
    return _kept(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _kept(path: Path, _: int, __: int) -> Mapping[str, Findings]:
    """The file, read again only when its time or size has changed."""
    return _read(path)


def _read(path: Path) -> Mapping[str, Findings]:
    try:
        data = json.loads(path.read_bytes())
        if data["version"] != _VERSION:
            return {}
        return {
            model: {name: Finding(**finding) for name, finding in findings.items()}
            for model, findings in data["models"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def save_findings(settings: Settings, base_url: str, model: str, found: Findings) -> None:
    """Keep what a probe found, beside what is kept already, whoever else writes. Raises `ConfigError`."""
    path = evidence_path(settings, base_url)
    with _lock, _alone(path):
        known = {model: dict(findings) for model, findings in _read(path).items()}
        known.setdefault(model, {}).update(found)
        models = {model: {name: asdict(each) for name, each in findings.items()} for model, findings in known.items()}
        document = {"version": _VERSION, "base_url": base_url or settings.base_url, "models": models}
        keep_file(path, json.dumps(document, ensure_ascii=True, indent=1), "what was measured")


_lock = threading.Lock()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from writing meanwhile; where there can be no lock, the file itself tells why."""
    with ExitStack() as stack:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(file_lock(path.with_suffix(".lock")))
        yield


def joined_sources(source: str, earlier: str) -> str:
    """Where facts come from: what was found now, and for the others what was known before."""
    return f"{source}; else {earlier}" if earlier else source


def with_evidence(known: ModelFacts, settings: Settings, base_url: str = "") -> ModelFacts:
    """What was measured of a model, over what was known before."""
    findings = load_evidence(settings, base_url).get(known.name, {})
    found = {name: findings[name].value for name in OF_FACTS if name in findings and findings[name].value is not None}
    if not found:
        return known
    dates = sorted({findings[name].date[:10] for name in found})
    source = f"{', '.join(found)}: measured on {urlsplit(base_url or settings.base_url).netloc}, {dates[-1]}"
    return replace(known, **found, source=joined_sources(source, known.source))
