"""What other libraries make of a model's answer. Each reader takes the text and the schema, and raises what it refuses.

A reader is there if its library is: json-repair, langchain-core, dspy, instructor, partial-json-parser, baml-py.
Each is called as its own library calls it when an answer arrives.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str, Any], Any]


class Refused(ValueError):
    """The library gives no value, or cannot be told what is wanted."""


def peers() -> dict[str, Read]:
    """The readers whose libraries are installed, by name."""
    return {name: make() for name, (package, make) in _PEERS.items() if find_spec(package) is not None}


def _json_repair() -> Read:
    import json_repair

    def read(text: str, _: Any) -> Any:
        value = json_repair.loads(text)
        if value == "":  # its word for nothing
            raise Refused
        return value

    return read


def _langchain() -> Read:
    from langchain_core.utils.json import parse_json_markdown

    return lambda text, _: parse_json_markdown(text)


def _instructor() -> Read:
    from instructor.v2.core.json import extract_json_from_codeblock

    return lambda text, _: json.loads(extract_json_from_codeblock(text))


def _partial_json_parser() -> Read:
    from partial_json_parser import loads

    return lambda text, _: loads(text)


def _dspy() -> Read:
    from dspy.adapters.json_adapter import JSONAdapter
    from dspy.signatures.signature import OutputField, make_signature
    from dspy.utils.exceptions import AdapterParseError

    adapter = JSONAdapter()

    def read(text: str, schema: Any) -> Any:
        names = schema.get("properties", {}) if isinstance(schema, dict) else {}
        if not names or not all(name.isidentifier() for name in names):
            raise Refused("dspy asks for fields by name")
        signature = make_signature({name: (Any, OutputField()) for name in names})
        try:
            return adapter.parse(signature, text)
        except AdapterParseError as error:
            raise Refused(str(error)) from None

    return read


def _baml() -> Read:
    from types import ModuleType

    import pydantic
    from baml_py import BamlRuntime
    from baml_py.errors import BamlError

    @cache
    def runtime(written: str) -> tuple[Any, Any, ModuleType]:
        types = BamlTypes(json.loads(written))
        files = {"main.baml": f'{types.text()}\nfunction F() -> {types.root} {{ client "openai/x" prompt #"x"# }}\n'}
        made = BamlRuntime.from_files("/", files, {})
        module = ModuleType("types")
        for name in types.classes:
            setattr(module, name, pydantic.create_model(name, __config__=pydantic.ConfigDict(extra="allow")))
        return made, made.create_context_manager(), module

    def read(text: str, schema: Any) -> Any:
        try:
            made, context, module = runtime(json.dumps(schema))
            value = made.parse_llm_response("F", text, module, module, module, False, context, None, None, {})
        except BamlError as error:
            raise Refused(str(error)) from None
        return _plain(value)

    return read


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return (
        _plain({k: v for k, v in value.model_extra.items() if v is not None})
        if hasattr(value, "model_extra")
        else value
    )


class BamlTypes:
    """A JSON Schema as BAML's classes. Raises `Refused` for what BAML has no word for."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.classes: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self.root = self._type(schema)

    def text(self) -> str:
        """All classes."""
        return "\n".join(self.classes.values())

    def _type(self, schema: Any) -> str:
        if not isinstance(schema, dict):
            raise Refused("no schema")
        if "$ref" in schema:
            return self._led(schema["$ref"])
        if "enum" in schema or "const" in schema:
            return self._either([json.dumps(each) for each in schema.get("enum", [schema.get("const")])])
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self._either([self._type(each) for each in schema[word]])
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kinds, list):
            return self._either([self._type({**schema, "type": kind}) for kind in kinds])
        return self._of_kind(kinds, schema)

    def _either(self, types: list[str]) -> str:
        return types[0] if len(types) == 1 else f"({' | '.join(types)})"

    def _of_kind(self, kind: Any, schema: dict[str, Any]) -> str:
        if kind == "array":
            return f"{self._type(schema.get('items', {}))}[]"
        if kind == "object":
            return self._object(schema)
        if kind not in _BAML:
            raise Refused(f"no word for {kind}")
        return _BAML[kind]

    def _object(self, schema: dict[str, Any], name: str = "") -> str:
        if "properties" not in schema:
            return f"map<string, {self._type(schema.get('additionalProperties'))}>"
        name = name or f"C{len(self.classes)}"
        self.classes[name] = ""
        needed = schema.get("required", ())
        lines = []
        for key, each in schema["properties"].items():
            if not key.isidentifier():
                raise Refused("keys are names in BAML")
            lines.append(f"{key} {self._type(each)}{'' if key in needed else '?'}")
        self.classes[name] = f"class {name} {{\n  " + "\n  ".join(lines) + "\n}"
        return name

    def _led(self, reference: str) -> str:
        if reference not in self._known:
            from promptkit.schema.references import resolve

            target = resolve(self.schema, reference)
            self._known[reference] = f"R{len(self._known)}"
            if target.get("type") != "object":
                raise Refused("references to classes alone")
            self._object(target, self._known[reference])
        return self._known[reference]


_BAML = {"string": "string", "integer": "int", "number": "float", "boolean": "bool", "null": "null"}
_PEERS: dict[str, tuple[str, Callable[[], Read]]] = {
    "json_repair": ("json_repair", _json_repair),
    "langchain-core": ("langchain_core", _langchain),
    "dspy": ("dspy", _dspy),
    "instructor": ("instructor", _instructor),
    "partial-json-parser": ("partial_json_parser", _partial_json_parser),
    "BAML": ("baml_py", _baml),
}
