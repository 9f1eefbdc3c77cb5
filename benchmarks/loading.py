"""Load: prompt files to prompts that are ready to render; ours are checked in full, with every diagnostic on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.material import NOTES, inputs, prompt_yaml
from benchmarks.measure import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.measure import Side
    from benchmarks.setting import Setting


@contextmanager
def sides(setting: Setting) -> Iterator[list[Side]]:
    """promptkit and its peers, each on files of its own form; every call takes the next file."""
    import yaml

    from promptkit import Prompt

    many = 5 if setting.quick else 1000
    loads: list[tuple[str, Callable[[Path], object], str, float | None]] = [
        ("CSafeLoader alone", lambda path: yaml.load(path.read_bytes(), yaml.CSafeLoader), "ours", None),
        ("promptkit", Prompt.from_yaml, "ours", 2.5),
    ]
    if peers.installed("banks"):
        loads.append(("banks", peers.load_banks, "banks", None))
    if peers.installed("langchain_core"):
        loads.append(("langchain-core", peers.load_langchain, "langchain", None))
    files = prompt_files(setting.folder, many)
    yield [_side(name, load, files[form], setting, goal) for name, load, form, goal in loads]


def _side(name: str, load: Callable[[Path], object], paths: list[Path], setting: Setting, goal: float | None) -> Side:
    return calls(name, lambda number: load(paths[number % len(paths)]), block=setting.block, goal=goal)


def prompt_files(folder: Path, many: int) -> dict[str, list[Path]]:
    """As many files of each tool's form, each with another name in it."""
    forms = texts()
    return {form: [_file(folder / form, number, text) for number in range(many)] for form, text in forms.items()}


def _file(folder: Path, number: int, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"prompt-{number}.yaml"
    path.write_text(text.replace("bench/triage", f"bench/triage-{number}"), encoding="utf-8")
    return path


def texts() -> dict[str, str]:
    """The same prompt in each tool's form."""
    import yaml

    from promptkit import Prompt

    system = peers.system_template(Prompt.from_text(prompt_yaml()).render(inputs(0)).messages[0].text, NOTES)
    langchain = yaml.dump(peers.langchain_data(system), Dumper=yaml.CSafeDumper, sort_keys=False)
    return {"ours": prompt_yaml(), "banks": peers.banks_text(system), "langchain": langchain}
