"""Parts of a spec: frozen values with declared fields, made of data and checked.

A part is declared like a dataclass. `build` makes one of data and tells every fault at its place. A part is cheap
to declare: no function is compiled for it, as for a dataclass, and its checks are made at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from promptkit.type_hints import Fault, checker, expected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from promptkit.type_hints import Check, Location

P = TypeVar("P", bound="Part")
_REQUIRED: Any = object()


class Field:
    """One declared field of a part: its name in code, its key in data, what it holds."""

    __slots__ = ("authored", "check", "default", "factory", "hint", "key", "name", "required")

    def __init__(self, default: Any, factory: Any, key: str, *, authored: bool) -> None:
        self.default = default
        self.factory = factory
        self.key = key
        self.authored = authored
        self.required = default is _REQUIRED and factory is None
        """Whether a value must be given."""
        self.check: Check | None = None

    def named(self, name: str, hint: Any) -> Field:
        """The same, now that it is known what it belongs to."""
        self.name = name
        self.key = self.key or name
        self.hint = hint
        return self

    def made(self) -> Any:
        """The default."""
        return self.default if self.factory is None else self.factory()

    def checker(self) -> Check:
        """The check of a value, made at the first use: the value as the part holds it, and what is wrong with it."""
        self.check = checker(self.hint)
        return self.check


def field(default: Any = _REQUIRED, *, factory: Any = None, key: str = "", authored: bool = True) -> Any:
    """Declare a field that needs more than a default. `key` is its name in data, where that is no name in Python.

    A field that is not `authored` tells where a part comes from: it is not shown, and no part of `data`.
    """
    return Field(default, factory, key, authored=authored)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Part:
    """A frozen value with declared fields, each of them checked.

    Raises `ValueError` with all that is wrong when it is made with values that do not fit, as `with_` does.
    """

    declared: ClassVar[Mapping[str, Field]] = {}
    keys: ClassVar[Mapping[str, Field]] = {}
    _defaults: ClassVar[Mapping[str, Any]] = {}
    _factories: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        declared = dict(cls.declared)
        for name, hint in cls.__annotations__.items():
            default = cls.__dict__.get(name, _REQUIRED)
            given = default if isinstance(default, Field) else Field(default, None, "", authored=True)
            declared[name] = given.named(name, hint)
            if default is not _REQUIRED:
                delattr(cls, name)
        cls.declared = declared
        cls.keys = {each.key: each for each in declared.values()}
        cls._defaults = {name: each.default for name, each in declared.items()}
        cls._factories = {name: each.factory for name, each in declared.items() if each.factory is not None}

    def __init__(self, /, **given: Any) -> None:
        faults: list[Fault] = []
        values = _values(self.declared, given, (), faults)
        if faults:
            raise ValueError(f"{type(self).__name__}: {'; '.join(map(str, faults))}")
        _fill(self, values)

    @classmethod
    def of_sound(cls, /, **given: Any) -> Self:
        """A part of values that are known to fit, and so are not checked again."""
        part = object.__new__(cls)
        _fill(part, given)
        return part

    @classmethod
    def _read(cls, value: Any, location: Location, faults: list[Fault]) -> Self | None:
        """The part that a mapping describes, or the value itself when it is one; what is wrong goes to the faults."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            keys = tuple(key for key, each in cls.keys.items() if each.authored)
            faults.append(expected("a mapping", value, location, keys=keys))
            return None
        found: list[Fault] = []
        values = _values(cls.keys, value, location, found)
        if found:
            faults += found
            return None
        part = object.__new__(cls)
        _fill(part, values)
        return part

    def with_(self, /, **changed: Any) -> Self:
        """The same with other values."""
        return type(self)(**{name: self.__dict__[name] for name in self.__dict__["_given"]} | changed)

    def data(self) -> dict[str, Any]:
        """The JSON data that this was made of: the fields that were given, by their keys."""
        given = self.__dict__["_given"]
        return {
            each.key: as_data(self.__dict__[name])
            for name, each in self.declared.items()
            if name in given and each.authored
        }

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} is frozen: `{name}` cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is frozen: `{name}` cannot be deleted")

    def _held(self) -> tuple[Any, ...]:
        return tuple(self.__dict__[name] for name in self.declared)

    def __eq__(self, other: object) -> bool:
        return self._held() == other._held() if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._held()))

    def __repr__(self) -> str:
        shown = (f"{name}={self.__dict__[name]!r}" for name, each in self.declared.items() if each.authored)
        return f"{type(self).__name__}({', '.join(shown)})"


def build(kind: type[P], data: Any) -> tuple[P | None, list[Fault]]:
    """The part that data describe, or None and every fault."""
    faults: list[Fault] = []
    part = checker(kind)(data, (), faults)
    return (None if faults else part), faults


def _fill(part: Part, values: dict[str, Any]) -> None:
    own = part.__dict__
    own.update(part._defaults)  # noqa: SLF001
    own.update(values)
    for name, factory in part._factories.items():  # noqa: SLF001
        if name not in values:
            own[name] = factory()
    own["_given"] = frozenset(values)


def _values(known: Mapping[str, Field], data: Any, location: Location, faults: list[Fault]) -> dict[str, Any]:
    """What data hold for the fields that are known by their keys in it."""
    values = {}
    for key, each in known.items():
        if key in data:
            check = each.check or each.checker()
            values[each.name] = check(data[key], (*location, key), faults)
        elif each.required:
            faults.append(Fault("missing", (*location, key), "it is missing"))
    if len(values) < len(data):
        allowed = tuple(key for key, each in known.items() if each.authored)
        unknown = (key for key in data if key not in known)
        faults += [Fault("unknown", (*location, key), "there is no such key", allowed=allowed) for key in unknown]
    return values


def as_data(value: Any) -> Any:
    """A value with the parts in it as JSON data."""
    if isinstance(value, Part):
        return value.data()
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    return [as_data(item) for item in value] if isinstance(value, list | tuple) else value
