"""Coverage-guided fuzzing of loading and checking: `make fuzz`. Whatever a file holds, nothing but findings comes out.

Each input is the file `prompt.yaml`; a line `%%%` begins a second file, `_part.md`, that it may include or extend. The
seeds are the cases of the tests. Arguments are libFuzzer's, such as `-max_total_time=600`.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["promptkit"]):
    from promptkit.checking import check_source
    from promptkit.errors import SourceError
    from promptkit.fixes import cured
    from promptkit.loader import load
    from promptkit.source_paths import join

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES = Path(__file__).parent / "cases" / "load"
PARTS = ("_part.md", "_base.yaml", "schemas/triage.json", "examples.jsonl")


@dataclass(frozen=True)
class Bytes:
    """Files of any bytes."""

    files: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        key = join("", path)
        if key not in self.files:
            raise SourceError(f"there is no file `{path}`")
        return self.files[key]

    def shown(self, path: str) -> str:
        return path

    def beside(self, path: str) -> Iterable[str]:
        return self.files


def one(data: bytes) -> None:
    main, _, part = data.partition(b"%%%\n")
    source = Bytes({"prompt.yaml": main, **dict.fromkeys(PARTS, part)})
    found = check_source(source, "prompt.yaml")
    for each in found:
        assert str(each)
        assert each.line >= 0
        assert each.end_line >= each.line
    text = main.decode("utf-8", "replace")
    cured(text, load(source, "prompt.yaml", text).diagnostics)


def main() -> None:
    with tempfile.TemporaryDirectory() as corpus:
        for number, path in enumerate(sorted(CASES.glob("*/*/prompt.yaml"))):
            (Path(corpus) / str(number)).write_bytes(path.read_bytes()[:4096])
        atheris.Setup([*sys.argv, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
