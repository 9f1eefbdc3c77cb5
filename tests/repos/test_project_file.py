"""A person's promptkit.toml, changed line by line: what they wrote stays as it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.errors import ConfigError
from promptkit.repos.project_file import add_repo, remove_repo, set_alias
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
    kept = [line for line in text.splitlines() if line.strip()]
    assert [line for line in made.splitlines() if line in kept] or not kept
    assert without(made, tuple(table), key, where="x") is not None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks_stay(end: str, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "promptkit.toml"
    text = end.join(("# ours", "[aliases.a]", 'prod = "1.0.0"  # since May', "", "[check]", ""))
    path.write_bytes(mark + text.encode())
    set_alias("prod", "a", "2.0.0", tmp_path)
    set_alias("stage", "a", "2.1.0", tmp_path)
    wanted = text.replace('"1.0.0"', '"2.0.0"').replace(f"May{end}", f'May{end}stage = "2.1.0"{end}')
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
    "text", ["[aliases]\na = {prod = '1'}\n", "aliases = {a = {prod = '1'}}\n", "aliases = 3\n", "= broken"]
)
def test_what_cannot_be_changed_line_by_line_is_refused_and_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "promptkit.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        set_alias("stage", "a", "2.0.0", tmp_path)
    assert path.read_text() == text
