"""The Jinja environment that templates run in: strict, immutable, bounded, and made for prompts.

What differs from plain Jinja: mapping keys win over attributes, a declared field that is left out is null, methods are
called by an allow-list, undefined names and a null that is printed are errors, `default` and `is defined` take a null
for what is not given, booleans, numbers, lists and objects print as JSON (joined by `~` and by filters of texts too),
`tojson` escapes nothing, `self` is a name like any other, HTML's `autoescape` is refused, and everything that a
template can build or repeat has a limit.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType, MethodType
from typing import Any, NoReturn

from promptkit.diagnostics import did_you_mean
from promptkit.template.filters import OWN_FILTERS, template_filters
from promptkit.template.metering import (
    MAX_MARKED,
    MAX_WIDTH,
    METHODS,
    OPERATORS,
    bounded_range,
    built,
    check_clock,
    concatenated,
    count_printed,
    is_equal,
    is_in,
    step,
)
from promptkit.template.printing import kind_of, printed

_TEXT_METHODS = """
    capitalize casefold count endswith find index isalnum isalpha isdecimal isdigit islower isnumeric isspace
    istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit
    rstrip split splitlines startswith strip swapcase title upper
"""
ALLOWED_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset(),
    float: frozenset({"is_integer"}),
}
"""Which methods a template may call, by the type of the value."""

FUNCTIONS = frozenset({"range", "dict", "namespace", "joiner", "cycler"})
"""The functions that every template has."""

SELF = "self\N{MODIFIER LETTER LOW VERTICAL LINE}"
"""What `self` is called in a compiled template, where Jinja would take it for the template itself.

No input can have this name, since it is not made of ASCII letters.
"""


_MOST_LIKENED = 200
_CODE = (type, FunctionType, BuiltinFunctionType, MethodType, property)
"""What has attributes that are no data, and some that a template could change for all others."""
_WEIGHED = {"in": ("in", False), "notin": ("in", True), "eq": ("eq", False), "ne": ("eq", True)}
"""Comparisons that look at all of a list: the test that each becomes, and whether it is negated."""


def mapping(**values: Any) -> Any:
    """`dict(...)` in a template. The type itself has methods that change the mapping they are given."""
    return built(values)


def is_given(value: Any) -> bool:
    """`x is defined`: a null is not, since it is what an optional input is that was not given."""
    from jinja2 import Undefined

    return value is not None and not isinstance(value, Undefined)


@lru_cache(maxsize=1)
def parser_class() -> Any:
    """Jinja's parser, without the tags that prompts have no use for; what follows an include keeps its line."""
    from jinja2 import nodes
    from jinja2.parser import Parser

    class PromptParser(Parser):
        def parse_include(self) -> Any:
            """A tag's line end is trimmed, and so is that of the file: what follows would stand on its last line."""
            include, end = super().parse_include(), self.stream.current
            if end.type != "block_end" or end.value[:1] == "-" or not end.value.endswith("\n"):
                return include
            return [include, nodes.Output([nodes.TemplateData("\n", lineno=end.lineno)], lineno=end.lineno)]

        def parse_autoescape(self) -> NoReturn:
            self.fail("`autoescape` is for HTML")

        def parse_print(self) -> NoReturn:
            self.fail("`print` is written {{ ... }}")

    return PromptParser


def folded(name: str) -> str:
    """A name as Python takes it (PEP 3131): two that look different can be the same variable in what is compiled."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _unfolded(tokens: Iterable[Any]) -> Iterator[Any]:
    """The same tokens. Raises `TemplateSyntaxError` for a name that Python would take for another one."""
    from jinja2 import TemplateSyntaxError

    for token in tokens:
        if token.type == "name" and folded(token.value) != token.value:
            raise TemplateSyntaxError(f"the name `{token.value}` is written `{folded(token.value)}`", token.lineno)
        yield token


@lru_cache(maxsize=1)
def environment_class() -> Any:
    """The environment's class, made on first use so that importing this module loads no Jinja."""
    from jinja2 import Undefined, nodes
    from jinja2.filters import FILTERS, _GroupTuple
    from jinja2.lexer import TokenStream
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    own_filters = template_filters(FILTERS) | OWN_FILTERS

    class PromptEnvironment(ImmutableSandboxedEnvironment):
        """See the module."""

        intercepted_binops = frozenset(OPERATORS)
        code_generator_class = _code_generator()
        concat = staticmethod(concatenated)
        optional: Container[str] = frozenset()
        """Fields that objects may leave out: one that an object does not have is null, as an optional input is."""

        def __init__(self, **options: Any) -> None:
            super().__init__(
                undefined=_undefined_class(),
                trim_blocks=True,
                lstrip_blocks=True,
                finalize=self._finalized,
                autoescape=False,
                optimized=False,  # constant expressions would be computed while compiling, where nothing is metered
                **options,
            )
            self.filters = own_filters.copy()
            self.tests = {**self.tests, **dict.fromkeys(("eq", "equalto", "=="), is_equal), "in": is_in}
            self.tests |= {"defined": is_given, "undefined": lambda value: not is_given(value)}
            self.globals = {
                "range": bounded_range,
                "dict": mapping,
                **{name: self.globals[name] for name in ("namespace", "joiner", "cycler")},
            }

        @staticmethod
        def _finalized(value: Any) -> str:
            if isinstance(value, str) and len(value) > MAX_WIDTH:
                count_printed(len(value))
            return str(value) if isinstance(value, Undefined) else printed(value)

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree: nodes.Template = parser_class()(self, source, name, filename).parse()
            return tree

        def _tokenize(self, source: str, name: str | None, filename: str | None = None, state: Any = None) -> Any:
            stream = super()._tokenize(source, name, filename, state)
            return TokenStream(_unfolded(stream), name, filename)

        def prepared(self, tree: nodes.Template) -> nodes.Template:
            """A template's tree as it is compiled."""
            prepared: nodes.Template = _measuring()().visit(tree)
            return prepared

        def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
            return super()._generate(self.prepared(source), *args, **kwargs)

        def _load_template(self, *args: Any, **kwargs: Any) -> Any:
            step()
            return super()._load_template(*args, **kwargs)

        def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
            step()
            if isinstance(called, BuiltinMethodType) and isinstance(called.__self__, str):
                if len(called.__self__) > MAX_MARKED:
                    check_clock()
                measured = METHODS.get(called.__name__)
                if measured is not None:
                    return measured(called.__self__, *args, **kwargs)
            return super().call(context, called, *args, **kwargs)

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping):
                if attribute in obj:
                    return obj[attribute]
                if attribute in self.optional:
                    return None
                if not hasattr(obj, attribute):  # a mapping that makes what it lacks is not asked for it
                    return self.undefined(obj=obj, name=attribute)
            return super().getattr(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(argument, str) and isinstance(obj, Mapping) and argument not in obj:
                return None if argument in self.optional else self.getattr(obj, argument)
            return super().getitem(obj, argument)

        def wrap_str_format(self, value: Any) -> Any:  # noqa: ARG002 (no method that formats is allowed at all)
            return None

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            if isinstance(obj, _GroupTuple):
                return attr in _GroupTuple._fields
            if isinstance(obj, _CODE):
                return False
            allowed = next((names for kind, names in ALLOWED_METHODS.items() if isinstance(obj, kind)), None)
            return super().is_safe_attribute(obj, attr, value) if allowed is None else attr in allowed

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            OPERATORS[operator](left, right)
            return super().call_binop(context, operator, left, right)

    return PromptEnvironment


@lru_cache(maxsize=1)
def _undefined_class() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.utils import missing

    class Missing(StrictUndefined):
        """What is not there; its error says in what, and what may have been meant."""

        __slots__ = ()

        @property
        def _undefined_message(self) -> str:
            obj, name = self._undefined_obj, self._undefined_name
            if self._undefined_hint or obj is missing:
                return str(super()._undefined_message)
            if not isinstance(name, str):
                return f"{kind_of(obj)} has no item {name}"
            keys = itertools.islice(obj, _MOST_LIKENED) if isinstance(obj, Mapping) else ()
            name = name[:_MOST_LIKENED]
            hint = did_you_mean(name, map(str, keys))
            return f"{kind_of(obj)} has no `{name}`{f'; {hint}' if hint else ''}"

    return Missing


@lru_cache(maxsize=1)
def _measuring() -> Any:
    """A transformer of trees: loops count their passes, `~` joins what would be printed, `self` is a plain name."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    def filtered(node: nodes.Node, name: str) -> Any:
        return nodes.Filter(node, name, [], [], None, None).set_lineno(node.lineno)

    class Measuring(NodeTransformer):
        def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
            self.generic_visit(node)
            node.iter = filtered(node.iter, "counted_")
            return node

        def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
            self.generic_visit(node)
            joined: nodes.Node = filtered(nodes.List(node.nodes).set_lineno(node.lineno), "concat_")
            return joined

        def _built(self, node: Any) -> nodes.Node:
            self.generic_visit(node)
            fixed = not any(True for _ in node.find_all((nodes.Name, nodes.Filter, nodes.Call, nodes.Getattr)))
            made: nodes.Node = node if fixed or getattr(node, "ctx", "load") != "load" else filtered(node, "built_")
            return made

        def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
            return self._built(node)

        def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
            return self._built(node)

        def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
            return self._built(node)

        def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
            self.generic_visit(node)
            return filtered(node, "built_") if isinstance(node.arg, nodes.Slice) else node

        def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
            self.generic_visit(node)
            operator = node.ops[0].op if len(node.ops) == 1 else ""
            if operator not in _WEIGHED:
                return node
            name, negated = _WEIGHED[operator]
            test = nodes.Test(node.expr, name, [node.ops[0].expr], [], None, None).set_lineno(node.lineno)
            return nodes.Not(test).set_lineno(node.lineno) if negated else test

        def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
            node.name = SELF if node.name == "self" else node.name
            return node

    return Measuring


@lru_cache(maxsize=1)
def _code_generator() -> Any:
    from jinja2 import nodes
    from jinja2.compiler import CodeGenerator

    class ValueCode(CodeGenerator):
        """Printed values keep their class, so that they can be told from the template's own text."""

        def _output_child_pre(self, node: Any, frame: Any, finalize: Any) -> None:  # noqa: ARG002
            self.write("(" + finalize.src)

        def _output_child_to_const(self, node: Any, frame: Any, finalize: Any) -> str:
            if not isinstance(node, nodes.TemplateData):  # a value's whitespace is its own, and stays
                raise nodes.Impossible
            return str(super()._output_child_to_const(node, frame, finalize))

    return ValueCode
