"""Only type-checked, by mypy and pyright: what callers' editors must know."""

from __future__ import annotations

from typing import Any, Literal, assert_type

from pydantic import BaseModel

from promptkit import (
    AttemptAbandoned,
    Client,
    Completion,
    FieldComplete,
    Model,
    Output,
    OutputError,
    PartialParser,
    PartialValue,
    Prompt,
    Prompts,
    ReasoningDelta,
    Rendered,
    Request,
    Result,
    Schema,
    TextDelta,
    ToolCall,
    ToolCalled,
    ToolReturned,
    ToolRun,
    Usage,
    Violation,
    parse_output,
)
from promptkit.testing import MaraServer, ScriptedModel


class Triage(BaseModel):
    team: Literal["billing", "platform"]
    urgency: int


def a_file_without_a_type_gives_any() -> None:
    prompt = Prompt.from_yaml("triage.yaml")
    assert_type(prompt, Prompt[Any])
    assert_type(prompt.run(ticket="..."), Result[Any])


def a_type_reaches_every_way_of_running() -> None:
    prompt = Prompt.from_yaml("triage.yaml", output=Triage)
    assert_type(prompt, Prompt[Triage])
    assert_type(prompt.run(ticket="..."), Result[Triage])
    assert_type(prompt.run({"self": 1}).output, Triage)
    assert_type(prompt.parse("{}"), Output[Triage])
    assert_type(prompt.parse("{}").value, Triage)
    assert_type(prompt.stream(ticket="...").result().output, Triage)


async def a_type_reaches_the_asynchronous_ways() -> None:
    prompt = Prompt.from_yaml("triage.yaml", output=Triage)
    assert_type((await prompt.arun(ticket="...")).output, Triage)
    async with prompt.astream(ticket="...") as stream:
        async for _ in stream:
            break
        assert_type((await stream.result()).output, Triage)


def a_type_survives_using() -> None:
    prompt = Prompt.from_text("task: hi", output=Triage).using(model="gpt-oss-120b", options={"temperature": 0})
    assert_type(prompt, Prompt[Triage])
    assert_type(Prompt.from_dict({"task": "hi"}, output=Triage).using(client=Client()), Prompt[Triage])


def builtin_types_are_types_too() -> None:
    assert_type(Prompt.from_text("task: hi", output=str).run().output, str)
    assert_type(Prompt.from_text("task: hi", output=list[str]).run().output, list[str])


def what_is_sent_is_seen() -> None:
    prompt = Prompt.from_yaml("triage.yaml")
    assert_type(prompt.render(ticket="..."), Rendered)
    assert_type(prompt.request(ticket="..."), Request)
    assert_type(prompt.request(ticket="...").to_openai(), dict[str, Any])


def events_are_told_apart_by_their_class() -> None:
    with Prompt.from_yaml("triage.yaml").stream(ticket="...") as stream:
        for event in stream:
            match event:
                case TextDelta() | ReasoningDelta():
                    assert_type(event.text, str)
                case PartialValue():
                    assert_type(event.partial, Any)
                case FieldComplete():
                    assert_type(event.location, tuple[str | int, ...])
                case AttemptAbandoned():
                    assert_type(event.reason, str)
                case ToolCalled():
                    assert_type(event.call, ToolCall)
                case ToolReturned():
                    assert_type(event.run, ToolRun)


def errors_hold_data() -> None:
    try:
        Prompt.from_yaml("triage.yaml").run()
    except OutputError as error:
        assert_type(error.violations, tuple[Violation, ...])
        assert_type(error.usage, Usage)


def a_model_is_a_protocol() -> None:
    scripted: Model = ScriptedModel(["{}"])
    Prompt.from_yaml("triage.yaml").using(model=scripted)


def the_rest_of_the_face() -> None:
    assert_type(Prompts.from_folder("prompts")["triage"], Prompt[Any])
    assert_type(Prompts.from_package("app.prompts")["triage"], Prompt[Any])
    assert_type(parse_output("{}", Schema({"type": "object"})), Output[Any])
    PartialParser(Schema({"type": "object"})).feed("{")
    with MaraServer() as server, Client(base_url=server.base_url, api_key="x", log="runs.db") as client:
        assert_type(client, Client)


def completions_are_values(completion: Completion) -> None:
    assert_type(completion.text, str)
    assert_type(completion.usage, Usage)
