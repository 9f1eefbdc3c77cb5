"""One place in a schema, as readers of loose answers need it: what may stand here, under which names, of which words.

This is an aid for reading only. Branches are laid side by side and joined loosely; whether a value fits is the
validator's word.
"""

from __future__ import annotations

import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.schema.equality import KINDS, json_kind
from promptkit.schema.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_REFERENCES = 32
_MOST_FORMS = 64
_OF_KIND = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems"),
}


class Place:
    """A place in the schema `root`: where `schema` judges.

    Where it is one of several alternatives, `whole` is the same place with all of them.
    """

    __slots__ = ("__dict__", "root", "schema", "whole")

    def __init__(self, root: Any, schema: Any, whole: Place | None = None) -> None:
        self.root = root
        self.schema = schema
        self.whole = whole

    @cached_property
    def forms(self) -> tuple[dict[str, Any], ...]:
        """The alternatives, each with at most one `type`, in the schema's order; empty where nothing is said."""
        found = [form for form in self._all_forms or () if form]
        return tuple(found) if len(found) <= _MOST_FORMS else ()

    @cached_property
    def _all_forms(self) -> list[dict[str, Any]] | None:
        """The same with alternatives that say nothing; None where there are too many."""
        try:
            return _Forms(self.root).of(self.schema, _MOST_REFERENCES)
        except _TooMany:
            return None

    @cached_property
    def is_open(self) -> bool:
        """Whether an alternative says nothing, so that anything may stand here."""
        return self._all_forms is None or not all(self._all_forms) or len(self._all_forms) > _MOST_FORMS

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The JSON types that may stand here; empty where the schema leaves it open."""
        kinds: set[str] = set()
        for form in self.forms:
            kind = kind_of(form)
            if not kind:
                return frozenset()
            kinds |= kind
        return frozenset(kinds)

    def takes(self, *kinds: str) -> bool:
        """Whether the schema says that one of these may stand here."""
        return not self.kinds.isdisjoint(kinds)

    @cached_property
    def names(self) -> dict[str, None]:
        """The keys that objects here declare."""
        return {name: None for form in self.forms for name in _named(form)}

    @cached_property
    def _has_prefix(self) -> bool:
        return any("prefixItems" in form for form in self.forms)

    @cached_property
    def _inside(self) -> dict[str | int, Place]:
        return {}

    def inside(self, step: str | int) -> Place:
        """The place of a property, or of an item (by its number)."""
        if isinstance(step, int) and not self._has_prefix:
            step = 0  # all items stand in the same place
        known = self._inside.get(step)
        if known is None:
            schemas = [each for form in self.forms for each in _below(form, step)]
            joined = schemas[0] if len(schemas) == 1 else {"anyOf": schemas} if schemas else True
            whole = self.whole.inside(step) if self.whole is not None else None
            known = self._inside[step] = Place(self.root, joined, whole)
        return known

    def alternative(self, form: dict[str, Any]) -> Place:
        """The place with one of its forms alone."""
        known = self._alternatives.get(id(form))
        if known is None:
            whole = self.whole or (self if len(self.forms) > 1 else None)
            known = self._alternatives[id(form)] = Place(self.root, form, whole)
        return known

    @cached_property
    def items_are_alike(self) -> bool:
        """Whether the items of a list here may be all that may stand here, in any alternative: lists of lists."""
        whole = self if self.whole is None else self.whole
        return bool(whole.forms) and self.inside(0).forms == whole.forms

    @cached_property
    def _alternatives(self) -> dict[int, Place]:
        """By the identity of the form."""
        return {}


def kind_of(form: dict[str, Any]) -> frozenset[str]:
    """The JSON types of a form; empty for any."""
    if isinstance(form.get("type"), str):
        return frozenset((form["type"],))
    if words := constants_of(form):
        return frozenset(json_kind(each) for each in words)
    for kind, keywords in _OF_KIND.items():
        if not form.keys().isdisjoint(keywords):
            return frozenset((kind,))
    return frozenset()


class _TooMany(Exception):
    """There are more alternatives than are worth looking at."""


class _Forms:
    """The alternatives of a schema, within a bound on the work."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.work = 0

    def of(self, schema: Any, left: int) -> list[dict[str, Any]]:
        """The alternatives. Raises `_TooMany`."""
        self._count(1)
        if not isinstance(schema, dict) or left <= 0:
            return [] if schema is False else [{}]
        base = {name: value for name, value in schema.items() if name not in _COMBINING}
        bases = [base]
        if "$ref" in schema:
            try:
                bases = [_joined(each, base) for each in self.of(resolve(self.root, schema["$ref"]), left - 1)]
            except LookupError:
                bases = [base]
        for part in _listed(schema, "allOf"):
            bases = self._product(bases, self.of(part, left - 1))
        for word in ("anyOf", "oneOf"):
            if _listed(schema, word):
                inner = [form for each in _listed(schema, word) for form in self.of(each, left - 1)]
                bases = self._product(bases, inner)
        return [form for each in bases for form in _by_kind(each)]

    def _product(self, bases: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._count(len(bases) * len(others))
        return [_joined(one, other) for one in bases for other in others]

    def _count(self, many: int) -> None:
        self.work += many
        if self.work > _MOST_WORK:
            raise _TooMany


_COMBINING = ("$ref", "allOf", "anyOf", "oneOf")
_MOST_WORK = 1_000


def _listed(schema: dict[str, Any], word: str) -> list[Any]:
    found = schema.get(word)
    return found if isinstance(found, list) else []


def _by_kind(form: dict[str, Any]) -> list[dict[str, Any]]:
    listed = form.get("type")
    return [{**form, "type": kind} for kind in listed if kind in KINDS] if isinstance(listed, list) else [form]


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What both say; of what both say differently, what the second says, but for properties and what is required."""
    joined = {**one, **other}
    for name in ("properties", "required"):
        if name in one and name in other and type(one[name]) is type(other[name]):
            joined[name] = {**one[name], **other[name]} if name == "properties" else [*one[name], *other[name]]
    return joined


def _named(form: dict[str, Any]) -> dict[str, Any]:
    named = form.get("properties")
    return named if isinstance(named, dict) else {}


def _below(form: dict[str, Any], step: str | int) -> Iterator[Any]:
    if isinstance(step, str):
        named = _named(form)
        if step in named:
            yield named[step]
        elif isinstance(form.get("additionalProperties"), dict):
            yield form["additionalProperties"]
        return
    listed = form.get("prefixItems")
    if isinstance(listed, list) and step < len(listed):
        yield listed[step]
    elif isinstance(form.get("items"), dict):
        yield form["items"]


def plain_word(text: str) -> str:
    """A word without case, accents, the marks around it and what joins its parts; other signs are part of it."""
    if text.isascii():
        bare = text.lower()
        if bare.isalnum():
            return bare
    else:
        split = unicodedata.normalize("NFKD", text.replace("ı", "i")).casefold()
        bare = "".join(char for char in split if not unicodedata.combining(char))
    return _JOINTS.sub("", bare.strip(_AROUND).rstrip(_BEHIND).strip(_AROUND)) or text.strip()


_AROUND = " \t\r\n\"'`*_“”‘’«»()[]"
_BEHIND = ".!,:;"
_JOINTS = LatePattern(r"(?<=\w)[\s_\-\u2010-\u2014'’]+(?=\w)|(?<=[^\W_])_+(?=[^\W_])")
_WORDS = LatePattern(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """The words of a text, each plain; signs stand for themselves."""
    return [plain_word(each) for each in _WORDS.findall(text)]


def constants_of(form: dict[str, Any]) -> list[Any] | None:
    """The few values that a form takes; None where it takes others too."""
    listed = form.get("enum")
    return listed if isinstance(listed, list) else [form["const"]] if "const" in form else None


def is_worded(form: dict[str, Any]) -> bool:
    """Whether a form is one of some words, and nothing else."""
    words = constants_of(form)
    return words is not None and all(isinstance(each, str) for each in words)


def is_worded_or_null(form: dict[str, Any]) -> bool:
    """Whether a form is one of some words, or null, and nothing else."""
    words = constants_of(form)
    texts = words is not None and all(isinstance(each, str) or each is None for each in words)
    return texts or form.get("type") == "null"


def words_at(place: Place) -> tuple[set[Any], dict[str, dict[Any, str]]]:
    """The words that may stand at a place, and by plain name those that it may mean, there or in other alternatives.

    Beside each stands the name as it is declared: the word itself, or its title. Null has names where it may stand.
    """
    exact: set[Any] = {word for form in place.forms for word in _listed_words(form) or ()}
    words: dict[str, dict[Any, str]] = {}
    for form in (*place.forms, *(place.whole.forms if place.whole is not None else ())):
        for word, names in (_listed_words(form) or {}).items():
            for name in names:
                words.setdefault(plain_word(name), {}).setdefault(word, name)
    if place.takes("null"):
        for name in NULLS:
            words.setdefault(name, {None: name})
        exact.add(None)
    return exact, words


NULLS = ("null", "none")
"""How null is named, plain."""


def _listed_words(form: dict[str, Any]) -> dict[str, list[str]] | None:
    """The words that a form is one of, each with its names; None for any other form."""
    if not is_worded_or_null(form):
        return None
    words = [each for each in constants_of(form) or () if each is not None]
    alias = [form["title"]] if "const" in form and isinstance(form.get("title"), str) else []
    return {word: [word, *alias] for word in words}
