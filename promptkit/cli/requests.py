"""A request for other clients: the body, a `curl` command, a Python program, YAML."""

from __future__ import annotations

import json
import pprint
import shlex
from typing import TYPE_CHECKING, Any

from promptkit.cli.common import to_json
from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern
from promptkit.model_names import parse_model_name

if TYPE_CHECKING:
    from promptkit.completion import Request
    from promptkit.prompt import Prompt

_OF_THE_SDK = frozenset(
    (
        *("model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "n"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "response_format"),
        *("tools", "tool_choice", "parallel_tool_calls", "reasoning_effort", "user"),
    )
)
"""Parameters of `client.chat.completions.create` (openai 2 and 3); others go into `extra_body`."""


_CONTROLS = LatePattern("[\x7f-\x9f]")
"""What JSON leaves as it is, and a terminal does not."""


def curl(prompt: Prompt[Any], request: Request) -> str:
    """A command that sends the request; the key stays in its variable, and a server that gets none is asked without.

    No line of JSON is the word alone that ends the body.
    """
    url, variable = _server(prompt)
    key = (f'  -H "Authorization: Bearer ${variable}" \\',) if variable else ()
    return "\n".join(
        (
            f"curl {shlex.quote(f'{url}/chat/completions')} \\",
            *key,
            "  -H 'Content-Type: application/json' \\",
            "  --data-binary @- <<'END'",
            _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", to_json(request.to_openai())),
            "END",
        )
    )


def python(prompt: Prompt[Any], request: Request) -> str:
    """A program that sends the request with the `openai` package."""
    url, variable = _server(prompt)
    key = f'os.environ["{variable}"]' if variable else '"none"'
    body = request.to_openai()
    told = {name: value for name, value in body.items() if name in _OF_THE_SDK}
    further = {name: value for name, value in body.items() if name not in _OF_THE_SDK}
    arguments = {**told, **({"extra_body": further} if further else {})}
    lines = [f"    {name}={_literal(value)}," for name, value in arguments.items()]
    return "\n".join(
        (
            *(("import os", "") if variable else ()),
            "from openai import OpenAI",
            "",
            f"client = OpenAI(base_url={json.dumps(url)}, api_key={key})",
            "completion = client.chat.completions.create(",
            *lines,
            ")",
            "print(completion.choices[0].message.content)",
        )
    )


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=100, sort_dicts=False).replace("\n", "\n    ")


def yaml(_: Prompt[Any], request: Request) -> str:
    """The body as YAML, with long texts as blocks."""
    from promptkit.yamlfile import write_yaml

    return write_yaml(request.to_openai()).rstrip("\n")


def _server(prompt: Prompt[Any]) -> tuple[str, str]:
    """The base URL, and the variable that holds its key, if it gets one."""
    settings, name = prompt.client.settings, parse_model_name(prompt.model)
    if name.scheme not in ("chat", "openai"):
        raise ConfigError(
            f"`{prompt.model}` has no address that another client could ask",
            where="--format",
            help="choose a model of a server: `-m NAME`; `--format openai` and `yaml` show the body for any model",
        )
    url = (name.base_url or settings.base_url).rstrip("/")
    return url, settings.key_variable(url)
