"""`python -m benchmarks`: measure all subjects, or some, and print the ratios."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import compare
from benchmarks.report import as_json, table
from benchmarks.setting import Setting
from benchmarks.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Figure


def main(argv: list[str] | None = None) -> None:
    """Run the subjects in turn; a table comes as soon as its subject is done."""
    asked = _parser().parse_args(argv)
    measured: dict[str, list[Figure]] = {}
    for name in asked.only or SUBJECTS:
        measured[name] = _measured(name, quick=asked.quick)
        if asked.format == "text":
            print(table(name, SUBJECTS[name].title, measured[name]), flush=True)
    if asked.format == "json":
        print(as_json(measured))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works: few, short rounds")
    parser.add_argument("--only", action="append", choices=SUBJECTS, metavar="NAME", help=", ".join(SUBJECTS))
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def _measured(name: str, *, quick: bool) -> list[Figure]:
    progress = _progress(name)
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(Path(folder), quick)
        with SUBJECTS[name].sides(setting) as sides:
            figures = compare(sides, setting.rounds, progress)
    progress("")
    return figures


def _progress(name: str) -> Callable[[str], None]:
    """One line on a terminal, written over and over; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda said: print(f"\r\x1b[K{name}: {said}" if said else "\r\x1b[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
