"""The process of a local model, around an engine that is only played: how it starts, is shared, dies and ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import wait_until

from promptkit.completion import Assembler, Completion, Request
from promptkit.errors import ConfigError, MissingExtra, ModelError, ServerError, StreamInterrupted
from promptkit.messages import Message
from promptkit.models.local import LocalModel, open_local
from promptkit.models.local_process import PROCESSES, LocalProcesses
from promptkit.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENGINE = Path(__file__).parent.parent / "fake_engine"
ROOT = ENGINE.parent.parent


@pytest.fixture(autouse=True)
def _played_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ENGINE), str(ROOT))))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LocalModel]]:
    monkeypatch.syspath_prepend(ENGINE)
    opened: list[LocalModel] = []

    def open_with(*, timeout: float = 30, **behaviour: Any) -> LocalModel:
        path = tmp_path / "played.gguf"
        path.write_bytes(b"GGUF" + json.dumps(behaviour).encode())
        opened.append(open_local(str(path), load_settings(attempt_timeout=timeout)))
        return opened[-1]

    yield open_with
    for each in opened:
        each.close()


def request(*, stream: bool = False, **options: Any) -> Request:
    return Request("local:", (Message("user", "Is all well?"),), options, stream=stream)


def asked(model: LocalModel, **options: Any) -> Completion:
    assembler = Assembler()
    for delta in model.send(request(**options)):
        assembler.feed(delta)
    return assembler.completion()


async def aasked(model: LocalModel, **options: Any) -> Completion:
    assembler = Assembler()
    async for delta in model.asend(request(**options)):
        assembler.feed(delta)
    return assembler.completion()


def told(model: LocalModel, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked(model, **options).text)
    return found


def failure(model: LocalModel, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        asked(model, **options)
    return caught.value


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended since, or there is no such folder here
        return not Path("/proc").exists()
    return state.rpartition(") ")[2][0] != "Z"


# Asking


def test_opening_starts_nothing(model: Callable[..., LocalModel]) -> None:
    opened = model()
    assert opened.path not in PROCESSES.pids()


def test_the_engine_is_started_with_what_was_found_best(model: Callable[..., LocalModel]) -> None:
    opened = model()
    params = told(opened)["params"]
    expected = {
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "model_alias": ["local:played"],
        "n_ctx": 4096,
        "n_parallel": 1,
        "cpuparams": {"n_threads": 1},
        "cpuparams_batch": {"n_threads": 1},
        "cache_ram_mib": 0,
        "cache_prompt": False,
        "verbosity": -1,
    }
    assert expected == {name: params[name] for name in expected}


def test_an_answer_is_limited_unless_more_is_asked_for(model: Callable[..., LocalModel]) -> None:
    opened = model()
    limits = (
        told(opened)["asked"],
        told(opened, max_tokens=9)["asked"],
        told(opened, max_completion_tokens=900)["asked"],
    )
    assert [(512, None), (9, None), (None, 900)] == [
        (body.get("max_tokens"), body.get("max_completion_tokens")) for body in limits
    ]


def test_all_four_ways_of_asking_answer(model: Callable[..., LocalModel]) -> None:
    opened = model()
    streamed = asked(opened, stream=True).text
    assert "All is well." == streamed == asyncio.run(aasked(opened, stream=True)).text
    assert told(opened)["pid"] == json.loads(asyncio.run(aasked(opened)).text)["pid"]


def test_requests_are_answered_one_after_another(model: Callable[..., LocalModel]) -> None:
    opened = model(pause=0.02)

    async def together() -> list[Completion]:
        return await asyncio.gather(*(aasked(opened) for _ in range(6)))

    assert [False] * 6 == [json.loads(answer.text)["overlaps"] for answer in asyncio.run(together())]


def test_a_reader_of_a_stream_may_ask_meanwhile(model: Callable[..., LocalModel]) -> None:
    opened = model()

    async def nested() -> str:
        async for _ in opened.asend(request(stream=True)):
            return (await aasked(opened, stream=True)).text
        return ""

    assert "All is well." == asyncio.run(nested())


def test_no_proxy_gets_to_see_the_prompt(model: Callable[..., LocalModel], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert "All is well." == asked(model(), stream=True).text


def test_what_the_engine_prints_is_no_answer(model: Callable[..., LocalModel]) -> None:
    assert "All is well." == asked(model(print='{"address": "http://127.0.0.1:1"}'), stream=True).text


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
def test_the_key_is_not_where_others_can_see_it(model: Callable[..., LocalModel]) -> None:
    found = told(model())
    process = Path("/proc") / str(found["pid"])
    key = found["params"]["api_keys"][0].encode()
    assert len(key) >= 32
    assert key not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()


# Sharing and ending


def test_models_of_the_same_weights_share_a_process_until_the_last_is_closed(model: Callable[..., LocalModel]) -> None:
    first, second = model(), model()
    pid = told(first)["pid"]
    assert pid == told(second)["pid"]
    first.close()
    assert is_running(pid)
    second.close()
    assert not is_running(pid)


class Holder:
    """Somebody who uses a process."""


def test_a_process_ends_when_its_last_holder_is_forgotten(model: Callable[..., LocalModel]) -> None:
    processes, path = LocalProcesses(), model().path
    first, second = Holder(), Holder()
    pid = processes.get(path, "played", first, 30).pid
    processes.get(path, "played", second, 30)
    del first
    gc.collect()
    assert {path: pid} == processes.pids()
    del second
    gc.collect()
    assert wait_until(lambda: not is_running(pid))


class Played:
    """A process that is only played."""

    pid, alive = 7, True

    def stop(self) -> None: ...


def test_nothing_waits_for_other_weights_to_be_loaded() -> None:
    loading, loaded = threading.Event(), threading.Event()

    def start(path: Path, alias: str, seconds: float) -> Any:
        if path == Path("slow"):
            loading.set()
            assert loaded.wait(30)
        return Played()

    processes = LocalProcesses(start)
    slow = threading.Thread(target=processes.get, args=(Path("slow"), "slow", processes, 1))
    slow.start()
    assert loading.wait(30)
    processes.get(Path("quick"), "quick", processes, 1)
    assert {Path("quick"): 7} == processes.pids()
    processes.release(Path("quick"), processes)
    assert {} == processes.pids()
    loaded.set()
    slow.join()
    assert {Path("slow"): 7} == processes.pids()


def test_threads_share_a_process(model: Callable[..., LocalModel]) -> None:
    opened, pids = model(), []
    threads = [threading.Thread(target=lambda: pids.append(told(opened)["pid"])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (4, 1) == (len(pids), len(set(pids)))


def test_a_closed_model_starts_anew(model: Callable[..., LocalModel]) -> None:
    opened = model()
    before = told(opened)["pid"]
    asyncio.run(opened.aclose())
    assert not is_running(before)
    assert before != told(opened)["pid"]


ASK = """
import sys, time
from promptkit.completion import Request
from promptkit.messages import Message
from promptkit.models.local import open_local
from promptkit.models.local_process import PROCESSES
from promptkit.settings import load_settings
model = open_local(sys.argv[1], load_settings())
def ask():
    list(model.send(Request("local:", (Message("user", "Is all well?"),))))
    print(PROCESSES.pids()[model.path], flush=True)
ask()
"""


def script(tmp_path: Path, more: str) -> subprocess.Popen[str]:
    weights = tmp_path / "own.gguf"
    weights.write_bytes(b"GGUF{}")
    return subprocess.Popen([sys.executable, "-c", ASK + more, str(weights)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ("", None),
        ("time.sleep(60)", signal.SIGKILL),
        ("time.sleep(60)", signal.SIGINT),
    ],
    ids=["at its end", "killed", "interrupted"],
)
def test_no_process_outlives_its_user(tmp_path: Path, more: str, number: signal.Signals | None) -> None:
    with script(tmp_path, more) as user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        if number is not None:
            user.send_signal(number)
        user.wait(timeout=30)
    assert wait_until(lambda: not is_running(pid))


def test_no_process_outlives_its_user_when_a_fork_of_that_lives_on(tmp_path: Path) -> None:
    with script(tmp_path, 'import os\nos.write(1, b"%d\\n" % os.fork())\ntime.sleep(60)') as user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        fork = max(int(user.stdout.readline()), int(user.stdout.readline()))
        try:
            user.kill()
            user.wait(timeout=30)
            assert wait_until(lambda: not is_running(pid))
        finally:
            os.kill(fork, signal.SIGKILL)


FORK = """
import os
child = os.fork()
if not child:
    ask()
    model.close()
    os._exit(0)
os.waitpid(child, 0)
ask()
"""


def test_a_fork_has_a_process_of_its_own(tmp_path: Path) -> None:
    with script(tmp_path, FORK) as user:
        out, _ = user.communicate(timeout=60)
    before, in_fork, after = out.split()
    assert (before, 0) == (after, user.returncode)
    assert in_fork != before


# Failing


def test_a_killed_process_is_named_and_the_next_request_starts_another(model: Callable[..., LocalModel]) -> None:
    opened = model(pause=0.3)
    pid = told(opened)["pid"]
    threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()
    error = failure(opened)
    assert (ServerError, "PK517") == (type(error), error.code)
    assert "the local model's process ended (SIGKILL)" == error.message
    assert pid != told(opened)["pid"]


def test_an_abort_in_a_stream_keeps_what_came_and_tells_the_last_words(model: Callable[..., LocalModel]) -> None:
    error = failure(model(dies_after=2, pause=0.05), stream=True)
    assert isinstance(error, StreamInterrupted)
    assert ("PK517", "All is") == (error.code, error.text)
    assert "the local model's process ended (SIGABRT)" == error.message
    assert "GGML_ASSERT(it is well) failed" in error.details


def test_an_abort_at_the_start_tells_the_last_words(model: Callable[..., LocalModel]) -> None:
    error = failure(model(load_fails="unknown architecture"))
    assert ("PK517", ("unknown architecture",)) == (error.code, error.details)
    assert "SIGABRT" in error.message


def test_a_start_has_a_deadline(model: Callable[..., LocalModel]) -> None:
    error = failure(model(load_seconds=60, timeout=0.3))
    assert "the local model was not there within 0.3 s" == error.message
    assert "PROMPTKIT_ATTEMPT_TIMEOUT" in error.help


def test_a_refusal_stays_what_it_is(model: Callable[..., LocalModel]) -> None:
    with pytest.raises(ConfigError, match="options"):
        asked(model(), max_tokens="many")


def test_without_the_engine_the_cure_is_the_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    with pytest.raises(MissingExtra) as caught:
        open_local(str(tmp_path / "a.gguf"), load_settings())
    assert caught.value.help.startswith("promptkit local setup   or   python -m pip install")
