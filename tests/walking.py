"""A listener that writes down what a walk through one template meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.template.inferred_types import is_nullable, value_of
from promptkit.template.scopes import Binding
from promptkit.template.syntax import read_tree
from promptkit.template.tree import TemplateFault, Tree
from promptkit.template.walk import Walk, input_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promptkit.template.tree import Token


@dataclass
class Heard:
    """What the walk met, by kind, in order; places are spans of the text, or offsets."""

    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    faults: list[TemplateFault] = field(default_factory=list)
    nulls: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def undefined(self, name: str, start: int, known: Iterable[str], *, called: bool) -> None:
        assert self.text.startswith(name, start)
        self.outside.append(f"{name}()" if called else name)

    def input_used(self, name: str, start: int) -> None:
        assert self.text.startswith(name, start)
        self.used.append(name)

    def fault(self, fault: TemplateFault) -> None:
        self.faults.append(fault)

    def undeclared(self, path: tuple[Any, ...], fault: TemplateFault) -> None:
        self.faults.append(fault)

    def maybe_null(self, path: tuple[Any, ...], start: int, end: int) -> None:
        self.nulls.append(self.text[start:end])

    def asked(self, path: tuple[Any, ...]) -> None:
        pass

    def opened(self, name: str, token: Token, *, optional: bool, blind: bool) -> tuple[Heard, Tree] | None:
        self.loaded.append(name)
        content = self.files.get(name)
        if content is None:
            return None
        inside = Heard(content, self.files)
        inside.outside, inside.used = self.outside, self.used
        return inside, read_tree(content)

    @property
    def marked(self) -> list[str]:
        """The text of each fault's span."""
        return [self.text[fault.start : fault.end] for fault in self.faults]


def walk(
    text: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    optional: Iterable[str] = (),
    files: Mapping[str, str] | None = None,
) -> Heard:
    """Walk a template; inputs are given by their JSON Schemas."""
    tree, heard = read_tree(text), Heard(text, files or {})
    heard.faults += tree.faults
    schemas = {**dict.fromkeys(optional, True), **(inputs or {})}
    known = {
        name: Binding(
            value_of(schema),
            nullable=name in optional or is_nullable(value_of(schema)),
            is_input=True,
        )
        for name, schema in schemas.items()
    }
    Walk(tree, heard).run(input_scope(known).inner())
    return heard
