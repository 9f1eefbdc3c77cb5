"""Objects written as a call of Python's, with a name for each argument: `Person(name="Ada", age=36)`, `dict(a=1)`."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.code_fence import unfenced
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge, Judged

__all__ = ["called"]

_CALL = LatePattern(r"\[?\s{0,9}[A-Za-z_][\w.]{0,80}\(\s{0,9}[A-Za-z_]\w{0,80}\s{0,9}=(?!=)")
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
        if _is_doubtful(body):
            return None
        value = _value(ast.parse(body, mode="eval").body, 0)
        value = parse_json(json.dumps(value, allow_nan=False))  # whose rules hold here too
    except (_NoValue, NotJson, SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(value, list) and len(value) == 1 and "array" not in judge.place.kinds:
        value = value[0]
    told = Step("read as a call", "the answer was written as a call of Python's", repairs=True)
    return judge.accepted(value, text, told)


def _is_doubtful(body: str) -> bool:
    """Whether a comment may say more, or two texts side by side have lost the comma between them."""
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(body).readline) if token.type != tokenize.NL]
    return tokenize.COMMENT in kinds or (tokenize.STRING, tokenize.STRING) in pairwise(kinds)


def _value(node: ast.expr, depth: int) -> Any:
    """The JSON value of an expression. Raises `_NoValue` for what only running it would tell."""
    if depth > _DEEPEST:
        raise _NoValue
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool, type(None))):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(each, depth + 1) for each in node.elts]
    if isinstance(node, ast.Dict):
        pairs = zip(map(_text, node.keys), node.values, strict=True)
        return {key: _value(each, depth + 1) for key, each in pairs}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, depth + 1)
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.Call) and not node.args and isinstance(node.func, (ast.Name, ast.Attribute)):
        names = [each.arg for each in node.keywords]
        if names and None not in names and len({*names}) == len(names):
            return {each.arg: _value(each.value, depth + 1) for each in node.keywords}
    raise _NoValue


def _text(node: ast.expr | None) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise _NoValue
    return node.value
