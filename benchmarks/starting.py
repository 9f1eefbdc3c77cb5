"""Start-up: whole processes, from their start to their end, with bytecode compiled as it is once installed."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.loading import prompt_files, texts
from benchmarks.material import inputs
from benchmarks.measure import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.measure import Side
    from benchmarks.setting import Setting

_COMMAND = "import sys; from promptkit.cli.main import entry; sys.exit(entry())"
"""What the installed `promptkit` script runs."""

_PEER = """\
import json, sys
from pathlib import Path
from benchmarks.peers import load_{peer}
for role, text in load_{peer}(Path(sys.argv[1]))(json.loads(Path(sys.argv[2]).read_text())):
    print(role, text, sep="\\n")
"""


@contextmanager
def sides(setting: Setting) -> Iterator[list[Side]]:
    """`python -c pass`, promptkit's goals, and the peers at the same job as `promptkit render`."""
    folder = setting.folder
    for name, text in texts().items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "inputs.json").write_text(json.dumps(inputs(1)), encoding="utf-8")
    commands: list[tuple[str, list[str], float | None]] = [
        ("python -c pass", ["pass"], None),
        ("import promptkit", ["import promptkit"], 3),
        ("promptkit --help", [_COMMAND, "--help"], 8),
        ("promptkit render", [_COMMAND, "render", "ours.yaml", "-i", "inputs.json"], 20),
        *(
            (f"{title}: render", [_PEER.format(peer=peer), f"{peer}.yaml", "inputs.json"], None)
            for peer, package, title in (
                ("banks", "banks", "banks"),
                ("langchain", "langchain_core", "langchain-core"),
            )
            if peers.installed(package)
        ),
    ]
    environment = _environment(folder)
    yield [
        process(name, [sys.executable, "-c", *command], environment=environment, folder=folder, goal=goal)
        for name, command, goal in commands
    ]


_BARE = """\
import sys, yaml
from pathlib import Path
for path in sorted(Path(sys.argv[1]).iterdir()):
    yaml.load(path.read_bytes(), yaml.CSafeLoader)
"""


@contextmanager
def check_sides(setting: Setting) -> Iterator[list[Side]]:
    """`promptkit check` of a repo on one core, beside a process that only parses the files as YAML."""
    prompt_files(setting.folder, 5 if setting.quick else 1000)
    environment = _environment(setting.folder)
    yield [
        process(name, [sys.executable, "-c", *command], environment=environment, folder=setting.folder)
        for name, command in (
            ("CSafeLoader alone", [_BARE, "ours"]),
            ("promptkit check", [_COMMAND, "check", "-j", "1", "ours"]),
        )
    ]


def _environment(folder: Path) -> Mapping[str, str]:
    """A user's world that is empty, and bytecode that is kept: uncompiled sources would be measured else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "MARA_", "PROMPTKIT_", "OPENAI_", "XDG_"))
    }
    root = Path(__file__).parent.parent
    homes = {name: str(folder / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    return {**kept, **homes, "PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
