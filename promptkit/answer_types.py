"""The answer's type: what the file declares, and the Python type that a caller wants to see it as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.chain_of_thought import thought_mode
from promptkit.diagnostics import Diagnostic
from promptkit.errors import SpecError
from promptkit.output.expected import Expected
from promptkit.result import Output
from promptkit.schema import Schema

if TYPE_CHECKING:
    from promptkit.completion import ModelFacts
    from promptkit.spec import PromptSpec


class TypedOutput:
    """What answers must fit, and the view of one that does.

    Raises `SpecError` when the type cannot take what the file's schema allows.
    """

    def __init__(self, spec: PromptSpec, output: type[Any] | None = None) -> None:
        self._spec = spec
        declared = spec.output.json_schema
        self.schema = Schema(declared) if declared is not None else None
        self._view: Schema | None = None
        if output is not None:
            self._view = Schema.from_type(output)
            if self.schema is not None:
                _check_type(spec, output, self._view, self.schema)

    def view(self, value: Any) -> Any:
        """A valid value as the wanted type."""
        return value if self._view is None else self._view.view(value)

    def read(self, text: str, facts: ModelFacts) -> Output[Any]:
        """The value in an answer, as the wanted type. Raises `OutputError`."""
        from promptkit.output.ladder import parse_output

        found = parse_output(text, expected=self.expected(facts))
        return Output(self.view(found.value), found.reasoning, found.steps)

    def expected(self, facts: ModelFacts) -> Expected:
        """What the ladder needs to know."""
        output = self._spec.output
        return Expected(
            format=output.format,
            schema=self.schema,
            mode=thought_mode(self._spec, facts),
            choices=output.choices,
            headings=output.headings,
            strict=output.strict,
            repair=output.repair,
            coerce=output.coerce,
        )


def _check_type(spec: PromptSpec, output: type[Any], wanted: Schema, declared: Schema) -> None:
    from promptkit.schema.compat import accepts

    name = str(output) if hasattr(output, "__args__") else getattr(output, "__name__", output)
    faults = [
        Diagnostic(
            "PK405",
            "error",
            f"{name} does not fit the file's output at {found.path}",
            spec.placed(spec.path),
            label=found.message,
            help="change the type or the file's schema",
        )
        for found in accepts(wanted.json, declared.json)
        if found.certain
    ]
    if faults:
        raise SpecError(faults)
