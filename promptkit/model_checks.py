"""A prompt against the models that it names: the abilities that it needs, the window, the options; all offline.

What is known of models is dated (`models.documented`, and the list that the server gave when it was last asked), so
all of it are warnings: the server has the last word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.chain_of_thought import thinking_is_asked
from promptkit.errors import ConfigError
from promptkit.loading.inheritance import Entry
from promptkit.model_names import parse_model_name
from promptkit.models.catalog import facts_for, listed_models, near_model
from promptkit.models.choosing import choose
from promptkit.models.documented import DOCUMENTED, HEEDS_REPETITION_PENALTY, REASONS_WHEN_ASKED
from promptkit.options import TOKEN_LIMITS
from promptkit.settings import load_settings
from promptkit.spec import ModelChoice
from promptkit.tokens import PieceEstimate
from promptkit.yaml_nodes import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from promptkit.completion import ModelFacts
    from promptkit.diagnostics import Diagnostic
    from promptkit.loader import Loaded
    from promptkit.loading.inheritance import Chain
    from promptkit.settings import Settings
    from promptkit.spec import PromptSpec


def check_model(loaded: Loaded, root: Path | None) -> tuple[Diagnostic, ...]:
    """What does not go together in a prompt and its models, by the settings that hold under `root`."""
    spec, chain = loaded.draft, loaded.chain
    if chain is None or (spec is not None and spec.model is None and not spec.models):
        return ()
    try:
        settings = load_settings(root)
    except ConfigError:
        return ()  # settings that are broken are told by what needs them
    return tuple(_findings(spec, chain, settings) if spec is not None else _names(chain, settings))


def _names(chain: Chain, settings: Settings) -> Iterator[Diagnostic]:
    """What is wrong with the name of the model, where nothing else of the prompt can be read."""
    entry = chain.entries.get("model")
    if entry is not None and isinstance(entry.node, Scalar) and isinstance(entry.node.value, str):
        yield from _unknown(entry.node.text, entry, settings, is_key=False)


def _findings(spec: PromptSpec, chain: Chain, settings: Settings) -> Iterator[Diagnostic]:
    if isinstance(spec.model, ModelChoice):
        yield from _chosen(spec.model, chain, settings)
    named: dict[str, Entry] = {}
    if isinstance(spec.model, str) and "model" in chain.entries:
        named[spec.model] = chain.entries["model"]
    named |= {name: entry for name, entry in chain.merged.get("models", {}).items() if name in spec.models}
    for name, entry in named.items():
        yield from _unknown(name, entry, settings, is_key=entry is not chain.entries.get("model"))
        try:
            facts = facts_for(name, settings)
        except ConfigError:
            continue  # a name that cannot be meant has been told
        yield from _window(spec, name, facts, chain, entry)
        yield from _budget(spec, name, facts, chain)
        yield from _abilities(spec, name, facts, chain, entry)
        yield from _unheeded(spec, name, chain)


def _unknown(name: str, entry: Entry, settings: Settings, *, is_key: bool) -> Iterator[Diagnostic]:
    """An id that nobody knows, and that is spelt almost like one that is known."""
    if re.search(r"\{\{|\$\{", name):
        place = (entry.key.start, entry.key.end) if is_key else entry.span
        cure = "name it here, or leave it out and choose at the call: `prompt.using(model=...)`, `--model`"
        message = f"the model's name `{name[:60]}` is no template, and is sent as it stands"
        yield entry.document.diagnostic("PK521", message, place, severity="warning", help=cure)
        return
    try:
        chat = parse_model_name(name).scheme == "chat"
    except ConfigError:
        return
    known = {facts.name for facts in listed_models(settings)}
    hint = near_model(name, settings) if chat and name not in known else ""
    if hint:
        place = (entry.key.start, entry.key.end) if is_key else entry.span
        meant = hint.split("`")[1]
        fix = None if _unnumbered(meant) == _unnumbered(name) else meant  # another version is no slip
        message = f"no model `{name}` is known"
        yield entry.document.diagnostic("PK521", message, place, severity="warning", label=hint, fix=fix)


def _unnumbered(name: str) -> str:
    """A model's name without its version and size."""
    return re.sub(r"\d+", "", name)


def _window(spec: PromptSpec, name: str, facts: ModelFacts, chain: Chain, entry: Entry) -> Iterator[Diagnostic]:
    """More tokens than the model gives, or than its window holds beside the prompt's own words."""
    place, wanted = _max_tokens(spec, name, chain)
    words = sum(map(PieceEstimate().count, spec.templates().values()))
    if place is None or not isinstance(wanted, int):
        wanted, place = 0, entry
    limits = (
        (facts.max_output, wanted, f"`{name}` gives at most {{:,}} tokens in one answer"),
        (facts.context_length, wanted + words, f"the window of `{name}` holds {{:,}} tokens"),
    )
    for limit, needed, words_of in limits:
        if limit is not None and needed > limit:
            message = f"{words_of.format(limit)}, and {needed:,} are asked for"
            label = f"known from: {facts.source}" if facts.source else ""
            cure = f"ask for at most {limit:,}"
            yield place.document.diagnostic("PK522", message, place.span, severity="warning", label=label, help=cure)
            return


def _budget(spec: PromptSpec, name: str, facts: ModelFacts, chain: Chain) -> Iterator[Diagnostic]:
    """A budget that the model cannot use up."""
    entry = chain.entries.get("budget")
    limits = (
        ("input_tokens", facts.context_length, "the window of `{}` holds {:,} tokens"),
        ("output_tokens", facts.max_output, "`{}` gives at most {:,} tokens in one answer"),
    )
    for key, most, words in limits:
        allowed = getattr(spec.budget, key, None)
        if entry is not None and allowed is not None and most is not None and allowed > most:
            message = f"{words.format(name, most)}, and `budget` allows {allowed:,}"
            place, label = _inside(entry, key), f"known from: {facts.source}" if facts.source else ""
            cure = f"allow at most {most:,}"
            yield place.document.diagnostic("PK522", message, place.span, severity="warning", label=label, help=cure)


def _unheeded(spec: PromptSpec, name: str, chain: Chain) -> Iterator[Diagnostic]:
    """An option that other models heed."""
    place = _option(spec, name, "repetition_penalty", chain)
    if place is not None and name in DOCUMENTED and not name.startswith(HEEDS_REPETITION_PENALTY):
        message = f"`{name}` ignores `repetition_penalty`"
        span = (place.key.start, place.key.end)
        cure = f"leave it out; it is for {' and '.join(HEEDS_REPETITION_PENALTY)}"
        yield place.document.diagnostic("PK128", message, span, severity="warning", help=cure)


def _option(spec: PromptSpec, name: str, key: str, chain: Chain) -> Entry | None:
    """Where an option is written that is sent to a model."""
    override = spec.models.get(name)
    if override is not None and key in override.options:
        return None if override.options[key] is None else _inside(chain.merged["models"][name], "options", key)
    return None if spec.options.get(key) is None else chain.merged.get("options", {}).get(key)


def _inside(entry: Entry, *keys: str) -> Entry:
    """The entry under keys of another one, as deep as they are written."""
    for key in keys:
        node = entry.node
        named, value = (node.key(key), node.get(key)) if isinstance(node, Mapping) else (None, None)
        if named is None or value is None:
            return entry
        entry = Entry(entry.document, named, value)
    return entry


def _max_tokens(spec: PromptSpec, name: str, chain: Chain) -> tuple[Entry | None, Any]:
    """Where the limit of the answer is written for a model, and what it is."""
    override = spec.models.get(name)
    for key in TOKEN_LIMITS:
        if override and override.options.get(key) is not None:
            return _option(spec, name, key, chain), override.options[key]
        if spec.options.get(key) is not None:
            return chain.merged.get("options", {}).get(key), spec.options[key]
    return None, None


def _abilities(spec: PromptSpec, name: str, facts: ModelFacts, chain: Chain, entry: Entry) -> Iterator[Diagnostic]:
    """What the prompt asks of the model, and the model is known not to have."""
    override = spec.models.get(name)
    thought = override.chain_of_thought if override and override.chain_of_thought else spec.chain_of_thought
    reasons = True if thinking_is_asked(spec, name) else facts.reasoning
    effort = _option(spec, name, "reasoning_effort", chain)
    asked = chain.entries.get("chain_of_thought")
    needed = (
        ("calls no tools", facts.tools, bool(spec.tools), chain.entries.get("tools")),
        ("does not reason by itself", reasons, thought.mode == "native", asked and _inside(asked, "mode")),
        ("does not reason by itself", reasons, effort is not None, effort),
    )
    for words, has, needs, at in needed:
        if needs and has is False:
            place = at or entry
            so = ", so `reasoning_effort` says nothing" if place is effort else ""
            span = place.span if place.key.text == "mode" else (place.key.start, place.key.end)
            switched = "reason" in words and name in REASONS_WHEN_ASKED
            cure = "turn it on: `options: {chat_template_kwargs: {enable_thinking: true}}`" if switched else ""
            told: dict[str, Any] = {"help": cure, "notes": (f"known from: {facts.source}",) if facts.source else ()}
            yield place.document.diagnostic("PK523", f"`{name}` {words}{so}", span, severity="warning", **told)


def _chosen(choice: ModelChoice, chain: Chain, settings: Settings) -> Iterator[Diagnostic]:
    """A choice that no known model answers."""
    entry = chain.entries["model"]
    try:
        _ = choose(choice, settings).name
    except ConfigError:
        wanted = [*choice.needs, *([f"a window of {choice.context:,} tokens"] if choice.context else [])]
        message = f"no known model has {' and '.join(wanted)}"
        cure = "`promptkit models list` shows what is known"
        span = (entry.key.start, entry.key.end)
        yield entry.document.diagnostic("PK523", message, span, severity="warning", help=cure)
