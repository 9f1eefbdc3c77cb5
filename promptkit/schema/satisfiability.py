"""Schemas that no value fits although each of their keywords could be kept.

Whether a value fits is a least fixed point, as whether a grammar's symbol has words: an object that needs another one
of its kind inside has none, where a list of such has the empty one. A schema is said to be empty only when that is
certain; what is not followed (`not`, `if`, `pattern` without an enum) counts as kept.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.schema.conjunction import Pairs, form_of
from promptkit.schema.disjoint import apart, may_have
from promptkit.schema.drafts import draft_of, respelled
from promptkit.schema.equality import among
from promptkit.schema.keywords import SILENT
from promptkit.schema.references import references, resolve, walk
from promptkit.schema.simple_validator import fits_plainly, is_plain
from promptkit.schema.validators import UnusableSchemaError, validator
from promptkit.schema.violations import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from promptkit.schema.conjunction import Form
    from promptkit.schema.keyword_merge import Both
    from promptkit.schema.references import Location

__all__ = ["Emptiness", "empty_schemas", "worth_a_look"]

_MOST_SCHEMAS = 2_000
_MOST_ALTERNATIVES = 64
_MOST_PARTS = 50
_TRIED = frozenset(("not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas", "contentSchema"))
"""Under these a schema that nothing fits may be meant."""
_MEETING = frozenset(("$ref", "allOf", "anyOf", "oneOf", "enum", "const", "minItems", "minProperties"))
_OF_ONE_VALUE = frozenset(
    (
        *("type", "enum", "const", "pattern", "minLength", "maxLength", "minItems", "maxItems", "required"),
        *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    )
)
_CLOSED = "let `unevaluatedProperties: false` beside `allOf` close them all, and not each for itself"
_ENDLESS = "let it be left out, or be null, somewhere"


class Emptiness(NamedTuple):
    """Why no value fits a schema, and where that is said.

    `spare` says that it is one of several alternatives, so that values may fit the others.
    """

    message: str
    location: Location
    hint: str = ""
    spare: bool = False


def worth_a_look(schema: dict[str, Any]) -> bool:
    """Whether keywords of a schema can contradict others, beyond what is seen of each by itself."""
    fields = schema.get("properties")
    return not _MEETING.isdisjoint(schema) or (isinstance(fields, dict) and False in fields.values())


def empty_schemas(root: Any, known: Set[int]) -> list[Emptiness]:
    """The schemas of a sound document that no value fits, one for each cause; `known` are told already, by identity.

    Nothing is said of a document whose references follow each other too long.
    """
    if root is False:
        return [Emptiness("no value fits `false`", ())]
    try:
        return list(_found(root, known))
    except RecursionError:
        return []


def _found(root: Any, known: Set[int]) -> Iterator[Emptiness]:
    places = [(place, each) for place, each in walk(root) if _TRIED.isdisjoint(place)]
    if len(places) > _MOST_SCHEMAS:
        return
    places.sort(key=lambda found: ("$ref" in found[1], -len(found[0])))
    told = _Satisfiability(root, set(known))
    # First what is wrong with one by itself, then what only all together show: those that need each other.
    others = {id(each) for _, each in places}
    for place, schema in places:
        alone = _Satisfiability(root, others - {id(schema)}, told)
        if not told.is_taken(schema) and not alone.some(schema):
            yield _why(alone, place, schema)
            told.taken.add(id(schema))
    for place, schema in places:
        if not told.some(schema):
            yield _why(told, place, schema)
            told = _Satisfiability(root, {*told.taken, id(schema)}, told)


class _Satisfiability:
    """The schemas of a document that some value fits, where `taken` ones do for sure; `known` shares what it found."""

    def __init__(self, root: Any, taken: set[int], known: _Satisfiability | None = None) -> None:
        self.root = root
        self.taken = taken
        self.both: Both = known.both if known else Pairs()
        self.alternatives: dict[int, list[Form]] = known.alternatives if known else {}
        self._proved: set[int] = set()
        self._met: dict[int, dict[str, Any]] = {}
        self._asked_by: dict[int, set[int]] = {}
        self._queue: list[int] = []
        self._asking = 0

    def some(self, schema: Any) -> bool:
        """Whether some value may fit a schema: each that is asked for is looked at, and again when more is proved."""
        if not isinstance(schema, dict) or self.is_taken(schema):
            return schema is not False
        self._meet(schema)
        while self._queue:
            if len(self._met) > _MOST_SCHEMAS:
                return True
            self._asking = self._queue.pop()
            if self._asking not in self._proved and self._fits(self._met[self._asking]):
                self._proved.add(self._asking)
                self._queue += self._asked_by.pop(self._asking, ())
        return id(schema) in self._proved

    def _has(self, schema: Any) -> bool:
        """The same as far as it is proved; who asks for what is not, is asked again when it is."""
        if not isinstance(schema, dict) or id(schema) in self._proved or self.is_taken(schema):
            return schema is not False
        self._asked_by.setdefault(id(schema), set()).add(self._asking)
        self._meet(schema)
        return False

    def _meet(self, schema: dict[str, Any]) -> None:
        if id(schema) not in self._met:
            self._met[id(schema)] = schema
            self._queue.append(id(schema))

    def is_taken(self, schema: dict[str, Any]) -> bool:
        """Whether a schema is taken to fit, or has a part that is: what is wrong with it is told there."""
        waiting, met = [schema], set[int]()
        while waiting:
            each = waiting.pop()
            if id(each) in self.taken:
                return True
            if isinstance(each, dict) and id(each) not in met and len(met) < _MOST_PARTS:
                met.add(id(each))
                waiting += each.get("allOf", ())
                if "$ref" in each:
                    with suppress(LookupError):
                        waiting.append(resolve(self.root, each["$ref"]))
        return False

    def _fits(self, schema: dict[str, Any]) -> bool:
        if id(schema) not in self.alternatives:
            self.alternatives[id(schema)] = self.forms(schema)
        forms = self.alternatives[id(schema)]
        return len(forms) > _MOST_ALTERNATIVES or any(self.fits(form) for form in forms)

    def forms(self, schema: dict[str, Any]) -> list[Form]:
        """A schema as alternatives without unions."""
        found: list[Form] = []
        waiting = [form_of(self.root, schema, self.both)]
        while waiting and len(waiting) + len(found) <= _MOST_ALTERNATIVES:
            form = waiting.pop()
            if not form.unions or form.never:
                found.append(form)
            else:
                waiting += (form_of(self.root, branch, self.both) for branch in form.branches())
        return [*found, *waiting]

    def fits(self, form: Form) -> bool:
        """Whether some value may fit a form without unions."""
        if form.never:
            return False
        if "enum" in form.keywords:
            rest = {keyword: said for keyword, said in form.keywords.items() if keyword != "enum"}
            return any(keeps(rest, value) for value in form.keywords["enum"])
        return any(self._fits_kind(replace(form, keywords={**form.keywords, "type": kind})) for kind in form.kinds())

    def _fits_kind(self, form: Form) -> bool:
        if apart((self.root, self.root), form, form) or form.values() == []:
            return False
        kind = form.keywords["type"]
        return {"object": self._fits_object, "array": self._fits_list}.get(kind, lambda _: True)(form.keywords)

    def _fits_object(self, said: dict[str, Any]) -> bool:
        needed, declared = said.get("required", ()), said.get("properties", {})
        if len(needed) > said.get("maxProperties", len(needed)):
            return False
        if said.get("additionalProperties") is False and "patternProperties" not in said:
            may_be = sum(map(self._has, declared.values())) if said.get("minProperties", 0) else 0
            if may_be < said.get("minProperties", 0):
                return False
        return all(may_have(said, name) and self._has(declared.get(name, True)) for name in needed)

    def _fits_list(self, said: dict[str, Any]) -> bool:
        first, least = said.get("prefixItems", []), said.get("minItems", 0)
        needed = first[:least] + ([said.get("items", True)] if least > len(first) else [])
        return all(self._has(each) for each in needed)


def keeps(said: dict[str, Any], value: Any) -> bool:
    """Whether a value may keep some keywords. What leads to other schemas is not followed."""
    if is_plain(said):
        return fits_plainly(said, value)
    alone = {keyword: each for keyword, each in said.items() if keyword not in SILENT}
    if any(True for _ in references(alone)):
        alone = {keyword: each for keyword, each in alone.items() if keyword in _OF_ONE_VALUE}
    try:
        return bool(validator(alone).is_valid(value))
    except (UnusableSchemaError, ValueError, OverflowError):
        return True


def _why(fitting: _Satisfiability, place: Location, schema: dict[str, Any]) -> Emptiness:
    """What of an empty schema cannot be kept together."""
    said = respelled(schema, draft_of(fitting.root))
    reasons = (why(fitting, place, said) for why in (_constants, _needs, _lists, _numbers, _parts, _alternatives))
    found = next(filter(None, reasons), None)
    if found is None and "$ref" in schema:
        found = Emptiness("no value fits what this leads to and what stands beside it", (*place, "$ref"))
    found = found or Emptiness("no value fits all that is said here", place)
    return found._replace(spare=place[-2:-1] in (("anyOf",), ("oneOf",)))


def _constants(_: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    rest = {keyword: value for keyword, value in said.items() if keyword not in ("enum", "const")}
    if "const" in said and not among(said["const"], said.get("enum", [said["const"]])):
        return Emptiness(f"no value fits: {shown(said['const'])} is not in the enum", (*place, "const"))
    for keyword, values in (("const", [said.get("const")]), ("enum", said.get("enum", ()))):
        if keyword in said and not any(keeps(rest, value) for value in values):
            broken = ", ".join(f"`{each}`" for each in rest if not keeps({each: rest[each]}, values[0]))
            who = f"{shown(values[0])} does not keep" if len(values) == 1 else "nothing in the enum keeps"
            return Emptiness(f"no value fits: {who} to {broken} beside it", (*place, keyword))
    return None


def _needs(fitting: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    declared = said.get("properties", {})
    for index, name in enumerate(said.get("required", ())):
        there = (*place, "required", index)
        if declared.get(name) is False:
            return Emptiness(f"no value fits: `{name}` is required, and `false` lets it not be there", there)
        if name in declared and not fitting.some(declared[name]):
            return Emptiness(f"no value fits: `{name}` needs another such object inside, without end", there, _ENDLESS)
    return None


def _lists(fitting: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    least, first, others = said.get("minItems", 0), said.get("prefixItems", []), said.get("items", True)
    if least > len(first) and others is False:
        message = f"no value fits: {least} items are needed, and {len(first) or 'none'} may be there"
        return Emptiness(message, (*place, "minItems"))
    if least and not all(fitting.some(each) for each in (*first[:least], others if least > len(first) else True)):
        return Emptiness("no value fits: an item needs another such list inside, without end", (*place, "minItems"))
    return None


def _numbers(fitting: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    if said.get("type") != "integer" or form_of(fitting.root, said).values() != []:
        return None
    bound = next((each for each in reversed(said) if "imum" in each), None)
    if bound is None:
        return None
    return Emptiness("no value fits: there is no whole number between the bounds", (*place, bound))


def _parts(fitting: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    if "allOf" not in said:
        return None
    message, there = "no value fits all of these", (*place, "allOf")
    forms = fitting.forms({"allOf": said["allOf"]})
    kinds = [form_of(fitting.root, each).keywords.get("type") for each in said["allOf"]]
    named = [f"`{kind}`" if isinstance(kind, str) else "another type" for kind in kinds if kind]
    if all(form.never for form in forms) and len(set(named)) > 1:
        return Emptiness(
            f"{message}: one is {named[0]}, another {next(each for each in named if each != named[0])}", there
        )
    for form in forms:
        for name in form.keywords.get("required", ()):
            if not may_have(form.keywords, name) or form.keywords.get("properties", {}).get(name) is False:
                return Emptiness(
                    f"{message}: `{name}` is required, and one of them is closed without it", there, _CLOSED
                )
    return Emptiness(message, there)


def _alternatives(_: _Satisfiability, place: Location, said: dict[str, Any]) -> Emptiness | None:
    keyword = next((each for each in ("anyOf", "oneOf") if each in said), None)
    message = "no value fits: none of the alternatives keeps to what stands beside them"
    return Emptiness(message, (*place, keyword)) if keyword else None
