"""What is shipped: the wheel and the sdist, the command in a fresh environment, the templates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from promptkit import Client, Prompt, __version__
from promptkit.loader import load
from promptkit.source import Folder
from promptkit.template_paths import locate
from promptkit.testing import MaraServer

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.yaml")
    if not any(part.startswith("_") for part in path.relative_to(ROOT).parts)
)
INPUTS = {
    "dev/review": {"code": "def half(x):\n    return x / 2\n"},
    "dev/sql": {"question": "How many orders are there?", "tables": "CREATE TABLE orders (id int);"},
    "finance/invoice": {"text": "Nordlicht GmbH, 3 lamps, EUR 120.00"},
    "safety/moderate": {"comment": "I disagree."},
    "support/triage": {"ticket": "The site is down."},
    "text/brief": {"text": "The bridge is closed."},
    "text/classify": {"review": "Arrived early."},
    "text/rewrite": {"text": "You forgot it.", "tone": "formal"},
}
FILES = {"promptkit/py.typed", "promptkit/codes/PK301.md", "promptkit/cli/main.py", "promptkit/testing/server.py"}


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, folder=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a fresh environment that has the wheel, and sees the dependencies that are installed here."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    site = Path(paths["purelib"])
    run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python",
        "install", "--no-deps", "--no-index", "--quiet", wheel, folder=folder,
    )  # fmt: skip
    # The dependencies come behind the wheel; an editable install of this tree, if there is one, does not come at all.
    (site / "dependencies.pth").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n")
    return Path(paths["scripts"]) / "promptkit"


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set() == FILES - names
    info = f"mara_promptkit-{__version__}.dist-info"
    assert {"promptkit", info} == {name.partition("/")[0] for name in names}
    assert f"{info}/licenses/LICENSE" in names


def test_the_wheel_has_every_page_of_a_code(wheel: Path) -> None:
    pages = {f"promptkit/codes/{path.name}" for path in (ROOT / "promptkit" / "codes").glob("PK*.md")}
    assert set() == pages - set(zipfile.ZipFile(wheel).namelist())


def test_the_sdist_has_what_it_takes_to_build_and_to_read(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "LICENSE", "README.md", "examples/typed.py", "examples/typed.yaml", "docs/index.md"}
    assert set() == wanted - names
    assert set() == {name for name in names if name.startswith((".venv", "docs/_build"))}


def test_the_installed_command_is_the_wheels(command: Path, tmp_path: Path) -> None:
    place = run(command.with_name("python"), "-c", "import promptkit; print(promptkit.__file__)", folder=tmp_path)
    assert Path(place.strip()).is_relative_to(command.parent.parent)
    assert f"promptkit {__version__}\n" == run(command, "--version", folder=tmp_path)


def test_the_installed_command_helps_and_explains(command: Path, tmp_path: Path) -> None:
    assert run(command, "--help", folder=tmp_path).startswith("Usage: promptkit")
    assert run(command, "explain", "PK301", folder=tmp_path).startswith("# PK301: ")


def test_the_installed_command_makes_checks_and_renders_a_prompt(command: Path, tmp_path: Path) -> None:
    run(command, "init", "first", folder=tmp_path)
    run(command, "check", "first", folder=tmp_path)
    rendered = run(
        command, "render", "first/first.yaml", "-i", "first/inputs.json", "--format", "json", folder=tmp_path
    )
    roles = [message["role"] for message in json.loads(rendered)["messages"]]
    assert ["system", "user", "assistant", "user"] == roles


def test_the_installed_command_asks_a_server(command: Path, tmp_path: Path) -> None:
    run(command, "init", "first", folder=tmp_path)
    answer = {"team": "billing", "urgency": 2, "summary": "An invoice is wrong."}
    with MaraServer([json.dumps(answer)]) as server:
        printed = run(
            command, "run", "first/first.yaml", "-i", "first/inputs.json",
            folder=tmp_path, MARA_BASE_URL=server.base_url, MARA_API_KEY="a-key",
        )  # fmt: skip
    assert answer == json.loads(printed)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "templates").with_suffix("").as_posix()


def test_every_template_has_inputs_here() -> None:
    assert set(INPUTS) == set(map(name_of, TEMPLATES))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_has_no_findings_and_says_what_it_is(path: Path) -> None:
    root, inside = locate(path)
    assert () == tuple(load(Folder(root), inside).diagnostics)
    spec = Prompt.from_yaml(path).spec
    assert name_of(path) == spec.name
    assert "" not in (spec.description or "", spec.version or "")


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_gets_a_valid_answer_from_the_server(path: Path) -> None:
    prompt = Prompt.from_yaml(path)
    # A choice has no schema on the wire, from which the server could make an answer: it says the first one.
    script = [prompt.spec.output.choices[0]] if prompt.spec.output.choices else None
    with MaraServer(script) as server, Client(base_url=server.base_url, api_key="a-key") as client:
        result = prompt.using(client=client).run(INPUTS[name_of(path)])
    assert 1 == len(result.attempts) == len(server.requests)
    assert prompt.parse(result.text).value == result.output


def test_the_inputs_beside_a_template_fit_it() -> None:
    beside = sorted((ROOT / "templates").rglob("*.inputs.json"))
    rendered = [
        Prompt.from_yaml(str(path).replace(".inputs.json", ".yaml")).render(json.loads(path.read_text())).messages
        for path in beside
    ]
    assert [True] * len(beside) == [bool(messages) for messages in rendered] != []
