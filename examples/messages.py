"""Write every message yourself, and give the model a memory by sending the earlier turns.

Usage: python examples/messages.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt

HISTORY = [
    {"role": "user", "content": "Hi! My name is Peter and I'm 31. What is 1+1?"},
    {"role": "assistant", "content": "Nice to meet you, Peter. 1 + 1 equals 2."},
]

prompt = Prompt.from_yaml(Path(__file__).with_name("messages.yaml"))
prompt = prompt.using(model=next(iter(sys.argv[1:]), None), history=HISTORY)
result = prompt.run(question="What is my age?")

assert result.rendered is not None
for message in result.rendered.messages:
    print(f"{message.role:9}  {message.text}\n")
print(f"answer     {result.output}")
