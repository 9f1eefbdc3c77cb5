"""The one door to template files: what lies inside is read, and nothing else."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit import Prompt
from promptkit.errors import PromptkitError, SpecError
from promptkit.source import Folder, Memory, Package, SourceError
from promptkit.source_paths import join


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.txt").write_text("secret")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "x.md").write_text("inside")
    return root


@pytest.mark.parametrize(
    ("folder", "path", "joined"),
    [
        ("", "x.md", "x.md"),
        ("a", "x.md", "a/x.md"),
        ("a/b", "../x.md", "a/x.md"),
        ("a/b", "./x.md", "a/b/x.md"),
        ("a/b", "/x.md", "x.md"),
        ("a", "b//c/./d/../x.md", "a/b/c/x.md"),
    ],
)
def test_a_path_is_relative_to_the_file_in_which_it_is_written(folder: str, path: str, joined: str) -> None:
    assert joined == join(folder, path)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/..", "/a/../../x"])
def test_a_path_that_leaves_the_root_is_refused(path: str) -> None:
    with pytest.raises(SourceError, match="leaves the root"):
        join("", path)


@pytest.mark.parametrize("path", ["a\0b", "a\\b", "..\\x"])
def test_a_path_of_another_kind_is_refused(path: str) -> None:
    with pytest.raises(SourceError, match="not a path"):
        join("", path)


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "", "é"])), st.lists(st.sampled_from(["a", "b"])))
def test_what_join_gives_never_leaves_the_root(parts: list[str], folder: list[str]) -> None:
    try:
        joined = join("/".join(folder), "/".join(parts))
    except SourceError:
        return
    assert ".." not in joined.split("/")
    assert not joined.startswith("/")


def test_a_file_inside_is_read(root: Path) -> None:
    assert b"inside" == Folder(root).read("a/b/x.md")
    assert b"inside" == Folder(root).read("/a/b/../b/x.md")


def test_a_link_inside_the_root_is_followed(root: Path) -> None:
    (root / "link.md").symlink_to(root / "a" / "b" / "x.md")
    (root / "folder").symlink_to("a")
    assert b"inside" == Folder(root).read("link.md")
    assert b"inside" == Folder(root).read("folder/b/x.md")


def test_a_root_that_is_a_link_is_where_it_leads(root: Path, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(root)
    assert b"inside" == Folder(tmp_path / "there").read("a/b/x.md")


@pytest.mark.parametrize("target", ["../outside.txt", "/etc/passwd", ".."])
def test_a_link_out_of_the_root_is_not_followed(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    for path in ("link", "link/outside.txt"):
        with pytest.raises(SourceError):
            Folder(root).read(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [("none.md", "there is no file"), ("a", "is a folder"), ("pipe", "not a regular file"), ("big", "larger than")],
)
def test_what_is_no_readable_file_is_said(root: Path, path: str, words: str) -> None:
    os.mkfifo(root / "pipe")
    (root / "big").write_bytes(b"x" * 101)
    with pytest.raises(SourceError, match=words):
        Folder(root, max_bytes=100).read(path)


def test_a_name_that_the_system_cannot_take_is_said(root: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Folder(root).read("x" * 5000)


def test_a_shown_path_is_what_one_would_type(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    assert "root/a/x.yaml" == Folder(root).shown("a/x.yaml")
    monkeypatch.chdir(root / "a")
    assert str(root / "x.yaml") == Folder(root).shown("x.yaml")


def test_a_folder_may_be_a_text_and_stays_where_it_was(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    source = Folder("root")
    monkeypatch.chdir(root / "a")
    assert (b"inside", "b/x.md") == (source.read("a/b/x.md"), source.shown("a/b/x.md"))
    assert Folder(root) == source


def test_a_folder_may_be_named_where_there_is_none_to_stand_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "templates/x.md" == Folder("templates").shown("x.md")


def test_a_file_that_cannot_be_read_is_an_error_of_ours(root: Path) -> None:
    with pytest.raises(PromptkitError, match="PK113: there is no file"):
        Folder(root).read("none.md")


def test_memory_reads_like_a_folder() -> None:
    source = Memory({"a/x.md": "é"})
    assert "é".encode() == source.read("/a/x.md")
    with pytest.raises(SourceError, match="there is no file"):
        source.read("x.md")
    with pytest.raises(SourceError, match="larger than"):
        Memory({"x": "123"}, max_bytes=2).read("x")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "installed"
    (folder / "shop_prompts" / "parts").mkdir(parents=True)
    (folder / "shop_prompts" / "__init__.py").write_text("")
    (folder / "shop_prompts" / "hi.yaml").write_text("task: '{% include \"parts/who.md\" %}'")
    (folder / "shop_prompts" / "parts" / "who.md").write_text("Greet.")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("shop_prompts", None)


def test_a_package_s_files_are_found_and_read(packages: Path) -> None:
    source = Package("shop_prompts")
    assert {"hi.yaml", "parts/who.md"} <= set(source.names())
    assert b"Greet." == source.read("parts/who.md")
    assert "shop_prompts:hi.yaml" == source.shown("hi.yaml")


def test_a_package_in_a_zip_is_read_too(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        for name in ("__init__.py", "hi.yaml", "parts/who.md"):
            archive.write(packages / "shop_prompts" / name, f"zipped_prompts/{name}")
    monkeypatch.syspath_prepend(str(tmp_path / "zipped.zip"))
    source = Package("zipped_prompts")
    assert {"hi.yaml", "parts/who.md"} <= set(source.names())
    assert b"Greet." == source.read("parts/who.md")
    with pytest.raises(SourceError, match="there is no file"):
        source.read("none.md")


def test_a_package_that_is_not_there_is_said(packages: Path) -> None:
    for attempt in (lambda: Package("no_such_package").names(), lambda: Package("no_such_package").read("x")):
        with pytest.raises(SourceError, match="there is no package"):
            attempt()
    with pytest.raises(SourceError, match="there is no file"):
        Package("shop_prompts").read("none.md")


@pytest.mark.parametrize(
    "path", ["/.git/config", "../.git/config", "/.GIT/config", "/.env", ".netrc", "/a/.env", "/.ssh/id"]
)
def test_what_git_keeps_and_hidden_files_are_no_parts_of_prompts(path: str, tmp_path: Path) -> None:
    for name in (".git/config", ".GIT/config", ".env", "t/.netrc", "a/.env", ".ssh/id"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("url = https://user:hunter2@host/x.git")
    (tmp_path / "promptkit.toml").touch()
    (tmp_path / "t/p.yaml").write_text(f'task: |\n  {{% include "{path}" %}}\n')
    with pytest.raises(SpecError) as caught:
        Prompt.from_yaml(tmp_path / "t/p.yaml")
    assert ("hunter2" in str(caught.value), path in str(caught.value)) == (False, True)


@pytest.mark.parametrize("target", [".git/config", ".git"])
def test_no_link_leads_into_what_git_keeps(target: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("secret")
    (tmp_path / "x").symlink_to(target)
    with pytest.raises(SourceError, match="what git keeps for itself"):
        Folder(tmp_path).read("x" if target != ".git" else "x/config")


@pytest.mark.parametrize(("link", "target", "path"), [("x", ".env", "x"), ("d", ".ssh", "d/id"), ("y", ".ssh/id", "y")])
def test_no_link_leads_to_what_is_hidden(link: str, target: str, path: str, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id").write_text("secret")
    (tmp_path / ".env").write_text("secret")
    (tmp_path / link).symlink_to(target)
    with pytest.raises(SourceError, match="hidden"):
        Folder(tmp_path).read(path)


def test_prompts_may_stand_in_a_hidden_folder_themselves(tmp_path: Path) -> None:
    folder = tmp_path / ".github/prompts"
    folder.mkdir(parents=True)
    (tmp_path / "promptkit.toml").touch()
    (folder / "part.md").write_text("Part.")
    (folder / "link.md").symlink_to("part.md")
    (folder / "p.yaml").write_text("task: |\n  {% include 'part.md' %} {% include 'link.md' %}\n")
    assert "Part. Part." == Prompt.from_yaml(folder / "p.yaml").render().messages[-1].content


def test_an_address_is_not_fetched() -> None:
    with pytest.raises(SpecError, match="nothing is fetched"):
        Prompt.from_text("task: \"{% include 'https://example.com/x.md' %}\"")
