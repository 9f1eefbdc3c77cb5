"""JSON Schemas as Python types: expressions, and the classes that they need, in one of several forms."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.schema.references import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class: its name in the data, its type, whether it must be there, what it is."""

    name: str
    type: str
    required: bool
    description: str = ""
    default: Any = None
    """What stands for it where it is left out."""


@dataclass(slots=True)
class Types:
    """The classes of a module that is being made, in the order in which they must stand."""

    write: Callable[[str, str, list[Field]], str]
    """The code of a class, from its name, its docstring and its fields."""
    classes: dict[str, str] = field(default_factory=dict)
    _known: dict[int, str] = field(default_factory=dict)

    def of(self, schema: Any, name: str, root: Any = None, depth: int = 0) -> str:
        """The type of a schema; `name` is what its class would be called, `root` the document that it stands in."""
        root = schema if root is None else root
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return "Any"
        if "$ref" in schema:
            return self._referred(schema, name, root, depth)
        if "const" in schema:
            return _literal([schema["const"]])
        if isinstance(schema.get("enum"), list):
            return _literal(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if isinstance(schema.get(union), list):
                each = [self.of(one, f"{name}{number}", root, depth + 1) for number, one in enumerate(schema[union], 1)]
                return _union(each)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return _union([self.of({**schema, "type": kind}, name, root, depth + 1) for kind in kinds])
        if kinds == "array" or (kinds is None and "items" in schema):
            items = schema.get("items", True)
            return f"list[{self.of(items, f'{name}Item', root, depth + 1)}]"
        if kinds == "object" or (kinds is None and "properties" in schema):
            return self._object(schema, name, root, depth)
        return _PLAIN.get(str(kinds), "Any")

    def _referred(self, schema: dict[str, Any], name: str, root: Any, depth: int) -> str:
        try:
            found = resolve(root, schema["$ref"])
        except LookupError:
            return "Any"
        last = class_name(str(schema["$ref"]).rpartition("/")[2])
        own = name if schema["$ref"] == "#" else last or name
        return self._known.get(id(found)) or self.of(found, own, root, depth + 1)

    def _object(self, schema: dict[str, Any], name: str, root: Any, depth: int) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            others = schema.get("additionalProperties", True)
            inner = self.of(others, f"{name}Value", root, depth + 1) if isinstance(others, dict) else "Any"
            return f"dict[str, {inner}]"
        own = self.free(name)
        self._known[id(schema)] = f'"{own}"'
        self.classes[own] = ""  # its place is taken, whatever stands inside
        required = schema.get("required", ())
        fields = [
            Field(
                key,
                self.of(each, f"{own}{class_name(key)}", root, depth + 1),
                key in required,
                _described(each),
                _default(each),
            )
            for key, each in properties.items()
        ]
        del self.classes[own]
        self.classes[own] = self.write(own, _described(schema), fields)
        self._known[id(schema)] = own
        return own

    def free(self, name: str) -> str:
        """The name, or with a number if a class has it already."""
        number, wanted = 1, name
        while wanted in self.classes:
            number += 1
            wanted = f"{name}{number}"
        return wanted


def class_name(text: str) -> str:
    """A name in words put together: `support-triage` is `SupportTriage`."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return f"_{joined}" if joined[:1].isdigit() else joined


def is_name(text: str) -> bool:
    """Whether a text can be a name in Python."""
    return text.isidentifier() and not keyword.iskeyword(text)


def _described(schema: Any) -> str:
    found = schema.get("description", "") if isinstance(schema, dict) else ""
    return " ".join(str(found).split()).replace("\\", "\\\\").replace('"""', "'''")


def _default(schema: Any) -> Any:
    """A default that can stand in a class: no object, which has a class of its own."""
    found = schema.get("default") if isinstance(schema, dict) else None
    parts = found if isinstance(found, list) else [found]
    return None if any(isinstance(part, (dict, list)) for part in parts) else found


def _literal(values: list[Any]) -> str:
    """A `Literal` of the values, where each can stand in one."""
    plain = [value for value in values if value is None or isinstance(value, (str, bool, int))]
    if len(plain) < len(values) or not values:
        return "Any"
    return f"Literal[{', '.join(map(repr, values))}]"


def _union(types: list[str]) -> str:
    listed = dict.fromkeys(types)
    return "Any" if "Any" in listed else " | ".join(listed)


# The forms of classes


def typed_dict(name: str, description: str, fields: list[Field]) -> str:
    """A `TypedDict`; where a field's name is no name in Python, in the functional form."""
    types = {each.name: each.type if each.required else f"NotRequired[{each.type}]" for each in fields}
    if not all(map(is_name, types)):
        inside = ", ".join(f"{key!r}: {kind!r}" for key, kind in types.items())
        return f"{name} = TypedDict({name!r}, {{{inside}}})"
    lines = [f"class {name}(TypedDict):", *_doc(description)]
    for each in fields:
        lines += [f"    {each.name}: {types[each.name]}", *_doc(each.description)]
    return "\n".join(lines)


def model(name: str, description: str, fields: list[Field]) -> str:
    """A pydantic model; a field whose name is none in Python has another one, and its own as an alias."""
    lines = [f"class {name}(BaseModel):", *_doc(description)]
    taken = {each.name for each in fields if _can_be_field(each.name)}
    for each in fields:
        own = each.name if _can_be_field(each.name) else _free(_python_name(each.name), taken)
        taken.add(own)
        absent = not each.required and each.default is None
        kind = _union([*each.type.split(" | "), "None"]) if absent else each.type
        told = [f"alias={each.name!r}"] if own != each.name else []
        told += [f"description={each.description!r}"] if each.description else []
        default = "..." if each.required else repr(each.default)
        value = f" = Field({', '.join([default, *told])})" if told else "" if each.required else f" = {default}"
        lines.append(f"    {own}: {kind}{value}")
    return "\n".join(lines)


_TAKEN = frozenset(
    (
        *("Any", "Field", "Literal", "bool", "dict", "float", "int", "list", "str"),
        *("construct", "copy", "json", "schema", "validate"),
    )
)
"""Names that types are written with, and those of pydantic's models (its documentation, "BaseModel")."""


def _can_be_field(name: str) -> bool:
    return is_name(name) and not name.startswith(("_", "model_")) and name not in _TAKEN


def _python_name(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "field"
    if plain[0].isdigit() or plain.startswith("model_"):
        return f"field_{plain}"
    return plain if _can_be_field(plain) else f"{plain}_"


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _doc(description: str) -> list[str]:
    return [f'    """{description}"""'] if description else []


WRITERS: Mapping[str, Callable[[str, str, list[Field]], str]] = {
    "typeddict": typed_dict,
    "pydantic": model,
    "pyi": typed_dict,
}
