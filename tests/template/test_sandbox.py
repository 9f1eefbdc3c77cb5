"""What templates may do, and how far: attributes, methods, operators, filters, size, steps."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.errors import RenderError
from promptkit.limits import Limits, limited
from promptkit.template import Templates, filters
from promptkit.template.environment import PromptEnvironment
from promptkit.template.filters import _OF_ITEMS, REFUSED_FILTERS
from promptkit.template.metering import MAX_PARTS, Meter, bounded, bounded_range, check_size, counted, metered, step
from promptkit.template.printing import PrintedText, printed, stripped, to_json
from promptkit.template.sandbox import ALLOWED_METHODS, FUNCTIONS
from promptkit.template.text_methods import joined, replaced


def render(text: str, **values: Any) -> str:
    return Templates({}).render(text, values)


def refused(text: str, **values: Any) -> RenderError:
    with pytest.raises(RenderError) as caught:
        render(text, **values)
    return caught.value


METHODS = [(kind, name) for kind in (str, dict, list, tuple, int, float) for name in dir(kind) if name[0] != "_"]
SAMPLES = {str: "a", dict: {"k": 1}, list: [1], tuple: (1,), int: 5, float: 1.5}


@pytest.mark.parametrize(("kind", "name"), METHODS, ids=lambda each: getattr(each, "__name__", each))
def test_a_method_can_be_reached_just_if_it_is_allowed(kind: type, name: str) -> None:
    wanted = "PK223" if name in ALLOWED_METHODS[kind] else "PK225"  # it is there, and not called; it is not there
    for reach in (f"{{{{ x.{name} }}}}", f"{{{{ x['{name}'] }}}}"):
        assert wanted == refused(reach, x=SAMPLES[kind]).code


@pytest.mark.parametrize("kind", list(ALLOWED_METHODS))
def test_every_allowed_method_exists(kind: type) -> None:
    assert all(hasattr(kind, name) for name in ALLOWED_METHODS[kind])


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.__class__ }}",
        "{{ x['__class__'] }}",
        "{{ (x,).__getitem__ }}",
        "{{ [x] | map(attribute='__class__') | list }}",
        "{{ [x] | sum(attribute='__class__') }}",
        "{{ [x] | groupby('__class__') }}",
        "{{ range.__globals__ }}",
        "{{ range.__globals__['x'] }}",
        "{{ namespace.__init__ }}",
        "{{ namespace.mro() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ joiner.__class__ }}",
        "{% for i in [1] %}{{ loop.__init__ }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m.__call__ }}",
        "{{ ([1] | map('string')).gi_frame }}",
        "{{ dict.__globals__ }}",
        "{{ namespace(a=1)._Namespace__attrs }}",
        "{{ '%s' % x }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ '{a.__class__}'.format_map({'a': x}) }}",
    ],
)
def test_nothing_of_python_can_be_reached(text: str) -> None:
    assert refused(text, x="a").code in ("PK225", "PK223", "PK226")


@pytest.mark.parametrize("name", sorted(REFUSED_FILTERS))
def test_a_refused_filter_does_not_exist(name: str) -> None:
    assert f"No filter named '{name}'." == refused(f"{{{{ x | {name} }}}}", x="a").message


@pytest.mark.parametrize(
    "text",
    [
        "{{ dict.update(d, b=2) }}",
        "{{ d.update({'b': 2}) }}",
        "{{ d.setdefault('b', 2) }}",
        "{{ d.pop('a') }}",
        "{{ d.l.append(1) }}",
        "{{ d.clear() }}",
        "{% set d.a = 2 %}",
    ],
)
def test_no_template_changes_its_inputs(text: str) -> None:
    value = {"a": 1, "l": []}
    refused(text, d=value)
    assert {"a": 1, "l": []} == value


@pytest.mark.parametrize(
    "text", ["{{ d.b }}", "{{ d['b'] }}", "{% if d.b %}{% endif %}", "{{ [d] | map(attribute='b') | list }}"]
)
def test_a_mapping_that_makes_what_it_lacks_is_not_asked_for_it(text: str) -> None:
    value: Any = defaultdict(list, a=1)
    refused(text, d=value)
    assert {"a": 1} == value


@pytest.mark.parametrize("text", ["{% set a = 1 %}{% set \uff41 = d %}{{ a }}", "{% macro f(\uff41) %}{% endmacro %}"])
def test_a_name_that_python_takes_for_another_one_is_refused(text: str) -> None:
    assert "PK201" == refused(text, d=1).code


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 1000001 }}",
        "{{ 1000001 * [1] }}",
        "{{ 2 ** 20000 }}",
        "{{ n * n }}",
        "{{ 'a' | center(1001) }}",
        "{{ 'a' | indent(1001) }}",
        "{{ 'a' | indent(width='a' * 1001) }}",
        "{{ [1] | batch(1001) | list }}",
        "{{ [1] | slice(1001) | list }}",
        "{{ 1.5 | round(101, 'ceil') }}",
        "{{ [1] | tojson(indent=17) }}",
        "{{ [[1]] | sum(start=[]) }}",
        "{{ ('a' * 200001) | striptags }}",
        "{{ ('a' * 200001) | title }}",
        "{{ ('a' * 200001) | urlencode }}",
        "{{ {'a': 'b' * 200001} | urlencode }}",
        "{{ 'a' | trim('b' * 51) }}",
        "{{ ([{'a': {'a': 1}}] * 20000) | sort(attribute='" + ",".join(["a.a"] * 500) + "') | length }}",
        "{{ ([{'a': 1}] * 20000) | groupby('a" + ".a" * 500 + "') | length }}",
        "{{ cycler(*range(10001)) }}",
        "{{ n is divisibleby(n) }}",
        *(
            f"{{{{ ('a' * 100000).{name}('ab' ~ 'a' * 1000) }}}}"
            for name in ("rfind", "rindex", "rpartition", "rsplit")
        ),
        "{% for i in range(2 * 200000) %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    ],
)
def test_what_would_compute_too_much_is_refused(text: str) -> None:
    assert refused(text, n=1 << 60_000).code in ("PK221", "PK222")


@pytest.mark.parametrize(
    "text",
    [
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{{ [big] * 100000 }}",
        "{{ big | replace('a', big) }}",
        "{{ big.replace('a', big) }}",
        "{{ big.join([big, big, big, big, big, big]) }}",
        "{{ [big, big, big, big, big, big] | join(big) }}",
        "{{ ('\n' * 1000000) | indent(20) }}",
        "{{ big | wordwrap(1, wrapstring=big) }}",
        "{% for i in range(11) %}{{ big }}{% endfor %}",
        "{% for i in range(200) %}{% if 'a' * 1000000 %}{% endif %}{% endfor %}",
        "{% for i in range(200) %}{% if [1] * 200000 %}{% endif %}{% endfor %}",
        "{% set n = namespace(v=1) %}{% for i in range(190) %}{% set n.v=[n.v] %}{% endfor %}{{ ([n.v]*99)|json(16) }}",
        *(
            f"{{% set q = 'a' * 9000 %}}{{% for i in range(100000) %}}{{% if {made} %}}{{% endif %}}{{% endfor %}}"
            for made in ("q + 'b'", "q ~ i", "q[1:]", "q | reverse", "q.upper()")
        ),
        "{{ range(200000) | map('replace', '', 'a' * 1000) | sort | length }}",
        *(
            f"{{% for i in range(200) %}}{{% if {made} %}}{{% endif %}}{{% endfor %}}"
            for made in (
                *("big[1:]", "big ~ i", "big + 'b'", "big | upper", "big | replace('b', 'c')", "big.lower()"),
                *("big.partition('b')", "big.rpartition('b')", "big.strip('b')", "big.removeprefix('b')"),
            )
        ),
    ],
)
def test_what_would_grow_too_large_is_refused_before_it_is_built(text: str) -> None:
    with limited(render_seconds=60):  # whatever else the machine does
        assert "PK220" == refused(text, big="a" * 1_000_000).code


ORDERS = ("gt", "ge", "lt", "le", "greaterthan", "lessthan", "ne")


@pytest.mark.parametrize(
    "text",
    [
        "{{ many | select('in', many) | list | length }}",
        "{% for each in many %}{% if many < copied %}{% endif %}{% endfor %}",
        "{% for each in many %}{% if copied == many == copied %}{% endif %}{% endfor %}",
        *(f"{{% for each in many %}}{{% if many is {order}(copied) %}}{{% endif %}}{{% endfor %}}" for order in ORDERS),
        "{% for each in many %}{{ many.index('19999') }}{% endfor %}",
        "{% for each in many %}{{ many.count('19999') }}{% endfor %}",
        *(
            f"{{% set n = 7 ** 3000 %}}{{% set m = n * n * n * n * n %}}"
            f"{{% for each in many %}}{{% if {made} %}}{{% endif %}}{{% endfor %}}"
            for made in ("m * m", "m % n")
        ),
        "{% for each in many %}{% if each not in many %}{% endif %}{% endfor %}",
        "{% for each in many %}{% if [each, many] == [each, copied] %}{% endif %}{% endfor %}",
        "{{ [many] * 20 | map('reject', 'in', many) | map('list') | list | length }}",
    ],
)
def test_work_is_counted_by_what_is_looked_at(text: str) -> None:
    many = [str(n) for n in range(20_000)]
    with pytest.raises(RenderError) as caught:
        Templates({}).render(text, {"many": many, "copied": list(many)})
    assert caught.value.code in ("PK220", "PK221", "PK222", "PK226")


VIEWED = (
    "{% set ns = namespace(a={}.items(), b={}.items()) %}{% for i in range(40) %}"
    "{% set ns.a = {'a': ns.a, 'b': ns.a}.items() %}{% set ns.b = {'a': ns.b, 'b': ns.b}.items() %}{% endfor %}"
)
DOUBLED = "{% set ns = namespace(a=[1]) %}{% for i in range(40) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}"


@pytest.mark.parametrize(
    "text",
    [
        f"{DOUBLED}{{{{ ns.a | xml }}}}",
        f"{DOUBLED}{{{{ ns.a | bullets }}}}",
        f"{DOUBLED}{{{{ ns.a == ns.a }}}}",
        f"{DOUBLED}{{{{ [ns.a, 1] | sort }}}}",
        DOUBLED.replace("[ns.a, ns.a]", "{'a': ns.a, 'b': ns.a}"),
        f"{VIEWED}{{{{ ns.a == ns.b }}}}",
        f"{VIEWED}{{{{ ns.a <= ns.b }}}}",
        f"{VIEWED}{{{{ [ns.b].index(ns.a) }}}}",
        DOUBLED.replace("[ns.a, ns.a]", "(ns.a, ns.a)"),
        DOUBLED.replace("[ns.a, ns.a]", "dict(a=ns.a, b=ns.a)"),
        DOUBLED.replace("[ns.a, ns.a]", "[ns.a] + [ns.a]"),
        DOUBLED.replace("[ns.a, ns.a]", "[ns.a] * 2"),
        DOUBLED.replace("[ns.a, ns.a]", "[ns.a] | batch(2, ns.a) | list"),
        "{{ ([{'a': big}] * 1000) | table }}",
        "{{ ([{'a': big}] * 1000) | csv }}",
    ],
)
def test_what_is_shared_counts_as_often_as_it_is_seen(text: str) -> None:
    assert "PK220" == refused(text, big="a" * 900_000).code


SAME = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


@given(SAME, SAME)
def test_comparisons_are_those_of_python(one: Any, other: Any) -> None:
    def holds(expression: str) -> bool:
        return Templates({}).render(f"{{{{ 'yes' if {expression} else 'no' }}}}", {"a": one, "b": other}) == "yes"

    assert (one == other) == holds("a == b") != holds("a != b")
    if type(one) is type(other) is not dict and one is not None:
        for sign in ("<", "<=", ">", ">="):
            with contextlib.suppress(TypeError):
                assert eval(f"one {sign} other") == holds(f"a {sign} b")
    assert (one in [other, one]) == holds("a in [b, a]")
    assert (one not in [other]) == holds("a not in [b]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "{{ 7 % 4 + 1 }} {{ 2 ** 10 }} {{ 'ab' * 2 }} {{ [1] + [2] }} {{ 2 * 3 }} {{ -1 ** 2 }}",
            "4 1024 abab [1, 2] 6 1",
        ),
        ("{{ 'a-b'.replace('-', '+', 1).split('+') | join(',') }}", "a,b"),
        ("{{ '-'.join(['a', 'b']) }}", "a-b"),
        ("{{ 'aaa' | replace('a', 'b', 2) }}{{ 'aaa'.replace('a', 'c') }}", "bbaccc"),
        ("|{{ 'a' | center(3) }}|{{ 'a\nb' | indent(2) }}|{{ 'a b' | wordwrap(1) }}", "| a |a\n  b|a\nb"),
        ("{{ 'a b' | wordwrap(1, wrapstring='-') }}", "a-b"),
        ("{{ [1, 2] | sum }} {{ [{'n': 1}] | sum(attribute='n', start=2) }}", "3 3"),
        ("{{ [{'n': 'a'}, {'n': true}] | join('+', attribute='n') }}", "a+true"),
        ("{{ '<b>x</b>' | striptags }}{{ '<' }}", "x<"),
        ("{{ [1, 2, 3] | batch(2) | list }}{{ 1.25 | round(1) }}", "[[1, 2], [3]]1.2"),
        ("{{ {'b': 1, 'a': 'é<'} | tojson }}{{ [1] | json(indent=1) }}", '{"b": 1, "a": "é<"}[\n 1\n]'),
        ("{{ 1.0.is_integer() }}{{ [1, 1].count(1) }}", "true2"),
        ("{{ dict({'b': 2}, a=1) }}{{ {'a': 1}.keys() }}{{ {'a': 1}.items() }}", '{"b": 2, "a": 1}["a"][["a", 1]]'),
        (
            "{{ 1 < 2 <= 2 }}{{ 'a' < 'b' != 'c' }}{{ [1] < [2] }}{{ 2 is gt(1) }}{{ 2 is ne(2) }}",
            "truetruetruetruefalse",
        ),
        ("{{ dict(a=1) }}{% set c = cycler('x', 'y') %}{{ c.next() }}{{ c.next() }}", '{"a": 1}xy'),
        ("{% set j = joiner('+') %}{{ j() }}a{{ j() }}b", "a+b"),
        ("{{ 5 | string }}{{ none is none }}{{ [none] }}", "5true[null]"),
        (
            "{% for x in range(2, 8, 3) %}{{ x }}{{ loop.last }}{{ loop.length }}{% else %}-{% endfor %}",
            "2false25true2",
        ),
        ("{% for x in [] %}{% else %}none{% endfor %}{% for x in [1, 2] if x > 1 %}{{ x }}{% endfor %}", "none2"),
        ("{{ u | upper }}{{ u ~ 1 }}", "Aa1"),
    ],
)
def test_what_is_allowed_works(text: str, shown: str) -> None:
    assert shown.lower() == render(text, u="a").lower()


def test_an_undefined_value_is_never_printed_joined_or_filtered() -> None:
    for text in ("{{ x }}", "{{ 'a' ~ x }}", "{{ [x] | join }}", "{{ x | upper }}", "{{ 'a' | replace('a', x) }}"):
        assert ("PK202", "`x` is undefined") == (refused(text).code, refused(text).message)


class Color(str, Enum):  # noqa: UP042 (its str() is not its text)
    RED = "red"


def test_a_text_of_a_subclass_prints_as_its_text() -> None:
    assert "red red RED" == render("{{ c }} {{ c ~ '' }} {{ c | upper }}", c=Color.RED)


@pytest.mark.parametrize("value", [object(), {1}, b"x", ValueError()])
def test_what_is_no_data_cannot_be_printed(value: Any) -> None:
    with pytest.raises(RenderError, match="PK223"):
        printed(value)
    with pytest.raises(RenderError, match="PK223"):
        to_json([value])


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], pytest.param(10**5000, id="huge")])
def test_numbers_that_json_cannot_have_are_refused(value: Any) -> None:
    with pytest.raises(RenderError, match="PK223"):
        to_json(value)


def test_the_own_whitespace_of_a_template_goes_and_a_value_s_stays() -> None:
    assert " b \n c" == stripped([" ", "\n", PrintedText(""), PrintedText(" b "), "\n c", " \n", ""])
    assert "a \n" == stripped(["\n a", PrintedText(" "), PrintedText("\n"), " "])
    assert "" == stripped([" ", PrintedText(""), "\n"])
    assert "" == stripped([])


def test_a_meter_counts_steps_and_looks_at_the_clock() -> None:
    late = Meter(deadline=0.0)
    for _ in range(255):
        late.step()
    with pytest.raises(RenderError, match="PK222"):
        late.step()
    full = Meter(deadline=float("inf"), steps=Limits().render_steps)
    with pytest.raises(RenderError, match="PK221"):
        full.step()


def test_pieces_that_come_too_late_are_refused() -> None:
    with pytest.raises(RenderError, match="PK222"):
        list(bounded(["a"], Meter(deadline=0.0)))


def test_outside_of_a_rendering_nothing_is_counted() -> None:
    step()
    assert [1, 2] == list(counted([1, 2]))


@pytest.mark.parametrize("text", ["{{ ''.join(x) | length }}", "{{ [[[[x]]]] | bullets | length }}"])
def test_a_long_text_is_taken_apart_no_longer_than_there_is_time_for(text: str) -> None:
    with limited(render_seconds=0.05), pytest.raises(RenderError) as caught:
        Templates({}).render(text, {"x": "\n" * 8_000_000})
    assert caught.value.code == "PK222"


def test_each_rendering_has_a_meter_of_its_own() -> None:
    with metered() as outer:
        step()
        with metered() as inner:
            step()
            step()
        assert (1, 2) == (outer.steps, inner.steps)


def test_sizes_are_measured_to_the_character() -> None:
    with limited(render_characters=5), metered():
        check_size(5)
        with pytest.raises(RenderError, match="PK220"):
            check_size(6)
    assert "bb" == replaced("aa", "a", "b", -1)
    assert "" == joined(", ", [])
    assert range(3) == bounded_range(3)


def test_a_template_cannot_use_the_names_of_our_own_filters_by_mistake() -> None:
    assert "PK226" == refused("{{ 5 | counted_ | list }}").code


def test_the_functions_of_a_template_are_those_that_are_listed() -> None:
    assert FUNCTIONS == set(PromptEnvironment().globals)


@pytest.mark.parametrize("name", sorted(_OF_ITEMS))
def test_a_filter_of_items_goes_through_no_more_than_there_is_time_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many: Any = ("a" if name in ("batch", "slice", "list", "join", "map") else [{"x": 1}]) * (MAX_PARTS + 1)
    argument = {"batch": "2", "slice": "2", "map": "'upper'", "select": "'mapping'", "reject": "'mapping'"}
    argument |= dict.fromkeys(("selectattr", "rejectattr", "groupby"), "'x'")
    argument |= dict.fromkeys(("sort", "unique", "max", "min", "sum"), "attribute='x'")
    use = f"{{{{ x | {name}({argument.get(name, '')}) | list | length }}}}"
    assert "up to 500,000 items or characters" in refused(use, x=many).message
    looks: list[None] = []
    monkeypatch.setattr(filters, "check_clock", lambda: looks.append(None))
    with contextlib.suppress(RenderError):
        render(use, x=many[: 256 * 100])
    assert len(looks) >= 100
