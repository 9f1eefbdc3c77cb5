"""The types of other languages in our notation: `List[str]` of Python, `Array<string>` of TypeScript, `enum(a, b)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.schema.shorthand_literals import QUOTED

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = {
    **dict.fromkeys(("str", "text", "char"), "string"),
    **dict.fromkeys(("int", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("none", "nil", "undefined"), "null"),
    **dict.fromkeys(("list", "tuple", "set"), "array"),
    **dict.fromkeys(("dict", "map", "mapping"), "object"),
    "json": "any",
    **dict.fromkeys(("timestamp", "date-time"), "datetime"),
    "url": "uri",
    "guid": "uuid",
}
_ONLY_TYPES = frozenset(("str", "int", "float", "bool", "double", "decimal", "dict", "tuple", "char", "guid"))
"""Words that are types and nothing else; `text | json` are two formats as well."""
_OF_JSON = frozenset(("string", "integer", "number", "boolean", "array", "object"))
_CLOSING = {"[": "]", "<": ">", "(": ")"}
_MOST_DEPTH = 16


class Translated(NamedTuple):
    """A type in our notation, and how long the other language's text for it is."""

    text: str
    length: int


def type_of_json(word: str) -> str:
    """The type of JSON Schema that a word of another language means; empty where it means none."""
    meant = _NAMES.get(word.lower(), "")
    return meant if meant in _OF_JSON else ""


def near_type(word: str, types: list[str]) -> str:
    """Our type that a word means: another language's, or one of ours misspelt; empty where it means none."""
    from difflib import get_close_matches

    if known := _NAMES.get(word.lower()):
        return known
    near = get_close_matches(word.lower(), types, n=1, cutoff=0.75)
    return near[0] if near else ""


def translated(text: str, types: list[str]) -> Translated | None:
    """What a text begins with in our notation; None where it is not certainly a type of another language."""
    reader = _Reader(text, types)
    found = reader.union(0)
    if found is None or not reader.foreign:
        return None
    behind = text[reader.at :].lstrip()
    return Translated(_joined(found), reader.at) if not behind or behind[0] in ",=]" else None


def _joined(alternatives: list[str]) -> str:
    once = list(dict.fromkeys(alternatives))
    return " | ".join([each for each in once if each != "null"] + ["null"] * ("null" in once))


class _Reader:
    """A position in the text. `foreign` says that something has been read which is a type and nothing of ours."""

    def __init__(self, text: str, types: list[str]) -> None:
        self.text = text
        self.at = 0
        self.foreign = False
        self._types = types

    def union(self, depth: int) -> list[str] | None:
        """The alternatives that stand here; None where this is no type."""
        found: list[str] = []
        while True:
            alternative = self._type(depth) if depth < _MOST_DEPTH else None
            if alternative is None:
                return None
            found += alternative
            if self._taken(r"\|") is None:
                return found

    def _type(self, depth: int) -> list[str] | None:
        """One type with what stands behind it, as alternatives of ours."""
        name = self._taken(r"one\s+of\b|[A-Za-z_][\w.-]*")
        if name is None:
            return None
        word = re.sub(r"\s+", "_", name.rpartition(".")[2].lower())
        bracket = self._taken(r"[\[<(](?!\])")
        found = (
            self._plain(word, name if depth else "")
            if bracket is None
            else self._generic(word, _CLOSING[bracket], depth)
        )
        while found is not None and self._taken(r"\[\]"):
            self.foreign = True
            found = [f"[{_joined(found)}]"]
        return found

    def _plain(self, word: str, inside: str) -> list[str] | None:
        """A name alone; inside of brackets it may be that of a class."""
        self.foreign = self.foreign or word in _ONLY_TYPES
        meant = word if word in self._types else _NAMES.get(word, "object" if inside[:1].isupper() else None)
        return None if meant is None else [meant]

    def _generic(self, word: str, closing: str, depth: int) -> list[str] | None:
        """A type with others in brackets."""
        self.foreign = True
        if word in _OF_WORDS:
            return self._words(closing)
        make = _GENERICS.get(word)
        arguments: list[list[str]] = []
        while make is not None:
            argument = ["..."] if self._taken(r"\.\.\.") else self.union(depth + 1)
            if argument is None:
                return None
            arguments.append(argument)
            if self._taken(re.escape(closing)):
                return make([each for each in arguments if each != ["..."]])
            if self._taken(",") is None:
                return None
        return None

    def _words(self, closing: str) -> list[str] | None:
        """The words of an enum."""
        found: list[str] = []
        while (written := self._taken(rf"{QUOTED.pattern}|[\w.-]+(?: [\w.-]+)*")) is not None:
            if (word := self._word(written)) is None:
                return None
            found.append(word)
            if self._taken(re.escape(closing)):
                return self._alone(found)
            if self._taken(r"[,|]") is None:
                return None
        return None

    def _word(self, written: str) -> str | None:
        """A word as ours, in quotes where it would be another thing without; None for a number."""
        if written in _NO_WORDS:
            return _NO_WORDS[written]
        if _A_NUMBER.fullmatch(written):
            return None
        bare = written[1:-1] if written[0] in "\"'" else written
        plain = bare not in self._types and re.fullmatch(r"[\w. -]+", bare)
        return bare if plain else "'{}'".format(bare.replace("'", "''"))

    def _alone(self, words: list[str]) -> list[str]:
        """The words, in quotes where one is all there is: it would be taken for a type."""
        if len([each for each in words if each != "null"]) > 1:
            return words
        return [f"'{each}'" if each.isidentifier() and each not in self._types else each for each in words]

    def _taken(self, pattern: str) -> str | None:
        """What stands next, taken if it is of this pattern."""
        found = re.compile(rf"\s*({pattern})", re.DOTALL).match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[1]


def _one_of(arguments: list[list[str]]) -> list[str]:
    return [each for argument in arguments for each in argument]


_A_NUMBER = LatePattern(r"-?\d+(?:\.\d+)?")
_NO_WORDS = {"null": "null", "None": "null", **dict.fromkeys(("true", "false", "True", "False"), "boolean")}
"""What stands among words, and is none."""
_OF_WORDS = frozenset(("literal", "enum", "choice", "one_of", "oneof"))
_GENERICS: dict[str, Callable[[list[list[str]]], list[str]]] = {
    **dict.fromkeys(
        ("list", "array", "readonlyarray", "sequence", "iterable", "set", "frozenset", "tuple", "vec"),
        lambda arguments: [f"[{_joined(_one_of(arguments))}]"],
    ),
    **dict.fromkeys(("dict", "mapping", "map", "record", "defaultdict", "hashmap"), lambda _: ["object"]),
    **dict.fromkeys(("optional", "maybe", "nullable", "option"), lambda arguments: [*arguments[0], "null"]),
    "union": _one_of,
    **dict.fromkeys(("annotated", "required", "notrequired", "final"), lambda arguments: arguments[0]),
}
"""What types with others in brackets come to."""
