"""The one choke point that removes secrets, by value, from whatever is about to be shown or stored."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 4
_BEGINNING = 6  # characters of a secret that are no accident at the end of a text
MASK = "[redacted]"

_LOCK = threading.Lock()


def _renew_lock() -> None:
    """Begin with an open lock in a forked child: a thread that held it is not there to let go of it."""
    global _LOCK  # noqa: PLW0603 (the module's one lock)
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Redactor:
    """Replaces known secret values wherever they stand, however they got there.

    A value is also known as JSON spells it, and by its beginning where a text was cut within it. One shorter than
    four characters is ignored: replacing it would tear up unrelated text. Safe to share between threads.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._secrets: frozenset[str] = frozenset()
        self._compiled: tuple[frozenset[str], re.Pattern[str]] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Know more secrets."""
        with _LOCK:
            self._known |= {secret for secret in secrets if len(secret) >= _SHORTEST}
            self._secrets = frozenset(form for secret in self._known for form in _spellings(secret))

    def knowing(self, *secrets: str) -> Redactor:
        """Another redactor that knows these secrets too; this one does not."""
        return Redactor((*self._known, *secrets))

    def text(self, text: str) -> str:
        """The text with each secret masked; where two overlap, the one that begins first, or else the longest."""
        secrets, compiled = self._secrets, self._compiled
        if not secrets:
            return text
        if compiled is None or compiled[0] != secrets:
            longest_first = sorted(secrets, key=len, reverse=True)
            compiled = self._compiled = secrets, re.compile("|".join(map(re.escape, longest_first)))
        return _without_beginning(compiled[1].sub(MASK, text), secrets)

    def data(self, value: Any) -> Any:
        """A JSON value with each secret masked in its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.data(key): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(item) for item in value]
        return value

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"


def _spellings(secret: str) -> set[str]:
    """A secret as it is, and as writers of JSON spell it: some escape `/`, some all that is not ASCII."""
    import json

    spelt = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {secret, *spelt, *(each.replace("/", "\\/") for each in spelt)}


def _without_beginning(text: str, secrets: Iterable[str]) -> str:
    """The text without the beginning of a secret at its end: whoever cut it there did not know."""
    longest = max(
        (size for secret in secrets for size in range(_BEGINNING, len(secret)) if text.endswith(secret[:size])),
        default=0,
    )
    return text[: len(text) - longest] + MASK if longest else text
