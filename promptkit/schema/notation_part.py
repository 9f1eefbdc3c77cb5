"""One object schema while it is written in the notation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.equality import is_kind
from promptkit.schema.notation_kinds import KEYWORDS, KINDS
from promptkit.schema.notation_marks import bare, closed, joined, noted, one_line, to_json
from promptkit.schema.references import NAMED_SCHEMAS, ONE_SCHEMA

if TYPE_CHECKING:
    from promptkit.schema.notation import Printer

_MARKED = ("deprecated", "readOnly", "writeOnly")
_FEW_VALUES = 8


class Part:
    """One object schema: `rest` holds the keywords that are not told yet, `known` the types that hold at its place."""

    def __init__(self, printer: Printer, schema: dict[str, Any], level: int, known: list[str], key: str) -> None:
        self.printer = printer
        self.rest = printer.telling(schema)
        self.level = level
        self.known = known
        self.key = key
        self.name = ""

    def text(self) -> str:
        """The schema in the notation: what it is, what it must fulfil in parentheses, its default."""
        notes: list[str] = []
        parts = [*self._reference(), *self._core(notes), *self._combined()]
        notes += self.annotations()
        default = f" = {to_json(self.rest.pop('default'))}" if "default" in self.rest else ""
        self.rest.pop("type", None)
        notes[:0] = self._others()
        body = " & ".join(map(closed, parts) if len(parts) > 1 else parts) or "any"
        return noted(body, notes) + default

    def kinds(self) -> list[str]:
        """The types that this schema itself names."""
        kinds = self.rest.get("type", [])
        listed = [kinds] if isinstance(kinds, str) else kinds
        return [str(kind) for kind in listed if kind != "integer" or "number" not in listed]

    def write(self, schema: Any) -> str:
        """A schema inside this one, about another value."""
        return self.printer.write(schema, self.level + 1)

    def _beside(self, schema: Any) -> str:
        """A schema inside this one, about the same value."""
        return self.printer.write(schema, self.level + 1, self.kinds() or self.known)

    def _reference(self) -> list[str]:
        keyword, target = self.printer.target(self.rest)
        if target is None:
            return []
        self.name = str(self.rest.pop(keyword)).rpartition("/")[2]
        return [self.printer.write(target, self.level + 1, key=self.name)]

    def _core(self, notes: list[str]) -> list[str]:
        values, kinds = self._values(), self.kinds()
        if values is not None:
            told = (" | " if len(values) <= _FEW_VALUES else "|").join(map(to_json, values)) or "never"
            implied = not kinds or all(is_kind(value, kinds) for value in values)
            return [told] if implied else [" | ".join(kinds), f"({told})"]
        if not kinds:
            return self._untyped(notes)
        return [" | ".join(self._kind(kind, notes, alone=len(kinds) == 1) for kind in kinds)]

    def _values(self) -> list[Any] | None:
        if "const" in self.rest:
            return [self.rest.pop("const")]
        return list(self.rest.pop("enum")) if isinstance(self.rest.get("enum"), list) else None

    def _untyped(self, notes: list[str]) -> list[str]:
        """Keywords without a type: they hold for the values of their kind and let all others pass."""
        known = {"number" if kind == "integer" else kind for kind in self.known}
        applicable = [kind for kind, keywords in KEYWORDS.items() if not keywords.isdisjoint(self.rest)]
        return [
            self._kind(kind, notes, alone=True) if known == {kind} else f"any {self._kind(kind, notes, alone=False)}"
            for kind in applicable
        ]

    def _kind(self, kind: str, notes: list[str], *, alone: bool) -> str:
        write = KINDS.get(kind)
        facts: list[str] = []
        body = write(self, facts) if write else kind
        if alone and "\n" not in body:
            notes.extend(facts)
            return body
        return noted(body, facts)

    def _combined(self) -> list[str]:
        parts = []
        for keyword, join in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
            branches = self.rest.get(keyword)
            if isinstance(branches, list) and branches:
                del self.rest[keyword]
                parts.append(joined(list(map(self._beside, branches)), join, exactly=keyword == "oneOf"))
        if "not" in self.rest:
            parts.append(f"not ({self._beside(self.rest.pop('not'))})")
        if "if" in self.rest and ("then" in self.rest or "else" in self.rest):
            words = [word for word in ("if", "then", "else") if word in self.rest]
            parts.append(" ".join(f"{word} ({self._beside(self.rest.pop(word))})" for word in words))
        return parts

    def _others(self) -> list[str]:
        """What has no notation of its own: by its keyword, the schemas in it in the notation, all else as JSON."""
        told = [f"{keyword}: {self._other(keyword)}" for keyword in list(self.rest) if self._holds_schemas(keyword)]
        return [*([to_json(self.rest)] if self.rest else []), *told]

    def _holds_schemas(self, keyword: str) -> bool:
        value = self.rest[keyword]
        if keyword in NAMED_SCHEMAS and isinstance(value, dict):
            return all(isinstance(each, (dict, bool)) for each in value.values())
        return keyword in ONE_SCHEMA and isinstance(value, (dict, bool))

    def _other(self, keyword: str) -> str:
        value = self.rest.pop(keyword)
        if keyword in ONE_SCHEMA:
            return self.write(value)
        return f"{{{', '.join(f'{to_json(name)}: {self._beside(each)}' for name, each in value.items())}}}"

    def annotations(self) -> list[str]:
        """The title unless the place says it already, the description, examples and marks; they count as told."""
        title = self.rest.pop("title", "")
        said = self.rest.pop("description", "")
        examples = self.rest.pop("examples", None)
        notes = [keyword for keyword in _MARKED if self.rest.get(keyword) is True]
        for keyword in notes:
            del self.rest[keyword]
        if isinstance(examples, list) and examples:
            notes.append(f"e.g. {', '.join(map(to_json, examples))}")
        if isinstance(title, str) and bare(title) not in ("", bare(self.key), bare(self.name)):
            notes.append(one_line(title))
        if isinstance(said, str) and said.strip():
            notes.append(one_line(said))
        return notes
