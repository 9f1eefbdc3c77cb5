"""Ask several things at once, without threads.

Usage: python examples/asynchronous.py [MODEL]
"""

import asyncio
import sys
from pathlib import Path

from promptkit import Client, Prompt

REVIEWS = (
    "Works as described and arrived early.",
    "Broke after a week, and nobody answers the phone.",
    "Great sound. The battery is a joke.",
)


async def main(model: str | None) -> None:
    prompt = Prompt.from_yaml(Path(__file__).with_name("asynchronous.yaml"))
    async with Client() as client:
        judge = prompt.using(model=model, client=client)
        results = await asyncio.gather(*(judge.arun(review=review) for review in REVIEWS))
    for review, result in zip(REVIEWS, results, strict=True):
        print(f"{'*' * result.output['stars']:5}  {result.output['mood']:8}  {review}")


asyncio.run(main(next(iter(sys.argv[1:]), None)))
