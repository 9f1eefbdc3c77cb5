"""What a value read from an answer has to be: brought to the schema, held against it, refused with what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.limits import variable
from promptkit.output.call_shapes import arguments_of
from promptkit.output.coerce import coerce
from promptkit.output.key_matching import may_be_renamed
from promptkit.output.place import Place, plain_word
from promptkit.output.steps import out_of_call
from promptkit.output.wrappers import is_wrapper, names_reasoning
from promptkit.result import Step, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.schema import Schema
    from promptkit.schema.references import Location

UNWRAPPED = "unwrapped"
_OF_A_SCHEMA = frozenset(("$schema", "type", "title", "description", "properties", "required", "additionalProperties"))


@dataclass(frozen=True, slots=True)
class Judged:
    """A value brought to the schema, what was done, and what is still wrong; `reasoning` stood beside it."""

    value: Any
    steps: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """What there is of a value that was cut, and the places of what had ended."""

    value: Any
    whole: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """What an answer's value must be. With `field`, it stands beside its reasoning, under "answer"."""

    schema: Schema | None
    field: bool = False
    coerces: bool = True
    renames: bool = True
    """Whether a key of a value that fits may be a declared one in another writing."""

    @property
    def json(self) -> Any:
        """The JSON Schema that the value must fit."""
        return True if self.schema is None else self.schema.json

    @property
    def place(self) -> Place:
        """What the reader of the text may expect."""
        json = self.json
        if not self.field:
            return Place(json, json)
        wrapper = {"type": "object", "properties": {"reasoning": {"type": "string"}, "answer": json}}
        return Place(json, wrapper)

    def judge(self, value: Any, text: str) -> Judged:
        """Hold a value against the schema, and bring it to it if need be."""
        if not self.field:
            called = self.called(value, text)
            judged = called if called is not None else self._judged(value, text)
            if not judged.violations:
                return judged
            return self._as_schema(value, text) or self._beside_reasoning(value, text) or judged
        key = _key_of(value, "answer")
        if key is None:
            bare = self._judged(value, text)
            missing = Violation("$", 'the answer is not an object with "reasoning" and "answer"', "field")
            told = Step("wrapper missing", "the answer stood by itself, without its reasoning", repairs=True)
            usable = self.coerces and self.schema is not None and not bare.violations
            return Judged(bare.value, (*bare.steps, told)) if usable else Judged(value, violations=(missing,))
        judged = self._judged(value[key], text)
        beside = _key_of(value, "reasoning")
        reasoning = str(value[beside] or "") if beside is not None else ""
        unwrapped = Step(UNWRAPPED, "the answer was taken from beside its reasoning", repairs=key != "answer")
        return Judged(judged.value, (unwrapped, *judged.steps), judged.violations, reasoning)

    def accepted(self, value: Any, text: str, *steps: Step) -> Judged | None:
        """The value brought to the schema, behind the steps that led to it; None where it does not fit."""
        judged = self.judge(value, text)
        return None if judged.violations else replace(judged, steps=(*steps, *judged.steps))

    def called(self, value: Any, text: str) -> Judged | None:
        """The arguments of a tool that a model believes to call, where they are the answer and the call is not."""
        found = arguments_of(value) if self.coerces else None
        if found is None or found[0] in self.place.names or self._is_the_answer(value, found[1]):
            return None
        key, arguments = found
        judged = self._judged(arguments, text)
        told = out_of_call(f"the answer was the `{key}` of a tool call")
        return None if judged.violations else Judged(judged.value, (told, *judged.steps))

    def _as_schema(self, value: Any, text: str) -> Judged | None:
        """The values that a model has put where the schema has its properties."""
        if not self.coerces or not isinstance(value, dict) or not {"properties"} <= value.keys() <= _OF_A_SCHEMA:
            return None
        inner = value["properties"]
        declares = isinstance(inner, dict) and any(isinstance(each, dict) and "type" in each for each in inner.values())
        if declares or not self.place.names.keys().isdisjoint(value) or value.get("type", "object") != "object":
            return None
        judged = self._judged(inner, text)
        told = Step("taken out of a schema", "the answer stood under `properties`", repairs=True)
        return None if judged.violations else Judged(judged.value, (told, *judged.steps))

    def _beside_reasoning(self, value: Any, text: str) -> Judged | None:
        """The answer that a model has put beside its reasoning, though nobody asked for that."""
        if not self.coerces or not isinstance(value, dict) or len(value) != 2:
            return None
        reasons = [key for key in value if names_reasoning(key) and isinstance(value[key], str)]
        answers = [key for key in value if is_wrapper(key)]
        if len(reasons) != 1 or len(answers) != 1 or not self.place.names.keys().isdisjoint(value):
            return None
        judged = self._judged(value[answers[0]], text)
        told = Step(UNWRAPPED, "the answer was taken from beside its reasoning", repairs=True)
        return None if judged.violations else Judged(judged.value, (told, *judged.steps), (), value[reasons[0]])

    def _is_the_answer(self, call: Any, arguments: dict[str, Any]) -> bool:
        """Whether what looks like a call is what was asked for: it fits, and its arguments have no more of that."""
        declared = self.place.names.keys()
        canonical = isinstance(call, dict) and "name" in call and ("arguments" in call or "parameters" in call)
        if canonical and len(declared & arguments) > len(declared & call):
            return False
        return self.schema is None or not self.schema.validate(call, parsed=True)

    def _judged(self, value: Any, text: str) -> Judged:
        if self.schema is None:
            return Judged(value)
        if isinstance(value, dict) and value == self.schema.json:  # as small models give it back
            return Judged(value, violations=(Violation("$", "the answer is the schema itself", "echo"),))
        violations = self.schema.validate(value, parsed=True)
        renamed = self.renames and not violations and may_be_renamed(value, self.schema)
        if not (violations or renamed) or not self.coerces:
            return Judged(value, violations=violations)
        fit = coerce(value, self.schema.json, text)
        if fit.exhausted and violations:
            violations = (_exhausted(), *violations)
        if not fit.changes:
            return Judged(value, violations=violations)
        steps = tuple(Step("value changed", str(change), repairs=True) for change in fit.changes)
        left = self.schema.validate(fit.value, parsed=True)
        return Judged(value, violations=violations) if left else Judged(fit.value, steps)


def _exhausted() -> Violation:
    what = "has too much to be brought to its types"
    return Violation("$", f"{what} ({variable('answer_changes')})", "work")


def _key_of(value: Any, name: str) -> str | None:
    """The key of an object that is called so, or but for its case and signs, if it is the only one."""
    if not isinstance(value, dict) or name in value:
        return name if isinstance(value, dict) else None
    near = [key for key in value if plain_word(key) == name]
    return near[0] if len(near) == 1 else None


class Refused(Exception):
    """The answer cannot be used; what there is of it, if it was cut."""

    def __init__(self, violations: Iterable[Violation], partial: Partial | None = None) -> None:
        super().__init__()
        self.violations = tuple(violations)
        self.partial = partial


def refused(message: str, keyword: str) -> Refused:
    """A refusal of the whole answer."""
    return Refused([Violation("$", message, keyword)])
