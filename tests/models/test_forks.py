"""A process that forks while it holds connections: neither side harms the other."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from promptkit.testing import MaraServer

SCRIPT = """
import os, sys, time
from promptkit import Client, Prompt

prompt = Prompt.from_text("task: Say hi.")
client = Client(base_url=sys.argv[1], api_key="k")
ask = prompt.using(client=client).run
ask()
child = os.fork()
if child == 0:
    started = time.monotonic()
    {child}
    sys.exit(7 if time.monotonic() - started > 4 else 0)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
print(ask().text == "hi", ask().text == "hi")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.parametrize("child", ["pass", "client.close()", "assert ask().text == 'hi'", "del client, ask"])
def test_a_parent_can_ask_on_when_its_fork_has_ended_as_programs_end(child: str) -> None:
    with MaraServer(["hi"] * 4) as server:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(child=child), server.base_url],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert "" == done.stderr
    assert ["0", "True True"] == done.stdout.splitlines()
