"""The forms in which findings leave `promptkit check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.cli.common import to_json
from promptkit.diagnostics import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from promptkit.diagnostics import Diagnostic

    Form = Callable[[Sequence[Diagnostic]], str]

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB_KINDS = {"error": "error", "warning": "warning", "note": "notice"}
_PLACE = (("line", "startLine"), ("column", "startColumn"), ("end_line", "endLine"), ("end_column", "endColumn"))


def _text(found: Sequence[Diagnostic]) -> str:
    return f"{to_text(found)}\n" if found else ""


def _json(found: Sequence[Diagnostic]) -> str:
    return to_json({"version": 1, "diagnostics": [diagnostic.to_dict() for diagnostic in found]})


def _github(found: Sequence[Diagnostic]) -> str:
    return "\n".join(map(_annotation, found))


def _annotation(diagnostic: Diagnostic) -> str:
    """A workflow command (GitHub docs, workflow commands); what separates its parts is escaped."""
    told = diagnostic.to_dict()
    message = _escaped(_sentence(told))
    path = _escaped(told["path"]).replace(":", "%3A").replace(",", "%2C")
    place = f"file={path},line={told['line'] or 1},col={told['column'] or 1}"
    return f"::{_GITHUB_KINDS[diagnostic.severity]} {place},title={told['code']}::{message}"


def _sentence(told: Mapping[str, Any]) -> str:
    """What is wrong, why and the cure, for a form with one text."""
    return ". ".join(filter(None, (told["message"], *told["notes"], told["help"])))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _sarif(found: Sequence[Diagnostic]) -> str:
    """SARIF 2.1.0 (OASIS), with what code scanning reads of it."""
    from promptkit import __version__
    from promptkit.codes import titles

    known = titles()
    rules = [
        {"id": code, "shortDescription": {"text": known.get(code, code)}} for code in sorted({d.code for d in found})
    ]
    driver = {
        "name": "promptkit",
        "version": __version__,
        "rules": rules,
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(d) for d in found]}
    return to_json({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    from pathlib import PurePath
    from urllib.parse import quote

    told = diagnostic.to_dict()
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(PurePath(told["path"]).as_posix())}}
    region = {name: told[key] for key, name in _PLACE if told[key]}
    if region:
        place["region"] = region
    return {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": _sentence(told)},
        "locations": [{"physicalLocation": place}],
    }


FORMS: Mapping[str, Form] = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
