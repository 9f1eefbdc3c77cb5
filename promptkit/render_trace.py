"""How a rendering is explained: it runs once more, and a trail is kept of what each message is made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptkit.explanation import Explained, ExplainedMessage, Piece
from promptkit.late_pattern import LatePattern
from promptkit.layout import filled
from promptkit.template.markup import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from promptkit.completion import ModelFacts
    from promptkit.layout import Layout, Sections
    from promptkit.messages import Message, Role
    from promptkit.renderer import Part, Renderer
    from promptkit.spec import PromptSpec
    from promptkit.template.fences import Fences
    from promptkit.template.tracing import Trace


def explain(
    renderer: Renderer, given: Mapping[str, Any], facts: ModelFacts | None = None, history: Sequence[Message] = ()
) -> Explained:
    """The messages for a call, piece by piece. Raises as `Renderer.render` does."""
    trail = Trail(renderer)
    rendered = renderer.render(given, facts, history, trail=trail)
    return Explained(tuple(_with_prefix(trail.messages)), rendered.notes)


def _with_prefix(messages: Iterable[ExplainedMessage]) -> Iterable[ExplainedMessage]:
    """Mark what is the same for every call: all before the first piece that comes from an input or a turn.

    Pieces without a text are left out, once they have been looked at: another call may have one there.
    """
    same = True
    for message in messages:
        pieces = []
        for piece in message.pieces:
            same = same and piece.cacheable and (not piece.inputs or bool(piece.example))
            if piece.text:
                pieces.append(piece if piece.cacheable is same else replace(piece, cacheable=same))
        yield replace(message, pieces=tuple(pieces))


class Trail:
    """Hears of each text and message of one rendering."""

    def __init__(self, renderer: Renderer) -> None:
        self.messages: list[ExplainedMessage] = []
        self.example = 0
        """The example that is being rendered."""
        self._renderer = renderer
        self._spec: PromptSpec = renderer.spec
        self._texts: dict[str, list[Piece]] = {}
        self._found: dict[str, tuple[Any, list[tuple[str, str]]]] = {}
        self._places: dict[tuple[str, str, int], tuple[str, int, int]] = {}
        self._choices: dict[str, int | None] = {}

    def rendered(self, part: Part, values: Mapping[str, Any], fences: Fences | None) -> None:
        """A template has been rendered, as it stands in the next message."""
        templates = self._renderer.templates
        traces = templates.traces(part.template, values, self._spec.inputs, path=part.path, fences=fences)
        self._texts[part.location] = [self._piece(part, trace, values) for trace in traces]

    def said(self, role: Role, layout: Layout, sections: Sections, *, alone: bool = False) -> None:
        """A message is made of sections; one that stands `alone` has no frame."""
        kept = filled(sections)
        frames = iter(["", kept[0][1], ""] if alone and len(kept) == 1 else layout.spread(kept))
        pieces: list[Piece] = []
        for section in sections:
            name, text = section
            inside = self._texts.pop(name, None) or [self._own(text, name)]
            if section in kept:
                before, _, behind = islice(frames, 3)
                pieces += [self._own(before, name), *inside, self._own(behind, name)]
            else:  # another call may have a text there
                pieces += [replace(piece, text="") for piece in inside if piece.inputs]
        if kept:
            self.messages.append(ExplainedMessage(role, tuple(piece for piece in pieces if piece.text or piece.inputs)))

    def more(self, layout: Layout, sections: Sections, between: str) -> None:
        """The last message goes on with further sections."""
        last = self.messages.pop()
        self.said(last.role, layout, sections)
        further = self.messages.pop()
        pieces = (*last.pieces, self._own(between, ""), *further.pieces)
        self.messages.append(ExplainedMessage(last.role, pieces))

    def answered(self, text: str) -> None:
        """An example's answer."""
        origin = self._spec.origins.get(f"examples.{self.example - 1}.output")
        file = self._spec.placed(self._spec.path if origin is None else origin.path)
        line, column = (0, 0) if origin is None else origin.place(1)
        piece = Piece(text, "example", "examples", file, line, column, example=self.example, cacheable=True)
        self.messages.append(ExplainedMessage("assistant", (piece,)))

    def earlier(self, messages: Iterable[Message]) -> None:
        """The turns of a conversation so far."""
        for each in messages:
            pieces = (Piece(each.text, "history"),) if each.text else ()
            self.messages.append(ExplainedMessage(each.role, pieces, each.called))

    def called(self, message: Message) -> None:
        """An authored message calls tools, or is what came of a call; without a text nothing was said of it yet."""
        pieces = self.messages.pop().pieces if message.content is not None else ()
        self.messages.append(ExplainedMessage(message.role, pieces, message.called))

    def _own(self, text: str, section: str) -> Piece:
        return Piece(text, "promptkit", section, example=self.example, cacheable=True)

    def _piece(self, part: Part, trace: Trace, values: Mapping[str, Any]) -> Piece:
        inputs = tuple(sorted(trace.names))
        strangers = [name for name in inputs if name in trace.sources and self._spec.inputs[name].untrusted]
        checked = [name for name in strangers if self._spec.inputs[name].neutralise]
        markers = dict.fromkeys(marker for name in checked for marker in self._markers(name, values[name]))
        said = trace.text.casefold() if markers else ""
        file, line, column = self._place(part, trace.file, trace.start)
        return Piece(
            trace.text,
            "value" if trace.is_value else "template",
            part.location,
            file,
            line,
            column,
            inputs,
            tuple("{}:{}".format(*self._place(part, *each)) for each in trace.through),
            ", ".join(dict.fromkeys(self._spec.inputs[name].trust for name in strangers)),
            tuple(marker for marker, harmless in markers if harmless in said),
            self.example,
            self._is_fixed(part, trace),
        )

    def _markers(self, name: str, value: Any) -> list[tuple[str, str]]:
        """The chat markers in an input, each with what is made of it, in small letters; looked for once."""
        known = self._found.get(name)
        if known is None or known[0] is not value:
            markers = neutralise(_text(value))[1][:_MOST_MARKERS]
            known = self._found[name] = value, [(each, neutralise(each)[0].casefold()) for each in markers]
        return known[1]

    def _is_fixed(self, part: Part, trace: Trace) -> bool:
        """Whether a piece stands before anything that could leave it out, in its file and in those that include it."""
        for file, start in (*trace.through, (trace.file, trace.start)):
            choice = self._first_choice(self._spec.files.get(file, "") if file else part.template)
            if choice is not None and not 0 <= start < choice:
                return bool(self.example)
        return True

    def _first_choice(self, text: str) -> int | None:
        """The offset in a text from which on something could be left out, if there is one; looked for once."""
        if text not in self._choices:
            choice = _CHOICE.search(text)
            self._choices[text] = None if choice is None else choice.start()
        return self._choices[text]

    def _place(self, part: Part, file: str, start: int) -> tuple[str, int, int]:
        """Where an offset of a template, or of a file that it includes, stands; looked for once."""
        key = (part.location, file, start)
        if key not in self._places:
            self._places[key] = self._found_place(part, file, start)
        return self._places[key]

    def _found_place(self, part: Part, file: str, start: int) -> tuple[str, int, int]:
        path = file or part.path
        text = self._spec.files.get(file, "") if file else part.template
        shown = self._spec.placed(path)
        if start < 0:
            return shown, 0, 0
        if part.origin is not None and not file:
            return (shown, *part.origin.place_in(text, start))
        return (shown, *_line_of(text, start))


_MOST_MARKERS = 200
"""So many kinds of chat markers of an input are told."""
_CHOICE = LatePattern(r"\{%[-+]?\s*(?![-+\s]|include\b|%\})")


def _line_of(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _text(value: Any) -> str:
    from promptkit.template.printing import to_json

    return value if isinstance(value, str) else to_json(value)
