"""The mail service: its own prompt extends the team's base, and it asks for what `production` leads to.

Usage: python app.py TICKET [MODEL]
"""

import sys
from pathlib import Path

from promptkit import Prompt

ticket, model = (*sys.argv[1:], "simulate:")[:2]
triage = Prompt.load("team/support/triage@production")
route = triage.using(model=model).run(ticket=ticket).output
reply = Prompt.from_yaml(Path(__file__).with_name("reply.yaml"))
messages = reply.render(ticket=ticket, team=route["team"]).messages
print(f"mail: {triage.spec.version}: to {route['team']}: {messages[-1].content.splitlines()[0]}")
print(f"mail: the house rules of the team come along: {messages[0].content.splitlines()[0]}")
