"""The rendering of templates: compiled once, with the files that they include, errors at the line that failed.

Jinja is imported when a template first needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.errors import PromptkitError, RenderError
from promptkit.phrases import one_line, shortened
from promptkit.schema.references import optional_fields
from promptkit.template.flow_rules import template_graph
from promptkit.template.metering import bounded, metered
from promptkit.template.pieces import PieceError, Pieces
from promptkit.template.printing import stripped
from promptkit.template.rendering import rendering
from promptkit.template.reserved import SELF

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from jinja2 import Template as JinjaTemplate
    from jinja2 import nodes

    from promptkit.template.dataflow import FlowGraph
    from promptkit.template.environment import FileEnvironment
    from promptkit.template.fences import Fences, Untrusted
    from promptkit.template.rendering import Budget
    from promptkit.template.tracing import Trace
    from promptkit.template.tracing_environment import TracingEnvironment

_FILENAME = "<template>"
_LONGEST_ERROR = 300
"""So much is told of what an expression says when it fails: it may quote a value."""


class Templates:
    """The templates of one prompt: compiled on first use, thread-safe, with the files that they include.

    `files` maps a path under the root to the text of a file that templates include. `untrusted` are the inputs
    that come from strangers, by name. `schemas` describe what objects hold: a field that they may leave out is null
    where it is left out.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        untrusted: Mapping[str, Untrusted] | None = None,
        schemas: Sequence[Any] = (),
    ) -> None:
        self._files = files
        self._schemas = schemas
        self._untrusted = untrusted or {}
        self._plain: FileEnvironment | None = None
        self._file_trees: dict[str, nodes.Template] | None = None
        self._compiled: dict[tuple[str, str], JinjaTemplate] = {}
        self._traced: dict[tuple[str, str], tuple[JinjaTemplate, FlowGraph]] = {}
        self._pieces: dict[str, Pieces | None] = {}

    def render(
        self,
        text: str,
        values: Mapping[str, Any],
        site: Site | None = None,
        fences: Fences | None = None,
        budget: Budget | None = None,
    ) -> str:
        """A template's text, without its own whitespace at both ends; that of values is kept.

        `site` is where the template stands, `budget` that of the prompt it belongs to. Raises `RenderError` at the
        line that failed.
        """
        try:
            simple = self._pieces[text]
        except KeyError:
            simple = self._simple(text)
        if simple is not None:
            try:
                joined = simple.joined(values, fences)
            except PieceError as error:
                error.cause.where = (site or Site()).text(error.line)
                raise error.cause from None
            except RuntimeError as error:
                raise _changed(error, (site or Site()).text(0)) from None
            if joined is not None:
                return joined
        said = site or Site()
        try:
            with metered(budget) as meter, rendering(fences):
                pieces = self._template(text, said.path).generate(_context(values))
                return stripped(bounded(pieces, meter))
        except PromptkitError as error:
            raise said.placed(error, error) from None
        except RecursionError:
            raise RenderError("the template calls itself too deeply", code="PK221", where=said.text(0)) from None
        except Exception as error:  # noqa: BLE001 (whatever a template raises is the template's error)
            raise said.placed(RenderError(_worded(error), code=_code(error)), error) from None

    def traces(
        self,
        text: str,
        values: Mapping[str, Any],
        inputs: Container[str],
        *,
        path: str = "",
        fences: Fences | None = None,
    ) -> list[Trace]:
        """The pieces of what `render` gives for the same values, each with where it comes from.

        The names of a value are those of the inputs that it can come from. Raises as `render` does, without a place;
        what has been rendered in time has as much of it again.
        """
        from promptkit.template.tracing import of_simple, traces

        simple = self._simple(text)
        try:
            if simple is not None and simple.names <= values.keys():
                return of_simple(simple.taken(values, fences))
            template, graph = self._traced.get((path, text)) or self._traceable(text, path)
            with metered() as meter, rendering(fences):
                found = traces(bounded(template.generate(_context(values)), meter))
        except RecursionError:
            raise RenderError("the template calls itself too deeply", code="PK221", where=path) from None
        except RuntimeError as error:
            raise _changed(error, path) from None
        named: dict[frozenset[str], frozenset[str]] = {}
        for names in (listed for each in found for listed in (each.names, each.sources)):
            if names not in named:
                named[names] = frozenset(name for name in graph.origins(names) if name in inputs)
        return [replace(each, names=named[each.names], sources=named[each.sources]) for each in found]

    def _traceable(self, text: str, path: str) -> tuple[JinjaTemplate, FlowGraph]:
        env, graph = self._tracing_environment(text, path)
        code = env.compile(text, name=path, filename=_FILENAME)
        made = env.template_class.from_code(env, code, env.globals), graph
        self._traced[path, text] = made
        return made

    def evaluate(self, expression: str, values: Mapping[str, Any]) -> Any:
        """The value of a Jinja expression. Raises `RenderError`, for an undefined one too."""
        from jinja2 import Undefined

        try:
            with metered():
                compiled = self._environment().compile_expression(expression, undefined_to_none=False)
                value = compiled(_context(values))
            return str(value) if isinstance(value, Undefined) else value
        except PromptkitError:
            raise
        except Exception as error:  # noqa: BLE001 (an expression may raise anything)
            raise RenderError(_worded(error), code=_code(error)) from None

    def _simple(self, text: str) -> Pieces | None:
        """The pieces of a template that needs no Jinja."""
        if text not in self._pieces:
            self._pieces[text] = Pieces.of(text, self._untrusted)
        return self._pieces[text]

    def _template(self, text: str, path: str) -> JinjaTemplate:
        found: JinjaTemplate | None = self._compiled.get((path, text))
        if found is None:
            # What an included file prints depends on what is set where it is included, so that each template
            # that can print untrusted values has an environment, and compiled files, of its own.
            env = self._fencing_environment(text) if self._untrusted else self._environment()
            code = env.compile(text, name=path, filename=_FILENAME)
            found = self._compiled[path, text] = env.template_class.from_code(env, code, env.globals)
        return found

    def _environment(self) -> FileEnvironment:
        if self._plain is None:
            from promptkit.template.environment import FileEnvironment

            self._plain = FileEnvironment(self._files, optional_fields(self._schemas))
        return self._plain

    def _graph(self, env: FileEnvironment, text: str) -> FlowGraph:
        """How values flow in a template, and in the files that it may load."""
        from promptkit.template.alpha_renaming import renamed

        if self._file_trees is None:
            self._file_trees = {path: renamed(env.parse(text)) for path, text in self._files.items()}
        return template_graph(renamed(env.parse(text)), self._file_trees)

    def _tracing_environment(self, text: str, path: str) -> tuple[TracingEnvironment, FlowGraph]:
        from promptkit.template.fence_transform import FILTERS
        from promptkit.template.tracing_environment import TracingEnvironment

        graph = self._graph(self._environment(), text)
        env = TracingEnvironment(self._files, optional_fields(self._schemas), path, self._fence(graph))
        env.filters |= FILTERS
        return env, graph

    def _fencing_environment(self, text: str) -> FileEnvironment:
        from promptkit.template.environment import FileEnvironment
        from promptkit.template.fence_transform import FILTERS

        env = FileEnvironment(self._files, optional_fields(self._schemas))
        env.prepare = self._fence(self._graph(env, text))
        env.filters |= FILTERS
        return env

    def _fence(self, graph: FlowGraph) -> Callable[[nodes.Template], nodes.Template]:
        """What sends all that a tree prints, and that can be untrusted, through the fences."""
        from promptkit.template.alpha_renaming import renamed
        from promptkit.template.fence_transform import FenceOutputs

        return lambda tree: FenceOutputs(graph, self._untrusted).visit(renamed(tree))


def _changed(error: RuntimeError, where: str) -> RenderError:
    """The error of an input that another thread changes while it is read, as Python tells of it."""
    return RenderError(f"an input was changed while it was rendered: {error}", code="PK226", where=where)


def _context(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under the names that they have in a compiled template."""
    return {**values, **({SELF: values["self"]} if "self" in values else {})}


def _worded(error: Exception) -> str:
    from jinja2 import TemplateError, UndefinedError
    from jinja2.exceptions import SecurityError

    if isinstance(error, UndefinedError):
        return (error.message or "a name is undefined").replace("'", "`").replace(SELF, "self")
    if isinstance(error, SecurityError):
        return f"the template may not do this: {error.message}"
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    if isinstance(error, OverflowError):
        return "a number grows too large"
    said = one_line(str(error))
    return f"an expression failed: {shortened(said, _LONGEST_ERROR)}" if said else "an expression failed"


def _code(error: Exception) -> str:
    from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    codes = {UndefinedError: "PK202", SecurityError: "PK225", TemplateSyntaxError: "PK201", TemplateNotFound: "PK206"}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), "PK226")


@dataclass(frozen=True, slots=True)
class Site:
    """Which template is rendered, and how its lines are named in errors.

    `path` is the file it stands in, `name` its section, and `place` tells the line and column in the file at which a
    line of the template begins.
    """

    path: str = ""
    name: str = ""
    place: Callable[[int], tuple[int, int]] | None = None

    def text(self, line: int) -> str:
        """`file:line:column (section)`, as far as it is known."""
        at = self.place(line) if self.place and line else (0, 0)
        if at[0]:
            return f"{self.path}:{at[0]}:{at[1]} (`{self.name}`)"
        inside = f"`{self.name}`, line {line}" if line else f"`{self.name}`"
        return f"{self.path} ({inside})" if self.path else inside

    def placed(self, error: PromptkitError, cause: BaseException) -> PromptkitError:
        """The error with the file and line at which it happened."""
        line, file = _last_line(cause)
        included = file not in ("", _FILENAME)
        error.where = f"{file.strip('<>')}:{line}" if included else self.text(line)
        return error


def _last_line(error: BaseException) -> tuple[int, str]:
    """The innermost line of a template in a traceback, with its file."""
    found, trace = (0, ""), error.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            found = trace.tb_lineno, trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return found
