"""The prompt that is measured: 8 messages, 2 KB of context, a schema, 3 examples; and its inputs."""

from __future__ import annotations

from typing import Any

NOTES = "\n".join(f"- Rule {n}: a ticket that names plan {n} belongs to the team of plan {n}." for n in range(1, 29))
"""2 KB of context."""

PERSONA = "You are a senior support engineer at {{ product }}."
TASK = """\
Route this ticket to the right team{% if tone %}, in a {{ tone }} tone{% endif %}.
{{ ticket }}"""
EXAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("I was charged twice in March.", {"team": "billing", "urgency": 3, "summary": "A duplicate charge."}),
    ("Somebody has logged into my account!", {"team": "security", "urgency": 5, "summary": "An account taken over."}),
    ("The EU cluster times out.", {"team": "platform", "urgency": 5, "summary": "An outage in the EU."}),
)
DEFAULTS = {"product": "Acme Cloud"}


def prompt_data(examples: int = 3) -> dict[str, Any]:
    """The prompt as plain data, with as many examples."""
    texts = [EXAMPLES[n % 3] for n in range(examples)]
    return {
        "name": "bench/triage",
        "inputs": {
            "ticket": {"type": "string", "description": "The customer's message."},
            "product": {"type": "string", "default": DEFAULTS["product"]},
            "tone?": "formal | friendly",
            "notes": {"type": "string", "default": ""},
        },
        "persona": PERSONA,
        "context": "{{ notes }}",
        "task": TASK,
        "output": {
            "format": "json",
            "fields": {
                "team": "billing | platform | security",
                "urgency": "integer, 1..5, 5 means an outage",
                "summary": "string, one sentence",
            },
        },
        "examples": [{"inputs": {"ticket": ticket}, "output": answer} for ticket, answer in texts],
    }


def ticket(number: int) -> str:
    """A ticket that nobody has seen before, so that no cache of whole answers helps."""
    return f"Since this morning every request to cluster {number} times out. Our shop is down!"


def inputs(number: int) -> dict[str, Any]:
    """The inputs of one call."""
    return {"ticket": ticket(number), "tone": "formal", "notes": NOTES}


def prompt_yaml(name: str = "bench/triage") -> str:
    """The prompt as people write it: a YAML file in block style."""
    import yaml

    return yaml.dump(
        prompt_data() | {"name": name}, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
    )
