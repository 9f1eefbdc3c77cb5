"""`promptkit run --stream`: what is shown while the answer arrives, and what is left when it does not."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from command_line import KEY, point_at, promptkit, started
from hypothesis import given
from hypothesis import strategies as st
from raw_server import DONE, RawServer, chunk, data, reply, stream

from promptkit.cli.live import LiveText
from promptkit.output.reasoning import split_tags
from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import MaraServer

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Once upon a time.\n\nThe end"


@pytest.fixture
def tale(place: Path) -> str:
    (place / "tale.yaml").write_text("task: Tell a tale\noutput: {format: text}\n")
    return "tale.yaml"


def said(text: str, *more: dict[str, Any]) -> list[bytes | float]:
    """A stream of such text, a few letters at a time."""
    pieces = [text[start : start + 5] for start in range(0, len(text), 5)]
    return stream(data(*more, *(chunk(content=piece) for piece in pieces), chunk("stop")), DONE)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"<think>Let me see. <b></think>\n\n{TEXT}",
        f"Let me see.</think>{TEXT}",
        f"{TEXT} <thinly veiled",
        "  led by blanks",
    ],
)
@pytest.mark.parametrize("model", ["gpt-oss-120b", "MiniMax-M2.5", "unheard-of"])
def test_a_streamed_text_is_the_text_that_comes_without_streaming(
    model: str, text: str, tale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}
    with RawServer(reply(whole), said(text)) as server:
        point_at(server.base_url, monkeypatch)
        plain = promptkit("run", tale, "-m", model, "-q")
        streamed = promptkit("run", tale, "-m", model, "-q", "--stream")
    if model == "unheard-of" and "</think>" in text and "<think>" not in text:
        assert streamed.out.endswith(plain.out)  # nothing said that this model reasons
    else:
        assert plain == streamed
    assert 0 == streamed.code


@given(st.text("<>/think reasoning\n", max_size=60), st.booleans(), st.data())
def test_what_is_shown_never_has_to_be_taken_back_where_the_model_is_known_to_reason(
    text: str, thinks: bool, draw: st.DataObject
) -> None:
    """Law: shown text only grows, and without a stray closing tag it is the beginning of the answer."""
    live, shown = LiveText(thinks=thinks), ""
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        shown += live.feed(text[start:end])
    assert shown == live.shown
    stray = split_tags(text).answer
    assert stray.startswith(shown) or "</" in text


def test_json_is_validated_before_it_is_printed(triage: Path, server: MaraServer) -> None:
    arguments = ("run", "triage/triage.yaml", "-i", "triage/inputs.json", "-q")
    assert promptkit(*arguments) == promptkit(*arguments, "--stream")


def test_streaming_and_json_give_one_document(triage: Path, server: MaraServer) -> None:
    ran = promptkit("run", "triage/triage.yaml", "-i", "triage/inputs.json", "--stream", "--format", "json")
    assert (0, 1) == (ran.code, json.loads(ran.out)["version"])
    assert server.requests[-1].body["stream"] is True


def test_a_streamed_answer_may_go_to_a_file(tale: str, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    with RawServer(said(TEXT)) as server:
        point_at(server.base_url, monkeypatch)
        assert (0, "") == promptkit("run", tale, "--stream", "-o", "tale.txt").said
    assert TEXT + "\n" == (place / "tale.txt").read_text()


def test_reasoning_of_its_own_is_not_shown(tale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(said(TEXT, chunk(reasoning="Let me see."))) as server:
        point_at(server.base_url, monkeypatch)
        assert TEXT + "\n" == promptkit("run", tale, "--stream").out


def test_a_text_that_can_be_refused_is_shown_only_when_it_holds(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "tale.yaml").write_text(
        "task: Tell\noutput:\n  format: text\n  checks: [{name: ends, that: value.endswith('end'), assert: true}]\n"
    )
    with MaraServer(["No.", TEXT], api_key=KEY, models=["unheard-of"]) as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("run", "tale.yaml", "--stream", "-m", "unheard-of")
    assert (0, TEXT + "\n") == ran.said
    assert "asked again: at $: the check `ends` does not hold" in ran.err


def test_a_stream_that_breaks_off_exits_with_4_and_leaves_what_came(tale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(stream(data(chunk(content="Once upon")), end=False)) as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("run", tale, "--stream", "-m", "unheard-of")
    assert (4, "Once upon\n") == ran.said
    assert ran.err.startswith("error[PK512]: ")
    assert "see: promptkit log show " in ran.err


def test_text_is_printed_while_it_arrives(tale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server sends the rest only after the first piece was seen on stdout."""
    seen = threading.Event()

    def pieces() -> Any:
        yield from stream(data(chunk(content="Once upon")), end=False)
        assert seen.wait(60)
        yield from stream(data(chunk(content=" a time.")), data(chunk("stop")), DONE)[1:]

    with RawServer(pieces()) as server:
        point_at(server.base_url, monkeypatch)
        with started("run", tale, "--stream", "-q", "-m", "unheard-of") as running:
            assert running.stdout is not None
            assert b"Once upon" == os.read(running.stdout.fileno(), 100)
            seen.set()
            assert (b" a time.\n", b"") == running.communicate(timeout=60)
    assert 0 == running.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_leaves_the_text_so_far(
    number: signal.Signals, tale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(stream(data(chunk(content="Once upon")), 60.0)) as server:
        point_at(server.base_url, monkeypatch)
        with started("run", tale, "--stream", "-m", "unheard-of") as running:
            assert running.stdout is not None
            first = os.read(running.stdout.fileno(), 100)
            running.send_signal(number)
            rest, err = running.communicate(timeout=60)
    assert (130, b"Once upon\n") == (running.returncode, first + rest)
    assert b"interrupted\n" == err.lstrip(b"\n")
    with RunLog(load_settings().log_path) as log:
        assert "PK515: interrupted" == log.list(1)[0].error


def test_a_signal_while_nothing_has_come_yet_ends_it_too(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer([60.0]) as server:
        point_at(server.base_url, monkeypatch)
        with started("run", "triage/triage.yaml", "-i", "triage/inputs.json") as running:
            while not server.requests:
                assert running.poll() is None
                threading.Event().wait(0.02)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
    assert (130, b"", b"interrupted\n") == (running.returncode, out, err.lstrip(b"\n"))


def test_a_reader_that_goes_away_stops_nothing_and_says_nothing(tale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(said("word " * 2_000)) as server:
        point_at(server.base_url, monkeypatch)
        reader, writer = os.pipe()
        with started("run", tale, "--stream", "-q", "-m", "unheard-of", stdout=writer) as running:
            os.close(writer)
            os.read(reader, 10)
            os.close(reader)
            assert b"" == running.communicate(timeout=60)[1]
    assert 0 == running.returncode
    with RunLog(load_settings().log_path) as log:
        assert "ok" == log.list(1)[0].status
