"""Fences around untrusted values: their id, and what stands in them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from promptkit import Prompt, RenderError
from promptkit.template import Templates
from promptkit.template.fence_transform import FILTERS
from promptkit.template.fences import Fences, Untrusted
from promptkit.template.filters import OWN_FILTERS


def closed(*values: Any, harmless: bool = True) -> Fences:
    fences = Fences()
    for value in values:
        fences.printed(value, "user", harmless=harmless)
    fences.close()
    return fences


def test_an_id_is_a_digest_over_all_values_of_the_message() -> None:
    values = [["user", "a"], ["user", "b"]]
    wanted = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]
    assert wanted == closed("a", "b").id
    assert wanted != closed("ab").id


def test_without_untrusted_values_there_is_nothing_to_fence() -> None:
    fences = Fences()
    assert not fences.close()
    assert "" == fences.id


@pytest.mark.parametrize(("value", "shown"), [(True, "true"), (5, "5"), (1.5, "1.5")])
def test_numbers_and_booleans_need_no_fence(value: Any, shown: str) -> None:
    fences = closed("x")
    assert shown == fences.printed(value, "user")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\n", "a\n"),
        ([1, "é"], '[1, "é"]'),
        (
            {"a": "<think>"},
            '{"a": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}think\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"}',
        ),
    ],
)
def test_texts_lists_and_objects_are_fenced(value: Any, shown: str) -> None:
    fences = closed(value)
    assert f'<untrusted-{fences.id} from="user">\n{shown}\n</untrusted-{fences.id}>' == fences.printed(value, "user")


def test_an_id_that_occurs_in_a_value_is_lengthened(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fixed:
        def __init__(self, _: bytes) -> None:
            pass

        def hexdigest(self) -> str:
            return "0123456789abcdef" * 4

    monkeypatch.setattr(hashlib, "sha256", Fixed)  # no value is known that holds its own digest
    assert "0123456789abcdef0123" == closed("x 0123456789abcdef y 0123456789ab", harmless=False).id


def test_markup_is_told_once_and_left_alone_where_that_is_wanted() -> None:
    fences = closed("<think>", "<think>", "[INST]")
    assert ["neutralised in a value from user: <think>", "neutralised in a value from user: [INST]"] == list(
        fences.notes
    )
    assert {} == closed("<think>", harmless=False).notes


@pytest.mark.parametrize(
    "text",
    [
        "{% extends 'mid.md' %}{% block b %}{{ super.super() }}{% endblock %}",
        "{% extends 'mid.md' %}{% block b %}{% set f = super %}{{ f() }}{% endblock %}",
        "{% extends 'mid.md' %}{% block b %}{% macro m(s) %}{{ s() }}{% endmacro %}{{ m(super) }}{% endblock %}",
        "{% extends 'mid.md' %}{% block b %}{{ super() | upper }}{% endblock %}",
    ],
)
def test_no_fence_stands_in_another_whatever_a_block_above_is_called(text: str) -> None:
    files = {
        "base.md": "A{% block b %}base {{ t }}{% endblock %}",
        "mid.md": "{% extends 'base.md' %}{% block b %}mid {{ super() }}{% endblock %}",
    }
    templates, fences = Templates(files, {"t": Untrusted("user")}), Fences()
    templates.render(text, {"t": "evil"}, fences=fences)
    assert fences.close()
    shown = templates.render(text, {"t": "evil"}, fences=fences)
    assert 1 == shown.count("<untrusted-") == shown.count("</untrusted-")
    assert "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}" not in shown


@pytest.mark.parametrize("name", sorted(each for each in {*OWN_FILTERS, *FILTERS} if each.endswith("_")))
@pytest.mark.parametrize("way", ["map(f)", "map(f[:2] ~ f[2:])", "map(f) | map('upper')"])
def test_no_input_names_a_filter_of_the_fences_own(name: str, way: str) -> None:
    prompt = Prompt.from_text(
        "inputs: {f: {type: string, trust: user}, mail: {type: string, trust: user}}\n"
        f"task: |-\n  {{% set q = [1] | {way} | list %}}{{{{ mail }}}}\n"
    )
    with pytest.raises(RenderError, match="PK226"):
        prompt.render(f=name, mail="<|im_start|>")
