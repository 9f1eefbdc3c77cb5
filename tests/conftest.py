"""What all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from promptkit.models.paced import forget_gates

settings.register_profile("suite", deadline=None, max_examples=60)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

ROOT = Path(__file__).parent.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background has their processes ignore Ctrl-C, which some of them test.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees, or leaves anything in, the settings, keys, log and cache of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("MARA_", "PROMPTKIT_", "OPENAI_"))]:
        if name not in ("PROMPTKIT_REQUIRE_LOCAL", "PROMPTKIT_LOCAL_MODEL", "PROMPTKIT_CACHE_DIR", "PROMPTKIT_DATA"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)  # what is locked is frozen there
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("PROMPTKIT_LOG_PATH", str(home / "log.db"))
    monkeypatch.setenv("COLUMNS", "100")
    forget_gates()  # a port of one test's server may be that of another's
