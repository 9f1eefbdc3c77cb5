"""Objects written as a call of Python's, with a name for each argument: `Person(name="Ada", age=36)`, `dict(a=1)`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from promptkit.output.acceptance import Judged
from promptkit.output.code_fence import unfenced
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge

__all__ = ["called"]

_CALL = re.compile(r"\[?\s*[A-Za-z_][\w.]{0,80}\(\s*[A-Za-z_]\w{0,80}\s*=(?!=)")
_LONGEST = 20_000
_DEEPEST = 20
_FENCES = ("", "python", "py", "tool_code", "tool_call")


class _NoValue(Exception):
    """An expression that is no value as it stands."""


def called(text: str, judge: Judge) -> Judged | None:
    """The arguments of the one call that a text is, each of which has its name."""
    if judge.field or not judge.coerces or not judge.place.takes("object"):
        return None
    inner = unfenced(text, *_FENCES)
    body = (text if inner is None else inner).strip()
    if len(body) > _LONGEST or not _CALL.match(body):
        return None
    try:
        value = _value(ast.parse(body, mode="eval").body, 0)
    except (_NoValue, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(value, list) and len(value) == 1 and "array" not in judge.place.kinds:
        value = value[0]
    judged = judge.judge(value, text)
    told = Step("read as a call", "the answer was written as a call of Python's", repairs=True)
    return None if judged.violations else Judged(judged.value, (told, *judged.steps))


def _value(node: ast.expr, depth: int) -> Any:
    """The JSON value of an expression. Raises `_NoValue` for what only running it would tell."""
    if depth > _DEEPEST:
        raise _NoValue
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool, type(None))):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(each, depth + 1) for each in node.elts]
    if isinstance(node, ast.Dict) and all(_is_text(key) for key in node.keys):
        return {key.value: _value(each, depth + 1) for key, each in zip(node.keys, node.values, strict=True)}  # type: ignore[union-attr]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, depth + 1)
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.Call) and not node.args and isinstance(node.func, (ast.Name, ast.Attribute)):
        names = [each.arg for each in node.keywords]
        if names and None not in names and len({*names}) == len(names):
            return {each.arg: _value(each.value, depth + 1) for each in node.keywords}
    raise _NoValue


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
