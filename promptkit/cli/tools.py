"""Tools from the command line: `--tools MODULE:FUNCTION,...`, and who is asked before one of them runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from promptkit.toolbox import Confirm
    from promptkit.tools import Tool


def named_tools(texts: tuple[str, ...]) -> list[Tool | Callable[..., Any]]:
    """What `--tools` names, in order: functions of modules or of Python files, or all tools of one.

    Raises `ConfigError` for what is not there. Importing a module runs its code, as Python does.
    """
    names = (name.strip() for text in texts for name in text.split(","))
    return [tool for name in names if name for tool in _named(name)]


def _named(name: str) -> list[Any]:
    from promptkit.tools import Tool

    place, colon, function = name.rpartition(":") if ":" in name else (name, "", "")
    module = _module(place, name)
    if not colon:
        found = [value for value in vars(module).values() if isinstance(value, Tool)]
        if not found:
            raise _wrong(name, f"`{place}` has no tools", f"decorate functions with `@tool`, or name one: {place}:NAME")
        return found
    value = getattr(module, function, None)
    if not callable(value):
        from promptkit.diagnostics import did_you_mean

        offered = [each for each in vars(module) if callable(getattr(module, each)) and not each.startswith("_")]
        raise _wrong(name, f"`{place}` has no function `{function}`", did_you_mean(function, offered))
    return [value]


def _module(place: str, name: str) -> ModuleType:
    import importlib
    import importlib.util

    from promptkit.tool_runs import worded

    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        if not place.endswith(".py"):
            return importlib.import_module(place)
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(spec.name, module)
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a module raises while it is imported, an exit too)
        raise _wrong(name, f"`{place}` cannot be imported: {worded(error)}", "") from None
    return module


def _wrong(name: str, message: str, cure: str) -> ConfigError:
    return ConfigError(message, where=f"--tools {name}", help=cure or "MODULE:FUNCTION, or FILE.py:FUNCTION")


def confirming(*, approve: bool) -> Confirm | None:
    """Who agrees before a tool runs that is to be confirmed: everybody, whoever sits there, or (None) nobody."""
    if approve:
        return lambda *_: True
    return _ask if sys.stdin is not None and sys.stdin.isatty() else None


def _ask(name: str, arguments: Mapping[str, Any]) -> bool:
    from promptkit.phrases import steady

    try:
        return click.confirm(steady(f"run {name}({common.to_line(arguments)})?"), default=False, err=True)
    except click.Abort:  # Ctrl-C, or the end of the input
        raise KeyboardInterrupt from None
