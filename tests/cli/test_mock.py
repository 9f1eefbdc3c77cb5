from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import openai
import pytest
from click.testing import CliRunner

from promptkit.cli.mock import command
from promptkit.testing import MaraServer

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "let-me-in-please"
START = "from promptkit.cli.main import entry; entry()"


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", START, "mock", *getattr(request, "param", ())]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"}
    ) as started:
        yield started
        started.kill()


def said(process: subprocess.Popen[str], lines: int = 3) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(lines)]


def test_it_prints_the_address_and_the_lines_to_export(process: subprocess.Popen[str]) -> None:
    url, base, key = said(process)
    assert url.startswith("http://127.0.0.1:")
    assert (f"export MARA_BASE_URL={url}", "export MARA_API_KEY=any-key") == (base, key)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_with_130(process: subprocess.Popen[str], number: signal.Signals) -> None:
    said(process)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert 130 == process.returncode
    assert "Traceback" not in err


@pytest.mark.parametrize("process", [("--api-key", KEY)], indirect=True)
def test_it_answers_and_logs_requests_without_the_key(process: subprocess.Popen[str]) -> None:
    lines = said(process)
    with openai.OpenAI(base_url=lines[0], api_key=KEY) as client:
        assert client.models.list().data
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert "GET /v1/models 200" in err
    assert KEY not in "\n".join(lines) + out + err


def test_a_port_that_is_taken_is_said_with_its_cure() -> None:
    with MaraServer() as server:
        port = server.base_url.removesuffix("/v1").rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-c", START, "mock", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert 2 == done.returncode
    assert f"port {port} cannot be used" in done.stderr
    assert "0 for a free one" in done.stderr


def test_its_help_has_examples() -> None:
    assert "Examples:" in CliRunner().invoke(command, ["--help"]).output
