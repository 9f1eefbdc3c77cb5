"""How many answers are read right, refused, and silently taken wrong: promptkit beside other readers.

    python -m benchmarks.answers [FILE.jsonl ...]

Without a file, the test cases of the output ladder are read. A line of a file is a JSON object with the `text` of an
answer, its JSON `schema` (or null), and the value to `expect`, null for an answer that should be refused. A value that
is given back is held against the schema for every reader: what does not fit counts as refused.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.answer_peers import peers
from promptkit.output import parse_output
from promptkit.schema import Schema
from promptkit.schema.equality import same_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Case = tuple[str, Any, Any]
    Read = Callable[[str, Any], Any]

CASES = Path(__file__).parent.parent / "tests" / "cases" / "output"


def readers() -> dict[str, Read]:
    """All that are installed; each raises for what it refuses."""
    ours: dict[str, Read] = {"promptkit": lambda text, schema: parse_output(text, schema).value}
    return ours | {"json.loads": lambda text, _: json.loads(text)} | peers()


def cases(paths: list[str]) -> Iterator[Case]:
    """Text, schema and expected value of every case."""
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            yield told["text"], told["schema"], None if told.get("fails") else told["expect"]
    if not paths:
        import yaml

        for file in sorted(CASES.glob("*.yaml")):
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            if told.keys() & {"format", "mode", "choices", "headings", "strict", "repair", "coerce"}:
                continue
            yield told["text"], told.get("schema"), told.get("value")


def outcome(read: Read, case: Case) -> str:
    """`right`, `refused` or `wrong`."""
    text, schema, expect = case
    try:
        value = read(text, schema)
    except Exception:
        return "right" if expect is None else "refused"
    if schema is not None and Schema(schema).validate(value):
        return "right" if expect is None else "refused"
    return "right" if expect is not None and same_json(value, expect) else "wrong"


def main(arguments: list[str]) -> int:
    """Print the table."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(f"{__doc__}\n")
        return 0
    listed = list(cases(arguments))
    sys.stdout.write(f"{len(listed):,} answers\n  {'':<16} right  refused  silently wrong     time\n")
    for name, read in readers().items():
        start = time.process_time()
        found = [outcome(read, case) for case in listed]
        spent = time.process_time() - start
        right, refused, wrong = (found.count(word) for word in ("right", "refused", "wrong"))
        sys.stdout.write(f"  {name:<16} {right:5,}  {refused:7,}  {wrong:14,}  {spent:5.2f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
