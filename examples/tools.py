"""Let the model call functions before it answers.

Usage: python examples/tools.py [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt, tool

ORDERS = {4711: {"status": "on its way", "arrives": "tomorrow", "items": ["kettle", "two cups"]}}


@tool
def look_up(number: int) -> dict:
    """Look an order up.

    Args:
        number: The number of the order.
    """
    return ORDERS[number]


@tool(timeout=5)
def weigh(number: int) -> str:
    """The weight of an order's parcel."""
    return f"{len(ORDERS[number]['items'])}.2 kg"


prompt = Prompt.from_yaml(Path(__file__).with_name("tools.yaml"))
prompt = prompt.using(model=next(iter(sys.argv[1:]), None), tools=[look_up, weigh])
result = prompt.run(question="Where is my order 4711, and is it heavy?")

for run in result.tool_calls:
    print(f"{run.call.name}({run.arguments}) {run.status}: {run.told}")
print(result.output["answer"])
