"""Values that show a difference between two schemas, and parts of a document as documents of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.references import references, with_children
from promptkit.schema.validators import UnusableSchemaError, validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promptkit.schema.conjunction import Form

_ABOUT_SCALARS = (
    *("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format"),
)
_LONGEST = 10_000
_HOME = "urn:promptkit:document"
_WORDS = ("", "a", "Z", "0", " ", "-", "\u00e9", "two words", "2026-01-31", "\n")


def witness(read: Form, wrote: Form, kind: str = "") -> bool:
    """Whether some usual text or number fits the writer's keywords and not the reader's."""
    kinds = [kind] if kind else list(wrote.kinds())
    try:
        reads, writes = (validator(_about_scalars(form)) for form in (read, wrote))
    except UnusableSchemaError:
        return False
    candidates = [each for kind in kinds for each in _CANDIDATES.get(kind, _none)(read, wrote)]
    return any(writes.is_valid(each) and not reads.is_valid(each) for each in candidates)


def _about_scalars(form: Form) -> dict[str, Any]:
    return {keyword: value for keyword, value in form.keywords.items() if keyword in _ABOUT_SCALARS}


def _none(_: Form, __: Form) -> Iterator[Any]:
    return iter(())


def _texts(read: Form, wrote: Form) -> Iterator[str]:
    yield from _WORDS
    for keyword in ("minLength", "maxLength"):
        for bound in (form.keywords[keyword] for form in (read, wrote) if keyword in form.keywords):
            yield from ("x" * int(length) for length in (bound - 1, bound, bound + 1) if 0 <= length <= _LONGEST)


def _numbers(read: Form, wrote: Form) -> Iterator[int | float]:
    keywords = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    bounds = [form.keywords[keyword] for keyword in keywords for form in (read, wrote) if keyword in form.keywords]
    for bound in (0, 10**9, -(10**9), *bounds):
        yield from (bound - 1, bound - 0.5, bound, bound + 0.5, bound + 1)


def _whole(read: Form, wrote: Form) -> Iterator[int]:
    yield from (int(each) for each in _numbers(read, wrote) if each == int(each))


_CANDIDATES: dict[str, Callable[[Form, Form], Iterator[Any]]] = {
    "string": _texts,
    "number": _numbers,
    "integer": _whole,
}


def standing_alone(root: Any, part: Any) -> Any:
    """The validator of a part of a document, whose references lead into the document; None when there is none."""
    if not isinstance(part, dict) or part is root or not any(True for _ in references(part)):
        alone = part
    elif not isinstance(root, dict) or "$id" in root or "id" in root:
        return None
    else:
        own = "id" if "draft-04" in str(root.get("$schema", "")) else "$id"
        alone = {"allOf": [_led_home(part)], "definitions": {"document": {**root, own: _HOME}}}
    if isinstance(root, dict) and isinstance(alone, dict) and "$schema" in root:
        alone = {**alone, "$schema": root["$schema"]}
    try:
        return validator(alone)
    except UnusableSchemaError:
        return None


def _led_home(part: Any) -> Any:
    """A copy of a schema whose references name the document that they lead into."""
    if not isinstance(part, dict):
        return part
    copy = with_children(part, _led_home)
    if isinstance(copy.get("$ref"), str) and copy["$ref"].startswith("#"):
        copy["$ref"] = _HOME + copy["$ref"]
    return copy
