"""What an output declares, as the prose of a prompt may speak of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.loading.typed_values import schemas_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Answer(NamedTuple):
    """What the output declares: its format, the names of its fields at any depth, its enums, numbers by field.

    `needed` are the fields that no object leaves out which has them.
    """

    format: str
    schema: Any
    keys: frozenset[str]
    enums: tuple[tuple[str, ...], ...]
    fields: dict[str, dict[str, Any]]
    needed: frozenset[str] = frozenset()
    alone: bool = False
    """Whether one field is all that is spoken of, by its name or not."""
    given: tuple[frozenset[str], ...] = ()
    """The words of inputs that are one of several, in small letters."""
    inputs: frozenset[str] = frozenset()
    """The names of the inputs."""

    def is_given(self, words: Iterable[str]) -> bool:
        """Whether all of some words are an input's."""
        said = {word.casefold() for word in words}
        return any(said <= known for known in self.given)

    def fields_of(self, enum: Sequence[str]) -> set[str]:
        """The fields that have an enum's words."""
        return {name for name, each in self.fields.items() if tuple(each.get("enum", ())) == tuple(enum)}

    @property
    def closed(self) -> bool:
        """Whether the whole answer takes no other fields than those that are declared."""
        return isinstance(self.schema, dict) and self.schema.get("additionalProperties") is False

    @property
    def kind(self) -> str:
        """The JSON type of the whole answer, where the schema names it."""
        kind = self.schema.get("type") if isinstance(self.schema, dict) else None
        return kind if isinstance(kind, str) else ""

    @classmethod
    def of(cls, output: dict[str, Any]) -> Answer:
        """The answer that an output's data declare."""
        schema = output.get("json_schema")
        found: dict[str, dict[str, Any]] = {}
        enums: list[tuple[str, ...]] = []
        optional: set[str] = set()
        for each in schemas_inside(schema):
            properties = each.get("properties")
            needed = each.get("required")
            names = set(properties) if isinstance(properties, dict) else set()
            optional |= names.difference(needed if isinstance(needed, list) else ())
            for name, inner in properties.items() if isinstance(properties, dict) else ():
                if isinstance(inner, dict):  # of one that is declared in two ways nothing is said
                    found[name] = inner if found.get(name, inner) == inner else {}
            listed = each.get("enum")
            if isinstance(listed, list) and len(listed) > 1 and all(isinstance(word, str) for word in listed):
                enums.append(tuple(listed))
        if output.get("format") == "choice":
            enums.append(tuple(map(str, output.get("choices") or ())))
        keys = frozenset(found)
        return cls(output.get("format", "text"), schema, keys, tuple(enums), found, keys - optional)

    @classmethod
    def of_field(cls, name: str, schema: dict[str, Any]) -> Answer:
        """One field, whose description speaks of nothing else."""
        words = tuple(enum_of(schema))
        enums = (words,) if len(words) > 1 and len(words) == len(schema["enum"]) else ()
        return cls("json", schema, frozenset([name]), enums, {name: schema}, alone=True)


def enum_of(schema: Any) -> list[str]:
    """The words of a schema's enum; none where it has no enum."""
    listed = schema.get("enum") if isinstance(schema, dict) else None
    return [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
