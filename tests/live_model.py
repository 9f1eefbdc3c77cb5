"""Whether the embedded model may be used here."""

from __future__ import annotations

import os

import pytest

from promptkit.errors import PromptkitError
from promptkit.models.local import open_local
from promptkit.settings import load_settings


def require_local() -> None:
    """Skip where the embedded model is not set up; where it must be, go on, so that its absence is a failure."""
    if os.environ.get("PROMPTKIT_REQUIRE_LOCAL") == "1":
        return
    try:
        open_local("", load_settings())
    except PromptkitError as error:
        pytest.skip(f"{error.message}: {error.help}")
