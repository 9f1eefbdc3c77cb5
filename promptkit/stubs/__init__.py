"""Python code made from prompts, so that type checkers and editors know their inputs and their answers."""

from __future__ import annotations

from promptkit.stubs.modules import FORMS, answer_schema, inputs_schema, stub_module

__all__ = ["FORMS", "answer_schema", "inputs_schema", "stub_module"]
