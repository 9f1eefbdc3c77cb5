"""The examples on the pages of codes: each bad one has the page's code, each good one is the cure. All are executed.

A block's language says how it is run:

    yaml     a prompt is loaded: bad has exactly the page's code, good has nothing
    console  the `$` lines run in one shell in an empty folder: bad shows the page's code and no other, good
             ends with 0 and shows none; nothing but the last command of a block may fail
    python   the code runs in an empty folder: bad raises an error with the page's code (or, where an error only
             gets into the log, prints it), good runs through and prints no code
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest

import promptkit
from promptkit.checking import check_source
from promptkit.codes import page, titles
from promptkit.errors import PromptkitError
from promptkit.limits import limited
from promptkit.source import Memory

NOT_RAISED = {"PK200", "PK300", "PK305", "PK520"}
"""Codes that no error has yet: defaults of classes whose errors all have nearer codes, and of features to come."""
PAGES = {code: page(code) for code in titles() if code not in NOT_RAISED}
PACKAGE = Path(promptkit.__file__).parent
EXAMPLE = re.compile(r"^(Bad|Good):\n\n```(\w+)\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
SHOWN = re.compile(r"^(?:(?:error|warning|note)\[(PK\d{3})\]|(PK\d{3})): ", re.MULTILINE)
"""A code where the command line, or an error's text, has it; not one that a help names."""
AROUND = {
    "_base.yaml": "persona: You are kind. Always mention the price of it.\ntask: Greet.",
    "layout.md": "{% block main %}{% endblock %}",
}
"""The files beside the prompts of examples."""
HURRIED = {"PK222": 0.2}
"""Seconds that a template may take while the examples of a page run: waiting for the real two teaches nothing."""
NEEDS_ENGINE = {"PK516", "PK517", "PK540"}
"""Pages that need the engine of local models, or what plays it (tests/fake_engine); set-up would download it."""


@dataclass(frozen=True)
class Came:
    """What came of a block: the codes that it showed or raised, whether it ran to its end, and all that it said."""

    codes: list[str]
    ended: bool
    said: str


def examples(text: str) -> dict[str, tuple[str, str]]:
    """The language and the text of `Bad` and `Good`."""
    found = EXAMPLE.findall(text)
    assert ["Bad", "Good"] == [name for name, _, _ in found], "a page has one bad and one good example, in this order"
    assert 2 * len(found) == len(re.findall(r"^```", text, re.MULTILINE)), "a block that is not run"
    return {name: (language, block) for name, language, block in found}


def run_yaml(text: str, _: Path) -> Came:
    """Load a prompt."""
    found = check_source(Memory(AROUND), "prompt.yaml", text)
    return Came([each.code for each in found], not found, "\n\n".join(map(str, found)))


def run_console(text: str, folder: Path) -> Came:
    """Run the lines behind `$`; a line that ends in a backslash goes on."""
    lines = text.replace("\\\n", "").splitlines()
    assert all(line.startswith("$ ") for line in lines), text
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-c", "\n".join(line[2:] for line in lines)],
        cwd=folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    return Came(_codes(said), done.returncode == 0, said)


def run_python(text: str, _: Path) -> Came:
    """Run code in names of its own, in this process."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, "<example>", "exec"), {"__name__": "__main__"})
    except PromptkitError as error:
        return Came([error.code], False, f"{out.getvalue()}{error}")
    return Came(_codes(out.getvalue()), True, out.getvalue())


def _codes(said: str) -> list[str]:
    return list(dict.fromkeys(line or text for line, text in SHOWN.findall(said)))


RUNNERS: dict[str, Callable[[str, Path], Came]] = {"yaml": run_yaml, "console": run_console, "python": run_python}


@contextlib.contextmanager
def world(base: Path) -> Iterator[Path]:
    """An empty working folder, a home of its own, and nothing of whoever runs this in the environment."""
    folder, home = base / "work", base / "home"
    folder.mkdir(parents=True)
    home.mkdir()
    alien = ("MARA_", "PROMPTKIT_", "OPENAI_", "XDG_", "PIP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(alien) and name != "PYTHONPATH"}
    with patch.dict(os.environ, {**kept, "HOME": str(home), "COLUMNS": "100"}, clear=True), contextlib.chdir(folder):
        yield folder


def came_of(code: str, which: str, base: Path) -> Came:
    """Run an example of a page in a new folder."""
    if code in NEEDS_ENGINE and find_spec("xllamacpp") is None:
        pytest.skip("the engine of local models is not installed")
    language, block = examples(PAGES[code])[which]
    with world(base) as folder, limited(render_seconds=HURRIED.get(code, 2.0)):
        return RUNNERS[language](block, folder)


def test_a_code_without_examples_is_raised_nowhere() -> None:
    """When one of them is, its page needs a bad and a good example."""
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "errors.py"]
    raised = {code for path in sources for code in re.findall(r"PK\d{3}", path.read_text(encoding="utf-8"))}
    assert set() == NOT_RAISED & raised


@pytest.mark.parametrize("code", PAGES)
def test_the_bad_example_of_a_page_has_its_code(code: str, tmp_path: Path) -> None:
    came = came_of(code, "Bad", tmp_path)
    assert [code] == came.codes, came.said


@pytest.mark.parametrize("code", PAGES)
def test_the_good_example_of_a_page_is_the_cure(code: str, tmp_path: Path) -> None:
    came = came_of(code, "Good", tmp_path)
    assert ([], True) == (came.codes, came.ended), came.said
