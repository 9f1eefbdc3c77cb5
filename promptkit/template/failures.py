"""Why an expression of a template failed: the errors that Python and Jinja raise, in words for authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import PromptkitError, RenderError
from promptkit.late_pattern import LatePattern
from promptkit.phrases import one_line, shortened
from promptkit.template.reserved import SELF

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

__all__ = ["changed", "failure"]

_LONGEST_ERROR = 300
"""So much is told of what an expression says when it fails: it may quote a value."""


def failure(error: Exception, where: str = "") -> PromptkitError:
    """The error of a template, or of an expression, in which something raised another one."""
    if not isinstance(error, PromptkitError):
        error = _failure(error)
    error.where = where or error.where
    return error


def _failure(error: Exception) -> RenderError:
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import FilterArgumentError, SecurityError

    said = one_line(str(error))
    match error:
        case UndefinedError():
            message = (error.message or "a name is undefined").replace("'", "`").replace(SELF, "self")
            return RenderError(_OF_JINJA.get(message, message), code="PK202")
        case SecurityError():
            message = f"the template may not do this: {_in_words(said, '{}')}"
            return RenderError(message, code="PK225", help="templates see data, and nothing of what Python has for it")
        case TemplateSyntaxError():
            return RenderError(error.message or "a syntax error", code="PK201")
        case TemplateNotFound():
            return RenderError(error.message or "a file is not found", code="PK206")
        case RecursionError():
            message = "the template calls itself without end, or is nested too deeply"
            return RenderError(message, code="PK221", help="a macro, or a recursive loop, ends where it calls no other")
        case MemoryError():
            return RenderError("there is not enough memory for what the template builds", code="PK220")
        case OverflowError():
            return RenderError("a number grows too large", code="PK226")
        case FilterArgumentError() | TypeError() | ValueError() | ArithmeticError() | AttributeError():
            return RenderError(_in_words(said), code="PK226")
        case TemplateError() if said:
            return RenderError(_in_words(said, "{}"), code="PK226")
    return RenderError(_in_words(said), code="PK226")


def changed(error: RuntimeError, where: str) -> RenderError:
    """The error of an input that another thread changes while it is read, as Python tells of it."""
    return RenderError(f"an input was changed while it was rendered: {error}", code="PK226", where=where)


def _in_words(said: str, otherwise: str = "an expression failed: {}") -> str:
    for pattern, worded in _WORDS:
        found = pattern.search(said)
        if found is not None:
            return worded(found)
    return otherwise.format(shortened(said, _LONGEST_ERROR)) if said else "an expression failed"


_KINDS = {
    "str": "a text",
    "PrintedText": "a text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "dict": "an object",
    "NoneType": "null",
    "list": "a list",
    "tuple": "a list",
    "range": "a list",
    "generator": "what a filter gives item by item",
    "Macro": "a macro",
    "Namespace": "a namespace",
    "LoopContext": "`loop`",
    "_GroupTuple": "a group",
    "dict_items": "a list",
    "dict_keys": "a list",
    "dict_values": "a list",
    "None": "null",
    "slice": "a slice",
}
"""The names of Python's and Jinja's types, in words."""


_NAMES_OF = {"bounded_range": "range", "mapping": "dict", "soft_str": "string", "len": "length"}
"""What templates call functions that have other names in Python."""


def _kind(name: str) -> str:
    return _KINDS.get(name, f"a {name}")


def _both(one: str, other: str) -> str:
    one, other = _kind(one), _kind(other)
    return f"{one} and {other}" if one != other else f"{one} and another"


def _called(name: str) -> str:
    """A filter, a method or a function, by the name that templates have for it."""
    name = name.rpartition(".")[2] if not name.endswith(".__init__") else name.split(".", maxsplit=1)[0].lower()
    name = _NAMES_OF.get(name, name)
    return f"`{name.removeprefix('sync_').removeprefix('do_').strip('_').removeprefix('make_')}`"


def _operated(found: re.Match[str]) -> str:
    return f"`{found[1].partition(' or ')[0]}` does not take {_both(found[2], found[3])}"


def _joined(found: re.Match[str]) -> str:
    helped = ": `~` joins any values to a text" if "str" in (found[1], found[2]) else ""
    return f"`+` does not take {_both(found[1], found[2])}{helped}"


def _lacking(found: re.Match[str]) -> str:
    names = ", ".join(f"`{name}`" for name in _NAMES.findall(found[2]))
    return f"{_called(found[1])} lacks {'an argument' if names.count('`') == 2 else 'arguments'}: {names}"


def _too_many(found: re.Match[str]) -> str:
    return f"{_called(found[1])} is given more arguments than it takes"


def _unpacked(found: re.Match[str]) -> str:
    return f"{_kind(found[1])} cannot be taken apart into several names"


_NAMES = LatePattern(r"'(\w+)'")
_NAME = r"([\w.<>]+)"
_WORDS: tuple[tuple[LatePattern[str], Callable[[re.Match[str]], str]], ...] = (
    (LatePattern(r"unsupported operand type\(s\) for \+: '(\w+)' and '(\w+)'"), _joined),
    (LatePattern(r"can only concatenate (\w+) \(not \"(\w+)\"\) to"), _joined),
    (LatePattern(r"unsupported operand type\(s\) for (.+): '(\w+)' and '(\w+)'"), _operated),
    (
        LatePattern(r"can't multiply sequence by non-int of type '(\w+)'"),
        lambda found: f"a text or a list is repeated by a whole number, not by {_kind(found[1])}",
    ),
    (
        LatePattern(r"'([<>]=?)' not supported between instances of '(\w+)' and '(\w+)'"),
        lambda found: (
            f"{_both(found[2], found[3])} have no order: `{found[1]}` compares numbers, or texts"
            if found[2] != found[3]
            else f"`{found[1]}` does not compare {_kind(found[2])} with another"
        ),
    ),
    (
        LatePattern(r"bad operand type for unary ([+-]): '(\w+)'"),
        lambda found: f"`{found[1]}` does not take {_kind(found[2])}",
    ),
    (
        LatePattern(r"bad operand type for (\w+)\(\): '(\w+)'"),
        lambda found: f"`{found[1]}` does not take {_kind(found[2])}",
    ),
    (
        LatePattern(r"type (\w+) doesn't define __round__ method"),
        lambda found: f"`round` takes a number, not {_kind(found[1])}",
    ),
    (
        LatePattern(r"object of type '(\w+)' has no len\(\)"),
        lambda found: (
            f"{_kind(found[1])} has no length" + (": `| list | length` counts it" if found[1] == "generator" else "")
        ),
    ),
    (
        LatePattern(r"'(\w+)' object is not subscriptable"),
        lambda found: f"{_kind(found[1])} has no parts to be sliced",
    ),
    (LatePattern(r"unhashable type: 'slice'"), lambda _: "an object cannot be sliced"),
    (LatePattern(r"^argument must be iterable"), lambda _: "`reverse` takes a list or a text"),
    (LatePattern(r"could not convert string to float"), lambda _: "a number is expected, not a text"),
    (
        LatePattern(r"float\(\) argument must be a string or a real number, not '(\w+)'"),
        lambda found: f"a number is expected, not {_kind(found[1])}",
    ),
    (LatePattern(r"^name 'inf' is not defined"), lambda _: "a number is too large"),
    (LatePattern(r"^[lr]?strip arg must be"), lambda _: "`trim` takes the characters to strip as a text"),
    (
        LatePattern(r"macro '(\w+)' was invoked with two values for the special caller argument"),
        lambda found: f"the macro `{found[1]}` is given its `caller` twice",
    ),
    (
        LatePattern(r"cannot assign attribute on non-namespace object"),
        lambda _: "`{% set a.b = ... %}` changes a `namespace()`, and nothing else",
    ),
    (
        LatePattern(r"expected string or bytes-like object, got '(\w+)'"),
        lambda found: f"a text is expected, not {_kind(found[1])}",
    ),
    (
        LatePattern(r"dictionary update sequence element"),
        lambda _: "`dict` takes an object, or a list of pairs: lists of a key and a value",
    ),
    (
        LatePattern(r"Value after \* must be an iterable, not (\w+)"),
        lambda found: f"`*` hands a list on, not {_kind(found[1])}",
    ),
    (LatePattern(r"argument after \*\* must be a mapping"), lambda _: "`**` hands an object on"),
    (LatePattern(r"^map requires a filter argument"), lambda _: "`map` takes the name of a filter, or `attribute=...`"),
    (LatePattern(r"no items for cycling given"), lambda _: "`loop.cycle` takes at least one value"),
    (
        LatePattern(r"'float' object cannot be interpreted as an integer"),
        lambda _: "a whole number is expected, not one with a fraction",
    ),
    (LatePattern(r"'(\w+)' object is not callable"), lambda found: f"{_kind(found[1])} cannot be called"),
    (LatePattern(r"cannot unpack non-iterable (\w+) object"), _unpacked),
    (
        LatePattern(r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)"),
        lambda found: (
            f"a value of {found[2]} part{'' if found[2] == '1' else 's'} is taken apart into {found[1]} names"
        ),
    ),
    (
        LatePattern(r"too many values to unpack \(expected (\d+)"),
        lambda found: f"a value of more than {found[1]} parts is taken apart into {found[1]} names",
    ),
    (
        LatePattern(r"argument of type '(\w+)' is not iterable"),
        lambda found: f"`in` looks into a list, an object or a text, not into {_kind(found[1])}",
    ),
    (
        LatePattern(r"'in <string>' requires string as left operand, not (\w+)"),
        lambda found: f"`in` looks for a text in a text, not for {_kind(found[1])}",
    ),
    (LatePattern(r"'(\w+)' object is not (?:iterable|reversible)"), lambda found: f"{_kind(found[1])} has no items"),
    (
        LatePattern(r"'(\w+)' object has no attribute '(?:items|keys)'"),
        lambda found: f"an object is expected, not {_kind(found[1])}",
    ),
    (LatePattern(r"Can only get item pairs from a mapping"), lambda _: "`items` takes an object"),
    (
        LatePattern(r"unhashable type: '(\w+)'"),
        lambda found: f"{_kind(found[1])} cannot be a key: no object has it, and `unique` and `groupby` need keys",
    ),
    (
        LatePattern(r"'(\w+)' object cannot be interpreted as an integer"),
        lambda found: f"a whole number is expected, not {_kind(found[1])}",
    ),
    (LatePattern(r"(?:division|modulo) by zero|divmod\(\)"), lambda _: "a number is divided by zero"),
    (LatePattern(r"cannot be raised to a negative power"), lambda _: "zero is raised to a negative power"),
    (LatePattern(r"range\(\) arg 3 must not be zero"), lambda _: "the step of `range` is zero"),
    (LatePattern(r"slice step cannot be zero"), lambda _: "the step of a slice is zero"),
    (LatePattern(r"slice indices must be integers"), lambda _: "the bounds of a slice are whole numbers"),
    (LatePattern(r"substring not found"), lambda _: "`index` does not find the text: `find` gives -1 where it is not"),
    (LatePattern(r"(?:is not in list|tuple\.index\(x\): x not in tuple)"), lambda _: "`index` does not find the item"),
    (LatePattern(r"empty separator"), lambda _: "a text is split at an empty text"),
    (LatePattern(r"at least one item has to be provided"), lambda _: "`cycler` takes at least one value"),
    (
        LatePattern(r"expected length >= (\d+), got (-?\d+)"),
        lambda found: f"`truncate` cuts to {found[1]} characters or more, not to {found[2]}",
    ),
    (LatePattern(r"invalid width (-?\d+)"), lambda found: f"`wordwrap` takes a width above 0, not {found[1]}"),
    (LatePattern(r"^You can only sort by either"), lambda _: '`dictsort` sorts by "key" or by "value"'),
    (LatePattern(r"^method must be common, ceil or floor"), lambda _: '`round` is "common", "ceil" or "floor"'),
    (LatePattern(r"^No (filter|test) named '?(.*?)'?\.$"), lambda found: f"there is no {found[1]} `{found[2]}`"),
    (
        LatePattern(r"access to attribute '(.+)' of '(\w+)' object is unsafe"),
        lambda found: f"use `{found[1]}` of {_kind(found[2])}",
    ),
    (LatePattern(rf"{_NAME}\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)"), _lacking),
    (LatePattern(rf"{_NAME}\(\) takes .*arguments? .*(?:was|were) given"), _too_many),
    (
        LatePattern(rf"{_NAME}(?:\(\))? (?:takes|expected) at (?:least|most) .*given|{_NAME}\(\) takes .*\d+ given"),
        lambda found: f"{_called(found[1] or found[2])} is given too few or too many arguments",
    ),
    (
        LatePattern(rf"{_NAME} expected at (?:least|most) \d+ arguments?, got \d+"),
        lambda found: f"{_called(found[1])} is given too few or too many arguments",
    ),
    (
        LatePattern(r"macro None takes not more than (\d+) argument"),
        lambda found: f"`caller` takes no more arguments than its `{{% call %}}` names: {found[1]}",
    ),
    (
        LatePattern(r"macro '(\w+)' takes not more than (\d+) argument"),
        lambda found: f"the macro `{found[1]}` takes no more than {found[2]} argument{'' if found[2] == '1' else 's'}",
    ),
    (
        LatePattern(r"macro '(\w+)' takes no keyword argument '(\w+)'"),
        lambda found: f"the macro `{found[1]}` has no argument `{found[2]}`, or is given it twice",
    ),
    (
        LatePattern(rf"{_NAME}\(\) got an unexpected keyword argument '(\w+)'"),
        lambda found: f"{_called(found[1])} has no argument `{found[2]}`",
    ),
    (
        LatePattern(rf"{_NAME}\(\) got multiple values for argument '(\w+)'"),
        lambda found: f"{_called(found[1])} is given its argument `{found[2]}` twice",
    ),
    (
        LatePattern(rf"{_NAME} first arg must be str or a tuple of str, not (\w+)"),
        lambda found: f"{_called(found[1])} takes a text, not {_kind(found[2])}",
    ),
    (
        LatePattern(r"must be str(?:, not| or None, not| instance,) '?(\w+)"),
        lambda found: f"a text is expected, not {_kind(found[1])}",
    ),
)
"""What Python and Jinja say, as far as templates can bring it about, and what is said of it here."""

_OF_JINJA = {
    "No first item, sequence was empty.": "`first` is asked of an empty list or text",
    "No last item, sequence was empty.": "`last` is asked of an empty list or text",
    "No caller defined": "`caller` stands for nothing here: the macro is called without `{% call %}`",
    "there is no previous item": "there is no previous item: `{% if not loop.first %}` asks for one",
    "there is no next item": "there is no next item: `{% if not loop.last %}` asks for one",
    "No aggregated item, sequence was empty.": "`min` or `max` is asked of an empty list",
}
"""What Jinja says of values that are undefined, in the words of this package."""
