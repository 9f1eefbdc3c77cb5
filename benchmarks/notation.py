"""How many tokens the notation of schemas takes, in proportion to the minified JSON Schema, and what it keeps.

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

from benchmarks.notation_peers import PEERS
from promptkit.schema import Schema
from promptkit.schema.references import walk

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
        **PEERS,
        "JSON Schema, indented": lambda schema: json.dumps(schema, indent=2, ensure_ascii=False),
    }
    found = list(schemas(Path(arguments[0])))
    wholes = [count(minified(schema)) for schema in found]
    sys.stdout.write(f"{unit} in proportion to the minified JSON Schema, {len(found):,} schemas;\n")
    sys.stdout.write("of the facts of each kind, the share whose value stands in the text\n")
    sys.stdout.write(f"  {'':<22} median   p90   all  {'  '.join(f'{kind:>11}' for kind in FACTS)}\n")
    for name, write in forms.items():
        texts = [write(schema) for schema in found]
        counts = list(map(count, texts))
        ratios = [each / whole for each, whole in zip(counts, wholes, strict=True)]
        kept = "  ".join(f"{100 * share:10.0f}%" for share in kept_facts(found, texts))
        tenth, all_ = quantiles(ratios, n=10)[-1], sum(counts) / sum(wholes)
        sys.stdout.write(f"  {name:<22}   {median(ratios):.2f}  {tenth:.2f}  {all_:.2f}  {kept}\n")
    return 0


FACTS = {
    "names": ("properties",),
    "enum values": ("enum",),
    "bounds": ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
    "patterns": ("pattern",),
    "formats": ("format",),
    "descriptions": ("description",),
    "defaults": ("default",),
}


def minified(schema: Any) -> str:
    """A JSON Schema without spaces."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def kept_facts(schemas: list[Any], texts: list[str]) -> Iterator[float]:
    """For each kind of facts, which share of their values stands in the texts. Generous: 1 stands in 10 too."""
    for keywords in FACTS.values():
        wanted = kept = 0
        for schema, text in zip(schemas, texts, strict=True):
            plain = " ".join(text.split())
            values = list(facts(schema, keywords))
            wanted += len(values)
            kept += sum(value in plain or json.dumps(value, ensure_ascii=False)[1:-1] in text for value in values)
        yield kept / max(wanted, 1)


def facts(schema: Any, keywords: tuple[str, ...]) -> Iterator[str]:
    """The values of some keywords, as they would be written."""
    for _, each in walk(schema):
        for keyword in keywords:
            value = each.get(keyword)
            for part in value if isinstance(value, (list, dict)) else [value]:
                if part is not None and not isinstance(part, (list, dict)):
                    yield " ".join(part.split()) if isinstance(part, str) else json.dumps(part)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
