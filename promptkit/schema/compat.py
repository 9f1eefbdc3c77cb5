"""Whether one JSON Schema accepts all that another one allows: what a type reads against what a file promises.

The answer is a proof attempt, not a search: a mismatch that is `certain` has values behind it, one that is not
says "cannot tell". No mismatch means that every value that fits the writer fits the reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from promptkit.schema.claims import Claim, Path, claim, shown_at, unsure
from promptkit.schema.compat_kinds import CHECKS, either
from promptkit.schema.conjunction import ALL_KINDS, FOLLOWED_BY, NARROWING, SAYS_NOTHING, Form, Pairs, form_of
from promptkit.schema.counterexamples import breaking
from promptkit.schema.disjoint import apart, covers
from promptkit.schema.drafts import is_draft_4, modern, read_otherwise
from promptkit.schema.embedded import has_embedded
from promptkit.schema.equality import among, is_kind, same_json
from promptkit.schema.proofs import proved
from promptkit.schema.references import references, resolve, walk
from promptkit.schema.violations import shown
from promptkit.schema.witnesses import Witnesses, standing_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Mismatch", "accepts"]

_DEEPEST = 60
_MOST_COMPARISONS = 2_000
_MOST_STEPS = 16
_MOST_PROOFS = 3
_MOST_PAIRED = 4


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a value may fit the writer and not the reader, and why; `certain` is False for "cannot tell"."""

    path: str
    message: str
    certain: bool = True

    def __str__(self) -> str:
        return f"at {self.path}: {self.message}"


def accepts(reader: Mapping[str, Any] | bool, writer: Mapping[str, Any] | bool) -> tuple[Mismatch, ...]:
    """The reasons why not every value that fits `writer` fits `reader`; nothing when every one does.

    Of each certain one, such a value was made, and judged by the validators of both.
    """
    if same_json(reader, writer):
        return ()
    try:
        claims = list(_claims(modern(reader), modern(writer), oldest=is_draft_4(reader)))
    except (RecursionError, OverflowError):
        claims = [unsure((), "the schemas are too deep, or their numbers too large, to be compared")]
    except LookupError:
        claims = [unsure((), "a reference leads nowhere, or to what its draft keeps elsewhere")]
    if not claims and read_otherwise(reader, writer):
        claims = [unsure((), "they are of two drafts, which read some of their keywords in two ways")]
    if not claims and (has_embedded(reader) or has_embedded(writer)):
        claims = [unsure((), "a schema inside them has an address of its own")]
    witnesses, found = Witnesses(reader, writer), dict[tuple[str, str], bool]()
    for each in claims:
        told = shown_at(each.path), each.message
        found[told] = found.get(told) or witnesses.show(each)
    return tuple(Mismatch(*told, certain) for told, certain in found.items())


def _claims(reader: Any, writer: Any, *, oldest: bool) -> list[Claim]:
    comparison = Comparison(reader, writer, same_roots=same_json(reader, writer), oldest=oldest)
    return comparison.compare(reader, writer, ())


@dataclass
class Comparison:
    """Two documents that are compared, in the words of the newest draft.

    `open` holds the pairs under way, which may be taken to fit; `oldest` says that the reader is of draft 4.
    """

    reader_root: Any
    writer_root: Any
    same_roots: bool = False
    oldest: bool = False
    open: dict[tuple[int, int], Any] = field(default_factory=dict)
    left: int = _MOST_COMPARISONS
    proofs: int = 0
    exhausted: bool = False
    spread: dict[int, tuple[Any, list[Any]]] = field(default_factory=dict)
    forms: dict[int, tuple[Any, Form]] = field(default_factory=dict)
    both: Pairs = field(default_factory=Pairs)

    def compare(self, reader: Any, writer: Any, path: Path) -> list[Claim]:
        """What may be wrong of two schemas at one place."""
        reader, writer = _led_to(self.reader_root, reader), _led_to(self.writer_root, writer)
        pair = (id(reader), id(writer))
        if pair in self.open or reader is True or reader == {} or writer is False or self.is_same(reader, writer):
            return []
        self.left -= 1
        if len(path) > _DEEPEST or self.left < 0:
            return self._given_up(path)
        self.open[pair] = (reader, writer)
        return list(self._compare(reader, writer, path))

    def _given_up(self, path: Path) -> list[Claim]:
        """That the end is not reached; once is enough when nothing more is looked at anyway."""
        told, self.exhausted = self.exhausted, self.left < 0
        return [] if told else [unsure(path, "the schemas are too large to be compared to the end")]

    def _compare(self, reader: Any, writer: Any, path: Path) -> Iterator[Claim]:
        wrote = form_of(self.writer_root, writer, self.both)
        if wrote.never:
            return
        if wrote.unions:
            # Each branch of what is written must be read, whichever branch of the reader does it.
            for branch in self._spread(writer, wrote.branches):
                yield from (each.inside(path, branch) for each in self.compare(reader, branch, path))
            return
        if (values := wrote.values()) is not None:
            yield from self._values(reader, wrote, values, path)
            return
        read = form_of(self.reader_root, reader, self.both)
        if read.unions and len(wrote.kinds()) > 1:
            for kind in self._spread(writer, wrote.by_kind):
                yield from (each.inside(path, kind) for each in self.compare(reader, kind, path))
            return
        yield from self._kept(read, wrote, path)

    def _spread(self, writer: Any, parts: Callable[[], Iterator[Any]]) -> list[Any]:
        """A writer's branches or kinds, the same ones each time, so that a pair under way is known again."""
        if id(writer) not in self.spread:
            self.spread[id(writer)] = (writer, list(parts()))
        return self.spread[id(writer)][1]

    def _kept(self, read: Form, wrote: Form, path: Path) -> Iterator[Claim]:
        """What a reader asks of a writer without unions."""
        if read.never:
            yield claim(path, "no value is accepted here", True)
            return
        yield from self._asked(read, wrote, path)
        for keyword, branches in read.unions:
            yield from self._one_of(keyword, branches, wrote, path)

    # What proofs ask

    @property
    def roots(self) -> tuple[Any, Any]:
        """The documents of the reader and the writer."""
        return self.reader_root, self.writer_root

    def fits(self, reader: Any, writer: Any, path: Path) -> bool:
        """Whether a reader surely accepts all that a writer allows; within the proofs of proofs, nothing is sure."""
        if self.proofs >= _MOST_PROOFS:
            return False
        self.proofs += 1
        found = self._attempt(reader, writer, path)
        self.proofs -= 1
        return not found

    def fits_turned(self, reader: Any, writer: Any) -> bool:
        """The same the other way round: whether a writer's schema surely accepts what a reader's allows."""
        turned = Comparison(self.writer_root, self.reader_root, self.same_roots, left=self.left, proofs=self.proofs)
        found = turned.fits(writer, reader, ())
        self.left = turned.left
        return found

    def form(self, schema: Any) -> Form:
        """The form of one of the reader's schemas, made once."""
        if id(schema) not in self.forms:
            self.forms[id(schema)] = (schema, form_of(self.reader_root, schema, self.both))
        return self.forms[id(schema)][1]

    def is_same(self, reader: Any, writer: Any) -> bool:
        """Whether two schemas say the same: equal ones do, if their references lead to equal places."""
        return same_json(reader, writer) and (self.same_roots or not any(True for _ in references(reader)))

    # How it is compared

    def _values(self, reader: Any, wrote: Form, values: list[Any], path: Path) -> Iterator[Claim]:
        """Each of finitely many values, asked of the validator."""
        if self.oldest and any(map(_has_whole_number, values)) and _speaks_of_integers(self.reader_root):
            yield unsure(path, "1.0 may stand for 1, and is no integer in draft 4")
        if all(_takes(self.reader_root, reader, value) for value in values):
            return
        accepted = standing_alone(self.reader_root, reader)
        # what the rest leaves over cannot be told of two schemas in one
        joined = {key: each for key, each in wrote.keywords.items() if not key.startswith("unevaluated")}
        allowed = standing_alone(self.writer_root, joined)
        if accepted is None:
            yield unsure(path, "a part of a schema cannot be used by itself")
            return
        for value in values:
            if not accepted.is_valid(value) and (allowed is None or allowed.is_valid(value)):
                yield claim(path, f"{shown(value)} is allowed, but not accepted", {"enum": [value]})

    def _one_of(self, keyword: str, branches: list[Any], wrote: Form, path: Path) -> Iterator[Claim]:
        """A union of the reader: some branch must accept all; else the one branch that is meant says why not."""
        meant = [branch for branch in branches if not apart(self.roots, self.form(branch), wrote)]
        found = [self._attempt(branch, wrote.keywords, path) for branch in meant]
        if not all(found):
            if keyword == "oneOf" and len(meant) > 1:
                both = ({"allOf": list(pair)} for pair in combinations(meant[:_MOST_PAIRED], 2))
                alone = (each for each in both if not any(True for _ in references(each)))
                yield claim(path, "more than one alternative may fit, but only one is accepted", *alone)
        elif len(found) == 1:
            yield from found[0]
        else:
            message = f"none of {len(branches)} alternatives accepts all that is allowed"
            plants = tuple(plant for each in found for one in each for plant in one.plants[:1])
            yield Claim(path, message, plants or claim(path, message, True).plants)

    def _attempt(self, reader: Any, writer: Any, path: Path) -> list[Claim]:
        """A comparison whose assumptions end with it, unless they hold."""
        trial = replace(self, open=dict(self.open), exhausted=False)
        found = trial.compare(reader, writer, path)
        self.left = trial.left
        if not found:
            self.open.update(trial.open)
        return found

    def _asked(self, read: Form, wrote: Form, path: Path) -> Iterator[Claim]:
        kinds = wrote.kinds() if self.oldest else wrote.whole_kinds()
        if extra := [kind for kind in kinds if not covers(read.kinds(), kind)]:
            what = "anything" if len(kinds) == len(ALL_KINDS) else either(extra)
            others = [{"type": kind, "not": {"type": list(read.kinds())}} for kind in extra]
            yield claim(path, f"may be {what}, but {either(read.kinds())} is wanted", *others, {"enum": _BROKEN})
            return
        if (values := read.values()) is not None and ("enum" in read.keywords or read.kinds() != ("integer",)):
            others = [{"type": kind, "not": {"enum": values}} for kind in kinds]
            yield claim(path, f"may be more than {', '.join(map(shown, values[:8]))}", *others)
            return
        for kind in kinds:
            if kind in CHECKS:
                yield from CHECKS[kind](self, read.keywords, {**wrote.keywords, "type": kind}, path)
        for keyword in NARROWING:
            if keyword in read.keywords and not self._kept_by(read, wrote, keyword, path):
                yield claim(path, f"`{keyword}` may not hold", *breaking(keyword, read.keywords))
        if read.dropped:
            yield unsure(path, "the reader's schema joins parts that cannot be compared")

    def _kept_by(self, read: Form, wrote: Form, keyword: str, path: Path) -> bool:
        """Whether a keyword that is not followed further surely holds: both say the same by it, or it can be proved."""
        if keyword.startswith("unevaluated"):  # it means another thing beside other keywords
            same = self.same_roots and same_json(read.keywords, wrote.keywords)
        else:
            group = FOLLOWED_BY.get(keyword, (keyword,))
            mine, other = ({key: each.keywords[key] for key in group if key in each.keywords} for each in (read, wrote))
            same = self.is_same(mine, other)
        return same or proved(self, keyword, read.keywords, wrote, path)


_BROKEN = [0.5, -0.5, 1.5, 2.5, 10.5, 0.25, 0.1]
"""Numbers that are no whole ones."""


def _has_whole_number(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_kind(value, ["integer"]) or any(map(_has_whole_number, inner))


def _speaks_of_integers(root: Any) -> bool:
    return any("integer" in _listed(schema.get("type")) for _, schema in walk(root))


def _takes(root: Any, schema: Any, value: Any) -> bool:
    """Whether a schema surely takes a value, by what it says at first sight: a type, a few values, alternatives."""
    if not isinstance(schema, dict):
        return schema is True
    if schema.keys() - SAYS_NOTHING == {"$ref"}:
        schema = _led_to(root, {"$ref": schema["$ref"]})
    said = schema.keys() - SAYS_NOTHING
    if said and said <= {"type", "enum"} and len(schema.get("enum", ())) <= _FEW:
        fits = "type" not in schema or is_kind(value, _listed(schema["type"]))
        return fits and among(value, schema.get("enum", [value]))
    if said == {"anyOf"}:
        return any(_takes(root, branch, value) for branch in schema["anyOf"])
    if said == {"oneOf"}:
        other = [branch for branch in schema["oneOf"] if is_kind(value, form_of(root, branch).kinds())]
        return len(other) == 1 and _takes(root, other[0], value)
    return False


_FEW = 100


def _listed(kinds: Any) -> list[Any]:
    return kinds if isinstance(kinds, list) else [kinds]


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
