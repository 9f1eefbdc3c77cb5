"""The Jinja environment that templates run in: strict, immutable, bounded, and made for prompts.

What differs from plain Jinja: mapping keys win over attributes, a declared field that is left out is null, methods are
called by an allow-list, undefined names and a null that is printed are errors, `default` and `is defined` take a null
for what is not given, booleans, numbers, lists and objects print as JSON (joined by `~` and by filters of texts too),
`tojson` escapes nothing, `self` is a name like any other, HTML's `autoescape` is refused, and everything that a
template can build or repeat has a limit.

Importing this module loads Jinja; who needs an environment imports it then.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import (
    BaseLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    Undefined,
    nodes,
)
from jinja2.compiler import CodeGenerator
from jinja2.filters import FILTERS, _GroupTuple
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from promptkit.diagnostics import did_you_mean
from promptkit.errors import RenderError
from promptkit.source import SourceError
from promptkit.source_paths import join, mounted
from promptkit.template.filters import OWN_FILTERS, template_filters
from promptkit.template.instrumentation import Measuring
from promptkit.template.measured_comparisons import COMPARING
from promptkit.template.measured_operators import OPERATORS
from promptkit.template.metering import (
    MAX_ARGUMENTS,
    MAX_MARKED,
    MAX_WIDTH,
    VIEWS,
    bounded_range,
    built,
    check_clock,
    count_printed,
    step,
    weighed,
)
from promptkit.template.printing import kind_of, printed
from promptkit.template.rendering import current_modules
from promptkit.template.sandbox import ALLOWED_METHODS, folded
from promptkit.template.text_methods import METHODS, TESTS, concatenated, taken_apart

if TYPE_CHECKING:
    from collections.abc import Callable

_FILTERS = template_filters(FILTERS) | OWN_FILTERS
_MOST_LIKENED = 200
_CODE = (type, FunctionType, BuiltinFunctionType, MethodType, property)
"""What has attributes that are no data, and some that a template could change for all others."""


def mapping(*given: Any, **values: Any) -> Any:
    """`dict(...)` in a template. The type itself has methods that change the mapping they are given."""
    if len(given) > 1 or not all(isinstance(each, (Mapping, list, tuple, *VIEWS)) for each in given):
        raise RenderError("`dict` takes an object, or a list of pairs, and values by name", code="PK223")
    return built({**dict(*given), **values})


def is_given(value: Any) -> bool:
    """`x is defined`: a null is not, since it is what an optional input is that was not given."""
    return value is not None and not isinstance(value, Undefined)


class PromptParser(Parser):
    """Jinja's parser, without the tags that prompts have no use for; what follows an include keeps its line."""

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


def _unfolded(tokens: Iterable[Any]) -> Iterator[Any]:
    """The same tokens. Raises `TemplateSyntaxError` for a name that Python would take for another one."""
    for token in tokens:
        if token.type == "name" and folded(token.value) != token.value:
            raise TemplateSyntaxError(f"the name `{token.value}` is written `{folded(token.value)}`", token.lineno)
        yield token


class Missing(StrictUndefined):
    """What is not there; its error says in what, and what may have been meant."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        obj, name = self._undefined_obj, self._undefined_name
        if self._undefined_hint or obj is missing:
            return str(super()._undefined_message)
        if not isinstance(name, str):
            return f"{kind_of(obj)} has no item {'null' if name is None else name}"
        keys = itertools.islice(obj, _MOST_LIKENED) if isinstance(obj, Mapping) else ()
        name = name[:_MOST_LIKENED]
        hint = did_you_mean(name, map(str, keys))
        return f"{kind_of(obj)} has no `{name}`{f'; {hint}' if hint else ''}"


class ValueCode(CodeGenerator):
    """Printed values keep their class, so that they can be told from the template's own text.

    What a file prints that is included without context is rendered each time, and goes where the text around it goes.
    Jinja keeps it, and yields it past a block whose text goes elsewhere first.
    """

    _including: Any = None
    """The frame of the include that is written."""

    def visit_Include(self, node: nodes.Include, frame: Any) -> None:
        outside, self._including = self._including, frame
        super().visit_Include(node, frame)
        self._including = outside

    def writeline(self, x: str, *args: Any, **kwargs: Any) -> None:
        if self._including is None or not x.startswith("yield from "):
            super().writeline(x, *args, **kwargs)
            return
        super().writeline("for event in template.root_render_func(template.new_context()):")
        self.indent()
        self.simple_write("event", self._including)
        self.outdent()

    def _output_child_pre(self, node: Any, frame: Any, finalize: Any) -> None:  # noqa: ARG002
        self.write("(" + finalize.src)

    def _output_child_to_const(self, node: Any, frame: Any, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):  # a value's whitespace is its own, and stays
            raise nodes.Impossible
        return str(super()._output_child_to_const(node, frame, finalize))


class PromptTemplate(Template):
    """A compiled template. What a file sets that it imports is set anew in each rendering, and shared inside of one."""

    def _get_default_module(self, ctx: Any = None) -> Any:
        """The module of this file for one that imports it without context.

        Jinja keeps it with the template: what one rendering sets in it would be there in the next.
        """
        own = {} if ctx is None else {name: ctx.parent[name] for name in ctx.globals_keys - self.globals.keys()}
        if own:
            return self.make_module(own)
        modules = current_modules()
        if id(self) not in modules:
            modules[id(self)] = self.make_module()
        return modules[id(self)]


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """See the module."""

    template_class = PromptTemplate

    intercepted_binops = frozenset(OPERATORS)
    code_generator_class = ValueCode
    concat = staticmethod(concatenated)
    optional: Container[str] = frozenset()
    """Fields that objects may leave out: one that an object does not have is null, as an optional input is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            undefined=Missing,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self._finalized,
            autoescape=False,
            optimized=False,  # constant expressions would be computed while compiling, where nothing is metered
            **options,
        )
        self.filters = _FILTERS.copy()
        self.tests = {**self.tests, **COMPARING, **TESTS}
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
        tree: nodes.Template = PromptParser(self, source, name, filename).parse()
        return tree

    def _tokenize(self, source: str, name: str | None, filename: str | None = None, state: Any = None) -> Any:
        stream = super()._tokenize(source, name, filename, state)
        return TokenStream(_unfolded(stream), name, filename)

    def prepared(self, tree: nodes.Template) -> nodes.Template:
        """A template's tree as it is compiled."""
        prepared: nodes.Template = Measuring().visit(tree)
        return prepared

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        return super()._generate(self.prepared(source), *args, **kwargs)

    def handle_exception(self, source: str | None = None) -> NoReturn:  # noqa: ARG002
        """Jinja makes a code object of as many lines as the number for each frame of a traceback: it stays as it is."""
        error = sys.exc_info()[1]
        assert error is not None
        raise error

    def _load_template(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super()._load_template(*args, **kwargs)

    def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
        step()
        if len(args) + len(kwargs) > MAX_ARGUMENTS:
            raise RenderError(f"a call takes up to {MAX_ARGUMENTS:,} values", code="PK221")
        of = called.__self__ if isinstance(called, BuiltinMethodType) else None
        if isinstance(of, (list, tuple)):
            weighed(of)
        if not isinstance(of, str):
            return super().call(context, called, *args, **kwargs)
        if len(of) > MAX_MARKED:
            check_clock()
        measured = METHODS.get(called.__name__)
        if measured is not None:  # which is called as Jinja does: without what it hands on in loops and blocks
            return super().call(context, measured.__get__(of), *args, **kwargs)
        return taken_apart(super().call(context, called, *args, **kwargs))

    def call_filter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A filter that is named while rendering, as by `map`; those of this package's own trees have no name there."""
        if str(name).endswith("_"):
            raise TemplateRuntimeError(f"No filter named {str(name)[:_MOST_LIKENED]!r}.")
        return super().call_filter(name, *args, **kwargs)

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


class Files(BaseLoader):
    """Included files, already read by the one door."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def get_source(self, _: Any, template: str) -> tuple[str, str, None]:
        if template not in self.files:
            raise TemplateNotFound(template)
        return self.files[template], f"<{template}>", None


class FileEnvironment(PromptEnvironment):
    """The same for templates with the files that they include: a path is relative to the file that it is written in.

    `prepare` is what else is done to a tree before it is compiled.
    """

    prepare: Callable[[nodes.Template], nodes.Template] | None = None

    def __init__(self, files: Mapping[str, str], optional: Container[str]) -> None:
        super().__init__(loader=Files(files))
        self.files = files
        self.optional = optional

    def join_path(self, template: str, parent: str) -> str:
        folder = parent.rpartition("/")[0]
        try:
            path = join(folder, template)
            known = path in self.files or "/" not in template
            return path if known else _first(self.files, mounted(folder, template), path)
        except SourceError as error:
            raise RenderError(error.message, code="PK206") from None

    def prepared(self, tree: nodes.Template) -> nodes.Template:
        return super().prepared(tree if self.prepare is None else self.prepare(tree))


def _first(files: Mapping[str, str], *paths: str) -> str:
    """The first of some paths at which there is a file; the last one where there is none."""
    return next((path for path in paths if path in files), paths[-1])
