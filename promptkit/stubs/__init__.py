"""Python code made from prompts, so that type checkers and editors know their inputs and their answers."""

from __future__ import annotations

from promptkit.stubs.modules import FORMS, inputs_schema, stub_module

__all__ = ["FORMS", "inputs_schema", "stub_module"]
