"""`PartialParser`: JSON as it arrives. Each character is read once; what is there so far is a value at any time.

A prefix of an answer gives the shape that is certain: objects with the keys whose values have begun, lists with
the items that have begun, a string's text so far. A number or a literal appears once it has ended, and so does a
text that the schema says to be one of several, or something else than a text. What has ended is told when what
follows bears it out: `1` may go on as `1,234`, and a quote may stand inside of its text.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from promptkit.output.growing_value import NOTHING, Completed, GrowingValue, Misplaced
from promptkit.output.incremental_parser import IncrementalParser
from promptkit.output.preamble import Preamble
from promptkit.output.shape import Shape
from promptkit.output.strict_json import NotJson
from promptkit.output.verdicts import Verdicts
from promptkit.result import Violation
from promptkit.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NOTHING", "Completed", "PartialParser"]

_MOST_LOSSES = 200
"""How often what seemed to begin a value may turn out to begin none."""


class PartialParser:
    """Reads one JSON value in pieces.

    Reasoning in tags, a code fence and words may stand before it, and slips of syntax that one character after another
    settles are read. A text that is not JSON otherwise, or not in the schema's shape, sets `broken` and ends the
    reading: whether the whole answer can still be used is for `parse_output` to say.

    Once the value cannot become valid any more, however it goes on, `dead` says why, and `dead_at` after how many
    characters of the text that is so. That an answer begins anew behind a draft with which it began is not waited for:
    `parse_output` may still take such a one. `repair` says whether slips may be repaired, `coerce` whether values may
    be brought to their declared types, and `strict` that the text must be the value as it stands.
    """

    def __init__(
        self,
        schema: Schema | Mapping[str, Any] | bool | None = None,
        *,
        repair: bool = True,
        coerce: bool = True,
        strict: bool = False,
    ) -> None:
        json = schema.json if isinstance(schema, Schema) else None if schema is None else Schema(schema).json
        self.broken = False
        self.dead_at: int | None = None
        self._strict = strict
        self._repair = repair and not strict
        self._shape = Shape(json, json)
        self._verdicts = Verdicts(coerces=coerce and not strict)
        self._growing = GrowingValue(self._shape, self._verdicts)
        self._steps = IncrementalParser(self._growing, repair=self._repair)
        self._lead: Preamble | None = None if strict else Preamble(prose=self._repair)
        self._fed = 0
        self._losses = 0

    def feed(self, chunk: str) -> list[Completed]:
        """Read a piece; the values that ended in it, in the order in which they ended."""
        self._fed += len(chunk)
        steps = self._steps
        more = steps.in_text and chunk.isprintable() and '"' not in chunk and "\\" not in chunk
        if more and not steps.waits and self._growing.lengthened(chunk):
            return []
        text = chunk if self._lead is None else self._after_lead(chunk)
        while text and not self.broken:
            try:
                self._steps.read(text)
                text = ""
            except NotJson as error:
                text = self._lost(error)
            if self._steps.dead_left is not None and self.dead_at is None:
                self.dead_at = self._fed - self._steps.dead_left
        done, self._growing.completed = self._growing.completed, []
        return done

    def close(self) -> list[Completed]:
        """The text has ended: so has a number, or a literal, that is all of it, and what nothing has borne out yet."""
        if self._steps.in_word and self._growing.innermost is None:
            return self.feed("\n")
        if self.broken:
            return []
        self._growing.around = False  # it stands around nothing that is still to come
        with suppress(NotJson):
            self._steps.cut()
        done, self._growing.completed = self._growing.completed, []
        return done

    @property
    def value(self) -> Any:
        """The value so far, or `NOTHING`. The same growing object at each call: copy it to keep it."""
        return self._growing.shown

    @property
    def dead(self) -> tuple[Violation, ...]:
        """What is wrong with the value for good; nothing as long as it can become valid."""
        return () if self.dead_at is None else self._growing.dead

    @property
    def done(self) -> bool:
        """Whether the value has ended."""
        return self._steps.ended and not self.broken

    def _after_lead(self, chunk: str) -> str:
        """The chunk without what stands before the value; nothing until that is certain."""
        lead = self._lead
        text = lead.feed(chunk) if lead is not None else chunk
        if lead is None or text is None:
            return ""
        self._steps.behind.fence = lead.fence
        self._steps.in_prose = lead.in_prose
        self._lead = None
        return text

    def _lost(self, error: NotJson) -> str:
        """What stands before a value took itself for one: look for a value behind it. A value that broke is lost."""
        left = self._steps.left
        if self._strict:
            self._growing.give_up(Violation("$", f"the answer is not JSON as it stands: {error.message}", "strict"))
            if self._steps.dead_left is None:
                self._steps.dead_left = len(left)
        if self._strict or self._growing.root is not NOTHING:
            self.broken = True
            return ""
        self._losses += 1
        if self._losses > _MOST_LOSSES:
            self.broken = True
            return ""
        self._growing = GrowingValue(self._shape, self._verdicts)
        self._steps = IncrementalParser(self._growing, repair=self._repair)
        # Behind a value of another type, and inside of it, only the end of reasoning begins anew.
        self._lead = Preamble(prose=self._repair and not isinstance(error, Misplaced))
        self._lead.lost()
        return self._after_lead(left)
