"""Which file may have been meant by a path that leads to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.source_paths import MOUNT, split_mount

if TYPE_CHECKING:
    from promptkit.source import Source

__all__ = ["RELATIVE", "file_cure", "near_file"]

RELATIVE = "a path is relative to the file in which it is written"
_FROM_ROOT = "a leading `/` is the root of the templates: the folder of `promptkit.toml`, else of the prompt itself"


def file_cure(source: Source, path: str, written: str) -> str:
    """What to do about a path that leads to no file, which is `written` so."""
    return near_file(source, path) or (_FROM_ROOT if written.startswith("/") else RELATIVE)


def near_file(source: Source, path: str) -> str:
    """``did you mean `x`?`` for a file that lies where a path leads, under a name that is almost the one asked for."""
    mount, inside = split_mount(path)
    folder, _, name = inside.rpartition("/")
    if mount:
        repo, at, wanted = mount.rpartition(MOUNT)[2].partition("@")
        folder = f"{repo.partition('/')[0]}{'/' if folder else ''}{folder}"
    names = list(source.beside(path))
    if name in names:
        return ""  # it is there, and something else is wrong with it
    stem = name if "." not in name else name.rpartition(".")[0]
    same_stem = [each for each in names if each.rpartition(".")[0] == stem != ""]
    hint = did_you_mean(name, names) if not same_stem else f"did you mean `{same_stem[0]}`?"
    if not hint and "@" in path and folder:
        return f"a file of another repo? declare that under [repos.{path.partition('/')[0]}] in promptkit.toml"
    if mount and at and hint:
        hint = hint.replace("`?", f"@{wanted}`?")
    return hint.replace("`", f"`{folder}/", 1) if folder and hint else hint
