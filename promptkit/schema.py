"""One `Schema` value from JSON Schema or from a Python type: it validates, and prints itself for models.

The only importer of jsonschema_rs. A validator is built at the first use, never fetches anything (every
reference out of the document is refused), and runs patterns on an engine that takes linear time; only a pattern
that needs look-around or back-references gets a backtracking one, with a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.completion import canonical_json, sha256
from promptkit.references import endless, references, resolve, too_deep
from promptkit.result import Violation
from promptkit.violations import first_strange, json_path, strange_part, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DRAFTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
"""The drafts that are known, by their metaschemas' addresses (json-schema.org, "Specification Links")."""

DEEPEST = 200
"""How deep a schema may be nested. """

_BACKTRACKS = 100_000


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Why a schema cannot be used, and where in it."""

    message: str
    location: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"at {json_path(self.location)}: {self.message}"


class Schema:
    """A JSON Schema (drafts 4 to 2020-12 by its `$schema`, else 2020-12), or a Python type's.

    Two are equal when their JSON is. The JSON is held as it was given: do not change it afterwards. What is
    wrong with a schema itself is told by `problems`; no value fits a schema that cannot be used.
    """

    __slots__ = ("_adapter", "_digest", "_problems", "_text", "_validator", "json")

    def __init__(self, json: Mapping[str, Any] | bool) -> None:
        self.json: Any = dict(json) if isinstance(json, Mapping) and not isinstance(json, dict) else json
        self._adapter: Any = None
        self._validator: Any = None
        self._digest = ""
        self._text: str | None = None
        self._problems: tuple[SchemaProblem, ...] | None = None

    @classmethod
    def of(cls, json: Mapping[str, Any] | bool) -> Schema:
        """The same as `Schema(json)`."""
        return cls(json)

    @classmethod
    def from_type(cls, tp: Any) -> Schema:
        """The schema of a Python type: pydantic models, dataclasses, TypedDicts, Literals, `list[...]` and the like.

        Raises `ConfigError` for a type that pydantic has no JSON Schema for.
        """
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticUserError

        try:
            adapter: TypeAdapter[Any] = tp if isinstance(tp, TypeAdapter) else TypeAdapter(tp)
            schema = cls(adapter.json_schema())
        except (PydanticUserError, TypeError, NameError) as error:
            _refuse_type(tp, error)
        schema._adapter = adapter
        return schema

    @property
    def digest(self) -> str:
        """SHA-256 over the schema in canonical JSON."""
        if not self._digest:
            self._digest = sha256(_canonical(self.json))
        return self._digest

    def validate(self, value: Any, *, parsed: bool = False) -> tuple[Violation, ...]:
        """What is wrong with a JSON value, at most a hundred things; nothing when it fits.

        Never raises: a value that is no JSON at all, NaN, or nesting beyond 250 levels are violations too.
        `parsed` says that the value comes from a strict JSON parser, which spares the look for these.
        """
        validator = self._usable()
        if isinstance(validator, Violation):
            return (validator,)
        if not parsed and (strange := strange_part(value)) is not None:
            return (strange,)
        try:
            return () if validator.is_valid(value) else violations(validator.iter_errors(value), value)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            why = first_strange(value) or Violation("$", f"the value cannot be checked: {_first_line(error)}", "value")
            return (why,)

    def is_valid(self, value: Any) -> bool:
        """Whether a value fits."""
        return not self.validate(value)

    def view(self, value: Any) -> Any:
        """A value as the Python type that this schema was made from; of any other schema the value itself.

        JSON's own rules hold (a text becomes a date, a list a tuple), in the strictness that the type asks for.
        Raises `OutputError` with violations when the type's own validators refuse the value.
        """
        if self._adapter is None:
            return value
        from pydantic import ValidationError
        from pydantic_core import PydanticSerializationError, to_json

        try:
            return self._adapter.validate_json(to_json(value))
        except ValidationError as error:
            _refuse_view(tuple(_type_violations(error)))
        except (PydanticSerializationError, ValueError) as error:
            _refuse_view((Violation("$", f"the value is no JSON: {str(error)[:200]}", "value"),))

    def problems(self) -> tuple[SchemaProblem, ...]:
        """What is wrong with the schema itself, each with its place.

        That is what its draft's metaschema says, patterns that cannot be read, and references that lead nowhere,
        out of the document, or back to themselves.
        """
        if self._problems is None:
            self._problems = tuple(dict.fromkeys(_problems(self.json)))
        return self._problems

    def to_text(self) -> str:
        """The schema in a compact notation for models; see `promptkit.notation`."""
        if self._text is None:
            from promptkit.notation import to_text

            self._text = to_text(self.json)
        return self._text

    def order(self, value: Any) -> Any:
        """The same value with its objects' keys in the schema's order, others after them."""
        from promptkit.key_order import ordered

        return ordered(self.json, value)

    def _usable(self) -> Any:
        """The validator, or the violation that says why there is none."""
        if self._validator is None:
            try:
                self._validator = _compiled(self.json)
            except (ValueError, TypeError, RecursionError) as error:
                self._validator = Violation("$", f"the schema itself cannot be used: {_first_line(error)}", "$schema")
        return self._validator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Schema({self.digest[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._adapter is not None:
            return _from_adapted, (self._adapter._type,)  # noqa: SLF001
        return type(self), (self.json,)


def _from_adapted(tp: Any) -> Schema:
    return Schema.from_type(tp)


def _canonical(json: Any) -> str:
    try:
        return canonical_json(json)
    except (ValueError, TypeError, RecursionError) as error:
        # Not JSON, so never usable: one digest for each way of not being JSON is all that is needed.
        return f"no JSON: {type(error).__name__}: {error}"


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "message", error)).partition("\n")[0][:200]


def _refuse_type(tp: Any, error: BaseException) -> NoReturn:
    from promptkit.errors import ConfigError

    name = getattr(tp, "__name__", str(tp))
    raise ConfigError(
        f"`{name}` has no JSON Schema: {_first_line(error)}",
        help="use a pydantic model, a dataclass, a TypedDict, a Literal, or lists and unions of such",
    ) from None


def _refuse_view(found: tuple[Violation, ...]) -> NoReturn:
    from promptkit.errors import OutputError

    raise OutputError(
        "the answer does not fit its Python type", violations=found, details=[str(each) for each in found]
    ) from None


def _type_violations(error: Any) -> Iterator[Violation]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield Violation(json_path(each["loc"]), each["msg"], each["type"], tuple(each["loc"]))


def _refuse_to_fetch(address: str) -> NoReturn:
    raise ValueError(f"`{address}` is not part of the schema, and nothing is fetched")


def _compiled(json: Any) -> Any:
    """A validator: on the linear regex engine if every pattern can be read by it."""
    from jsonschema_rs import FancyRegexOptions, RegexOptions, validator_for

    if not isinstance(json, (dict, bool)):
        raise TypeError("a JSON Schema is an object, true or false")
    if too_deep(json, DEEPEST):
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")

    def build(options: RegexOptions | FancyRegexOptions) -> Any:
        later = _later_formats(json)
        return validator_for(
            json, formats=later, retriever=_refuse_to_fetch, validate_formats=True, pattern_options=options
        )

    try:
        return build(RegexOptions())
    except ValueError:
        return build(FancyRegexOptions(backtrack_limit=_BACKTRACKS))


_LATER_FORMATS = {
    "draft-04": ("duration", "iri", "iri-reference", "json-pointer", "uri-reference", "uri-template", "uuid"),
    "draft-06": ("duration", "iri", "iri-reference", "uuid"),
    "draft-07": ("duration", "uuid"),
}
"""Formats of JSON Schema 2020-12 that older drafts lack, where schemas of these drafts use them all the same."""


def _later_formats(json: Any) -> dict[str, Callable[[str], bool]]:
    from jsonschema_rs import Draft202012Validator

    draft = str(json.get("$schema", "")) if isinstance(json, dict) else ""
    named = next((names for word, names in _LATER_FORMATS.items() if word in draft), ())
    return {name: Draft202012Validator({"format": name}, validate_formats=True).is_valid for name in named}


def _problems(json: Any) -> Iterator[SchemaProblem]:
    if not isinstance(json, (dict, bool)):
        yield SchemaProblem("a JSON Schema is an object, true or false")
        return
    if too_deep(json, DEEPEST):
        yield SchemaProblem(f"the schema is nested deeper than {DEEPEST} levels")
        return
    found = [*_draft_problems(json), *_outside(json), *_endless(json)]
    yield from found
    if not found:
        yield from _uncompilable(json)


def _draft_problems(json: Any) -> Iterator[SchemaProblem]:
    """What the metaschema says; patterns are checked there too, as texts of the format `regex`."""
    draft = json.get("$schema", DRAFTS[-1]) if isinstance(json, dict) else DRAFTS[-1]
    if not isinstance(draft, str) or draft.rstrip("#") not in DRAFTS:
        known = ", ".join(DRAFTS)
        yield SchemaProblem(f"the draft {draft!r} is not known; known are {known}", ("$schema",))
        return
    for violation in _metaschema(draft.rstrip("#")).validate(json):
        yield SchemaProblem(violation.message, violation.location)


def _metaschema(draft: str) -> Schema:
    if draft not in _METASCHEMAS:
        _METASCHEMAS[draft] = Schema({"$schema": draft, "$ref": draft})
    return _METASCHEMAS[draft]


_METASCHEMAS: dict[str, Schema] = {}


def _outside(json: Any) -> Iterator[SchemaProblem]:
    for place, reference in references(json):
        if isinstance(reference, str) and not reference.startswith("#"):
            message = f"`{reference[:80]}` is outside of this document, and nothing is fetched; copy it into `$defs`"
            yield SchemaProblem(message, place)


def _endless(json: Any) -> Iterator[SchemaProblem]:
    for place in endless(json):
        yield SchemaProblem("this leads back to itself without end", place)


def _uncompilable(json: Any) -> Iterator[SchemaProblem]:
    validator = Schema(json)._usable()  # noqa: SLF001
    if not isinstance(validator, Violation):
        return
    dangling = [(place, reference) for place, reference in references(json) if _dangles(json, reference)]
    for place, reference in dangling:
        yield SchemaProblem(f"`{str(reference)[:80]}` leads nowhere in this schema", place)
    if not dangling:
        yield SchemaProblem(validator.message)


def _dangles(json: Any, reference: Any) -> bool:
    try:
        resolve(json, reference)
    except LookupError:
        return True
    return False
