"""What is wrong with a value, in words for people and models: short, and never a long value echoed.

Made from the validator's own errors (`jsonschema_rs.ValidationError`), whose kinds are told apart by keyword.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptkit.phrases import counted
from promptkit.result import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from promptkit.schema.references import Location

MOST = 100
"""How many violations of one value are told."""

_LONGEST = 60
_MOST_NAMED = 12
_ARTICLES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
}


def violations(errors: Iterable[Any], value: Any) -> tuple[Violation, ...]:
    """The validator's errors about a value as violations, in its order, at most a hundred."""
    found = (violation for error in errors for violation in _worded(error, value))
    return tuple(dict.fromkeys(islice(found, MOST)))


def json_path(location: Location) -> str:
    """`$.tags[2]`; a key that is no plain name is quoted: `$["a b"]`."""
    return "$" + "".join(map(_path_step, location))


def placed(violation: Violation, location: Location) -> Violation:
    """The same violation at another place."""
    return replace(violation, path=json_path(location), location=location)


def shown(value: Any) -> str:
    """A value as JSON when that is short; else its beginning, or what it is."""
    if isinstance(value, (dict, list)):
        return _shown_whole(value)
    text = json.dumps(value[:_LONGEST] if isinstance(value, str) else value, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "replace").decode()
    cut = len(text) > _LONGEST or (isinstance(value, str) and len(value) > _LONGEST)
    return f"{text[: _LONGEST - 4].rstrip(chr(34))}...{chr(34) if isinstance(value, str) else ''}" if cut else text


def _shown_whole(value: Any) -> str:
    if len(value) <= 4:
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (ValueError, TypeError, RecursionError):
            text = " " * _LONGEST
        if len(text) < _LONGEST and text.isprintable():
            return text
    return "the object" if isinstance(value, dict) else "the list"


def _path_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    plain = step.isidentifier() or step.replace("-", "_").isidentifier()
    return f".{step}" if plain and step.isascii() else f"[{json.dumps(step, ensure_ascii=False)}]"


def _found(value: Any, path: Location) -> tuple[Any, Location]:
    """What stands at a validator's path; there a key of digits is an integer even in an object, and no key is empty."""
    location: list[str | int] = []
    for step in path:
        while isinstance(value, dict) and str(step) not in value and "" in value:
            location.append("")
            value = value[""]
        exact = str(step) if isinstance(value, dict) else step
        location.append(exact)
        value = value[exact]
    return value, tuple(location)


def _worded(error: Any, value: Any) -> Iterator[Violation]:
    keyword = error.kind.name
    instance, location = _found(value, error.instance_path)
    if keyword in _SPLIT:
        yield from _SPLIT[keyword](error, instance, location)
    elif keyword in ("anyOf", "oneOf"):
        yield from _Alternatives(error, value, instance, location).violations()
    else:
        meant = _near_option(error.kind.options, instance) if keyword == "enum" else ""
        yield Violation(json_path(location), _said(error, instance), keyword, location, meant=meant)


def _said(error: Any, instance: Any) -> str:
    word = _WORDS.get(error.kind.name)
    return word(error.kind, instance) if word else _cut(error.message)


def _cut(message: str) -> str:
    first = message.partition("\n")[0]
    return first if len(first) <= 2 * _LONGEST else first[: 2 * _LONGEST - 3] + "..."


def _missing(error: Any, instance: Any, location: Location) -> Iterator[Violation]:
    yield _missing_field(error.kind.property, instance, location)


def _missing_field(name: str, instance: Any, location: Location) -> Violation:
    near = _near(name, [key for key in instance if isinstance(key, str)])
    message = f"required field {shown(name)} is missing{hint_of(near)}"
    return Violation(json_path(location), message, "required", location, name=name, meant=near)


def _unexpected(error: Any, _: Any, location: Location) -> Iterator[Violation]:
    for name in error.kind.unexpected:
        place = (*location, name)
        yield Violation(json_path(place), f"field {shown(name)} is not allowed", error.kind.name, place, name=name)


def _key(error: Any, _: Any, location: Location) -> Iterator[Violation]:
    inner = error.kind.error
    message = f"the key {shown(inner.instance)} is not allowed: {_said(inner, inner.instance)}"
    yield Violation(json_path(location), message, "propertyNames", location)


_SPLIT: dict[str, Callable[[Any, Any, Location], Iterator[Violation]]] = {
    "required": _missing,
    "additionalProperties": _unexpected,
    "unevaluatedProperties": _unexpected,
    "propertyNames": _key,
}


class _Alternatives:
    """The errors of a value that does not fit `anyOf` or `oneOf`, a list for each branch."""

    def __init__(self, error: Any, value: Any, instance: Any, location: Location) -> None:
        self.value, self.instance, self.location = value, instance, location
        self.keyword = error.kind.name
        self.branches: list[list[Any]] = error.kind.context

    def violations(self) -> Iterator[Violation]:
        """What is wrong by the one branch that the value means; else that it fits none, or too many."""
        wrong = [branch for branch in self.branches if branch]
        if len(wrong) < len(self.branches):
            fits = len(self.branches) - len(wrong)
            yield self._violation(f"{shown(self.instance)} fits {fits} alternatives, but only one may fit")
            return
        meant = [branch for branch in wrong if not self._other_kinds(branch)]
        if len(meant) == 1:
            yield from (found for each in meant[0] for found in _worded(each, self.value))
        elif (told := self._of_the_tag(wrong)) is not None:
            yield told
        else:
            yield self._violation(self._none_fits(meant or wrong))

    def _of_the_tag(self, branches: list[list[Any]]) -> Violation | None:
        """What is wrong with the one field by which all branches that take an object are told apart."""
        objects = [branch for branch in branches if not any(self._is_here(each, "type") for each in branch)]
        fixed = [
            {each.instance_path[-1]: each for each in branch if each.kind.name == "const" and self._is_a_field(each)}
            for branch in objects
        ]
        tag = next((name for name in fixed[0] if all(name in each for each in fixed)), None) if len(fixed) > 1 else None
        if tag is None:
            lacking = [{each.kind.property for each in branch if self._is_here(each, "required")} for branch in objects]
            names = set.intersection(*lacking) if len(objects) > 1 else set()
            return _missing_field(min(names), self.instance, self.location) if names else None
        values = [each[tag].kind.expected_value for each in fixed]
        options = [each for number, each in enumerate(values) if each not in values[:number]]
        value, location = _found(self.value, fixed[0][tag].instance_path)
        message = _of_options(options, value)
        return Violation(json_path(location), message, "enum", location, meant=_near_option(options, value))

    def _is_here(self, error: Any, keyword: str) -> bool:
        return error.kind.name == keyword and len(error.instance_path) == len(self.location)

    def _is_a_field(self, error: Any) -> bool:
        return isinstance(self.instance, dict) and len(error.instance_path) == len(self.location) + 1

    def _violation(self, message: str) -> Violation:
        return Violation(json_path(self.location), message, self.keyword, self.location)

    def _other_kinds(self, branch: list[Any]) -> list[Any]:
        """The errors that say that a branch is for another kind of value altogether, by its type or fixed values."""
        here = len(self.location)
        fixed = [each for each in branch if each.kind.name == "const" and len(each.instance_path) == here + 1]
        return fixed + [each for each in branch if len(each.instance_path) == here and self._other_kind(each)]

    def _other_kind(self, error: Any) -> bool:
        """A word that is nearly a listed one is meant for that list."""
        nearly = error.kind.name == "enum" and _near_option(error.kind.options, self.instance)
        return error.kind.name in ("type", "const", "enum") and not nearly

    def _none_fits(self, branches: list[list[Any]]) -> str:
        firsts = [(self._other_kinds(branch) or branch)[0] for branch in branches]
        if all(each.kind.name == "type" for each in firsts):
            kinds = dict.fromkeys(_ARTICLES.get(kind, kind) for each in firsts for kind in each.kind.types)
            return f"{shown(self.instance)} is not {_either(list(kinds))}"
        told = [found for each in firsts[:3] for found in islice(_worded(each, self.value), 1)]
        reasons = dict.fromkeys(
            each.message if each.location == self.location else str(each).removeprefix("at ") for each in told
        )
        return f"{shown(self.instance)} fits none of {len(self.branches)} alternatives: {'; or '.join(reasons)}"


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _type(kind: Any, instance: Any) -> str:
    return f"{shown(instance)} is not {_either([_ARTICLES.get(each, each) for each in kind.types])}"


def _enum(kind: Any, instance: Any) -> str:
    return _of_options(kind.options, instance)


def _of_options(options: list[Any], instance: Any) -> str:
    words = [each if isinstance(each, str) else shown(each) for each in options[:_MOST_NAMED]]
    named = ", ".join(word if len(word) <= _LONGEST else shown(word) for word in words)
    more = f", or {len(options) - _MOST_NAMED} more" if len(options) > _MOST_NAMED else ""
    return f"{shown(instance)} is not one of {named}{more}{hint_of(_near_option(options, instance))}"


def hint_of(meant: str) -> str:
    """What a message ends with that asks for another name or word; empty for none."""
    return f" (did you mean {shown(meant)}?)" if meant else ""


def _near_option(options: list[Any], instance: Any) -> str:
    if not isinstance(instance, str) or len(options) > _MOST_COMPARED:
        return ""
    return _near(instance, [each for each in options if isinstance(each, str)])


_MOST_COMPARED = 1_000


def _near(word: str, known: list[str]) -> str:
    if len(known) > _MOST_COMPARED or len(word) > _LONGEST:
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), "")


def _pattern(kind: Any, instance: Any) -> str:
    # A backtracking engine that gives up says so under the same keyword, without the pattern.
    pattern = getattr(kind, "pattern", None)
    if pattern is None:
        return f"{shown(instance)} cannot be checked: its pattern takes too long"
    return f"{shown(instance)} does not match the pattern {_cut(pattern)}"


def _longer(what: str, limit: str) -> Callable[[Any, Any], str]:
    return lambda kind, instance: f"has {counted(len(instance), what)}, {limit} {kind.limit}"


_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda kind, instance: f"{shown(instance)} is not {shown(kind.expected_value)}",
    "minimum": lambda kind, instance: f"{shown(instance)} is less than the minimum of {kind.limit}",
    "maximum": lambda kind, instance: f"{shown(instance)} is greater than the maximum of {kind.limit}",
    "exclusiveMinimum": lambda kind, instance: f"{shown(instance)} is not greater than {kind.limit}",
    "exclusiveMaximum": lambda kind, instance: f"{shown(instance)} is not less than {kind.limit}",
    "multipleOf": lambda kind, instance: f"{shown(instance)} is not a multiple of {kind.multiple_of}",
    "minLength": _longer("character", "fewer than the minimum of"),
    "maxLength": _longer("character", "more than the maximum of"),
    "minItems": _longer("item", "fewer than the minimum of"),
    "maxItems": _longer("item", "more than the maximum of"),
    "minProperties": _longer("field", "fewer than the minimum of"),
    "maxProperties": _longer("field", "more than the maximum of"),
    "uniqueItems": lambda _, __: "has items that are equal to each other",
    "unevaluatedItems": lambda _, __: "has more items than are allowed",
    "contains": lambda _, __: "has no item of the kind that must be in it",
    "additionalItems": lambda kind, instance: f"has {counted(len(instance), 'item')}, but only {kind.limit} may be",
    "pattern": _pattern,
    "format": lambda kind, instance: f"{shown(instance)} is not a valid {kind.format}",
    "not": lambda _, instance: f"{shown(instance)} is of a kind that is excluded",
    "falseSchema": lambda _, __: "nothing is allowed here",
}
