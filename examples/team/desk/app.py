"""The help desk: routes a ticket by the team's prompt, in the version that `promptkit.lock` pins.

Usage: python app.py TICKET [MODEL]
"""

import sys

from promptkit import Prompt

ticket, model = (*sys.argv[1:], "simulate:")[:2]
triage = Prompt.load("team/support/triage")
result = triage.using(model=model).run(ticket=ticket)
print(f"desk: {triage.spec.version}: {', '.join(f'{name} {value}' for name, value in result.output.items())}")
