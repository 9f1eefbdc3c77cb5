"""`promptkit schema`: what editors need for completion and hover."""

from __future__ import annotations

import click

from promptkit.cli import common


@click.command("schema")
@common.output_option
def command(output_file: str | None) -> None:
    """Print the JSON Schema of prompt files as they are authored, shorthands included.

    A first line `# yaml-language-server: $schema=promptkit.schema.json` lets editors use it.

    \b
    Examples:
      promptkit schema
      promptkit schema -o promptkit.schema.json
    """
    from promptkit.authored import authored_schema
    from promptkit.cli.results import write_result

    write_result(common.to_json(authored_schema()), output_file)
