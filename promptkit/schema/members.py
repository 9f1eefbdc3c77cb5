"""What stands under a key of the values that fit a schema, as far as the schema tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.schema.conjunction import form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_STEPS = 100


class AnyItem:
    """The key that stands for each item of a list."""


Key = str | int | type[AnyItem]


class UntoldError(Exception):
    """The schema does not tell."""


@dataclass(slots=True)
class Members:
    """What is under a key: its `schemas`, none when no value that fits has it.

    `open` says that an object may have it although nothing declares it, `left_out` that one that declares it need not
    have it, where it says which fields it needs; `methods` of the schemas are those of methods. `names` are the keys
    that objects declare, and `kinds` the JSON types that values can have.
    """

    schemas: list[Any] = field(default_factory=list)
    open: bool = False
    left_out: bool = False
    methods: int = 0
    names: dict[str, None] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)

    def join(self, root: Any, schema: Any, key: Key, methods: Mapping[str, frozenset[str]]) -> None:
        """Add what a schema of the document `root` has under a key. Raises `UntoldError`.

        `methods` are the names by JSON type that stand for something on every value of that type.
        """
        waiting = [schema]
        for _ in range(_MOST_STEPS):
            if not waiting:
                return
            each = waiting.pop()
            if each is False:
                continue
            if not isinstance(each, dict):
                raise UntoldError
            form = form_of(root, each)
            if form.loose or not all(isinstance(value, str) for value in form.keywords.get("enum", ())):
                raise UntoldError
            if form.unions:
                waiting += form.branches()
            elif not form.never:
                self._add(form.keywords, ("string",) if "enum" in form.keywords else form.kinds(), key, methods)
        raise UntoldError

    def _add(
        self, keywords: dict[str, Any], kinds: tuple[str, ...], key: Key, methods: Mapping[str, frozenset[str]]
    ) -> None:
        for kind in kinds:
            self.kinds[kind] = None
            if kind in _INSIDE:
                _INSIDE[kind](self, keywords, key, key in methods.get(kind, ()))
            elif key in methods.get(kind, ()):
                self.schemas.append(True)
                self.methods += 1

    def _field(self, keywords: dict[str, Any], key: Key, method: bool) -> None:
        declared, others = keywords.get("properties", {}), keywords.get("additionalProperties")
        self.names |= dict.fromkeys(declared)
        if not isinstance(key, str) or (others is None and not declared):
            raise UntoldError
        if key in declared or method:
            self.schemas.append(declared.get(key, True))
            self.methods += key not in declared and others is False
            self.left_out |= key in declared and "required" in keywords and key not in keywords["required"]
        elif others is None:
            self.open = True
        elif others is not False:
            self.schemas.append(others)

    def _item(self, keywords: dict[str, Any], key: Key, method: bool) -> None:
        if not isinstance(key, str):
            first = keywords.get("prefixItems")
            if isinstance(key, int) and isinstance(first, list) and 0 <= key < len(first):
                self.schemas.append(first[key])
            else:
                self.schemas.append(True if first is not None else keywords.get("items", True))
        elif method:
            self.schemas.append(True)
            self.methods += 1

    def _character(self, _: dict[str, Any], key: Key, method: bool) -> None:
        if method or not isinstance(key, str):
            self.schemas.append(True if method else {"type": "string"})
            self.methods += method


_INSIDE: dict[str, Callable[[Members, dict[str, Any], Key, bool], None]] = {
    "object": Members._field,  # noqa: SLF001 (a table of its own methods)
    "array": Members._item,  # noqa: SLF001
    "string": Members._character,  # noqa: SLF001
}
