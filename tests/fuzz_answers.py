"""Coverage-guided fuzzing of answers: `make fuzz`. Whatever a model writes, it is a value that fits, or it is refused.

The first byte of an input picks one of the schemas of the tests' cases, the second is the size of the pieces in which
the text arrives; the rest is the text. The laws are those of `tests/properties/test_output_laws.py`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris
import yaml

with atheris.instrument_imports(include=["promptkit"]):
    from promptkit.errors import OutputError
    from promptkit.output import PartialParser, parse_output
    from promptkit.schema import Schema

CASES = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((Path(__file__).parent / "cases/output").glob("*"))]
SCHEMAS = [Schema(schema) for schema in {str(case.get("schema")): case.get("schema", True) for case in CASES}.values()]


def parsed(text: str, schema: Schema) -> Any:
    try:
        return parse_output(text, schema).value
    except OutputError:
        return OutputError


def fed(text: str, schema: Schema, size: int) -> PartialParser:
    parser = PartialParser(schema)
    for at in range(0, len(text), size):
        parser.feed(text[at : at + size])
    parser.close()
    return parser


def one(data: bytes) -> None:
    if len(data) < 2:
        return
    schema, text = SCHEMAS[data[0] % len(SCHEMAS)], data[2:].decode("utf-8", "replace")
    value = parsed(text, schema)
    if value is not OutputError:
        assert not schema.validate(value)
    whole, pieces = fed(text, schema, max(1, len(text))), fed(text, schema, 1 + data[1] % 16)
    for name in ("broken", "done", "dead", "dead_at"):
        assert getattr(whole, name) == getattr(pieces, name), name
    assert repr(whole.value) == repr(pieces.value)


def main() -> None:
    with tempfile.TemporaryDirectory() as corpus:
        for number, case in enumerate(CASES):
            which = next((n for n, schema in enumerate(SCHEMAS) if schema.json == case.get("schema", True)), 0)
            (Path(corpus) / str(number)).write_bytes(bytes([which % 256, 6]) + case["text"].encode("utf-8", "replace"))
        atheris.Setup([*sys.argv, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
