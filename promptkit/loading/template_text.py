"""One template's text in the check of a prompt: where it stands, what it meets on its walk, what it loads."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Unpack

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits, variable
from promptkit.loading.file_suggestions import file_cure
from promptkit.loading.findings import MOST_FINDINGS
from promptkit.loading.typed_values import is_optional
from promptkit.source import SourceError
from promptkit.source_paths import resolve
from promptkit.template.paths import shown
from promptkit.template.reserved import BLOCK_NAMES
from promptkit.template.suggestions import function_meant
from promptkit.template.tree import TemplateFault
from promptkit.template.vocabulary import functions
from promptkit.yaml_nodes import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.diagnostics import Details
    from promptkit.loading.template_checks import TemplateChecks
    from promptkit.template.paths import Path
    from promptkit.template.tree import Token, Tree

MAX_INCLUDES = 1_000
MAX_TOKENS = 500_000
ROOT_CURE = "only files under the root can be included: the folder of `promptkit.toml`, else of the prompt itself"


@dataclass(slots=True)
class TemplateText:
    """A template's text and how its offsets become places. It listens to the walk through it."""

    checks: TemplateChecks
    document: Document
    text: str
    span: Callable[[int, int], tuple[int, int]]
    folder: str
    system: bool = False
    asks: bool = True
    """Whether it tells the model what to do, and is no turn of the model's own."""
    stack: tuple[str, ...] = ()
    """Where the file is included, and where the file that includes it is, and so on, for people."""
    above: tuple[str, ...] = ()
    """The paths under the root of the files in which those includes are written."""
    blind: bool = False
    """Whether the file is imported without context, and sees no inputs."""
    tree: Tree | None = None

    def enter(self, tree: Tree) -> None:
        """Begin the walk."""
        self.tree = tree
        self.checks.enter(self, tree)

    def tell(self, code: str, message: str, start: int, end: int, **details: Unpack[Details]) -> None:
        """Report something at a span of the text."""
        self.checks.report(self, TemplateFault(code, message, start, end, **details))

    # What the walk meets

    def fault(self, fault: TemplateFault) -> None:
        """Something is wrong."""
        self.checks.report(self, fault)

    def asked(self, path: Path) -> None:
        """The template asks whether something is there, or says what stands for it."""
        self.checks.asked.add(path)

    def undeclared(self, path: Path, fault: TemplateFault) -> None:
        """A key is looked up that nothing declares: a fault, unless the template asks for it somewhere."""
        if fault.severity == "error":
            self.checks.report(self, fault)
        else:
            self.checks.unguarded.append((self, path, fault))

    def maybe_null(self, path: Path, start: int, end: int) -> None:
        """A value is used that may be null: one that is printed is an error then."""
        if self.tree is not None and self.tree.faults:
            return  # what cannot be read may ask
        named = shown(path)
        declared = self.checks.inputs.get(str(path[0]), {}) if len(path) == 1 else {}
        optional = declared and is_optional(declared)
        message = f"the input `{named}` is optional" if optional else f"`{named}` may be null"
        kind = declared.get("json_schema", {}).get("type") if declared and declared["json_schema"] is not True else ""
        default = {"array": "[]", "object": "{}", "integer": "0", "number": "0"}.get(
            kind if isinstance(kind, str) else "", "'...'"
        )
        cure = f"put it in {{% if {named} %}}, or write {{{{ {named} | default({default}) }}}}"
        label = "null when it is not given" if optional else ""
        told = f"{message}, and nothing asks whether it is given"
        self.tell("PK213", told, start, end, severity="note", label=label, help=cure)

    def input_used(self, name: str, start: int) -> None:
        """An input is used."""
        self.checks.used.add(name)
        if self.checks.inputs[name].get("secret") is True:
            message = f"the secret input `{name}` may not stand in a template"
            self.tell("PK208", message, start, start + len(name), help="secrets reach tools only")

    def undefined(self, name: str, start: int, known: Iterable[str], *, called: bool) -> None:
        """A name that stands for nothing here."""
        if len(self.checks.findings.diagnostics) >= MOST_FINDINGS:
            return  # no more of them are told
        inputs, end = self.checks.inputs, start + len(name)
        near = self.checks.near(name)
        self.checks.explained |= {near} if near else set()
        if (joined := _with_hyphens(self.text, start)) is not None and (spelt := joined[0].replace("-", "_")) in inputs:
            self.checks.explained.add(spelt)
            message = f"`{joined[0]}` is a difference: a name has no hyphens"
            self.tell("PK202", message, joined.start(), joined.end(), help=f"write `{spelt}`")
            return
        hint = self.checks.hint(name, lambda: (*inputs, *(known if called else _own_names(known))))
        if called and name not in BLOCK_NAMES and name != "super":
            self.tell(
                "PK204",
                f"there is no function `{name}`",
                start,
                end,
                label=function_meant(name) or hint,
                help=_FUNCTIONS_OF_OTHERS.get(name, ""),
            )
        elif name in self.checks.misnamed:
            return  # its declaration is told
        elif (taken := self.checks.removed.get(name)) is not None and taken.document is not self.document:
            line, column = self.document.place(self.span(start, end)[0])
            label = f"it is used at {self.document.path}:{line}:{column}"
            cure = "keep it, or write anew what uses it"
            message = f"`{name}` is taken away, and a template that is inherited uses it"
            self.checks.findings.once(taken.document, "PK202", message, taken.span, label=label, help=cure)
        elif name in _OTHER_WORDS:
            cure = f"write `{_OTHER_WORDS[name]}`"
            self.tell("PK202", f"`{name}` is not a word of templates", start, end, help=cure)
        elif name in _MODULES and self.text.startswith(".", end):
            message = f"`{name}` is a module of Python's, and none is known here"
            self.tell("PK202", message, start, end, help=_MODULES[name])
        elif _ATTRIBUTE.search(self.text, 0, start):
            self.tell("PK202", f"`{name}` stands without quotes", start, end, help=f"write `attribute='{name}'`")
        elif name in inputs and self.blind:
            return  # a macro that uses it is told where it is called
        elif name in inputs:
            message = f"`{name}` is not given to this file: it is included without context"
            self.tell("PK202", message, start, end, help="take `without context` away where it is included")
        elif name in _OF_BLOCKS:
            self.tell("PK202", f"`{name}` stands for nothing here", start, end, label=_OF_BLOCKS[name])
        elif (why := self._set_elsewhere(name, start)) and not self.checks.partial:
            self.tell("PK202", f"`{name}` is not set here", start, end, label=hint, help="" if hint else why)
        elif name in _ALL_INPUTS and (meant := [each for each in _uses(self.text)[1].get(name, ()) if each in inputs]):
            self.checks.explained |= {*meant}
            self.tell(
                "PK202",
                f"`{name}` stands for nothing: an input has its own name",
                start,
                end,
                help=f"write `{meant[0]}`",
            )
        elif name in self.checks.words and self._is_compared(start, end):
            self.tell("PK202", f"`{name}` is a word, and stands without quotes", start, end, help=f"write `'{name}'`")
        elif hint or not self.checks.partial:
            holder = self.checks.holders.get(name)
            declared = f"declare it: `inputs: {{{name}: {self._as_used(name)}}}`"
            cure = "" if hint else f"`{holder}` has it: write `{holder}.{name}`" if holder else declared
            self.tell("PK202", f"`{name}` is not declared under `inputs`", start, end, label=hint, help=cure)

    def _is_compared(self, start: int, end: int) -> bool:
        """Whether a name is compared with something, or stands in a list that something is looked for in."""
        before = self.text[max(0, start - _MOST_BEFORE) : start].rstrip()
        return (
            before.endswith(("==", "!="))
            or _COMPARED_BEHIND.match(self.text, end) is not None
            or bool(_LOOKED_FOR_IN.search(before))
        )

    def _as_used(self, name: str) -> str:
        """The declaration of a name that is nowhere declared, by how the template uses it."""
        loops, lookups = _uses(self.text)
        fields = lookups.get(loops.get(name, name), ())
        held = f"{{{', '.join(f'{field}: string' for field in fields)}}}" if fields else "string"
        return f"[{held}]" if name in loops else held

    def _set_elsewhere(self, name: str, start: int) -> str:
        """Why a name that the template sets is not known at an offset."""
        places = self.tree.set_at(name) if self.tree else []
        if not places:
            return ""
        if min(places) > start:
            return "it is set only below"
        return "what a block sets is gone behind it; for a loop, use `namespace()`"

    # What it loads

    def opened(self, name: str, token: Token, *, optional: bool, blind: bool) -> tuple[TemplateText, Tree] | None:
        """A file that the template loads, if it can be read; what is wrong is told."""
        opened = self._opened(name, token, optional=optional, blind=blind)
        self.checks.unread |= opened is None and not optional
        return opened

    def _opened(self, name: str, token: Token, *, optional: bool, blind: bool) -> tuple[TemplateText, Tree] | None:
        if not name:
            self.tell("PK205", "the file to include is not written out", token.start, token.end, help=_FIXED)
            return None
        try:
            path = resolve(self.checks.source, self.folder, name)
        except SourceError as error:
            self.tell(error.own_code or "PK206", error.message, token.start, token.end, help=error.help or ROOT_CURE)
            return None
        try:
            content = self.checks.files.get(path) or _with_plain_ends(self.checks.source.read(path).decode("utf-8"))
        except (SourceError, UnicodeDecodeError) as error:
            said, own, code = f"`{name}` is not UTF-8 text", "save it as UTF-8", ""
            if isinstance(error, SourceError):
                said, own, code = error.message, error.help, error.own_code
            if not optional:
                cure = own or file_cure(self.checks.source, path, name)
                self.tell(code or "PK206", f"{said}{self._way(path)}", token.start, token.end, help=cure)
            return None
        self.checks.loads += 1
        too_many = self.checks.loads > MAX_INCLUDES or self.checks.tokens > MAX_TOKENS
        if trouble := _TOO_MANY if too_many else self._trouble(path):
            if not self.checks.exhausted:
                self.tell("PK206", trouble, token.start, token.end)
            self.checks.exhausted |= too_many
            return None
        self.checks.files[path] = content.removeprefix(_MARK)
        self._tell_twice(path, name, token)
        return self._below(path, content, token, blind=blind)

    def _tell_twice(self, path: str, name: str, token: Token) -> None:
        """Tell of a file whose text a parent has brought along already."""
        here, line = self.document.path, self.document.place(self.span(token.start, token.end)[0])[0]
        first = self.checks.loaded.setdefault(path, (here, line))
        if first[0] != here and not self.above:
            label = f"`{first[0]}:{first[1]}` includes it too"
            message = f"the text of `{name}` stands in the prompt twice"
            self.tell(
                "PK230", message, token.start, token.end, severity="warning", label=label, help="keep one of the two"
            )

    def _below(self, path: str, content: str, token: Token, *, blind: bool) -> tuple[TemplateText, Tree]:
        line, _ = self.document.place(self.span(token.start, token.end)[0])
        plain = content.removeprefix(_MARK)
        text = replace(
            self,
            document=Document(plain, self.checks.source.shown(path), path),
            text=plain,
            span=lambda start, end: (start, end),
            folder=path.rpartition("/")[0],
            blind=blind or self.blind,
            stack=(*self.stack, f"{self.document.path}:{line}"),
            above=(*self.above, self.document.origin),
        )
        tree = self.checks.tree(plain)
        text.enter(tree)
        text.tell_characters(content)
        return text, tree

    def tell_characters(self, content: str) -> None:
        """Tell of characters that no reader of the file sees."""
        if content.startswith(_MARK):
            message, cure = "the file begins with a byte order mark", "save it as UTF-8 without BOM"
            self.tell("PK102", message, 0, 1, severity="warning", help=cure)
        if (found := _NO_TEXT.search(content)) is not None:
            message = f"the file is not text: it holds the character U+{ord(found[0]):04X}"
            self.tell("PK101", message, *found.span(), help="take it away; a template is text in UTF-8")

    def _way(self, path: str) -> str:
        """How a file is come to, where that goes through others."""
        chain = [*self.above, self.document.origin, path]
        return f" ({' -> '.join(chain)})" if self.above else ""

    def _trouble(self, path: str) -> str:
        chain = [*self.above, self.document.origin]
        if chain == [path]:
            return f"`{path}` includes itself"
        if path in chain:
            return "files include each other in a circle: " + " -> ".join([*chain, path])
        most = current_limits().include_depth
        if len(self.stack) >= most:
            named = variable("include_depth")
            return f"includes are nested deeper than {most} files ({named}): " + " -> ".join([*chain, path])
        return ""


def _own_names(known: Iterable[str]) -> dict[str, None]:
    """The names among those that are known, without the functions that every template has."""
    return dict.fromkeys(name for name in known if name not in functions()["function"])


_MARK = "\ufeff"
_NO_TEXT = LatePattern("[\0-\x08\x0e-\x1f]")
_OTHER_WORDS = {"null": "none", "nil": "none", "undefined": "none", "TRUE": "true", "FALSE": "false"}
_ALL_INPUTS = frozenset(("inputs", "input", "vars", "variables", "params", "args", "values", "data", "context"))
"""What other tools call the inputs together."""
_MODULES = dict.fromkeys(("datetime", "time", "random", "os", "sys", "re", "math"), "give the value as an input")
_MODULES["json"] = "JSON is written by `... | tojson`"
_GIVEN = "a template gives the same text each time: declare an input, and give it"
_FUNCTIONS_OF_OTHERS = dict.fromkeys(("now", "today", "utcnow", "strftime", "random", "uuid", "env", "getenv"), _GIVEN)
_ATTRIBUTE = LatePattern(r"[(,]\s*attribute\s*=\s*\Z")
_FIXED = "include a fixed path"
_TOO_MANY = f"the templates have more than {MAX_INCLUDES:,} includes, or {MAX_TOKENS:,} tokens, in all"
"""Files that include several others, level by level, multiply: a few would keep a check busy for ever."""
_OF_BLOCKS = {
    "loop": "it stands for a loop, inside of `{% for %}`",
    "caller": "it stands for the body of a `{% call %}`, inside of a macro",
    "varargs": "it stands for further arguments, inside of a macro",
    "kwargs": "it stands for further named arguments, inside of a macro",
    "super": "it stands for the block of the template that is extended, inside of a `{% block %}`",
    "self": "a block cannot be printed a second time; put its text into a macro, or a file that both include",
}


def _with_plain_ends(text: str) -> str:
    """A file's text with the ends of its lines as templates and YAML have them, wherever it was checked out."""
    return text.replace("\r\n", "\n")


def _with_hyphens(text: str, start: int) -> re.Match[str] | None:
    """The name with hyphens in it that a name is a part of."""
    near = _HYPHENED.finditer(text, max(0, start - _LONGEST_NAME), start + _LONGEST_NAME)
    return next((found for found in near if found.start() <= start < found.end()), None)


_MOST_BEFORE = 200
_COMPARED_BEHIND = LatePattern(r"\s*[!=]=")
_LOOKED_FOR_IN = LatePattern(r"\bin\s*[\[(][^\[\]()]*\Z")
_LONGEST_NAME = 200
_HYPHENED = LatePattern(r"[A-Za-z_]\w*(?:-[A-Za-z_]\w*)+")


@lru_cache(maxsize=1)
def _uses(text: str) -> tuple[dict[str, str], dict[str, dict[str, None]]]:
    """The loop's name for each name that is run through, and what is looked up in each name."""
    loops = {each: name for name, each in reversed(re.findall(r"\{%-?\s*for\s+(\w+)\s+in\s+(\w+)\b", text))}
    lookups: dict[str, dict[str, None]] = {}
    for name, field in re.findall(r"(?<![\w.])(\w+)\.(\w+)(?!\w*\()", text):
        lookups.setdefault(name, {})[field] = None
    return loops, lookups
