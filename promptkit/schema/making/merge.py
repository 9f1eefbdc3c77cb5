"""Two forms of a JSON Schema made one that asks for both, keyword by keyword."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.conjunction import align_fields, align_items
from promptkit.schema.keyword_merge import joined

if TYPE_CHECKING:
    from promptkit.schema.keyword_merge import Both

Keywords = dict[str, Any]
"""Keywords without combinators; see `forms`."""


class UnmakeableError(ValueError):
    """Why no value can be made, in one line."""


def merged(one: Keywords, other: Keywords, both: Both) -> Keywords | None:
    """The form that asks for both; None when nothing can be both. `both` makes one schema of two, see `Forms`.

    Where no value of a keyword says both, the first stands.
    """
    form, other = dict(one), dict(other)
    align_items(form, other)
    for each in (form, other):
        align_fields(each, other if each is form else form)
    for keyword, value in other.items():
        if keyword not in form:
            form[keyword] = value
        elif keyword in _LISTED:
            form[keyword] = [*form[keyword], *value]
        elif (said := joined(keyword, form[keyword], value, both)) is not None:
            form[keyword] = said
            if said == [] and keyword in ("type", "enum"):
                return None
    return form


_LISTED = ("pattern", "format", "contains", "examples", "default")
"""Keywords of which a form has a list, all that were said."""
