"""The statements of a template, walked in the order in which they run: what they print, set and ask for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from promptkit.template import operators
from promptkit.template.calls import called_again
from promptkit.template.conditions import Fact, given_by, paths_in, selected
from promptkit.template.expressions import Expressions
from promptkit.template.inferred_types import is_group, is_nullable, kinds_of, of_loop, pass_of, unpacked
from promptkit.template.names import assigned_names, with_self
from promptkit.template.namespaces import Spaces
from promptkit.template.paths import find, is_constant, kind
from promptkit.template.reserved import MACRO_NAMES
from promptkit.template.scopes import Binding, Scope
from promptkit.template.tree import TemplateFault
from promptkit.template.type_rules import KEYS_OF_EACH, KEYS_ONLY, LETTERS, wrong_loop
from promptkit.template.vocabulary import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from promptkit.template.conditions import Given
    from promptkit.template.inferred_types import InferredType
    from promptkit.template.listener import Listener
    from promptkit.template.tree import Token, Tree

    Handler = Callable[[Any, Any, Scope], None]
    """What walks the statements of one kind, in a scope."""

    class LoadingListener(Listener, Protocol):
        """A template's text, where it stands, and how it comes to the files that it names."""

        def opened(
            self, name: str, token: Token, *, optional: bool, blind: bool
        ) -> tuple[LoadingListener, Tree] | None:
            """A file that the template loads, if it can be read; what is wrong is told. An empty name is not fixed.

            What is imported without context is `blind` to the inputs.
            """


class Statements(Expressions):
    """Walks statements, each by the handler of its kind; what has none is an expression."""

    def __init__(self, tree: Tree, place: LoadingListener, *, shared: bool = False) -> None:
        super().__init__(tree, place, shared=shared)
        self.place = place
        self._later: list[tuple[Any, Callable[[], None]]] = []
        """What is walked at the end: macros, and a template that is extended (as None)."""
        self.spaces = Spaces(tree)
        self.loops = 0
        """How many loops are around."""

    def body(self, nodes: Any, scope: Scope) -> None:
        """Walk statements. Macros are walked at the end: when one is called, all that stands beside it is set."""
        waiting, self._later = self._later, []
        for node in nodes:
            self.statement(node, scope)
        while self._later:
            # A macro that others call comes behind them: what it is called with is known then.
            first = self._later[:_MOST_COMPARED]
            ready = (at for at, (macro, _) in enumerate(first) if macro is None or self.arguments.known(macro))
            self._later.pop(next(ready, 0))[1]()
        self._later = waiting

    def statement(self, node: Any, scope: Scope) -> None:
        """Walk one statement."""
        handler = self.handlers.get(kind(node))
        if handler is None:
            self.value(node, scope)
        else:
            handler(self, node, scope)

    def output(self, node: Any, scope: Scope) -> None:
        """Text and printed expressions."""
        for child in node.nodes:
            self.need(child, scope)
            if kind(child) == "Name" and (known := scope.find(child.name)) is not None and known.macro is not None:
                message, cure = f"the macro `{child.name}` is not called", f"write {{{{ {child.name}(...) }}}}"
                self.fault("PK223", message, self.tree.token(child.lineno), help=cure)

    # What sets names

    def assign(self, node: Any, scope: Scope) -> None:
        """`{% set a = b %}`."""
        value = self.value(node.node, scope)
        known = scope.find(node.node.name) if kind(node.node) == "Name" else None
        self.bind(
            node.target,
            Binding(
                value,
                nullable=self.nullable(node.node, value, scope),
                macro=known.macro if known else None,
                home=known.home if known else None,
                module=known.module if known else None,
                attributes=self._attributes(node, scope),
                implies=self._implied(node.node),
            ),
            scope,
        )

    def _implied(self, node: Any) -> tuple[Given, Given]:
        """What a condition makes sure of that is kept under a name; nothing of names that are set somewhere."""
        known = given_by(node) if kind(node) in _CONDITIONS else (frozenset(), frozenset())
        named = {(each.path if isinstance(each, Fact) else each)[0] for each in known[0] | known[1]}
        return known if named.isdisjoint(self._assigned) else (frozenset(), frozenset())

    @cached_property
    def _assigned(self) -> set[str]:
        """The names that the template sets, in whatever way."""
        return assigned_names(self.tree.root)

    def _attributes(self, node: Any, scope: Scope) -> frozenset[str] | None:
        """The names in the namespace that an assignment makes."""
        known = scope.find("namespace")
        return self.spaces.attributes(node) if known is not None and not known.is_input else None

    def assign_block(self, node: Any, scope: Scope) -> None:
        """`{% set a %}...{% endset %}`."""
        self.body(node.body, scope.inner())
        if node.filter is not None:
            self.value(node.filter, scope)
        self.bind(node.target, Binding(), scope)

    def bind(self, target: Any, known: Binding, scope: Scope) -> None:
        """Set a name, or several; a name in a namespace must be there already."""
        if kind(target) == "Name":
            if target.name == "loop" and scope.find("loop"):
                self.fault("PK201", "template syntax: `loop` belongs to the loop", self.tree.token(target.lineno))
            scope.set(target.name, known)
        elif kind(target) == "NSRef":
            self.name(target, scope)
            space = scope.find(target.name)
            if space is not None:
                self._set_in(target, space)
        else:
            for each, value in zip(target.items, unpacked(known.value, len(target.items)), strict=False):
                self.bind(each, Binding(value, nullable=is_nullable(value)), scope)

    def _set_in(self, target: Any, space: Binding) -> None:
        """Tell of what is set in something that is no namespace, or under a name that nothing reads."""
        if space.is_input:
            message = f"`{target.name}` is an input, and nothing can be set in it"
            self.fault(
                "PK225", message, self.tree.token(target.lineno), help="set a name of its own, or a `namespace()`"
            )
        elif meant := self.spaces.misspelt(target.name, target.attr):
            message = f"nothing reads `{target.attr}` of the namespace `{target.name}`"
            label = f"did you mean `{meant}`?"
            self.fault("PK202", message, self.tree.token(target.lineno, 2), severity="warning", label=label)

    def loop(self, node: Any, scope: Scope) -> None:
        """A loop: its names are gone behind it."""
        value = self.need(node.iter, scope)
        kinds = kinds_of(value)
        if not is_constant(node.iter):
            self.wrong(wrong_loop(kinds), node.iter, "warning" if kinds == {"string"} else "error")
        if kinds == {"object"} and kind(node.target) == "Tuple":
            self.wrong(KEYS_ONLY, node.iter)
        if "loop" in {name.name for name in (node.target, *find(node.target, "Name")) if kind(name) == "Name"}:
            self.fault("PK201", "template syntax: `loop` belongs to the loop", self.tree.token(node.target.lineno))
        inside = scope.inner()
        item = pass_of(value)
        if kind(node.target) == "Tuple" and kinds_of(item) == {"object"} and not is_group(item):
            self.wrong(KEYS_OF_EACH, node.target, "warning")
        if kind(node.target) == "Tuple" and kinds_of(item) == {"string"} and kinds != {"object"}:
            self.wrong(LETTERS, node.target, "warning")
        self.bind(node.target, Binding(None if node.recursive else item), inside)
        inside.names["loop"] = Binding(of_loop())
        given = selected(node.iter, node.target.name) if kind(node.target) == "Name" else frozenset()
        if node.test is not None:
            given |= self.condition(node.test, inside)[0]
        if not node.recursive and (again := called_again(node)) is not None:
            message = "`loop(...)` runs the loop again, which is not `recursive`"
            cure = "write `{% for ... recursive %}`"
            self.fault("PK201", f"template syntax: {message}", self.tree.token(again.lineno), help=cure)
        self.loops += 1
        self.body(node.body, inside.inner(given=given))
        self.loops -= 1
        if not self.loops:
            self._lost_in_loop(node, scope)
        self.body(node.else_, scope.inner())

    def _lost_in_loop(self, node: Any, scope: Scope) -> None:
        """Tell of names of outside that are set in a loop as if that lasted."""
        last = max(each.lineno for each in find(node, "Node") if each.lineno is not None)
        loads = self.loads
        for each in find(node, "Assign"):
            known = scope.find(each.target.name) if kind(each.target) == "Name" else None
            if known is None or known.is_input or known.macro is not None or known.module is not None:
                continue
            name = each.target.name
            if loads.get(name, 0) > last and name not in functions()["function"]:
                message = f"what the loop sets `{name}` to is gone with each pass"
                cure = f"use a namespace: `{{% set ns = namespace({name}=...) %}}`, then `{{% set ns.{name} = ... %}}`"
                start, end = self.tree.token(each.target.lineno).start, self.tree.token(each.target.lineno).end
                self.listener.fault(TemplateFault("PK229", message, start, end, "warning", help=cure))

    @cached_property
    def loads(self) -> dict[str, int]:
        """For each name that is used, the offset at which it is used last."""
        used = (each for each in find(self.tree.root, "Name") if each.ctx == "load")
        return {each.name: each.lineno for each in sorted(used, key=lambda each: each.lineno)}

    def with_(self, node: Any, scope: Scope) -> None:
        """`{% with a = b %}`."""
        inside = scope.inner()
        for target, value in zip(node.targets, node.values, strict=True):
            found = self.value(value, scope)
            self.bind(target, Binding(found, nullable=self.nullable(value, found, scope)), inside)
        self.body(node.body, inside)

    def macro(self, node: Any, scope: Scope) -> None:
        """A macro: its body is walked when all around it has been."""
        scope.set(node.name, Binding(macro=node, home=scope))
        self._signature(node)
        self._later.append((node, lambda: self._defined(node, scope)))

    def _defined(self, node: Any, scope: Scope) -> None:
        given = self.arguments.of(node, self._defaults(node, scope))
        names = dict.fromkeys(MACRO_NAMES, Binding()) | given
        self.body(node.body, scope.inner(names))

    def _defaults(self, node: Any, scope: Scope) -> list[InferredType]:
        """The defaults of parameters: each may name the parameters before its own."""
        names = [argument.name for argument in node.args]
        first = len(names) - len(node.defaults)
        for place, default in enumerate(node.defaults):
            later = names[first + place :]
            for each in (default, *find(default, "Name")):
                if kind(each) == "Name" and each.name in later and scope.find(each.name) is not None:
                    message = f"`{each.name}` is a parameter here, and has no value yet"
                    cure = "give the parameter another name than the input has"
                    self.fault("PK202", message, self.tree.token(each.lineno), help=cure)
        return [
            self.value(default, scope.inner(dict.fromkeys(names[: first + place], Binding())))
            for place, default in enumerate(node.defaults)
        ]

    def _signature(self, node: Any) -> None:
        names = [argument.name for argument in node.args]
        for place, argument in enumerate(node.args):
            if argument.name in names[:place]:
                token = self.tree.token(argument.lineno)
                self.fault("PK201", f"template syntax: the parameter `{argument.name}` stands twice", token)
            elif argument.name == "caller" and place < len(names) - len(node.defaults):
                self.fault("PK201", "template syntax: `caller` needs a default", self.tree.token(argument.lineno))

    def call_block(self, node: Any, scope: Scope) -> None:
        """`{% call m() %}`: the body is what `caller` stands for."""
        self.call(node.call, scope, with_body=True)
        self._signature(node)
        self._defaults(node, scope)
        names = [argument.name for argument in node.args]
        self.body(node.body, scope.inner(dict.fromkeys(names, Binding())))

    def filter_block(self, node: Any, scope: Scope) -> None:
        """`{% filter f %}`."""
        self.value(node.filter, scope)
        self.body(node.body, scope.inner())

    # Ways through the template

    def if_(self, node: Any, scope: Scope) -> None:
        """The branches of an `if`: what they set is merged."""
        ways: list[Scope] = []
        seen: list[Any] = []
        given: Given = frozenset()
        doubts = 0
        for branch in (node, *node.elif_):
            again = len(seen) < _MOST_COMPARED and branch.test in seen
            true, false = self.condition(branch.test, scope.inner(given=paths_in(given) if again else given))
            if again:
                span = self.tree.around(branch.test.lineno)
                label = "its condition stands above already"
                self.listener.fault(TemplateFault("PK214", "this branch is never taken", *span, label=label))
            seen.append(branch.test)
            ways.append(scope.inner(given=given | true))
            doubts += self._names_nothing(branch.test, scope)
            self.doubting += doubts
            self._branch(branch.body, ways[-1])
            self.doubting -= doubts
            last = branch is (node, *node.elif_)[-1] and not node.else_
            operators.always(self, branch.test, scope, is_last=last)
            given |= false if len(given) < _MOST_GIVEN else paths_in(false)
        ways.append(scope.inner(given=given))
        self.doubting += doubts
        self._branch(node.else_, ways[-1])
        self.doubting -= doubts
        scope.merge(ways)

    @staticmethod
    def _names_nothing(test: Any, scope: Scope) -> bool:
        """Whether a name in a condition stands for nothing, so that nobody knows what it asks."""
        return any(scope.find(each.name) is None for each in with_self(test, "Name"))

    def _branch(self, nodes: Any, scope: Scope) -> None:
        for node in nodes:
            self.statement(node, scope)

    handlers: ClassVar[Mapping[str, Handler]] = {
        "Output": output,
        "Assign": assign,
        "AssignBlock": assign_block,
        "For": loop,
        "With": with_,
        "Macro": macro,
        "CallBlock": call_block,
        "FilterBlock": filter_block,
        "If": if_,
    }


_CONDITIONS = frozenset(("And", "Compare", "Not", "Or", "Test"))
_MOST_COMPARED = 100
_MOST_GIVEN = 500
"""How many facts the branches of one `if` leave behind: each of the further ones is held against all of them."""
