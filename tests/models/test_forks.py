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


LOCKED = """
import os, sys, threading
from promptkit import Client, Prompt, client as clients, redact

client = Client()
held, done = threading.Event(), threading.Event()

def hold():
    with client._held.lock, clients._default_lock, redact._LOCK:
        held.set()
        done.wait()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    answer = Prompt.from_text("task: Say hi.").using(client=client, model="simulate:").run()
    sys.exit(0 if answer.text else 1)
done.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_fork_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED], capture_output=True, text=True, timeout=30, check=False)
    assert ("0\n", "") == (done.stdout, done.stderr)
