"""JSON Schema: one `Schema` value that judges, orders and prints; the shorthand it is written in; what fits what.

`schema` is the value, `shorthand` reads declarations, `notation` prints, `compat` compares two schemas,
`validators` is the only importer of jsonschema_rs.
"""

from __future__ import annotations

from promptkit.schema.schema import Schema

__all__ = ["Schema"]
