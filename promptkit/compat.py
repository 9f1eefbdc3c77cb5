"""Whether one JSON Schema accepts all that another one allows: what a type reads against what a file promises.

The answer is a proof attempt, not a search: a mismatch that is `certain` has values behind it, one that is not
says "cannot tell". No mismatch means that every value that fits the writer fits the reader.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from promptkit.conjunction import ALL_KINDS, NARROWING, Form, form_of
from promptkit.violations import json_path, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_DEEPEST = 60
_MOST_COMPARISONS = 5_000
_ABOUT_SCALARS = (
    *("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format"),
)
_CHECKED_FORMATS = frozenset(
    ("date", "date-time", "time", "duration", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "regex")
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a value may fit the writer and not the reader, and why; `certain` is False for "cannot tell"."""

    path: str
    message: str
    certain: bool = True

    def __str__(self) -> str:
        return f"at {self.path}: {self.message}"


def accepts(reader: Mapping[str, Any] | bool, writer: Mapping[str, Any] | bool) -> tuple[Mismatch, ...]:
    """The reasons why not every value that fits `writer` fits `reader`; nothing when every one does."""
    return tuple(dict.fromkeys(_Comparison(reader, writer).compare(reader, writer, ())))


@dataclass
class _Comparison:
    """Two documents that are compared; `open` holds the pairs under way, which may be taken to fit."""

    reader_root: Any
    writer_root: Any
    open: dict[tuple[int, int], Any] = field(default_factory=dict)
    left: int = _MOST_COMPARISONS

    def compare(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> list[Mismatch]:
        """The mismatches of two schemas at one place."""
        pair = (id(reader), id(writer))
        if pair in self.open or reader in (True, {}) or writer is False:
            return []
        self.left -= 1
        if len(path) > _DEEPEST or self.left < 0:
            return [_unsure(path, "the schemas are too large to be compared to the end")]
        self.open[pair] = (reader, writer)
        return list(self._compare(reader, writer, path))

    def _compare(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        wrote = form_of(self.writer_root, writer)
        if wrote.never:
            return
        if wrote.unions:
            # Each branch of what is written must be read, whichever branch of the reader does it.
            for branch in wrote.branches():
                yield from self.compare(reader, branch, path)
            return
        if (values := wrote.values()) is not None:
            yield from self._values(reader, wrote, values, path)
            return
        read = form_of(self.reader_root, reader)
        if read.unions and len(wrote.kinds()) > 1:
            for one_kind in wrote.by_kind():
                yield from self.compare(reader, one_kind, path)
            return
        if read.never:
            yield Mismatch(_path(path), "no value is accepted here", not wrote.loose)
            return
        yield from self._facts(read, wrote, path)
        for keyword, branches in read.unions:
            yield from self._one_of(keyword, branches, wrote, path)

    def _values(self, reader: Any, wrote: Form, values: list[Any], path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """Each of finitely many values, asked of the validator."""
        from promptkit.schema import Schema

        allowed = Schema({keyword: value for keyword, value in wrote.keywords.items() if keyword in _ABOUT_SCALARS})
        schema = Schema(self._standing_alone(reader))
        if schema.problems():
            yield _unsure(path, "the reader's schema cannot be used by itself")
            return
        for value in values:
            if schema.validate(value) and not allowed.validate(value):
                yield Mismatch(_path(path), f"{shown(value)} is allowed, but not accepted", not wrote.loose)

    def _standing_alone(self, reader: Any) -> Any:
        """A part of the reader's document as a document, with the definitions that it may refer to."""
        root = self.reader_root
        if reader is root or isinstance(reader, bool) or not isinstance(root, dict):
            return reader
        return {"allOf": [reader]} | {name: root[name] for name in ("$schema", "$defs", "definitions") if name in root}

    def _one_of(self, keyword: str, branches: list[Any], wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """A union of the reader: some branch must accept all; else the one branch that is meant says why not."""
        found = [self._attempt(branch, wrote.keywords, path) for branch in branches]
        forms = [form_of(self.reader_root, branch) for branch in branches]
        meant = [index for index, form in enumerate(forms) if not _apart(form, wrote)]
        if not all(found):
            if keyword == "oneOf" and len(meant) > 1:
                yield _unsure(path, "more than one alternative may fit, but only one is accepted")
        elif len(meant) == 1:
            yield from found[meant[0]]
        else:
            message = f"none of {len(branches)} alternatives accepts all that is allowed"
            yield Mismatch(_path(path), message, certain=not meant)

    def _attempt(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> list[Mismatch]:
        """A comparison whose assumptions end with it."""
        trial = _Comparison(self.reader_root, self.writer_root, dict(self.open), self.left)
        found = trial.compare(reader, writer, path)
        self.left = trial.left
        return found

    def _facts(self, read: Form, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """What the reader's plain keywords ask for; an uncertain writer makes all of it uncertain."""
        for mismatch in self._asked(read, wrote, path):
            certain = mismatch.certain and not wrote.loose
            yield Mismatch(mismatch.path, mismatch.message, certain)

    def _asked(self, read: Form, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        kinds = wrote.kinds()
        if extra := [kind for kind in kinds if not _covers(read.kinds(), kind)]:
            what = "anything" if len(kinds) == len(ALL_KINDS) else _either(extra)
            yield Mismatch(_path(path), f"may be {what}, but {_either(read.kinds())} is wanted")
            return
        if (values := read.values()) is not None:
            yield Mismatch(_path(path), f"may be more than {', '.join(map(shown, values[:8]))}")
            return
        for kind in kinds:
            if kind in _CHECKS:
                yield from _CHECKS[kind](self, read.keywords, wrote.keywords, path)
        for keyword in NARROWING:
            if keyword in read.keywords and not _same(read.keywords, wrote.keywords, keyword):
                yield _unsure(path, f"whether `{keyword}` holds cannot be told")
        if read.dropped:
            yield _unsure(path, "the reader's schema joins parts that cannot be compared")


def _apart(read: Form, wrote: Form) -> bool:
    """Whether no value fits both, by their types or by a field that both fix to different values."""
    if not any(_covers(read.kinds(), kind) for kind in wrote.kinds()):
        return "number" not in wrote.kinds() or "integer" not in read.kinds()
    needed = set(read.keywords.get("required", ())) & set(wrote.keywords.get("required", ()))
    pairs = [[_fixed(each.keywords.get("properties", {}).get(name)) for each in (read, wrote)] for name in needed]
    return any(one and other and one.isdisjoint(other) for one, other in pairs)


def _fixed(schema: Any) -> set[str]:
    """The values that a field is fixed to, as JSON."""
    if not isinstance(schema, dict):
        return set()
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return {json.dumps(value, sort_keys=True) for value in values}


def _covers(kinds: Iterable[str], kind: str) -> bool:
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _path(path: tuple[Any, ...]) -> str:
    return json_path(path).replace("[-1]", "[*]")


def _unsure(path: tuple[Any, ...], message: str) -> Mismatch:
    return Mismatch(_path(path), message, certain=False)


def _either(kinds: Iterable[str]) -> str:
    return " or ".join(kinds) or "nothing"


def _same(read: dict[str, Any], wrote: dict[str, Any], keyword: str) -> bool:
    return keyword in wrote and bool(read[keyword] == wrote[keyword]) and "$ref" not in json.dumps(read[keyword])


def _bounds(least: str, most: str, what: str) -> Callable[[dict[str, Any], dict[str, Any], Any], Iterator[Mismatch]]:
    """A check that what is written stays within two inclusive bounds."""

    def check(read: dict[str, Any], wrote: dict[str, Any], path: Any) -> Iterator[Mismatch]:
        low, high = read.get(least), read.get(most)
        if low and wrote.get(least, 0) < low:
            yield Mismatch(_path(path), f"may have fewer than {low} {what}")
        if high is not None and (wrote.get(most) is None or wrote[most] > high):
            yield Mismatch(_path(path), f"may have more than {high} {what}")

    return check


_lengths = _bounds("minLength", "maxLength", "characters")
_counts = _bounds("minItems", "maxItems", "items")
_fields = _bounds("minProperties", "maxProperties", "fields")


def _string(_: _Comparison, read: dict[str, Any], wrote: dict[str, Any], path: Any) -> Iterator[Mismatch]:
    yield from _lengths(read, wrote, path)
    for keyword in ("pattern", "format"):
        wanted, found = read.get(keyword), wrote.get(keyword)
        if wanted is None or wanted == found or (keyword == "format" and wanted not in _CHECKED_FORMATS):
            continue
        says = f"the {keyword} {wanted}" if keyword == "format" else f"the pattern {wanted}"
        yield Mismatch(_path(path), f"may be a text that does not match {says}", certain=found is None)


def _number(_: _Comparison, read: dict[str, Any], wrote: dict[str, Any], path: Any) -> Iterator[Mismatch]:
    whole = wrote.get("type") == "integer"
    for inclusive, exclusive, sign, words in _LIMITS:
        wanted, found = (_limit(each, inclusive, exclusive, sign, whole=whole) for each in (read, wrote))
        if wanted is not None and (found is None or found < wanted):
            yield Mismatch(_path(path), f"may be {words[wanted[1]].format(shown(sign * wanted[0]))}")
    step, own = read.get("multipleOf"), wrote.get("multipleOf", 1 if whole else None)
    if step and (own is None or own % step):
        certain = own is None or (isinstance(own, int) and isinstance(step, int))
        yield Mismatch(_path(path), f"may be no multiple of {step}", certain)


_LIMITS = (
    ("minimum", "exclusiveMinimum", 1, ("less than {}", "{} or less")),
    ("maximum", "exclusiveMaximum", -1, ("greater than {}", "{} or more")),
)


def _limit(
    keywords: dict[str, Any], inclusive: str, exclusive: str, sign: int, *, whole: bool
) -> tuple[float, bool] | None:
    """The narrowest of the bounds on one side as (bound, exclusive), which grows with narrowness.

    Between whole numbers every bound is an inclusive whole one.
    """
    found = [(sign * keywords[name], name == exclusive) for name in (inclusive, exclusive) if name in keywords]
    if whole:
        found = [(floor(bound) + 1 if strict else ceil(bound), False) for bound, strict in found]
    return max(found) if found else None


def _array(self: _Comparison, read: dict[str, Any], wrote: dict[str, Any], path: tuple[Any, ...]) -> Iterator[Mismatch]:
    yield from _counts(read, wrote, path)
    if read.get("uniqueItems") and not wrote.get("uniqueItems") and (wrote.get("maxItems") or 2) > 1:
        yield Mismatch(_path(path), "may hold the same item twice")
    listed, own = read.get("prefixItems", ()), wrote.get("prefixItems", ())
    most = wrote.get("maxItems")
    for index in range(max(len(listed), len(own))):
        if most is None or index < most:
            wanted = listed[index] if index < len(listed) else read.get("items", True)
            found = own[index] if index < len(own) else wrote.get("items", True)
            yield from self.compare(wanted, found, (*path, index))
    if most is None or most > max(len(listed), len(own)):
        yield from self.compare(read.get("items", True), wrote.get("items", True), (*path, -1))


def _object(
    self: _Comparison, read: dict[str, Any], wrote: dict[str, Any], path: tuple[Any, ...]
) -> Iterator[Mismatch]:
    needed = {**wrote, "minProperties": max(len(wrote.get("required", ())), wrote.get("minProperties", 0))}
    if wrote.get("additionalProperties") is False and "patternProperties" not in wrote:
        needed.setdefault("maxProperties", len(wrote.get("properties", ())))
    yield from _fields(read, needed, path)
    for name in read.get("required", ()):
        if name not in wrote.get("required", ()):
            yield Mismatch(_path((*path, name)), "may be missing, but is required")
    wanted, found = read.get("properties", {}), wrote.get("properties", {})
    for name in wanted:
        if name in found:
            yield from self.compare(wanted[name], found[name], (*path, name))
        else:
            yield from map(_open_field, self.compare(wanted[name], _others(wrote), (*path, name)))
    yield from _more_fields(self, read, wrote, path)


def _more_fields(
    self: _Comparison, read: dict[str, Any], wrote: dict[str, Any], path: tuple[Any, ...]
) -> Iterator[Mismatch]:
    others = read.get("additionalProperties", True)
    for name, schema in wrote.get("properties", {}).items():
        if name in read.get("properties", {}) or "patternProperties" in read:
            continue
        if others is False and schema is not False:
            yield Mismatch(_path((*path, name)), "is not a field that is accepted")
        else:
            yield from self.compare(others, schema, (*path, name))
    if others is False and _others(wrote) is not False:
        yield _unsure(path, "may have more fields than are accepted")
    elif others is not False:
        yield from self.compare(others, _others(wrote), (*path, "*"))


def _others(wrote: dict[str, Any]) -> Any:
    if "patternProperties" in wrote and wrote.get("additionalProperties") is False:
        return True
    return wrote.get("additionalProperties", True)


def _open_field(mismatch: Mismatch) -> Mismatch:
    """An undeclared field of an open object could be anything, but whoever writes hardly means it."""
    return Mismatch(mismatch.path, mismatch.message, certain=False)


_CHECKS: dict[str, Callable[[_Comparison, dict[str, Any], dict[str, Any], tuple[Any, ...]], Iterator[Mismatch]]] = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "array": _array,
    "object": _object,
}
