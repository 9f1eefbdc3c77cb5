"""Print the answer while it arrives, then its receipt.

Usage: python examples/streaming.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import AttemptAbandoned, Prompt, TextDelta

prompt = Prompt.from_yaml(Path(__file__).with_name("streaming.yaml"))
prompt = prompt.using(model=next(iter(sys.argv[1:]), None))

pieces = 0
with prompt.stream(subject="a snail with a suitcase") as stream:
    for event in stream:
        if isinstance(event, TextDelta):
            print(event.text, end="", flush=True)
            pieces += 1
        elif isinstance(event, AttemptAbandoned):
            print(f"\n[asked again: {event.reason}]")
    result = stream.result()

# A piece may hold several tokens: count tokens by the usage, never by the pieces.
print(f"\n\n{result.usage.completion_tokens} tokens in {pieces} pieces, from {result.model}")
