"""What a model's name means, by its text alone.

Only `local:`, `replay:`, `simulate:` and `openai+http[s]://` are schemes; every other name, such as
`llama3:8b`, is an id on the configured endpoint. A name that is nearly a scheme is refused, since the prompt would
be sent to that endpoint otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern
from promptkit.setting_table import normalise_base_url

if TYPE_CHECKING:
    from collections.abc import Callable

Scheme = Literal["chat", "local", "replay", "simulate", "openai"]


class ModelName(NamedTuple):
    """A name in its parts. `target` is the id, the local model's name or the file; `base_url` only `openai` has."""

    scheme: Scheme
    target: str
    base_url: str = ""


def parse_model_name(name: str) -> ModelName:
    """The parts of a model's name. Raises `ConfigError`, with the cure, for a name that cannot be meant."""
    text = name.strip()
    if not text or not text.isprintable():
        raise _bad("a model's name is a text in one line", name, "such as MiniMax-M2.5, local: or simulate:")
    if text.startswith(_COMPATIBLE):
        return _compatible(text)
    scheme, colon, target = text.partition(":")
    if colon and scheme in _SCHEMES:
        return _SCHEMES[scheme](target, text)
    _refuse_slip(text, scheme, target)
    return ModelName("chat", text)


def wire_name(name: str) -> str:
    """The id that stands in the request's body. Raises `ConfigError`."""
    parsed = parse_model_name(name)
    if parsed.scheme in ("chat", "openai"):
        return parsed.target
    return f"{parsed.scheme}:{parsed.target}" if parsed.scheme == "local" else f"{parsed.scheme}:"


def _local(target: str, _: str) -> ModelName:
    return ModelName("local", target)


def _replay(target: str, text: str) -> ModelName:
    if not target:
        raise _bad("`replay:` needs a file of recordings", text, "write it as replay:answers.jsonl")
    return ModelName("replay", target)


def _simulate(target: str, text: str) -> ModelName:
    if target:
        raise _bad("`simulate:` takes no name", text, "write it as simulate:")
    return ModelName("simulate", "")


_SCHEMES: dict[str, Callable[[str, str], ModelName]] = {"local": _local, "replay": _replay, "simulate": _simulate}


_COMPATIBLE = "openai+"
_URL = LatePattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SERVER = LatePattern(r"(localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\])(:\d+)?(/|#|$)|[\w.-]+:\d+/", re.IGNORECASE)
_HERE = LatePattern(r"localhost\b|[\d.]+\b|\[", re.IGNORECASE)
_NEAR = 0.8  # as `loacl` is to `local`; a word that is farther off may be the family of an id


def _refuse_slip(text: str, word: str, target: str) -> None:
    """Raise for an id that is hardly one: a scheme without its colon or misspelt, or the URL of a server."""
    if _URL.match(text) or _SERVER.match(text):
        raise _bad("a server's URL is no model's name", text, f"write it as {_as_compatible(text)}")
    scheme = _meant(word) if ":" in text else word.lower()
    if scheme == "openai" and target:
        cure = f"write {target} alone on the configured server, or {_COMPATIBLE}https://HOST/v1#{target}"
        raise _bad("`openai:` is no scheme of promptkit's", text, cure)
    if scheme in _SCHEMES:
        meant = f"{scheme}:{target}" if scheme != "replay" or target else "replay:FILE"
        raise _bad("this is no id of a model, and nearly one of promptkit's schemes", text, f"did you mean `{meant}`?")


def _meant(word: str) -> str:
    """The scheme that a word is near to."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.lower(), [*_SCHEMES, "openai"], n=1, cutoff=_NEAR)), "")


def _as_compatible(text: str) -> str:
    """The name of the model at a server of which somebody wrote the URL only, or half of it."""
    url, _, model = text.partition("#")
    if "@" in url:  # a password may stand before it
        url = "https://HOST/v1"
    if not _URL.match(url):
        url = f"http{'' if _HERE.match(url) else 's'}://{url}"
    return f"{_COMPATIBLE}{url}#{model or 'NAME'}"


def _compatible(text: str) -> ModelName:
    url, _, model = text.removeprefix(_COMPATIBLE).partition("#")
    if not _URL.match(url):
        cure = f"write it as {_as_compatible(text.removeprefix(_COMPATIBLE))}"
        raise _bad(f"`{_COMPATIBLE}` needs the whole URL of a server, with http:// or https://", text, cure)
    base_url = normalise_base_url(url)
    if not model:
        raise _bad(
            f"which model at {base_url}? its name is missing",
            text,
            f"write it as openai+{base_url}#NAME, in quotes where the shell takes # for a comment",
        )
    return ModelName("openai", model, base_url)


def _bad(message: str, name: str, cure: str) -> ConfigError:
    # A name with an @ may hold a password.
    where = "" if "@" in name or not name.strip() else f"model `{name.strip()}`"
    return ConfigError(message, where=where, help=cure)


def keyless(variable: str, option: str) -> str:
    """What helps without a key; `option` is how a model is named where that is told, with `{}` for its name."""
    local, simulated = map(option.format, ("local:", "simulate:"))
    return f"export {variable}=...   or try   {local}   (a real small model, 196 MB once)   or   {simulated}"
