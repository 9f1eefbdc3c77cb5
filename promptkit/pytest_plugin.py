"""A plugin for pytest: `promptkit_snapshot` holds what a prompt renders to against what is kept beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.prompt import Prompt


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("promptkit")
    group.addoption("--promptkit-update", action="store_true", help="write the snapshots of prompts anew")


@pytest.fixture
def promptkit_snapshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Hold what a prompt renders to against its snapshot: `promptkit_snapshot(prompt, ticket="...", name="long")`.

    `promptkit_snapshot(prompt, {"name": ...})` takes inputs that have such names. The snapshot stands beside the
    prompt's file. It is written by `pytest --promptkit-update`; a test whose snapshot is missing fails.
    """
    from promptkit.snapshots import compare, snapshot_path

    update = bool(request.config.getoption("--promptkit-update"))

    def check(prompt: Prompt[Any], inputs: dict[str, Any] | None = None, /, *, name: str = "", **named: Any) -> None:
        __tracebackhide__ = True
        file = Path(prompt.spec.placed(prompt.spec.path))
        if not file.is_file():
            pytest.fail(f"{prompt!r} has no file, and so no place for a snapshot", pytrace=False)
        path = snapshot_path(file, name or None)
        missing = not path.exists()
        state, diff = compare(prompt.render({**(inputs or {}), **named}), path, write=update)
        if state == "changed":
            why = "there is no snapshot yet" if missing else f"{prompt!r} renders to other messages"
            pytest.fail(f"{why}; `pytest --promptkit-update` writes {path}\n{diff}", pytrace=False)

    return check
