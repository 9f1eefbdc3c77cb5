"""`promptkit mock`: the loopback MARA in the foreground."""

from __future__ import annotations

import click

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
@click.option("-q", "--quiet", is_flag=True, help="Do not log requests.")
def command(port: int, api_key: str | None, quiet: bool) -> None:
    """Serve a loopback MARA Cloud that answers from the request's schema.

    Every content says that it is simulated. Stdout has the base URL and the lines that point promptkit at it;
    each request is a line on stderr, never with its key. Ctrl-C or SIGTERM stops it (exit code 130).

    A request without a schema gets one of the choices that promptkit's instructions list, or else a sentence, and
    its line says so: lists, Markdown headings and JSON after reasoning in prose are scripted with
    promptkit.testing, or recorded.

    \b
    Examples:
      promptkit mock
      promptkit mock --port 8080 --api-key let-me-in
    """
    import threading

    from promptkit.testing.server import MaraServer

    with MaraServer(api_key=api_key, port=port, on_log=lambda line: say(line, quiet=quiet)) as server:
        put(server.base_url)
        put(f"export MARA_BASE_URL={server.base_url}")
        put("export MARA_API_KEY=" + ("any-key" if api_key is None else "...    # the key that you gave"))
        say("serving simulated answers; Ctrl-C stops", quiet=quiet)
        threading.Event().wait()
