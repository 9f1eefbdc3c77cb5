"""All there is to set, in one table, and the kinds of values: how each is read from text and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from promptkit.errors import ConfigError

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class Kind(NamedTuple):
    """A kind of value. `check` gives the value in its one form or raises `ValueError`.

    `from_text` makes raw data from what an environment variable holds; it may raise `ValueError` too.
    """

    words: str
    check: Callable[[Any], Any]
    from_text: Callable[[str], Any] = str


def _need(fits: bool) -> None:
    if not fits:
        raise ValueError("does not fit")


def check_name(value: Any) -> str:
    """A text in one line, without blanks around it."""
    _need(isinstance(value, str) and bool(value.strip()) and value.isprintable())
    return str(value).strip()


def check_key(value: Any) -> str:
    """A key: what cannot stand in an HTTP header cannot be one; blanks around it are accidents."""
    _need(isinstance(value, str) and all("!" <= char <= "~" for char in value.strip()))
    return str(value).strip()


_IN_NO_URL = frozenset(' "<>\\^`{|}')
"""Characters that stand in no URL (RFC 3986, section 2)."""


def check_url(value: Any) -> str:
    """A base URL, freed of what people paste with it; one without a path is taken to mean `/v1`."""
    from urllib.parse import urlsplit, urlunsplit

    text = check_name(value)
    parts = urlsplit(text)
    _need(parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    _need(not (parts.query or parts.fragment or "@" in parts.netloc or _IN_NO_URL.intersection(text)))
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc.lower(), path or "/v1", "", ""))


def normalise_base_url(url: str) -> str:
    """The base URL that is meant: with or without `/v1`, a slash at the end, or the whole endpoint.

    Raises `ConfigError` for other schemes and for a user name or password inside the URL.
    """
    try:
        return check_url(url)
    except ValueError:
        pass
    # The URL itself is not shown when it may hold a password.
    shown = "this URL" if "@" in url else f"`{url}`"
    raise ConfigError(
        f"{shown} is not the base URL of a server: http or https, no user name, password, query or fragment",
        help="write it as https://HOST/v1; the key comes from an environment variable",
    )


def address(base_url: str) -> str:
    """Scheme, host and port of a URL: two URLs with the same address reach the same server.

    Raises `ValueError` for what is not a URL.
    """
    from urllib.parse import urlsplit

    parts = urlsplit(base_url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname or ''}:{port}"


def host(address: str) -> str:
    """The host of an `address`."""
    return address.split("://", 1)[1].rsplit(":", 1)[0]


def _check_switch(value: Any) -> bool:
    _need(isinstance(value, bool))
    return bool(value)


def _check_positive(value: Any) -> float:
    _need(isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"))
    return float(value)


def _check_count(value: Any) -> int:
    _need(isinstance(value, int) and not isinstance(value, bool) and value > 0)
    return int(value)


def _check_tier(value: Any) -> str:
    _need(value in ("", *TIERS))
    return str(value)


def _check_path(value: Any) -> Path:
    _need(isinstance(value, str | Path) and str(value) != "" and "\0" not in str(value))
    return Path(value)


def _check_endpoints(value: Any) -> dict[str, dict[str, str]]:
    _need(isinstance(value, Mapping))
    return {check_url(url): _check_endpoint(entry) for url, entry in value.items()}


def _check_endpoint(entry: Any) -> dict[str, str]:
    _need(isinstance(entry, Mapping) and set(entry) == {"key_env"})
    variable = entry["key_env"]
    _need(isinstance(variable, str) and variable.isidentifier())
    return {"key_env": variable}


def _check_models(value: Any) -> dict[str, dict[str, Any]]:
    _need(isinstance(value, Mapping))
    return {check_name(name): _check_facts(facts) for name, facts in value.items()}


def _check_facts(facts: Any) -> dict[str, Any]:
    known = MODEL_FACTS | MODEL_LIMITS
    _need(isinstance(facts, Mapping) and facts.keys() <= known.keys())
    return {name: known[name](value) for name, value in facts.items()}


def _check_price(value: Any) -> float:
    _need(isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"))
    return float(value)


def _check_hosts(value: Any) -> tuple[str, ...]:
    _need(isinstance(value, list | tuple))
    return tuple(check_name(host).lower() for host in value)


def _listed(text: str) -> list[str]:
    return [name for name in text.split(",") if name.strip()]


MODEL_FACTS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("context_length", "max_output"), _check_count),
    **dict.fromkeys(
        ("json_schema", "any_schema_root", "json_mode", "reasoning", "tools", "forced_tools"), _check_switch
    ),
    **dict.fromkeys(("prompt_price", "completion_price"), _check_price),
    **dict.fromkeys(("parameters", "active_parameters", "tokens_per_second"), _check_positive),
}
"""What can be said of a model: lengths in tokens, abilities, prices in USD for one token, sizes."""

TIERS = ("free", "developer")
"""MARA's plans: MARA docs, page Rate limits."""

MODEL_LIMITS: dict[str, Callable[[Any], Any]] = dict.fromkeys(
    ("requests_per_minute", "requests_per_day", "tokens_per_day"), _check_count
)
"""How much may be asked of a model."""

KINDS: dict[str, Kind] = {
    "name": Kind("a text in one line", check_name),
    "key": Kind("a key of printable ASCII characters", check_key),
    "switch": Kind("true or false", _check_switch, lambda text: _SWITCHES.get(text.strip().lower())),
    "positive": Kind("a number above 0", _check_positive, float),
    "count": Kind("a whole number from 1", _check_count, int),
    "tier": Kind(f"one of {', '.join(TIERS)}", _check_tier),
    "path": Kind("a path", _check_path),
    "url": Kind("an http or https URL without user name, password, query and fragment", check_url),
    "endpoints": Kind('tables like [endpoints."https://host/v1"] with one key, `key_env`', _check_endpoints),
    "models": Kind(f'tables like [models."ID"] with any of {", ".join(MODEL_FACTS | MODEL_LIMITS)}', _check_models),
    "hosts": Kind("a list of host names", _check_hosts, _listed),
}


_FACT_WORDS: dict[Callable[[Any], Any], str] = {
    _check_count: KINDS["count"].words,
    _check_switch: KINDS["switch"].words,
    _check_positive: KINDS["positive"].words,
    _check_price: "a number from 0",
}


def fact_fault(name: str, value: Any) -> str:
    """What a fact or a limit of a model must be, in words, where a value is none; empty where it is one."""
    check = (MODEL_FACTS | MODEL_LIMITS)[name]
    try:
        check(value)
    except ValueError:
        return _FACT_WORDS[check]
    return ""


class Setting(NamedTuple):
    """One row of the table: the kind of value, the variable that sets it, its default and its meaning.

    A default of None is a place that the platform has for it.
    """

    kind: str
    env: str
    default: Any
    doc: str


KEY_VARIABLE = "MARA_API_KEY"
MARA_URL = "https://bczfskny6zqw.poweredby.snova.ai/v1"
"""MARA docs, page OpenAI compatibility."""

SETTINGS: dict[str, Setting] = {
    "model": Setting("name", "MARA_MODEL", "MiniMax-M2.5", "The model; by default that of MARA's examples."),
    "base_url": Setting("url", "MARA_BASE_URL", MARA_URL, "The server that model ids belong to."),
    "api_key": Setting("key", KEY_VARIABLE, "", "The key for that server; refused in a project's file."),
    "max_temperature": Setting(
        "positive", "PROMPTKIT_MAX_TEMPERATURE", 1.0, "The highest temperature; MARA documents 0 to 1."
    ),
    "max_tokens": Setting(
        "count", "PROMPTKIT_MAX_TOKENS", 4096, "Tokens of an answer and its reasoning, if a prompt sets none."
    ),
    "log": Setting("switch", "PROMPTKIT_LOG", True, "Whether the command line keeps a log of its runs."),
    "log_path": Setting("path", "PROMPTKIT_LOG_PATH", None, "The file of the log."),
    "log_content": Setting(
        "switch", "PROMPTKIT_LOG_CONTENT", True, "Whether the log keeps texts, or only sizes and SHA-256s."
    ),
    "cache_dir": Setting("path", "PROMPTKIT_CACHE_DIR", None, "The folder for what can be fetched again."),
    "local_model": Setting(
        "name",
        "PROMPTKIT_LOCAL_MODEL",
        "SmolLM2-135M-Instruct",
        "What `local:` means: a .gguf file, or a name in the cache; refused in a project's file.",
    ),
    "attempt_timeout": Setting("positive", "PROMPTKIT_ATTEMPT_TIMEOUT", 120.0, "Seconds for one request."),
    "call_timeout": Setting(
        "positive", "PROMPTKIT_CALL_TIMEOUT", 600.0, "Seconds for one call: all its requests and waits."
    ),
    "first_byte_timeout": Setting(
        "positive", "PROMPTKIT_FIRST_BYTE_TIMEOUT", 60.0, "Seconds until a stream's first byte."
    ),
    "gap_timeout": Setting("positive", "PROMPTKIT_GAP_TIMEOUT", 30.0, "Seconds between two pieces of a stream."),
    "tier": Setting(
        "tier",
        "PROMPTKIT_TIER",
        "",
        "Your plan on MARA Cloud: its documented limits hold, those under `models` before.",
    ),
    "endpoints": Setting("endpoints", "", {}, "Other servers: `key_env` names the variable that holds the key."),
    "models": Setting("models", "", {}, "What you know of models: goes over what servers and documentation say."),
    "trusted_hosts": Setting(
        "hosts",
        "PROMPTKIT_TRUSTED_HOSTS",
        (),
        "Hosts that may get a key although only a project's file names them; refused in a project's file.",
    ),
}
"""The table: `load_settings`, ``promptkit config`` and the reference page are all driven by it."""
