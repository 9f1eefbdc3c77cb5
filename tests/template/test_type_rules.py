"""What is said to fail fails: every operator, filter, test and loop, on a value of every type."""

from __future__ import annotations

from itertools import product

import pytest

from promptkit.errors import RenderError
from promptkit.template import Templates
from promptkit.template.type_rules import wrong_loop, wrong_operand, wrong_operands, wrong_sum, wrong_value

VALUES = {
    "string": ["", "a", "12"],
    "boolean": [True, False],
    "integer": [0, 7, -1],
    "number": [0.5, -2.0, 3],
    "array": [[], ["a"], [1, 2], [{"k": 1}]],
    "object": [{}, {"a": 1}, {"k": "x"}],
}
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "in", "not in")
FILTERS = (
    *("length", "count", "first", "last", "join", "min", "max", "unique", "list", "reverse", "map('string')", "select"),
    *("reject", "batch(2)", "slice(2)", "sort", "selectattr('k')", "rejectattr('k')", "groupby('k')", "sum", "table"),
    *("csv", "bullets", "dictsort", "items", "abs", "round", "upper", "default(1)", "tojson", "xml", "string", "int"),
)
TESTS = ("odd", "even", "divisibleby(3)", "string", "mapping", "eq(1)", "in([1])")


def fails(text: str, **values: object) -> bool:
    try:
        Templates({}).render(text, values)
    except RenderError:
        return True
    return False


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_that_is_said_to_fail_fails_on_all_values(operator: str) -> None:
    for left, right in product(VALUES, VALUES):
        if wrong_operands(operator, frozenset([left]), frozenset([right])):
            works = [
                (a, b)
                for a, b in product(VALUES[left], VALUES[right])
                if not fails(f"{{{{ a {operator} b }}}}", a=a, b=b)
            ]
            assert not works, (left, right)


def test_an_operator_that_fails_on_all_values_is_said_to_fail() -> None:
    for operator, left, right in product(OPERATORS, VALUES, VALUES):
        pairs = product(VALUES[left], VALUES[right])
        if all(fails(f"{{{{ a {operator} b }}}}", a=a, b=b) for a, b in pairs):
            assert wrong_operands(operator, frozenset([left]), frozenset([right])), (operator, left, right)


@pytest.mark.parametrize(("what", "names"), [("filter", FILTERS), ("test", TESTS)])
@pytest.mark.parametrize("kind", VALUES)
def test_a_filter_or_test_that_is_said_to_fail_fails_on_all_values(
    what: str, names: tuple[str, ...], kind: str
) -> None:
    sign = {"filter": "|", "test": "is"}[what]
    for name in names:
        if wrong_value(what, name.partition("(")[0], frozenset([kind])):
            text = f"{{{{ v {sign} {name} }}}}"
            # Some look no further than that a value is empty, and let that pass.
            assert all(fails(text, v=value) for value in VALUES[kind] if value), name


@pytest.mark.parametrize("kind", VALUES)
def test_a_loop_and_a_sign_fail_where_it_is_said(kind: str) -> None:
    kinds = frozenset([kind])
    loops = {fails("{% for x in v %}{% endfor %}", v=value) for value in VALUES[kind]}
    assert (loops == {True}) == (wrong_loop(kinds) is not None and kind != "string")
    signs = {fails("{{ -v }}", v=value) for value in VALUES[kind]}
    assert (signs == {True}) == (wrong_operand("-", kinds) is not None)
    sums = {fails("{{ [v] | sum }}", v=value) for value in VALUES[kind]}
    assert (sums == {True}) == (wrong_sum(kinds) is not None)


@pytest.mark.parametrize(
    ("kinds", "operator"), [(("string", "integer"), "+"), (("array", "boolean"), "*"), (("object",), "in")]
)
def test_what_may_work_is_passed_over(kinds: tuple[str, ...], operator: str) -> None:
    assert wrong_operands(operator, frozenset(["integer"]), frozenset(kinds)) is None
    assert wrong_operands(operator, frozenset(), frozenset(["object"])) is None
    assert wrong_value("filter", "length", frozenset(["integer", "string"])) is None
    assert wrong_loop(frozenset(["string", "array"])) is None
