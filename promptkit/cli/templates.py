"""The template that a command names: found, read, and every mistake in naming it answered with a suggestion."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.cli.report import say
from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.errors import ConfigError, InputError, RenderError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.prompt import Prompt
    from promptkit.source import Source

STDIN = "<stdin>"
_ENDINGS = (".yaml", ".yml")
_MOST_NAMED = 5


def load_prompt(template: str, *, quiet: bool = False) -> Prompt[Any]:
    """The prompt that a template argument names; its warnings go to stderr.

    Raises `SpecError`, or `ConfigError` for what is no path.
    """
    from promptkit.loader import load
    from promptkit.prompt import Prompt

    loaded = load(*open_template(template))
    if loaded.spec is None:
        raise SpecError(loaded.errors)
    for warning in loaded.diagnostics:
        say(f"{warning}\n", quiet=quiet)
    return Prompt(loaded.spec)


def open_template(template: str) -> tuple[Source, str, str | None]:
    """The source, path and (for stdin) text of a template argument. Raises as `load_prompt` does."""
    from promptkit.prompt import locate
    from promptkit.source import Folder

    if template == "-":
        return Folder(Path()), STDIN, _from_stdin()
    path = Path(template)
    fault = _fault(template, path)
    if fault is not None:
        raise SpecError([fault])
    root, inside = locate(path)
    return Folder(root), inside, None


@contextlib.contextmanager
def places_as_typed(template: str) -> Iterator[None]:
    """Errors of inputs and of rendering name files under the prompt's root: let them name them as they were typed."""
    from promptkit.prompt import locate
    from promptkit.source import Folder

    try:
        yield
    except InputError as error:
        root, inside = locate(Path(template))
        shown = Folder(root).shown(inside)
        raise InputError(replace(d, path=shown) if d.path == inside else d for d in error.diagnostics) from None
    except RenderError as error:
        root, _ = locate(Path(template))
        inside, colon, place = error.where.partition(":")
        if inside and (root / inside).is_file():
            error.where = f"{Folder(root).shown(inside)}{colon}{place}"
        raise


def _fault(template: str, path: Path) -> Diagnostic | None:
    """Why a template argument cannot be meant, with what may have been meant."""
    try:
        if not template:
            message, cure = "the path of the template is empty", "a template is a path that ends in .yaml"
        elif path.is_dir():
            message, cure = f"`{template}` is a folder, not a prompt", _prompts_in(path)
        elif not path.exists():
            message, cure = f"there is no file `{template}`", _near(template, path)
        else:
            return None
    except OSError as error:
        message, cure = f"`{_shortened(template)}` cannot be read: {error.strerror}", ""
    return Diagnostic("PK113", "error", message, help=cure)


def _prompts_in(folder: Path) -> str:
    names = [str(path) for path in sorted(folder.iterdir()) if _is_yaml(path)][: _MOST_NAMED + 1]
    if len(names) == 1:
        return f"did you mean `{names[0]}`?"
    shown = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    return (
        f"prompts in it: {shown}" if names else "there is no .yaml file in it; `promptkit init NAME` writes a first one"
    )


def _near(template: str, path: Path) -> str:
    if path.suffix not in _ENDINGS and not template.startswith((".", "/")):
        beside = [ending for ending in _ENDINGS if path.with_name(path.name + ending).exists()]
        return f"did you mean `{template}{beside[0]}`?" if beside else "a template is a path that ends in .yaml"
    # By their stems: the ending alone makes any two names alike.
    siblings = {other.stem: str(path.with_name(other.name)) for other in _listed(path.parent) if _is_yaml(other)}
    near = did_you_mean(path.stem, siblings)
    return f"did you mean `{siblings[near.split('`')[1]]}`?" if near else ""


def _is_yaml(path: Path) -> bool:
    return path.suffix in _ENDINGS


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _from_stdin() -> str:
    """The text of a template on stdin, bounded as a file's is."""
    from promptkit.source import MAX_BYTES

    data = read_stdin(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SpecError([Diagnostic("PK113", "error", f"it is larger than the limit of {MAX_BYTES:,} bytes", STDIN)])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        fault = Diagnostic("PK101", "error", "the file is not UTF-8", STDIN, line, column, help="save it as UTF-8")
        raise SpecError([fault]) from None


def read_stdin(limit: int = -1) -> bytes:
    """What stands on stdin. Raises `ConfigError` when it is closed."""
    if sys.stdin is None:
        raise ConfigError("stdin is closed", code="PK115", help="`-` reads from it")
    return sys.stdin.buffer.read(limit)
