"""How many tokens the notation of schemas takes, in proportion to the minified JSON Schema.

    python -m benchmarks.notation schemas.jsonl.gz

Each line of the file is a JSON object with a `schema`, as in jsonschemabench. Tokens are o200k's if `rs-bpe` is
installed (`pip install rs-bpe`), else bytes of UTF-8 stand for them.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from promptkit.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def counter() -> tuple[str, Callable[[str], int]]:
    """What is counted, and how."""
    try:
        from rs_bpe.bpe import openai  # type: ignore[import-not-found]
    except ImportError:
        return "bytes", lambda text: len(text.encode())
    return "tokens (o200k)", openai.o200k_base().count


def schemas(path: Path) -> Iterator[Any]:
    """The schemas of a file."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in data.splitlines():
        schema = json.loads(line)["schema"]
        yield json.loads(schema) if isinstance(schema, str) else schema


def main(arguments: list[str]) -> int:
    """Print the table."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    unit, count = counter()
    forms: dict[str, Callable[[Any], str]] = {
        "promptkit's notation": lambda schema: Schema(schema).to_text(),
        "JSON Schema, indented": lambda schema: json.dumps(schema, indent=2, ensure_ascii=False),
    }
    ratios: dict[str, list[float]] = {name: [] for name in forms}
    for schema in schemas(Path(arguments[0])):
        whole = count(json.dumps(schema, separators=(",", ":"), ensure_ascii=False))
        for name, write in forms.items():
            ratios[name].append(count(write(schema)) / whole)
    sys.stdout.write(
        f"{unit} in proportion to the minified JSON Schema, {len(ratios['JSON Schema, indented']):,} schemas\n"
    )
    for name, found in ratios.items():
        sys.stdout.write(f"  {name:<24} median {median(found):.2f}  p90 {quantiles(found, n=10)[-1]:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
