"""Hold a conversation that respects the window and the bill: each turn sends what the memory keeps of those before.

Usage: python examples/conversation.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt

SAID = (
    "Hi! My name is Peter and I'm 31. What is 1+1?",
    "What is the capital of Peru?",
    "And of Chile?",
    "What is my name, and how old am I?",
)

prompt = Prompt.from_yaml(Path(__file__).with_name("conversation.yaml"))
chat = prompt.using(model=next(iter(sys.argv[1:]), None)).chat(tone="friendly")

for text in SAID:
    turn = chat.send(text)
    chat = turn.conversation
    print(f"you        {text}\nmodel      {turn.result.output}")
    for step in turn.memory:
        print(f"           ({step})")
    print()

print(f"{len(chat.turns)} turns, {chat.usage.prompt_tokens:,} tokens in, {chat.usage.completion_tokens:,} out")
