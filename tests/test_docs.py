"""Every block of the documentation runs, and prints what is shown; every name is in the reference."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from doc_blocks import Block, Python, Shell, blocks_of, matches, steps_of
from live_model import require_local

import promptkit
from promptkit import Prompt
from promptkit.cli.main import COMMANDS
from promptkit.codes import titles
from promptkit.models.documented import DOCUMENTED
from promptkit.setting_table import SETTINGS
from promptkit.testing import MaraServer

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path for path in (ROOT / "README.md", *DOCS.rglob("*.md")) if "_build" not in path.parts)
BLOCKS = {page: blocks_of(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")) for page in PAGES}
LANGUAGES = {"console", "python", "yaml", "json", "jsonl", "toml", "text", "markdown", "html"}


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


def runs(block: Block) -> bool:
    """Whether there is something to do for a block."""
    return block.has("file") or (block.language in ("console", "python", "yaml") and not block.has("not run"))


class World:
    """A folder, a shell, an interpreter and a loopback server: where the blocks of one page run."""

    def __init__(self, folder: Path, stack: ExitStack, *, live: bool) -> None:
        self.folder = folder
        self.answers: deque[str | dict[str, Any]] = deque()
        self._stack = stack
        self._server = stack.enter_context(MaraServer(self._script()))
        self._key = {"MARA_BASE_URL": self._server.base_url, "MARA_API_KEY": "a-key"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, "COLUMNS": "80", **self._key}
        if not live:  # what a server told this machine of its models must not show; the local model lives there too
            self._environment["PROMPTKIT_CACHE_DIR"] = str(folder / ".cache")
        self._shell: Shell | None = None
        self._python: Python | None = None

    def _script(self) -> Iterator[object]:
        while True:
            yield lambda _: self.answers.popleft() if self.answers else None

    def run(self, block: Block) -> None:
        self.answers.extend({"tool_calls": [json.loads(call)]} for call in block.all("calls"))
        self.answers.extend(block.all("answer"))
        for name in block.all("file"):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text + "\n", encoding="utf-8")
        if not block.has("file"):
            {"console": self._console, "python": self._code, "yaml": self._prompt}[block.language](block)

    def _console(self, block: Block) -> None:
        shell = self._shell = self._shell or self._stack.enter_context(Shell(self.folder, self._environment))
        if block.has("no key"):
            shell.run("unset " + " ".join(self._key))
        for step in steps_of(block.text):
            printed, code = shell.run(step.command)
            where = f"{block.place}: {step.command}\n{printed}"
            assert code == 0 or "error[" in (step.shown or ""), f"{where}\nexit code {code}"
            assert step.shown is None or matches(step.shown, printed), where
        if block.has("no key"):
            shell.run("export " + " ".join(f"{name}={value}" for name, value in self._key.items()))

    def _code(self, block: Block) -> None:
        python = self._python = self._python or self._stack.enter_context(Python(self.folder, self._environment))
        printed, failure = python.run(block)
        assert "" == failure, f"{block.place}\n{failure}"
        assert block.shown is None or matches(block.shown, printed), f"{block.place} prints\n{printed}"

    def _prompt(self, block: Block) -> None:
        """A prompt, or a part of one, has no fault."""
        whole = re.search(r"^(task|messages|extends):", block.text, re.MULTILINE)
        Prompt.from_text(block.text if whole else f"{block.text}\ntask: Say something.\n", path=block.place)


def run_page(page: Path, folder: Path, *, live: bool) -> None:
    with ExitStack() as stack:
        world = World(folder, stack, live=live)
        for block in BLOCKS[page]:
            if runs(block) and (live or not block.has("live")):
                world.run(block)
        assert not world.answers, f"{title(page)}: answers that nothing asked for: {list(world.answers)}"


@pytest.mark.parametrize("page", [page for page in PAGES if any(map(runs, BLOCKS[page]))], ids=title)
def test_the_blocks_of_a_page_run_and_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path, live=False)


@pytest.mark.live
@pytest.mark.parametrize("page", [page for page in PAGES if any(b.has("live") for b in BLOCKS[page])], ids=title)
def test_the_blocks_of_a_page_run_on_the_local_model(page: Path, tmp_path: Path) -> None:
    require_local()
    run_page(page, tmp_path, live=True)


def test_every_block_is_of_a_language_that_is_known() -> None:
    unknown = [
        f"{block.place}: {block.language or 'none'}"
        for blocks in BLOCKS.values()
        for block in blocks
        if block.language not in LANGUAGES and not block.language.startswith("{")
    ]
    assert [] == unknown


def test_a_block_that_is_not_run_says_why() -> None:
    every = [block for blocks in BLOCKS.values() for block in blocks]
    assert [] == [block.place for block in every if block.has("not run") and "" in block.all("not run")]


def test_no_block_is_indented_out_of_sight() -> None:
    hidden = [
        f"{title(page)}: {line.strip()}"
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s+(```|~~~)|~~~", line)
    ]
    assert [] == hidden


def test_shown_output_is_compared_with_dots_as_a_wildcard() -> None:
    assert matches("a ... c\n...", "a b\nb c\nrest  \n")
    assert not matches("a\nb", "a\nc")


def test_the_reference_is_what_the_code_prints() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "reference.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


NAMED = {
    "spec.md": ["persona", "context", "task", "messages", "inputs", "output", "examples", "chain_of_thought"],
    "commands.md": [f"promptkit {name}" for name in COMMANDS],
    "codes.md": list(titles()),
    "settings.md": [*SETTINGS, *(setting.env for setting in SETTINGS.values() if setting.env)],
    "names.md": list(promptkit.__all__),
    "models.md": list(DOCUMENTED),
}


@pytest.mark.parametrize("page", NAMED)
def test_the_reference_names(page: str) -> None:
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    assert [] == [name for name in NAMED[page] if f"`{name}" not in text]


LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    inside = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link and not link.startswith("#")]
    assert [] == [link for link in inside if not (page.parent / link).exists()]


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for page in PAGES:
        for block in BLOCKS[page]:
            if block.language == "{toctree}":
                names = [line for line in block.text.splitlines() if line and not line.startswith(":")]
                listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - listed == {DOCS / "index.md"}
