"""Errors that Python and Jinja raise in an expression are told in words for authors, not in Python's."""

from __future__ import annotations

import re

import pytest

from promptkit.errors import RenderError
from promptkit.template.templates import Templates

VALUES = {"n": 5, "items": [3, 1, 2], "big": 1e308, "rows": [{"a": 1}], "none": None}
CASES = {
    '{{ 1 + "a" }}': "`+` does not take a number and a text: `~` joins any values to a text",
    '{{ "a" + 1 }}': "`+` does not take a text and a number: `~` joins any values to a text",
    "{{ items + 3 }}": "`+` does not take a list and a number",
    '{{ n ** "a" }}': "`**` does not take a number and a text",
    '{{ "a" * "b" }}': "a text or a list is repeated by a whole number, not by a text",
    '{{ -"a" }}': "`-` does not take a text",
    '{{ "a" < 1 }}': "a text and a number have no order: `<` compares numbers, or texts",
    '{{ [1, "a"] | sort }}': "a text and a number have no order: `<` compares numbers, or texts",
    "{{ n / 0 }}": "a number is divided by zero",
    "{{ n is divisibleby 0 }}": "a number is divided by zero",
    "{{ n | length }}": "a number has no length",
    '{{ rows | map(attribute="a") | length }}': "`| list | length` counts it",
    "{{ n() }}": "a number cannot be called",
    "{% for x in n %}{% endfor %}": "a number has no items",
    "{{ n | first }}": "a number has no items",
    "{% for a, b in items %}{% endfor %}": "a number cannot be taken apart into several names",
    "{% for a, b in [[1, 2, 3]] %}{% endfor %}": "a value of more than 2 parts is taken apart into 2 names",
    "{% for a, b in [[1]] %}{% endfor %}": "a value of 1 part is taken apart into 2 names",
    '{{ "a" in n }}': "`in` looks into a list, an object or a text, not into a number",
    '{{ n in "a" }}': "`in` looks for a text in a text, not for a number",
    "{{ {[1]: 2} }}": "a list cannot be a key",
    "{{ [[1], [2]] | unique | list }}": "a list cannot be a key: no object has it, and `unique`",
    "{{ n[0:2] }}": "a number has no parts to be sliced",
    "{{ rows[0][0:2] }}": "an object cannot be sliced",
    "{{ n | reverse | list }}": "`reverse` takes a list or a text",
    '{{ "abc" | filesizeformat }}': "a number is expected, not a text",
    "{{ items | filesizeformat }}": "a number is expected, not a list",
    "{{ 1e999 }}": "a number is too large",
    '{{ "a" | trim(5) }}': "`trim` takes the characters to strip as a text",
    "{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{{ m(**{'a': 1, 'caller': 2}) }}": "a number cannot be called",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, **{'a': 2}) }}": "has no argument `a`, or is given it twice",
    "{{ range(5) }}": "a range is printed, not a value",
    '{{ "abc" | xml(n) }}': "a text is expected, not a number",
    "{{ dict([[1]]) }}": "`dict` takes an object, or a list of pairs",
    "{{ range(*n) | list }}": "`*` hands a list on, not a number",
    "{{ cycler(**n) }}": "`**` hands an object on",
    "{{ range(foo=n) | list }}": "`range` has no argument `foo`",
    "{{ items | map | list }}": "`map` takes the name of a filter",
    "{{ items | map(0) | list }}": "there is no filter `0`",
    "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call m() %}{% endcall %}": "`caller` takes no more arguments",
    "{{ items[none] }}": "a list has no item null",
    "{{ ((-8) ** 0.5) | round }}": "a negative number is raised to a fraction",
    '{{ "abc" | center(1.5) }}': "a whole number is expected, not one with a fraction",
    '{{ "abc".replace("a", none) }}': "not null",
    '{{ "a".join([3]) }}': "texts are joined, not a number",
    '{{ "a".strip(3) }}': "`strip` takes a text, not a number",
    "{{ n | dictsort }}": "an object is expected, not a number",
    "{{ n | items | list }}": "`items` takes an object",
    '{{ items | replace("a") }}': "`replace` lacks an argument: `new`",
    "{{ items | batch }}": "`batch` lacks an argument: `linecount`",
    "{{ items | sort(foo=1) }}": "`sort` has no argument `foo`",
    '{{ "a" | indent("x", 2, 3, 4) }}': "`indent` is given more arguments than it takes",
    '{{ "a".count() }}': "`count` is given too few or too many arguments",
    '{{ "a".startswith(1) }}': "`startswith` takes a text, not a number",
    '{{ "x".index("y") }}': "`index` does not find the text: `find` gives -1 where it is not",
    "{{ items.index(9) }}": "`index` does not find the item",
    '{{ "x".split("") }}': "a text is split at an empty text",
    "{{ items | round }}": "`round` takes a number, not a list",
    '{{ n | round(1, "x") }}': '`round` is "common", "ceil" or "floor"',
    '{{ rows[0] | dictsort(by="x") }}': '`dictsort` sorts by "key" or by "value"',
    '{{ range("a") }}': "a whole number is expected, not a text",
    "{{ range(1, 2, 0) }}": "the step of `range` is zero",
    '{{ items[1:"a"] }}': "the bounds of a slice are whole numbers",
    '{{ "abc" | truncate(1) }}': "`truncate` cuts to 3 characters or more, not to 1",
    '{{ "a b" | wordwrap(0) }}': "`wordwrap` takes a width above 0, not 0",
    "{{ [] | first }}": "`first` is asked of an empty list",
    "{{ [] | max }}": "`min` or `max` is asked of an empty list",
    "{{ cycler() }}": "`cycler` takes at least one value",
    '{{ items | map("foo") | list }}': "there is no filter `foo`",
    '{{ items | select("foo") | list }}': "there is no test `foo`",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}": "the macro `m` takes no more than 1 argument",
    "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}": "the macro `m` has no argument `b`",
    '{{ "a".center(3) }}': "the template may not do this: use `center` of a text",
    "{{ (big * 10) | int }}": "a number grows too large",
    "{{ (big * 10) | filesizeformat }}": "`filesizeformat` takes a finite number",
    "{{ (big * 10) | decimals }}": "`decimals` takes a finite number",
    "{{ [big * 10] }}": "a number cannot be printed: it is NaN, infinite or too large",
    "{{ items | tojson(indent=-1) }}": "`json` is indented by a whole number from 0",
    '{{ "text" is divisibleby 3 }}': "`divisibleby` takes a number, not a text",
    '{{ "text" is odd }}': "`odd` takes a number, not a text",
    '{{ items | map(attribute="a") | list }}': "a number has no `a`",
}
PYTHONS = re.compile(r"'(?:str|int|float|list|dict|NoneType|generator)'|\b(?:NoneType|iterable|argument\(s\)|__\w+__)")


@pytest.mark.parametrize("text", CASES)
def test_a_failure_is_told_in_words(text: str) -> None:
    with pytest.raises(RenderError, match=re.escape(CASES[text])) as caught:
        Templates({}).render(text, VALUES)
    assert not PYTHONS.search(str(caught.value))
