"""The child process of a local model: llama.cpp's own server, started and ended by its parent.

It is started by its file's path and imports nothing of promptkit. The parent writes one line of JSON to stdin,
the order; the answer is one line on stdout with the address. The key comes with the order, since arguments can
be seen by everybody on the machine.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

_LOOK_SECONDS = 0.5


def main() -> None:
    """Serve until the parent closes stdin, or is gone."""
    order = json.loads(sys.stdin.readline())
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever native code prints is no answer
    threading.Thread(target=_end_with, args=(order["parent"],), daemon=True).start()
    server = _serve(order)
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.flush()
    sys.stdin.read()
    os._exit(0)  # nothing is worth waiting for: an answer under way has no reader any more


def _serve(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["path"]
    params.model_alias = {order["alias"]}
    params.api_keys = [order["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one
    params.n_ctx = order["context"]
    params.n_parallel = 1
    params.n_gpu_layers = 0
    # One thread: two on a busy machine of two cores wait for each other and fall to a fortieth of the speed.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 4
    params.cache_ram_mib = 0  # else memory grows past 1 GB
    # Reusing the last prompt's beginning changes the rounding, and so now and then an answer at temperature 0.
    params.cache_prompt = False
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def _end_with(parent: int) -> None:
    """End when the parent has gone although somebody else, a fork of it, still holds our stdin open.

    The kernel's own signal for that (PR_SET_PDEATHSIG) will not do: it comes when the thread that started us ends.
    """
    while os.name != "posix" or os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
