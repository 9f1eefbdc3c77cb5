"""`promptkit mock`: the loopback MARA in the foreground."""

from __future__ import annotations

from typing import Any

import click

from promptkit.cli import common
from promptkit.cli.report import say
from promptkit.cli.terminal import put


@click.command("mock")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Where to listen on 127.0.0.1; 0 takes a free port.",
)
@click.option("--api-key", metavar="KEY", help="The only key to accept; without it, any key is.")
@click.option(
    "--faults", metavar="FILE", type=click.Path(readable=False), help="A plan of what goes wrong, in YAML; see below."
)
@click.option("--list-faults", is_flag=True, help="Print the faults that a plan may name.")
@click.option("-q", "--quiet", is_flag=True, help="Do not log requests.")
@click.option("-v", "--verbose", is_flag=True, help="Print the body of each request that arrives.")
def command(port: int, api_key: str | None, faults: str | None, list_faults: bool, quiet: bool, verbose: bool) -> None:
    """Serve a loopback MARA Cloud that answers from the request's schema.

    Every content says that it is simulated. Stdout has the base URL and the lines that point promptkit at it;
    each request is a line on stderr, never with its key. Ctrl-C or SIGTERM stops it (exit code 130).

    A request without a schema gets one of the choices that promptkit's instructions list, or else a sentence, and
    its line says so: lists, Markdown headings and JSON after reasoning in prose are scripted with
    promptkit.testing, or recorded.

    A plan of faults is a list of rows. Each names a fault, for which requests it plays (`requests: [1, 3]`, `first: 2`,
    `every: 5`, `share: 0.1`, and of these for a `model`, for `stream: true`, `containing` a text) and the fault's own
    options:

    \b
      seed: 7
      faults:
        - {fault: rate_limited, first: 1, retry_after: 2}
        - {fault: stream_cut, share: 0.1, after: 3}

    \b
    Examples:
      promptkit mock
      promptkit mock --list-faults
      promptkit mock --faults plan.yaml -v
      promptkit mock --port 8080 --api-key let-me-in
    """
    import threading

    from promptkit.testing.server import MaraServer

    if list_faults:
        _list()
        return
    plan = _plan(faults) if faults is not None else ()
    with MaraServer(
        api_key=api_key,
        port=port,
        on_log=lambda line: say(line, quiet=quiet),
        faults=plan,
        on_request=(lambda received: say(common.to_json(received.body), quiet=quiet)) if verbose else None,
    ) as server:
        put(server.base_url)
        put(f"export MARA_BASE_URL={server.base_url}")
        put("export MARA_API_KEY=" + ("any-key" if api_key is None else "...    # the key that you gave"))
        say("serving simulated answers; Ctrl-C stops", quiet=quiet)
        threading.Event().wait()


def _list() -> None:
    from promptkit.testing.faults import FAULTS

    width = max(map(len, FAULTS))
    for name, fault in FAULTS.items():
        options = ", ".join(f"{key}: {common.to_line(value)}" for key, value in fault.options)
        put(f"{name:{width}}  {fault.meaning}{f'  ({options})' if options else ''}")


def _plan(path: str) -> Any:
    """The data of a plan's file. Raises `ConfigError` and `SpecError`, also for a plan that cannot be meant."""
    from pathlib import Path

    from promptkit.errors import ConfigError, SpecError
    from promptkit.testing.faults.plan import read_plan
    from promptkit.yamlfile import read_yaml

    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"the plan of faults cannot be read: {why}", where=path) from None
    document = read_yaml(text, path)
    if document.faults:
        raise SpecError(document.faults)
    data = document.root.value if document.root is not None else None
    read_plan(data, path)
    return data
