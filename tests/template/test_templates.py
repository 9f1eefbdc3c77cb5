"""Templates, rendered: within which limits, and which file and line an error is in."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from promptkit.errors import RenderError
from promptkit.limits import limited
from promptkit.spec import Origin
from promptkit.template import Site, Templates
from promptkit.template.fences import Fences, Untrusted
from promptkit.template.sandbox import ALLOWED_METHODS


def render(text: str, values: dict[str, Any] | None = None, files: dict[str, str] | None = None, **told: Any) -> str:
    return Templates(files or {}).render(text, values or {}, Site(**told))


def test_the_lines_of_blocks_leave_nothing_behind() -> None:
    assert "a\nb" == render("a\n  {% if true %}\nb\n  {% endif %}\n")


def test_an_error_names_the_section_and_its_line_when_no_file_is_known() -> None:
    with pytest.raises(RenderError) as caught:
        render("a\n{{ 1 / 0 }}", name="task")
    assert "`task`, line 2" == caught.value.where


def test_an_error_names_the_file_when_no_place_in_it_is_known() -> None:
    with pytest.raises(RenderError) as caught:
        render("{{ 1 / 0 }}", name="task", path="p.yaml", origin=Origin(path="p.yaml"))
    assert "p.yaml (`task`, line 1)" == caught.value.where


PLACED = Origin(path="p.yaml", lines=((11, 3), (12, 3), (13, 3)))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a\n{{ 1 / 0 }}", "p.yaml:12:6 (`task`)"),
        ("{{ name }}", "p.yaml:11:6 (`task`)"),
        ("a {{ name | upper }} {{ name ~ 'b' }}", "p.yaml:11:8 (`task`)"),
        ("a\nb {{ 'x' ~ 'y' }} {{ items[0].key }}", "p.yaml:12:24 (`task`)"),
        ("{% if 1 is divisibleby 0 %}{% endif %}", "p.yaml:11:9 (`task`)"),
        ("{% if false %}\n{% elif 1 // 0 %}{% endif %}", "p.yaml:12:11 (`task`)"),
        ("{% for item in items %}\n{{ item.x }}{% endfor %}", "p.yaml:12:6 (`task`)"),
        ("{% for item in 5 %}{% endfor %}", "p.yaml:11:18 (`task`)"),
        ("{% set a = 1 / 0 %}", "p.yaml:11:14 (`task`)"),
        ("{% macro m(a) %}{{ a.b }}{% endmacro %}\n{{ m(1) }}", "p.yaml:11:22 (`task`)"),
        ("{% filter upper %}\n{{ 1 / 0 }}{% endfilter %}", "p.yaml:12:6 (`task`)"),
        ("{% include 'a.md' %}", "a.md:2:4"),
    ],
)
@pytest.mark.parametrize("untrusted", [{}, {"items": Untrusted("user")}], ids=["trusted", "fenced"])
def test_an_error_names_the_place_of_the_expression_that_failed(
    text: str, where: str, untrusted: dict[str, Untrusted]
) -> None:
    templates = Templates({"a.md": "é\n{{ 1 / 0 }}"}, untrusted)
    with pytest.raises(RenderError) as caught:
        templates.render(text, {"name": None, "items": [1]}, Site("p.yaml", "task", PLACED))
    assert where == caught.value.where


def test_an_error_that_took_all_the_time_names_its_line() -> None:
    with limited(render_seconds=0.05), pytest.raises(RenderError) as caught:
        render(
            "a\n{% for i in range(200000) %}{% if ('b' * 400) | upper %}{% endif %}{% endfor %}",
            name="task",
            path="p.yaml",
        )
    assert ("PK222", "p.yaml (`task`, line 2)") == (caught.value.code, caught.value.where)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{% include 'nope' %}", "PK206", "nope"),
        ("{% include '../../x' %}", "PK206", "`../../x` leaves the root of the templates"),
        ("{% include 'loop.md' %}", "PK221", "the template calls itself without end, or is nested too deeply"),
        ("{{ a | nope }}", "PK201", "No filter named 'nope'."),
        ("{{ self }}", "PK202", "`self` is undefined"),
        ("{% include 'broken.md' %}", "PK201", "unexpected '}'"),
        ("{% set x = 'é' %}{{ x.missing.more }}", "PK202", "a text has no `missing`"),
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
    code = "import sys, promptkit.renderer, promptkit.template.walk; sys.exit('jinja2' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_a_simple_text_that_would_grow_too_long_is_refused_before_it_is_joined() -> None:
    values = {"a": "x" * 1_000_000}
    for fences in (None, Fences()):
        templates = Templates({}, {"a": Untrusted("user")} if fences else {})
        with pytest.raises(RenderError, match="PK220"):
            templates.render("{{ a }}" * 400, values, fences=fences)


@pytest.mark.parametrize(
    "text",
    [
        "{% filter upper %}a{% include 'b.md' without context %}c{% endfilter %}",
        "{% macro m() %}a{% include 'b.md' without context %}c{% endmacro %}{{ m() | upper }}",
        "{% set x %}a{% include 'b.md' without context %}c{% endset %}{{ x | upper }}",
    ],
)
def test_a_file_without_context_prints_into_the_block_around_it(text: str) -> None:
    assert "AB-C" == Templates({"b.md": "b{{ '-' }}"}).render(text, {})


def test_what_an_imported_file_sets_ends_with_the_rendering() -> None:
    text = "{% from 'sep.md' import sep %}{% for word in words %}{{ sep() }}{{ word }}{% endfor %}"
    templates = Templates({"sep.md": "{% set sep = joiner(', ') %}"})
    assert ["a, b"] * 2 == [templates.render(text, {"words": ["a", "b"]}) for _ in range(2)]


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("count", "endswith", "find", "index", "rfind", "rindex", "startswith"), ("a",)),
    **dict.fromkeys(("partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "split", "strip"), ("a",)),
    **dict.fromkeys(("lstrip", "rstrip"), ("a",)),
    "join": (["x", "y"],),
    "replace": ("a", "bc"),
}
PLACES = {
    "alone": "{{ EXPRESSION }}",
    "a condition": "{% if (EXPRESSION) is defined %}{{ EXPRESSION }}{% endif %}",
    "a loop": "{% for _ in [1] %}{{ EXPRESSION }}{% endfor %}",
    "a loop that calls itself": "{% for _ in [1] recursive %}{{ EXPRESSION }}{{ loop([]) }}{% endfor %}",
    "a loop over it": "{% for each in [EXPRESSION] %}{{ each }}{% endfor %}",
    "a block": "{% block body %}{{ EXPRESSION }}{% endblock %}",
    "a loop in a block": "{% block body %}{% for _ in [1] %}{{ EXPRESSION }}{% endfor %}{% endblock %}",
    "a macro": "{% macro shown(text) %}{{ EXPRESSION }}{% endmacro %}{{ shown(text) }}",
    "a macro in a loop": "{% for _ in [1] %}{% macro shown() %}{{ EXPRESSION }}{% endmacro %}{{ shown() }}{% endfor %}",
    "a call": "{% macro around() %}{{ caller() }}{% endmacro %}{% call around() %}{{ EXPRESSION }}{% endcall %}",
    "a set": "{% for _ in [1] %}{% set made = EXPRESSION %}{{ made }}{% endfor %}",
    "a kept body": "{% for _ in [1] %}{% set made %}{{ EXPRESSION }}{% endset %}{{ made }}{% endfor %}",
    "with": "{% with made = EXPRESSION %}{{ made }}{% endwith %}",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", sorted(ALLOWED_METHODS[str]))
def test_each_method_of_a_text_does_the_same_wherever_it_is_called(method: str, place: str) -> None:
    text, given = "abanana", ARGUMENTS.get(method, ())
    expression = f"text.{method}({', '.join(map(json.dumps, given))})"
    value = getattr(text, method)(*given)
    rendered = render(PLACES[place].replace("EXPRESSION", expression), {"text": text})
    assert rendered == (value if isinstance(value, str) else json.dumps(value))


@pytest.mark.parametrize("text", ["{{ x }}", "{% set y = x %}{{ y }}"])
def test_an_input_that_changes_while_it_is_printed_is_told_as_that(text: str) -> None:
    whole: dict[str, Any] = {}

    class Growing(dict[str, Any]):
        def items(self) -> Any:
            whole[str(len(whole))] = 1
            return ()

    for use in (Templates({}).render, lambda text, values: Templates({}).traces(text, values, values)):
        whole.clear()
        whole["a"] = Growing()
        with pytest.raises(RenderError, match="changed") as caught:
            use(text, {"x": whole})
        assert caught.value.code == "PK226"
