"""The client: models by name, facts, sharing between threads and loops, closing, and what a copy of it holds."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from raw_server import RawServer, chat, reply
from waitless import GOOD, Waitless, triage

from promptkit import Client, ConfigError, Prompt
from promptkit.client import default_client
from promptkit.completion import Completion, ModelFacts, Request
from promptkit.messages import Message
from promptkit.models.replay import Recorded, Replayed, load_cassette
from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel
from promptkit.testing.server import MaraServer

KEY = "sk-mara-0123456789"


def test_a_model_is_opened_once() -> None:
    with Client() as client:
        assert client.model("simulate:") is client.model("simulate:")


def test_a_name_that_cannot_be_meant_is_refused() -> None:
    with Client() as client, pytest.raises(ConfigError, match="takes no name"):
        client.model("simulate:fast")


class Empty(ScriptedModel):
    """A model that counts as false."""

    def __len__(self) -> int:
        return 0


def test_a_model_made_in_code_is_asked_under_its_name() -> None:
    judge = Empty([GOOD])
    with Client(models={"judge": judge}) as client:
        assert judge is client.model("judge")
        assert GOOD == triage().using(client=client, model="judge").run(ticket="x").output
    assert "judge" == judge.requests[0].model


# Threads and loops


def test_sixteen_threads_share_a_client(tmp_path: Path) -> None:
    def urgent(body: Any) -> str:
        number = int(body["messages"][-1]["content"].split()[-1])
        return json.dumps({"team": "billing", "urgency": number % 5 + 1})

    with MaraServer(repeat(urgent)) as server:
        with Client(base_url=server.base_url, api_key=KEY, log=tmp_path / "log.db") as client:
            prompt = triage().using(client=client, model="gpt-oss-120b")
            with ThreadPoolExecutor(16) as pool:
                results = list(pool.map(lambda n: prompt.run(ticket=f"number {n}"), range(160)))
            assert [n % 5 + 1 for n in range(160)] == [result.output["urgency"] for result in results]
        with RunLog(tmp_path / "log.db") as log:
            assert {result.record_id for result in results} == {record.id for record in log.list(limit=200)}


def test_one_client_serves_two_loops_and_calls_without_one() -> None:
    with RawServer(reply(chat(json.dumps(GOOD))), keep_alive=True) as server:
        client = Client(base_url=server.base_url, api_key=KEY)
        prompt = triage().using(client=client, model="gpt-oss-120b")

        async def ask() -> list[Any]:
            results = await asyncio.gather(*(prompt.arun(ticket="x") for _ in range(3)))
            return [result.output for result in results]

        assert [GOOD] * 3 == asyncio.run(ask())
        assert GOOD == prompt.run(ticket="x").output
        assert [GOOD] * 3 == asyncio.run(ask())
        client.close()


def test_two_loops_at_the_same_time_share_a_client() -> None:
    with MaraServer(repeat(json.dumps(GOOD))) as server, Client(base_url=server.base_url, api_key=KEY) as client:
        prompt = triage().using(client=client, model="gpt-oss-120b")

        async def ask() -> list[Any]:
            return [(await prompt.arun(ticket="x")).output for _ in range(5)]

        with ThreadPoolExecutor(2) as pool:
            loops = [pool.submit(asyncio.run, ask()) for _ in range(2)]
            assert [[GOOD] * 5] * 2 == [loop.result() for loop in loops]


# Closing


def test_a_closed_client_opens_its_connections_anew(tmp_path: Path) -> None:
    with RawServer(reply(chat(json.dumps(GOOD))), keep_alive=True) as server:
        client = Client(base_url=server.base_url, api_key=KEY, log=tmp_path / "log.db")
        prompt = triage().using(client=client, model="gpt-oss-120b")
        for _ in range(2):
            assert GOOD == prompt.run(ticket="x").output
            client.close()
        assert 2 == server.connections
    with RunLog(tmp_path / "log.db") as log:
        assert 2 == len(log.list())


def test_a_client_closes_what_it_opened_and_nothing_else(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(ScriptedModel):
        def close(self) -> None:
            closed.append(self.name)

    class Closes(Client):
        def _open(self, name: str) -> Any:
            return Closing(name=name)

    given = Closing(name="given")
    with Closes(models={"given": given}) as client:
        client.model("given")
        client.model("opened")
    assert ["opened"] == closed

    async def leave() -> None:
        async with Closes(log=tmp_path / "log.db") as client:
            client.model("opened too")
            client._held.models["nothing to close"] = Replayed(cassette)
            assert client.log is not None

    cassette = tmp_path / "a.jsonl"
    record(cassette, "m")
    asyncio.run(leave())
    assert ["opened", "opened too"] == closed


@pytest.mark.parametrize("close", [Client.close, lambda client: asyncio.run(client.aclose())], ids=["sync", "async"])
def test_one_that_cannot_be_closed_leaves_nothing_else_open(close: Any) -> None:
    closed: list[str] = []

    class Closing(ScriptedModel):
        def close(self) -> None:
            closed.append(self.name)
            if self.name == "broken":
                raise OSError("it broke")

    class Closes(Client):
        def _open(self, name: str) -> Any:
            return Closing(name=name)

    client = Closes()
    for name in ("first", "broken", "last"):
        client.model(name)
    with pytest.raises(OSError, match="it broke"):
        close(client)
    assert ["first", "broken", "last"] == closed


def test_a_client_without_a_log_has_none() -> None:
    assert Client().log is None


def test_the_users_own_log_is_the_settings_one(tmp_path: Path) -> None:
    settings = load_settings(log_path=tmp_path / "own.db")
    with Client(log=True, settings=settings) as client:
        assert client.log is not None
        assert tmp_path / "own.db" == client.log.path


# Facts


def record(path: Path, *models: str) -> None:
    """A cassette with one answer to the prompt by each of several models."""
    for model in models:
        client = Client(models={model: Recorded(ScriptedModel([GOOD]), path)})
        triage().using(client=client, model=model).run(ticket="x")


def test_a_replay_goes_by_what_is_known_of_the_model_that_was_recorded(tmp_path: Path) -> None:
    record(tmp_path / "a.jsonl", "gpt-oss-120b")
    client = Client()
    assert client.facts("gpt-oss-120b") == client.facts(f"replay:{tmp_path}/a.jsonl")


@pytest.mark.parametrize(
    ("instead_of", "settings", "meant"),
    [
        ("gpt-oss-120b", "DeepSeek-V3.1", "gpt-oss-120b"),
        ("other", "DeepSeek-V3.1", "DeepSeek-V3.1"),
        ("", "x", "first"),
    ],
)
def test_of_several_recorded_models_the_wished_one_counts(
    instead_of: str, settings: str, meant: str, tmp_path: Path
) -> None:
    record(tmp_path / "a.jsonl", "first", "gpt-oss-120b", "DeepSeek-V3.1")
    facts = Client(model=settings).facts(f"replay:{tmp_path}/a.jsonl", instead_of=instead_of)
    assert meant == facts.name


OVERRIDDEN = """
task: Say {{ ticket }}
inputs: {ticket: string}
model: gpt-oss-120b
options: {temperature: 0}
models: {gpt-oss-120b: {options: {reasoning_effort: high}, chain_of_thought: native}}
output: {fields: {team: string}}
chain_of_thought: auto
"""


@pytest.mark.parametrize("model", [None, "simulate:", "MiniMax-M2.5"])
def test_what_was_recorded_is_found_again(model: str | None, tmp_path: Path) -> None:
    """Under options, schema and reasoning that depend on the model which was asked."""
    cassette = tmp_path / "a.jsonl"
    prompt = Prompt.from_text(OVERRIDDEN)
    with (
        MaraServer(repeat(json.dumps({"team": "a"}))) as server,
        Client(base_url=server.base_url, api_key=KEY, record=cassette) as client,
    ):
        first = prompt.using(client=client, model=model).run(ticket="x")
    replayed = f"replay:{cassette}"
    assert first.output == prompt.using(model=replayed, client=Client()).run(ticket="x").output
    assert first.output == prompt.using(model=Replayed(cassette)).run(ticket="x").output
    assert first.output == prompt.using(model=Recorded(Replayed(cassette), tmp_path / "b.jsonl")).run(ticket="x").output
    played = Client(models={"tape": Replayed(cassette)})
    assert first.output == prompt.using(model="tape", client=played).run(ticket="x").output


def test_a_model_made_in_code_has_its_own_name_or_the_wished_one() -> None:
    client = Client(model="MiniMax-M2.5")

    class Nameless:
        def send(self, request: Request) -> Any: ...
        def asend(self, request: Request) -> Any: ...

    assert ModelFacts("scripted") == client.facts(ScriptedModel())
    assert "gpt-oss-120b" == client.facts(Nameless(), instead_of="gpt-oss-120b").name
    assert client.facts("MiniMax-M2.5") == client.facts(Nameless())


# Copies, and the default


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))])
def test_a_copy_of_a_client_takes_its_key_from_the_environment_again(
    copied: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MARA_API_KEY", KEY)
    client = copied(Client(model="m-1", log=tmp_path / "log.db", record=tmp_path / "r.jsonl"))
    assert ("m-1", KEY) == (client.settings.model, client.settings.api_key)
    assert tmp_path / "log.db" == client.log.path


def test_a_pickled_client_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARA_API_KEY", KEY)
    assert KEY.encode() not in pickle.dumps(Client())


def test_a_key_that_was_an_argument_has_no_other_source(monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickle.dumps(Client(api_key=KEY, base_url="https://other.example/v1"))
    monkeypatch.setenv("MARA_API_KEY", "sk-of-another-server")
    assert "" == pickle.loads(pickled).settings.api_key


def test_the_environments_key_goes_to_no_other_server_than_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARA_BASE_URL", "https://one.example/v1")
    monkeypatch.setenv("MARA_API_KEY", KEY)
    pickled = pickle.dumps(Client())
    monkeypatch.setenv("MARA_BASE_URL", "https://two.example/v1")
    client = pickle.loads(pickled)
    assert ("https://one.example/v1", "") == (client.settings.base_url, client.settings.api_key)


def test_a_client_names_its_server_and_model_only() -> None:
    client = Client(base_url="https://one.example", api_key=KEY, model="m")
    assert "Client(base_url='https://one.example/v1', model='m')" == repr(client)


def test_the_default_client_is_kept_until_the_surroundings_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = default_client()
    assert first is default_client()
    monkeypatch.setenv("MARA_MODEL", "another")
    assert "another" == default_client().settings.model
    (tmp_path / "promptkit.toml").write_text('model = "a-projects"')
    monkeypatch.delenv("MARA_MODEL")
    monkeypatch.chdir(tmp_path)
    assert "a-projects" == default_client().settings.model


def test_a_default_client_needs_no_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert default_client() is default_client()


def test_a_client_waits_by_the_clock_that_it_is_given() -> None:
    clock = Waitless()
    assert clock is Client(clock=clock).clock


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"api_key": KEY}, "`api_key`: beside `settings`, which hold it already"),
        ({"base_url": "https://a.example", "model": "m"}, "`base_url`, `model`: beside `settings`, which hold them"),
    ],
)
def test_what_settings_hold_already_is_not_silently_ignored(given: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Client(settings=load_settings(), **given)


class Watched(Client):
    """A client whose models tell when they are closed."""

    closed: list[str]

    def _open(self, name: str) -> Any:
        closed = self.closed

        class Closing(ScriptedModel):
            def close(self) -> None:
                closed.append(name)
                raise OSError("it broke")

        return Closing()


def test_a_default_client_that_was_replaced_is_closed_when_nobody_uses_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Watched, "closed", [], raising=False)
    monkeypatch.setattr("promptkit.client.Client", Watched)
    monkeypatch.setenv("MARA_MODEL", "one")
    in_use = default_client()
    in_use.model("first")
    monkeypatch.setenv("MARA_MODEL", "two")
    default_client().model("second")
    assert [] == Watched.closed
    del in_use
    monkeypatch.setenv("MARA_MODEL", "three")
    default_client()
    assert ["first", "second"] == Watched.closed
    assert {"a client that nobody uses any more could not be closed: it broke"} == set(caplog.messages)


def texts(cassette: Path) -> list[str]:
    return [recording.completion.text for recording in load_cassette(cassette)]


def test_a_recording_client_records_models_made_in_code_too(tmp_path: Path) -> None:
    cassette = tmp_path / "r.jsonl"
    with Client(record=cassette, models={"judge": Empty(['"by judge"'])}) as client:
        prompt = Prompt.from_text("task: Hi\noutput: {format: json}")
        assert "by judge" == prompt.using(client=client, model="judge").run().output
        given = prompt.using(client=client, model=ScriptedModel(['"one"', '"two"', '"two"']))
        assert ["one", "two", "two"] == [given.run().output for _ in range(3)]
    assert ['"by judge"', '"one"', '"two"'] == texts(cassette)


def test_a_model_that_records_there_itself_is_not_recorded_twice(tmp_path: Path) -> None:
    cassette = tmp_path / "r.jsonl"
    with Client(record=cassette) as client:
        model = Recorded(ScriptedModel([GOOD]), cassette)
        triage().using(client=client, model=model).run(ticket="x")
    assert 1 == len(texts(cassette))


def test_a_recording_client_writes_down_what_it_was_answered(tmp_path: Path) -> None:
    with Client(record=tmp_path / "r.jsonl") as client:
        list(client.model("simulate:").send(Request("m", (Message("user", "Hi"),))))
    assert 1 == len((tmp_path / "r.jsonl").read_text().splitlines())


class Outside:
    """A wrapper of somebody else's: the two methods of a model, and one that closes."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.closed = 0

    def send(self, request: Any) -> Any:
        return self.inner.send(request)

    def asend(self, request: Any) -> Any:
        return self.inner.asend(request)

    def close(self) -> None:
        self.closed += 1


def test_a_wrapper_of_somebody_elses_does_not_switch_the_cache_off_and_is_closed(tmp_path: Path) -> None:
    made: list[Outside] = []

    def wrap(model: Any) -> Outside:
        made.append(Outside(model))
        return made[-1]

    text = "inputs: {q: string}\ntask: '{{ q }}'\nmodel: gemma-4-31B-it"
    with MaraServer(["one", "two"]) as server:
        client = Client(base_url=server.base_url, api_key="k", cache=tmp_path / "c.db", wrap=wrap)
        prompt = Prompt.from_text(text).using(client=client)
        assert ["one", "one"] == [prompt.run(q="x").output for _ in range(2)]
        client.close()
    assert [1] == [each.closed for each in made]


def test_what_wraps_may_use_its_client(tmp_path: Path) -> None:
    logs = []
    client = Client(log=tmp_path / "log.db", wrap=lambda model: (logs.append(client.log), model)[1])
    with client:
        assert Prompt.from_text("task: Go.").using(client=client, model="simulate:").run().text
    assert 1 == len(logs)


def test_a_key_in_a_question_or_an_answer_is_not_recorded_and_the_recording_is_found_again(tmp_path: Path) -> None:
    key, path = "sk-planted-0123456789", tmp_path / "tape.jsonl"
    text = "inputs: {q: string}\ntask: 'Is {{ q }} a key?'\nmodel: gemma-4-31B-it"
    said = {"choices": [{"message": {"content": f"yes, {key}", "reasoning": f"{key}?"}, "finish_reason": "stop"}]}
    server = MaraServer([{"status": 200, "body": said}]).start()
    with Client(base_url=server.base_url, api_key=key, record=path) as client:
        Prompt.from_text(text).using(client=client).run(q=key)
    server.stop()
    assert key not in path.read_text()
    assert "[redacted]" in path.read_text()
    with Client(api_key=key, replay=path) as client:
        assert "yes, [redacted]" == Prompt.from_text(text).using(client=client).run(q=key).output


def test_models_are_confirmed_while_others_are_wrapped() -> None:
    class Plain:
        def send(self, request: Request) -> Any: ...

        def asend(self, request: Request) -> Any: ...

    client = Client(wrap=lambda model: model)
    request, answer = Request("m", (Message("user", "x"),)), Completion("y")

    def wraps(_: int) -> None:
        for _ in range(300):
            client.model(Plain())

    def confirms(_: int) -> None:
        for _ in range(300):
            client.confirm(Plain(), request, answer)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            jobs = [threads.submit(job, n) for n, job in enumerate((wraps, confirms, wraps, confirms))]
        assert [None] * len(jobs) == [job.result() for job in jobs]
    finally:
        sys.setswitchinterval(before)
