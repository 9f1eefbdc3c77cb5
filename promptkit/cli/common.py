"""What several commands share: the template's argument, inputs, the model, and where results go."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from promptkit.prompt import Prompt

F = TypeVar("F", bound=Callable[..., Any])

template_argument = click.argument("template", type=click.Path(allow_dash=True))


def input_options(function: F) -> F:
    """`-p k=v` and `-i FILE`."""
    function = click.option(
        "-i",
        "--inputs",
        "inputs_file",
        metavar="FILE",
        type=click.Path(allow_dash=True),
        help="Inputs from a JSON or YAML file; `-` is stdin.",
    )(function)
    return click.option(
        "-p",
        "--param",
        "params",
        metavar="NAME=VALUE",
        multiple=True,
        help="One input, read by its declared type; @FILE reads a text from a file.",
    )(function)


def model_option(function: F) -> F:
    """`-m MODEL`."""
    return click.option(
        "-m",
        "--model",
        metavar="MODEL",
        help="An id on MARA Cloud, or local:, simulate:, replay:FILE, openai+https://HOST/v1#NAME.",
    )(function)


def output_option(function: F) -> F:
    """`-o FILE`."""
    return click.option(
        "-o", "--output", "output_file", metavar="FILE", type=click.Path(), help="Write the result to a file."
    )(function)


def load_prompt(template: str) -> Prompt[Any]:
    """The prompt that a template argument names; its warnings go to stderr.

    Raises `SpecError`, or a usage error for what is no path.
    """
    from promptkit.errors import SpecError
    from promptkit.loader import load
    from promptkit.prompt import Prompt

    source, path, text = open_template(template)
    loaded = load(source, path, text)
    if loaded.spec is None:
        raise SpecError(loaded.errors)
    for warning in loaded.diagnostics:
        click.echo(f"{warning}\n", err=True)
    return Prompt(loaded.spec)


def open_template(template: str) -> tuple[Any, str, str | None]:
    """The source, path and (for stdin) text of a template argument."""
    from promptkit.prompt import locate
    from promptkit.source import Folder

    if template == "-":
        return Folder(Path()), "<stdin>", _read_stdin()
    if not _is_path(template):
        raise click.BadParameter(
            f"`{template}` is not a path; a template's path ends in .yaml, or begins with ./",
            param_hint="TEMPLATE",
        )
    root, inside = locate(Path(template))
    return Folder(root), inside, None


def _is_path(template: str) -> bool:
    return template.endswith((".yaml", ".yml")) or template.startswith(("./", "../", "/")) or Path(template).exists()


def _read_stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def read_inputs(prompt: Prompt[Any], params: tuple[str, ...], inputs_file: str | None) -> dict[str, Any]:
    """The inputs of a command: the file's, and over them the single ones.

    Raises `InputError` or `ConfigError`.
    """
    given = {} if inputs_file is None else _inputs_of(inputs_file)
    return given | prompt.inputs_from_texts(dict(map(_param, params)))


def _param(param: str) -> tuple[str, str]:
    name, equals, value = param.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"`{param}` is not NAME=VALUE", param_hint="-p")
    return name, _text_of(value[1:], "-p") if value.startswith("@") else value


def _text_of(path: str, option: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path}: {_why(error)}", param_hint=option) from None


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


def _inputs_of(path: str) -> dict[str, Any]:
    from promptkit.diagnostics import Diagnostic
    from promptkit.errors import InputError
    from promptkit.yamlfile import read_yaml

    text = _read_stdin() if path == "-" else _text_of(path, "-i")
    shown = "<stdin>" if path == "-" else path
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        document = read_yaml(text, shown)
        if document.faults:
            raise InputError(document.faults) from None
        value = document.root.value if document.root is not None else {}
    if not isinstance(value, dict):
        fault = Diagnostic(
            "PK306", "error", "the inputs are not a mapping", shown, 1, 1, help='such as {"ticket": "..."}'
        )
        raise InputError([fault])
    return value


def write_result(text: str, output_file: str | None) -> None:
    """Print a result, or write it to a file, whole or not at all."""
    if output_file is None:
        click.echo(text)
        return
    target = Path(output_file)
    temporary = target.with_name(f".{target.name}.part")
    try:
        temporary.write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
        temporary.replace(target)
    except OSError as error:
        raise click.BadParameter(f"{output_file}: {error.strerror}", param_hint="-o") from None


def to_json(value: Any) -> str:
    """A document for machines."""
    return json.dumps(value, ensure_ascii=False, indent=2)
