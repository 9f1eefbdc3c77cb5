"""A folder with a first prompt in it, and a loopback MARA that the environment points at."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_line import KEY, point_at, promptkit

from promptkit.testing import MaraServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with a home and a cache of its own beside it."""
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def triage(place: Path) -> Path:
    """The same with `triage/` as `init` makes it."""
    assert promptkit("init", "triage").code == 0
    return place


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MaraServer]:
    """A loopback MARA that simulates its answers and takes only the marked key."""
    with MaraServer(api_key=KEY) as running:
        point_at(running.base_url, monkeypatch)
        yield running


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file on a disk that is full. Root gets a device of its own: a broken command could replace the machine's."""
    if os.geteuid() != 0:
        return Path("/dev/full")
    device = tmp_path / "full"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, Path("/dev/full").stat().st_rdev)
        device.open("wb").close()
    except OSError as error:
        pytest.skip(f"no full device can be made here: {error.strerror}")
    return device
