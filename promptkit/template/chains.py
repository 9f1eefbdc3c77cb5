"""What a template looks up in its values: `customer.name`, `lines[0]["amount"]`, and what its own names stand for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from promptkit.schema.members import AnyItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jinja2 import nodes

    from promptkit.schema.members import Key


class _Token(Protocol):
    """A token of Jinja's with its span in the text."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Chain:
    """A name and the keys that are looked up in it, one in the other, each with its span.

    `guarded` says that the template asks whether it is there, or says what stands for it.
    """

    name: str
    keys: tuple[tuple[str | int, int, int], ...]
    guarded: bool = False

    @property
    def path(self) -> tuple[str | int, ...]:
        """The name and the keys."""
        return (self.name, *(key for key, _, _ in self.keys))


Binding = tuple[str, tuple["Key", ...]] | None
"""What a name is set to: a name and the keys looked up in it; None when it is something else."""

_CONSTANTS = ("true", "false", "none", "True", "False", "None")
_WORDS = frozenset(("and", "or", "not", "in", "is", "if", "else", "recursive", *_CONSTANTS))
_GUARDS = (("|", "default"), ("|", "d"), ("is", "defined"), ("is", "undefined"), ("is", "not", "defined"))


def chains(tokens: Sequence[_Token]) -> Iterator[Chain]:
    """The chains of a template, in order. In Jinja nothing binds closer, so they show in the tokens already."""
    for at, (before, token) in enumerate(pairwise(tokens), 1):
        if token.kind == "name" and token.value not in _WORDS and _is_value(before):
            keys, end = _keys(tokens, at + 1)
            if keys:
                yield Chain(token.value, keys, _is_guard(tokens[end : end + 3]))


def _is_value(before: _Token) -> bool:
    return before.kind != "block_begin" and before.value not in (".", "|", "is")


def _keys(tokens: Sequence[_Token], at: int) -> tuple[tuple[tuple[str | int, int, int], ...], int]:
    """The keys that stand from a token on, and where they end among the tokens."""
    keys: list[tuple[str | int, int, int]] = []
    while (width := _width(tokens, at)) and "\\" not in tokens[at + 1].value:
        key = tokens[at + 1]
        keys.append((_READ[key.kind](key.value), key.start, key.end))
        at += width
    return tuple(keys), at


_READ: dict[str, Callable[[str], str | int]] = {
    "name": str,
    "string": lambda text: text[1:-1],
    "integer": lambda text: int(text, 0),
}


def _width(tokens: Sequence[_Token], at: int) -> int:
    """How many tokens a lookup takes: two for `.name`, three for `["name"]`, none where there is none."""
    kinds, values = [token.kind for token in tokens[at : at + 3]], [token.value for token in tokens[at : at + 3]]
    if values[:1] == ["."] and kinds[0] == "operator" and kinds[1:2] in (["name"], ["integer"]):
        return 2
    return 3 if values[::2] == ["[", "]"] and kinds[0] == "operator" and kinds[1] in ("string", "integer") else 0


def _is_guard(after: Sequence[_Token]) -> bool:
    values = tuple(token.value for token in after)
    return any(values[: len(guard)] == guard for guard in _GUARDS)


def bindings(tree: nodes.Template) -> dict[str, tuple[Binding, ...]]:
    """For each name that a template sets: all that it is set to anywhere in it."""
    from jinja2 import nodes

    found: dict[str, tuple[Binding, ...]] = {}
    names: Any = tree.find_all((nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport))
    simple = {id(target): binding for target, binding in _simple(tree)}
    for node in names:
        for name in _set_by(node):
            found[name] = (*found.get(name, ()), simple.get(id(node)))
    return found


def _set_by(node: Any) -> list[str]:
    """The names that a node sets: a name in the place of a target, a macro, what is imported."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return [] if node.ctx == "load" else [node.name]
    if isinstance(node, nodes.FromImport):
        return [name if isinstance(name, str) else name[1] for name in node.names]
    return [node.name if isinstance(node, nodes.Macro) else node.target]


def _simple(tree: nodes.Template) -> Iterator[tuple[Any, Binding]]:
    """The targets that are set to a chain, or run through the items of one."""
    from jinja2 import nodes

    for loop in tree.find_all(nodes.For):
        chain = _chain(loop.iter)
        if chain and not loop.recursive:
            yield loop.target, (chain[0], (*chain[1], AnyItem))
    for assign in tree.find_all(nodes.Assign):
        yield assign.target, _chain(assign.node)
    for block in tree.find_all(nodes.With):
        yield from zip(block.targets, map(_chain, block.values), strict=True)


def _chain(node: Any) -> Binding:
    from jinja2 import nodes

    keys: list[Key] = []
    while not isinstance(node, nodes.Name):
        key = node.attr if isinstance(node, nodes.Getattr) else _constant(node)
        if key is None:
            return None
        keys.append(key)
        node = node.node
    return node.name, tuple(reversed(keys))


def _constant(node: Any) -> str | int | None:
    from jinja2 import nodes

    fixed = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const)
    return node.arg.value if fixed and type(node.arg.value) in (str, int) else None
