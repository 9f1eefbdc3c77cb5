"""`PromptSpec`: what a prompt file says, as frozen values.

The loader turns authored YAML (with its shorthands) into the normal form that stands here; unknown keys are
refused at every level. `type_hints` checks the values by the type hints that stand here (so they are no texts: there is
no `from __future__ import annotations`), and `file_schema` prints the editor's JSON Schema from them.
"""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from operator import itemgetter
from typing import Annotated, Any, Literal

from promptkit.completion import canonical_json, sha256
from promptkit.messages import Role
from promptkit.parts import Part, field
from promptkit.type_hints import Bounds

FORMAT_VERSION = 1

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*$"
SEMVER_PATTERN = (
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)
"""Semantic versions as https://semver.org/spec/v2.0.0 defines them."""

TOOL_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
"""Names of tools: letters, digits, `_` and `-` (SambaNova's OpenAPI file 1.2.0); at most 64, as OpenAI has it."""

Trust = Literal["caller", "user", "web", "tool"]
OutputFormat = Literal["text", "markdown", "json", "choice", "list"]
JSON_FORMATS: tuple[OutputFormat, ...] = ("json", "list")
STRUCTURED_FORMATS: tuple[OutputFormat, ...] = (*JSON_FORMATS, "choice")
"""Formats that a schema describes: JSON, and one of some words."""
TEXT_FORMATS: tuple[OutputFormat, ...] = ("text", "markdown")
FORMAT_KEYS: dict[str, tuple[str, ...]] = {
    "text": (),
    "json": ("fields", "schema"),
    "choice": ("choices",),
    "list": ("items",),
    "markdown": ("headings",),
}
"""The keys under `output` that say what an answer of each format holds."""
Ability = Literal["json_schema", "json_mode", "tools", "reasoning"]
"""What `model: {needs: [...]}` can ask for."""
ThoughtMode = Literal["off", "auto", "field", "prose", "native"]
Name = Annotated[str, Bounds(pattern=NAME_PATTERN, max_length=200)]
Identifier = Annotated[str, Bounds(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Version = Annotated[str, Bounds(pattern=SEMVER_PATTERN)]
JsonSchema = dict[str, Any] | bool


class Origin(Part):
    """Where a template's text stands: its file (under the root) and the place of each of its lines.

    `lines[i]` is the 1-based (line, column) at which the text's line `i` begins; empty when the spec was
    made from data. `folds` are the (offset, line, column) inside the text's lines where the file does not go on
    character by character: where lines are folded, quotes doubled, and behind escapes.
    """

    path: str = ""
    lines: tuple[tuple[int, int], ...] = ()
    folds: tuple[tuple[int, int, int], ...] = ()

    def place(self, line: int) -> tuple[int, int]:
        """The (line, column) in the file at which a 1-based template line begins; (0, 0) when not known."""
        if not self.lines:
            return 0, 0
        return self.lines[min(max(line, 1), len(self.lines)) - 1]

    def place_in(self, text: str, offset: int) -> tuple[int, int]:
        """The (line, column) in the file of a character of the text; (0, 0) when not known."""
        begins = text.rfind("\n", 0, offset) + 1
        line, column = self.place(text.count("\n", 0, offset) + 1)
        fold = self.folds[bisect_right(self.folds, offset, key=itemgetter(0)) - 1] if self.folds else None
        if fold is not None and begins < fold[0] <= offset:
            begins, line, column = fold
        return line, column and column + offset - begins


class Input(Part):
    """One declared variable: what it may hold (a JSON Schema), whether it must be given, whom it comes from."""

    json_schema: JsonSchema = True
    required: bool = True
    default: Any = None
    has_default: bool = False
    trust: Trust = "caller"
    secret: bool = False
    neutralise: bool = True

    @property
    def untrusted(self) -> bool:
        """Whether the value comes from strangers, and so is fenced."""
        return self.trust != "caller"


class ModelChoice(Part):
    """A model described by what it is for, instead of named."""

    purpose: Literal["reasoning", "speed", "cost", "accuracy"] | None = field(default=None, key="for")
    needs: tuple[Ability, ...] = ()
    context: Annotated[int, Bounds(gt=0)] | None = None


class ChainOfThought(Part):
    """Whether and how the model is asked to reason before it answers."""

    mode: ThoughtMode = "auto"
    instruction: str | None = None


class ModelOverride(Part):
    """What is different for one model."""

    options: dict[str, Any] = field(factory=dict)
    chain_of_thought: ChainOfThought | None = None


class CallSpec(Part):
    """A call of a tool that an authored assistant message makes. Its arguments are data."""

    name: str
    arguments: dict[str, Any] = field(factory=dict)
    id: str


class MessageSpec(Part):
    """One authored message of `messages:`; its content is a template.

    An assistant message may call tools, and then need not say anything; a tool message is the result of such a call.
    """

    role: Role
    content: str | None = None
    tool_calls: tuple[CallSpec, ...] = ()
    tool_call_id: str | None = None


class Slot(Part):
    """A place among `messages:` that is filled with the history or with the examples."""

    history: Literal[True] | None = None
    examples: Literal[True] | None = None


class CheckSpec(Part):
    """A Jinja expression over `value` that should hold for every answer; with `asserted` it must."""

    name: str
    that: str
    asserted: bool = field(default=False, key="assert")


class OutputSpec(Part):
    """What the answer looks like, and how far promptkit may go to get it."""

    format: OutputFormat = "text"
    json_schema: JsonSchema | None = None
    description: str | None = None
    choices: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    instructions: bool | Literal["json_schema"] = True
    checks: tuple[CheckSpec, ...] = ()
    attempts: Annotated[int, Bounds(ge=1, le=10)] = 3
    repair: bool = True
    coerce: bool = True
    reask: bool = True
    strict: bool = False


class Example(Part):
    """One worked example: inputs, the answer, and the reasoning that leads to it."""

    inputs: dict[str, Any] = field(factory=dict)
    reasoning: str | None = None
    output: Any


class ExamplesFrom(Part):
    """Examples taken from a file of rows."""

    path: str
    select: Literal["first", "last", "random", "similar"] = "first"
    k: Annotated[int, Bounds(ge=1)] = 4


_OWN = r"(?:(?!\{\{|\{%|\{#)[\s\S]|\{\{ *(?:name|title) *\}\})*"
SECTION = rf"{_OWN}\{{\{{ *text *\}}\}}{_OWN}"
"""What a section's look may be: no other tags, since it is no template."""


class Layout(Part):
    """How sections are set: markdown, XML or as `section` says, and in which message the context stands."""

    style: Literal["markdown", "xml"] = "markdown"
    section: Annotated[str, Bounds(pattern=SECTION)] | None = None
    """How one section looks: a text with `{{ text }}` in it once, and `{{ name }}` or `{{ title }}`."""
    context: Literal["system", "user"] = "system"


class ConversationSpec(Part):
    """Which input a turn's text is, and whether the task is said in each turn, or in the first alone."""

    input: Identifier
    task: Literal["each", "first"] = "each"


class ToolSpec(Part):
    """A function that the model may call; without `parameters`, what it takes is declared in code."""

    name: Annotated[str, Bounds(pattern=TOOL_PATTERN)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    confirm: bool = False
    timeout: Annotated[float, Bounds(gt=0)] | None = None


class Budget(Part):
    """What one call may cost at most: tokens of a request, tokens of an answer, USD of all attempts together."""

    input_tokens: Annotated[int, Bounds(gt=0)] | None = None
    output_tokens: Annotated[int, Bounds(gt=0)] | None = None
    usd: Annotated[float, Bounds(gt=0)] | None = None


SUMMARY_INPUTS = ("turns", "summary", "words")
"""The inputs that a prompt for summaries may have: what is added, what there is already, how long it may be."""


class TestCase(Part):
    """Inputs and what must hold for the answer. Checked against inputs and output; no command runs tests yet."""

    __test__ = False

    name: str | None = None
    inputs: dict[str, Any] = field(factory=dict)
    output: Any = None
    assertions: tuple[dict[str, Any], ...] = field(default=(), key="assert")


class PromptSpec(Part):
    """A prompt: everything its file says, with what it extends merged in and shorthands spelt out."""

    promptkit: Literal[1] = 1
    name: Name | None = None
    version: Version | None = None
    description: str | None = None
    metadata: dict[str, Any] = field(factory=dict)
    extends: str | None = None

    model: str | ModelChoice | None = None
    options: dict[str, Any] = field(factory=dict)
    models: dict[str, ModelOverride] = field(factory=dict)

    inputs: dict[Identifier, Input] = field(factory=dict)
    inputs_schema: dict[str, Any] | None = None
    persona: str | None = None
    context: str | None = None
    task: str | None = None
    messages: tuple[MessageSpec | Slot, ...] | None = None

    output: OutputSpec = OutputSpec()
    examples: tuple[Example, ...] = ()
    examples_from: ExamplesFrom | None = None
    chain_of_thought: ChainOfThought = ChainOfThought(mode="off")

    tools: tuple[ToolSpec, ...] = ()
    layout: Layout = Layout()
    conversation: ConversationSpec | None = None
    memory: dict[str, Any] | str | None = None
    summariser: Any = field(default=None, authored=False)
    """The spec of the prompt that `memory` names for summaries, if it names one."""
    budget: Budget | None = None
    tests: tuple[TestCase, ...] = ()
    extras: dict[str, Any] = field(factory=dict)
    """`x-` keys: kept, not interpreted."""

    path: str = field(default="", authored=False)
    """The file, under its source's root."""
    origins: dict[str, Origin] = field(factory=dict, authored=False)
    files: dict[str, str] = field(factory=dict, authored=False)
    """What the templates include: path under the root to text."""
    shown: dict[str, str] = field(factory=dict, authored=False)
    """How people know the files that this was made of: path under the root to path as one would type it."""

    @property
    def secret_inputs(self) -> frozenset[str]:
        """The names of the inputs that only tools may see."""
        return frozenset(name for name, declared in self.inputs.items() if declared.secret)

    def without_secrets(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs without those that are secret: what may be shown, logged and kept."""
        secret = self.secret_inputs
        return {name: value for name, value in inputs.items() if name not in secret}

    def placed(self, where: str) -> str:
        """A place in one of the files under the root, with the file as people know it."""
        known = (path for path in sorted(self.shown, key=len, reverse=True) if path and where.startswith(path))
        return next((self.shown[path] + where.removeprefix(path) for path in known), where)

    def _held(self) -> tuple[Any, ...]:
        """All but `shown`, which depends on where the process stands and makes no other prompt."""
        return tuple(self.__dict__[name] for name in self.declared if name != "shown")

    @property
    def digest(self) -> str:
        """SHA-256 over the authored data with what it pulls in, unset fields left out, and the format version."""
        return self._digest("extends")

    @property
    def unversioned_digest(self) -> str:
        """The same without the prompt's own version: what is sent and asked for is the same where this is."""
        return self._digest("extends", "version")

    @cached_property
    def plain(self) -> dict[str, Any]:
        """What `data` gives, made once for whoever compares: nobody may change it."""
        return self.data()

    @cached_property
    def plain_texts(self) -> dict[str, str]:
        """Each key of `plain` letter by letter: where two of these are the same, so is what they say."""
        return {key: repr(value) for key, value in self.plain.items()}

    def _digest(self, *left_out: str) -> str:
        authored = {key: value for key, value in self.plain.items() if key not in left_out}
        told = {"promptkit": FORMAT_VERSION, "spec": authored, "files": self.files}
        named = {"summariser": self.summariser.digest} if self.summariser is not None else {}
        return sha256(canonical_json(told | named))

    @property
    def summary_misfit(self) -> str:
        """Why the prompt cannot be asked for the summary of a conversation; empty where it can."""
        needed = [name for name, each in self.inputs.items() if each.required and name not in SUMMARY_INPUTS]
        return f"needs {', '.join(needed)}" if needed else "" if "turns" in self.inputs else "has no input `turns`"

    def templates(self) -> dict[str, str]:
        """Every template of the spec by its location, such as `task` or `messages.0.content`."""
        named = {"persona": self.persona, "context": self.context, "task": self.task}
        if self.messages is not None:
            named |= {
                f"messages.{i}.content": message.content
                for i, message in enumerate(self.messages)
                if isinstance(message, MessageSpec)
            }
        named["chain_of_thought.instruction"] = self.chain_of_thought.instruction
        return {location: text for location, text in named.items() if text is not None}
