"""What is written in the place of one of our types, and what to write instead. Loaded for a fault alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from promptkit.schema.shorthand_foreign import near_type
from promptkit.schema.shorthand_literals import NUMBER, ORDERS, bound_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cure_of_word"]


class _Form(NamedTuple):
    """A form of words that is no type, and the cure, made of the groups; a group that is a type has our name."""

    pattern: str
    cure: Callable[..., str]


_FORMS = (
    _Form(r"[{\[].*", lambda: "an object is written as YAML, without quotes around all of it: `[{name: string}]`"),
    _Form(r"(?P<one>\w+)\s+or\s+(?P<other>\w+)", lambda one, other: f"write `{one} | {other}`"),
    _Form(r"(?i:list|array)s?\s+of\s+(?P<item>\w+?)s?", lambda item: f"a list is written `[{item}]`"),
    _Form(
        r"(?P<one>\w+)\s+(?P<bounds>\S*\d\S*\.\.\S*|\.\.\S*\d\S*)",
        lambda one, bounds: f"write `{one}, {bounds}`",
    ),
    _Form(r"(?P<bounds>[^\s(]*\.\.[^\s(]*)", lambda bounds: f"bounds stand behind a type: `integer, {bounds}`"),
    _Form(r"(?P<one>\w+)\s*\((?P<most>\d+)\)", lambda one, most: f"write `{one}, ..{most}`"),
    _Form(
        rf"(?P<one>\w+)\s*(?P<order>{ORDERS})\s*(?P<number>{NUMBER})",
        lambda one, order, number: f"write `{one}, {bound_of(order, number)}`",
    ),
    _Form(
        rf"(?P<one>\w+)\s*\(\s*(?P<least>{NUMBER})\s*(?:-|\N{{EN DASH}}|\.\.+|to)\s*(?P<most>{NUMBER})\s*\)",
        lambda one, least, most: f"write `{one}, {least}..{most}`",
    ),
    _Form(
        rf"(?P<kind>\w+)\s*\(?\s*(?:between|from)?\s*(?P<least>{NUMBER})\s*"
        rf"(?:-|\N{{EN DASH}}|to|and)\s*(?P<most>{NUMBER})\)?",
        lambda kind, least, most: f"write `{kind}, {least}..{most}`",
    ),
    _Form(
        rf"(?P<kind>\w+)\s*\(?\s*(?:max(?:imum)?|at most|up to)\s*[:=]?\s*(?P<most>{NUMBER})(?:\s*\w+)?\)?",
        lambda kind, most: f"write `{kind}, ..{most}`",
    ),
    _Form(
        rf"(?P<kind>\w+)\s*\(?\s*(?:min(?:imum)?|at least)\s*[:=]?\s*(?P<least>{NUMBER})(?:\s*\w+)?\)?",
        lambda kind, least: f"write `{kind}, {least}..`",
    ),
    _Form(
        r"(?P<kind>\w+)\s*\(\s*(?:optional|nullable)\s*\)",
        lambda kind: f"what is optional has a `?` behind its name: `name?: {kind}`",
    ),
    _Form(r"(?P<kind>\w+)\s*\((?P<prose>[^()\d][^()]*)\)", lambda kind, prose: f"write `{kind}, {prose}`"),
    _Form(
        r"(?P<kind>\w+)\s+(?:#|//|--?|\N{EN DASH}|\N{EM DASH})\s*(?P<prose>[^\d\s].*)",
        lambda kind, prose: f"what is said of it stands behind a comma: `{kind}, {prose}`",
    ),
    _Form(r"(?P<words>\w+(?:/\w+)+)", lambda words: f"write `{words.replace('/', ' | ')}`"),
    _Form(
        r"(?P<words>.*\N{FULLWIDTH VERTICAL LINE}.*)",
        lambda words: f"alternatives have `|` between them: `{words.replace(_FULL_BAR, '|')}`",
    ),
    _Form(
        r"(?P<one>\w+)\s*@(?:alias|assert|check|description)\b.*",
        lambda one: f"what is said of a field stands behind a comma: `{one}, ...`",
    ),
    _Form(".*=.*", lambda: "a default has spaces around its `=`: `string = Acme`"),
)
_FULL_BAR = "\N{FULLWIDTH VERTICAL LINE}"
_OF_TYPES = ("kind", "one", "other", "item")


_FEWEST_OF_PROSE = 5
"""So many words are a value that was meant, and no type."""


def cure_of_word(word: str, behind: str, types: list[str]) -> str:
    """What to write instead of one word that is no type, by its form, what stands behind it, and what is near it."""
    meant = near_type(word, types)
    if not meant and re.fullmatch(r"(?:\s*,\s*[\w-]+)+\s*", behind):
        listed = [re.sub(r"(?i)(?:one|any) of\s+|either\s+", "", word), *behind.replace(",", " ").split()]
        return f"alternatives have bars between them: `{' | '.join(listed)}`"
    if (bare := word.removesuffix("?")) != word and (optional := near_type(bare, types)):
        return f"an optional input has its `?` behind the name: `name?: {optional}`"
    for form in _FORMS:
        if found := re.fullmatch(form.pattern, word, re.DOTALL):
            said = found.groupdict()
            if "kind" in said and not near_type(said["kind"], types):
                continue
            named = {name: near_type(said[name], types) or said[name] for name in said.keys() & {*_OF_TYPES}}
            return form.cure(**said | named)
    if re.fullmatch(NUMBER, word):
        kind = "number" if "." in word else "integer"
        return f"an input declares its type, and a value is its default: `{kind} = {word}`"
    if len(word.split()) >= _FEWEST_OF_PROSE:
        return "an input declares its type, and a text is its default: `string = ...`"
    if meant:
        return f"did you mean `{meant}`? Quote it to mean the literal: `'{word}'`"
    return f"quote it to mean the literal: `'{word}'`; the types are {', '.join(types)}"
