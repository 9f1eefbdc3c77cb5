"""A memory as a person types it."""

from __future__ import annotations

from typing import Any

_KEYS = "full|last|tokens|pin|summarise"


def parsed_memory(text: str) -> Any:
    """A memory as a person types it: `full`, `last: 20`, `last=20, pin=[1]`, `{last: 20}`. Raises `ConfigError`."""
    import re

    from promptkit.errors import ConfigError
    from promptkit.yamlfile import read_yaml

    told = re.sub(rf"(^|,\s*)({_KEYS})\s*[:=]\s*", r"\1\2: ", text.strip())
    told = told if told == text.strip() and not re.match(rf"(?:{_KEYS}):", told) else f"{{{told}}}"
    document = read_yaml(told, "--memory")
    if document.root is None or document.faults:
        cure = "it is full, summarise, or such as `last: 20, pin: [1]`"
        raise ConfigError(f"`{text[:60]}` is no memory", where="--memory", help=cure)
    return document.root.value
