"""A JSON Schema as the forms that a value may have: references followed, `allOf` merged, unions spread out.

A form is a plain mapping of keywords without combinators, so that whoever makes a value looks at one form and
nothing else. What a form cannot say (`not`, `oneOf`'s exclusiveness) is left to the validator.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any

from promptkit.schema.conjunction import Pairs
from promptkit.schema.drafts import heard
from promptkit.schema.equality import among
from promptkit.schema.making.merge import UnmakeableError, merged
from promptkit.schema.references import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from promptkit.schema.making.merge import Keywords

_MOST = 64
_DEEPEST = 24
_MOST_MERGED = 100_000
_COMBINATORS = ("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "then", "else")
_SCALARS = frozenset(("string", "integer", "number", "boolean", "null"))


class Forms:
    """The forms of a schema and of the schemas inside it."""

    def __init__(self, root: Mapping[str, Any] | bool) -> None:
        self._root = root
        self._known: dict[int, tuple[Any, list[Keywords]]] = {}
        self._fitting: dict[tuple[int, int], bool] = {}
        self.both = Pairs()
        self._left = _MOST_MERGED

    def of(self, schema: Any) -> list[Keywords]:
        """The forms of a schema, at most 64 of them; none when nothing can fit it."""
        known = self._known.get(id(schema))
        if known is None:
            known = (schema, list(islice(self._spread(schema, frozenset()), _MOST)))
            self._known[id(schema)] = known  # keeps the schema alive, and so its id its own
        return known[1]

    def _spread(self, schema: Any, followed: frozenset[str]) -> Iterator[Keywords]:
        if isinstance(schema, bool) or not isinstance(schema, dict):
            yield from ({},) if schema is not False else ()
            return
        schema = heard(self._root, schema)
        parts = [list(islice(part, _MOST)) for part in self._parts(schema, followed)]
        for chosen in islice(product(*parts), _MOST * 4):
            form: Keywords | None = _own(schema)
            for other in chosen:
                form = self.merged(form, other) if form is not None else None
            if form is not None:
                yield form

    def merged(self, one: Keywords, other: Keywords) -> Keywords | None:
        """The form that asks for both; None when nothing can be both.

        Raises `UnmakeableError` where the forms of the schema multiply beyond all measure.
        """
        self._left -= 1
        if self._left < 0:
            raise UnmakeableError("its alternatives multiply to more than can be looked at")
        return merged(one, other, self.both)

    def _parts(self, schema: Mapping[str, Any], followed: frozenset[str]) -> Iterator[Iterator[Keywords]]:
        """Each combinator as the forms that it leaves to choose from."""
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(keyword), str):
                yield self._followed(schema[keyword], followed)
        for part in schema.get("allOf", ()):
            yield self._spread(part, followed)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield self._any(schema[keyword], followed)
        if "if" in schema:
            holds = {"allOf": [schema["if"], schema.get("then", True)]}
            yield self._any([holds, schema.get("else", True)], followed)

    def _any(self, branches: list[Any], followed: frozenset[str]) -> Iterator[Keywords]:
        for branch in branches:
            yield from self._spread(branch, followed)

    def _followed(self, reference: str, followed: frozenset[str]) -> Iterator[Keywords]:
        """The forms of what a reference leads to. Raises `UnmakeableError` where that is nothing inside the schema."""
        if reference in followed:
            return  # a reference to itself alone allows nothing
        try:
            target = resolve(self._root, reference)
        except LookupError:
            message = f"the schema's reference {reference} leads nowhere inside the schema"
            raise UnmakeableError(message) from None
        yield from self._spread(target, followed | {reference})

    def height(self, schema: Any) -> int | None:
        """How deep the flattest value is: 0 for a scalar; None for more than 24, or when there is none."""
        return next((height for height in range(_DEEPEST) if self._fits(schema, height)), None)

    def form_height(self, form: Keywords) -> int:
        """The same of one form, 24 for what cannot be."""
        return next((height for height in range(_DEEPEST) if self._form_fits(form, height)), _DEEPEST)

    def _fits(self, schema: Any, height: int) -> bool:
        key = (id(schema), height)
        if key not in self._fitting:
            self._fitting[key] = any(self._form_fits(form, height) for form in self.of(schema))
        return self._fitting[key]

    def _form_fits(self, form: Keywords, height: int) -> bool:
        if "enum" in form:
            return True
        types = types_of(form)
        if _SCALARS & set(types):
            return True
        return any(_NEEDS[kind](self, form, height) for kind in types)

    def _object_fits(self, form: Keywords, height: int) -> bool:
        needed = [form.get("properties", {}).get(name, True) for name in form.get("required", ())]
        return height > 0 and all(self._fits(schema, height - 1) for schema in needed)

    def _array_fits(self, form: Keywords, height: int) -> bool:
        count = form.get("minItems", 0)
        prefix = form.get("prefixItems", [])[:count]
        needed = [*prefix, form.get("items", True)] if count > len(prefix) else prefix
        return height > 0 and all(self._fits(schema, height - 1) for schema in needed)


_NEEDS: dict[str, Callable[[Forms, Keywords, int], bool]] = {"object": Forms._object_fits, "array": Forms._array_fits}  # noqa: SLF001 (the table is the class's own)

_HINTS = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties", "minProperties")),
    ("array", ("items", "prefixItems", "minItems", "uniqueItems", "contains")),
    ("string", ("pattern", "format", "minLength", "maxLength")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


def types_of(form: Keywords) -> list[str]:
    """The types that a form allows, likeliest first: the declared ones, else what its keywords hint at."""
    if "type" in form:
        types: list[str] = form["type"]
        return types
    hinted = [kind for kind, keywords in _HINTS if any(keyword in form for keyword in keywords)]
    return list(dict.fromkeys([*hinted, "string", "integer", "object", "array", "boolean", "null"]))


def _own(schema: Mapping[str, Any]) -> Keywords:
    """A schema's own keywords, as makers of values want them: types and patterns in lists, since parts add to them."""
    form = {name: value for name, value in schema.items() if name not in _COMBINATORS}
    for keyword in _SPELLINGS.keys() & form.keys():
        _SPELLINGS[keyword](form, form.pop(keyword))
    return form


def _spell_type(form: Keywords, types: Any) -> None:
    form["type"] = [types] if isinstance(types, str) else list(types)


def _spell_const(form: Keywords, value: Any) -> None:
    listed = form.get("enum")
    form["enum"] = [value] if listed is None or among(value, listed) else []


def _spell_contains(form: Keywords, schema: Any) -> None:
    least = int(form.pop("minContains", 1))
    form["contains"] = [(schema, least, form.pop("maxContains", None))]


def _spell_list(keyword: str) -> Callable[[Keywords, Any], None]:
    def spell(form: Keywords, value: Any) -> None:
        form[keyword] = [value]

    return spell


def _spell_examples(form: Keywords, value: Any) -> None:
    form["examples"] = list(value) if isinstance(value, list) else [value]


_SPELLINGS: dict[str, Callable[[Keywords, Any], None]] = {
    "type": _spell_type,
    "const": _spell_const,
    "contains": _spell_contains,
    "pattern": _spell_list("pattern"),
    "format": _spell_list("format"),
    "default": _spell_list("default"),
    "examples": _spell_examples,
}
