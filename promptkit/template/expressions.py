"""What the expressions of a template name, look up, call and compare; and what each of them can be."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Unpack

from promptkit.diagnostics import did_you_mean
from promptkit.template import operators
from promptkit.template.calls import Arguments, argument_faults, call_faults, changes, never_got, signature_of
from promptkit.template.conditions import given_by
from promptkit.template.filter_types import METHOD_GIVES, given_by_filter, mapped, named_functions, named_keys
from promptkit.template.inferred_types import (
    either,
    is_method,
    is_nullable,
    item_of,
    kinds_of,
    members_of,
    missing_key,
    of_type,
)
from promptkit.template.paths import is_constant, key_of, kind, path_of, shown
from promptkit.template.scopes import Binding
from promptkit.template.suggestions import filter_meant, member_meant, test_meant
from promptkit.template.tree import TemplateFault, Token, Tree
from promptkit.template.type_rules import JOINED_TEXT, beyond, named, never_is, wrong_index, wrong_sum, wrong_value
from promptkit.template.vocabulary import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.diagnostics import Details, Severity
    from promptkit.template.conditions import Given
    from promptkit.template.inferred_types import InferredType
    from promptkit.template.listener import Listener
    from promptkit.template.scopes import Scope


class Expressions:
    """Walks expressions in a scope. What a node can be is an `InferredType`; `None` when nobody can tell."""

    def __init__(self, tree: Tree, listener: Listener, *, shared: bool = False) -> None:
        self.tree = tree
        self.listener = listener
        self.arguments = Arguments(tree, shared=shared)
        self.asking = self.forgiving = self.doubting = 0
        """Inside of how much it walks that asks, that forgives nulls, and of which nobody knows whether it does."""
        self.called: set[int] = set()
        """The lookups that are called, by identity."""

    def value(self, node: Any, scope: Scope) -> InferredType:
        """What an expression can be; what is wrong in it is told to the listener."""
        if node is None:
            return None
        known: Callable[[Expressions, Any, Scope], InferredType] | None = _table().get(type(node))
        return known(self, node, scope) if known else self.parts(node, scope)

    def parts(self, node: Any, scope: Scope) -> InferredType:
        """Walk all that stands in an expression of which the value cannot be told."""
        for child in node.iter_child_nodes():
            self.value(child, scope)
        return None

    def ask(self, node: Any, scope: Scope, *, forgiving: bool = True) -> InferredType:
        """Walk what is only asked for: a null is fine there, and if it is `forgiving` what is looked up in one too."""
        self.asking += 1
        self.forgiving += forgiving
        found = self.value(node, scope)
        self.asking -= 1
        self.forgiving -= forgiving
        return found

    def condition(self, node: Any, scope: Scope) -> tuple[Given, Given]:
        """Walk a condition: the paths that are given where it is true, and where it is false."""
        self.ask(node, scope, forgiving=False)
        operators.always_holds(self, node)
        (true, false), (holds, fails) = given_by(node), self._kept_condition(node, scope)
        return true | holds, false | fails

    def _kept_condition(self, node: Any, scope: Scope) -> tuple[Given, Given]:
        """What is given by a name that a condition was kept in: `{% set has = a is not none %}{% if has %}`."""
        kept, is_not = (node.node, True) if kind(node) == "Not" else (node, False)
        known = scope.find(kept.name) if kind(kept) == "Name" else None
        holds, fails = known.implies if known is not None else (frozenset(), frozenset())
        return (fails, holds) if is_not else (holds, fails)

    def need(self, node: Any, scope: Scope) -> InferredType:
        """Walk what must not be null, since it is printed, counted through, or looked into."""
        value = self.value(node, scope)
        path = path_of(node)
        if path and not (self.forgiving or self.doubting) and self.nullable(node, value, scope):
            begin, end = node, self.tree.token(node.lineno, 0 if kind(node) == "Name" else 1).end
            while kind(begin) != "Name":
                begin = begin.node
            self.listener.maybe_null(path, begin.lineno, end)
        return value

    def nullable(self, node: Any, value: InferredType, scope: Scope) -> bool:
        """Whether an expression may be null."""
        path = path_of(node)
        if path and scope.is_given(path):
            return False
        if kind(node) == "Name":
            found = scope.find(node.name)
            return found is not None and found.nullable
        return bool(path) and is_nullable(value)

    def fault(self, code: str, message: str, token: Token, **details: Unpack[Details]) -> None:
        """Tell a fault at a token."""
        self.listener.fault(TemplateFault(code, message, token.start, token.end, **details))

    def wrong(self, why: tuple[str, str] | None, node: Any, severity: Severity = "error") -> None:
        """Tell of an operation that the type of a value does not take, if there is one."""
        if why is not None:
            start, end = self.tree.span(node)
            self.listener.fault(TemplateFault("PK228", why[0], start, end, severity, help=why[1]))

    # Names and what is looked up in them

    def name(self, node: Any, scope: Scope) -> InferredType:
        """A name that stands for something."""
        found = self.found(node, scope, called=False)
        return found.value if found else None

    def found(self, node: Any, scope: Scope, *, called: bool) -> Binding | None:
        """What a name stands for; one that stands for nothing is told."""
        found = scope.find(node.name)
        if found is None:
            if node.name not in self.tree.lost:
                self.listener.undefined(node.name, node.lineno, scope, called=called)
        elif found.is_input:
            self.listener.input_used(node.name, node.lineno)
        elif not found.sure and not self.asking and not scope.is_given((node.name,)):
            message = f"`{node.name}` is set on some ways through the template only"
            cure = "set it before the `if`, or in each branch"
            self.fault("PK202", message, self.tree.token(node.lineno), help=cure)
        if self.asking:
            self.listener.asked((node.name,))
        return found

    def lookup(self, node: Any, scope: Scope) -> InferredType:
        """`a.b` or `a["b"]`."""
        return self._looked_up(node, scope)[1]

    def _looked_up(self, node: Any, scope: Scope) -> tuple[InferredType, InferredType]:
        """What something is looked up in, and what is found there."""
        if self._of_module(node, scope):
            found = self.module(node, scope)
            return None, found.value if found else None
        if self._of_namespace(node, scope):
            return None, None
        holder = self.need(node.node, scope)
        return holder, self._member(node, holder, scope)

    def _member(self, node: Any, value: InferredType, scope: Scope) -> InferredType:
        """What a value has under the key of a lookup; one that it never has is told."""
        path, key = path_of(node), key_of(node)
        if kind(node) == "Getitem":
            self.value(node.arg, scope)
            if kind(node.arg) == "Slice":
                self.wrong(wrong_index(kinds_of(value)), node)
                return value if kinds_of(value) in ({"array"}, {"string"}) else None
        if self.asking and path:
            self.listener.asked(path)
        if isinstance(key, int):
            self.wrong(wrong_index(kinds_of(value)) or beyond(node.node, key), node)
        if value is None or key is None:
            return None
        wrong = missing_key(value, shown(path[:-1]), key) if isinstance(key, str) else None
        if wrong is None:
            if isinstance(key, str) and id(node) not in self.called and is_method(value, key):
                cure = f"write `{key}()`" + (f", or `| {key}`" if key in functions()["filter"] else "")
                self.fault("PK223", f"the method `{key}` is not called", self.tree.token(node.lineno, 1), help=cure)
            return members_of(value, key)[1] or None
        if not path and wrong.severity == "warning":
            return None
        cure = member_meant(str(key), shown(path[:-1]), value) or wrong.help
        token = self.tree.token(node.lineno, 1)
        span = (token.start, token.end)
        fault = TemplateFault("PK209", wrong.message, *span, wrong.severity, label=wrong.label, help=cure)
        self.listener.undeclared(path, fault)
        return None

    def module(self, node: Any, scope: Scope) -> Binding | None:
        """What a name in an imported file stands for; one that the file does not set is told."""
        known, key = scope.find(node.node.name), str(key_of(node))
        names = known.module if known and known.module else {}
        if key not in names:
            token = self.tree.token(node.lineno, 1)
            label = did_you_mean(key, names)
            self.fault("PK202", f"the file imported as `{node.node.name}` sets no `{key}`", token, label=label)
        return names.get(key)

    def _of_namespace(self, node: Any, scope: Scope) -> bool:
        """Whether something is looked up in a namespace; a name that is set nowhere is told."""
        known = scope.find(node.node.name) if kind(node) == "Getattr" and kind(node.node) == "Name" else None
        if known is None or (names := known.attributes) is None:
            return False
        if node.attr not in names and not self.asking:
            label, token = did_you_mean(node.attr, names), self.tree.token(node.lineno, 1)
            self.fault("PK202", f"nothing sets `{node.attr}` in the namespace `{node.node.name}`", token, label=label)
        return True

    def _of_module(self, node: Any, scope: Scope) -> bool:
        known = scope.find(node.node.name) if kind(node) == "Getattr" and kind(node.node) == "Name" else None
        return known is not None and known.module is not None

    # Calls, filters and tests

    def call(self, node: Any, scope: Scope, *, with_body: bool = False) -> InferredType:
        """A call: of a macro, its arguments are held against its parameters."""
        callee, found, gives, holder = node.node, None, None, None
        if kind(callee) == "Name":
            found = self.found(callee, scope, called=True)
        elif self._of_module(callee, scope):
            found = self.module(callee, scope)
        else:
            self.called.add(id(callee))
            is_lookup = kind(callee) in ("Getattr", "Getitem")
            within, value = self._looked_up(callee, scope) if is_lookup else (None, self.value(callee, scope))
            self._callable(callee, value)
            holder = within if kind(callee) == "Getattr" and kinds_of(within) == {"object"} else None
            gives = METHOD_GIVES.get(callee.attr) if holder is not None and not node.args else None
            got = None if self.asking else never_got(self.tree, node, holder)
            for fault in filter(None, (changes(self.tree, callee, within), got)):
                self.listener.fault(fault)
        if found is not None and found.is_input:
            self._callable(callee, found.value)
        given = self._arguments(node, scope)
        if found is not None and found.macro is not None:
            self.arguments.note(found.macro, node, self._known(node, given, scope))
        if kind(callee) == "Name" and callee.name == "range" and not (found and found.is_input):
            operators.counts(self, node, given[: len(node.args)])
        for fault in call_faults(self.tree, node, found, scope, with_body=with_body):
            self.listener.fault(fault)
        return gives(holder) if gives is not None else None

    def _callable(self, node: Any, value: InferredType) -> None:
        if kinds := kinds_of(value):
            self.wrong((f"{named(kinds)} is called, which is no function", ""), node)

    def _arguments(self, node: Any, scope: Scope) -> list[InferredType]:
        """The arguments of a call or a filter: those by place, then those by name."""
        given = [self.value(child, scope) for child in (*node.args, *(keyword.value for keyword in node.kwargs))]
        for child in (node.dyn_args, node.dyn_kwargs):
            self.value(child, scope)
        return given

    def _known(self, node: Any, given: list[InferredType], scope: Scope) -> list[Binding]:
        """The arguments of a call, as what its parameters stand for."""
        nodes = (*node.args, *(keyword.value for keyword in node.kwargs))
        pairs = zip(nodes, given, strict=True)
        return [Binding(found, nullable=self.nullable(each, found, scope)) for each, found in pairs]

    def filter(self, node: Any, scope: Scope) -> InferredType:
        """A filter; of some it is known what they give."""
        self._function("filter", node, self.tree.token(node.lineno))
        if node.name in ("default", "d"):
            asked = kind(node.node) != "Filter" or node.node.name in _ASKING
            value = self.ask(node.node, scope) if asked else self.value(node.node, scope)
            given = self._arguments(node, scope)
            return either([value, *given[:1]]) if node.args else None
        value = (self.value if node.name in _OF_NULL else self.need)(node.node, scope)
        self.wrong(wrong_value("filter", node.name, kinds_of(value)), node)
        if node.name == "join" and kinds_of(value) == {"string"}:
            self.wrong(JOINED_TEXT, node, "warning")
        if node.name == "sum":
            self.wrong(wrong_sum(kinds_of(item_of(mapped(node, value)))), node)
        self._arguments(node, scope)
        for key in () if any(keyword.key == "default" for keyword in node.kwargs) else named_keys(node):
            self._named_key(key, node.node, item_of(value))
        for what, name in named_functions(node):
            if isinstance(name.value, str):
                self._known_function(what, name.value, self.tree.token(name.lineno), of_map=node.name == "map")
        return given_by_filter(node, value)

    def _named_key(self, key: Any, of: Any, item: InferredType) -> None:
        """The key of each item by which a filter goes."""
        if item is None or not is_constant(key) or not isinstance(key.value, str) or "," in key.value:
            return
        for step in key.value.split("."):
            if step.isdecimal():
                item = members_of(item, int(step))[1] or None
                continue
            wrong = missing_key(item, f"{shown(path_of(of)) or 'the list'}[...]", step)
            if wrong is not None and wrong.severity == "error":
                self.fault("PK209", wrong.message, self.tree.token(key.lineno), label=wrong.label, help=wrong.help)
            item = members_of(item, step)[1] or None

    def test(self, node: Any, scope: Scope) -> InferredType:
        """A test."""
        further = 2 if self.tree.token(node.lineno, 1).value == "not" else 1
        self._function("test", node, self.tree.token(node.lineno, further))
        value = (self.ask if node.name in _OF_ABSENCE else self.value)(node.node, scope)
        self.wrong(wrong_value("test", node.name, kinds_of(value)), node)
        never = never_is(node.name, kinds_of(value)) if further == 1 and path_of(node.node) else None
        if never is not None:
            token = self.tree.token(node.lineno, further)
            self.fault("PK214", f"`{shown(path_of(node.node))}` never is {never[0]}", token, label=never[1])
        self._arguments(node, scope)
        return of_type("boolean")

    def _function(self, kind: str, node: Any, token: Token) -> None:
        """A filter or a test: there is one of its name, and it takes what it is given."""
        self._known_function(kind, node.name, token)
        known = functions()[kind].get(node.name)
        takes = signature_of(node.name, known) if known is not None else None
        for fault in argument_faults(self.tree, node, takes, token) if takes is not None else ():
            self.listener.fault(fault)

    def _known_function(self, kind: str, name: str, token: Token, *, of_map: bool = False) -> None:
        known = functions()[kind]
        if name not in known:
            names = sorted(known)
            cure = filter_meant(name, names, of_map=of_map) if kind == "filter" else test_meant(name, names)
            label = "" if cure else did_you_mean(name, names)
            self.fault("PK204", f"there is no {kind} `{name}`", token, label=label, help=cure)


@lru_cache(maxsize=1)
def _table() -> Mapping[type, Callable[[Expressions, Any, Scope], InferredType]]:
    from jinja2 import nodes

    arithmetic = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
    return {
        nodes.Name: Expressions.name,
        nodes.Getattr: Expressions.lookup,
        nodes.Getitem: Expressions.lookup,
        nodes.Call: Expressions.call,
        nodes.Filter: Expressions.filter,
        nodes.Test: Expressions.test,
        nodes.CondExpr: operators.choice,
        nodes.And: operators.conjunction,
        nodes.Or: operators.disjunction,
        nodes.Compare: operators.compared,
        nodes.Const: operators.constant,
        nodes.Dict: operators.written_out,
        nodes.List: operators.listed_out,
        nodes.TemplateData: lambda _, __, ___: of_type("string"),
        nodes.Concat: operators.concatenated,
        **dict.fromkeys(arithmetic, operators.calculated),
        **dict.fromkeys((nodes.Neg, nodes.Pos), operators.signed),
    }


_OF_NULL = frozenset({"tojson", "json"})
_ASKING = frozenset({"default", "d", "first", "last", "random", "min", "max"})
"""Filters whose value may well be absent, so that a default stands for it."""
_OF_ABSENCE = frozenset({"defined", "undefined", "none"})
