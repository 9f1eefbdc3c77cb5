"""What a prompt declares, as its examples and tests are held against it; and what of it could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from promptkit.loading.answer_checks import AnswerChecks


@dataclass(slots=True)
class Unknown:
    """What could not be read, and so has been told: what follows from it is passed over."""

    inputs: bool = False
    """Some inputs may be declared that are not known."""
    templates: bool = False
    """Some texts may use inputs without being known."""
    output: bool = False
    """The output may be another one."""
    faulty: set[str] = field(default_factory=set)
    """Inputs whose declarations are faulty."""


class Declared(NamedTuple):
    """The inputs and the output of a prompt, as the data that its spec is built of, and the checks of its answers."""

    inputs: dict[str, Any]
    output: dict[str, Any]
    unknown: Unknown
    checks: AnswerChecks
