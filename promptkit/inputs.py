"""A call's inputs against their declarations: every fault at once, defaults filled in."""

from __future__ import annotations

from contextlib import suppress
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.errors import InputError
from promptkit.input_texts import UnreadableText, read_text
from promptkit.schema import Schema
from promptkit.schema.limits import plain
from promptkit.schema.misfit_cures import cure_of
from promptkit.schema.simple_validator import texts_taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promptkit.result import Violation
    from promptkit.spec import Input, PromptSpec


class Inputs:
    """The declared inputs of one prompt, ready to take values."""

    def __init__(self, spec: PromptSpec) -> None:
        self._declared = spec.inputs
        self._path = spec.placed(spec.path)
        self._schemas = {name: Schema(declared.json_schema) for name, declared in spec.inputs.items()}
        self._whole = Schema(spec.inputs_schema) if spec.inputs_schema is not None else None
        self._required = {name for name, each in spec.inputs.items() if each.required and not each.secret}
        self._texts = {name: taken for name, each in self._schemas.items() if (taken := texts_taken(each.json))}
        self._optional = {name for name, each in spec.inputs.items() if not (each.required or each.has_default)}
        self._defaults = {name: declared.default for name, declared in spec.inputs.items() if not declared.required}

    def accept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values that templates see: what is given over the defaults; an optional input that is absent is None.

        One that is given as None is absent, too. Raises `InputError` with every missing, unknown and unfit input.
        """
        texts, faults = self._texts, list[Diagnostic]()
        exact: dict[str, Any] = {}
        for name, value in given.items():
            # A text whose type takes it at first sight is asked no further.
            if type(value) is str and name in texts and texts[name](value):
                exact[name] = value
            elif value is not None or name not in self._optional:
                exact[name], unfit = self._taken(name, value)
                faults += unfit
        if not self._required <= exact.keys() <= self._declared.keys():
            faults = [*self._missing(exact), *self._unknown(exact), *faults]
        if not faults and self._whole is not None:
            faults = [self._misfit(violation) for violation in self._whole.validate(exact)]
        if faults:
            raise InputError(faults)
        return {**self._defaults, **exact}

    def _taken(self, name: str, value: Any) -> tuple[Any, list[Diagnostic]]:
        """A value of exact types, and what is wrong with it; its own methods may raise whatever they like."""
        try:
            taken = plain(value)
            return taken, list(self._unfit(name, taken))
        except Exception as error:  # noqa: BLE001 (raised by a class of the caller's)
            label = f"{type(error).__name__} is raised where it is looked at"
            return None, [self._fault("PK306", f"the input `{name}` does not fit", label=label)]

    def _missing(self, given: Mapping[str, Any]) -> Iterable[Diagnostic]:
        for name, declared in self._declared.items():
            if name in self._required and name not in given:
                yield self._fault("PK303", f"the input `{name}` is missing", help=_told(declared))

    def _unknown(self, given: Mapping[str, Any]) -> Iterable[Diagnostic]:
        for name in given:
            if name not in self._declared:
                hint = did_you_mean(str(name), self._declared)
                known = ", ".join(self._declared) or "none"
                yield self._fault(
                    "PK304",
                    f"there is no input `{name}`",
                    label=hint,
                    help="" if hint else f"inputs: {known}",
                )

    def _unfit(self, name: str, value: Any) -> Iterable[Diagnostic]:
        declared = self._declared.get(name)
        for violation in self._schemas[name].validate(value) if declared is not None else ():
            secret = declared is not None and declared.secret
            where = "" if violation.path == "$" or secret else f" at {violation.path}"
            label, cure = (_HIDDEN, "") if secret else (violation.message, _cure(violation, value))
            yield self._fault("PK306", f"the input `{name}` does not fit{where}", label=label, help=cure)

    def _misfit(self, violation: Violation) -> Diagnostic:
        """What the schema of all inputs together finds; it may quote any of them."""
        secrets = {name for name, declared in self._declared.items() if declared.secret}
        hidden = not violation.location or violation.location[0] in secrets if secrets else False
        told = f"{violation.path}: {_HIDDEN}" if hidden else str(violation)
        return self._fault("PK306", f"the inputs do not fit: {told}")

    def _fault(self, code: str, message: str, **told: Any) -> Diagnostic:
        return Diagnostic(code, "error", message, self._path, **told)

    def from_texts(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Values from the texts of a command line, each read by its declared type.

        Raises `InputError` for a text that its type cannot be read from.
        """
        values, faults = {}, []
        for name, text in given.items():
            declared = self._declared.get(name)
            schema = declared.json_schema if declared else {}
            try:
                values[name] = read_text(text, schema)
            except UnreadableText as error:
                secret = declared is not None and declared.secret
                label, cure = _HIDDEN if secret else str(error), error.cure(name, secret=secret)
                faults.append(self._fault("PK306", f"the input `{name}` does not fit", label=label, help=cure))
        if faults:
            raise InputError(faults)
        return values


_HIDDEN = "the value is secret"


def _cure(violation: Violation, value: Any) -> str:
    """How the part of a value is written that does not fit, where its form tells."""
    with suppress(KeyError, IndexError, TypeError):
        return cure_of(violation.message, reduce(getitem, violation.location, value))
    return ""


def _told(declared: Input) -> str:
    schema = declared.json_schema
    said = schema.get("description") if isinstance(schema, dict) else None
    return f"it is: {said}" if said else ""
