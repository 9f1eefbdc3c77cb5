"""From which untrusted inputs the text of an expression can come.

What only decides, as a condition does, is no source: the message gets the template's own words then. A macro's text
can come from all that stands in its body, with the arguments of the call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.flows import ANY_FILE, BLOCKS, names_in
from promptkit.template.paths import kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.template.scopes import Known, Scope

Taint = frozenset[str]
CLEAN: Taint = frozenset()
_COUNTS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"})
"""What is said of a loop, and not of what it runs through."""


def taint_of(node: Any, scope: Scope) -> Taint:
    """The untrusted inputs that a printed expression can come from."""
    if node is None:
        return CLEAN
    known = _KINDS.get(kind(node))
    return known(node, scope) if known else _parts(node, scope)


def _parts(node: Any, scope: Scope) -> Taint:
    return CLEAN.union(*(taint_of(child, scope) for child in node.iter_child_nodes()))


def _name(node: Any, scope: Scope) -> Taint:
    found = scope.find(node.name)
    return CLEAN if found is None else found.taint | _inside(found, set())


def _inside(known: Known, seen: set[int]) -> Taint:
    """What a macro, or any in an imported file, can print of itself."""
    if seen or known.macro is None or known.home is None:
        return _found_inside(known, seen)
    memo: dict[Any, Taint] = known.home.memo
    if known.macro not in memo:
        memo[known.macro] = _found_inside(known, seen)
    return memo[known.macro]


@lru_cache(maxsize=1_024)
def _used_in(macro: Any) -> frozenset[str]:
    """The names that a macro uses, but for its own."""
    return names_in(*macro.body, *macro.defaults) - {each.name for each in macro.args}


def _found_inside(known: Known, seen: set[int]) -> Taint:
    found = CLEAN
    for each in (known.module or {}).values():
        found |= each.taint | _inside(each, seen)
    if known.macro is None or known.home is None or id(known.macro) in seen:
        return found
    seen.add(id(known.macro))
    names = _used_in(known.macro)
    if any(name == BLOCKS or name.startswith(ANY_FILE) for name in names):
        found |= CLEAN.union(*(each.taint for each in known.home.whole().values() if each.is_input))
    for name in names:
        used = known.home.find(name)
        if used is not None:
            found |= used.taint | _inside(used, seen)
    return found


def _lookup(node: Any, scope: Scope) -> Taint:
    if kind(node) == "Getattr" and kind(node.node) == "Name":
        known = scope.find(node.node.name)
        if known is not None and known.is_loop and node.attr in _COUNTS:
            return CLEAN
        if known is not None and known.module is not None and node.attr in known.module:
            found = known.module[node.attr]
            return found.taint | _inside(found, set())
    return _parts(node, scope)


def _choice(node: Any, scope: Scope) -> Taint:
    return taint_of(node.expr1, scope) | taint_of(node.expr2, scope)


def _filter(node: Any, scope: Scope) -> Taint:
    """How many there are of something tells nothing that anybody wrote."""
    return CLEAN if node.name in ("length", "count") else _parts(node, scope)


_KINDS: Mapping[str, Callable[[Any, Scope], Taint]] = {
    "Name": _name,
    "NSRef": _name,
    "Getattr": _lookup,
    "CondExpr": _choice,
    "Filter": _filter,
    "TemplateData": lambda _, __: CLEAN,
    "Const": lambda _, __: CLEAN,
    **dict.fromkeys(("Compare", "Test", "Not"), lambda _, __: CLEAN),
}
