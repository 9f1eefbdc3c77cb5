"""Bringing a value to its schema where nothing is lost: each change is told, and what would be a guess is left.

Of several alternatives the one that needs the fewest changes is taken, and of equal ones the first in the schema. The
validator judges the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits
from promptkit.output.key_matching import meant_keys
from promptkit.output.place import NULLS, Place, constants_of, is_worded_or_null, kind_of, plain_word, words_at
from promptkit.output.scalars import is_nothing, word_of
from promptkit.output.type_conversion import Origin, converted, short
from promptkit.output.wrappers import is_label, is_wrapper, names_list, wraps_whole
from promptkit.schema.equality import json_kind
from promptkit.schema.violations import json_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.schema.references import Location

_NO_ALTERNATIVE = 1_000
_MOST_PARTS = 1_000
_MOST_AROUND = 3
"""How many lists may be put around a single value."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a value, and where."""

    what: str
    location: Location = ()
    style: str = ""
    """How a number was written, where that leaves a doubt."""

    def __str__(self) -> str:
        return f"at {json_path(self.location)}: {self.what}"


@dataclass(frozen=True, slots=True)
class Fit:
    """A value, what was done to it, in how many places it does not fit yet, and whether the limit ended the search."""

    value: Any
    changes: tuple[Change, ...] = ()
    misfits: int = 0
    exhausted: bool = False


def coerce(value: Any, schema: Any, text: str = "") -> Fit:
    """A value as near to a schema as it can be brought without a loss. `text` is what it was read from."""
    coercion = _Coercion(schema, text)
    fit = coercion.fit(value, Place(schema, schema), ())
    styles = {change.style for change in fit.changes if change.style}
    if len(styles) > 1:  # a comma that divides thousands here, and decimals there, has two readings
        fit = Fit(value, misfits=1)
    return replace(fit, exhausted=coercion.work > coercion.most_work)


class _Coercion:
    def __init__(self, root: Any, text: str) -> None:
        self.root = root
        self.origin = Origin(root, text)
        self.work = 0
        self.most_work = current_limits().answer_changes
        self.deepest = current_limits().answer_depth + _MOST_AROUND
        self.lists_around = 0
        """How many lists are being put around a value, one in the other."""
        self.words: dict[int, tuple[Place, set[Any], dict[str, dict[Any, str]]]] = {}
        """The words of a place, by its identity; with the place, so that no other one gets that."""

    def fit(self, value: Any, place: Place, at: Location) -> Fit:
        """The value at a place of the schema."""
        self.work += 1
        forms = place.forms
        if not forms:
            return Fit(value)
        if self.work > self.most_work or len(at) > self.deepest:
            return Fit(value, misfits=1)
        worded = self._word(value, place, at)
        if worded is not None:
            return worded
        best: Fit | None = None
        for form in forms:
            fit = self._by_form(value, form, place, at)
            if best is None or _cost(fit) < _cost(best):
                best = fit
            if not (fit.changes or fit.misfits):
                break
        return best or Fit(value)

    def _by_form(self, value: Any, form: dict[str, Any], place: Place, at: Location) -> Fit:
        words = constants_of(form)
        if words is not None:
            if any(type(value) is type(each) and value == each for each in words):
                return Fit(value)
            return self._constant(value, words, place, at)
        wanted = kind_of(form)
        if not wanted:
            return Fit(value)
        [kind] = wanted if len(wanted) == 1 else ("",)
        own = json_kind(value)
        if own == kind or (kind == "number" and own == "integer") or (kind == "integer" and _is_whole(value)):
            return self._inside(value, form, place, at)
        found = [self._deeper(fit, form, place, at) for fit in self._turned(value, kind, form, at)]
        wrapped = self._wrapped(value, form, at) if kind == "object" else []
        if kind != "object" or (not at and isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)):
            wrapped += self._listed(value, form, place, at, kind)
        return min([*found, *wrapped], key=_cost, default=Fit(value, misfits=_NO_ALTERNATIVE))

    def _constant(self, value: Any, words: list[Any], place: Place, at: Location) -> Fit:
        """One of a few values, for what is written otherwise, or stands alone in a list or under a key."""
        kinds = {json_kind(each) for each in words}
        converted = [fit for kind in sorted(kinds - {"string"}) for fit in self._turned(value, kind, {}, at)]
        if isinstance(value, (list, dict)) and len(value) == 1:
            alone = value[0] if isinstance(value, list) else next(iter(value.values()))
            named = isinstance(value, list) or is_wrapper(name := next(iter(value))) or (not at and is_label(name))
            usable = named and not isinstance(alone, dict) and (not isinstance(alone, list) or len(alone) == 1)
            inner = self.fit(alone, place, at) if usable else Fit(alone, misfits=1)
            what = "a list of one" if isinstance(value, list) else f"`{short(next(iter(value)))}`"
            converted.append(replace(inner, changes=(Change(f"taken out of {what}", at), *inner.changes)))
        return next((fit for fit in converted if fit.value in words and not fit.misfits), Fit(value, misfits=2))

    def _deeper(self, fit: Fit, form: dict[str, Any], place: Place, at: Location) -> Fit:
        if not isinstance(fit.value, (dict, list)):
            return fit
        inner = self._inside(fit.value, form, place, at)
        return replace(inner, changes=(*fit.changes, *inner.changes))

    # Words

    def _word(self, value: Any, place: Place, at: Location) -> Fit | None:
        """A text where all that may stand is words: the one that it names."""
        digits = type(value) is int
        if not (digits or isinstance(value, str)) or not all(is_worded_or_null(form) for form in place.forms):
            return None
        known = self.words.get(id(place))
        if known is None:
            known = self.words[id(place)] = (place, *words_at(place))
        _, exact, words = known
        if digits:
            written = str(value)
            return Fit(written, (Change("number to text", at),)) if written in exact else Fit(value, misfits=1)
        if value in exact:
            return Fit(value)
        meant = word_of(value, words)
        if meant is None or meant[0] not in exact or (meant[0] is None and plain_word(str(value)) not in NULLS):
            return Fit(value, misfits=1)
        if meant[0] is None:
            return Fit(None, (Change(f"`{short(value)}` to null", at),))
        return Fit(meant[0], (Change(f"`{short(value)}` is `{meant[0]}`, {meant[1]}", at),))

    # One kind to another

    def _turned(self, value: Any, kind: str, form: dict[str, Any], at: Location) -> list[Fit]:
        found = converted(kind, value, form, self.origin)
        return [] if found is None else [Fit(found.value, (Change(found.what, at, found.style),))]

    # Lists and objects

    def _listed(self, value: Any, form: dict[str, Any], place: Place, at: Location, kind: str) -> list[Fit]:
        """A list of one for a single value, and the other way round."""
        if kind == "array" and value is not None:
            found = self._unwrapped(value, form, place, at, list)
            own = place.alternative(form)
            if isinstance(value, str) and (apart := self._taken_apart(value, own, at)) is not None:
                return [*found, apart]
            if value == {} or (isinstance(value, str) and (_LISTING.search(value) or is_nothing(value))):
                return found
            if own.items_are_alike or self.lists_around == _MOST_AROUND:  # it stands there by itself as well
                return found
            self.lists_around += 1
            inner = self.fit(value, own.inside(0), (*at, 0))
            self.lists_around -= 1
            change = Change("put into a list", at)
            return [*found, Fit([inner.value], (change, *inner.changes), inner.misfits)]
        if isinstance(value, list) and len(value) == 1 and kind != "array":
            inner = self._by_form(value[0], form, place, at)
            return [replace(inner, changes=(Change("taken out of a list of one", at), *inner.changes))]
        if isinstance(value, dict) and kind not in ("object", "array"):
            return self._unwrapped(value, form, place, at, (str, int, float, bool))
        return []

    def _taken_apart(self, text: str, place: Place, at: Location) -> Fit | None:
        """The numbers, or the declared words, that a text lists with commas; None where it says anything else."""
        items = place.inside(0)
        parts = [part.strip() for part in text.split(", ")]
        if not 1 < len(parts) <= _MOST_PARTS or not all(parts) or not items.forms:
            return None
        if items.kinds <= {"integer", "number"} and items.kinds:
            # Not a date, prices, or one number with its thousands apart.
            listed = all(map(_PLAIN_NUMBER.fullmatch, parts)) and not _GROUPED.search(text)
        else:
            exact = words_at(items)[1].keys() if all(is_worded_or_null(form) for form in items.forms) else ()
            listed = all(plain_word(part) in exact for part in parts) and plain_word(text) not in exact
        if not listed:
            return None
        fits = [self.fit(part, place.inside(index), (*at, index)) for index, part in enumerate(parts)]
        if any(fit.misfits for fit in fits):
            return None
        return _together([fit.value for fit in fits], fits, [Change("taken apart at its commas", at)])

    def _unwrapped(self, value: Any, form: dict[str, Any], place: Place, at: Location, kind: Any) -> list[Fit]:
        """What stands alone under one key that the schema does not have."""
        if not isinstance(value, dict) or len(value) != 1:
            return []
        [(name, inner)] = value.items()
        whole = (kind is dict and wraps_whole(name, inner, form)) or (kind is list and names_list(name, form))
        named = is_wrapper(name) or (not at and whole)
        if not named or not isinstance(inner, kind) or plain_word(name) in map(plain_word, place.names):
            return []
        fit = self._by_form(inner, form, place, at)
        return [replace(fit, changes=(Change(f"taken out of `{name}`", at), *fit.changes))]

    def _wrapped(self, value: Any, form: dict[str, Any], at: Location) -> list[Fit]:
        """A value put under the only key that the schema has."""
        named = form.get("properties")
        if at or not value or not isinstance(named, dict) or len(named) != 1:
            return []
        [name] = named
        place = Place(self.root, named[name])
        if not place.kinds or (isinstance(value, dict) and (name in value or "object" not in place.kinds)):
            return []
        inner = self.fit(value, place, (*at, name))
        return [Fit({name: inner.value}, (Change(f"put under `{name}`", at), *inner.changes), inner.misfits)]

    def _inside(self, value: Any, form: dict[str, Any], place: Place, at: Location) -> Fit:
        around, self.lists_around = self.lists_around, 0
        inside = self._all_inside(value, form, place, at)
        self.lists_around = around
        return inside

    def _all_inside(self, value: Any, form: dict[str, Any], place: Place, at: Location) -> Fit:
        if isinstance(value, list):
            own = place.alternative(form)
            fits = [self.fit(each, own.inside(index), (*at, index)) for index, each in enumerate(value)]
            few = len(value) < form.get("minItems", 0) if isinstance(form.get("minItems"), int) else False
            return _together([fit.value for fit in fits], fits, misfits=int(few))
        if isinstance(value, dict):
            return self._object(value, form, place, at)
        return Fit(value, misfits=int(_is_out(value, form)))

    def _object(self, value: dict[str, Any], form: dict[str, Any], place: Place, at: Location) -> Fit:
        plain = self._fields(value, form, place, at)
        if not plain.misfits:
            return plain
        others = [*self._unwrapped(value, form, place, at, dict), *self._wrapped(value, form, at)]
        return min([plain, *others], key=_cost)

    def _fields(self, value: dict[str, Any], form: dict[str, Any], place: Place, at: Location) -> Fit:
        own = place.alternative(form)
        named, changes, misfits = own.names, [], 0
        needed = [name for name in form.get("required", ()) if isinstance(name, str)]
        meant = meant_keys(value, named)
        found: dict[str, Any] = {}
        fits: list[Fit] = []
        closed = form.get("additionalProperties") is False and "patternProperties" not in form
        for key, each in value.items():
            name = meant.get(key, key)
            if name != key:
                changes.append(Change(f"key `{short(key)}` is `{name}`", at))
            inner = own.inside(name)
            if each is None and name in named and name not in needed and inner.kinds and not inner.takes("null"):
                changes.append(Change(f"null left out of `{name}`, which is optional", at))
                continue
            misfits += closed and name not in named
            fit = self.fit(each, inner, (*at, name))
            found[name] = fit.value
            fits.append(fit)
        for name in needed:
            if (
                name not in found
                and own.inside(name).takes("null")
                and (not value or not found.keys().isdisjoint(named))
            ):
                found[name] = None
                changes.append(Change(f"`{name}` is null, since it is absent", at))
            misfits += name not in found
        return _together(found, fits, changes, misfits)


_PLAIN_NUMBER = LatePattern(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_GROUPED = LatePattern(r"(?<!\d)\d{1,3}, \d{3}(?!\d)")
_LISTING = LatePattern(r"^\s*(?:[\[{]|[-*•]\s)|[,;\n]|\s\|\s")
"""What a text looks like that may be a list itself."""


def _together(value: Any, fits: list[Fit], changes: Iterable[Change] = (), misfits: int = 0) -> Fit:
    return Fit(
        value,
        (*changes, *(change for fit in fits for change in fit.changes)),
        misfits + sum(fit.misfits for fit in fits),
    )


def _cost(fit: Fit) -> tuple[int, int]:
    return fit.misfits, len(fit.changes)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _is_out(value: Any, form: dict[str, Any]) -> bool:
    """Whether a number or a text is outside of its bounds; for the choice between alternatives."""
    size = len(value) if isinstance(value, str) else value
    low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minimum", "maximum")
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        return False
    least, most = form.get(low), form.get(high)
    return (isinstance(least, (int, float)) and size < least) or (isinstance(most, (int, float)) and size > most)
