"""The semantic diff of two states of a prompt: contract, words, rendered messages, tokens, price, and a verdict."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.errors import ConfigError, PromptkitError, SourceError
from promptkit.parts import as_data
from promptkit.repos.diff.changes import (
    Change,
    Policy,
    is_enough,
    needed,
    next_version,
    same_data,
    same_key,
    sign_of,
    whole,
)
from promptkit.repos.diff.contract import contract_changes
from promptkit.repos.diff.wording import Words, content_changes, words
from promptkit.tokens import MESSAGE_OVERHEAD, PieceEstimate, all_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from promptkit.completion import ModelFacts
    from promptkit.prompt import Prompt
    from promptkit.repos.diff.changes import Level
    from promptkit.result import Rendered
    from promptkit.source import Source
    from promptkit.spec import PromptSpec
    from promptkit.tokens import TokenCounter

__all__ = ["MOST_CASES", "Case", "Diff", "RenderedCase", "diff", "saved_cases"]

MOST_CASES = 1_000
"""So many saved inputs are rendered; of those that are left out a diff tells how many they were."""


@dataclass(frozen=True, slots=True)
class Case:
    """Saved inputs by name: of a test, of an example, of a file beside the prompt."""

    name: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RenderedCase:
    """What one case renders to in both states: messages word by word, and tokens; or why it does not in one."""

    name: str
    differs: bool
    texts: tuple[tuple[str, str, str], ...] = ()
    """Of each message that differs its role and its two texts."""
    tokens: tuple[int, int] = (0, 0)
    trouble: str = ""

    @property
    def messages(self) -> tuple[tuple[str, Words], ...]:
        """Of each message that differs its role, and its texts word by word."""
        return tuple((role, words(before, after)) for role, before, after in self.texts)


@dataclass(frozen=True, slots=True)
class Diff:
    """All that changed, and which version that asks for.

    `left_out` is how many saved inputs were not rendered, where there are very many. `error` is how far off the
    counted tokens may be, as a share of them; prices are USD for one token of a request, for the `model` that is asked
    now and for the one that was. With `is_others`, both states were released by somebody else: no version is missing,
    whatever changed.
    """

    name: str
    before: str
    after: str
    changes: tuple[Change, ...]
    cases: tuple[RenderedCase, ...] = ()
    left_out: int = 0
    policy: Policy = field(default_factory=Policy)
    model: str = ""
    error: float = 0.0
    price: float | None = None
    model_before: str = ""
    price_before: float | None = None
    is_others: bool = False

    @property
    def level(self) -> Level | None:
        """The most that a change asks for; None where nothing changed."""
        return needed(self.changes, self.policy)

    @property
    def unclear(self) -> tuple[Change, ...]:
        """The changes of which nobody can tell whether they break callers."""
        return tuple(change for change in self.changes if change.level == "unknown")

    @property
    def gravest(self) -> tuple[Change, ...]:
        """The changes that ask for the most."""
        return tuple(change for change in self.changes if change.level in (self.level, "unknown"))

    @property
    def needs(self) -> str:
        """The least version that announces the changes; empty where none is needed."""
        return next_version(self.before, self.level) if self.level is not None and self.before else ""

    @property
    def enough(self) -> bool:
        """Whether the version of the new state announces them, and does not go back."""
        if self.is_others:
            return True
        if self.level is None:
            return self.before == self.after or is_enough(self.before, self.after, "patch")
        return not self.before or is_enough(self.before, self.after, self.level)

    @property
    def more_tokens(self) -> float | None:
        """By how many tokens a call grew, on average over the cases that render in both states."""
        both = [case.tokens for case in self.cases if not case.trouble]
        return sum(after - before for before, after in both) / len(both) if both else None

    @property
    def more_usd(self) -> float | None:
        """By how many USD a request grew, on average; None where a price is not known, or nothing rendered twice."""
        both = [case.tokens for case in self.cases if not case.trouble]
        if not both or self.price is None or self.price_before is None:
            return None
        return sum(after * self.price - before * self.price_before for before, after in both) / len(both)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines."""
        return {
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "level": self.level,
            "needs": self.needs,
            "enough": self.enough,
            "changes": [change.to_dict() for change in self.changes],
            "rendered": {
                "cases": len(self.cases),
                "left_out": self.left_out,
                "differ": sum(case.differs for case in self.cases),
                "tokens": self.more_tokens,
                "error": self.error,
                "usd": self.more_usd,
                "model": self.model,
                "model_before": self.model_before,
                "by_case": [_case_data(case) for case in self.cases],
            },
        }


def _case_data(case: RenderedCase) -> dict[str, Any]:
    messages = [{"role": role, "words": [list(piece) for piece in found]} for role, found in case.messages]
    return {
        "name": case.name,
        "differs": case.differs,
        "tokens": list(case.tokens),
        "trouble": case.trouble,
        "messages": messages,
    }


def diff(
    before: Prompt[Any],
    after: Prompt[Any],
    cases: Sequence[Case] = (),
    *,
    policy: Policy | None = None,
    counter: TokenCounter | None = None,
    facts: ModelFacts | None = None,
    old_facts: ModelFacts | None = None,
) -> Diff:
    """Compare two states of a prompt; pure. `cases` are rendered by both, for the model that `facts` tell of.

    `old_facts` tell of the model that was asked before, where it was another one.
    """
    policy, counter = policy or Policy(), counter or PieceEstimate()
    changes = (*contract_changes(before.spec, after.spec, policy), *content_changes(before.spec, after.spec, policy))
    counted = _Counted(counter)
    rendered = tuple(_rendered(before, after, case, counted) for case in cases[:MOST_CASES])
    if not changes and any(case.differs for case in rendered):
        changes = (Change("rendered", "~", "messages", policy.wording, "what is sent is another text"),)
    changes += tuple(_untold(before.spec, after.spec, {change.part for change in changes}))
    old, new = (prompt.spec.version or "" for prompt in (before, after))
    left_out = max(0, len(cases) - MOST_CASES)
    found = Diff(after.name, old, new, changes, rendered, left_out, policy, error=counter.error)
    if facts is None:
        return found
    was = old_facts or facts
    return replace(
        found,
        model=facts.name,
        price=facts.prompt_price,
        model_before=was.name,
        price_before=was.prompt_price,
    )


def _untold(before: PromptSpec, after: PromptSpec, told: set[str]) -> Iterator[Change]:
    """The keys that are not the same, and of which no rule told anything: none may pass unseen."""
    told = told | {"version", "extends"}
    old, new = before.plain, after.plain
    for key in sorted(old.keys() | new.keys()):
        if not same_key(key, before, after) and told.isdisjoint((key, *_TOLD_AS.get(key, ()))):
            held, holds = (whole(getattr(spec, key, None)) or None for spec in (before, after))
            is_same = hasattr(after, key) and same_data(held, holds)
            level: Level = "patch" if is_same else "unknown"
            why = "it says what holds anyway" if is_same else "it is another one, in what no rule here tells of"
            yield Change(key, sign_of(key, old, new), key, level, why, old.get(key), new.get(key))


_TOLD_AS = {
    "inputs_schema": ("inputs",),
    **dict.fromkeys(("persona", "context", "task", "messages", "chain_of_thought"), ("sections",)),
}
"""The part under which a key is told, where it has another name."""


class _Counted(dict[str, int]):
    """The tokens of texts, each counted once: most of a prompt is the same in every case."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter

    def __missing__(self, text: str) -> int:
        self[text] = self._counter.count(text)
        return self[text]


def _rendered(before: Prompt[Any], after: Prompt[Any], case: Case, counted: _Counted) -> RenderedCase:
    found: list[Rendered] = []
    for prompt, state in ((before, "before"), (after, "now")):
        try:
            found.append(prompt.render(_given(prompt.spec, case.inputs)))
        except PromptkitError as error:
            trouble = f"it does not render {state}: {error.message}"
            return RenderedCase(case.name, differs=True, trouble=trouble)
    tokens = [sum(counted[all_text(each)] + MESSAGE_OVERHEAD for each in one.messages) for one in found]
    if found[0].messages == found[1].messages:
        return RenderedCase(case.name, differs=False, tokens=(tokens[0], tokens[1]))
    return RenderedCase(case.name, True, tuple(_compared(*found)), (tokens[0], tokens[1]))


def _given(spec: PromptSpec, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that a state knows: what it does not know is told as a change of the contract."""
    return {name: value for name, value in inputs.items() if name in spec.inputs}


def _compared(before: Rendered, after: Rendered) -> Iterator[tuple[str, str, str]]:
    one, other = list(before.messages), list(after.messages)
    for index in range(max(len(one), len(other))):
        pair = [each[index] if index < len(each) else None for each in (one, other)]
        if pair[0] == pair[1]:
            continue
        texts = [all_text(message) if message is not None else "" for message in pair]
        roles = list(dict.fromkeys(message.role for message in pair if message is not None))
        if texts[0] != texts[1] or len(roles) > 1 or None in pair:
            yield " -> ".join(roles), texts[0], texts[1]


def saved_cases(spec: PromptSpec, source: Source) -> list[Case]:
    """The saved inputs of a prompt: its tests, its examples, and `NAME.inputs.json` beside it (an object or a list).

    Raises `ConfigError` for such a file that is no JSON, or not of objects.
    """
    found = [Case(test.name or f"test {number}", as_data(test.inputs)) for number, test in enumerate(spec.tests, 1)]
    found += [Case(f"example {number}", as_data(each.inputs)) for number, each in enumerate(spec.examples, 1)]
    path = f"{spec.path.rpartition('.')[0]}.inputs.json"
    rows = _rows(source, path)
    name = path.rpartition("/")[2]
    found += [Case(f"{name} {number}" if len(rows) > 1 else name, row) for number, row in enumerate(rows, 1)]
    return found


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        _refuse_constant(text)
    return number


def _rows(source: Source, path: str) -> list[dict[str, Any]]:
    cure = "saved inputs are a JSON object, or a list of such"
    try:
        data = json.loads(source.read(path), parse_constant=_refuse_constant, parse_float=_finite)
    except SourceError as error:
        if error.is_missing:
            return []
        raise ConfigError(error.message, where=source.shown(path), help=error.help) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the file is no JSON: {error}", where=source.shown(path), help=cure) from None
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) for row in rows):
        raise ConfigError("the file holds something else than objects", where=source.shown(path), help=cure)
    return rows


def joined_cases(*lists: Iterable[Case]) -> list[Case]:
    """Cases of several states, each inputs once."""
    known: dict[str, Case] = {}
    for cases in lists:
        for case in cases:
            known.setdefault(canonical_json(dict(case.inputs)), case)
    return list(known.values())
