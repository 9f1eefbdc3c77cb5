"""Templates read into a tree: each node and each syntax error at its character."""

from __future__ import annotations

import pytest
from jinja2 import nodes

from promptkit.template.environment import PromptEnvironment
from promptkit.template.names import names_in
from promptkit.template.syntax import read_tree
from promptkit.template.text_faults import foreign_variables, lost_text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_are_right_whatever_ends_a_line(end: str) -> None:
    text = f"a{{{{ \u2028{end}{end}x }}}}{end}\u2028{end}{{% if z %}}{end}{{% endif %}}{end}{{{{ y | nope }}}}"
    names = read_tree(text).root.find_all(nodes.Name)
    assert [("x", True), ("z", True), ("y", True)] == [
        (each.name, text.startswith(each.name, each.lineno)) for each in names
    ]


SYNTAX = [
    # what has no end is told where it begins
    ("a {{ x", "{{ x", "`}}` is missing", ""),
    ("{% if a %}{{ b }}", "{% if a %}", "`{% endif %}` is missing", ""),
    ("{# never", "{#", "the comment that begins here has no end", "{{ '{#' }}"),
    ("{% raw %} x", "{% raw %}", "`{% endraw %}` is missing", ""),
    ("{{ 'abc }}", "'", "cannot stand here", "no end"),
    ("a {{ x } b", "}", "`}}` is expected", ""),
    ("{% if x }y{% endif %}", "}", "`%}` is expected", ""),
    ("{{ [1,2 }} {{ ok }}", "}", "expected ']'", ""),
    ("{{", "{{", "`}}` is missing", ""),
    ("{%", "{%", "the name of a tag is expected", ""),
    # what cannot stand is told where it stands
    ("{% if a = b %}{{ x }}{% endif %}", "=", "`%}` is expected, not `=`", "`==` compares"),
    ("{% if a => b %}{% endif %}", "=", "`%}` is expected", "write `>=`"),
    ("{{ a b }}", "b", "`}}` is expected, not `b`", ""),
    ("{{ $x }}", "$", "cannot stand here", "a name stands alone"),
    ("{% if a && b %}x{% endif %}", "&", "cannot stand here", "write `and`"),
    ("{{ a || b }}", "|", "a name is expected", "write `or`"),
    ("{% if !a %}x{% endif %}", "!", "cannot stand here", "write `not`"),
    ("{{ a? b : c }}", "?", "cannot stand here", "a if condition else b"),
    ("{{ a | }}", "}}", "the name of a filter is expected", ""),
    ("{{ }}", "}}", "an expression is missing here", ""),
    ("{{ and a }}", "and", "an expression cannot begin with `and`", ""),
    ("{{ if a }}x{{ endif }}", "if", "an expression cannot begin with `if`", "{% if ... %}"),
    ("{{{ name }}}", "{{{ name }}", "is expected", "two braces"),
    ('{{"a": 1}}', '{{"a": 1}}', "is expected", "{% raw %}"),
    ("{{#if vip}}a{{/if}}{{this.x}}", "#", "cannot stand here", "{% if"),
    ("{{ “a” }}", "“", "cannot stand here", "straight quotes"),
    ("{% set 1st = a %}", "1", "a name is expected here", ""),
    ("{% macro m(a=1, b) %}{% endmacro %}", "b", "a parameter without a default", ""),
    ("{% for x in %}{{ x }}{% endfor %}", "%}", "an expression is missing here", ""),
    ("{{ '\\x' }}", "'\\x'", "escape", ""),
    # tags
    ("{% endfor %}", "endfor", "`{% endfor %}` ends nothing here", "no block is open"),
    ("{% if a %}{% for x in y %}{% endif %}{% endfor %}", "endif", "ends nothing here", "`{% endfor %}` ends it"),
    ("{% if a %}b{% elseif c %}d{% endif %}", "elseif", "there is no tag", "write `elif`"),
    ("{% if a %}b{% else if c %}d{% endif %}", "if", "`%}` is expected, not `if`", "write `elif`"),
    ("{% unless a %}b{% endunless %}", "unless", "there is no tag", "if not"),
    ("{% if a %}b{% fi %}", "fi", "there is no tag", "`{% endif %}` ends it"),
    ("{% macr m() %}", "macr", "there is no tag", "did you mean `macro`?"),
    ("{% autoescape true %}{% endautoescape %}", "autoescape", "`autoescape` is for HTML", ""),
    ("{% print 1 %}", "print", "`print` is written", ""),
    ("{% block a required %}x{% endblock %}", "%}", "Required blocks can only contain", ""),
]


@pytest.mark.parametrize(("text", "marked", "message", "help"), SYNTAX)
def test_a_syntax_error_is_told_once_at_its_place_with_the_cure(
    text: str, marked: str, message: str, help: str
) -> None:
    [fault] = read_tree(text).faults
    assert ("PK201", marked) == (fault.code, text[fault.start : fault.end])
    assert message in fault.message
    assert help in fault.help


def test_what_cannot_be_read_leaves_the_rest_readable() -> None:
    text = "{{ a b }}{{ ok }}{{ $c }}{% if x = 1 %}{{ inside }}{% endif %}{% set y = %}{{ y }}{{ last }}"
    tree = read_tree(text)
    assert ["b", "$", "=", "%}"] == [text[fault.start : fault.end] for fault in tree.faults]
    assert ["ok", "y", "last"] == [node.name for node in tree.root.find_all(nodes.Name)]
    assert {"a", "b", "c", "x", "y", "inside"} <= tree.lost
    assert not tree.whole


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "-" * 1500 + "a }}",
        "{% for a in b %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "(" * 500 + ")" * 500 + " }}",
        "{{ a" + " + a" * 900 + " }}",
    ],
)
def test_what_is_too_deep_to_run_is_a_fault(text: str) -> None:
    [fault] = read_tree(text).faults
    assert ("PK201", "the template is nested too deeply") == (fault.code, fault.message)


@pytest.mark.parametrize("tag", ["{% set x = [" + "1, " * 1500 + "1] %}", "{{ a" + " + a" * 3000 + " }}"])
def test_a_tag_that_is_too_long_is_told_where_it_begins(tag: str) -> None:
    [fault] = read_tree("One {{ x }} two " + tag).faults
    assert (16, 18) == (fault.start, fault.end)
    assert "the tag has more than 2,000" in fault.message


_ALWAYS_READ = 8
"""Blocks in each other that every template may have."""


@pytest.mark.parametrize("blocks", range(1, 24))
@pytest.mark.parametrize("tag", ["for a in b", "if a", "macro m()", "with a = b", "filter upper", "call m()"])
def test_what_is_read_compiles(tag: str, blocks: int) -> None:
    text = f"{{% {tag} %}}" * blocks + "x" + f"{{% end{tag.split(maxsplit=1)[0]} %}}" * blocks
    faults = read_tree(text).faults
    assert not faults or blocks > _ALWAYS_READ
    if not faults:
        PromptEnvironment().compile(text)


def test_each_block_without_an_end_is_told_and_hides_nothing() -> None:
    text = "{% for x in xs %}{% if y %}{{ z | uper }"
    assert [text[fault.start : fault.end] for fault in read_tree(text).faults] == [
        "}",
        "{% if y %}",
        "{% for x in xs %}",
    ]
    assert {"xs", "y"} <= names_in(read_tree("{% for x in xs %}{% if y %}").root)


def test_ten_thousand_broken_expressions_end_the_reading_early() -> None:
    assert len(read_tree("{{ $ }}" * 10_000).faults) < 50


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ('{"a":{{"b"}}}', "PK210", '{{"b"}}'),
        ("{{ 1 }}", "PK210", "{{ 1 }}"),
        ('{{ ["a", 1] }}', "PK210", '{{ ["a", 1] }}'),
        ("$x_{#1}$ #}", "PK211", "{#1}$ "),
    ],
)
def test_text_that_would_vanish_is_told(text: str, code: str, marked: str) -> None:
    [fault] = lost_text(read_tree(text))
    assert (code, "warning", marked) == (fault.code, fault.severity, text[fault.start : fault.end])


@pytest.mark.parametrize(
    "text", ["{{ '{{' }}", '{{ "}}" }}', "{{ '{#' }}", "{# plain #}", "{#- x -#}", "{##}", "{{ caller }}"]
)
def test_braces_that_are_written_out_are_no_fault(text: str) -> None:
    assert [] == list(lost_text(read_tree(text)))


@pytest.mark.parametrize("text", ['{{ "=" * 10 }}', "{{ '\\n' }}", "{{ '\"' }}", "{{ 5 | string }}", "{{ 1 + 1 }}"])
def test_an_operation_and_a_sign_are_meant(text: str) -> None:
    assert [] == list(lost_text(read_tree(text)))


@pytest.mark.parametrize("text", ["{a}", "${a}", "%(a)s", "<<a>>", '"{a}"', "in {a}."])
def test_an_input_in_the_notation_of_others_is_told(text: str) -> None:
    [(name, fault)] = foreign_variables(text, {"a"})
    assert ("a", "PK212", "warning") == (name, fault.code, fault.severity)


@pytest.mark.parametrize("text", ["{b}", "{{ a }}", "{{a}}", r"\textbf{a}", "f{a}", "{ a }", "{a}}"])
def test_other_braces_are_no_fault(text: str) -> None:
    assert [] == list(foreign_variables(text, {"a"}))
