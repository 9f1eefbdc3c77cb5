"""What commands do to a template repo's own `promptkit.toml`: they write it, or commit it, and say what comes next."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from promptkit.cli.report import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from promptkit.repos.project_file import Draft

commit_option = click.option("--commit", is_flag=True, help="Commit promptkit.toml, and nothing else.")


@contextmanager
def edited(root: Path, message: str, *, commit: bool) -> Iterator[Draft]:
    """New contents of the project's file, which are written at the end of a `with` block, or committed.

    Raises `ConfigError` or `RepoError`.
    """
    from promptkit.repos.git.publishing import Publisher
    from promptkit.repos.project_file import drafted

    with drafted(root) as draft:
        yield draft
        if not commit:
            draft.write()
            say(f"{message}\nnext: commit {draft.path.name} and push it; `promptkit lock update` takes it up")
            return
        with Publisher(root) as publisher:
            made = publisher.publish({draft.path: draft.data}, f"{message}\n", {})
    say(f"{message}\ncommitted {made[:12]}; push it, and `promptkit lock update` takes it up")
