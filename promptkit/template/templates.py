"""The rendering of templates: compiled once, with the files that they include, errors at the expression that failed.

Jinja is imported when a template first needs it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits
from promptkit.schema.references import optional_fields
from promptkit.template.failures import changed, failure
from promptkit.template.flow_rules import template_graph
from promptkit.template.metering import bounded, metered
from promptkit.template.pieces import PieceError, Pieces
from promptkit.template.printing import stripped
from promptkit.template.rendering import Budget, rendering
from promptkit.template.reserved import SELF

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from jinja2 import Template as JinjaTemplate
    from jinja2 import nodes

    from promptkit.spec import Origin
    from promptkit.template.dataflow import FlowGraph
    from promptkit.template.environment import FileEnvironment
    from promptkit.template.fences import Fences, Untrusted
    from promptkit.template.tracing import Trace
    from promptkit.template.tracing_environment import TracingEnvironment

_FILENAME = "<template>"


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
        self._placed: dict[tuple[str, str], JinjaTemplate] = {}
        """Those that have failed once, with offsets for lines."""
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
        expression that failed.
        """
        try:
            simple = self._pieces[text]
        except KeyError:
            simple = self._simple(text)
        if simple is not None:
            try:
                joined = simple.joined(values, fences)
            except PieceError as error:
                error.cause.where = (site or Site()).at(text, error.start)
                raise error.cause from None
            except RuntimeError as error:
                raise changed(error, (site or Site()).whole) from None
            if joined is not None:
                return joined
        said, budget = site or Site(), budget or Budget()
        try:
            with metered(budget) as meter, rendering(fences):
                pieces = self._template(text, said.path).generate(_context(values))
                return stripped(bounded(pieces, meter))
        except Exception as error:  # noqa: BLE001 (whatever a template raises is the template's error)
            found = failure(error)
            if isinstance(error, RecursionError):
                line, file = _last_line(error)
                found.where = said.of_line(line) if line and file == _FILENAME else said.whole
            else:
                found.where = self._where(text, said, error, self._failing(text, values, said, fences, budget, error))
            raise found from None

    def _failing(
        self,
        text: str,
        values: Mapping[str, Any],
        site: Site,
        fences: Fences | None,
        budget: Budget,
        error: Exception,
    ) -> Exception | None:
        """The same error of a second run, whose lines are offsets; None where there is none in the time that is left.

        Jinja knows the lines of expressions alone, and those that render pay nothing for what is only told of others.
        """
        from promptkit.template.placed_environment import PlacedEnvironment

        if budget.seconds >= current_limits().render_seconds:
            return None
        try:
            template = self._placed.get((site.path, text))
            if template is None:
                env = PlacedEnvironment(self._files, optional_fields(self._schemas))
                if self._untrusted:
                    self._use_fences(env, text)
                code = env.compile(text, name=site.path, filename=_FILENAME)
                template = self._placed[site.path, text] = env.template_class.from_code(env, code, env.globals)
            with metered(budget) as meter, rendering(fences):
                stripped(bounded(template.generate(_context(values)), meter))
        except Exception as again:  # noqa: BLE001 (the same that the first run has raised, or none of interest)
            return again if (type(again), str(again)) == (type(error), str(error)) else None
        return None

    def _where(self, text: str, site: Site, error: Exception, again: Exception | None) -> str:
        """The place of an error: that of the expression, or else of its line."""
        offset, file = _last_line(again) if again is not None else (0, "")
        known = offset > 1  # before which no expression stands
        if not known:
            line, file = _last_line(error)
        path = file.strip("<>")
        if file not in ("", _FILENAME):
            return place_in(path, self._files[path], offset) if known else f"{path}:{line}"
        return site.at(text, offset) if known else site.of_line(line)

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
        except RecursionError as error:
            raise failure(error, path) from None
        except RuntimeError as error:
            raise changed(error, path) from None
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
        except Exception as error:  # noqa: BLE001 (an expression may raise anything)
            raise failure(error) from None

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

        env = FileEnvironment(self._files, optional_fields(self._schemas))
        self._use_fences(env, text)
        return env

    def _use_fences(self, env: FileEnvironment, text: str) -> None:
        """Compile what can print untrusted values so that these stand in fences."""
        from promptkit.template.fence_transform import FILTERS

        env.prepare = self._fence(self._graph(env, text))
        env.filters |= FILTERS

    def _fence(self, graph: FlowGraph) -> Callable[[nodes.Template], nodes.Template]:
        """What sends all that a tree prints, and that can be untrusted, through the fences."""
        from promptkit.template.alpha_renaming import renamed
        from promptkit.template.fence_transform import FenceOutputs

        return lambda tree: FenceOutputs(graph, self._untrusted).visit(renamed(tree))


def _context(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under the names that they have in a compiled template."""
    return {**values, **({SELF: values["self"]} if "self" in values else {})}


class Site(NamedTuple):
    """Which template is rendered, and how its places are named in errors.

    `path` is the file it stands in, `name` its section, and `origin` tells the place in the file of each character.
    """

    path: str = ""
    name: str = ""
    origin: Origin | None = None

    @property
    def whole(self) -> str:
        """`file (section)`, as far as it is known."""
        return f"{self.path} (`{self.name}`)" if self.path else f"`{self.name}`"

    def at(self, text: str, offset: int | None) -> str:
        """`file:line:column (section)` of a character of the template; of all of it for None."""
        if offset is None:
            return self.whole
        place = self.origin.place_in(text, offset) if self.origin is not None else (0, 0)
        return self._said(place, text.count("\n", 0, offset) + 1)

    def of_line(self, line: int) -> str:
        """The same of the beginning of a line of the template; of all of it for 0."""
        place = self.origin.place(line) if self.origin is not None and line else (0, 0)
        return self._said(place, line) if line else self.whole

    def _said(self, place: tuple[int, int], line: int) -> str:
        if place[0]:
            return f"{self.path}:{place[0]}:{place[1]} (`{self.name}`)"
        inside = f"`{self.name}`, line {line}"
        return f"{self.path} ({inside})" if self.path else inside


def place_in(path: str, text: str, offset: int) -> str:
    """`file:line:column` of a character of an included file."""
    lines = _LINE_END.split(text[:offset].removeprefix("\ufeff"))
    return f"{path}:{len(lines)}:{len(lines[-1]) + 1}"


_LINE_END = LatePattern(r"\r\n|\r|\n")


def _last_line(error: BaseException) -> tuple[int, str]:
    """The innermost line of a template in a traceback, with its file; an offset where offsets stand for lines."""
    from jinja2 import TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return error.lineno, error.filename or ""
    found, trace = None, error.__traceback__
    while trace is not None:
        if "__jinja_template__" in trace.tb_frame.f_globals:
            found = trace
        trace = trace.tb_next
    if found is None:
        return 0, ""
    template: JinjaTemplate = found.tb_frame.f_globals["__jinja_template__"]
    return template.get_corresponding_lineno(found.tb_lineno), found.tb_frame.f_code.co_filename
