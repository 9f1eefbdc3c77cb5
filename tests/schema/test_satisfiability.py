"""Schemas that no value fits: large documents are looked at in time, and deep ones raise nothing."""

from __future__ import annotations

from typing import Any

from promptkit.schema import satisfiability
from promptkit.schema.lints import schema_lints
from promptkit.schema.satisfiability import empty_schemas


def chain(length: int, last: Any, **more: Any) -> dict[str, Any]:
    linked = {f"d{n}": {**more, "properties": {"x": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**linked, f"d{length}": last}}


def test_references_that_follow_each_other_for_long_raise_nothing() -> None:
    links: dict[str, Any] = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(900)}
    assert [] == list(schema_lints({"$ref": "#/$defs/d0", "$defs": {**links, "d900": {"type": "string"}}}))


def test_each_schema_is_looked_at_a_few_times_however_long_the_chain(monkeypatch: Any) -> None:
    looked = 0

    class Counting(satisfiability._Satisfiability):
        def fits(self, form: Any) -> bool:
            nonlocal looked
            looked += 1
            return super().fits(form)

    monkeypatch.setattr(satisfiability, "_Satisfiability", Counting)
    assert [] == empty_schemas(chain(400, {"type": "string"}, type="object", required=["x"]), frozenset())
    assert looked < 8 * 400


def test_a_long_circle_of_needs_is_one_fault() -> None:
    circle = chain(200, {"$ref": "#/$defs/d0"}, type="object", required=["x"])
    assert ["PK407"] == [lint.code for lint in schema_lints(circle)]
