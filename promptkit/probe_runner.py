"""Probing a model: ask, judge, keep what was found at once, so that it can go on where it was stopped."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from promptkit.completion import Assembler
from promptkit.errors import BadRequest, BadResponse, ConfigError, ModelError, ModelGone
from promptkit.model_names import parse_model_name, wire_name
from promptkit.models.evidence import Finding, load_evidence, save_findings
from promptkit.probes import PROBES, Answer, left_of
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from promptkit.completion import Model, Request
    from promptkit.models.endpoint import Endpoint
    from promptkit.settings import Settings


@dataclass(frozen=True, slots=True)
class Probing:
    """What is to be found out of a model: the probes that are left, and those whose findings are kept already."""

    model: str
    endpoint: Endpoint
    left: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def requests(self) -> int:
        """How many requests are left."""
        return sum(PROBES[name].count for name in self.left)

    def run(self, settings: Settings, *, redactor: Redactor | None = None) -> Iterator[tuple[str, dict[str, Finding]]]:
        """Ask one probe after another, and give what each found once it is kept.

        Raises the `ModelError` that ends it early, such as a limit that is used up: what was found stays.
        """
        from promptkit.models import paced_model

        # What is probed for must not be held back here: a hot temperature, a seed.
        endpoint = replace(self.endpoint, max_temperature=None, ignored_options=frozenset())
        prefix = "" if parse_model_name(self.model).scheme == "chat" else f"openai+{endpoint.base_url}#"
        model = paced_model(endpoint, prefix, settings, redactor or Redactor())
        with closing(model):
            for name in self.left:
                requests = PROBES[name].requests(wire_name(self.model))
                answers = [_asked(model, request) for request in requests]
                found = PROBES[name].findings(answers)
                save_findings(settings, endpoint.base_url, wire_name(self.model), found)
                yield name, found


def plan_probing(model: str, settings: Settings, only: Sequence[str] = (), *, again: bool = False) -> Probing:
    """What probing a model comes to: what is kept is asked again only on request. Raises `ConfigError`."""
    from promptkit.models.endpoint import compatible_endpoint, configured_endpoint

    parsed = parse_model_name(model)
    if parsed.scheme not in ("chat", "openai"):
        cure = "name a model of a server: an id, or openai+https://HOST/v1#NAME"
        raise ConfigError(f"`{model}` is on no server, so there is nothing to find out", help=cure)
    endpoint = configured_endpoint(settings)
    if parsed.scheme == "openai":
        endpoint = compatible_endpoint(parsed.base_url, settings)
    wanted = tuple(name for name in PROBES if not only or name in only)
    known = load_evidence(settings, endpoint.base_url).get(wire_name(model), {})
    left = wanted if again else left_of(known, wanted)
    return Probing(model, endpoint, left, tuple(name for name in wanted if name not in left))


def _asked(model: Model, request: Request) -> Answer:
    """The answer to a request, or the refusal, which is an answer too. Raises every other `ModelError`."""
    assembler = Assembler()
    started = time.monotonic()
    try:
        for delta in model.send(request):
            assembler.feed(delta)
        return Answer(assembler.completion(), time.monotonic() - started)
    except ModelGone:
        raise
    except (BadRequest, BadResponse) as error:
        return Answer(refusal=error)
    except ModelError as error:
        error.details += ("what was found before is kept: the same command goes on from here",)
        raise
