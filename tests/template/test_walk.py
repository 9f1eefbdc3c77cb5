"""The walk through a template: what names stand for on the way, what is looked up, compared, called and printed."""

from __future__ import annotations

from typing import Any

import pytest
from walking import walk

from promptkit.errors import RenderError
from promptkit.template import Templates
from promptkit.template.fences import Fences, Untrusted
from promptkit.template.syntax import read_tree
from promptkit.template.taint import printed_strangers


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }} {{ a.b }} {{ c[d] }}", ["a", "a", "c", "d"]),
        ("{{ a | default(b) }}{% if c is divisibleby(d) %}{% endif %}", ["a", "b", "c", "d"]),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}", ["xs", "x"]),
        ("{% for x in xs %}{% else %}{{ x }}{{ loop }}{% endfor %}", ["xs", "x", "loop"]),
        ("{% for a, (b, c) in xs if c %}{{ a }}{{ b }}{% endfor %}", ["xs"]),
        ("{% for x in xs %}{% set y = x %}{{ y }}{% endfor %}{{ y }}", ["xs", "y"]),
        ("{% set y = 1 %}{{ y }}", []),
        ("{{ y }}{% set y = 1 %}", ["y"]),
        ("{% set y = y %}", ["y"]),
        ("{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", ["xs"]),
        ("{% set ns.n = 1 %}", ["ns"]),
        ("{% if c %}{% set y = 1 %}{% else %}{% set y = 2 %}{% endif %}{{ y }}", ["c"]),
        (
            "{% macro m(p, q=r) %}{{ p }}{{ q }}{{ caller }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(s) }}",
            ["s", "r"],
        ),
        ("{% macro m() %}{{ late }}{% endmacro %}{% set late = 1 %}{{ m() }}", []),
        ("{% macro m(p) %}{% endmacro %}{{ p }}", ["p"]),
        ("{{ m() }}{% macro m() %}{% endmacro %}", ["m()"]),
        ("{% call(x) m() %}{{ x }}{% endcall %}{{ x }}", ["m()", "x"]),
        ("{% with a = b, c = a %}{{ a }}{{ c }}{% endwith %}", ["b", "a"]),
        ("{% filter replace(a, b) %}{{ c }}{% endfilter %}", ["a", "b", "c"]),
        ("{% set x %}{{ a }}{% set y = 1 %}{% endset %}{{ x }}{{ y }}", ["a", "y"]),
        ("{% block b %}{{ a }}{{ super() }}{% endblock %}", ["a", "super()"]),
        ("{% for x in xs %}{% block b %}{{ x }}{% endblock %}{% endfor %}", ["xs", "x"]),
        ("{% for x in xs %}{% block b scoped %}{{ x }}{% endblock %}{% endfor %}", ["xs"]),
        ("{{ range(3) }}{{ dict(a=b) }}{{ namespace() }}", ["b"]),
        ("{{ self }}{{ loop }}{{ caller() }}", ["self", "loop", "caller()"]),
        ("{% raw %}{{ a }}{% endraw %}{# {{ a }} #}{% if true %}{% endif %}", []),
        ("{{ a.b.c }} b c", ["a"]),
        ("{{ len(a) }}", ["len()", "a"]),
    ],
)
def test_names_that_stand_for_nothing_are_told_where_they_stand(text: str, names: list[str]) -> None:
    assert names == walk(text).outside


def test_a_name_that_a_template_sets_is_no_use_of_the_input() -> None:
    assert ["b"] == walk("{% set a = b %}{{ a }}", {"a": True, "b": True}).used


def test_what_is_set_on_some_ways_only_is_told() -> None:
    heard = walk("{% if c %}{% set y = 1 %}{% endif %}{{ y }}{% if y is defined %}{% endif %}", {"c": True})
    assert [("PK202", "y")] == [(fault.code, mark) for fault, mark in zip(heard.faults, heard.marked, strict=True)]


OBJECT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}},
}
CLOSED = {
    **OBJECT,
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {"price": {"type": "number"}, "note": {"type": ["string", "null"]}},
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{{ o.nme }}", ["nme"]),
        ("{{ o['nme'] }}", ["'nme'"]),
        ("{{ o.name.upper() }}{{ o.name.uper() }}", ["uper"]),
        ("{% for line in o.lines %}{{ line.prise }}{% endfor %}", ["prise"]),
        ("{% set l = o.lines[0] %}{{ l.prise }}", ["prise"]),
        ("{{ (o.lines | first).prise }}", ["prise"]),
        ("{{ o.lines[1:][0].prise }}{{ o.name[:3].x }}", ["prise", "x"]),
        ("{% set l = o.lines | first %}{{ l.prise }}", ["prise"]),
        ("{{ o.lines | sum(attribute='prise') }}{{ o.lines | map(attribute='price') | sum }}", ["'prise'"]),
        ("{{ o.lines | selectattr('prise') | list }}{{ o.lines | groupby('prise') }}", ["'prise'", "'prise'"]),
        ("{% for line in o.lines | sort(attribute='price') %}{{ line.prise }}{% endfor %}", ["prise"]),
        ("{% with l = o.lines[1] %}{{ l.price }}{{ l.x }}{% endwith %}", ["x"]),
        ("{{ (o if a else o).x }}{{ o.lines.x }}{{ a.x }}", ["x", "x"]),
        ("{{ o.name if o.nme is defined else o.x }}", ["nme", "x"]),
        ("{% set o = a %}{{ o.x }}", []),
        ("{{ o.items() }}{{ o.get('x', 'none') }}{{ o.lines[0] }}{{ o[a] }}", []),
        ("{{ o.get('x') }}{{ o.get('name') }}{{ o.get(a) }}{{ a.get('x') }}", ["'x'"]),
    ],
)
def test_a_key_that_is_never_there_is_told(text: str, marked: list[str]) -> None:
    heard = walk(text, {"o": CLOSED, "a": True})
    assert marked == heard.marked
    assert {"PK209"} >= {fault.code for fault in heard.faults}


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{% if tone == 'formol' %}{% endif %}", ["'formol'"]),
        ("{% if 'formol' != tone %}{% endif %}", ["'formol'"]),
        ("{% if tone in ['formal', 'frendly'] %}{% endif %}", ["'frendly'"]),
        ("{% if tone not in ('x', a) %}{% endif %}", ["'x'"]),
        ("{{ 1 if tone == 'formal' else 2 if tone == 'rude' else 3 }}", ["'rude'"]),
        ("{% if n == '5' %}{% elif n == 5 %}{% elif n == 6 %}{% elif n == 2.5 %}{% endif %}", ["'5'", "6", "2.5"]),
        ("{% if n > 5 %}{% elif n >= 5 %}{% elif 1 > n %}{% elif n < 1.5 %}{% endif %}", ["5", "1"]),
        (
            "{% if flag == 'true' %}{% elif flag == true %}{% endif %}{{ flag == 1 }}{{ flag == 7 }}",
            ["'true'", "7"],
        ),
        ("{% if 'urgent' in tags %}{% elif 'urgnt' in tags %}{% endif %}", ["'urgnt'"]),
        ("{% for t in tags %}{{ t == 'late' }}{{ t == 'latte' }}{% endfor %}", ["'latte'"]),
        ("{% if s == 5 %}{% elif s == 'x' %}{% elif s == none %}{% endif %}", ["5"]),
        ("{% if either == 'a' %}{% elif either == 3 %}{% elif either == 2.5 %}{% endif %}", ["2.5"]),
        ("{% if (tone | upper) == 'FORMAL' %}{% elif a == 'x' %}{% elif tone == a %}{% endif %}", []),
        ("{% set tone = a %}{% if tone == 'x' %}{% endif %}", []),
    ],
)
def test_a_comparison_that_never_holds_is_told_at_its_constant(text: str, marked: list[str]) -> None:
    inputs = {
        "tone": {"enum": ["formal", "friendly"]},
        "n": {"type": "integer", "minimum": 1, "maximum": 5},
        "flag": {"type": "boolean"},
        "tags": {"type": "array", "items": {"enum": ["urgent", "late"]}},
        "s": {"type": "string"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "a": True,
    }
    heard = walk(text, inputs)
    assert marked == heard.marked
    assert {"PK214"} >= {fault.code for fault in heard.faults}


def test_a_branch_whose_condition_stands_above_is_never_taken() -> None:
    heard = walk("{% if a %}1{% elif b %}2{% elif a %}3{% endif %}", {"a": True, "b": True})
    assert ["{% elif a %}"] == heard.marked


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{{ x }}", ["x"]),
        ("{{ x | upper }}{{ x ~ 'a' }}{{ x + 1 }}{{ x.upper() }}{{ x[0] }}", ["x"] * 5),
        ("{% for y in x %}{% endfor %}", ["x"]),
        ("{% if x %}{{ x }}{% else %}{{ x }}{% endif %}", ["x"]),
        ("{% if not x %}{{ x }}{% else %}{{ x }}{% endif %}", ["x"]),
        ("{% if x and a %}{{ x }}{% endif %}{% if x or a %}{{ x }}{% endif %}", ["x"]),
        ("{% if x is none %}{{ x }}{% else %}{{ x }}{% endif %}", ["x"]),
        ("{% if x is defined %}{{ x }}{% endif %}{% if x is not none and x > 1 %}{{ x }}{% endif %}", []),
        ("{% if x != none %}{{ x }}{% endif %}{% if x == 'a' %}{{ x }}{% endif %}", []),
        ("{% if not x %}a{% elif a %}{{ x }}{% endif %}", []),
        ("{{ x if x else 1 }}{{ x or 'a' }}{{ x | default('a') }}{{ x and x.upper() }}{{ x | tojson }}", []),
        ("{% set y = x %}{{ y }}{% set y = x or 1 %}{{ y }}", ["y"]),
        ("{% if x %}{% set y = x %}{{ y }}{% endif %}", []),
        ("{% if x | length > 1 %}{{ x }}{% endif %}", ["x"]),
        ("{{ n }}{{ o.note }}{% if o.note %}{{ o.note }}{% endif %}", ["n", "o.note"]),
        ("{% if x %}{% for x in a %}{{ x }}{% endfor %}{% endif %}", []),
    ],
)
def test_a_null_that_nothing_asks_for_is_told_where_it_is_used(text: str, marked: list[str]) -> None:
    inputs = {
        "a": True,
        "n": {"type": ["integer", "null"]},
        "o": {"type": "object", "properties": {"note": {"type": ["string", "null"]}}},
    }
    assert marked == walk(text, inputs, optional=["x"]).nulls


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("m(1, 2, 3)", ["3"]),
        ("m(1, c=3)", ["c"]),
        ("m(b=3)", ["m"]),
        ("m(1, b=2, b=3)", ["b"]),
        ("m(1, b=2)", []),
        ("m(*a)", []),
        ("many(1, 2, x=3)", []),
        ("boxed()", ["boxed"]),
        ("maybe()", []),
    ],
)
def test_a_call_is_held_against_the_macro(call: str, said: list[str]) -> None:
    macros = (
        "{% macro m(a, b=1) %}{{ a }}{% endmacro %}{% macro many() %}{{ varargs }}{{ kwargs }}{% endmacro %}"
        "{% macro boxed() %}{{ caller() }}{% endmacro %}"
        "{% macro maybe() %}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}"
    )
    assert said == walk(f"{macros}{{{{ {call} }}}}", {"a": True}).marked


def test_a_body_for_a_macro_that_prints_none_is_told() -> None:
    heard = walk("{% macro m() %}x{% endmacro %}{% call m() %}lost{% endcall %}")
    assert [("PK215", "m")] == [(heard.faults[0].code, *heard.marked)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{{ a | uper }}", ["uper"]),
        ("{{ a | counted_ }}", ["counted_"]),
        ("{% filter uper %}{% endfilter %}", ["uper"]),
        ("{{ a | safe }}", ["safe"]),
        ("{{ a is not odder }}", ["odder"]),
        ("{{ a | x(1) | y }}{{ a is z(2) }}", ["x", "y", "z"]),
    ],
)
def test_unknown_filters_and_tests_are_told(text: str, codes: list[str]) -> None:
    heard = walk(text, {"a": True})
    assert sorted(codes) == sorted(heard.marked)
    assert {"PK204"} == {fault.code for fault in heard.faults}


def test_a_misspelt_filter_gets_a_suggestion() -> None:
    assert "did you mean `upper`?" == walk("{{ a | uper }}", {"a": True}).faults[0].label


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("{% include 'a.md' %} {% include 'b.md' %}\n{%- import \"c\" as c -%}", ["a.md", "b.md", "c"]),
        ("{% from 'a' import b %}{% include n %}{% include ['x', 'y'] %}", ["a", "", ""]),
        ("{% extends 'p' %}", ["p"]),
    ],
)
def test_files_that_a_template_loads_are_opened(text: str, paths: list[str]) -> None:
    assert paths == walk(text, {"n": True}).loaded


FILES = {
    "uses.md": "{{ x }}{{ y }}",
    "sets.md": "{% set s = 1 %}",
    "lib.md": "{% macro m(p) %}{{ p }}{{ a }}{% endmacro %}{% set _own = 1 %}{% set kept = 1 %}",
    "base.md": "{{ title }}{% block top %}{{ a }}{% endblock %}{% block end %}{% endblock %}",
    "middle.md": "{% extends 'base.md' %}{% block top %}{{ super() }}{{ mid }}{% endblock %}",
}


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("{% for x in a %}{% include 'uses.md' %}{% endfor %}", ["y"]),
        ("{% set x = 1 %}{% include 'uses.md' %}{% set y = 1 %}", ["y"]),
        ("{% set x = 1 %}{% set y = 1 %}{% include 'uses.md' without context %}", ["x", "y"]),
        ("{% include 'sets.md' %}{{ s }}", ["s"]),
        ("{% import 'lib.md' as lib with context %}{{ lib.m(1) }}{{ lib.kept }}", []),
        ("{% from 'lib.md' import m as n with context %}{{ n(1) }}{{ m }}", ["m"]),
        ("{% extends 'base.md' %}{% set title = 1 %}{% block top %}{{ b }}{% endblock %}", ["b"]),
        ("{% extends 'middle.md' %}{% set title = 1 %}", ["mid"]),
        ("{% extends 'base.md' %}", ["title"]),
    ],
)
def test_a_loaded_file_sees_what_is_known_where_it_is_loaded(text: str, outside: list[str]) -> None:
    assert outside == walk(text, {"a": True}, files=FILES).outside


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{% import 'lib.md' as lib %}{{ lib.mm(1) }}", "PK202", "sets no `mm`"),
        ("{% from 'lib.md' import mm %}", "PK202", "sets no `mm`"),
        ("{% from 'lib.md' import m %}{{ m(1) }}", "PK202", "uses the input `a`, which an imported file does not see"),
        ("{% extends 'base.md' %}{% set title = 1 %}{% block tpo %}{% endblock %}", "PK216", "`tpo`"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "PK201", "the block `a` stands twice"),
        ("{% macro m(a, a) %}{% endmacro %}", "PK201", "the parameter `a` stands twice"),
        ("{% for loop in a %}{% endfor %}", "PK201", "`loop` belongs to the loop"),
    ],
)
def test_what_does_not_fit_together_is_told(text: str, code: str, message: str) -> None:
    [fault] = walk(text, {"a": True}, files=FILES).faults
    assert code == fault.code
    assert message in fault.message


TAINTED = [
    "{{ t }}",
    "{{ [t] | join }}",
    "{{ a | default(t) }}",
    "{% set x = t %}{% set y = x ~ '' %}{{ y }}",
    "{% set x %}{{ t }}{% endset %}{{ x }}",
    "{% set x | replace('a', t) %}b{% endset %}{{ x }}",
    "{% set ns = namespace(v='') %}{% set ns.v = t %}{{ ns.v }}",
    "{% set ns = namespace(v='', w='') %}{% for i in a %}{{ ns.v }}{% set ns.v = ns.w %}{% set ns.w = t %}{% endfor %}",
    "{% set a, b = t %}{{ b }}",
    "{% for x in t %}{{ x }}{% endfor %}",
    "{% for x in t %}{{ loop.nextitem }}{% endfor %}",
    "{% for k, v in t.items() %}{{ v }}{% endfor %}",
    "{% for x in [] recursive %}{{ x }}{{ loop(t) }}{% endfor %}",
    "{% with x = t %}{{ x }}{% endwith %}",
    "{% if a %}{% set x = t %}{% else %}{% set x = a %}{% endif %}{{ x }}",
    "{{ (a if a else t) }}",
    "{{ a or t }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(t) }}",
    "{% macro m(x=t) %}{{ x }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ t }}{% endmacro %}{% macro n() %}{{ m() }}{% endmacro %}{{ n() }}",
    "{% macro m() %}{{ varargs }}{% endmacro %}{% set f = m %}{{ f(t) }}",
    "{% macro m() %}{{ t }}{% endmacro %}{% set f = m %}{{ f() }}",
    "{% macro m() %}{{ kwargs.a }}{% endmacro %}{{ m(**{'a': t}) }}",
    "{% macro m() %}{{ caller(t) }}{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}",
    "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% call(y) m(t) %}{{ y }}{% endcall %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call(x=t) m() %}{{ x }}{% endcall %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ t }}{% endcall %}",
    "{% filter replace('X', t) %}X{% endfilter %}",
    "{% filter upper %}{{ t }}{% endfilter %}",
    "{% include 'prints.md' %}",
    "{% set x %}{% include 'prints.md' %}{% endset %}{{ x }}",
    "{% import 'macros.md' as lib with context %}{{ lib.m() }}",
    "{% from 'macros.md' import m with context %}{{ m() }}",
    "{% from 'macros.md' import echo %}{{ echo(t) }}",
    "{% extends 'layout.md' %}{% block b %}{{ t }}{% endblock %}",
    "{% set x = t %}{% set x = a %}{{ x }}",  # which of the two a name stands for is not followed
    "{% macro m() %}{{ t }}{% endmacro %}{% if a %}{% macro m() %}ok{% endmacro %}{% endif %}{{ m() }}",
    "{% if a %}{% import 'empty.md' as m %}{% else %}{% import 'macros.md' as m with context %}{% endif %}{{ m.m() }}",
    "{% set t = t | trim %}{% macro m() %}{% include 'prints.md' %}{% endmacro %}{{ m() }}",
    "{% with q = t, t = 'x' %}{% set r = q %}{{ r }}{% endwith %}",
    "{% set ns = namespace(f='') %}{% macro m() %}{{ x }}{% endmacro %}{% set ns.f = m %}{% set x = t %}{{ ns.f() }}",
    "{% macro m() %}{{ n.x }}{% endmacro %}{% with l = [m], n=namespace() %}{% set n.x = t %}{{ l[0]() }}{% endwith %}",
    "{% set a = namespace(x='') %}{% set b = a %}{% set b.x = t %}{% filter replace('X', a.x) %}X{% endfilter %}",
    "{% set ns = namespace(x='') %}{% include 'looks.md' %}",
    "{% set ns = namespace(x='') %}{% import 'sets.md' as c with context %}{{ ns.x }}",
    "{% from 'kept.md' import ns %}{% set ns.x = t %}{% include 'asks.md' without context %}",
    "{% extends 'base.md' %}{% macro s() %}{% set ns.x = t %}{% endmacro %}{% block b %}{% set q=s() %}{% endblock %}",
    *(
        f"{{% macro m(x) %}}{body}{{% endmacro %}}{{{{ m('k') }}}}"
        for body in (
            "{% set x = t %}{{ x }}",
            "{% set x = x or t %}{{ x }}",
            "{% with x = t %}{{ x }}{% endwith %}",
            "{% set x %}{{ t }}{% endset %}{{ x }}",
            "{% macro x() %}{{ t }}{% endmacro %}{{ x() }}",
            "{% for caller in [t] %}{{ caller }}{% endfor %}",
            "{% for x in [t] %}{% include 'empty.md' %}{{ x }}{% endfor %}",
            "{% for y in ['k'] %}{% set y = t %}{{ y }}{% endfor %}",
            "{% for y, v in {'a': 1}.items() %}{% with v = t %}{{ v }}{% endwith %}{% endfor %}",
        )
    ),
    "{% for n in a %}{{ loop.cycle(*[t]) }}{% endfor %}",
    "{% set kwargs = t %}{% macro m(x=kwargs) %}{{ x }}{% endmacro %}{{ m() }}",
    "{% set kwargs = t %}{% macro m() %}{% set kwargs = kwargs %}{{ kwargs }}{% endmacro %}{{ m() }}",
    "{% set varargs = t %}{% macro m() %}{% if a %}{% set varargs=1 %}{% endif %}{{ varargs }}{% endmacro %}{{ m() }}",
    "{% set kwargs = t %}{% macro m() %}{% macro n(kwargs) %}{% endmacro %}{{ kwargs }}{% endmacro %}{{ m() }}",
    "{% macro caller() %}{{ t }}{% endmacro %}{% macro m(x=caller()) %}{{ x }}{% endmacro %}{{ m() }}",
    "{% for x in t %}{% macro n() %}{% set x = x ~ 'a' %}{{ x }}{% endmacro %}{{ n() }}{% endfor %}",
    "{% with x = t %}{% macro n() %}{% set y = x %}{{ y }}{% endmacro %}{{ n() }}{% endwith %}",
    "{% import 'prints.md' as loop %}{% for x in [1] %}{{ loop.index }}{% endfor %}{{ loop }}",
]
PRINTING = {
    "prints.md": "{{ t }}",
    "macros.md": "{% macro m() %}{{ t }}{% endmacro %}{% macro echo(x) %}{{ x }}{% endmacro %}",
    "layout.md": "A{% block b %}{% endblock %}",
    "empty.md": "",
    "sets.md": "{% set ns.x = t %}",
    "looks.md": "{% for i in [1, 2] %}{{ ns.x }}{% include 'sets.md' %}{% endfor %}",
    "kept.md": "{% set ns = namespace(x='-') %}",
    "asks.md": "{% from 'kept.md' import ns %}[{{ ns.x }}]",
    "base.md": "{% block b %}{% endblock %}{{ ns.x }}",
}


def strangers(text: str, files: dict[str, str] | None = None) -> set[str]:
    """The untrusted names that a template prints, of which there is one: `t`."""
    return {name for each in printed_strangers(read_tree(text), text, files or {}, ["t"]) for name in each.names}


@pytest.mark.parametrize("text", TAINTED)
def test_what_is_printed_is_followed_to_the_untrusted_name_and_fenced_once(text: str) -> None:
    assert {"t"} == strangers(text, PRINTING)
    fenced = fence(text, {"t": {"k": "v"}, "a": None, "m": None}, {"t": Untrusted("user")})
    assert fenced == "" or fenced.count("<untrusted-") == fenced.count("</untrusted-")


def fence(text: str, values: dict[str, Any], untrusted: dict[str, Untrusted]) -> str:
    templates, fences = Templates(PRINTING, untrusted), Fences()
    try:
        templates.render(text, values, fences=fences)
    except RenderError:
        return ""
    assert fences.close()
    return templates.render(text, values, fences=fences)


@pytest.mark.parametrize(
    "text",
    [
        "{{ a }}{% set x = t %}",
        "{% if t %}{{ a }}{% endif %}",
        "{% for x in t %}{{ a }}{{ loop.index }}{% endfor %}",
        "{{ 'a' if t else 'b' }}{{ t == 1 }}{{ t is defined }}",
        "{% for x in t %}.{% endfor %}{% include 'loops.md' %}",
        "{% set x = 'a' if t else 'b' %}{{ x }}{{ ('a' if 'x' in t else 'b') | upper }}",
        "{{ 'they wrote ' ~ t | length ~ ' letters' }}{{ {'a': 1}[t] }}",
        "{% for x in t %}{{ loop.index ~ '.' }}{{ loop.cycle('odd', 'even') }}{{ loop.first and 'a' }}{% endfor %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ a }}{% endcall %}{% set b = m(t) %}",
        "{% macro m(xs) %}{% for x in xs %}{{ x }}{% endfor %}{% endmacro %}{{ m(a) }}{% set y = m(t) %}",
        "{% set x %}{{ t }}{% endset %}{{ a }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(a) }}",
        "{% macro m() %}{{ t }}{% endmacro %}",
    ],
)
def test_what_is_not_printed_taints_nothing(text: str) -> None:
    assert set() == strangers(text, {"loops.md": "{% for x in a %}{{ x }}{% endfor %}"})
