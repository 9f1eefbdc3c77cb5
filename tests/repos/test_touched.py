"""Which prompts two states may have made others: never one too few."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptkit.errors import SpecError
from promptkit.repos.graph import affected
from promptkit.repos.releases.states import RepoState
from promptkit.repos.releases.touched import touched
from promptkit.source import Memory

SPELLINGS = {
    "include": 'task: |\n  {{% include "{0}" %}}\n',
    "include in two": 'task: |\n  {{% include "{1}" "{2}" %}}\n',
    "include glued": 'task: |\n  {{% include "{1}""{2}" %}}\n',
    "include by a hard blank": 'task: |\n  {{% include "{1}"\u00a0"{2}" %}}\n',
    "quoted, in two": "task: \"{{% include '{1}'\\t'{2}' %}}\"\n",
    "include escaped": 'task: |\n  {{% include "{3}" %}}\n',
    "quoted and escaped": "task: \"{{% include '{3}' %}}\"\n",
    "parent": "extends: {0}\n",
    "parent escaped": 'extends: "{3}"\n',
    "schema": "task: x\noutput: {{schema: {{$ref: {0}}}}}\n",
    "alone": "task: x\n",
}
PARTS = {
    "parts/voice.md": ("Be brief.", "Be long."),
    "parts/rules.md": ('{% include "voice.md" %} Rule one.', '{% include "voice.md" %} Rule two.'),
    "base.yaml": ("persona: You.\n", "persona: Me.\n", "extends: other.yaml\n"),
    "other.yaml": ('persona: |\n  {% include "parts/rules.md" %}\n', "context: Rain.\n"),
    "answer.json": ('{"type": "object"}', '{"type": "object", "title": "t"}'),
}


def written(how: str, part: str) -> str:
    escaped = f"\\x{ord(part[0]):02x}{part[1:]}"
    return SPELLINGS[how].format(part, part[:3], part[3:], escaped)


def state(files: dict[str, str]) -> RepoState:
    prompts = {path.removesuffix(".yaml"): path for path in files if path.startswith("p") and path.endswith(".yaml")}
    ids = {path: hashlib.sha1(text.encode()).hexdigest() for path, text in files.items()}
    return RepoState("a state", Memory(files), prompts, lambda: ids)


def digest(found: RepoState, name: str) -> str:
    try:
        return found.prompt(name).digest
    except SpecError as error:
        return str(error)


PROMPTS = st.lists(
    st.tuples(st.sampled_from(sorted(SPELLINGS)), st.sampled_from(sorted(PARTS))), min_size=1, max_size=4
)


@given(PROMPTS, PROMPTS, *(st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in PARTS.items()}),) * 2)
@settings(max_examples=300, deadline=None)
def test_a_prompt_that_is_another_one_was_touched(
    prompts: list[tuple[str, str]], changed: list[tuple[str, str]], old: dict[str, str], new: dict[str, str]
) -> None:
    before = {f"p{number}.yaml": written(*each) for number, each in enumerate(prompts)}
    after = before | {f"p{number}.yaml": written(*each) for number, each in enumerate(changed) if number % 2}
    one, other = state(before | old), state(after | new)
    found = touched(one, other)
    for name in other.prompts:
        if name not in one.prompts or digest(one, name) != digest(other, name):
            assert name in found, (before, after)
    assert affected(one, other).keys() <= found


@pytest.mark.parametrize("path", ["promptkit.toml", "promptkit.lock"])
def test_what_says_where_files_are_touches_all(path: str) -> None:
    files = {"p1.yaml": "task: x\n", "p2.yaml": "task: y\n"}
    assert touched(state(files), state(files)) == set()
    assert touched(state(files), state({**files, path: "# other"})) == {"p1", "p2"}


def test_only_who_mentions_a_file_is_loaded() -> None:
    files = {f"p{number}.yaml": f'task: |\n  {{% include "part{number}.md" %}}\n' for number in range(3)}
    parts = {f"part{number}.md": "x" for number in range(3)}
    one, other = state(files | parts), state(files | parts | {"part1.md": "y"})
    assert touched(one, other) == {"p1"}


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ("my base.yaml", "extends: my\n    base.yaml\n"),
        ("my base.yaml", 'extends: "my\\ base.yaml"\n'),
        ("it's.yaml", "extends: 'it''s.yaml'\n"),
        ("it's.md", "task: '{% include \"it''s.md\" %}'\n"),
        ("é.md", 'task: |\n  {% include "é.md" %}\n'),
        ("base.md", 'task: |\n  {% include "\\142ase.md" %}\n'),
    ],
)
def test_a_name_is_found_however_it_is_spelled(named: str, text: str) -> None:
    old, new = ("task: One\n", "task: Two\n") if named.endswith(".yaml") else ("one", "two")
    one, other = state({"p1.yaml": text, named: old}), state({"p1.yaml": text, named: new})
    assert digest(one, "p1") != digest(other, "p1")
    assert touched(one, other) == {"p1"}
