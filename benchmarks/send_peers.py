"""The same request sent with other libraries, each in the way that its users are advised to, without retries.

Each gives a function that asks once and gives the answer's text. Whatever a library builds from the messages is built
in each call, since a call's messages are its own; clients are built once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Ask = Callable[[], Awaitable[str | None]]

_NO_NETWORK = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYDANTIC_DISABLE_PLUGINS": "__all__"}


def with_litellm(base_url: str, key: str, body: Mapping[str, Any]) -> Ask:
    """litellm's `acompletion`."""
    os.environ.update(_NO_NETWORK)
    import litellm

    asked = {**body, "model": f"openai/{body['model']}", "api_base": base_url, "api_key": key, "num_retries": 0}

    async def ask() -> str | None:
        completion = await litellm.acompletion(**asked)
        content: str | None = completion.choices[0].message.content
        return content

    return ask


def with_langchain(base_url: str, key: str, body: Mapping[str, Any]) -> Ask:
    """langchain's `ChatOpenAI`."""
    from langchain_openai import ChatOpenAI

    options = {name: value for name, value in body.items() if name not in ("messages", "response_format")}
    model = ChatOpenAI(base_url=base_url, api_key=key, max_retries=0, **options).bind(
        response_format=body["response_format"]
    )

    async def ask() -> str | None:
        return str((await model.ainvoke(body["messages"])).content)

    return ask


def with_instructor(base_url: str, key: str, body: Mapping[str, Any]) -> Ask:
    """instructor, which also validates the answer."""
    import instructor
    import openai
    from pydantic import BaseModel

    class Triage(BaseModel):
        team: str
        urgency: int
        summary: str

    client = instructor.from_openai(
        openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0), mode=instructor.Mode.JSON_SCHEMA
    )
    asked = {name: value for name, value in body.items() if name != "response_format"}

    async def ask() -> str | None:
        _, completion = await client.chat.completions.create_with_completion(
            response_model=Triage, max_retries=0, **asked
        )
        content: str | None = completion.choices[0].message.content
        return content

    return ask


def with_pydantic_ai(base_url: str, key: str, body: Mapping[str, Any]) -> Ask:
    """pydantic-ai's direct request, without an agent."""
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(body["model"], provider=OpenAIProvider(base_url=base_url, api_key=key))
    requests = {"system": SystemPromptPart, "user": UserPromptPart}
    settings: Any = {"max_tokens": body["max_tokens"], "extra_body": {"response_format": body["response_format"]}}

    async def ask() -> str | None:
        messages = [
            ModelResponse(parts=[TextPart(message["content"])])
            if message["role"] == "assistant"
            else ModelRequest(parts=[requests[message["role"]](message["content"])])
            for message in body["messages"]
        ]
        return (await model_request(model, messages, model_settings=settings)).text

    return ask


PEERS: dict[str, tuple[str, Callable[[str, str, Mapping[str, Any]], Ask]]] = {
    "langchain-openai": ("langchain_openai", with_langchain),
    "litellm": ("litellm", with_litellm),
    "instructor": ("instructor", with_instructor),
    "pydantic-ai": ("pydantic_ai", with_pydantic_ai),
}
"""Each peer's package, and what asks with it."""
