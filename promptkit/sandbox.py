"""The Jinja environment that templates run in: strict, immutable, bounded, and made for prompts.

What differs from plain Jinja: mapping keys win over attributes, methods are called by an allow-list, undefined
names and a null that is printed are errors, booleans, numbers, lists and objects print as JSON, `tojson`
escapes nothing, and loops, repetition, output and time have limits. Beside `template`, the only importer of
jinja2.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from promptkit.errors import RenderError

MAX_OUTPUT = 10_000_000
"""Characters that one message may render to."""
MAX_SECONDS = 2.0
"""How long one message may take to render."""
MAX_STEPS = 1_000_000
"""Passes through loops in one message."""
MAX_REPEAT = 1_000_000
"""Characters or items that one `*` may make."""
MAX_WIDTH = 1_000
"""The widest `center`, `indent` and `wordwrap`."""

_TEXT_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
ALLOWED_METHODS: Mapping[type, frozenset[str]] = {
    str: _TEXT_METHODS,
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset(),
    float: frozenset({"is_integer"}),
}
"""Which methods a template may call, by the type of the value."""

REFUSED_FILTERS = frozenset(
    {"attr", "format", "pprint", "random", "urlize", "xmlattr", "forceescape", "safe", "escape", "e"}
)
"""Jinja filters that reach attributes, are not deterministic, or are made for HTML."""


@dataclass(slots=True)
class Meter:
    """What one rendering has used up."""

    deadline: float
    steps: int = 0

    def step(self) -> None:
        """Count one pass through a loop. Raises `RenderError` at a limit."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise RenderError(f"the loops of a template ran more than {MAX_STEPS:,} times", code="PK221")
        if self.steps % 256 == 0:
            self.check_time()

    def check_time(self) -> None:
        """Raise `RenderError` when the time is up."""
        if time.monotonic() > self.deadline:
            raise RenderError(f"rendering took longer than {MAX_SECONDS:g} s", code="PK222")


_meter: ContextVar[Meter] = ContextVar("promptkit_render_meter")


def bounded_text(pieces: Iterator[str], max_output: int = MAX_OUTPUT) -> str:
    """The pieces of a rendering joined, within the limits of time and size.

    Raises `RenderError` at a limit.
    """
    meter = Meter(time.monotonic() + MAX_SECONDS)
    token = _meter.set(meter)
    kept: list[str] = []
    size = 0
    try:
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > max_output:
                raise RenderError(f"a message renders to more than {max_output:,} characters", code="PK220")
            meter.check_time()
    finally:
        _meter.reset(token)
    return "".join(kept)


def _counted(values: Any) -> Iterator[Any]:
    meter = _meter.get(None)
    for value in values:
        if meter is not None:
            meter.step()
        yield value


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON for people and models: `, ` and `: `, non-ASCII kept, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_refuse_object)


def _refuse_object(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterator):
        return list(value)
    raise RenderError(f"a value of type {type(value).__name__} cannot be printed", code="PK223")


def _printed(value: Any) -> Any:
    """What `{{ value }}` becomes. Texts pass untouched and undefined ones raise on their own."""
    if value is None:
        raise RenderError(
            "a null is printed",
            code="PK224",
            help="guard it with `{% if ... %}`, or print `| default('...', true)`",
        )
    if isinstance(value, str) or getattr(value, "_undefined_message", None):
        return value
    if isinstance(value, (bool, int, float, list, tuple, Mapping)):
        return to_json(value)
    if isinstance(value, Iterator):
        return to_json(list(value))
    raise RenderError(
        f"a {type(value).__name__} is printed, not a value", code="PK223", help="call it, or name a value"
    )


def _repeated(left: Any, right: Any) -> None:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, (str, list, tuple)) and isinstance(times, int) and len(many) * times > MAX_REPEAT:
            raise RenderError(f"a repetition makes more than {MAX_REPEAT:,} characters or items", code="PK221")


def _powered(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * max(exponent, 0) > 10_000:
        raise RenderError("a power is too large to compute", code="PK221")


def _multiplied(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > 100_000:
        raise RenderError("a product is too large to compute", code="PK221")
    _repeated(left, right)


def _formatted(left: Any, _: Any) -> None:
    if isinstance(left, str):
        raise RenderError("`%` does not format texts here", code="PK225", help="use `~` to join, or filters")


def _joined(left: Any, right: Any) -> None:
    if (
        isinstance(left, (str, list, tuple))
        and isinstance(right, (str, list, tuple))
        and len(left) + len(right) > MAX_OUTPUT
    ):
        raise RenderError(f"a text grows beyond {MAX_OUTPUT:,} characters", code="PK220")


_GUARDS = {"*": _multiplied, "**": _powered, "%": _formatted, "+": _joined}


def _within(name: str, plain: Any, limit: int = MAX_WIDTH) -> Any:
    """A filter whose numbers are bounded."""
    from functools import wraps

    @wraps(plain)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) > limit:
                raise RenderError(f"`{name}` takes numbers up to {limit:,}, not {value:,}", code="PK221")
        return plain(*args, **kwargs)

    return bounded


def _bounded_range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > MAX_STEPS:
        raise RenderError(f"`range` makes more than {MAX_STEPS:,} numbers", code="PK221")
    return made


@lru_cache(maxsize=1)
def environment_class() -> Any:
    """The environment's class, made on first use so that importing this module loads no Jinja."""
    from jinja2 import StrictUndefined, nodes
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.visitor import NodeTransformer

    class CountLoops(NodeTransformer):
        """Every loop counts its passes."""

        def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
            self.generic_visit(node)
            node.iter = nodes.Filter(node.iter, "counted_", [], [], None, None).set_lineno(node.lineno)
            return node

    class PromptEnvironment(ImmutableSandboxedEnvironment):
        """See the module."""

        intercepted_binops = frozenset(_GUARDS)

        def __init__(self, **options: Any) -> None:
            super().__init__(
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                finalize=_printed,
                autoescape=False,
                **options,
            )
            for name in REFUSED_FILTERS:
                self.filters.pop(name, None)
            for name in ("center", "indent", "wordwrap", "slice", "batch"):
                self.filters[name] = _within(name, self.filters[name])
            self.filters |= {"tojson": to_json, "json": to_json, "counted_": _counted}
            self.globals = {
                "range": _bounded_range,
                "dict": dict,
                **{name: self.globals[name] for name in ("namespace", "joiner", "cycler")},
            }

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            counted: nodes.Template = CountLoops().visit(super()._parse(source, name, filename))
            return counted

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            allowed = next((names for kind, names in ALLOWED_METHODS.items() if isinstance(obj, kind)), None)
            if allowed is not None:
                return attr in allowed
            return super().is_safe_attribute(obj, attr, value)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _GUARDS[operator](left, right)
            return super().call_binop(context, operator, left, right)

        def wrap_str_format(self, value: Any) -> Any:
            if getattr(value, "__name__", "") in ("format", "format_map"):
                raise SecurityError("`format` may not be called")
            return super().wrap_str_format(value)

    return PromptEnvironment
