"""Every help text has examples, and every example works as it stands."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from command_line import START, Ran, environment, promptkit
from git_repos import GitRepo, project, prompt

from promptkit.cli.main import COMMANDS, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.testing import MaraServer

ELSEWHERE = {"local"}
"""Its examples download a model; its own tests run them."""


def commands(group: click.Group = command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        yield (*path, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    ran = promptkit(*path, "--help")
    assert ran.code == 0
    return ran.out


def examples(path: tuple[str, ...]) -> list[str]:
    _, _, behind = help_of(path).partition("Examples:\n")
    lines = behind.partition("\n\n")[0].splitlines()
    return [line.strip() for line in lines]


ALL = [(), *(path for path in commands() if path[0] not in ELSEWHERE)]
SERVING = [line for line in examples(("mock",)) if "--list" not in line]
FIRST = [line for path in ((), ("init",)) for line in examples(path)]
"""Examples that begin in an empty folder, one after another."""
OTHERS = sorted({line for path in ALL for line in examples(path)} - set(FIRST) - set(SERVING))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_has_examples_that_begin_with_the_command(path: tuple[str, ...]) -> None:
    assert examples(path)
    assert all(line.startswith(" ".join(("promptkit", *path))) for line in examples(path))


def test_the_help_of_the_group_tells_of_every_command() -> None:
    listed = re.findall(r"^  ([a-z]+)  +\S", help_of(()).partition("Commands:")[2], re.MULTILINE)
    assert list(COMMANDS) == listed


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_help_is_wider_than_its_terminal(path: tuple[str, ...]) -> None:
    assert [] == [line for line in help_of(path).splitlines() if len(line) > 100]


def shell(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a shell does, with our interpreter as `promptkit`."""
    text = f'promptkit() {{ {shlex.join(START)} "$@"; }}\n{line}'
    return subprocess.run(
        ["bash", "-c", text], cwd=place, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def run(line: str) -> Ran:
    """Run a line in this process, with the one redirection that it may end with."""
    words = shlex.split(line)[1:]
    sign, path = words[-2:] if len(words) > 1 and words[-2] in ("<", ">", ">>") else ("", "")
    file = Path(path).expanduser()
    ran = promptkit(*(words[:-2] if sign else words), stdin=file.read_bytes() if sign == "<" else b"")
    if sign in (">", ">>"):
        with file.open("a" if sign == ">>" else "w") as target:
            target.write(ran.out)
    return ran


USES_REPOS = tuple(
    f"promptkit {name}"
    for name in ("repo", "lock", "list", "search", "diff", "bump", "release", "alias", "yank", "graph", "affected")
)


def use_repos() -> None:
    """Make this folder a project that uses a team's repo, which lies in `prompts`, by a lock."""
    repo = GitRepo.at(Path("prompts"))
    files = {"support/triage.yaml": prompt("support/triage"), "promptkit.toml": "# the team's\n"}
    repo.commit(files, "v1.0.0")
    own = GitRepo.at(Path())
    own.commit({"support/triage.yaml": prompt("support/triage", "0.9.0"), ".gitignore": "prompts\nhome\n"})
    own.git("tag", "support/triage@0.9.0")
    own.commit({"support/triage.yaml": prompt("support/triage")}, "support/triage@1.0.0")
    own.commit({"support/triage.yaml": prompt("support/triage", "1.1.0", "Send")})
    own.git("config", "user.name", "me")
    own.git("config", "user.email", "me@here")
    Path("spare").mkdir()
    Path("spare/promptkit.toml").touch()
    project(Path(), {"acme": Path("prompts").absolute()}, {"acme/support/triage": "^1.0"}, rev="^1.0")
    for words in ("repo add spare spare", "lock"):
        assert promptkit(*words.split()).code == 0
    promptkit("alias", "set", "staging", "support/triage@1.0.0")
    assert promptkit("yank", "support/triage@0.9.0", "--reason", "it shouts").code == 0
    own.git("add", "promptkit.toml")
    own.git("commit", "-q", "-m", "promptkit.toml")


@pytest.mark.parametrize("line", OTHERS)
def test_an_example_works(line: str, triage: Path, server: MaraServer) -> None:
    (triage.parent / "home/.config/fish/completions").mkdir(parents=True)
    Path("tools.py").write_text('def look_up(number: int) -> str:\n    """Look a customer up."""\n', encoding="utf-8")
    if line.startswith("promptkit log"):
        assert promptkit("run", "triage/triage.yaml", "-i", "triage/inputs.json").code == 0
    if line.startswith("promptkit chat"):
        Path("lines.txt").write_text("My invoice is wrong\nAnd late\n", encoding="utf-8")
        assert run("promptkit chat triage/triage.yaml -m simulate: --save chat.jsonl < lines.txt").code == 0
    if line.startswith(USES_REPOS):
        use_repos()
    ran = run(line.replace('"$PWD', f'"{Path.cwd()}'))
    assert (0, False) == (ran.code, "error" in ran.err), ran.err


def test_the_examples_of_a_beginner_work_one_after_another(place: Path) -> None:
    ran = shell(" &&\n".join(dict.fromkeys(FIRST)), place)
    assert 0 == ran.returncode, ran.stderr
    assert (place / "triage/triage.yaml").is_file()


@pytest.mark.parametrize("line", SERVING)
def test_an_example_that_serves_ends_by_ctrl_c(line: str, place: Path) -> None:
    (place / "plan.yaml").write_text("faults: [{fault: bad_gateway, first: 1}]", encoding="utf-8")
    arguments: list[Any] = shlex.split(line.replace("8080", "0"))[1:]
    with subprocess.Popen(
        [*START, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=place
    ) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith(b"http://127.0.0.1:")
        serving.send_signal(signal.SIGINT)
        assert 130 == serving.wait(60)
