"""What can be said of a part of an answer as soon as it has ended: what it comes to, or that no rest can save it.

The word is the ladder's own: the validator, then coercion, then the validator again, for the part alone. Where the
schema of a part does not stand by itself (it refers to what is elsewhere, or alternatives judge it) nothing is said.
Two things are left out of account, since whoever waits for them waits for every answer's end: that the same key comes
again, and that another, better answer follows this one.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.output.acceptance import Judge
from promptkit.output.call_shapes import MAY_HOLD, OF_A_CALL
from promptkit.output.coerce import coerce
from promptkit.output.place import plain_word
from promptkit.result import Violation
from promptkit.schema import Schema
from promptkit.schema.references import references, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.output.shape import Shape

_DRAFT = "$schema"
_DEFINITIONS = ("$defs", "definitions")
_NAMES = ("$id", "id", "$anchor", "$dynamicAnchor")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a part comes to, and what is wrong with it for good."""

    value: Any
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """The name that a key has in the end, and what is wrong with it for good.

    What stands under it can be judged if that is `sure`, and is told by its schema if that is `known`.
    """

    name: str
    sure: bool = True
    known: bool = True
    violations: tuple[Violation, ...] = ()


class Verdicts:
    """Judges the parts of one answer. `coerces` says that values may be brought to their declared types."""

    def __init__(self, *, coerces: bool) -> None:
        self.coerces = coerces
        self._schemas: dict[int, Schema | None] = {}
        self._words: dict[int, dict[str, list[str]]] = {}

    def ended(self, shape: Shape, value: Any, written: str = "", *, whole: bool = False) -> Verdict | None:
        """The verdict on a part that has ended, or on the `whole`; None where only the whole answer can tell.

        `written` is how a number stands in the text.
        """
        schema = self._alone(shape)
        if schema is None:
            return None
        if whole and self.coerces:  # it may be a call, say, whose arguments are the answer
            with suppress(ConfigError):
                judged = Judge(schema).judge(value, json.dumps(value))
                return Verdict(judged.value, judged.violations)
        try:
            violations = schema.validate(value, parsed=True)
        except ConfigError:  # whether a schema is usable is not asked here
            return None
        if violations and self.coerces:
            fit = coerce(value, schema.json, written or json.dumps(value))
            if fit.changes and not schema.validate(fit.value, parsed=True):
                return Verdict(fit.value)
        return Verdict(value, violations) if shape.binding or not violations else None

    def may_lack(self, shape: Shape, name: str | int) -> bool:
        """Whether an object is whole without a property that is never null, so that a null is taken for its absence."""
        declared, needed = shape.keyword("properties"), shape.keyword("required")
        if not self.coerces or not isinstance(declared, dict) or name not in declared:
            return False
        inside = shape.inside(name).place
        kinds = frozenset() if inside.is_open else inside.kinds
        return bool(kinds) and "null" not in kinds and not (isinstance(needed, list) and name in needed)

    def may_stand_around(self, shape: Shape) -> bool:
        """Whether an object here may only hold the answer: one that has no declared key yet."""
        return self.coerces and isinstance(shape.keyword("properties"), dict)

    def key(self, shape: Shape, before: Mapping[str, Any], key: str) -> Key:
        """What a key means in an object that has these keys `before`."""
        declared = shape.keyword("properties")
        if not isinstance(declared, dict) or key in declared:
            return _as_written(key)
        closed, needed = shape.keyword("additionalProperties") is False, shape.keyword("required")
        meant = self._meant(declared, key) if self.coerces else []
        # Where a key may stand as it is, it is another name only for one that has to be there.
        renamed = [name for name in meant if closed or (isinstance(needed, list) and name in needed)]
        if len(meant) == 1 and renamed and meant[0] not in before:
            return Key(meant[0], sure=False)
        call = key in MAY_HOLD and before.keys() <= OF_A_CALL  # which may hold the answer
        if self.coerces and (meant or call or before.keys().isdisjoint(declared)):
            return Key(key, sure=False, known=False)  # an object without a declared key may be taken for another one
        if not closed:
            return Key(key)
        named = ", ".join(f"`{name}`" for name in declared)
        what = f"the key `{key[:80]}` is not one of {named}"
        return Key(key, violations=(Violation("$", what, "additionalProperties"),))

    def _meant(self, declared: dict[str, Any], key: str) -> list[str]:
        """The declared keys that a key is but for its spelling."""
        words = self._words.get(id(declared))
        if words is None:
            words = self._words[id(declared)] = {}
            for name in declared:
                words.setdefault(plain_word(name), []).append(name)
        return words.get(plain_word(key), [])

    def _alone(self, shape: Shape) -> Schema | None:
        declared = shape.declared
        if not isinstance(declared, dict) or not declared:
            return None
        if id(declared) not in self._schemas:
            self._schemas[id(declared)] = _standing_alone(shape.root, declared)
        return self._schemas[id(declared)]


@lru_cache(maxsize=1_024)
def _as_written(key: str) -> Key:
    """What most keys mean: themselves."""
    return Key(key)


def _standing_alone(root: Any, schema: dict[str, Any]) -> Schema | None:
    """A schema inside of a document as a document of its own; None where that could change what it says."""
    refers = next(references(schema), None) is not None
    held = (_DRAFT, *_DEFINITIONS) if refers else (_DRAFT,)
    own = {name: value for name, value in schema.items() if name not in _DEFINITIONS}
    alone = {name: root[name] for name in held if name in root} | own
    inside = [each for _, each in walk(alone)]
    named = any(isinstance(each.get(name), str) for each in inside for name in _NAMES)
    led_astray = any(not _is_definition(reference) for _, reference in references(alone))
    return None if named or led_astray else Schema(alone)


def _is_definition(reference: Any) -> bool:
    return isinstance(reference, str) and reference.startswith(tuple(f"#/{name}/" for name in _DEFINITIONS))
