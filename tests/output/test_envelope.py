"""How the envelope is searched: what is looked at how often."""

from __future__ import annotations

import pytest

from promptkit.output import envelope
from promptkit.output.place import Place


@pytest.mark.parametrize("unit", ["<think><think>a</think>", "<think>a</think>", "[THINK][THINK]a[/THINK]"])
def test_reasoning_that_never_ends_in_full_is_looked_at_a_bounded_number_of_times(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    known = envelope.opening_like

    def counting(opening: object) -> object:
        nonlocal asked
        asked += 1
        return known(opening)  # type: ignore[arg-type]

    monkeypatch.setattr(envelope, "opening_like", counting)
    envelope.find(unit * 500, Place(True, True))
    assert 0 < asked <= 500 * envelope._MOST_NESTED
