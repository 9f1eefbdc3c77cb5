"""A person's promptkit.toml, changed line by line: what they wrote stays as it is."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from command_line import Ran, process, promptkit
from git_repos import GitRepo, project
from hypothesis import given
from hypothesis import strategies as st

from promptkit.errors import ConfigError
from promptkit.repos.project_file import add_repo, drafted, remove_repo
from promptkit.repos.tomledit import with_value, without

names = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=8)
TEXTS = [
    "",
    "# only a comment",
    "[a]\nx = '1'\n",
    'model = "m"\n\n[repos.acme]\nurl = "u"   # here\nrev = "v1"\n\n[check]\nignore = []\n',
    "[a.b]\n\n[a]\nx = 1\n",
    'text = """\n[a]\nnot a header\n"""\n[z]\n',
]


@given(st.sampled_from(TEXTS), st.lists(names, min_size=1, max_size=3), names, names)
def test_a_value_is_set_and_nothing_else_changes(text: str, table: list[str], key: str, value: str) -> None:
    try:
        made = with_value(text, tuple(table), key, value, where="x")
    except ConfigError:
        return  # a name is taken by something that is no table
    inner = tomllib.loads(made)
    for name in table:
        inner = inner[name]
    assert inner[key] == value
    old, new = (Counter(line for line in each.splitlines() if line.strip()) for each in (text, made))
    assert sum((old - new).values()) <= 1  # the line of the key, where it had another value
    assert sum((new - old).values()) <= 2  # its line now, and that of its table
    without_it = without(made, tuple(table), key, where="x")
    left = Counter(line for line in without_it.splitlines() if line.strip())
    assert not old - new - left
    assert sum((new - left).values()) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks_stay(end: str, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "promptkit.toml"
    text = end.join(
        ("# ours", "[aliases.a]", """prod = "1.0.0"  # since May: don't "move" it # yet""", "", "[check]", "")
    )
    path.write_bytes(mark + text.encode())
    with drafted(tmp_path) as draft:
        draft.set(("aliases", "a"), "prod", "2.0.0")
        draft.set(("aliases", "a"), "stage", "2.1.0")
        draft.write()
    wanted = text.replace('"1.0.0"', '"2.0.0"').replace(f"yet{end}", f'yet{end}stage = "2.1.0"{end}')
    assert path.read_bytes() == mark + wanted.encode()


def test_a_repo_that_is_added_and_removed_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "promptkit.toml"
    path.write_text('# ours\n\n[repos.one]\nurl = "u"\n')
    before = path.read_text()
    add_repo("two", {"url": "https://host/x", "rev": "^1"}, tmp_path)
    assert tomllib.loads(path.read_text())["repos"]["two"] == {"url": "https://host/x", "rev": "^1"}
    remove_repo("two", tmp_path)
    assert path.read_text().rstrip() == before.rstrip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[aliases]\na = {prod = '1'}\n", "cannot be changed line by line"),
        ("aliases = {a = {prod = '1'}}\n", "cannot be changed line by line"),
        ("aliases.a.prod = '1'\n", "cannot be changed line by line"),
        ("aliases = 3\n", "must be a table"),
        ("= broken", "not TOML"),
    ],
)
def test_what_cannot_be_changed_line_by_line_is_refused_and_left_alone(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "promptkit.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words), drafted(tmp_path) as draft:
        draft.set(("aliases", "a"), "stage", "2.0.0")
    assert path.read_text() == text


def test_what_is_said_of_the_next_table_stays_when_one_is_removed() -> None:
    text = "[repos.one]\nurl = 'u'\n# of one\n\n# of two\n[repos.two]\nurl = 'v'\n\n# the end\n"
    assert without(text, ("repos", "one"), where="x") == "\n# of two\n[repos.two]\nurl = 'v'\n\n# the end\n".lstrip(
        "\n"
    )
    close = "[repos.one]\nurl = 'u'\n# of two\n[repos.two]\nurl = 'v'\n"
    assert without(close, ("repos", "one"), where="x") == "# of two\n[repos.two]\nurl = 'v'\n"


def test_a_new_key_stands_above_what_is_said_of_the_next_table() -> None:
    text = "[aliases.a]\nx = '1'\n# of x\n\n# of b\n[aliases.b]\ny = '1'\n"
    made = with_value(text, ("aliases", "a"), "z", "2", where="x")
    assert made == text.replace("# of x\n", '# of x\nz = "2"\n')
    last = "[aliases.b]\ny = '1'\n# of y\n"
    assert with_value(last, ("aliases", "b"), "z", "2", where="x") == f'{last}z = "2"\n'


def test_what_is_said_at_the_end_of_the_file_stays() -> None:
    text = "[repos.one]\nurl = 'u'\n# of one\n\n# the end\n"
    assert without(text, ("repos", "one"), where="x").lstrip() == "# the end\n"


def test_other_lines_keep_their_ends_and_gaps() -> None:
    text = "# a\r\n\n\n\n[check]\nignore = []\r\n"
    made = with_value(text, ("aliases", "a"), "prod", "1.0.0", where="x")
    assert made == f'{text}\r\n[aliases.a]\r\nprod = "1.0.0"\r\n'
    assert without(made, ("aliases", "a"), where="x").rstrip() == text.rstrip()


def test_another_place_of_a_repo_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    add_repo("one", {"url": "https://host/x", "rev": "^1", "folder": "a"}, tmp_path)
    add_repo("one", {"path": "there"}, tmp_path)
    assert tomllib.loads((tmp_path / "promptkit.toml").read_text())["repos"]["one"] == {"path": "there"}


def test_a_repo_that_cannot_be_added_leaves_the_file_as_it_was(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "service", {"acme": team.path}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    before = (folder / "promptkit.toml").read_bytes()
    places = (str(tmp_path / "nowhere"), "ssh://127.0.0.1:1/x", "http://x/y", "nowhere")
    for name, place in ((name, place) for name in ("acme", "other") for place in places):
        assert promptkit("repo", "add", name, place).code == 2
        assert (folder / "promptkit.toml").read_bytes() == before
    ran = promptkit("repo", "add", "acme", team.path, "--folder", "nope")
    assert (ran.code, "warning: there is no prompt in it under `nope`" in ran.err) == (0, True)


def test_a_file_that_is_committed_and_not_checked_out_is_not_written_anew(
    team: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(team.path)
    team.git("sparse-checkout", "set", "--no-cone", "/*", "!promptkit.toml")
    for command in (("alias", "set", "stage", "support/triage@1.1.0"), ("repo", "add", "x", str(team.path))):
        for more in ((), ("--commit",)) if command[0] == "alias" else ((),):
            ran = promptkit(*command, *more)
            assert (ran.code, "`promptkit.toml` is committed, and not there" in ran.err) == (2, True), ran.err
    assert not (team.path / "promptkit.toml").exists()
    assert team.git("status", "--short") == ""


def test_repos_that_are_added_at_once_are_all_added(team: GitRepo, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folder = project(tmp_path / "service", {})

    def add(number: int) -> Ran:
        environment = {"PROMPTKIT_CACHE_DIR": os.environ["PROMPTKIT_CACHE_DIR"]}
        return process("repo", "add", f"repo{number}", str(team.path), cwd=folder, **environment)

    with ThreadPoolExecutor(4) as pool:
        assert [each.code for each in pool.map(add, range(4))] == [0] * 4
    found = tomllib.loads((folder / "promptkit.toml").read_text())["repos"]
    assert found == {f"repo{number}": {"url": str(team.path), "rev": "v1.1.0"} for number in range(4)}


def test_a_folder_that_is_added_from_below_is_named_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "promptkit.toml").touch()
    (tmp_path / "below/mine").mkdir(parents=True)
    (tmp_path / "below/mine/promptkit.toml").touch()
    (tmp_path / "below/mine/a.yaml").write_text("task: Greet.")
    monkeypatch.chdir(tmp_path / "below")
    assert promptkit("repo", "add", "mine", "mine").code == 0
    assert tomllib.loads((tmp_path / "promptkit.toml").read_text())["repos"]["mine"] == {"path": "below/mine"}


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ('a = "1"\nc = "3"\n', 'a = "1"\nb = "2"\nc = "3"\n'),
        ('a = "1"\n# of c\nc = "3"\n\n# of d\nd = "4"\n', 'a = "1"\nb = "2"\n# of c\nc = "3"\n\n# of d\nd = "4"\n'),
        ('c = "3"\nd = "4"\n', 'b = "2"\nc = "3"\nd = "4"\n'),
        ('"a/x" = "1"\n\n"b/y" = "3"', '"a/x" = "1"\n\nb = "2"\n"b/y" = "3"'),
        ('d = "4"\na = "1"\n', 'd = "4"\na = "1"\nb = "2"\n'),
        ('a = "1"\nc = """\n3\n"""\n', 'a = "1"\nc = """\n3\n"""\nb = "2"\n'),
        ('a = "1"\n', 'a = "1"\nb = "2"\n'),
        ("", 'b = "2"\n'),
    ],
)
def test_a_new_key_stands_where_the_order_of_a_table_has_it(body: str, made: str) -> None:
    assert with_value(f"[prompts]\n{body}", ("prompts",), "b", "2", where="x") == f"[prompts]\n{made}"
