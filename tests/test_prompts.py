"""Several prompts at once: from a folder, and from a package however it is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from promptkit import Client, ConfigError, Prompts, SpecError

FILES = {
    "support/triage.yaml": "extends: _base.yaml\ntask: Route {{ ticket }}",
    "support/_base.yaml": "inputs: {ticket: string}\npersona: You are brief.\ntask: x",
    "hello.yaml": "task: |\n  {% include 'parts/_hello.md' %}",
    "parts/_hello.md": "Hello",
    "_drafts/draft.yaml": "task: {{",
    ".hidden/other.yaml": "not: ours",
    "readme.txt": "no prompt",
}


def written(folder: Path, files: dict[str, str] = FILES) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_folders_prompts_are_known_by_their_paths(tmp_path: Path) -> None:
    prompts = Prompts.from_folder(written(tmp_path))
    assert ["hello", "support/triage"] == list(prompts)
    assert "Route x" == prompts["support/triage"].render(ticket="x").messages[-1].text
    assert "Hello" == prompts["hello"].render().messages[-1].text


def test_a_folder_inside_a_project_may_use_all_of_it(tmp_path: Path) -> None:
    written(tmp_path, {"promptkit.toml": "", "shared/_base.yaml": "persona: Brief.\ntask: x"})
    written(tmp_path, {"app/a.yaml": "extends: ../shared/_base.yaml\ntask: Hi"})
    prompts = Prompts.from_folder(tmp_path / "app")
    assert ["a"] == list(prompts)
    assert "app/a" == prompts["a"].name


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, {"a.yaml": "tusk: x", "b.yaml": "task: Hi {{ name }}", "c.yaml": "task: Hi"})
    with pytest.raises(SpecError) as caught:
        Prompts.from_folder(tmp_path)
    assert {"a.yaml", "b.yaml"} == {Path(diagnostic.path).name for diagnostic in caught.value.diagnostics}


def test_a_name_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    prompts = Prompts.from_folder(written(tmp_path))
    with pytest.raises(ConfigError, match="did you mean `hello`"):
        prompts["helo"]
    with pytest.raises(ConfigError, match="prompts: hello, support/triage"):
        prompts["zzz"]


@pytest.mark.parametrize("name", ["gone", "readme.txt", "parts"])
def test_a_folder_without_prompts_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Prompts.from_folder(written(tmp_path) / name)


def test_both_endings_of_a_file_are_prompts(tmp_path: Path) -> None:
    assert ["a", "b"] == list(Prompts.from_folder(written(tmp_path, {"a.yaml": "task: a", "b.yml": "task: b"})))


def test_two_prompts_of_one_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`a\.yaml` and `a\.yml` have the same name") as caught:
        Prompts.from_folder(written(tmp_path, {"a.yaml": "task: a", "a.yml": "task: b"}))
    assert str(tmp_path) == caught.value.where


def test_all_prompts_of_a_place_may_use_one_client(tmp_path: Path) -> None:
    client = Client()
    assert {client} == {prompt.client for prompt in Prompts.from_folder(written(tmp_path), client=client).values()}


def test_what_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    places = []
    for missing in (
        lambda: Prompts.from_folder(written(tmp_path))["helo"],
        lambda: Prompts.from_folder(tmp_path / "gone"),
        lambda: Prompts.from_folder(tmp_path / "parts"),
        lambda: Prompts.from_package("no_such_package"),
    ):
        with pytest.raises(ConfigError) as caught:
            missing()
        places.append(caught.value.where)
    assert [str(tmp_path), str(tmp_path / "gone"), str(tmp_path / "parts"), "no_such_package"] == places


def test_a_folder_is_found_from_where_the_process_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    assert ["hello", "support/triage"] == list(Prompts.from_folder("prompts"))
    monkeypatch.chdir(tmp_path / "prompts")
    assert ["hello", "support/triage"] == list(Prompts.from_folder("."))


def package(folder: Path, *, inits: bool) -> Path:
    """A package `app_N.prompts` with the files in it, with or without its `__init__.py` files."""
    written(folder / "app" / "prompts")
    if inits:
        written(folder, {"app/__init__.py": "", "app/prompts/__init__.py": ""})
    return folder


CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from promptkit import Prompts
prompts = Prompts.from_package("app.prompts")
print(*prompts)
print(prompts["support/triage"].render(ticket="x").messages[-1].text)
print(prompts["hello"].render().messages[-1].text)
"""


def loaded(path: Path, cwd: Path) -> str:
    line = [sys.executable, "-W", "error", "-c", CODE, str(path)]
    done = subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout or done.stderr


def zipped(path: Path) -> Path:
    """A folder as a wheel that is used as it is, without being unpacked."""
    wheel = path.with_suffix(".whl")
    with zipfile.ZipFile(wheel, "w") as file:
        for each in path.rglob("*"):
            file.write(each, each.relative_to(path).as_posix())
    return wheel


@pytest.mark.parametrize("inits", [True, False])
def test_a_packages_prompts_load_wherever_the_process_runs(inits: bool, tmp_path: Path) -> None:
    path = package(tmp_path / "site", inits=inits)
    assert "hello support/triage\nRoute x\nHello\n" == loaded(path, tmp_path)


def test_a_packages_prompts_load_out_of_a_zip(tmp_path: Path) -> None:
    path = zipped(package(tmp_path / "site", inits=True))
    assert "hello support/triage\nRoute x\nHello\n" == loaded(path, tmp_path)


def test_a_package_in_a_zip_without_an_init_is_told_what_it_needs(tmp_path: Path) -> None:
    path = zipped(package(tmp_path / "site", inits=False))
    assert "it needs an `__init__.py`" in loaded(path, tmp_path)


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="there is no package `no_such_package`"):
        Prompts.from_package("no_such_package")


def test_a_package_without_prompts_is_told() -> None:
    with pytest.raises(ConfigError, match="there is no prompt"):
        Prompts.from_package("email")


def test_prompts_from_several_places_are_one_mapping(tmp_path: Path) -> None:
    prompts: dict[str, Any] = Prompts.from_folder(written(tmp_path))
    assert {"hello", "support/triage"} == {*prompts}


def test_inputs_that_are_saved_beside_a_prompt_are_no_prompt(tmp_path: Path) -> None:
    (tmp_path / "greet.yaml").write_text("task: Greet {{ who }}\ninputs: {who: string}\n")
    (tmp_path / "greet.inputs.yaml").write_text("who: Ada\n")
    (tmp_path / ".hidden.yaml").write_text("- no prompt\n")
    assert list(Prompts.from_folder(tmp_path)) == ["greet"]
