"""Get the answer as an object of your own type, checked against the file when it is loaded.

Usage: python examples/typed.py [MODEL]
"""

import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from promptkit import Prompt


class Triage(BaseModel):
    team: Literal["billing", "platform", "security"]
    urgency: int
    summary: str


prompt = Prompt.from_yaml(Path(__file__).with_name("typed.yaml"), output=Triage)
prompt = prompt.using(model=next(iter(sys.argv[1:]), None))
result = prompt.run(ticket="Since this morning every request to the EU cluster times out. Our shop is down!")

triage = result.output  # a Triage: editors and type checkers know its fields
print(f"team     {triage.team}")
print(f"urgency  {triage.urgency} of 5")
print(f"summary  {triage.summary}")
for check in result.checks:
    print(f"{'passed' if check.passed else 'failed':7}  {check.name}")
print(f"\n{result.confidence}, in {len(result.attempts)} attempt(s) of {result.model}")
