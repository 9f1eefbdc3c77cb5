"""Laws of templates: the short way of reading gives Jinja's tree; untrusted text that is printed is told."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from walking import walk

from promptkit.errors import RenderError
from promptkit.template import Site, Templates
from promptkit.template.fences import Fences, Untrusted
from promptkit.template.pieces import Pieces, Text
from promptkit.template.simple_parser import read_plain
from promptkit.template.syntax import read_by_jinja, read_tree
from promptkit.template.taint import printed_strangers
from promptkit.template.tree import Tree

PIECES = st.sampled_from(["a", " ", "\n", "\n\n", "{{ x }}", "{{y}}", "{{  z }}", "{", "}", "{ {", "#}", "é", "%}"])
ODD_PIECES = st.sampled_from(
    [
        *("{{ x|f }}", "{{ true }}", "{{{ x }}}", "{% if in %}", "{%- endif %}", "{# c #}", "{% if a %}", "{% else %}"),
        *("{% elif b == 'c' %}", "{% endif %}", "\t{% endif %}\n"),
    ]
)


def dumped(tree: Tree) -> Any:
    return [
        (node.__class__.__name__, node.lineno, [value for _, value in node.iter_fields() if isinstance(value, str)])
        for node in (tree.root, *tree.root.find_all(object))
    ]


SIMPLE = st.recursive(
    st.lists(PIECES, max_size=5).map("".join),
    lambda inner: st.tuples(
        st.sampled_from(["{% if a %}", " {% if not a %}\n", "{%if a == 'é'  %}", '{% if not a!="b" %}\n']),
        inner,
        st.sampled_from(["", "{% else %}", "\n {% elif b %}\n", "{% elif not b != 'c' %}d{% else %}"]),
        inner,
        st.sampled_from(["{% endif %}", "\n {% endif %}\n"]),
    ).map("".join),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.tuples(SIMPLE, st.just("") | ODD_PIECES, SIMPLE).map("".join))
def test_a_simple_template_is_read_as_jinja_reads_it(text: str) -> None:
    plain = read_plain(text)
    assume(plain is not None)
    assert plain is not None
    slow = read_by_jinja(text)
    assert [] == slow.faults
    assert slow.tokens == plain.tokens
    assert dumped(slow) == dumped(plain)


@given(st.text(st.sampled_from(list("{}%#-+ \n\rabif.|\"'()[]endfor=!&")), max_size=60))
def test_no_text_makes_the_reading_fail_and_each_fault_lies_in_the_text(text: str) -> None:
    tree = read_tree(text)
    for fault in tree.faults:
        assert 0 <= fault.start <= fault.end <= len(text)
    walk(text)


EXPRESSIONS = st.recursive(
    st.sampled_from(
        [
            *("t", "a", "x", "y", "'k'", "ns.v", "loop.index", "m(a)", "m(t)", "m(x)", "loop.cycle('p', 'q')"),
            *(
                "b.v",
                "f(a)",
                "ns.f(a)",
                "kept[0](a)",
                "lib.shown()",
                "lib.given(x)",
                "shared.v",
                "t | length",
                "loop(x)",
            ),
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} ~ {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} if {each[1]} else {each[2]})"),
        inner.map(lambda each: f"({each} | upper)"),
        st.tuples(inner, inner).map(lambda pair: f"[{pair[0]}, {pair[1]}] | join"),
        inner.map(lambda each: f"({each} == 'k')"),
    ),
    max_leaves=4,
)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.tuples(EXPRESSIONS, many, many).map(lambda e: f"{{% if {e[0]} %}}{e[1]}{{% else %}}{e[2]}{{% endif %}}"),
        st.tuples(EXPRESSIONS, many).map(lambda e: f"{{% for x in [{e[0]}, a] %}}{e[1]}{{% endfor %}}"),
        st.tuples(EXPRESSIONS, many).map(lambda e: f"{{% for x in [{e[0]}] recursive %}}{e[1]}{{% endfor %}}"),
        many.map(lambda body: f"{{% set y %}}{body}{{% endset %}}"),
        many.map(lambda body: f"{{% macro m(x) %}}{body}{{{{ x }}}}{{% endmacro %}}"),
        st.tuples(EXPRESSIONS, many).map(lambda e: f"{{% with x = {e[0]} %}}{e[1]}{{% endwith %}}"),
        st.tuples(st.sampled_from(["upper", "replace('k', b.v)"]), many).map(
            lambda e: f"{{% filter {e[0]} %}}{e[1]}{{% endfilter %}}"
        ),
        many.map(
            lambda body: f"{{% macro c() %}}{{{{ caller() }}}}{{% endmacro %}}{{% call c() %}}{body}{{% endcall %}}"
        ),
    )


STATEMENTS = st.recursive(
    st.one_of(
        EXPRESSIONS.map(lambda e: f"{{{{ {e} }}}}"),
        st.tuples(st.sampled_from(["x", "y", "ns.v", "a", "b.v", "shared.v"]), EXPRESSIONS).map(
            lambda e: f"{{% set {e[0]} = {e[1]} %}}"
        ),
        st.sampled_from(
            [
                *("{% include 'inner.md' %}", "{% include 'inner.md' without context %}", "{% set b = ns %}"),
                *("{% set f = m %}", "{% set ns.f = m %}", "{% set kept = [m] %}"),
                *("{% import 'lib.md' as lib with context %}", "{% from 'kept.md' import shared %}"),
            ]
        ),
        st.sampled_from(["-", " "]),
    ),
    blocks,
    max_leaves=6,
)
MARK = "STRANGER"


@given(
    st.lists(STATEMENTS, max_size=5).map("".join),
    INNER_TEXT := st.sampled_from(
        ["{{ x }}{{ y }}", "{{ t }}", "{{ ns.v }}", "{% from 'kept.md' import shared %}{{ shared.v }}"]
    ),
)
def test_what_is_not_told_to_print_untrusted_text_does_not(text: str, inner: str) -> None:
    whole, files = START + text, {"inner.md": inner, **FILES}
    told = list(printed_strangers(read_tree(whole), whole, files, ["t"]))
    try:
        shown = Templates(files).render(whole, {"t": MARK, "a": "a"})
    except RenderError:
        return
    assert told or MARK not in shown.upper()
    fences = Fences()
    templates = Templates(files, {"t": Untrusted("user")})
    again = templates.render(whole, {"t": MARK, "a": "a"}, fences=fences)
    if fences.close():
        again = templates.render(whole, {"t": MARK, "a": "a"}, fences=fences)
    assert shown.split() == re.sub(r"</?untrusted-[^>]*>\n?|\n(?=</untrusted-)", "", again).split()
    assert MARK not in FENCED.sub("", again).upper()


FENCED = re.compile(r"<untrusted-(\w+) from=\"user\">\n.*?\n</untrusted-\1>", re.DOTALL)
START = (
    "{% set ns = namespace(v='', f='') %}{% set x = '' %}{% set y = '' %}{% macro m(x) %}{{ x }}{% endmacro %}"
    "{% set b = namespace(v='') %}{% set f = m %}{% set kept = [m] %}{% import 'lib.md' as lib with context %}"
    "{% from 'kept.md' import shared %}"
)
FILES = {
    "lib.md": "{% macro shown() %}{{ y }}{{ ns.v }}{% endmacro %}{% macro given(x) %}{{ x }}{% endmacro %}",
    "kept.md": "{% set shared = namespace(v='') %}",
}


VALUES = st.fixed_dictionaries(
    dict.fromkeys(
        ("a", "b", "x", "y", "z"),
        st.sampled_from(["", " ", "b", "c", "\n v \n", "{{ x }}", 0, 1.5, True, None, [], {"k": ["é"]}, "<|im_end|>"]),
    )
)


def shown(render: Any) -> tuple[Any, ...]:
    try:
        return (render(),)
    except RenderError as error:
        return error.code, error.message, error.help, error.where


@given(st.tuples(SIMPLE, st.just("") | ODD_PIECES, SIMPLE).map("".join), VALUES, st.booleans())
def test_a_simple_template_is_joined_to_what_jinja_renders(text: str, values: dict[str, Any], strangers: bool) -> None:
    untrusted = {"x": Untrusted("user"), "y": Untrusted("web", neutralise=False)} if strangers else {}
    short, long = Templates({}, untrusted), Templates({}, untrusted)
    long._simple = lambda _: None  # type: ignore[method-assign]
    fences = [Fences(), Fences()]
    for _ in range(2):
        ours, jinjas = (
            shown(lambda: each.render(text, values, Site(name="task"), own))  # noqa: B023 (called at once)
            for each, own in zip((short, long), fences, strict=True)
        )
        assert jinjas == ours
        assert fences[0] == fences[1]
        assert fences[0].close() == fences[1].close()


@given(SIMPLE, VALUES)
def test_the_pieces_of_a_template_are_its_text(text: str, values: dict[str, Any]) -> None:
    pieces = Pieces.of(text, {})
    assume(pieces is not None and None not in values.values())
    assert pieces is not None
    taken = pieces.taken(values)
    assert pieces.joined(values) == "".join(piece for piece, _ in taken)
    for piece, step in taken:
        assert not isinstance(step, Text) or text.startswith(piece, step.start)
