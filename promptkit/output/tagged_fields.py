"""Objects whose fields stand in markup of their own: a tag for each, the parameters of a call, DSPy's headings.

MiniMax and Claude write `<parameter name="team">`, Qwen's coders `<parameter=team>`, by their chat templates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.output.acceptance import Judged
from promptkit.output.markdown_lists import SCALARS
from promptkit.output.place import plain_word
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge
    from promptkit.output.place import Place

__all__ = ["tagged"]

_FORMS = (
    re.compile(r"<parameter name=\"(?P<name>[^\"\n]{1,80})\"[^<>\n]{0,80}>(?P<value>.*?)</parameter>", re.DOTALL),
    re.compile(r"<parameter=(?P<name>[^<>\n]{1,80})>(?P<value>.*?)</parameter>", re.DOTALL),
    re.compile(r"\[\[ ## (?P<name>\w{1,64}) ## \]\](?P<value>.*?)(?=\[\[ ## |\Z)", re.DOTALL),
    re.compile(r"<(?P<name>[A-Za-z_][\w-]{0,60})>(?P<value>.*?)</(?P=name)>", re.DOTALL),
)
_AROUND = re.compile(
    r"```\w*|</?(?:answer|function_calls?|invoke|minimax:tool_call|output|response|result|root|tool_calls?)\b[^<>\n]{0,100}>"
    r"|</?function(?:=[^<>\n]{1,100})?>|\s+",
    re.IGNORECASE,
)
"""What may stand around the fields."""
_COMPLETED = "completed"
"""DSPy's heading at the end of an answer."""


def tagged(text: str, judge: Judge) -> Judged | None:
    """The object of which each field stands in markup; None where anything else stands there, or a name is unknown."""
    place = judge.place
    if judge.field or not judge.coerces or place.kinds != {"object"} or not place.names:
        return None
    body = _AROUND.sub(lambda found: " " * len(found[0]), text)
    for form in _FORMS:
        fields = [(found["name"], found["value"].strip()) for found in form.finditer(body)]
        if not fields or form.sub("", body).strip():
            continue
        raw = [(found["name"], found["value"].strip()) for found in form.finditer(text)]
        value = _object(raw if len(raw) == len(fields) else fields, place)
        judged = judge.judge(value, text) if value is not None else None
        if judged is not None and not judged.violations:
            told = Step("read from its markup", f"{len(fields)} fields, each in markup of its own", repairs=True)
            return Judged(judged.value, (told, *judged.steps))
    return None


def _object(fields: list[tuple[str, str]], place: Place) -> dict[str, Any] | None:
    """The fields by their declared names; None where one is unknown, stands twice, or cannot be read."""
    declared = {plain_word(name): name for name in place.names}
    found: dict[str, Any] = {}
    for written, value in fields:
        name = declared.get(plain_word(written))
        if name is None and written == _COMPLETED and not value:
            continue
        if name is None or name in found:
            return None
        inner = place.inside(name)
        if inner.takes("string"):
            found[name] = value
            continue
        try:
            found[name] = parse_json(value)
            if isinstance(found[name], dict) and name in found[name]:
                return None  # a heading above the whole
        except NotJson:
            if not inner.kinds <= SCALARS:
                return None
            found[name] = value
    return found
