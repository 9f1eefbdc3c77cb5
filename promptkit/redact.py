"""The one choke point that removes secrets, by value, from whatever is about to be shown or stored."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 4
_SHORTEST_BASE64 = 11  # as long as of a secret of eight characters at least
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


def leaves(value: Any) -> list[str]:
    """All texts and numbers in a value, as texts: what is to be masked of a secret that is an object or a list."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in leaves(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in leaves(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _spellings(secret: str) -> set[str]:
    """A secret as it is, and as others write it.

    Writers of JSON escape `/`, or all that is not ASCII, and may write JSON into JSON; Python shows a text as its
    `repr`, addresses are percent-encoded, and Basic authentication writes it in Base64 behind a user's name.
    """
    import json
    from urllib.parse import quote, quote_plus

    spelt = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    spelt |= {json.dumps(each)[1:-1] for each in spelt}
    encoded = secret.encode("utf-8", "surrogatepass")
    addressed = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    slashed = (each.replace("/", "\\/") for each in spelt)
    return {secret, *spelt, *slashed, repr(secret)[1:-1], *addressed, *_in_base64(encoded)}


def _in_base64(secret: bytes) -> set[str]:
    """What of Base64 a secret alone decides, wherever it stands in a longer text: at each of the three alignments."""
    from base64 import b64encode, urlsafe_b64encode

    found = set()
    for before, first in enumerate((0, 2, 3)):
        whole = (before + len(secret)) * 8 // 6
        found |= {encode(bytes(before) + secret).decode()[first:whole] for encode in (b64encode, urlsafe_b64encode)}
    return {text for text in found if len(text) >= _SHORTEST_BASE64}


def _without_beginning(text: str, secrets: Iterable[str]) -> str:
    """The text without the beginning of a secret at its end: whoever cut it there did not know."""
    longest = max(
        (size for secret in secrets for size in range(_BEGINNING, len(secret)) if text.endswith(secret[:size])),
        default=0,
    )
    return text[: len(text) - longest] + MASK if longest else text
