"""Templates: what they name, include and print, found without rendering; and their rendering.

Beside `sandbox`, the only importer of jinja2. Offsets are 0-based characters of a template's text; whoever
knows where the text stands turns them into places.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit import sandbox
from promptkit.diagnostics import Severity, did_you_mean
from promptkit.errors import PromptkitError, RenderError
from promptkit.source import SourceError, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import Environment, nodes
    from jinja2 import Template as JinjaTemplate

MAX_INCLUDE_DEPTH = 8


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """Something wrong at a span of a template's text."""

    code: str
    message: str
    start: int
    end: int
    severity: Severity = "error"
    label: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A name or a path that a template uses, where it stands."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one template text needs: names from outside, files, and whether it prints untrusted values."""

    names: tuple[Use, ...] = ()
    includes: tuple[Use, ...] = ()
    faults: tuple[TemplateFault, ...] = ()
    outputs: tuple[tuple[frozenset[str], int, int], ...] = ()
    """For each printed expression: every name its value can come from, and its span."""


def analyse(text: str) -> Analysis:
    """Read a template without rendering it. Never raises: a syntax error is a fault too."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    env = sandbox.environment_class()()
    try:
        tree = env.parse(text)
    except TemplateSyntaxError as error:
        return Analysis(faults=(_syntax_fault(text, error),))
    except RecursionError:
        return Analysis(faults=(TemplateFault("PK201", "the template is nested too deeply", 0, len(text)),))
    tokens = _tokens(env, text)
    missing = tuple(_function_faults(env, tree, tokens))
    env.filters |= {node.name: str for node in tree.find_all(nodes.Filter) if node.name not in env.filters}
    env.tests |= {node.name: bool for node in tree.find_all(nodes.Test) if node.name not in env.tests}
    unknown = meta.find_undeclared_variables(tree) - set(env.globals)
    return Analysis(
        names=tuple(use for use in _name_uses(tokens) if use.name in unknown),
        includes=tuple(_include_uses(tree, tokens)),
        faults=(*missing, *_lost_text(tree, tokens)),
        outputs=tuple(_outputs(tree, tokens)),
    )


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    start: int
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.value)


def _tokens(env: Environment, text: str) -> list[_Token]:
    """Jinja's tokens with their offsets; what whitespace control drops stands between two tokens."""
    found: list[_Token] = []
    at = 0
    for line, kind, value in env.lex(text):
        start = max(text.find(value, at), at)
        found.append(_Token(kind, value, start, line))
        at = start + len(value)
    return [token for token in found if token.kind != "whitespace"]


def _syntax_fault(text: str, error: Any) -> TemplateFault:
    lines = text.splitlines(keepends=True) or [""]
    number = min(max(error.lineno, 1), len(lines))
    start = sum(map(len, lines[: number - 1]))
    line = lines[number - 1]
    indent = len(line) - len(line.lstrip())
    return TemplateFault("PK201", f"template syntax: {error.message}", start + indent, start + len(line.rstrip()))


def _name_uses(tokens: list[_Token]) -> Iterator[Use]:
    """Names that stand for variables: not attributes, filters, tests or the names of arguments."""
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.kind != "name":
            continue
        if before is not None and before.value in (".", "|", "is"):
            continue
        if after is not None and after.value == "=" and before is not None and before.value in ("(", ","):
            continue
        yield Use(token.value, token.start, token.end)


def _include_uses(tree: nodes.Template, tokens: list[_Token]) -> Iterator[Use]:
    from jinja2 import nodes

    keywords = [token for token in tokens if token.kind == "name" and token.value in _LOADING]
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    loads: list[Any] = sorted(tree.find_all(kinds), key=lambda node: node.lineno)
    for node in loads:
        start, end = _argument_span(node, keywords, tokens)
        if isinstance(node.template, nodes.Const) and isinstance(node.template.value, str):
            yield Use(node.template.value, start, end)
        else:
            yield Use("", start, end)


_LOADING = ("include", "import", "from", "extends")


def _argument_span(node: Any, keywords: list[_Token], tokens: list[_Token]) -> tuple[int, int]:
    keyword = next((token for token in keywords if token.line == node.lineno), None)
    if keyword is None:
        return 0, 0
    after = next((t for t in tokens if t.start > keyword.start and t.kind in ("string", "name", "operator")), keyword)
    return after.start, after.end


def _function_faults(env: Environment, tree: nodes.Template, tokens: list[_Token]) -> Iterator[TemplateFault]:
    """Filters and tests that do not exist."""
    from jinja2 import nodes

    for kind, word, known, sign in (
        (nodes.Filter, "filter", env.filters, "|"),
        (nodes.Test, "test", env.tests, "is"),
    ):
        missing = {node.name for node in tree.find_all(kind) if node.name not in known}
        for before, token in itertools.pairwise(tokens):
            if token.value in missing and (before.value == sign or (sign == "is" and before.value == "not")):
                public = [name for name in known if not name.endswith("_")]
                yield TemplateFault(
                    "PK204",
                    f"there is no {word} `{token.value}`",
                    token.start,
                    token.end,
                    label=did_you_mean(token.value, public),
                )


def _lost_text(tree: nodes.Template, tokens: list[_Token]) -> Iterator[TemplateFault]:
    """Braces and comments that would make text vanish."""
    for names, start, end in _outputs(tree, tokens):
        if not names:
            yield TemplateFault(
                "PK210",
                "this expression names no input",
                start,
                end,
                "warning",
                label="its double braces will not be printed",
                help="write {{ '{{' }} for two literal braces, or put the text in {% raw %}",
            )
    for opening, body in itertools.pairwise(tokens):
        if opening.kind == "comment_begin" and body.kind == "comment" and body.value[:1] not in " \t\n-#":
            yield TemplateFault(
                "PK211",
                "`{#` begins a comment: the text up to `#}` will vanish",
                opening.start,
                body.end,
                "warning",
                help="write {{ '{#' }} for the two characters",
            )


def _outputs(tree: nodes.Template, tokens: list[_Token]) -> Iterator[tuple[frozenset[str], int, int]]:
    """Printed expressions with all names that their values can come from, in the order in which they stand."""
    from jinja2 import nodes

    sources = _flows(tree)
    spans = iter(_spans(tokens))
    for output in tree.find_all(nodes.Output):
        for child in output.nodes:
            if not isinstance(child, nodes.TemplateData):
                start, end = next(spans, (0, 0))
                yield _names_in(child, sources), start, end


def _spans(tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    start = 0
    for token in tokens:
        if token.kind == "variable_begin":
            start = token.start
        elif token.kind == "variable_end":
            yield start, token.start + len(token.value.rstrip())


def _names_in(node: Any, sources: Mapping[str, frozenset[str]]) -> frozenset[str]:
    from jinja2 import nodes

    found = [node] if isinstance(node, nodes.Name) else []
    found += node.find_all(nodes.Name)
    return frozenset().union(*({name.name} | sources.get(name.name, frozenset()) for name in found))


def _flows(tree: nodes.Template) -> dict[str, frozenset[str]]:
    """For each name that a template sets: all names that its value can come from, followed to the end.

    Conservative: scopes are ignored, a macro stands for every name in its body, so that what is printed can
    never come from fewer names than said here.
    """
    from jinja2 import nodes

    edges: dict[str, set[str]] = {}

    def add(targets: Iterable[Any], values: Iterable[Any]) -> None:
        names = {n.name for value in values for n in [*value.find_all(nodes.Name), value] if isinstance(n, nodes.Name)}
        for target in targets:
            edges.setdefault(target, set()).update(names)

    for node in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.For, nodes.Macro, nodes.With)):
        match node:
            case nodes.Assign():
                add(_targets(node.target), [node.node])
            case nodes.AssignBlock():
                add(_targets(node.target), [*node.body, *([node.filter] if node.filter else [])])
            case nodes.For():
                add(_targets(node.target), [node.iter])
            case nodes.Macro():
                add([node.name], node.body)
            case nodes.With():
                for target, value in zip(node.targets, node.values, strict=True):
                    add(_targets(target), [value])
    return _closure(edges)


def _targets(node: Any) -> list[str]:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.NSRef):
        return [node.name]
    return [name.name for name in node.find_all(nodes.Name)]


def _closure(edges: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    reached = {name: set(direct) for name, direct in edges.items()}
    changed = True
    while changed:
        changed = False
        for name, known in reached.items():
            more = set().union(*(reached.get(other, set()) for other in known)) - known
            if more:
                reached[name] |= more
                changed = True
    return {name: frozenset(known) for name, known in reached.items()}


@dataclass(slots=True)
class Fences:
    """Marks the untrusted values of one message, so that a model can tell data from instructions.

    A fence's id is a SHA-256 over the message's untrusted values, lengthened while it occurs in one of them:
    it cannot be forged by a value, and the same values always give the same id.
    """

    neutralise: Callable[[str, str], str]
    values: list[tuple[str, str]] = field(default_factory=list)
    id: str = ""

    def printed(self, value: Any, origin: str) -> str:
        """What stands in the message for an untrusted value."""
        if isinstance(value, (bool, int, float)):
            return sandbox.to_json(value)
        text = self.neutralise(value if isinstance(value, str) else sandbox.to_json(value), origin)
        if not self.id:
            self.values.append((origin, text))
            return text
        return f'<untrusted-{self.id} from="{origin}">\n{text}\n</untrusted-{self.id}>'

    def close(self) -> bool:
        """Choose the id once all values are known; False when there are none."""
        if not self.values:
            return False
        whole = hashlib.sha256(sandbox.to_json(self.values).encode("utf-8", "surrogatepass")).hexdigest() * 8
        size = 12
        while size < len(whole) and any(whole[:size] in text for _, text in self.values):
            size += 4
        self.id = whole[:size]
        return True


class Templates:
    """The templates of one prompt: compiled on first use, thread-safe, with the files that they include.

    `files` maps a path under the root to the text of a file that templates include. `trusts` maps the names
    of untrusted inputs to whom they come from.
    """

    def __init__(self, files: Mapping[str, str], trusts: Mapping[str, str] | None = None) -> None:
        self._files = files
        self._trusts = trusts or {}
        self._env: Any = None
        self._compiled: dict[tuple[str, str], JinjaTemplate] = {}

    def render(
        self,
        text: str,
        values: Mapping[str, Any],
        *,
        path: str = "",
        where: str = "",
        place: Callable[[int], tuple[int, int]] | None = None,
        fences: Fences | None = None,
    ) -> str:
        """A template's text, stripped.

        `path` is the file it stands in, `place` tells the line and column in it at which a line of the
        template begins, and `where` names the template. Raises `RenderError` at the line that failed.
        """
        said = _Where(path, where, place)
        try:
            context = {**values, _FENCES: fences} if fences else values
            return sandbox.bounded_text(self._template(text, path).generate(context)).strip()
        except PromptkitError as error:
            raise said.placed(error, error) from None
        except RecursionError:
            raise RenderError("the template calls itself too deeply", code="PK221", where=said.text(0)) from None
        except Exception as error:  # noqa: BLE001 (whatever a template raises is the template's error)
            raise said.placed(RenderError(_worded(error), code=_code(error)), error) from None

    def evaluate(self, expression: str, values: Mapping[str, Any]) -> Any:
        """The value of a Jinja expression. Raises `RenderError`."""
        try:
            return self._environment().compile_expression(expression, undefined_to_none=False)(**values)
        except PromptkitError:
            raise
        except Exception as error:  # noqa: BLE001 (as above)
            raise RenderError(_worded(error), code=_code(error)) from None

    def _template(self, text: str, path: str) -> JinjaTemplate:
        found: JinjaTemplate | None = self._compiled.get((path, text))
        if found is None:
            env = self._environment()
            code = env.compile(text, name=path, filename=_FILENAME)
            found = self._compiled[path, text] = env.template_class.from_code(env, code, env.globals)
        return found

    def _environment(self) -> Any:
        if self._env is None:
            self._env = _environment(self._files, self._trusts)
        return self._env


_FENCES = "fences_"
_FILENAME = "<template>"


def _environment(files: Mapping[str, str], trusts: Mapping[str, str]) -> Any:
    from jinja2 import BaseLoader, TemplateNotFound, nodes, pass_context
    from jinja2.visitor import NodeTransformer

    class Files(BaseLoader):
        """Included files, already read by the one door."""

        def get_source(self, _: Any, template: str) -> tuple[str, str, None]:
            if template not in files:
                raise TemplateNotFound(template)
            return files[template], f"<{template}>", None

    class FenceOutputs(NodeTransformer):
        """Every printed expression that can hold an untrusted value goes through the fence."""

        def __init__(self, flows: Mapping[str, frozenset[str]]) -> None:
            self.flows = flows

        def visit_AssignBlock(self, node: Any) -> Any:  # noqa: N802 (its target is followed instead)
            return node

        def visit_Output(self, node: Any) -> Any:  # noqa: N802
            node.nodes = [self._fenced(child) for child in node.nodes]
            return node

        def _fenced(self, child: Any) -> Any:
            if isinstance(child, nodes.TemplateData):
                return child
            origins = sorted({trusts[name] for name in _names_in(child, self.flows) if name in trusts})
            if not origins:
                return child
            return nodes.Filter(child, "fence_", [nodes.Const(", ".join(origins))], [], None, None).set_lineno(
                child.lineno
            )

    @pass_context
    def fence(context: Any, value: Any, origin: str) -> Any:
        fences = context.get(_FENCES)
        return value if fences is None or value is None else fences.printed(value, origin)

    class Environment(sandbox.environment_class()):  # type: ignore[misc]
        """The sandbox with this prompt's files and fences."""

        def join_path(self, template: str, parent: str) -> str:
            try:
                return join(parent.rpartition("/")[0], template)
            except SourceError as error:
                raise RenderError(str(error), code="PK206") from None

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree: nodes.Template = super()._parse(source, name, filename)
            if trusts:
                tree = FenceOutputs(_flows(tree)).visit(tree)
            return tree

    env = Environment(loader=Files())
    env.filters["fence_"] = fence
    return env


def _worded(error: Exception) -> str:
    from jinja2 import TemplateError, UndefinedError
    from jinja2.exceptions import SecurityError

    if isinstance(error, UndefinedError):
        return (error.message or "a name is undefined").replace("'", "`")
    if isinstance(error, SecurityError):
        return f"the template may not do this: {error.message}"
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    return f"an expression failed: {error}" if str(error) else "an expression failed"


def _code(error: Exception) -> str:
    from jinja2 import UndefinedError
    from jinja2.exceptions import SecurityError

    codes: dict[type[Exception], str] = {UndefinedError: "PK202", SecurityError: "PK225"}
    return codes.get(type(error), "PK226")


@dataclass(frozen=True, slots=True)
class _Where:
    """Which template is rendered, and how its lines are named in errors."""

    path: str
    name: str
    place: Callable[[int], tuple[int, int]] | None

    def text(self, line: int) -> str:
        """`file:line:column (section)`, as far as it is known."""
        at = self.place(line) if self.place and line else (0, 0)
        if at[0]:
            return f"{self.path}:{at[0]}:{at[1]} (`{self.name}`)"
        inside = f"`{self.name}`, line {line}" if line else f"`{self.name}`"
        return f"{self.path} ({inside})" if self.path else inside

    def placed(self, error: PromptkitError, cause: BaseException) -> PromptkitError:
        """The error with the file and line at which it happened."""
        line, file, trace = 0, "", cause.__traceback__
        while trace is not None:
            if "__jinja_exception__" in trace.tb_frame.f_globals:
                line, file = trace.tb_lineno, trace.tb_frame.f_code.co_filename
            trace = trace.tb_next
        included = file not in ("", _FILENAME)
        error.where = f"{file.strip('<>')}:{line}" if included else self.text(line)
        return error
