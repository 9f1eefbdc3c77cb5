"""`python -m benchmarks.many_calls`: ten thousand calls of which a third meet a fault: who is lost, or paid for twice.

30 % of the calls are refused at their first try, and 5 % of all requests fail on the way: the connection is closed in
the place of an answer or within it, the gateway fails, too many requests are in flight. Every request that the server
saw must be an attempt of one call, and every call must have one whole answer, its own. An answer whose body broke off
was generated too, and cannot but be asked for again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import repeat
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit import Prompt

PROMPT = "model: gemma-4-31B-it\ninputs: {text: string}\ntask: 'Say {{ text }}'"
FIRST_TRIES = 0.3
ON_THE_WAY = {"closed": 0.01, "half_body": 0.01, "bad_gateway": 0.01, "server_error": 0.01, "queue_full": 0.01}


@dataclass(slots=True)
class Outcome:
    """What became of the calls: `failed` are the errors by name, `paid` the answers to each call by how many."""

    calls: int
    right: int = 0
    wrong: int = 0
    attempts: int = 0
    requests: int = 0
    seconds: float = 0.0
    failed: Counter[str] = field(default_factory=Counter)
    paid: Counter[int] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether each call has its own answer, paid for once, and no request belongs to none."""
        return self.right == self.calls == self.paid[1] and self.requests == self.attempts


async def many_calls(calls: int, at_once: int, seed: int = 7) -> Outcome:
    """Make the calls against a loopback server that fails as told above."""
    from promptkit import Client, Prompt
    from promptkit.testing import MaraServer

    outcome = Outcome(calls)
    met: set[str] = set()

    def answer(body: Mapping[str, Any]) -> Any:
        text = body["messages"][-1]["content"]
        if text not in met:
            met.add(text)
            if Random(f"{seed} {text}").random() < FIRST_TRIES:
                return {"status": 503, "body": {"error": {"message": "maintenance", "code": "maintenance"}}}
        return text

    faults = [{"fault": name, "share": share} for name, share in ON_THE_WAY.items()]
    with MaraServer(repeat(answer), faults={"seed": seed, "faults": faults}) as server:
        began = time.perf_counter()
        async with Client(base_url=server.base_url, api_key="sk-mara-0123456789") as client:
            prompt = Prompt.from_text(PROMPT).using(client=client)
            left = iter(range(calls))
            await asyncio.gather(*(_worker(prompt, left, outcome) for _ in range(at_once)))
        outcome.seconds = time.perf_counter() - began
        outcome.requests = len(server.requests)
    return outcome


async def _worker(prompt: Prompt[Any], left: Any, outcome: Outcome) -> None:
    from promptkit.errors import ModelError

    for number in left:
        try:
            result = await prompt.arun(text=f"row {number}")
        except ModelError as error:
            outcome.failed[type(error).__name__] += 1
            attempts = error.attempts
        else:
            fits = result.output == f"Say row {number}"
            outcome.right, outcome.wrong = outcome.right + fits, outcome.wrong + (not fits)
            attempts = result.attempts
        outcome.attempts += len(attempts)
        outcome.paid[sum(attempt.completion is not None for attempt in attempts)] += 1


def main(argv: list[str] | None = None) -> int:
    """Make the calls and tell; 1 when one is lost, wrong, or paid for twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_calls", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=64)
    asked = parser.parse_args(argv)
    outcome = asyncio.run(many_calls(asked.calls, asked.at_once))
    lost = ", ".join(f"{count} {name}" for name, count in outcome.failed.items()) or "none"
    print(f"{outcome.calls:,} calls, {asked.at_once} at once, in {outcome.seconds:.0f} s")
    print(f"{outcome.right:,} right, {outcome.wrong} wrong, lost: {lost}")
    print(f"{outcome.requests:,} requests, of which {outcome.attempts:,} are attempts of a call")
    print(f"answers paid for, calls: {dict(sorted(outcome.paid.items()))}")
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main())
