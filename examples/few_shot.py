"""Teach by examples, and let the model think before it answers.

Usage: python examples/few_shot.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt

problem = "Four rows have 9 chairs each. Six chairs are taken away. How many are left?"

prompt = Prompt.from_yaml(Path(__file__).with_name("few_shot.yaml"))
prompt = prompt.using(model=next(iter(sys.argv[1:]), None))

# The examples are turns of the chat: each problem as the user's, its worked answer as the assistant's.
for message in prompt.render(problem=problem).messages[1:]:
    print(f"{message.role:9}  {message.text}\n")

result = prompt.run(problem=problem)
print(f"thought    {result.reasoning}")
print(f"answer     {result.output['count']} {result.output['unit']}")
