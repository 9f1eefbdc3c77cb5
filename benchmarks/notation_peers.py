"""Two other ways in which prompts show a type: TypeScript, as for function calls, and BAML's output format.

Both are written here after their published forms, and keep what those keep: TypeScript's a description above each
property and a default behind it (the form that openai/harmony documents for tools), BAML's descriptions and
alternatives, a class written out at each use unless it is recursive (docs.boundaryml.com, `ctx.output_format`).
Bounds, lengths, patterns and formats stand in neither. The order of keys is the schema's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

_DEEPEST = 40


class Writer:
    """What both have in common: names for what is recursive, and a text for each kind of schema."""

    alternative = " | "
    nothing = "null"

    def __init__(self, root: Any) -> None:
        self.root = root
        self.names: dict[str, str] = {}
        self.bodies: dict[str, str] = {}
        self.open: list[str] = []
        self.texts: dict[str, str] = {}

    def whole(self) -> str:
        """The type of the root, with the named types before it."""
        text = self.type(self.root, 0)
        return "\n\n".join([*(self.named(name, body) for name, body in self.bodies.items()), text])

    def named(self, name: str, body: str) -> str:
        """A type that has a name."""
        return f"type {name} = {body}"

    def type(self, schema: Any, level: int) -> str:
        """The text of a schema."""
        if not isinstance(schema, dict) or level > _DEEPEST:
            return "any"
        if isinstance(schema.get("$ref"), str):
            return self.reference(schema["$ref"], level)
        if "const" in schema:
            return self.literal(schema["const"])
        if isinstance(schema.get("enum"), list):
            return self.alternative.join(map(self.literal, schema["enum"]))
        for word in ("anyOf", "oneOf"):
            if isinstance(schema.get(word), list):
                return self.alternative.join(dict.fromkeys(self.type(each, level) for each in schema[word]))
        if isinstance(schema.get("allOf"), list):
            return " & ".join(self.type(each, level) for each in schema["allOf"])
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return self.alternative.join(self.kind(each, schema, level) for each in kinds)
        return self.kind(kinds or ("object" if "properties" in schema else None), schema, level)

    def kind(self, kind: Any, schema: dict[str, Any], level: int) -> str:
        """The text of a schema of one type."""
        if kind == "object":
            return self.object(schema, level)
        if kind == "array":
            inner = self.type(schema.get("items", {}), level)
            return f"({inner})[]" if self.alternative in inner else f"{inner}[]"
        return self.nothing if kind == "null" else str(self.plain.get(kind, "any"))

    plain: ClassVar[dict[str, str]] = {}

    def literal(self, value: Any) -> str:
        """A constant."""
        return json.dumps(value, ensure_ascii=False)

    def reference(self, pointer: str, level: int) -> str:
        """The name of what is referred to, or its body."""
        raise NotImplementedError

    def object(self, schema: dict[str, Any], level: int) -> str:
        """The text of an object."""
        raise NotImplementedError

    def found(self, pointer: str) -> Any:
        """What a reference inside the schema leads to."""
        at = self.root
        for name in pointer.removeprefix("#").split("/")[1:]:
            key = name.replace("~1", "/").replace("~0", "~")
            at = at[int(key)] if isinstance(at, list) and key.isdigit() else at.get(key, {}) if at else {}
        return at if pointer.startswith("#") else {}

    def name_of(self, pointer: str) -> str:
        """A name for what a reference leads to."""
        last = pointer.rpartition("/")[2] or "Root"
        return self.names.setdefault(pointer, last if last not in self.names.values() else f"{last}{len(self.names)}")


class TypeScript(Writer):
    """Types as a tool's parameters show them; what is shared is written once."""

    plain: ClassVar[dict[str, str]] = {
        "string": "string",
        "integer": "number",
        "number": "number",
        "boolean": "boolean",
    }

    def reference(self, pointer: str, level: int) -> str:  # noqa: ARG002
        name = self.name_of(pointer)
        if name not in self.bodies:
            self.bodies[name] = ""
            self.bodies[name] = self.type(self.found(pointer), 0)
        return name

    def object(self, schema: dict[str, Any], level: int) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            values = schema.get("additionalProperties")
            return f"{{ [key: string]: {self.type(values, level) if isinstance(values, dict) else 'any'} }}"
        required = schema.get("required", [])
        lines = []
        for key, each in properties.items():
            said = each.get("description") if isinstance(each, dict) else None
            lines += [f"// {line}" for line in str(said).splitlines()] if said else []
            default = (
                f" // default: {self.literal(each['default'])}" if isinstance(each, dict) and "default" in each else ""
            )
            shown = key if key.isidentifier() else json.dumps(key)
            lines.append(f"{shown}{'' if key in required else '?'}: {self.type(each, level + 1)},{default}")
        return "{\n" + "\n".join(lines) + "\n}"


class Baml(Writer):
    """BAML's output format; only a recursive class has a name."""

    alternative = " or "
    plain: ClassVar[dict[str, str]] = {"string": "string", "integer": "int", "number": "float", "boolean": "bool"}

    def named(self, name: str, body: str) -> str:
        return f"{name} {body}"

    def literal(self, value: Any) -> str:
        return f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def reference(self, pointer: str, level: int) -> str:
        if pointer in self.open:
            return self.name_of(pointer)
        # Written out at each use; what it says there is the same, so that it is made once.
        if pointer not in self.texts:
            self.open.append(pointer)
            text = self.type(self.found(pointer), level)
            self.open.pop()
            if pointer in self.names:
                self.bodies[self.names[pointer]] = text
                text = self.names[pointer]
            self.texts[pointer] = text
        return self.texts[pointer]

    def object(self, schema: dict[str, Any], level: int) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            values = schema.get("additionalProperties")
            return f"map<string, {self.type(values, level) if isinstance(values, dict) else 'string'}>"
        required = schema.get("required", [])
        lines = []
        for key, each in properties.items():
            said = each.get("description") if isinstance(each, dict) else None
            lines += [f"  // {line}" for line in str(said).splitlines()] if said else []
            inner = self.type(each, level + 1).replace("\n", "\n  ")
            lines.append(f"  {key}: {inner}{'' if key in required else ' or null'},")
        return "{\n" + "\n".join(lines) + "\n}"


PEERS: dict[str, Callable[[Any], str]] = {
    "TypeScript": lambda schema: TypeScript(schema).whole(),
    "BAML's output format": lambda schema: f"Answer in JSON using this schema:\n{Baml(schema).whole()}",
}
