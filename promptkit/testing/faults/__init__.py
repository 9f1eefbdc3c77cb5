"""Faults that the loopback server can play: what has been seen of MARA and its like, or what a server may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.testing.faults.bodies import CONNECTION, NO_ANSWERS
from promptkit.testing.faults.refusals import CHECKED, RATES, REFUSALS
from promptkit.testing.faults.sayings import SAID, TOOLS
from promptkit.testing.faults.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.testing.faults.kinds import Fault

FAULTS: Mapping[str, Fault] = {
    **REFUSALS,
    **RATES,
    **CHECKED,
    **SAID,
    **TOOLS,
    **NO_ANSWERS,
    **CONNECTION,
    **STREAMS,
}
"""By name: what a plan may ask for."""
