"""A call against what it calls: a macro, a filter, a test; its arguments, its body, what an imported one sees."""

from __future__ import annotations

import inspect
from collections import Counter
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.diagnostics import did_you_mean
from promptkit.template.inferred_types import either, is_written_out, kinds_of, missing_key
from promptkit.template.names import names_in
from promptkit.template.paths import find, is_constant, kind, path_of, shown
from promptkit.template.sandbox import CHANGING
from promptkit.template.scopes import Binding
from promptkit.template.tree import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from promptkit.template.inferred_types import InferredType
    from promptkit.template.scopes import Scope
    from promptkit.template.tree import Token, Tree


class Signature(NamedTuple):
    """The parameters of something, some of them `needed`; `any_more` and `any_key` say that it takes others too."""

    name: str
    names: tuple[str, ...]
    needed: tuple[str, ...]
    any_more: bool
    any_key: bool


@lru_cache(maxsize=256)
def signature_of(name: str, function: Callable[..., Any]) -> Signature | None:
    """What a filter or a test takes beside its value; None where nothing tells."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    beside = parameters[2 if parameters[0].name in _PASSED else 1 :]
    named = [each for each in beside if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    kinds = {each.kind for each in beside}
    return Signature(
        name,
        tuple(each.name for each in named),
        tuple(each.name for each in named if each.default is each.empty),
        any_more=inspect.Parameter.VAR_POSITIONAL in kinds,
        any_key=inspect.Parameter.VAR_KEYWORD in kinds,
    )


_PASSED = ("environment", "env", "context", "eval_ctx")
"""What Jinja hands to a filter before its value."""


def _of_macro(macro: Any) -> Signature:
    names = tuple(argument.name for argument in macro.args)
    needed = tuple(name for name in names[: len(names) - len(macro.defaults)] if name != "caller")
    free = names_in(*macro.body)
    return Signature(macro.name, names, needed, any_more="varargs" in free, any_key="kwargs" in free)


def call_faults(
    tree: Tree, node: Any, callee: Binding | None, scope: Scope, *, with_body: bool
) -> Iterator[TemplateFault]:
    """What is wrong with a call; `with_body` says that it is that of a `{% call %}`."""
    names = [keyword.key for keyword in node.kwargs]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        yield _at(_keyword(tree, node, twice), "PK201", f"template syntax: the argument `{twice}` is given twice")
    if callee is not None and callee.macro is not None and not (node.dyn_args or node.dyn_kwargs):
        yield from argument_faults(tree, node, _of_macro(callee.macro), tree.token(node.lineno, -1))
        yield from _body(tree, node, callee.macro, with_body=with_body)
    if callee is not None and callee.blind and callee.macro is not None:
        yield from _hidden(tree, node, callee, scope)


def argument_faults(tree: Tree, node: Any, takes: Signature, place: Token) -> Iterator[TemplateFault]:
    """The arguments of a call, a filter or a test that do not fit, and those that are left out: told at `place`."""
    names = takes.names
    if node.dyn_args or node.dyn_kwargs:
        return
    if len(node.args) > len(names) and not takes.any_more:
        said = f"takes {len(names)}" if names else "takes no arguments"
        extra = tree.token(_first(node.args[len(names)]))
        yield _at(extra, "PK215", f"`{takes.name}` {said}, and is called with {len(node.args)}", help=_takes(names))
    unknown = False
    for keyword in node.kwargs:
        if keyword.key not in names and not takes.any_key and keyword.key != "caller":
            unknown, hint = True, did_you_mean(keyword.key, names)
            message = f"`{takes.name}` has no parameter `{keyword.key}`"
            cure = "" if hint else _takes(names)
            yield _at(_keyword(tree, node, keyword.key), "PK215", message, label=hint, help=cure)
    given = {*names[: len(node.args)], *(keyword.key for keyword in node.kwargs)}
    left_out = [f"`{name}`" for name in takes.needed if name not in given]
    if left_out and not unknown:
        yield _at(place, "PK215", f"`{takes.name}` is called without {', '.join(left_out)}", help=_takes(names))


def _body(tree: Tree, node: Any, macro: Any, *, with_body: bool) -> Iterator[TemplateFault]:
    takes = "caller" in names_in(*macro.body)
    defaults = dict(zip(reversed([each.name for each in macro.args]), reversed(macro.defaults), strict=False))
    place = tree.token(node.lineno, -1)
    if takes and not with_body and "caller" not in defaults and _always_calls(macro):
        cure = f"call it with a body: {{% call {macro.name}(...) %}}...{{% endcall %}}"
        yield _at(place, "PK215", f"`{macro.name}` prints its `caller`, and is called without a body", help=cure)
    if with_body and not takes:
        cure = "print it there: {{ caller() }}"
        yield _at(place, "PK215", f"`{macro.name}` takes no body: it does not print `caller()`", help=cure)


def _always_calls(macro: Any) -> bool:
    """Whether `caller` is printed whatever the macro asks."""
    asked = {id(node) for branch in find(macro, "If", "CondExpr") for node in find(branch, "Name")}
    names = [node for node in find(macro, "Name") if node.name == "caller"]
    return all(node.ctx == "load" for node in names) and any(id(node) not in asked for node in names)


def _hidden(tree: Tree, node: Any, callee: Binding, scope: Scope) -> Iterator[TemplateFault]:
    """The inputs that an imported macro uses, and does not see."""
    own = {argument.name for argument in callee.macro.args}
    for name in sorted(names_in(*callee.macro.body, *callee.macro.defaults) - own):
        known = scope.find(name)
        if known is not None and known.is_input and callee.home is not None and callee.home.find(name) is None:
            message = f"`{callee.macro.name}` uses the input `{name}`, which an imported file does not see"
            cure = "import the file `with context`, or hand the value to the macro"
            yield _at(tree.token(node.lineno, -1), "PK202", message, help=cure)


def _takes(names: Sequence[str]) -> str:
    return f"its parameters: {', '.join(names)}" if names else "it has no parameters"


def _keyword(tree: Tree, node: Any, name: str) -> Token:
    """The token of the name under which an argument is given; of two, the last."""
    start, end = node.lineno, tree.around(node.lineno)[1]
    inside = [token for token in tree.tokens if start <= token.start < end and token.kind == "name"]
    named = [token for token in inside if token.value == name and tree.token(token.start, 1).value == "="]
    return named[-1] if named else tree.token(start)


def _first(node: Any) -> int:
    """The offset at which an expression begins: that of its first part."""
    begin: int = min([node.lineno, *(_first(child) for child in node.iter_child_nodes())])
    return begin


def _at(token: Token, code: str, message: str, *, label: str = "", help: str = "") -> TemplateFault:
    return TemplateFault(code, message, token.start, token.end, label=label, help=help)


def called_again(node: Any) -> Any | None:
    """The call of a loop in its body, but for those of loops inside."""
    inner = {id(each) for loop in find(node, "For") for each in find(loop, "Name")}
    calls = (call.node for call in find(node, "Call") if kind(call.node) == "Name" and call.node.name == "loop")
    return next((name for name in calls if id(name) not in inner), None)


def never_got(tree: Tree, node: Any, holder: InferredType) -> TemplateFault | None:
    """The fault of `object.get("key")`, of an object that never has that key."""
    if (
        holder is None
        or getattr(node.node, "attr", "") != "get"
        or not (len(node.args) == 1 and is_constant(node.args[0]))
    ):
        return None
    key = node.args[0].value
    wrong = missing_key(holder, shown(path_of(node.node.node)), key) if isinstance(key, str) else None
    if wrong is None or wrong.severity != "error":
        return None
    return TemplateFault(
        "PK209", wrong.message, *tree.span(node.args[0]), "warning", label=wrong.label, help=wrong.help
    )


def changes(tree: Tree, lookup: Any, within: InferredType) -> TemplateFault | None:
    """The fault of a method that changes an object of an input, where it is not told that there is none."""
    cure = CHANGING.get(getattr(lookup, "attr", ""))
    if cure is None or kinds_of(within) != {"object"} or is_written_out(within):
        return None
    if missing_key(within, "", lookup.attr) is not None:
        return None
    token = tree.token(lookup.lineno, 1)
    message = f"`{lookup.attr}` changes a value, and templates change none"
    return TemplateFault("PK225", message, token.start, token.end, help=cure)


class Arguments:
    """What the macros of a template are called with."""

    def __init__(self, tree: Tree, *, shared: bool) -> None:
        self._tree = tree
        self._shared = shared
        """Whether other files call the macros too."""
        self._given: dict[int, dict[int, dict[str, Binding]]] = {}
        """By macro and call, what stands for each parameter."""

    def note(self, macro: Any, call: Any, given: Sequence[Binding]) -> None:
        """Take note of a call that has been walked: the arguments by place, then those by name."""
        names = [argument.name for argument in macro.args]
        by_place = dict(zip(names, given[: len(call.args)], strict=False))
        by_name = dict(zip((keyword.key for keyword in call.kwargs), given[len(call.args) :], strict=True))
        hidden = call.dyn_args is not None or call.dyn_kwargs is not None
        self._given.setdefault(id(macro), {})[id(call)] = {} if hidden else by_place | by_name

    def known(self, macro: Any) -> bool:
        """Whether all calls of a macro have been walked."""
        calls = len(self._given.get(id(macro), ()))
        return 0 < calls == self._uses[macro.name] and not self._is_shared

    def of(self, macro: Any, defaults: Sequence[InferredType]) -> dict[str, Binding]:
        """What stands for the parameters of a macro; where that is not known, anything."""
        names = [argument.name for argument in macro.args]
        if not self.known(macro):
            return dict.fromkeys(names, Binding())
        left_out = dict(zip(reversed(names), (Binding(value) for value in reversed(defaults)), strict=False))
        calls = [left_out | given for given in self._given[id(macro)].values()]
        return {name: _any_of([given.get(name, Binding()) for given in calls]) for name in names}

    @cached_property
    def _uses(self) -> Counter[str]:
        """How often each name is used: a macro that is used more often than called has other names too."""
        return Counter(each.name for each in find(self._tree.root, "Name") if each.ctx == "load")

    @cached_property
    def _is_shared(self) -> bool:
        return self._shared or any(True for _ in find(self._tree.root, "Include", "Extends"))


def _any_of(several: Sequence[Binding]) -> Binding:
    nullable = any(each.nullable for each in several)
    return Binding(either(each.value for each in several), nullable=nullable)
