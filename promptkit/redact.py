"""The one choke point that removes secrets, by value, from whatever is about to be shown or stored."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 4
_SHORTEST_BASE64 = 10  # what eight characters of a secret decide
_BEGINNING = 6  # characters of a secret that are no accident at the end of a text
MASK = "[redacted]"

_LOCK = threading.Lock()


def _renew_lock() -> None:
    """Begin with an open lock in a forked child: a thread that held it is not there to let go of it."""
    global _LOCK  # noqa: PLW0603 (the module's one lock)
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class _Beginnings:
    """The beginnings of secrets, at the end of a text: whoever cut it there did not know."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = {secret[:size] for secret in secrets for size in range(_BEGINNING, len(secret))}
        self._longest = max(map(len, self._known), default=0)
        self._ends = {beginning[-_BEGINNING:] for beginning in self._known}

    def cut(self, text: str) -> str:
        """The text with such a beginning masked."""
        if text[-_BEGINNING:] not in self._ends:
            return text
        sizes = range(min(self._longest, len(text)), _BEGINNING - 1, -1)
        size = next((size for size in sizes if text[-size:] in self._known), 0)
        return text[:-size] + MASK if size else text


class Redactor:
    """Replaces known secret values wherever they stand, however they got there.

    A value is also known as JSON spells it and in Base64, and by its beginning where a text was cut within it. One
    shorter than four characters is ignored: replacing it would tear up unrelated text. Safe to share between threads.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._secrets: frozenset[str] = frozenset()
        self._compiled: tuple[frozenset[str], re.Pattern[str], _Beginnings] | None = None
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
            pattern = re.compile("|".join(map(re.escape, longest_first)))
            compiled = self._compiled = secrets, pattern, _Beginnings(secrets)
        return compiled[2].cut(compiled[1].sub(MASK, text))

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
