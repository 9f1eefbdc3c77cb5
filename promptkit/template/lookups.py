"""What a template looks up, judged by the schemas of its values: what is never there, and what nothing declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.schema.members import Members, UntoldError
from promptkit.template.analysis import TemplateFault
from promptkit.template.flows import BLOCK_NAMES
from promptkit.template.sandbox import ALLOWED_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.schema.members import Key
    from promptkit.template.analysis import Analysis
    from promptkit.template.chains import Binding, Chain

    Value = list[tuple[Any, Any]]
    """The schemas that a value can be of, each after the document that it stands in."""

_KINDS = {dict: ("object",), list: ("array",), str: ("string",), float: ("number", "integer")}
_MOST_SCHEMAS = 100
METHODS = {name: ALLOWED_METHODS[kind] for kind, names in _KINDS.items() for name in names}


def lookup_faults(analysis: Analysis, schemas: Mapping[str, Any]) -> Iterator[TemplateFault]:
    """The faulty keys of a template, given the schemas of its variables by name. What cannot be told is passed over."""
    guarded = {chain.path for chain in analysis.chains if chain.guarded}
    values = _Values(analysis.bindings, schemas)
    for chain in analysis.chains:
        try:
            found = _fault(chain, values.of(chain.name))
        except UntoldError:
            continue
        if found and not (found.severity == "warning" and chain.path in guarded):
            yield found


def _fault(chain: Chain, value: Value) -> TemplateFault | None:
    """What is wrong with the first key that no value has."""
    of = chain.name
    for key, start, end in chain.keys:
        members, below = _members(value, key)
        if members.open and below:
            return None
        if not below:
            return _told(of, str(key), (start, end), members) if members.kinds else None
        of += f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
        value = below
    return None


def _told(of: str, key: str, span: tuple[int, int], members: Members) -> TemplateFault:
    hint = did_you_mean(key, members.names)
    if members.open:
        cure = "declare it, or say `additionalProperties: true`"
        return TemplateFault("PK209", f"`{of}` declares no `{key}`", *span, "warning", label=hint, help=cure)
    kinds = f"`{of}` is declared as {' or '.join(members.kinds)}"
    known = f"known: {', '.join(members.names)}" if members.names else kinds
    return TemplateFault("PK209", f"`{of}` has no `{key}`", *span, label=hint, help="" if hint else known)


def _members(value: Value, key: Key) -> tuple[Members, Value]:
    """What is under a key of a value, with its schemas. Raises `UntoldError`."""
    together, below = Members(), []
    for root, schema in value:
        before = len(together.schemas)
        together.join(root, schema, key, METHODS)
        below += [(root, each) for each in together.schemas[before:] if each is not False]
    if len(below) > _MOST_SCHEMAS:
        raise UntoldError
    return together, below


class _Values:
    """What the names of a template can stand for: of all that a name is set to anywhere, each is possible."""

    def __init__(self, bindings: Mapping[str, tuple[Binding, ...]], schemas: Mapping[str, Any]) -> None:
        self.bindings = bindings
        self.schemas = schemas
        self.known: dict[str, Value | None] = {}

    def of(self, name: str) -> Value:
        """The schemas of a name. Raises `UntoldError`."""
        if name not in self.known:
            self.known[name] = None  # a name that is made from itself is not told
            self.known[name] = self._found(name)
        value = self.known[name]
        if value is None:
            raise UntoldError
        return value

    def _found(self, name: str) -> Value:
        if name in BLOCK_NAMES or (name not in self.bindings and name not in self.schemas):
            raise UntoldError
        found = [(self.schemas[name], self.schemas[name])] if name in self.schemas else []
        for binding in self.bindings.get(name, ()):
            if binding is None:
                raise UntoldError
            found += self._bound(*binding)
        return found

    def _bound(self, name: str, keys: tuple[Key, ...]) -> Value:
        value = self.of(name)
        for key in keys:
            members, value = _members(value, key)
            if members.open:
                raise UntoldError
        return value
