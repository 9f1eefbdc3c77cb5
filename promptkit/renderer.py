"""A spec, inputs and model facts to messages. Pure: the same three always give the same bytes.

What does not change from call to call comes first, so that providers can cache the prefix: the system message
(persona, context, output instructions, chain-of-thought instruction), the examples as user and assistant pairs,
the history, and last the task.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit import layout
from promptkit.chain_of_thought import Mode, chain_of_thought, thought_mode, wrapped_value
from promptkit.errors import RenderError
from promptkit.inputs import Inputs
from promptkit.messages import Message, ToolCall
from promptkit.result import Rendered
from promptkit.schema import Schema
from promptkit.spec import MessageSpec, PromptSpec
from promptkit.template import Site, Templates
from promptkit.template.fences import Fences, Untrusted
from promptkit.template.printing import to_json
from promptkit.template.rendering import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from promptkit.completion import ModelFacts
    from promptkit.messages import Role
    from promptkit.render_trace import Trail
    from promptkit.spec import Example, Origin

_UNSUPPORTED: dict[str, Callable[[PromptSpec], Any]] = {
    "examples_from": lambda spec: spec.examples_from,
}


def refuse_unsupported(spec: PromptSpec) -> None:
    """Raise `RenderError` for a key whose feature this version does not have: nothing is silently ignored."""
    used = [name for name, test in _UNSUPPORTED.items() if test(spec)]
    if used:
        names = ", ".join(f"`{name}`" for name in used)
        raise RenderError(
            f"{names}: not supported by this version of promptkit",
            code="PK131",
            where=spec.path,
            help="leave the key out, or use a newer version",
        )


class Part(NamedTuple):
    """A template of a message, and where it stands in the spec."""

    location: str
    template: str
    path: str
    origin: Origin | None
    site: Site

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it, whatever the inputs."""
        return not self.template.strip()


@dataclass(slots=True)
class _Call:
    """What one rendering is about."""

    values: Mapping[str, Any]
    mode: Mode
    instruction: Part | None
    history: tuple[Message, ...]
    trail: Trail | None = None
    notes: dict[str, None] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)


class Renderer:
    """Renders one spec, again and again: templates compile once, and are shared between threads."""

    def __init__(self, spec: PromptSpec) -> None:
        self.spec = spec
        self.inputs = Inputs(spec)
        strangers = {name: declared for name, declared in spec.inputs.items() if declared.untrusted}
        self._untrusted = {name: Untrusted(each.trust, each.neutralise) for name, each in strangers.items()}
        self._secret = spec.secret_inputs
        schemas = (*(declared.json_schema for declared in spec.inputs.values()), spec.output.json_schema)
        self.templates = Templates(spec.files, self._untrusted, schemas)
        self._layout = layout.layout_of(spec.layout)
        self._supported = False
        own = spec.chain_of_thought.mode == "auto"
        self.asks_model = own or any(each.chain_of_thought for each in spec.models.values())
        """Whether what is known of a model changes the messages."""
        above = spec.layout.context == "system"
        self._system_parts = self._parts("persona", "context") if above else self._parts("persona")
        self._task_parts = self._parts("task") if above else self._parts("context", "task")
        chat = spec.conversation
        said = f"{{{{ {chat.input} }}}}" if chat is not None and chat.task == "first" else None
        self._turn_parts = [] if said is None else [self._part("conversation", said)]
        self._guidance_by_mode: dict[Mode, list[tuple[str, str]]] = {}
        self._sheets_by_mode: dict[Mode, layout.Sheet] = {}
        self._examples_by_mode: dict[Mode, tuple[tuple[Message, ...], dict[str, None]]] = {}
        self._schema = Schema(spec.output.json_schema) if spec.output.json_schema is not None else None

    def render(
        self,
        given: Mapping[str, Any],
        facts: ModelFacts | None = None,
        history: Sequence[Message] = (),
        trail: Trail | None = None,
    ) -> Rendered:
        """The messages for a call. A `trail` hears what each of them is made of.

        Raises `InputError` when the inputs do not fit, `RenderError` when a template fails, when a message comes
        out empty, or when the spec uses what is not supported.
        """
        try:
            return self._rendered(given, facts, history, trail)
        except RenderError as error:
            error.where = self.spec.placed(error.where)
            raise

    def _rendered(
        self, given: Mapping[str, Any], facts: ModelFacts | None, history: Sequence[Message], trail: Trail | None
    ) -> Rendered:
        if not self._supported:
            refuse_unsupported(self.spec)
            self._supported = True
        values = self._shown(self.inputs.accept(given))
        mode = thought_mode(self.spec, facts)
        instruction = self._instruction(facts) if mode != "off" else None
        call = _Call(values, mode, instruction, tuple(history), trail)
        build = self._explicit if self.spec.messages is not None else self._sectioned
        messages = tuple(build(call))
        return Rendered(messages, tuple(call.notes))

    def check(self, name: str, that: str, values: Mapping[str, Any]) -> bool:
        """Whether a check's expression holds. Raises `RenderError` when it cannot be computed."""
        try:
            return bool(self.templates.evaluate(that, self._shown(values)))
        except RenderError as error:
            error.where = f"{self.spec.placed(self.spec.path)}, check `{name}`"
            raise

    def _shown(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values that templates see: secrets reach tools only."""
        if not self._secret:
            return values
        return {name: value for name, value in values.items() if name not in self._secret}

    def _instruction(self, facts: ModelFacts | None) -> Part | None:
        """The author's own words on how to think, for this model if there are such."""
        chain = chain_of_thought(self.spec, facts)
        own = chain is self.spec.chain_of_thought
        location = "" if own or facts is None else f"models.{facts.name}."
        written = chain.instruction
        return None if written is None else self._part(f"{location}chain_of_thought.instruction", written)

    def _part(self, location: str, template: str) -> Part:
        origin = self.spec.origins.get(location)
        path = origin.path if origin else self.spec.path
        return Part(location, template, path, origin, Site(path, location, origin))

    # Sections to messages

    def _sectioned(self, call: _Call) -> list[Message]:
        """The messages of persona, context and task."""
        if self.spec.task is None:
            raise RenderError(
                "there is no `task`: this file is a base for others",
                code="PK227",
                where=self.spec.path,
                help="render a prompt that extends it",
            )
        messages = self._system(call)
        messages += self._examples(self._task_parts, call)
        messages += self._earlier(call)
        parts = self._turn_parts if call.history and self._turn_parts else self._task_parts
        messages.append(Message("user", self._filled("user", parts, call.values, call)))
        return messages

    def _parts(self, *names: str) -> list[Part]:
        written = ((name, getattr(self.spec, name)) for name in names)
        return [self._part(name, template) for name, template in written if template is not None]

    def _system(self, call: _Call) -> list[Message]:
        """The system message; whether there is one depends on what is written, never on the inputs."""
        parts = self._system_parts
        texts = self._texts(parts, call.values, call, "system")
        text = self._system_sheet(call).filled(texts)
        if call.trail is not None:
            sections = _sections(parts, texts)
            call.trail.said("system", self._layout, [*sections, *self._guidance(call)])
        if not text and not all(part.blank for part in [*parts, *self._native_instruction(call)]):
            raise self._empty("system", parts)
        return [Message("system", text)] if text else []

    def _guidance(self, call: _Call) -> list[tuple[str, str]]:
        """What promptkit itself says: output instructions, how to think, and how to read fences."""
        if call.instruction is not None:
            return self._said(call.mode, self._texts([call.instruction], call.values, call, "system")[0])
        known = self._guidance_by_mode.get(call.mode)
        if known is None:
            known = self._guidance_by_mode[call.mode] = layout.filled(self._said(call.mode, ""))
        return known

    def _system_sheet(self, call: _Call) -> layout.Sheet:
        """The system message but for the texts of its sections; what does not depend on the inputs is set once."""
        known = self._sheets_by_mode.get(call.mode) if call.instruction is None else None
        if known is None:
            names = [part.location for part in self._system_parts]
            known = layout.Sheet(self._layout, names, self._layout.system(self._guidance(call)))
            if call.instruction is None:
                self._sheets_by_mode[call.mode] = known
        return known

    def _said(self, mode: Mode, own: str) -> list[tuple[str, str]]:
        spec = self.spec
        form = layout.instructions(spec.output, self._schema, mode) if spec.output.instructions else ""
        return [
            ("output_format", form),
            ("reasoning", layout.thought_instruction(spec.output.format, mode, own)),
            ("untrusted_text_rule", layout.FENCE_NOTE if self._untrusted else ""),
        ]

    def _native_instruction(self, call: _Call) -> list[Part]:
        return [call.instruction] if call.instruction and call.mode == "native" else []

    # Templates to texts

    def _texts(self, parts: Sequence[Part], values: Mapping[str, Any], call: _Call, role: Role = "user") -> list[str]:
        """The templates of one message, whose untrusted values are fenced together."""
        fences = Fences(refuses=role == "system") if self._untrusted else None
        render, budget = self.templates.render, call.budget
        texts = [render(part.template, values, part.site, fences, budget) for part in parts]
        if fences is not None and fences.close():
            call.notes.update(fences.notes)
            texts = [render(part.template, values, part.site, fences, budget) for part in parts]
        budget.add(texts)
        if call.trail is not None:
            for part in parts:
                call.trail.rendered(part, values, fences)  # what fails has failed with its place
        return texts

    def _filled(self, role: Role, parts: list[Part], values: Mapping[str, Any], call: _Call, *, of: str = "") -> str:
        texts = self._texts(parts, values, call, role)
        if len(texts) == 1 and call.trail is None and texts[0] and not texts[0].isspace():
            return texts[0]  # a single section stands by itself
        sections = _sections(parts, texts)
        filled = self._layout.user(sections)
        if call.trail is not None:
            call.trail.said(role, self._layout, sections, alone=True)
        if not filled:
            raise self._empty(f"{of}{role}", parts)
        return filled

    def _empty(self, role: str, parts: list[Part]) -> RenderError:
        names = ", ".join(f"`{part.location}`" for part in parts) or "the instruction"
        return RenderError(
            f"the {role} message is empty",
            code="PK227",
            where=self.spec.path or names,
            help=f"{names} rendered to nothing with these inputs",
        )

    # Examples

    def _examples(self, parts: list[Part], call: _Call) -> tuple[Message, ...]:
        """The examples. They depend on the spec and the mode alone, so each mode's are rendered once."""
        if call.trail is not None:
            return tuple(self._render_examples(parts, call))
        known = self._examples_by_mode.get(call.mode)
        if known is None:
            own = replace(call, notes={})
            known = self._examples_by_mode[call.mode] = tuple(self._render_examples(parts, own)), own.notes
        messages, notes = known
        call.notes.update(notes)
        return messages

    def _render_examples(self, parts: list[Part], call: _Call) -> Iterable[Message]:
        for number, example in enumerate(self.spec.examples, 1):
            values = self._shown(self.inputs.accept(example.inputs))
            answer = self._answer(example, call.mode)
            if call.trail is not None:
                call.trail.example = number
            yield Message("user", self._filled("user", parts, values, call, of="example's "))
            yield Message("assistant", answer)
            if call.trail is not None:
                call.trail.answered(answer)
                call.trail.example = 0

    def _earlier(self, call: _Call) -> tuple[Message, ...]:
        if call.trail is not None:
            call.trail.earlier(call.history)
        return call.history

    def _answer(self, example: Example, mode: Mode) -> str:
        """An example's answer, in the form in which the model shall answer."""
        value = self._schema.order(example.output) if self._schema else example.output
        plain = self.spec.output.format in ("text", "markdown", "choice")
        return wrapped_value(value, example.reasoning, mode, plain=plain, dump=to_json)

    # Messages that are written out

    def _explicit(self, call: _Call) -> list[Message]:
        """The messages of `messages:`; what promptkit says itself ends the first system message."""
        guidance = self._layout.system(self._guidance(call))
        systems = [index for index, part in layout.written_messages(self.spec) if part.role == "system"]
        messages: list[Message] = []
        if guidance and not systems:
            if call.trail is not None:
                call.trail.said("system", self._layout, self._guidance(call))
            messages.append(Message("system", guidance))
        elif not systems and not all(part.blank for part in self._native_instruction(call)):
            raise self._empty("system", self._native_instruction(call))
        for index, part in layout.planned_messages(self.spec):
            if isinstance(part, MessageSpec):
                message = self._authored(index, part, call)
                if message.called and call.trail is not None:
                    call.trail.called(message)
                if guidance and index in systems[:1]:
                    if call.trail is not None:
                        call.trail.more(self._layout, self._guidance(call), "\n\n")
                    message = replace(message, content=f"{message.text}\n\n{guidance}")
                messages.append(message)
            else:
                messages += self._earlier(call) if part.history else self._examples(self._last_user(), call)
        return messages

    def _authored(self, index: int, message: MessageSpec, call: _Call) -> Message:
        """A message as it is written; one that only calls tools has no content."""
        parts = self._message(index, message)
        text = self._filled(message.role, parts, call.values, call) if parts else None
        calls = tuple(ToolCall(each.id, each.name, to_json(each.arguments)) for each in message.tool_calls)
        return Message(message.role, text, calls, message.tool_call_id)

    def _last_user(self) -> list[Part]:
        """The template that renders examples: the last user message's."""
        users = [(i, part) for i, part in layout.written_messages(self.spec) if part.role == "user"]
        return self._message(*users[-1]) if users else []

    def _message(self, index: int, message: MessageSpec) -> list[Part]:
        return [] if message.content is None else [self._part(f"messages.{index}.content", message.content)]


def _sections(parts: Sequence[Part], texts: Sequence[str]) -> layout.Sections:
    return [(part.location, text) for part, text in zip(parts, texts, strict=True)]
