"""A template walked in the order in which it runs, with what each name stands for on the way; nothing is rendered.

The walk goes through the files that it includes, imports and extends, each with the names that it would see there.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from promptkit.diagnostics import did_you_mean
from promptkit.late_pattern import LatePattern
from promptkit.template.conditions import paths_in
from promptkit.template.names import names_in
from promptkit.template.paths import find, kind
from promptkit.template.reserved import BLOCK_NAMES
from promptkit.template.sandbox import FUNCTIONS
from promptkit.template.scopes import Binding, Scope
from promptkit.template.statements import Statements
from promptkit.template.tree import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.template.statements import Handler, LoadingListener
    from promptkit.template.tree import Token, Tree

    Blocks = Mapping[str, tuple[tuple["Walk", Any], ...]]


class Walk(Statements):
    """One walk through one template; those it loads get walks of their own.

    `blocks` are the blocks of the templates that extend this one, by name: the last one's first, each with its walk.
    """

    def __init__(
        self,
        tree: Tree,
        place: LoadingListener,
        blocks: Blocks | None = None,
        *,
        shared: bool = False,
    ) -> None:
        super().__init__(tree, place, shared=shared)
        self.blocks = dict(blocks or {})
        self.top = Scope()

    def run(self, scope: Scope) -> Scope:
        """Walk the whole template in a scope, which gets what the template sets."""
        self.top = scope
        if not self.tree.simple:
            self._twice()
        self.body(self.tree.root.body, scope)
        return scope

    def _twice(self) -> None:
        """Tell of blocks that have the same name."""
        seen: set[str] = set()
        for block in find(self.tree.root, "Block"):
            if block.name in seen:
                message = f"template syntax: the block `{block.name}` stands twice"
                self.fault("PK201", message, self.tree.token(block.lineno, 1))
            seen.add(block.name)

    def include(self, node: Any, scope: Scope) -> None:
        """An included file sees all that is known here, and sets nothing here."""
        if (found := self._load(node, optional=node.ignore_missing)) is not None:
            place, tree = found
            seen = self._visible(scope) if node.with_context else _globals()
            Walk(tree, place).run(Scope(outer=seen))

    def import_(self, node: Any, scope: Scope) -> None:
        """`{% import "file" as name %}`."""
        scope.set(node.target, Binding(module=self._imported(node, scope)))

    def from_import(self, node: Any, scope: Scope) -> None:
        """`{% from "file" import name %}`."""
        names = self._imported(node, scope)
        for each in node.names:
            name, alias = each if isinstance(each, tuple) else (each, each)
            if names is not None and name not in names:
                token = self._named(node, name)
                self.fault("PK202", f"the imported file sets no `{name}`", token, label=did_you_mean(name, names))
            scope.set(alias, (names or {}).get(name, Binding()))

    def _imported(self, node: Any, scope: Scope) -> Mapping[str, Binding] | None:
        """What an imported file sets. It sees what is known here only if it is told to."""
        if (found := self._load(node, blind=not node.with_context)) is None:
            return None
        place, tree = found
        set_there = Scope(outer=self._visible(scope) if node.with_context else _globals())
        Walk(tree, place, shared=True).run(set_there)
        if tree.lost:
            return None
        return {
            name: known._replace(blind=not node.with_context)
            for name, known in set_there.names.items()
            if not name.startswith("_")
        }

    def _named(self, node: Any, name: str) -> Token:
        """The token of a name that is imported."""
        end = self.tree.around(node.lineno)[1]
        tokens = [token for token in self.tree.tokens if node.template.lineno < token.start < end]
        return next((token for token in tokens if token.value == name), self.tree.token(node.lineno))

    def _visible(self, scope: Scope) -> Scope:
        """What a file that is loaded here sees: all but what stands for a block.

        What compares to which constants is left out: a file serves others too.
        """
        names = {name: known for name, known in scope.whole().items() if name not in BLOCK_NAMES}
        return Scope(names, None, paths_in(scope.given))

    def _load(self, node: Any, *, optional: bool = False, blind: bool = False) -> tuple[LoadingListener, Tree] | None:
        fixed = kind(node.template) == "Const" and isinstance(node.template.value, str)
        token = self.tree.token(node.lineno, 1)
        if not fixed and _PATH.fullmatch(path := self._in_one(token)):
            span, cure = (token.start, token.start + len(path)), f'write `"{path}"`'
            self.listener.fault(TemplateFault("PK205", "a path stands in quotes", *span, help=cure))
            return None
        if not fixed:
            self.value(node.template, self.top)
        return self.place.opened(node.template.value if fixed else "", token, optional=optional, blind=blind)

    def _in_one(self, first: Token) -> str:
        """What stands from a token on without a space."""
        text = ""
        for token in self.tree.tokens[self.tree.tokens.index(first) :]:
            if token.start != first.start + len(text):
                break
            text += token.value
        return text.strip()

    def extends(self, node: Any, scope: Scope) -> None:
        """The template that this one extends: it runs when this one has set its names, with the blocks of this one."""
        self._outside(node)
        own = {block.name: ((self, block),) for block in find(self.tree.root, "Block")}
        filled = own | {name: (*chain, *own.get(name, ())) for name, chain in self.blocks.items()}
        self._later.append((None, lambda: self._extended(node, scope, filled)))

    def _outside(self, node: Any) -> None:
        """Tell of text behind the `extends` that stands in no block."""
        nodes = self.tree.root.body
        behind = nodes[nodes.index(node) + 1 :] if node in nodes else ()
        printed: Iterator[Any] = (
            each for output in behind if kind(output) == "Output" for each in output.iter_child_nodes()
        )
        lost: Any = next((each for each in printed if kind(each) != "TemplateData" or each.data.strip()), None)
        if lost is not None:
            message = "this text stands in no block: of a template that extends another one only the blocks are printed"
            start, end = self.tree.around(lost.lineno)
            if kind(lost) == "TemplateData":
                start = lost.lineno + len(lost.data) - len(lost.data.lstrip())
                end = start + len(lost.data.strip().split("\n")[0])
            cure = "put it into a `{% block %}` that the other one has"
            self.listener.fault(TemplateFault("PK216", message, start, end, help=cure))

    def _extended(self, node: Any, scope: Scope, blocks: Blocks) -> None:
        if (found := self._load(node)) is None:
            for (walk, block), *_ in blocks.values():
                walk.body(block.body, self.top.inner({"super": Binding()}))  # what they use is used
            return
        place, tree = found
        walk = Walk(tree, place, blocks)
        walk.run(scope)
        if tree.whole and not walk.is_extending:
            printed = {block.name: block for block in find(tree.root, "Block")}
            self._unprinted(blocks, set(printed))
            filled = {name: blocks[name][0][1] if name in blocks else block for name, block in printed.items()}
            for name in (name for name, block in filled.items() if block.required):
                message = f"the block `{name}` has to be filled, and is not"
                cure = f"write `{{% block {name} %}}...{{% endblock %}}`"
                self.fault("PK216", message, self.tree.token(node.lineno, 1), help=cure)

    def _unprinted(self, blocks: Blocks, printed: set[str]) -> None:
        """Tell of blocks that the template at the beginning of the line of those that extend each other does not have.

        A block that stands in another one is printed with it.
        """
        inner = {block.name for chain in blocks.values() for _, filled in chain for block in find(filled, "Block")}
        for name, ((walk, block), *_) in blocks.items():
            if name not in printed | inner:
                message = f"no template that is extended here has a block `{name}`: its text is printed nowhere"
                token = walk.tree.token(block.lineno, 1)
                walk.fault("PK216", message, token, label=did_you_mean(name, printed))
                walk.body(block.body, self.top.inner({"super": Binding()}))  # what it uses is used

    def block(self, node: Any, scope: Scope) -> None:
        """A block, as the last template that extends this one fills it; it is walked where it is filled."""
        if self.is_extending:
            return
        seen, deeper = self.top if self.loops and not node.scoped else scope, False
        for walk, filled in (*self.blocks.get(node.name, ()), (self, node)):
            names = {} if filled is node else {"super": Binding()}  # the first of the blocks has none above
            walk.body(filled.body, seen.inner(names))
            deeper |= any(kind(each.node) == "Name" and each.node.name == "super" for each in find(filled, "Getattr"))
            if "super" not in names_in(*filled.body) and not deeper:
                break

    @cached_property
    def is_extending(self) -> bool:
        """Whether the template extends another one, and so prints only what stands in its blocks."""
        return any(kind(node) == "Extends" for node in self.tree.root.body)

    handlers: ClassVar[Mapping[str, Handler]] = {
        **Statements.handlers,
        "Include": include,
        "Import": import_,
        "FromImport": from_import,
        "Extends": extends,
        "Block": block,
    }


_PATH = LatePattern(r"[A-Za-z_][\w-]*(?:/[\w.-]+)*(?:/[\w-]+|\.(?:md|txt|j2|jinja2?|ya?ml|json))")
"""What looks like the path of a file, and is read as a division, or as a key of a name."""


def input_scope(inputs: Mapping[str, Binding]) -> Scope:
    """What a template sees at its beginning: the inputs, over the functions that every template has."""
    return Scope(inputs, _globals())


@lru_cache(maxsize=1)
def _globals() -> Scope:
    return Scope(dict.fromkeys(FUNCTIONS, Binding()))
