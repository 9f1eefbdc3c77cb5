"""Templates, read and rendered: what they name and include, where their faults stand, which file an error is in."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from promptkit.errors import RenderError
from promptkit.template import Templates
from promptkit.template.analysis import Analysis, analyse
from promptkit.template.fences import Fences, Untrusted


def spans(text: str, uses: Any) -> list[str]:
    return [text[use.start : use.end] for use in uses]


def render(text: str, values: dict[str, Any] | None = None, files: dict[str, str] | None = None, **told: Any) -> str:
    return Templates(files or {}).render(text, values or {}, **told)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }} {{ a.b }} {{ c[d] }}", ["a", "a", "c", "d"]),
        ("{{ a | default(b) }}{% if c is divisibleby(d) %}{% endif %}", ["a", "b", "c", "d"]),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}", ["xs", "x", "x", "x"]),
        ("{% set y = 1 %}{{ y }}", []),
        ("{% macro m(p, q=r) %}{{ p }}{{ caller() }}{{ varargs }}{% endmacro %}{{ m(p=s) }}", ["r", "s"]),
        ("{{ range(3) }}{{ dict(a=b) }}{{ namespace() }}", ["b"]),
        ("{{ self }}{{ loop }}", ["self", "loop"]),
        ("{% raw %}{{ a }}{% endraw %}{# {{ a }} #}{% if true %}{% endif %}", []),
        ("{{ a.b.c }} b c", ["a"]),
        ("{% with a = b, c = d %}{{ a }}{% endwith %}", ["b", "d"]),
    ],
)
def test_names_from_outside_are_found_where_they_stand(text: str, names: list[str]) -> None:
    found = analyse(text)
    assert not found.faults
    assert set(names) == {use.name for use in found.names}
    assert [use.name for use in found.names] == spans(text, found.names)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_are_right_whatever_ends_a_line(end: str) -> None:
    text = f"a{{{{ \u2028{end}{end}x }}}}{end}\u2028{end}{{% include 'f' %}}{end}{{{{ y | nope }}}}"
    found = analyse(text)
    assert ["x", "y"] == spans(text, found.names)
    assert ["'f'"] == spans(text, found.includes)
    assert ["nope"] == spans(text, found.faults)


@pytest.mark.parametrize(
    ("text", "code", "message", "marked"),
    [
        ("a\n\u2028\n  {{ x\n", "PK201", "template syntax: unexpected end of template", "{{ x"),
        ("{% if a %}", "PK201", "template syntax: Unexpected end of template.", "{% if a %}"),
        ("{{ " + "-" * 5000 + "a }}", "PK201", "the template is nested too deeply", None),
        ("{% for a in b %}" * 30 + "{% endfor %}" * 30, "PK201", "the template is nested too deeply", None),
        ("{% set x | default(t) %}{% endset %}", "PK201", "Jinja cannot compile the template", None),
        (
            "x\n{% block a %}{% endblock %}\n{% block a %}{% endblock %}",
            "PK201",
            "template syntax: block 'a' defined",
            None,
        ),
        ("{% autoescape true %}{% endautoescape %}", "PK201", "template syntax: `autoescape` is for HTML", None),
        ("{% print 1 %}", "PK201", "template syntax: `print` is written", None),
        ("{{ a | uper }}", "PK204", "there is no filter `uper`", "uper"),
        ("{{ a | counted_ }}", "PK204", "there is no filter `counted_`", "counted_"),
        ("{% filter uper %}{% endfilter %}", "PK204", "there is no filter `uper`", "uper"),
        ("{{ a | safe }}", "PK204", "there is no filter `safe`", "safe"),
        ("{{ a is not odder }}", "PK204", "there is no test `odder`", "odder"),
        ('{"a":{{"b"}}}', "PK210", "this expression names no input", '{{"b"}}'),
        ("{{ 1 }}", "PK210", "this expression names no input", "{{ 1 }}"),
        ("$x_{#1}$ #}", "PK211", "`{#` begins a comment", "{#1}$ "),
    ],
)
def test_a_fault_is_found_at_its_place(text: str, code: str, message: str, marked: str | None) -> None:
    [fault] = analyse(text).faults
    assert (code, "warning" if code > "PK209" else "error") == (fault.code, fault.severity)
    assert fault.message.startswith(message)
    assert marked is None or text[fault.start : fault.end] == marked


@pytest.mark.parametrize(
    "text", ["{{ '{{' }}", '{{ "}}" }}', "{{ '{#' }}", "{# plain #}", "{#- x -#}", "{##}", "{{ caller }}"]
)
def test_braces_that_are_written_out_are_no_fault(text: str) -> None:
    assert () == analyse(text).faults


def test_a_misspelt_filter_gets_a_suggestion() -> None:
    assert "did you mean `upper`?" == analyse("{{ a | uper }}").faults[0].label


def test_several_unknown_functions_are_told_at_once() -> None:
    assert ["PK204", "PK210"] == [fault.code for fault in analyse("{{ 5 | x }}").faults]
    assert ["PK204", "PK204", "PK204"] == [f.code for f in analyse("{{ a | x(1) | y }}{{ a is z(2) }}").faults]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("{% include 'a.md' %} {% include 'b.md' %}\n{%- import \"c\" as c -%}", ["a.md", "b.md", "c"]),
        ("{% from 'a' import b %}{% include n %}{% include ['x', 'y'] %}{{ include }}", ["a", "", ""]),
        ("{% extends 'p' %}", ["p"]),
    ],
)
def test_files_that_a_template_loads_are_found(text: str, paths: list[str]) -> None:
    assert paths == [use.name for use in analyse(text).includes]


@pytest.mark.parametrize(
    "text",
    [
        "{{ t }}",
        "{{ [t] | join }}",
        "{{ a | default(t) }}",
        "{% set x = t %}{% set y = x ~ '' %}{{ y }}",
        "{% set x %}{{ t }}{% endset %}{{ x }}",
        "{% set ns = namespace(v='') %}{% set ns.v = t %}{{ ns.v }}",
        "{% set a, b = t %}{{ b }}",
        "{% for x in t %}{{ x }}{% endfor %}",
        "{% for x in t %}{{ loop.nextitem }}{% endfor %}",
        "{% for k, v in t.items() %}{{ v }}{% endfor %}",
        "{% for x in [] recursive %}{{ x }}{{ loop(t) }}{% endfor %}",
        "{% with x = t %}{{ x }}{% endwith %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(t) }}",
        "{% macro m(x=t) %}{{ x }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ varargs }}{% endmacro %}{% set f = m %}{{ f(t) }}",
        "{% macro m() %}{{ kwargs.a }}{% endmacro %}{{ m(**{'a': t}) }}",
        "{% macro m() %}{{ caller(t) }}{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}",
        "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% call(y) m(t) %}{{ y }}{% endcall %}",
        "{% call(x=t) m() %}{{ x }}{% endcall %}",
        "{% filter replace('X', t) %}X{% endfilter %}",
        "{% filter upper %}{{ t }}{% endfilter %}",
    ],
)
def test_what_is_printed_is_followed_to_the_untrusted_name_and_fenced_once(text: str) -> None:
    found = analyse(text)
    assert any("t" in found.sources(output) for output in found.outputs)
    value = {"k": "v"}
    values = {"t": value, "a": None, "m": None}
    fenced = fence(text, values, {"t": Untrusted("user")})
    assert fenced == "" or fenced.count("<untrusted-") == fenced.count("</untrusted-")


def fence(text: str, values: dict[str, Any], untrusted: dict[str, Untrusted]) -> str:
    templates, fences = Templates({}, untrusted), Fences()
    try:
        templates.render(text, values, fences=fences)
    except RenderError:
        return ""
    assert fences.close()
    return templates.render(text, values, fences=fences)


@pytest.mark.parametrize(
    "text", ["{{ a }}{% set x = t %}", "{% if t %}{{ a }}{% endif %}", "{% for x in t %}{{ a }}{% endfor %}"]
)
def test_what_is_not_printed_taints_nothing(text: str) -> None:
    found = analyse(text)
    assert all("t" not in found.sources(output) for output in found.outputs)


def test_an_empty_analysis_is_of_an_empty_text() -> None:
    assert Analysis() == analyse("")


def test_the_lines_of_blocks_leave_nothing_behind() -> None:
    assert "a\nb" == render("a\n  {% if true %}\nb\n  {% endif %}\n")


def test_an_error_names_the_section_and_its_line_when_no_file_is_known() -> None:
    with pytest.raises(RenderError) as caught:
        render("a\n{{ 1 / 0 }}", where="task")
    assert "`task`, line 2" == caught.value.where


def test_an_error_names_the_file_when_no_place_in_it_is_known() -> None:
    with pytest.raises(RenderError) as caught:
        render("{{ 1 / 0 }}", where="task", path="p.yaml", place=lambda _: (0, 0))
    assert "p.yaml (`task`, line 1)" == caught.value.where


def test_an_error_names_the_place_of_its_line() -> None:
    with pytest.raises(RenderError) as caught:
        render("a\n{{ 1 / 0 }}", where="task", path="p.yaml", place=lambda line: (line + 10, 3))
    assert "p.yaml:12:3 (`task`)" == caught.value.where


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{% include 'nope' %}", "PK206", "nope"),
        ("{% include '../../x' %}", "PK206", "`../../x` leaves the root of the templates"),
        ("{% include 'loop.md' %}", "PK221", "the template calls itself too deeply"),
        ("{{ a | nope }}", "PK201", "No filter named 'nope'."),
        ("{{ self }}", "PK202", "`self` is undefined"),
        ("{% include 'broken.md' %}", "PK201", "unexpected '}'"),
        ("{% set x = 'é' %}{{ x.missing.more }}", "PK202", "`str object` has no attribute `missing`"),
    ],
)
def test_what_was_never_checked_still_fails_with_an_error_of_ours(text: str, code: str, message: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(text, {"a": 1}, {"loop.md": "{% include 'loop.md' %}", "broken.md": "{{ } }}"})
    assert (code, message) == (caught.value.code, caught.value.message)


def test_an_error_survives_without_words() -> None:
    class Silent:
        def __iter__(self) -> Any:
            raise ValueError

    with pytest.raises(RenderError) as caught:
        render("{% for x in a %}{% endfor %}", {"a": Silent()})
    assert ("PK226", "an expression failed") == (caught.value.code, caught.value.message)


def test_templates_can_be_shared_between_threads() -> None:
    templates = Templates({"a.md": "{{ x }}"}, {"x": Untrusted("user")})
    found: dict[int, str] = {}

    def work(number: int) -> None:
        fences = Fences()
        text = "{% include 'a.md' %}"
        templates.render(text, {"x": str(number)}, fences=fences)
        fences.close()
        found[number] = templates.render(text, {"x": f"n{number}"}, fences=fences)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"\nn{number}\n" in found[number] for number in range(8))


def test_importing_templates_loads_no_jinja() -> None:
    code = "import sys, promptkit.renderer, promptkit.template.analysis; sys.exit('jinja2' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
