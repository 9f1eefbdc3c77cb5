"""`python -m promptkit`, and what the `promptkit` command calls: nothing is imported before Ctrl-C has its answer."""

from __future__ import annotations

import sys


def entry() -> None:
    """Run the command line; who interrupts it while it is imported gets no traceback."""
    try:
        from promptkit.cli.main import entry as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    entry()
