"""Whether one JSON Schema accepts all that another one allows: what a type reads against what a file promises.

The answer is a proof attempt, not a search: a mismatch that is `certain` has values behind it, one that is not
says "cannot tell". No mismatch means that every value that fits the writer fits the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptkit.schema.compat_kinds import CHECKS, Mismatch, either, place, unsure
from promptkit.schema.conjunction import ALL_KINDS, NARROWING, SAYS_NOTHING, Form, form_of
from promptkit.schema.drafts import read_otherwise
from promptkit.schema.equality import is_kind, same_json
from promptkit.schema.references import references, resolve
from promptkit.schema.violations import shown
from promptkit.schema.witnesses import standing_alone, witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Mismatch", "accepts"]

_DEEPEST = 60
_MOST_COMPARISONS = 2_000
_MOST_STEPS = 16
_SCALARS = frozenset(("string", "integer", "number"))


def accepts(reader: Mapping[str, Any] | bool, writer: Mapping[str, Any] | bool) -> tuple[Mismatch, ...]:
    """The reasons why not every value that fits `writer` fits `reader`; nothing when every one does."""
    try:
        comparison = Comparison(reader, writer, same_roots=same_json(reader, writer))
        found = tuple(dict.fromkeys(comparison.compare(reader, writer, ())))
    except (RecursionError, OverflowError):
        return (unsure((), "the schemas are too deep, or their numbers too large, to be compared"),)
    except LookupError:
        return (unsure((), "a reference leads nowhere"),)
    if not found and read_otherwise(reader, writer):
        return (unsure((), "they are of two drafts, which read some of their keywords in two ways"),)
    return found


@dataclass
class Comparison:
    """Two documents that are compared; `open` holds the pairs under way, which may be taken to fit."""

    reader_root: Any
    writer_root: Any
    same_roots: bool = False
    open: dict[tuple[int, int], Any] = field(default_factory=dict)
    left: int = _MOST_COMPARISONS
    exhausted: bool = False
    spread: dict[int, tuple[Any, list[Any]]] = field(default_factory=dict)

    def compare(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> list[Mismatch]:
        """The mismatches of two schemas at one place."""
        reader, writer = _led_to(self.reader_root, reader), _led_to(self.writer_root, writer)
        pair = (id(reader), id(writer))
        if pair in self.open or reader is True or reader == {} or writer is False or self._same(reader, writer):
            return []
        self.left -= 1
        if len(path) > _DEEPEST or self.left < 0:
            return self._given_up(path)
        self.open[pair] = (reader, writer)
        return list(self._compare(reader, writer, path))

    def _given_up(self, path: tuple[Any, ...]) -> list[Mismatch]:
        """That the end is not reached; once is enough when nothing more is looked at anyway."""
        told, self.exhausted = self.exhausted, self.left < 0
        return [] if told else [unsure(path, "the schemas are too large to be compared to the end")]

    def _same(self, reader: Any, writer: Any) -> bool:
        """Whether two schemas say the same: equal ones do, if their references lead to equal places."""
        return same_json(reader, writer) and (self.same_roots or not any(True for _ in references(reader)))

    def _compare(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        wrote = form_of(self.writer_root, writer)
        if wrote.never:
            return
        if wrote.unions:
            yield from self._branches(reader, writer, wrote, path)
            return
        if (values := wrote.values()) is not None:
            yield from self._values(reader, wrote, values, path)
            return
        read = form_of(self.reader_root, reader)
        if read.unions and len(wrote.kinds()) > 1:
            for one_kind in self._spread(writer, wrote.by_kind):
                yield from _weighed(self.compare(reader, one_kind, path), surely=not wrote.dropped)
            return
        yield from self._kept(read, wrote, path)

    def _spread(self, writer: Any, parts: Callable[[], Iterator[Any]]) -> list[Any]:
        """A writer's branches or kinds, the same ones each time, so that a pair under way is known again."""
        if id(writer) not in self.spread:
            self.spread[id(writer)] = (writer, list(parts()))
        return self.spread[id(writer)][1]

    def _branches(self, reader: Any, writer: Any, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """Each branch of what is written must be read, whichever branch of the reader does it."""
        keyword, branches = wrote.unions[0]
        forms = [form_of(self.writer_root, branch) for branch in branches]
        for form, branch in zip(forms, self._spread(writer, wrote.branches), strict=True):
            # What fits two branches of a `oneOf` is never written.
            if found := self.compare(reader, branch, path):
                alone = keyword != "oneOf" or all(other is form or _apart(other, form) for other in forms)
                yield from _weighed(found, surely=alone and not wrote.dropped)

    def _kept(self, read: Form, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """What a reader asks of a writer without unions; an uncertain writer makes all of it uncertain."""
        if read.never:
            yield Mismatch(place(path), "no value is accepted here", not wrote.loose)
            return
        yield from _weighed(self._asked(read, wrote, path), surely=not wrote.loose)
        for keyword, branches in read.unions:
            yield from _weighed(self._one_of(keyword, branches, wrote, path), surely=not wrote.loose)

    def _values(self, reader: Any, wrote: Form, values: list[Any], path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """Each of finitely many values, asked of the validator."""
        if all(_plainly_takes(reader, value) for value in values):
            return
        accepted = standing_alone(self.reader_root, reader)
        allowed = standing_alone(self.writer_root, wrote.keywords)
        if accepted is None or allowed is None:
            yield unsure(path, "a part of a schema cannot be used by itself")
            return
        for value in values:
            if not accepted.is_valid(value) and allowed.is_valid(value):
                yield Mismatch(place(path), f"{shown(value)} is allowed, but not accepted", not wrote.dropped)

    def _one_of(self, keyword: str, branches: list[Any], wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """A union of the reader: some branch must accept all; else the one branch that is meant says why not."""
        found = [self._attempt(branch, wrote.keywords, path) for branch in branches]
        forms = [form_of(self.reader_root, branch) for branch in branches]
        meant = [index for index, form in enumerate(forms) if not _apart(form, wrote)]
        if not all(found):
            if keyword == "oneOf" and len(meant) > 1:
                yield unsure(path, "more than one alternative may fit, but only one is accepted")
        elif len(meant) == 1:
            yield from found[meant[0]]
        else:
            message = f"none of {len(branches)} alternatives accepts all that is allowed"
            yield Mismatch(place(path), message, certain=not meant)

    def _attempt(self, reader: Any, writer: Any, path: tuple[Any, ...]) -> list[Mismatch]:
        """A comparison whose assumptions end with it, unless they hold."""
        trial = replace(self, open=dict(self.open), exhausted=False)
        found = trial.compare(reader, writer, path)
        self.left = trial.left
        if not found:
            self.open.update(trial.open)
        return found

    def _asked(self, read: Form, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        kinds = wrote.kinds()
        if extra := [kind for kind in kinds if not _covers(read.kinds(), kind)]:
            what = "anything" if len(kinds) == len(ALL_KINDS) else either(extra)
            certain = extra != ["number"] or "integer" not in read.kinds() or witness(read, wrote, "number")
            yield Mismatch(place(path), f"may be {what}, but {either(read.kinds())} is wanted", certain)
            return
        if (values := read.values()) is not None:
            certain = any(_is_endless(wrote, kind) for kind in kinds) or bool(witness(read, wrote))
            yield Mismatch(place(path), f"may be more than {', '.join(map(shown, values[:8]))}", certain)
            return
        for kind in kinds:
            yield from self._of_kind(kind, read, wrote, path)
        for keyword in NARROWING:
            if keyword in read.keywords and not self._equal(read, wrote, keyword):
                yield unsure(path, f"whether `{keyword}` holds cannot be told")
        if read.dropped:
            yield unsure(path, "the reader's schema joins parts that cannot be compared")

    def _of_kind(self, kind: str, read: Form, wrote: Form, path: tuple[Any, ...]) -> Iterator[Mismatch]:
        """What the keywords of one type ask for; of texts and numbers an example shows whether it is certain."""
        if kind not in CHECKS:
            return
        found = list(CHECKS[kind](self, read.keywords, {**wrote.keywords, "type": kind}, path))
        yield from _weighed(found, surely=not found or kind not in _SCALARS or witness(read, wrote, kind))

    def _equal(self, read: Form, wrote: Form, keyword: str) -> bool:
        """Whether both say the same by a keyword that holds schemas, or leads to one."""
        if keyword not in wrote.keywords or not same_json(read.keywords[keyword], wrote.keywords[keyword]):
            return False
        if keyword.startswith("unevaluated"):  # it means another thing beside other keywords
            return self.same_roots and same_json(read.keywords, wrote.keywords)
        if keyword == "contains" and wrote.keywords.get("minContains", 1) < read.keywords.get("minContains", 1):
            return False
        return self.same_roots or not any(True for _ in references({keyword: read.keywords[keyword]}))


def _is_endless(form: Form, kind: str) -> bool:
    """Whether there are surely more values of a kind than anybody could list: nothing is said of lists or objects."""
    return kind in ("array", "object") and form.keywords.keys() <= {"type", *SAYS_NOTHING}


def _plainly_takes(schema: Any, value: Any) -> bool:
    """Whether a schema takes a value by what it says at first sight: a type alone, or one of several that may fit."""
    if not isinstance(schema, dict):
        return schema is True
    said = schema.keys() - SAYS_NOTHING
    if said == {"type"}:
        kinds = schema["type"]
        return is_kind(value, kinds if isinstance(kinds, list) else [kinds])
    return said == {"anyOf"} and any(_plainly_takes(branch, value) for branch in schema["anyOf"])


def _led_to(root: Any, schema: Any) -> Any:
    """What a schema stands for that is nothing but a reference: so a pair under way is known whichever leads to it."""
    for _ in range(_MOST_STEPS):
        if not isinstance(schema, dict) or schema.keys() != {"$ref"} or not isinstance(schema["$ref"], str):
            break
        found = resolve(root, schema["$ref"])
        if not isinstance(found, dict):
            break
        schema = found
    return schema


def _weighed(found: Iterable[Mismatch], *, surely: bool) -> Iterator[Mismatch]:
    """The same mismatches, none of them certain unless `surely`."""
    return (replace(mismatch, certain=mismatch.certain and surely) for mismatch in found)


def _apart(read: Form, wrote: Form) -> bool:
    """Whether no value fits both, by their types or by a field that both fix to different values."""
    if not any(_covers(read.kinds(), kind) for kind in wrote.kinds()):
        return "number" not in wrote.kinds() or "integer" not in read.kinds()
    if any(kind != "object" and _covers(read.kinds(), kind) for kind in wrote.kinds()):
        return False  # what is said of fields holds for objects alone
    needed = set(read.keywords.get("required", ())) & set(wrote.keywords.get("required", ()))
    pairs = [[_fixed(each.keywords.get("properties", {}).get(name)) for each in (read, wrote)] for name in needed]
    return any(one and other and one.isdisjoint(other) for one, other in pairs)


def _fixed(schema: Any) -> set[str]:
    """The texts that a field is fixed to."""
    if not isinstance(schema, dict):
        return set()
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return {value for value in values if isinstance(value, str)} if all(isinstance(v, str) for v in values) else set()


def _covers(kinds: Iterable[str], kind: str) -> bool:
    return kind in kinds or (kind == "integer" and "number" in kinds)
