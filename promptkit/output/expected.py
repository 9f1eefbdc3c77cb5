"""What a call expects of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptkit.chain_of_thought import Mode
    from promptkit.schema import Schema
    from promptkit.spec import OutputFormat


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should be: its format, its schema, the mode of its reasoning, its headings and choices.

    `repair` lets slips of syntax be repaired, `coerce` lets values be brought to their declared types, and `strict`
    refuses every answer to which anything had to be done. `quoted` says that the server was told to make JSON of it,
    so that a choice stands in quotes.
    """

    format: OutputFormat = "json"
    schema: Schema | None = None
    mode: Mode = "off"
    choices: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    strict: bool = False
    quoted: bool = False
    repair: bool = True
    coerce: bool = True
