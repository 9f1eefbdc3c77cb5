"""A plugin for pytest: snapshots of prompts, recorded answers, and a loopback MARA.

promptkit_snapshot  what a prompt renders to, held against what is kept beside it
promptkit_replay    a client that answers from a recording beside the test
promptkit_server    a loopback MARA on a real socket, to which the environment points
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from promptkit.client import Client
    from promptkit.prompt import Prompt
    from promptkit.testing import MaraServer

_FAILED = pytest.StashKey[bool]()
_LONGEST_NAME = 100
_MARK = "promptkit_server(answers=None, faults=(), api_key=None, models=...): what the loopback MARA answers"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("promptkit")
    group.addoption("--promptkit-update", action="store_true", help="write the snapshots of prompts anew")
    group.addoption("--promptkit-record", action="store_true", help="ask the models and record their answers anew")


def pytest_configure(config: pytest.Config) -> None:
    """The marks of the plugin."""
    config.addinivalue_line("markers", _MARK)


@pytest.fixture
def promptkit_replay(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client that answers from the recording of this test: `prompt.using(client=promptkit_replay)`.

    It stands beside the test's file, under `recordings`, and is made by `pytest --promptkit-record`, which asks the
    models. A request that is not in it fails the test, with what differs from the nearest one.
    """
    from promptkit.client import Client

    kept = recording_of(request.node)
    if not request.config.getoption("--promptkit-record"):
        if not kept.is_file():
            pytest.fail(f"there is no recording yet; `pytest --promptkit-record` makes {kept}", pytrace=False)
        with Client(replay=kept) as client:
            yield client
        return
    made = kept.with_suffix(".new")
    made.unlink(missing_ok=True)
    with Client(record=made) as client:
        yield client
    if made.is_file() and not request.node.stash.get(_FAILED, False):
        made.replace(kept)
    made.unlink(missing_ok=True)  # of a test that failed; what was recorded before stays


def recording_of(test: pytest.Item) -> Path:
    """The file of a test's recorded answers."""
    inside = test.nodeid.partition("::")[2].replace("::", ".")
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in inside)[:_LONGEST_NAME]
    if name != inside:  # two names must not come to one file
        name = f"{name}-{hashlib.sha256(inside.encode()).hexdigest()[:8]}"
    return test.path.parent / "recordings" / f"{test.path.stem}.{name}.jsonl"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether a test failed, for what replaces its recording at the end."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def promptkit_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MaraServer]:
    """A loopback MARA that runs while the test does. `MARA_BASE_URL` and `MARA_API_KEY` point at it.

    `@pytest.mark.promptkit_server(answers=[...], faults=[...])` says what it answers and what goes wrong, with the
    arguments of `promptkit.testing.MaraServer`.
    """
    from promptkit.models.paced import forget_gates
    from promptkit.testing import MaraServer

    mark = request.node.get_closest_marker("promptkit_server")
    told = dict(mark.kwargs) if mark is not None else {}
    forget_gates()  # a port may be one that another test's server had
    with MaraServer(**told) as server:
        monkeypatch.setenv("MARA_BASE_URL", server.base_url)
        monkeypatch.setenv("MARA_API_KEY", told.get("api_key") or "any-key")
        yield server


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
