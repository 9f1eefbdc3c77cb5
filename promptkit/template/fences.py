"""Fences: marks around the untrusted values of a message, so that a model can tell data from instructions."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from promptkit.errors import RenderError
from promptkit.limits import current_limits
from promptkit.template.markup import neutralise
from promptkit.template.metering import Meter
from promptkit.template.printing import to_json

_SHORTEST = 12
_MOST_TOLD = 20
_LONGER_BY = 4
SYSTEM_CURE = "let it stand in `task`, or set `layout: {context: user}` for context"
"""What helps where an untrusted value would stand in a system message."""


class Untrusted(NamedTuple):
    """What is said of an untrusted input: whom it comes from, and whether chat markup in it is neutralised."""

    origin: str
    neutralise: bool = True


@dataclass(slots=True)
class Fences:
    """The fences of one message, which is rendered twice: first to see its untrusted values, then to mark them.

    A fence's id is a SHA-256 over the message's untrusted values, lengthened while it occurs in one of them:
    it cannot be forged by a value, and the same values always give the same id. A system message `refuses` them all.
    """

    refuses: bool = False
    values: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    id: str = ""
    meter: Meter | None = None
    """Counts the time that it takes to make long values harmless."""
    known: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """What has been made harmless already, since a message is rendered twice."""
    captured: int = 0
    """Inside how many blocks it is rendered whose text is fenced as a whole, or printed elsewhere."""

    def printed(self, value: Any, origin: str, *, harmless: bool = True) -> str:
        """What stands in the message for an untrusted value, neutralised if it is to be `harmless`.

        Raises `RenderError` where no such value may stand: a last line of defence, for the check of the file refuses
        what can get there.
        """
        if self.refuses:
            message = f"a value from {origin} would stand in the system message"
            raise RenderError(message, code="PK207", help=SYSTEM_CURE)
        if isinstance(value, (bool, int, float)):
            return to_json(value)
        text = value if isinstance(value, str) else to_json(value)
        text = self._neutralised(text, origin) if harmless else str.__str__(text)
        if not self.id:
            self.values.append((origin, text))
            return text
        return f'<untrusted-{self.id} from="{origin}">\n{text}\n</untrusted-{self.id}>'

    def _neutralised(self, text: str, origin: str) -> str:
        known = self.known.get(text)
        if known is None:
            known = self.known[text] = neutralise(text, self._look)
        harmless, found = known
        if found:
            more = f" and {len(found) - _MOST_TOLD:,} more" if len(found) > _MOST_TOLD else ""
            self.notes[f"neutralised in a value from {origin}: {', '.join(found[:_MOST_TOLD])}{more}"] = None
        return harmless

    def _look(self) -> None:
        """Raise `RenderError` when the time is up."""
        if self.meter is None:
            limits = current_limits()
            self.meter = Meter(time.monotonic() + limits.render_seconds, limits)
        self.meter.check_time()

    def close(self) -> bool:
        """Choose the id once all values are known; False when there are none."""
        if not self.values:
            return False
        whole = hashlib.sha256(to_json(self.values).encode("utf-8", "surrogatepass")).hexdigest() * 8
        size = _SHORTEST
        while size < len(whole) and any(whole[:size] in text for _, text in self.values):
            size += _LONGER_BY
        self.id = whole[:size]
        return True
