"""What counts the tokens of a model best: its vocabulary, its server's own counts, or an estimate."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError
from promptkit.token_calibration import Learned, learned
from promptkit.tokens import PieceEstimate
from promptkit.vocabularies import NEAREST, installed, vocabulary_of

if TYPE_CHECKING:
    from promptkit.record import RunLog
    from promptkit.tokens import TokenCounter

_OTHER = 0.15  # a vocabulary that is known and off by more is not what the server counted by

_log = logging.getLogger("promptkit")


def counter_for(model: str, log: RunLog | None = None) -> TokenCounter:
    """The counter for a model by its name, taught by the runs in a log."""
    known = vocabulary_of(model) or PieceEstimate()
    if log is None:
        return known
    try:
        seen = list(log.counts(model))
        if known.error and installed() and (nearest := learned(NEAREST, seen)) is not NEAREST:
            return nearest if nearest.error < known.error else known
        taught = learned(known, seen)
        other = not known.error and isinstance(taught, Learned) and abs(taught.ratio - 1) > _OTHER
    except (ConfigError, LookupError, TypeError, ValueError, AttributeError) as error:  # rows of whatever wrote them
        _log.warning("the log cannot teach how tokens are counted: %s", error)
        return known
    return known if other else taught
