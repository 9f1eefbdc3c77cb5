"""A value that fits a JSON Schema: tried, looked at, and changed where it does not fit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from promptkit.errors import PromptkitError
from promptkit.schema.drafts import modern
from promptkit.schema.embedded import without_embedded
from promptkit.schema.making.forms import Forms
from promptkit.schema.making.merge import UnmakeableError
from promptkit.schema.making.values import DEEPEST, Impossible, Maker
from promptkit.schema.schema import Schema
from promptkit.schema.violations import json_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from promptkit.result import Violation

    Path = tuple[str | int, ...]

__all__ = ["Fitting", "UnmakeableError"]

_ROUNDS = 128
_STARTS = 6


class Fitting:
    """Makes values that fit a JSON Schema (drafts 4 to 2020-12), the same one for the same seed.

    Listed values, `examples` and `default` are preferred. Recursive schemas end after a few levels: below the depth
    `deepest`, only what is required is made. Each value has been validated. Raises `UnmakeableError` when no fitting
    value could be made, be it that there is none or that the schema asks for more than this can do.
    """

    def __init__(self, schema: Mapping[str, Any] | bool, deepest: int = DEEPEST) -> None:
        whole = dict(schema) if not isinstance(schema, bool) else schema
        with _usable():
            if problems := Schema(whole).problems():
                raise UnmakeableError(f"the schema cannot be used: {problems[0]}")
            self._schema = _modern(whole)
            self._checked, self._forms = Schema(whole), Forms(self._schema)
        self._deepest = deepest
        self.steps = 0
        """How many parts of values were made so far."""

    def value(self, seed: str = "", beside: Mapping[str, Any] | bool = True, rounds: int = _ROUNDS) -> Any:
        """A value, which also fits the schema `beside`: one in the spelling of 2020-12 and without references.

        At most so many `rounds` are tried, each another value.
        """
        with _usable():
            if beside is True:
                return self._found(self._schema, (self._checked,), seed, rounds)
            return self._found({"allOf": [self._schema, beside]}, (self._checked, Schema(beside)), seed, rounds)

    def unchecked(self, part: Mapping[str, Any] | bool) -> Any:
        """A value for a schema whose references lead into this one, of which nobody has looked whether it fits."""
        with _usable():
            return self._found(part, (), "", _ROUNDS)

    def _found(self, wanted: Mapping[str, Any] | bool, checks: tuple[Schema, ...], seed: str, rounds: int) -> Any:
        """Try, see what does not fit, take another variant there, and in the end begin anew with another seed."""
        variants: dict[Path, int] = {}
        starts, why = 1, ""
        for _ in range(rounds):
            maker = Maker(self._forms, seed if starts == 1 else f"{seed}#{starts}", variants, self._deepest)
            value, faults, why = _tried(maker, wanted, checks)
            self.steps += len(maker.counts)
            if not faults:
                return value
            if not _vary(variants, maker.counts, faults):
                starts += 1
                variants.clear()
            if starts > _STARTS:
                break
        raise UnmakeableError(f"no value that fits the schema could be made: {why}")


def _modern(schema: Any) -> Any:
    """The schema in the words of 2020-12 and without addresses inside; as it is where that leads references astray."""
    try:
        return modern(without_embedded(schema))
    except LookupError:
        return schema


@contextmanager
def _usable() -> Iterator[None]:
    """Whatever is wrong with a schema is told as the one error."""
    try:
        yield
    except UnmakeableError:
        raise
    except PromptkitError as error:
        raise UnmakeableError(f"the schema cannot be used: {error.message}") from None
    except (RecursionError, OverflowError, ArithmeticError) as error:
        raise UnmakeableError(f"the schema is beyond what can be made: {type(error).__name__}") from None


def _tried(maker: Maker, schema: Mapping[str, Any] | bool, checks: tuple[Schema, ...]) -> tuple[Any, list[Path], str]:
    """One try: a value, the places where it does not fit, and why."""
    try:
        value = maker.value(schema)
    except Impossible as error:
        return None, [error.path], f"at {json_path(error.path)}: {error.why}"
    violations = [violation for each in checks for violation in each.validate(value)]
    return value, [violation.location for violation in violations], _told(violations)


def _vary(variants: dict[Path, int], counts: Mapping[Path, int], faults: Sequence[Path]) -> bool:
    """Take the next variant at each faulty place; False when there is no other left.

    A place whose variants are used up begins anew, under its parent's next variant.
    """
    pending = {_nearest(path, counts) for path in faults}
    while pending:
        path = max(pending, key=len)
        pending.discard(path)
        for below in [known for known in variants if len(known) > len(path) and known[: len(path)] == path]:
            del variants[below]
        turn = variants.pop(path, 0) + 1
        if turn < counts.get(path, 1):
            variants[path] = turn
        elif path:
            pending.add(_nearest(path[:-1], counts))
        else:
            return False
    return True


def _nearest(path: Path, counts: Mapping[Path, int]) -> Path:
    """The place itself when a choice was made there, else the nearest above it."""
    while path and path not in counts:
        path = path[:-1]
    return path


def _told(violations: Sequence[Violation]) -> str:
    return "; ".join(str(violation)[:200] for violation in violations[:3])
