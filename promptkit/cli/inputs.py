"""The inputs that a command is given: a file's, and over them the single ones."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli.templates import STDIN, read_stdin
from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.errors import InputError
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from promptkit.prompt import Prompt

_MOST_BYTES = 64 << 20
_FORM = 'such as {"ticket": "..."}'


def read_inputs(prompt: Prompt[Any], params: tuple[str, ...], inputs_file: str | None) -> dict[str, Any]:
    """The inputs of a command. Raises `InputError`, or a usage error for a parameter without a value."""
    try:
        given = {} if inputs_file is None else _inputs_of(inputs_file)
    except InputError as error:
        if prompt.spec.secret_inputs:
            # Without the lines themselves: they may hold the secret.
            raise InputError(replace(fault, excerpt="") for fault in error.diagnostics) from None
        raise
    return given | prompt.inputs_from_texts(_texts(params))


def refuse_two_readers(template: str, inputs_file: str | None) -> None:
    """Stdin can be read once only. Raises a usage error."""
    if template == inputs_file == "-":
        raise click.UsageError("the template and the inputs cannot both be read from stdin")


def _texts(params: tuple[str, ...]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, text in map(_param, params):
        if name in texts:
            raise click.UsageError(f"-p gives `{name}` twice, and an input has one value")
        texts[name] = text
    return texts


def _param(param: str) -> tuple[str, str]:
    name, equals, value = param.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"`{param}` is not NAME=VALUE", param_hint="-p")
    return name, _param_text(value)


def _param_text(value: str) -> str:
    if value.startswith("@@"):
        return value[1:]
    return _decoded(_bytes_of(value[1:]), value[1:]) if value.startswith("@") else value


def _inputs_of(path: str) -> dict[str, Any]:
    shown = STDIN if path == "-" else path
    text = _decoded(read_stdin() if path == "-" else _bytes_of(path), shown).removeprefix("\ufeff")
    if not text.strip():
        raise _unfit("the inputs are empty", shown, _FORM)
    value = _parsed(text, shown)
    if not isinstance(value, dict):
        raise _unfit("the inputs are not a mapping", shown, _FORM)
    return value


def _parsed(text: str, shown: str) -> Any:
    """JSON, or else YAML: what looks like JSON is not told of YAML's trouble with it."""
    try:
        return json.loads(text)
    except RecursionError:
        raise _unfit("the inputs are nested too deeply", shown) from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError) and text.lstrip().startswith(("{", "[")) and shown.endswith(".json"):
            raise _not_json(text, shown, error) from None
    from promptkit.yamlfile import read_yaml

    document = read_yaml(text, shown)
    if document.faults:
        raise InputError(document.faults)
    return document.root.value if document.root is not None else None


def _not_json(text: str, shown: str, error: json.JSONDecodeError) -> InputError:
    excerpt = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
    message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    return InputError([Diagnostic("PK306", "error", message, shown, error.lineno, error.colno, excerpt=excerpt)])


def _bytes_of(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        shown = shortened(path, 80)
        fault = Diagnostic("PK113", "error", f"`{shown}` cannot be read: {error.strerror}", help=_near(Path(path)))
        raise InputError([fault]) from None
    if len(data) > _MOST_BYTES:
        raise _unfit(f"the inputs are larger than the limit of {_MOST_BYTES:,} bytes", path)
    return data


def _near(path: Path) -> str:
    """The file of that folder whose name is nearly the same; or how one value is given, if that looks meant."""
    if "=" in path.name:
        return "`-i` takes a file; one value is given as `-p NAME=VALUE`"
    with contextlib.suppress(OSError, ValueError):
        files = {other.name: other for other in sorted(path.parent.iterdir()) if other.is_file()}
        near = did_you_mean(path.name, files)
        return near and f"did you mean `{files[near.split('`')[1]]}`?"
    return ""


def _decoded(data: bytes, shown: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unfit("the inputs are not UTF-8 text", shown, "save them as UTF-8", code="PK101") from None


def _unfit(message: str, shown: str, help: str = "", code: str = "PK306") -> InputError:
    return InputError([Diagnostic(code, "error", message, shown, help=help)])
