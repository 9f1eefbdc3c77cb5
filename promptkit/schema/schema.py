"""One `Schema` value from JSON Schema or from a Python type: it validates, and prints itself for models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.completion import canonical_json, sha256
from promptkit.result import Violation
from promptkit.schema.limits import first_fault
from promptkit.schema.problems import SchemaProblem, schema_problems
from promptkit.schema.references import too_deep, walk
from promptkit.schema.simple_validator import fits_plainly, is_plain
from promptkit.schema.validators import UnusableSchemaError, first_line, validator
from promptkit.schema.views import sees_as_json
from promptkit.schema.violations import json_path, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.schema.references import Location

__all__ = ["Schema", "SchemaProblem"]


class Schema:
    """A JSON Schema (drafts 4 to 2020-12 by its `$schema`, else 2020-12), or a Python type's.

    Two are equal when their JSON is. The JSON is held as it was given: do not change it afterwards. A validator is
    made at the first use. What is wrong with a schema itself is told by `problems`.
    """

    __slots__ = (
        *("_adapter", "_digest", "_open_names", "_plain", "_problems", "_sees_as_json", "_text", "_type", "_validator"),
        "json",
    )

    def __init__(self, json: Mapping[str, Any] | bool) -> None:
        self.json: Any = dict(json) if isinstance(json, Mapping) and not isinstance(json, dict) else json
        self._type: Any = None
        self._adapter: Any = None
        self._validator: Any = None
        self._plain: bool | None = None
        self._open_names: frozenset[str] | None = None
        self._sees_as_json: bool | None = None
        self._digest = ""
        self._text: str | None = None
        self._problems: tuple[SchemaProblem, ...] | None = None

    @classmethod
    def from_type(cls, tp: Any) -> Schema:
        """The schema of a Python type: pydantic models, dataclasses, TypedDicts, Literals, `list[...]` and the like.

        Raises `ConfigError` for what is no type, or one that pydantic has no JSON Schema for.
        """
        _refuse_value(tp)
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticUserError

        try:
            adapter: TypeAdapter[Any] = TypeAdapter(tp)
            schema = cls(adapter.json_schema())
        except (PydanticUserError, TypeError, NameError) as error:
            _refuse_type(tp, error)
        schema._type, schema._adapter = tp, adapter
        return schema

    @property
    def digest(self) -> str:
        """SHA-256 over the schema in canonical JSON."""
        if not self._digest:
            self._digest = sha256(_canonical(self.json))
        return self._digest

    def validate(self, value: Any, *, parsed: bool = False) -> tuple[Violation, ...]:
        """What is wrong with a JSON value, at most a hundred things; nothing when it fits.

        A value that is no JSON at all, NaN, nesting beyond 64 levels and whole numbers of more than 4,000 digits
        are violations too. `parsed` says that the value comes from `promptkit.output.strict_json`, which spares
        the look for these. Raises `ConfigError` when the schema itself cannot be used.
        """
        fault = None if parsed else first_fault(value)
        if not (parsed or fault) and self._is_plain() and fits_plainly(self.json, value):
            return ()
        usable = self._usable()
        if fault:
            return (_no_json(*fault),)
        try:
            if usable.is_valid(value):
                return ()
            if too_deep(value, _DEEPEST_TOLD) and _branches(self.json):
                return (Violation("$", "does not fit, and is nested too deeply to say where", "schema"),)
            return violations(usable.iter_errors(value), value)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            return (_no_json(*(first_fault(value) or ((), f"cannot be checked: {first_line(error)}"))),)

    def is_valid(self, value: Any) -> bool:
        """Whether a value fits. Raises as `validate` does."""
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

        if self._sees_as_json is None:
            self._sees_as_json = sees_as_json(self._adapter.core_schema)
        try:
            if self._sees_as_json:
                return self._adapter.validate_python(value)
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
            self._problems = () if self._is_plain() else schema_problems(self.json)
        return self._problems

    @property
    def open_names(self) -> frozenset[str]:
        """The declared fields, at any depth, where some object takes keys that are not declared; else none."""
        if self._open_names is None:
            objects = [each for _, each in walk(self.json) if isinstance(each, dict) and _declares(each)]
            takes_any = any(each.get("additionalProperties", True) is True for each in objects)
            names = (name for each in objects for name in each["properties"])
            self._open_names = frozenset(names if takes_any else ())
        return self._open_names

    def _is_plain(self) -> bool:
        if self._plain is None:
            self._plain = is_plain(self.json)
        return self._plain

    def to_text(self) -> str:
        """The schema in a compact notation for models; see `promptkit.schema.notation`."""
        if self._text is None:
            from promptkit.schema.notation import to_text

            self._text = to_text(self.json)
        return self._text

    def order(self, value: Any) -> Any:
        """The same value with its objects' keys in the schema's order, others after them."""
        from promptkit.schema.key_order import ordered

        return ordered(self.json, value)

    def _usable(self) -> Any:
        if self._validator is None:
            try:
                self._validator = validator(self.json)
            except UnusableSchemaError:
                _refuse_schema(self.problems())
        return self._validator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Schema({self.digest[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.json,)) if self._type is None else (_from_type, (self._type,))


_DEEPEST_TOLD = 8
"""Levels of a value in which a schema of alternatives still says what is wrong: each level multiplies the work."""


def _branches(schema: Any) -> bool:
    """Whether a schema that refers to others offers alternatives: then what is wrong may be told in many ways."""
    inside = [each for _, each in walk(schema)]
    return any("$ref" in each for each in inside) and any(each.keys() & {"anyOf", "oneOf"} for each in inside)


def _from_type(tp: Any) -> Schema:
    return Schema.from_type(tp)


def _no_json(location: Location, why: str) -> Violation:
    return Violation(json_path(location), why, "value", location)


def _canonical(json: Any) -> str:
    try:
        return canonical_json(json)
    except (ValueError, TypeError, RecursionError) as error:
        # Not JSON, so never usable: one digest for each way of not being JSON is all that is needed.
        return f"no JSON: {type(error).__name__}: {error}"


def _refuse_value(tp: Any) -> None:
    """Refuse what is a value or a function; pydantic would take some of them for something else."""
    kind = type(tp)  # and not `isinstance`, since `list[int]` says that it is a list
    if issubclass(kind, (Mapping, list, tuple, set, frozenset, FunctionType, Schema)) or is_dataclass(kind):
        from promptkit.errors import ConfigError

        raise ConfigError(f"`{repr(tp)[:80]}` is not a type", help=_TYPES)


_TYPES = "use a pydantic model, a dataclass, a TypedDict, a Literal, or lists and unions of such"


def _refuse_type(tp: Any, error: BaseException) -> NoReturn:
    from promptkit.errors import ConfigError

    name = getattr(tp, "__name__", str(tp))
    if getattr(error, "code", "") == "typed-dict-version":
        cure = "import `TypedDict` from `typing_extensions`: before Python 3.12, `typing` has one that cannot be read"
        raise ConfigError(f"`{name}` has a `typing.TypedDict` in it", help=cure) from None
    raise ConfigError(f"`{name}` has no JSON Schema: {first_line(error)}", help=_TYPES) from None


def _refuse_schema(found: tuple[SchemaProblem, ...]) -> NoReturn:
    from promptkit.errors import ConfigError

    raise ConfigError("this is not a usable JSON Schema", code="PK401", details=[str(each) for each in found]) from None


def _refuse_view(found: tuple[Violation, ...]) -> NoReturn:
    from promptkit.errors import OutputError

    raise OutputError(
        "the answer does not fit its Python type", violations=found, details=[str(each) for each in found]
    ) from None


def _type_violations(error: Any) -> Iterator[Violation]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield Violation(json_path(each["loc"]), each["msg"], each["type"], tuple(each["loc"]))


def _declares(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("properties"), dict) and "patternProperties" not in schema
