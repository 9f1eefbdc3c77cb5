"""Writing a prompt's version into its file, and nothing else."""

from __future__ import annotations

from promptkit.errors import ConfigError
from promptkit.repos.versions import read_version
from promptkit.schema.equality import same_json
from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yamlfile import read_yaml

__all__ = ["with_version"]

_MARK = "\ufeff"


def with_version(text: str, version: str, shown: str) -> str:
    """A prompt file's text with another version: nothing else of it changes. Raises `ConfigError`."""
    if read_version(version) is None:
        raise ConfigError(f"`{version}` is no version", help="write it as 1.2.0")
    plain = text.removeprefix(_MARK)
    root = read_yaml(plain.encode("utf-8"), shown).root
    if not isinstance(root, Mapping):
        raise ConfigError("the file is no prompt", where=shown)
    node = root.get("version")
    if isinstance(node, Scalar) and node.end > node.start:
        made = f"{plain[: node.start]}{version}{plain[node.end :]}"
    else:
        made = _with_line(plain, root, version)
    now = read_yaml(made.encode("utf-8"), shown).root
    found = now.get("version") if isinstance(now, Mapping) else None
    wanted = {**root.value, "version": found.value if found is not None else None}
    if not isinstance(found, Scalar) or found.text != version or not same_json(wanted, now.value if now else None):
        cure = f"write it by hand, as one line: version: {version}"
        raise ConfigError("the version cannot be written into this file", where=shown, help=cure)
    return text[: len(text) - len(plain)] + made


def _with_line(text: str, root: Mapping, version: str) -> str:
    """The text with a line for the version: below the name, or else as the first of the mapping."""
    end = "\r\n" if "\r\n" in text else "\n"
    at, key = root.start, root.key("name") or root.key("promptkit")
    if key is not None:
        newline = text.find("\n", key.start)
        text = text if newline >= 0 else f"{text}{end}"
        at = newline + 1 if newline >= 0 else len(text)
    return f"{text[:at]}version: {version}{end}{text[at:]}"
