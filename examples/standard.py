"""Ask once, wait for the whole answer.

Usage: python examples/standard.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt

prompt = Prompt.from_yaml(Path(__file__).with_name("standard.yaml"))
result = prompt.using(model=next(iter(sys.argv[1:]), None)).run(subject="an API")

print(result.output)
print(f"\n{result.usage.prompt_tokens} tokens in, {result.usage.completion_tokens} out, from {result.model}")
