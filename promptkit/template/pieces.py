"""Simple templates, split once and joined: text, printed names and ifs, without Jinja's compiler.

What comes out is what Jinja would give, errors and their lines included; that is a law of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.limits import current_limits
from promptkit.template.metering import too_long
from promptkit.template.paths import kind
from promptkit.template.printing import printed, strip_ends
from promptkit.template.simple_parser import read_plain

if TYPE_CHECKING:
    from promptkit.template.fences import Fences, Untrusted


@dataclass(slots=True)
class Text:
    """Text of the template itself, and its offset."""

    text: str
    start: int


@dataclass(slots=True)
class Name:
    """A name that is printed, its offset, and what is said of it if it is untrusted."""

    name: str
    start: int
    untrusted: Untrusted | None


@dataclass(slots=True)
class Either:
    """An `if`: its branches, each with its condition, and what stands for none of them."""

    branches: list[tuple[Condition, Steps]]
    otherwise: Steps


Condition = Callable[[Mapping[str, Any]], Any]
Steps = tuple[Text | Name | Either, ...]
Chosen = list[Text | Name]
"""The steps that are taken, once every `if` is decided."""

Taken = list[tuple[str, Text | Name]]
"""What a rendering is made of: each text with the step that it comes from."""


class PieceError(Exception):
    """Why there is no text, and the offset in the template of the name whose value cannot be printed; None of all."""

    def __init__(self, cause: RenderError, start: int | None = None) -> None:
        super().__init__(cause, start)
        self.cause = cause
        self.start = start


class Pieces:
    """A simple template. `names` are those that it prints or asks for: all of them must have values.

    `fenced` says that some of them are untrusted.
    """

    def __init__(self, steps: Steps, names: frozenset[str], *, fenced: bool) -> None:
        self._steps, self._clean = _stripped(steps)
        self._always: Chosen | None = None if any(type(each) is Either for each in self._steps) else self._chosen({})
        self._form = _FormatString.of(self._steps) if self._clean and len(self._steps) > 1 else None
        self._fenced = fenced
        self.names = names

    @classmethod
    def of(cls, text: str, untrusted: Mapping[str, Untrusted]) -> Pieces | None:
        """The pieces of a template; None for one that needs Jinja."""
        tree = read_plain(text)
        if tree is None:
            return None
        reading = _StepBuilder(untrusted)
        steps = reading.steps(tree.root.body)
        return cls(steps, frozenset(reading.names), fenced=not untrusted.keys().isdisjoint(reading.names))

    def joined(self, values: Mapping[str, Any], fences: Fences | None = None) -> str | None:
        """The text for values, without the template's own whitespace at both ends; that of values is kept.

        None where a name has no value: what that means is for Jinja to tell. Raises `PieceError` for a value that
        cannot be printed, and when the text gets too long.
        """
        try:
            form = self._form if fences is None or not self._fenced else None
            text = form.text(values) if form is not None else None
            if text is None:
                text = self._joined(values, fences)
        except KeyError:
            return None
        most = current_limits().render_characters
        if len(text) > most:
            raise PieceError(too_long(most))
        return text

    def _joined(self, values: Mapping[str, Any], fences: Fences | None) -> str:
        """The same, step by step."""
        steps = self._always or self._chosen(values)
        texts = self._texts(steps, values, fences)
        if not self._clean or not texts[0] or not texts[-1]:
            strip_ends(texts, [isinstance(step, Name) for step in steps])
        return "".join(texts)

    def taken(self, values: Mapping[str, Any], fences: Fences | None = None) -> Taken:
        """The same, piece by piece; a value may be an empty one."""
        steps = self._chosen(values)
        texts = self._texts(steps, values, fences)
        strip_ends(texts, [isinstance(step, Name) for step in steps])
        pieces = zip(texts, steps, strict=True)
        return [(text, _placed(text, step)) for text, step in pieces if text or isinstance(step, Name)]

    def _chosen(self, values: Mapping[str, Any]) -> Chosen:
        chosen: Chosen = []
        _choose(self._steps, values, chosen)
        return chosen

    def _texts(self, steps: Chosen, values: Mapping[str, Any], fences: Fences | None) -> list[str]:
        texts: list[str] = []
        for step in steps:
            if type(step) is Text:
                texts.append(step.text)
                continue
            value = values[step.name]  # type: ignore[union-attr]
            if type(value) is not str or (fences is not None and step.untrusted is not None):  # type: ignore[union-attr]
                value = self._shown(step, value, fences)  # type: ignore[arg-type]
                if len(value) > _LARGE:
                    _check([*texts, value])
            texts.append(value)
        return texts

    def _shown(self, step: Name, value: Any, fences: Fences | None) -> str:
        try:
            if step.untrusted is not None and fences is not None and value is not None:
                value = fences.printed(value, step.untrusted.origin, harmless=step.untrusted.neutralise)
            return str.__str__(printed(value))
        except RenderError as error:
            raise PieceError(error, step.start) from error


@dataclass(slots=True)
class _FormatString:
    """Steps ready to be joined where all values are texts, as most are: `texts` has a gap at each odd place.

    A gap is for the name that is printed, or for the text of an `if`, which its slot gives. The names at the `ends`
    must not be empty, since the template's own whitespace would then be there to be stripped.
    """

    texts: list[str]
    slots: tuple[str | Callable[[Mapping[str, Any]], str | None], ...]
    ends: tuple[str, ...]

    @classmethod
    def of(cls, steps: Steps) -> _FormatString:
        texts, slots = [""], []
        for each in steps:
            if isinstance(each, Text):
                texts[-1] += each.text
            else:
                slots.append(each.name if isinstance(each, Name) else _decided(each))
                texts += ("", "")
        ends = tuple(each.name for each in (steps[0], steps[-1]) if isinstance(each, Name)) if steps else ()
        return cls(texts, tuple(slots), ends)

    def text(self, values: Mapping[str, Any]) -> str | None:
        """The text; None where the steps have to be taken one by one."""
        for name in self.ends:
            if not values[name]:
                return None
        return self.inner(values)

    def inner(self, values: Mapping[str, Any]) -> str | None:
        """The same within others, where the ends do not matter."""
        shown = []
        for slot in self.slots:
            value = values[slot] if type(slot) is str else slot(values)  # type: ignore[operator]
            if type(value) is not str:
                return None
            shown.append(value)
        texts = self.texts.copy()
        texts[1::2] = shown
        return "".join(texts)


def _decided(either: Either) -> Callable[[Mapping[str, Any]], str | None]:
    """Gives the text of the branch that is taken."""
    branches = [(asks, _FormatString.of(then).inner) for asks, then in either.branches]
    otherwise = _FormatString.of(either.otherwise).inner

    def text(values: Mapping[str, Any]) -> str | None:
        for asks, then in branches:
            if asks(values):
                return then(values)
        return otherwise(values)

    return text


def _choose(steps: Steps, values: Mapping[str, Any], chosen: Chosen) -> None:
    for step in steps:
        if isinstance(step, Either):
            taken = step.otherwise
            for asks, then in step.branches:
                if asks(values):
                    taken = then
                    break
            _choose(taken, values, chosen)
        else:
            chosen.append(step)


_LARGE = 1_000_000


def _check(texts: list[str]) -> None:
    most = current_limits().render_characters
    if sum(map(len, texts)) > most:
        raise PieceError(too_long(most))


def _placed(text: str, step: Text | Name) -> Text | Name:
    """The step of what is left of it."""
    return Text(text, step.start + step.text.find(text)) if isinstance(step, Text) else step


def _stripped(steps: Steps) -> tuple[Steps, bool]:
    """The steps without whitespace at their ends, and whether only a value that is empty leaves some to be stripped."""
    kept = list(steps)
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        step = kept[end] if kept else None
        if isinstance(step, Text) and not step.text.isspace():
            text = strip(step.text)
            kept[end] = Text(text, step.start + (len(step.text) - len(text) if end == 0 else 0))
    ends = (kept[0], kept[-1]) if kept else ()
    clean = bool(ends) and not any(
        isinstance(end, Either) or (isinstance(end, Text) and end.text.isspace()) for end in ends
    )
    return tuple(kept), clean


class _StepBuilder:
    """Jinja's tree as steps."""

    def __init__(self, untrusted: Mapping[str, Untrusted]) -> None:
        self.untrusted = untrusted
        self.names: set[str] = set()

    def steps(self, nodes: list[Any]) -> Steps:
        found: list[Text | Name | Either] = []
        for node in nodes:
            if kind(node) == "Output":
                found += map(self._output, node.nodes)
            else:
                branches = [(self._condition(each.test), self.steps(each.body)) for each in (node, *node.elif_)]
                found.append(Either(branches, self.steps(node.else_)))
        return tuple(found)

    def _output(self, node: Any) -> Text | Name:
        if kind(node) == "TemplateData":
            return Text(node.data, node.lineno)
        self.names.add(node.name)
        return Name(node.name, node.lineno, self.untrusted.get(node.name))

    def _condition(self, test: Any) -> Condition:
        if kind(test) == "Not":
            inner = self._condition(test.node)
            return lambda values: not inner(values)
        if kind(test) == "Compare":
            [operand] = test.ops
            name, word, equal = test.expr.name, operand.expr.value, operand.op == "eq"
            self.names.add(name)
            return lambda values: (values[name] == word) is equal
        name = test.name
        self.names.add(name)
        return lambda values: values[name]
