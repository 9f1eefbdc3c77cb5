"""The same job done with other tools: raw Jinja, `banks`, `langchain-core`. Each gives (role, text) pairs.

Every peer is used in the way that its users are advised to, and in its fastest one: fixed examples are not
templates, nothing is compiled twice, and banks' cache of whole texts is off since no two calls are alike.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.material import DEFAULTS, EXAMPLES, PERSONA, TASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Pairs = list[tuple[str, str]]
    Render = Callable[[Mapping[str, Any]], Pairs]

_FROM_LANGCHAIN = {"human": "user", "ai": "assistant", "system": "system"}


def installed(package: str) -> bool:
    """Whether a peer is there; `make bench` installs them."""
    return find_spec(package) is not None


def raw_jinja(system: str) -> Render:
    """Raw Jinja: one compiled template for the system message and one for the task, filled four times."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    head, task = environment.from_string(system), environment.from_string(TASK)

    def render(values: Mapping[str, Any]) -> Pairs:
        given = {**DEFAULTS, **values}
        messages = [("system", head.render(given))]
        for ticket, answer in EXAMPLES:
            messages.append(("user", task.render({**DEFAULTS, "tone": None, "ticket": ticket})))
            messages.append(("assistant", json.dumps(answer)))
        return [*messages, ("user", task.render(given))]

    return render


def with_banks(text: str) -> Render:
    """A banks prompt from its text."""
    from banks import Prompt

    prompt = Prompt(text, render_cache=_Forgetful())

    def render(values: Mapping[str, Any]) -> Pairs:
        return [(message.role, _joined(message.content)) for message in prompt.chat_messages({**DEFAULTS, **values})]

    return render


def _joined(content: Any) -> str:
    """A banks message's text, which comes in blocks."""
    return content if isinstance(content, str) else "".join(block.text for block in content)


class _Forgetful:
    """A cache for banks that keeps nothing."""

    def get(self, context: Mapping[str, Any]) -> None:
        del context

    def set(self, context: Mapping[str, Any], prompt: str) -> None:
        del context, prompt

    def clear(self) -> None:
        pass


def banks_text(system: str) -> str:
    """The prompt in banks' form: chat blocks, the examples' texts written out."""
    blocks = [_block("system", system)]
    for ticket, answer in EXAMPLES:
        blocks += [_block("user", f"Route this ticket to the right team.\n{ticket}")]
        blocks += [_block("assistant", json.dumps(answer))]
    return "\n".join([*blocks, _block("user", TASK)])


def _block(role: str, text: str) -> str:
    return f'{{% chat role="{role}" %}}{text}{{% endchat %}}'


def langchain_data(system: str) -> dict[str, Any]:
    """The prompt as a YAML file for langchain would hold it: f-strings, their `if` left to the caller."""
    escaped = system.replace("{{ ", "\0").replace(" }}", "\1").replace("{", "{{").replace("}", "}}")
    messages = [["system", escaped.replace("\0", "{").replace("\1", "}")]]
    for ticket, answer in EXAMPLES:
        messages.append(["example_user", f"Route this ticket to the right team.\n{ticket}"])
        messages.append(["example_assistant", json.dumps(answer)])
    return {"messages": [*messages, ["user", "Route this ticket to the right team{in_tone}.\n{ticket}"]]}


def with_langchain(data: Mapping[str, Any]) -> Render:
    """A langchain chat prompt; fixed examples are messages, not templates."""
    from langchain_core.messages import AIMessage, HumanMessage
    from langchain_core.prompts import ChatPromptTemplate

    fixed = {"example_user": HumanMessage, "example_assistant": AIMessage}
    parts = [fixed[role](text) if role in fixed else (role, text) for role, text in data["messages"]]
    template = ChatPromptTemplate.from_messages(parts)

    def render(values: Mapping[str, Any]) -> Pairs:
        tone = values.get("tone")
        messages = template.format_messages(**DEFAULTS, **values, in_tone=f", in a {tone} tone" if tone else "")
        return [(_FROM_LANGCHAIN[message.type], str(message.content)) for message in messages]

    return render


def load_banks(path: Path) -> Render:
    """A prompt file with banks: its text is the template."""
    return with_banks(path.read_text(encoding="utf-8"))


def load_langchain(path: Path) -> Render:
    """A prompt file with langchain: YAML data to a template."""
    import yaml

    return with_langchain(yaml.load(path.read_bytes(), yaml.CSafeLoader))


def system_template(rendered: str, notes: str) -> str:
    """The system message's template, written out from what promptkit renders, so that all sides say the same."""
    opening, _, rest = rendered.partition(notes)
    own = PERSONA.replace("{{ product }}", DEFAULTS["product"])
    assert opening.startswith(own)
    return f"{PERSONA}{opening.removeprefix(own)}{{{{ notes }}}}{rest}"
