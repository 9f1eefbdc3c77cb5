"""What a shell may complete: templates, models, and the inputs of the template that is already named.

Nothing here may fail or print: a shell asks while somebody types.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.source import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import click
    from click.shell_completion import CompletionItem

    from promptkit.spec import Input

_SCHEMES = {
    "local:": "a small model on this machine",
    "simulate:": "answers made from the schema",
    "replay:": "recorded answers of a file",
    "openai+https://": "any compatible server",
}


def templates(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Prompt files, and the folders that lead to them."""
    from click.shell_completion import CompletionItem

    head, slash, begun = incomplete.rpartition("/")
    folder = Path(head + slash)
    found = []
    with contextlib.suppress(OSError):
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
                found += [f"{head}{slash}{entry.name}{_ending(entry)}"] if _leads_to_a_prompt(entry) else []
    return [CompletionItem(path) for path in found]


def _leads_to_a_prompt(entry: Path) -> bool:
    return entry.is_dir() or entry.suffix in ENDINGS


def _ending(entry: Path) -> str:
    return "/" if entry.is_dir() else ""


def models(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models that are listed, and the schemes of all others."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=told) for name, told in _models() if name.startswith(incomplete)]


def _models() -> Iterator[tuple[str, str]]:
    from promptkit.errors import PromptkitError
    from promptkit.models.catalog import listed_models
    from promptkit.settings import load_settings

    with contextlib.suppress(PromptkitError):
        for facts in listed_models(load_settings()):
            yield facts.name, f"{facts.context_length:,} tokens" if facts.context_length else ""
    yield from _SCHEMES.items()


def options_of_models(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The options of a generation."""
    from click.shell_completion import CompletionItem

    from promptkit.options import KNOWN_OPTIONS

    return [CompletionItem(f"{name}=") for name in sorted(KNOWN_OPTIONS) if name.startswith(incomplete)]


def inputs_of(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`NAME=` for each input of the template before the cursor; behind `=` the values that its declaration lists."""
    from click.shell_completion import CompletionItem

    words: Sequence[str] = context.obj or ()
    named = (word for word in words if word.endswith(ENDINGS))
    declared = _declared(context.params.get("template") or next(named, ""))
    name, equals, begun = incomplete.partition("=")
    if equals:
        values = [value for value in _values(declared.get(name)) if value.startswith(begun)]
        return [CompletionItem(f"{name}={value}") for value in values]
    given = {word.partition("=")[0] for word in words if "=" in word}
    names = [each for each in declared if each.startswith(incomplete) and each not in given]
    return [CompletionItem(f"{each}=", help=_told(declared[each])) for each in names]


def _declared(template: str) -> Mapping[str, Input]:
    from promptkit.loader import load
    from promptkit.template_paths import locate, source_at

    with contextlib.suppress(OSError):
        root, inside = locate(Path(template))
        spec = load(source_at(root), inside).spec if template else None
        return spec.inputs if spec is not None else {}
    return {}


def _told(declared: Input) -> str:
    schema = declared.json_schema
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""


def _values(declared: Input | None) -> list[str]:
    schema = declared.json_schema if declared is not None else {}
    listed = schema.get("enum", []) if isinstance(schema, dict) else []
    return [value for value in listed if isinstance(value, str)]


def codes(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes of diagnostics."""
    from click.shell_completion import CompletionItem

    from promptkit.codes import titles

    return [CompletionItem(code, help=told) for code, told in titles().items() if code.startswith(incomplete.upper())]


def runs(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the latest runs."""
    from click.shell_completion import CompletionItem

    from promptkit.errors import PromptkitError
    from promptkit.record import RunLog
    from promptkit.settings import load_settings

    with contextlib.suppress(PromptkitError), RunLog(load_settings().log_path) as log:
        records = [record for record in log.list() if record.id.startswith(incomplete.upper())]
        return [CompletionItem(record.id, help=f"{record.prompt} {record.model} {record.status}") for record in records]
    return []
