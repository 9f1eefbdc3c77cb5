"""One try at a value of a JSON Schema: what to choose at each place follows from the seed and the place alone.

Each place has several variants, numbered; whoever checks the value asks for another variant where it does not
fit. So only what is wrong changes from one try to the next.
"""

from __future__ import annotations

import hashlib
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.schema.keywords import SILENT
from promptkit.schema.making.forms import types_of
from promptkit.schema.making.numbers import numbers
from promptkit.schema.making.texts import matches, names_matching, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.schema.making.forms import Forms
    from promptkit.schema.making.merge import Keywords

Path = tuple[str | int, ...]

DEEPEST = 5
"""Below this depth only what is required is made, if nothing else is asked for; recursive schemas end there."""

_MOST_VALUES = 2_000
_MOST_ITEMS = 10_000
_USUAL_ITEMS = 2


class Impossible(Exception):
    """No value can be made at a place."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


class Maker:
    """Makes one value. `variants` says which variant to take at a place (0 where nothing is said).

    Below the depth `deepest` only what is required is made. Afterwards `counts` has, for every place that was made, how
    many variants there are.
    """

    def __init__(self, forms: Forms, seed: str, variants: Mapping[Path, int], deepest: int = DEEPEST) -> None:
        self._forms = forms
        self._seed = seed
        self._variants = variants
        self._deepest = deepest
        self._values = 0
        self.counts: dict[Path, int] = {}

    def value(self, schema: Any, path: Path = ()) -> Any:
        """A value for a schema at a place. Raises `Impossible`."""
        return self._make(schema, path, self._variants.get(path, 0))

    def _make(self, schema: Any, path: Path, variant: int) -> Any:
        self._values += 1
        if self._values > _MOST_ITEMS * 2:
            raise Impossible((), "the value would be too large")
        choices = [choice for form in self._ordered(schema, path) for choice in self._choices(form, path)]
        if not choices:
            raise Impossible(path, "nothing that can be made fits the schema there")
        self.counts[path] = len(choices)
        return choices[variant % len(choices)]()

    def _ordered(self, schema: Any, path: Path) -> list[Keywords]:
        """A schema's forms, turned by the seed; null goes last, and deep down the flattest go first."""
        forms = self._forms.of(schema)
        if len(forms) < 2:
            return forms
        start = self._number(path, "form") % len(forms)
        forms = sorted([*forms[start:], *forms[:start]], key=lambda form: types_of(form) == ["null"])
        return sorted(forms, key=self._forms.form_height) if self._lean(path) else forms

    def _lean(self, path: Path) -> bool:
        return len(path) >= self._deepest or self._values > _MOST_VALUES

    def _choices(self, form: Keywords, path: Path) -> list[Callable[[], Any]]:
        """Everything that may stand there: listed values, examples, a default, then what is made."""
        types = types_of(form)
        if "enum" in form:
            return [partial(_given, value) for value in self._turned(form["enum"], path)]
        listed = [*self._turned(form.get("examples", []), path), *form.get("default", [])]
        given = [partial(_given, value) for value in listed if _is_any(value, types)]
        if not path and not form.keys() - _SAYS_NOTHING:
            return [lambda: {"answer": "simulated answer"}]
        if "type" in form:  # any of them will do
            start = self._number(path, "type") % len(types)
            types = sorted([*types[start:], *types[:start]], key=lambda kind: kind == "null")
        if self._lean(path):
            types = sorted(types, key=lambda kind: kind in ("object", "array"))
        return given + [choice for kind in types for choice in _KINDS[kind](self, form, path)]

    def _turned(self, values: list[Any], path: Path) -> list[Any]:
        start = self._number(path, "of") % len(values) if values else 0
        return [*values[start:], *values[:start]]

    def _number(self, path: Path, what: str) -> int:
        """A number that the seed and the place decide; of neighbours in a list, one more each."""
        ordinal, shape = _ordinal(path), [step for step in path if isinstance(step, str)]
        digest = hashlib.sha256(canonical_json([self._seed, shape, what]).encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest()[:6]) + ordinal

    def texts(self, form: Keywords, path: Path) -> list[Callable[[], Any]]:
        """Texts that fit the form."""
        name = next((step for step in reversed(path) if isinstance(step, str)), "text")
        plain = "".join(char if char.isalnum() else " " for char in name).strip() or "text"
        return [partial(_given, text) for text in texts(form, plain, _ordinal(path))]

    def numbers(self, form: Keywords, path: Path, *, whole: bool) -> list[Callable[[], Any]]:
        """Numbers inside the form's bounds, different ones for neighbours."""
        first = self._number(path, "number")
        return [partial(_given, number) for number in numbers(form, first, whole=whole)]

    def truths(self, _: Keywords, path: Path) -> list[Callable[[], Any]]:
        """True and false, in an order that the seed decides."""
        first = self._number(path, "truth") % 2 == 0
        return [partial(_given, first), partial(_given, not first)]

    def nulls(self, _: Keywords, __: Path) -> list[Callable[[], Any]]:
        """The one null."""
        return [partial(_given, None)]

    def arrays(self, form: Keywords, path: Path) -> list[Callable[[], Any]]:
        """Lists of the usual size, then of the least, then such as have an item twice."""
        least, most = int(form.get("minItems", 0)), int(form.get("maxItems", _MOST_ITEMS))
        needed = max(least, sum(wanted for _, wanted, _ in form.get("contains", ())))
        prefix = len(form.get("prefixItems", ()))
        usual = needed if self._lean(path) else max(needed, prefix or _USUAL_ITEMS)
        sizes = dict.fromkeys(min(size, most) for size in (usual, needed, needed + 1))
        made: list[Callable[[], Any]] = [
            partial(self._array, form, path, size, least) for size in sizes if least <= size <= _MOST_ITEMS
        ]
        two = min(max(needed, prefix + 2), most)
        return made if form.get("uniqueItems") or two < 2 else [*made, partial(self._alike, form, path, two, least)]

    def _alike(self, form: Keywords, path: Path, size: int, least: int) -> list[Any]:
        """A list whose last two items are one."""
        made = self._array(form, path, size, least)
        return [*made[:-1], made[-2]] if len(made) > 1 else made

    def _array(self, form: Keywords, path: Path, size: int, least: int) -> list[Any]:
        items: list[Any] = []
        known: set[str] = set()
        for index in range(size):
            schema = self._item_schema(form, index, size)
            optional = index >= least and not form.get("contains")
            if optional and self._forms.height(schema) is None:
                break
            item = self._item(schema, (*path, index), known if form.get("uniqueItems") else set())
            if item is _NONE:
                if not optional:
                    raise Impossible(path, f"there are not {size} different items")
                break
            items.append(item)
        return items

    def _item(self, schema: Any, path: Path, known: set[str]) -> Any:
        """An item that is not known yet; `_NONE` when no variant of it is new."""
        first = self._variants.get(path, 0)
        for turn in range(12):
            item = self._make(schema, path, first + turn)
            if (text := canonical_json(_numbers_alike(item))) not in known:
                known.add(text)
                return item
        return _NONE

    def _item_schema(self, form: Keywords, index: int, size: int) -> Any:
        """What an item must fit; the first free places are for `contains`."""
        prefix = form.get("prefixItems", ())
        schema = prefix[index] if index < len(prefix) else form.get("items", True)
        place = index - (len(prefix) if size > len(prefix) else 0)
        for wanted, count, _ in form.get("contains", ()):
            if 0 <= place < count:
                return self._forms.both(schema, wanted)
            place -= count
        return schema

    def objects(self, form: Keywords, path: Path) -> list[Callable[[], Any]]:
        """An object with its optional properties, then with none of them."""
        full = [] if self._lean(path) else [partial(self._object, form, path, False)]
        return [*full, partial(self._object, form, path, True)]

    def _object(self, form: Keywords, path: Path, lean: bool) -> dict[str, Any]:
        form, names = self._completed(form, self._names(form, path, lean))
        schemas = [(name, self._property_schema(form, name)) for name in names]
        return {name: self.value(schema, (*path, name)) for name, schema in schemas}

    def _names(self, form: Keywords, path: Path, lean: bool) -> list[str]:
        declared, required = form.get("properties", {}), dict.fromkeys(form.get("required", ()))
        names = [name for name in declared if name in required or (not lean and self._has_room(declared[name], path))]
        names += [name for name in required if name not in declared]
        least, most = form.get("minProperties", 0), form.get("maxProperties", _MOST_ITEMS)
        spare = [name for name in reversed(names) if name not in required]
        gone = set(spare[: max(0, len(names) - int(most))])
        names = [name for name in names if name not in gone]
        if not names and not lean and most and _is_map(form):
            least = max(least, 1)
        return self._filled(form, names, int(least), path)

    def _has_room(self, schema: Any, path: Path) -> bool:
        height = self._forms.height(schema)
        return height is not None and len(path) + height <= self._deepest

    def _filled(self, form: Keywords, names: list[str], least: int, path: Path) -> list[str]:
        """The names with as many more as the object needs at least."""
        if least > _MOST_ITEMS:
            raise Impossible(path, f"{least} properties are too many")
        more = (name for name in form.get("properties", {}) if self._forms.height(form["properties"][name]) is not None)
        names = list(dict.fromkeys([*names, *(name for name in more if len(names) < least)]))[: max(least, len(names))]
        found = dict.fromkeys(names)
        for ordinal in range(least * 4):
            if len(found) >= least:
                break
            found[self._new_name(form, ordinal, path)] = None
        return list(found)

    def _new_name(self, form: Keywords, ordinal: int, path: Path) -> str:
        patterns = list(form.get("patternProperties", ()))
        if form.get("additionalProperties", True) is False or patterns:
            made = [name for pattern in patterns for name in names_matching(pattern, ordinal)]
        elif "propertyNames" in form:
            name = Maker(self._forms, self._seed, {}, self._deepest).value(
                form["propertyNames"], (*path, "name", ordinal)
            )
            made = [name] if isinstance(name, str) else []
        else:
            made = [f"simulated_{ordinal + 1}"]
        if not made:
            raise Impossible(path, "no name for a property can be made")
        return made[0]

    def _completed(self, form: Keywords, names: list[str]) -> tuple[Keywords, list[str]]:
        """The form and the names with all that the names call for."""
        wanted = dict.fromkeys([*names, *form.get("required", ())])
        waiting = list(wanted)
        for name in waiting:  # which grows
            needed = form.get("dependentRequired", {}).get(name, ())
            if name in form.get("dependentSchemas", {}):
                extra = self._forms.of(form["dependentSchemas"][name])
                form = (self._forms.merged(form, extra[0]) if extra else None) or form
                needed = [*form.get("dependentRequired", {}).get(name, ()), *form.get("required", ())]
            new = [each for each in dict.fromkeys(needed) if each not in wanted]
            wanted |= dict.fromkeys(new)
            waiting += new
        return form, list(wanted)

    def _property_schema(self, form: Keywords, name: str) -> Any:
        patterns = form.get("patternProperties", {})
        parts = [form["properties"][name]] if name in form.get("properties", {}) else []
        parts += [schema for pattern, schema in patterns.items() if matches(pattern, name)]
        if not parts:
            return form.get("additionalProperties", form.get("unevaluatedProperties", True))
        return reduce(self._forms.both, parts)


_SAYS_NOTHING = SILENT | {"title", "description"}


def _given(value: Any) -> Any:
    return value


_NONE = object()


def _ordinal(path: Path) -> int:
    return next((step for step in reversed(path) if isinstance(step, int)), 0)


def _is_map(form: Keywords) -> bool:
    open_to = form.get("additionalProperties")
    return "properties" not in form and (isinstance(open_to, dict) or "patternProperties" in form)


def _numbers_alike(value: Any) -> Any:
    """JSON holds 1 and 1.0 for one number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_numbers_alike(item) for item in value]
    return {key: _numbers_alike(item) for key, item in value.items()} if isinstance(value, dict) else value


_PYTHON = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def _is_any(value: Any, types: list[str]) -> bool:
    """Whether a value is of one of the types: what is none needs no try."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number" in types or ("integer" in types and float(value).is_integer())
    return any(isinstance(value, _PYTHON[kind]) for kind in types if kind in _PYTHON)


_KINDS: dict[str, Callable[[Maker, Keywords, Path], list[Callable[[], Any]]]] = {
    "string": Maker.texts,
    "integer": partial(Maker.numbers, whole=True),
    "number": partial(Maker.numbers, whole=False),
    "boolean": Maker.truths,
    "null": Maker.nulls,
    "array": Maker.arrays,
    "object": Maker.objects,
}
"""The choices of each type."""
