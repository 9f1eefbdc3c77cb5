"""The one choke point that removes secrets, by value, from whatever is about to be shown or stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 4
MASK = "[redacted]"


class Redactor:
    """Replaces known secret values wherever they stand, however they got there.

    A value shorter than four characters is ignored: replacing it would tear up unrelated text.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Know more secrets."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST}

    def text(self, text: str) -> str:
        """The text with each secret masked, the longest first."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def data(self, value: Any) -> Any:
        """A JSON value with each secret masked in its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(item) for item in value]
        return value

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"
