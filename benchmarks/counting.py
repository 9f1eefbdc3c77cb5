"""Tokens: exact counts beside tiktoken, and the estimate; and the cold start, a process that counts one sentence.

tiktoken downloads its vocabulary; here its file is written from the package `bpe-openai`, which carries the same one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.measure import Side, calls, process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.setting import Setting

GOAL, COLD_GOAL = 0.7, 0.15
_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
_WORDS = 199_998
_COLD: dict[str, tuple[str, float | None]] = {
    "tiktoken": ("import tiktoken; tiktoken.get_encoding('o200k_base').encode('How many tokens?')", None),
    "promptkit": (
        "from promptkit.vocabularies import Vocabulary; Vocabulary('o200k_base').count('How many tokens?')",
        COLD_GOAL,
    ),
    "python -c pass": ("pass", None),
}


def text() -> str:
    """Half a megabyte of prose and code: this project's own pages and modules."""
    root = Path(__file__).parent.parent
    pages = sorted((*root.glob("docs/**/*.md"), *root.glob("promptkit/**/*.py")))
    return "".join(page.read_text(encoding="utf-8") for page in pages)[:500_000]


def write_vocabulary(folder: Path) -> None:
    """Write the file that tiktoken would download to where it looks for it; it checks the digest of what it reads."""
    import bpe_openai

    encoding = bpe_openai.get_encoding("o200k_base")
    words = (encoding.decode_single_token_bytes(rank) for rank in range(_WORDS))
    lines = (base64.b64encode(word) + f" {rank}\n".encode() for rank, word in enumerate(words))
    name = hashlib.sha1(_ADDRESS.encode()).hexdigest()
    (folder / name).write_bytes(b"".join(lines))


def _has_peer() -> bool:
    return peers.installed("tiktoken") and peers.installed("bpe_openai")


@contextmanager
def sides(setting: Setting) -> Iterator[list[Side]]:
    """The same text, counted."""
    from promptkit.tokens import PieceEstimate
    from promptkit.vocabularies import Vocabulary

    counted, exact = text(), Vocabulary("o200k_base")

    def side(name: str, count: Callable[[str], object], goal: float | None = None) -> Side:
        return calls(name, lambda _: count(counted), block=setting.block, goal=goal)

    peer = []
    if _has_peer():
        write_vocabulary(setting.folder)
        os.environ["TIKTOKEN_CACHE_DIR"] = str(setting.folder)
        import tiktoken

        encode = tiktoken.get_encoding("o200k_base").encode_ordinary
        assert len(encode(counted)) == exact.count(counted)
        peer = [side("tiktoken", encode)]
    yield [
        *peer,
        side("promptkit, exact", exact.count, GOAL if peer else None),
        side("promptkit, estimate", PieceEstimate().count),
    ]


@contextmanager
def cold_sides(setting: Setting) -> Iterator[list[Side]]:
    """A process that counts one sentence."""
    there = _has_peer()
    if there:
        write_vocabulary(setting.folder)
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "TIKTOKEN_CACHE_DIR": str(setting.folder)}
    yield [
        process(
            name,
            [sys.executable, "-c", code],
            environment=environment,
            folder=setting.folder,
            goal=goal if there else None,
        )
        for name, (code, goal) in _COLD.items()
        if there or name != "tiktoken"
    ]
