"""The filters of templates: Jinja's, measured, and made to print what `{{ ... }}` would print."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.template.data_filters import DATA_FILTERS
from promptkit.template.measured_comparisons import compared
from promptkit.template.metering import (
    HOLDING,
    MAX_MARKED,
    MAX_PARTS,
    MAX_WIDTH,
    built,
    check_clock,
    check_size,
    counted,
    looked_up,
    weighed,
)
from promptkit.template.printing import printed, to_json
from promptkit.template.text_methods import MAX_STRIPPED, joined, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

Filter = Callable[..., Any]

MAX_WORD = 50_000
"""The longest word of a text that is wrapped: that takes time by the square of its length."""
REFUSED_FILTERS = frozenset(
    {"attr", "format", "pprint", "random", "urlize", "xmlattr", "forceescape", "safe", "escape", "e"}
)
"""Jinja's filters that reach attributes, are not deterministic, or are made for HTML."""

_OF_TEXTS = (
    *("capitalize", "center", "indent", "lower", "replace", "string", "striptags", "title", "trim", "truncate"),
    *("truncate_tokens", "upper", "wordcount", "wordwrap"),
)
"""Filters that take a text: anything else becomes the text that `{{ ... }}` prints, and a null is refused."""

_MOST = {"batch": MAX_WIDTH, "center": MAX_WIDTH, "indent": MAX_WIDTH, "slice": MAX_WIDTH, "round": 100}
_MOST |= {"json": 16, "tojson": 16, "trim": MAX_STRIPPED}
"""Filters that build by the size of an argument: the largest number and the longest text that each takes."""


def template_filters(plain: Mapping[str, Filter]) -> dict[str, Filter]:
    """The filters that templates have, out of Jinja's."""
    found = {name: each for name, each in plain.items() if name not in REFUSED_FILTERS}
    found |= DATA_FILTERS
    found |= {"tojson": _json, "json": _json, "replace": _replace, "join": _joining(plain["map"])}
    found |= {name: measure(plain[name]) for name, measure in _MEASURED.items()}
    for name, most in _MOST.items():
        found[name] = _within(name, found[name], most)
    for name in _OF_TEXTS:
        found[name] = _of_text(found[name])
    for name in _OF_ALL:
        found[name] = _looking(found[name])
    for name in _OF_ITEMS:
        found[name] = _going_through(found[name])
    return found


OWN_FILTERS: dict[str, Filter] = {
    "built_": built,
    "counted_": counted,
    "compared_": compared,
    "concat_": lambda values: joined("", [_text(value) for value in values]),
}
"""Filters that stand in compiled templates only: `for` goes through one, and `~` is the other."""


def _text(value: Any) -> str:
    return str(value if _is_undefined(value) else printed(value))


def _is_undefined(value: Any) -> bool:
    from jinja2 import Undefined

    return isinstance(value, Undefined)


def _json(value: Any, indent: int | None = None) -> str:
    if indent is not None and (not isinstance(indent, int) or indent < 0):
        raise RenderError("`json` is indented by a whole number from 0", code="PK223")
    weighed(value)
    return to_json(value, indent)


def _replace(text: str, old: str, new: str, count: int | None = None) -> str:
    return replaced(text, _text(old), _text(new), count)


def _joining(mapping: Filter) -> Filter:
    """`join`, with each item as it would be printed."""
    from jinja2 import pass_context

    @pass_context
    def join(context: Any, values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
        items = values if attribute is None else mapping(context, values, attribute=attribute)
        return joined(_text(d), [_text(item) for item in items])

    return join


def _defaulting(plain: Filter) -> Filter:
    """`default`, also for a null: an optional input that is not given is one."""

    @wraps(plain)
    def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
        return default_value if value is None else plain(value, default_value, boolean)

    return default


def _summing(plain: Filter) -> Filter:
    """`sum` of numbers: lists that are added up could grow without bound."""

    @wraps(plain)
    def total(environment: Any, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
        if not isinstance(start, (int, float)):
            raise RenderError("`sum` adds numbers", code="PK221")
        return plain(environment, iterable, attribute, start)

    return total


def _short(name: str) -> Callable[[Filter], Filter]:
    """A filter of texts that takes more than its share of time, or of memory, for a long one."""

    def measured(plain: Filter) -> Filter:
        @wraps(plain)
        def of_short(text: str) -> Any:
            if len(text) > MAX_MARKED:
                raise RenderError(f"`{name}` takes up to {MAX_MARKED:,} characters", code="PK221")
            return plain(text)

        return of_short

    return measured


def _indenting(plain: Filter) -> Filter:
    @wraps(plain)
    def indent(text: str, width: int | str = 4, *args: Any, **kwargs: Any) -> Any:
        step = len(width) if isinstance(width, str) else width
        check_size(len(text) + (text.count("\n") + 1) * step)
        return plain(text, width, *args, **kwargs)

    return indent


def _wrapping(plain: Filter) -> Filter:
    @wraps(plain)
    def wordwrap(
        environment: Any,
        text: str,
        width: int = 79,
        break_long_words: bool = True,
        wrapstring: str | None = None,
        **more: Any,
    ) -> Any:
        check_size(len(text) * len(wrapstring or " "))
        if len(text) > MAX_MARKED:
            raise RenderError(f"`wordwrap` takes up to {MAX_MARKED:,} characters", code="PK221")
        if max(map(len, text.split()), default=0) > MAX_WORD:
            raise RenderError(f"`wordwrap` takes words of up to {MAX_WORD:,} characters", code="PK221")
        return plain(environment, text, width, break_long_words, wrapstring, **more)

    return wordwrap


def _encoding(plain: Filter) -> Filter:
    """`urlencode`, of what is not too long for an address; a null is refused as where it is printed."""

    @wraps(plain)
    def urlencode(value: Any) -> Any:
        printed(value)
        parts = value.items() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else (value,)
        if sum(len(str(each)) for each in parts) > MAX_MARKED:
            raise RenderError(f"`urlencode` takes up to {MAX_MARKED:,} characters", code="PK221")
        return plain(value)

    return urlencode


def _sizing(plain: Filter) -> Filter:
    @wraps(plain)
    def filesizeformat(value: Any, *args: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise RenderError("`filesizeformat` takes a finite number", code="PK223")
        return plain(value, *args)

    return filesizeformat


def _listing(plain: Filter) -> Filter:
    @wraps(plain)
    def to_list(*value: Any) -> Any:
        return built(plain(*value))

    return to_list


_MEASURED: dict[str, Callable[[Filter], Filter]] = {
    "list": _listing,
    "default": _defaulting,
    "d": _defaulting,
    "sum": _summing,
    "filesizeformat": _sizing,
    "striptags": _short("striptags"),
    "urlencode": _encoding,
    "title": _short("title"),
    "indent": _indenting,
    "wordwrap": _wrapping,
}


def _within(name: str, plain: Filter, most: int) -> Filter:
    """A filter whose arguments are bounded; what it is applied to is not."""
    first = _first_argument(plain)

    @wraps(plain)
    def within(*args: Any, **kwargs: Any) -> Any:
        for value in (*args[first + 1 :], *kwargs.values()):
            size = len(value) if isinstance(value, str) else abs(value) if isinstance(value, int) else 0
            if size > most:
                raise RenderError(f"`{name}` takes numbers and lengths up to {most:,}, not {size:,}", code="PK221")
        return plain(*args, **kwargs)

    return within


_OF_ALL = (*_OF_TEXTS, *("sort", "unique", "max", "min", "sum", "list", "reverse", "dictsort", "urlencode", "groupby"))
"""Filters that look at all of a value: one that is large costs time, and the clock is looked at first."""


def _looking(plain: Filter) -> Filter:
    first = _first_argument(plain)

    @wraps(plain)
    def looking(*args: Any, **kwargs: Any) -> Any:
        value = args[first]
        if isinstance(value, (str, *HOLDING)) and len(value) > MAX_WIDTH:
            check_clock()
        made = plain(*args, **kwargs)
        return built(made) if isinstance(made, str) else made

    return looking


_OF_ITEMS = (
    *("map", "select", "reject", "selectattr", "rejectattr", "join", "sort", "unique", "max", "min", "sum", "list"),
    *("batch", "slice", "groupby"),
)
"""Filters that go through a value item by item, be it a text's characters."""


def _going_through(plain: Filter) -> Filter:
    first = _first_argument(plain)

    @wraps(plain)
    def through(*args: Any, **kwargs: Any) -> Any:
        value = args[first]
        check_clock()
        many = isinstance(value, (str, list, tuple, range)) and len(value) > MAX_WIDTH
        items = _gone_through(value) if many else value
        parts = _attributes((*args[first + 1 :], *kwargs.values()))
        if parts > 1 and isinstance(items, Iterable):
            items = looked_up(items, parts)
        return plain(*args[:first], items, *args[first + 1 :], **kwargs)

    return through


def _attributes(arguments: Iterable[Any]) -> int:
    """How many attributes of each item the arguments of a filter may name: `team.name,age` are three."""
    return max((each.count(".") + each.count(",") + 1 for each in arguments if isinstance(each, str)), default=0)


_ITEMS_A_LOOK = 256


def _gone_through(values: Any) -> Any:
    """The items of a value that a filter goes through, while there is time. Raises `RenderError` for too many."""
    if len(values) > MAX_PARTS:
        raise RenderError(f"a filter goes through up to {MAX_PARTS:,} items or characters", code="PK221")
    return _in_time(values)


def _in_time(values: Iterable[Any]) -> Iterator[Any]:
    for number, value in enumerate(values):
        if number % _ITEMS_A_LOOK == 0:
            check_clock()
        yield value


def _of_text(plain: Filter) -> Filter:
    """A filter that gets a text whatever it is applied to."""
    first = _first_argument(plain)

    @wraps(plain)
    def of_text(*args: Any, **kwargs: Any) -> Any:
        return plain(*args[:first], _text(args[first]), *args[first + 1 :], **kwargs)

    return of_text


def _first_argument(plain: Filter) -> int:
    """Where the value stands: behind the context, if the filter takes one."""
    return int(hasattr(plain, "jinja_pass_arg"))
