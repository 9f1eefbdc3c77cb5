from __future__ import annotations

import http.client
import json
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import openai
import pytest

from promptkit import Client, Prompt
from promptkit.errors import ConfigError
from promptkit.layout import instructions
from promptkit.spec import OutputSpec
from promptkit.testing import MaraServer, Reply, ServedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-secret-0123456789"
HELLO = [{"role": "user", "content": "Hello there"}]
SCHEMA = {
    "type": "object",
    "properties": {"team": {"enum": ["billing"]}, "note": {"type": "string"}},
    "required": ["team", "note"],
}
AS_SCHEMA = {"type": "json_schema", "json_schema": {"name": "triage", "schema": SCHEMA}}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "see",
            "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
        },
    },
    {"type": "function", "function": {"name": "now"}},
]


@pytest.fixture
def server() -> Iterator[MaraServer]:
    with MaraServer() as running:
        yield running


class Raw:
    """Requests without a client's help."""

    def __init__(self, server: MaraServer, key: str | None = KEY) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", int(server.base_url.split(":")[2].split("/")[0]))
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, data, {**self.headers, **headers})
        return self.connection.getresponse()

    def chat(self, **body: Any) -> tuple[int, Any]:
        response = self("POST", "/v1/chat/completions", {"model": "gemma-4-31B-it", "messages": HELLO, **body})
        return response.status, json.loads(response.read())


@pytest.fixture
def raw(server: MaraServer) -> Iterator[Raw]:
    asking = Raw(server)
    yield asking
    asking.connection.close()


@pytest.fixture
def client(server: MaraServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as made:
        yield made


def test_the_sdk_gets_an_answer_in_mara_s_form(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-oss-120b", messages=HELLO)  # type: ignore[arg-type]
    assert "simulated answer" in answer.choices[0].message.content
    assert ("stop", "gpt-oss-120b", "fastcoe") == (
        answer.choices[0].finish_reason,
        answer.model,
        answer.system_fingerprint,
    )


def test_the_envelope_has_a_uuid_a_float_date_and_usage_with_times(raw: Raw) -> None:
    _, body = raw.chat()
    assert body["id"] == str(uuid.UUID(body["id"]))
    assert isinstance(body["created"], float)
    usage = body["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]
    assert {"time_to_first_token", "total_latency", "total_tokens_per_sec", "is_last_response"} <= usage.keys()


def test_two_answers_have_two_ids_and_one_content(raw: Raw) -> None:
    (_, one), (_, other) = raw.chat(), raw.chat()
    assert one["id"] != other["id"]
    assert one["choices"] == other["choices"]


def test_the_sdk_s_stream_says_what_the_whole_answer_says(client: openai.OpenAI) -> None:
    body = {"model": "gpt-oss-120b", "messages": HELLO}
    whole = client.chat.completions.create(**body).choices[0].message  # type: ignore[call-overload]
    chunks = list(client.chat.completions.create(**body, stream=True, stream_options={"include_usage": True}))  # type: ignore[call-overload]
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert whole.content == "".join(delta.content or "" for delta in deltas)
    assert whole.reasoning == "".join(getattr(delta, "reasoning", None) or "" for delta in deltas)


def test_the_sdk_s_raw_stream_is_server_sent_events(client: openai.OpenAI) -> None:
    body: Any = {"model": "gemma-4-31B-it", "messages": HELLO, "stream": True}
    with client.chat.completions.with_streaming_response.create(**body) as response:
        assert "text/event-stream" == response.headers["content-type"]
        assert "data: [DONE]" == [line for line in response.iter_lines() if line][-1]


def test_post_gives_any_cast(client: openai.OpenAI) -> None:
    answer = client.post(
        "/chat/completions", cast_to=dict[str, Any], body={"model": "gemma-4-31B-it", "messages": HELLO}
    )
    assert "chat.completion" == answer["object"]


def events(raw: Raw, **body: Any) -> list[Any]:
    response = raw(
        "POST", "/v1/chat/completions", {"model": "gemma-4-31B-it", "messages": HELLO, "stream": True, **body}
    )
    lines = [line for line in response.read().decode().split("\n\n") if line]
    assert "data: [DONE]" == lines.pop()
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_chunks_hold_many_tokens_and_repeat_the_role(raw: Raw) -> None:
    deltas = [event["choices"][0]["delta"] for event in events(raw)]
    assert ["assistant"] * (len(deltas) - 1) == [delta["role"] for delta in deltas[:-1]]
    assert 8 < len(deltas[1]["content"])


def test_a_stream_begins_and_finishes_with_empty_content(raw: Raw) -> None:
    chunks = [event["choices"][0] for event in events(raw)]
    assert ("", None) == (chunks[0]["delta"]["content"], chunks[0]["finish_reason"])
    assert ("", "stop") == (chunks[-1]["delta"]["content"], chunks[-1]["finish_reason"])


def test_usage_comes_on_request_in_a_chunk_without_choices(raw: Raw) -> None:
    last = events(raw, stream_options={"include_usage": True})[-1]
    assert [] == last["choices"]
    assert 0 < last["usage"]["completion_tokens"]
    assert all("usage" not in event for event in events(raw))


def test_a_connection_is_kept_alive(raw: Raw) -> None:
    raw.chat()
    before = raw.connection.sock
    events(raw)
    raw.chat(temperature=3)
    assert before is raw.connection.sock


@pytest.mark.parametrize("model", ["gpt-oss-120b", "DeepSeek-V3.1"])
def test_a_json_schema_is_answered_with_a_value_that_fits(raw: Raw, model: str) -> None:
    _, body = raw.chat(model=model, response_format=AS_SCHEMA)
    assert {"team": "billing", "note": "simulated note"} == json.loads(body["choices"][0]["message"]["content"])


def test_json_mode_is_answered_with_a_small_object(raw: Raw) -> None:
    _, body = raw.chat(response_format={"type": "json_object"})
    assert {"answer": "simulated answer"} == json.loads(body["choices"][0]["message"]["content"])


def test_a_schema_without_a_value_is_a_400(raw: Raw) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": False}}
    status, body = raw.chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert (400, "not_simulated") == (status, body["error"]["code"])


def test_gpt_oss_gives_its_reasoning_in_a_field_and_counts_it(raw: Raw) -> None:
    _, body = raw.chat(model="gpt-oss-120b")
    assert "simulated reasoning" in body["choices"][0]["message"]["reasoning"]
    assert 0 < body["usage"]["completion_tokens_details"]["reasoning_tokens"] < body["usage"]["completion_tokens"]


def test_minimax_gives_its_reasoning_between_tags(raw: Raw) -> None:
    message = raw.chat(model="MiniMax-M2.5", response_format=AS_SCHEMA)[1]["choices"][0]["message"]
    thought, _, answer = message["content"].partition("</think>")
    assert thought.startswith("<think>")
    assert "billing" == json.loads(answer)["team"]
    assert "reasoning" not in message


def test_deepseek_reasons_when_it_is_told_to(raw: Raw) -> None:
    quiet = raw.chat(model="DeepSeek-V3.1")[1]
    told = raw.chat(model="DeepSeek-V3.1", chat_template_kwargs={"enable_thinking": True})[1]
    assert "reasoning" not in quiet["choices"][0]["message"]
    assert "reasoning" in told["choices"][0]["message"]


def test_a_small_budget_cuts_plain_text_at_length(raw: Raw) -> None:
    _, body = raw.chat(max_tokens=5)
    assert ("length", 5) == (body["choices"][0]["finish_reason"], body["usage"]["completion_tokens"])


def test_reasoning_eats_the_budget_first(raw: Raw) -> None:
    choice = raw.chat(model="gpt-oss-120b", max_tokens=5)[1]["choices"][0]
    assert ("length", "", 20) == (
        choice["finish_reason"],
        choice["message"]["content"],
        len(choice["message"]["reasoning"]),
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_small_budget_makes_json_a_400_with_what_was_written(raw: Raw, stream: bool) -> None:
    status, body = raw.chat(response_format=AS_SCHEMA, max_completion_tokens=4, stream=stream)
    assert 400 == status
    assert body["error"].startswith("Model did not output valid JSON. The output was truncated")
    assert '{"team": "billin' == body["error_model_output"]


def test_a_stop_text_ends_the_answer_and_is_not_returned(raw: Raw) -> None:
    choice = raw.chat(stop=["answer;"])[1]["choices"][0]
    assert ("This is a simulated ", "stop") == (choice["message"]["content"], choice["finish_reason"])


def test_the_plain_answer_tells_of_the_messages(raw: Raw) -> None:
    said = raw.chat(messages=[{"role": "system", "content": "Be brief."}, *HELLO])[1]["choices"][0]["message"][
        "content"
    ]
    assert "2 messages" in said
    assert "Hello there" in said


@pytest.mark.parametrize(
    ("choice", "name", "arguments"),
    [
        ("required", "see", {"what": "simulated what"}),
        ({"type": "function", "function": {"name": "now"}}, "now", {}),
    ],
)
def test_a_forced_tool_is_called(raw: Raw, choice: Any, name: str, arguments: Any) -> None:
    body = raw.chat(tools=TOOLS, tool_choice=choice)[1]["choices"][0]
    (call,) = body["message"]["tool_calls"]
    assert ("tool_calls", None) == (body["finish_reason"], body["message"]["content"])
    assert (name, arguments) == (call["function"]["name"], json.loads(call["function"]["arguments"]))
    assert call["id"].startswith("call_")


def test_a_streamed_tool_call_comes_in_fragments_of_one_index(raw: Raw) -> None:
    deltas = [event["choices"][0]["delta"] for event in events(raw, tools=TOOLS, tool_choice="required")]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert {0} == {call["index"] for call in calls}
    assert 2 < len(calls)
    assert {"what": "simulated what"} == json.loads("".join(call["function"]["arguments"] for call in calls))


def test_tools_that_are_only_offered_are_not_called(raw: Raw) -> None:
    assert "tool_calls" not in raw.chat(tools=TOOLS)[1]["choices"][0]["message"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"temperature": 1.2}, "decimal_above_max_value", "temperature"),
        ({"temperature": -0.1}, "decimal_below_min_value", "temperature"),
        ({"temperature": "hot"}, "invalid_type", "temperature"),
        ({"temperature": True}, "invalid_type", "temperature"),
        ({"top_p": 2}, "decimal_above_max_value", "top_p"),
        ({"top_k": 101}, "integer_above_max_value", "top_k"),
        ({"top_k": 1.5}, "invalid_type", "top_k"),
        ({"max_tokens": 0}, "integer_below_min_value", "max_tokens"),
        ({"max_tokens": 200_000}, "context_length_exceeded", "messages"),
        ({"messages": []}, "empty_array", "messages"),
        ({"messages": "hi"}, "invalid_type", "messages"),
        ({"messages": None}, None, "messages"),
        ({"messages": ["hi"]}, "invalid_type", "messages[0]"),
        ({"messages": [*HELLO, {"role": "boss", "content": "x"}]}, "invalid_value", "messages[1].role"),
        ({"messages": [{"role": "user", "content": None}]}, None, "messages.[0].content"),
        ({"messages": [{"role": "user", "content": 1}]}, "invalid_type", "messages[0].content"),
        ({"model": ""}, None, "model"),
        ({"stream": "yes"}, "invalid_type", "stream"),
        ({"stream_options": {}}, "invalid_value", "stream_options"),
        ({"stream": True, "stream_options": 1}, "invalid_type", "stream_options"),
        ({"stop": 1}, "invalid_type", "stop"),
        ({"stop": list("abcde")}, "invalid_value", "stop"),
        ({"response_format": "json"}, "invalid_type", "response_format"),
        ({"response_format": {"type": "text"}}, "invalid_value", "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "invalid_type", "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "invalid_type",
            "response_format.json_schema.name",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": 1}}},
            "invalid_type",
            "response_format.json_schema.schema",
        ),
        ({"tools": {}}, "invalid_type", "tools"),
        ({"tools": [{"type": "magic"}]}, "invalid_value", "tools[0]"),
        ({"tools": TOOLS[:1] * 129}, "invalid_value", "tools"),
        ({"tool_choice": "required"}, "invalid_value", "tool_choice"),
        ({"tool_choice": "maybe"}, "invalid_value", "tool_choice"),
        ({"tool_choice": {"function": "see"}, "tools": TOOLS}, "invalid_value", "tool_choice"),
    ],
)
def test_a_wrong_parameter_is_a_400_in_mara_s_envelope(raw: Raw, body: Any, code: Any, param: str) -> None:
    status, answer = raw.chat(**body)
    assert 400 == status
    assert {"message", "type", "param", "code"} == answer["error"].keys()
    assert ("invalid_request_error", code, param) == tuple(answer["error"][name] for name in ("type", "code", "param"))


@pytest.mark.parametrize("model", ["nothing", "GPT-OSS-120B"])
def test_an_unknown_model_is_a_404_and_ids_are_case_sensitive(raw: Raw, model: str) -> None:
    status, body = raw.chat(model=model)
    assert (404, "model_not_found") == (status, body["error"]["code"])


def test_a_text_only_model_refuses_parts(raw: Raw) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hello parts"}]}]
    status, body = raw.chat(model="DeepSeek-V3.1", messages=messages)
    assert (400, "Invalid 'content' type. Expected one of: ['str'], got list.") == (status, body["error"]["message"])
    assert "Hello parts" in raw.chat(messages=messages)[1]["choices"][0]["message"]["content"]


def test_ignored_parameters_have_no_effect(raw: Raw) -> None:
    ignored = {
        "n": 5,
        "seed": 1,
        "logprobs": True,
        "top_logprobs": 3,
        "logit_bias": {},
        "presence_penalty": 9,
        "whatever": [],
    }
    assert raw.chat()[1]["choices"] == raw.chat(**ignored)[1]["choices"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b"[" * 50_000])
def test_a_body_that_is_no_object_is_a_plain_text_400(raw: Raw, body: bytes) -> None:
    response = raw("POST", "/v1/chat/completions", body)
    assert (400, "text/plain; charset=utf-8") == (response.status, response.headers["content-type"])
    assert response.read().startswith(b"Invalid request body: ")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {KEY}"}])
def test_without_a_key_every_path_is_a_401(server: MaraServer, header: dict[str, str]) -> None:
    asking = Raw(server, key=None)
    for method, path in [("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/")]:
        response = asking(method, path, None, **header)
        assert (401, "invalid_authentication") == (response.status, json.loads(response.read())["error"]["code"])
    asking.connection.close()


def test_only_the_given_key_is_accepted() -> None:
    with MaraServer(api_key=KEY) as server:
        for key, status in [("sk-other-key", 401), (KEY, 200)]:
            asking = Raw(server, key)
            assert status == asking("GET", "/v1/models").status
            asking.connection.close()


def test_the_model_list_has_windows_and_prices_as_text(client: openai.OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    extra = listed["MiniMax-M2.5"].model_extra or {}
    assert (160_000, 131_072) == (extra["context_length"], extra["max_completion_tokens"])
    assert isinstance(extra["pricing"]["prompt"], str)
    assert 0 < float(extra["pricing"]["prompt"]) < 0.001


def test_one_model_can_be_asked_for(client: openai.OpenAI) -> None:
    assert "gpt-oss-120b" == client.models.retrieve("gpt-oss-120b").id
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-oss-120B")


def test_models_are_the_caller_s_to_choose() -> None:
    models = ["mine", ServedModel("org/thinks", reasoning="field")]
    with MaraServer(models=models) as server, openai.OpenAI(base_url=server.base_url, api_key=KEY) as client:
        assert ["mine", "org/thinks"] == [model.id for model in client.models.list()]
        assert "org/thinks" == client.models.retrieve("org/thinks").id


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/embeddings"), ("GET", "/"), ("DELETE", "/v1/models")])
def test_any_other_path_is_a_404_with_a_text_for_error(raw: Raw, method: str, path: str) -> None:
    response = raw(method, path)
    assert (404, {"error": "Not found"}) == (response.status, json.loads(response.read()))


def test_every_response_has_the_rate_limits_with_epoch_resets(raw: Raw) -> None:
    for method, path, body in [
        ("GET", "/v1/models", None),
        ("POST", "/v1/chat/completions", {"model": "?"}),
        ("GET", "/", None),
    ]:
        response = raw(method, path, body)
        response.read()
        for window in ("requests", "requests-day"):
            assert (
                0
                <= int(response.headers[f"x-ratelimit-remaining-{window}"])
                < int(response.headers[f"x-ratelimit-limit-{window}"])
            )
            assert int(response.headers[f"x-ratelimit-reset-{window}"]) > time.time() - 5


def test_what_remains_of_the_day_shrinks_with_each_request_of_a_model(raw: Raw) -> None:
    remaining = []
    for model in ("MiniMax-M2.5", "MiniMax-M2.5", "gpt-oss-120b"):
        response = raw("POST", "/v1/chat/completions", {"model": model, "messages": HELLO})
        response.read()
        remaining.append(int(response.headers["x-ratelimit-remaining-requests-day"]))
    most = ServedModel("m").requests_per_day
    assert [most - 1, most - 2, most - 1] == remaining


def test_a_script_is_answered_in_order_and_then_ends() -> None:
    with MaraServer(answers=["one", lambda body: body["messages"][0]["content"]]) as server:
        raw = Raw(server)
        assert ["one", "Hello there"] == [raw.chat()[1]["choices"][0]["message"]["content"] for _ in range(2)]
        status, body = raw.chat()
        assert (400, "script_ended") == (status, body["error"]["code"])
        raw.connection.close()


def test_a_refused_request_takes_nothing_from_the_script() -> None:
    with MaraServer(answers=["one"]) as server:
        raw = Raw(server)
        assert 400 == raw.chat(temperature=2)[0]
        assert "one" == raw.chat()[1]["choices"][0]["message"]["content"]
        raw.connection.close()


@pytest.mark.parametrize(
    ("entry", "status", "content_type", "body"),
    [
        (
            {"status": 503, "body": "Service Temporarily Unavailable"},
            503,
            "text/plain; charset=utf-8",
            b"Service Temporarily Unavailable",
        ),
        ({"status": 404, "body": {"error": "gone"}}, 404, "application/json", b'{"error": "gone"}'),
        ({"body": b"\x00\xff", "headers": {"Content-Type": "x/y"}}, 200, "x/y", b"\x00\xff"),
        (Reply(202, {"Content-Type": "a/b"}, (b"1", b"2"), chunked=True), 202, "a/b", b"12"),
    ],
)
def test_a_script_may_spell_out_a_reply(entry: Any, status: int, content_type: str, body: bytes) -> None:
    with MaraServer(answers=[entry]) as server:
        raw = Raw(server)
        response = raw("POST", "/v1/chat/completions", {"model": "gpt-oss-120b", "messages": HELLO})
        assert (status, content_type, body) == (response.status, response.headers["content-type"], response.read())
        raw.connection.close()


def test_a_scripted_reply_may_replace_the_rate_limits() -> None:
    with MaraServer(answers=[{"status": 429, "headers": {"x-ratelimit-remaining-requests": "0"}}]) as server:
        raw = Raw(server)
        response = raw("POST", "/v1/chat/completions", {"model": "gpt-oss-120b", "messages": HELLO})
        assert ["0"] == response.headers.get_all("x-ratelimit-remaining-requests")
        raw.connection.close()


@pytest.mark.parametrize(("entry", "word"), [(lambda body: body["nothing"], b"nothing"), ({"stauts": 500}, b"stauts")])
def test_a_fault_in_the_script_is_a_500_that_names_it(entry: Any, word: bytes) -> None:
    with MaraServer(answers=[entry]) as server:
        raw = Raw(server)
        response = raw("POST", "/v1/chat/completions", {"model": "gpt-oss-120b", "messages": HELLO})
        assert 500 == response.status
        assert word in response.read()
        raw.connection.close()


def test_requests_are_kept_with_their_bodies_and_without_the_key(server: MaraServer, client: openai.OpenAI) -> None:
    client.chat.completions.create(model="gpt-oss-120b", messages=[{"role": "user", "content": f"my key is {KEY}"}])
    (received,) = server.requests
    assert ("POST", "/v1/chat/completions", "gpt-oss-120b") == (received.method, received.path, received.body["model"])
    assert "Bearer [redacted]" == received.headers["authorization"]
    assert KEY not in repr(received)


def test_the_log_has_a_line_for_each_request_and_never_the_key() -> None:
    heard: list[str] = []
    with MaraServer(api_key=KEY, on_log=heard.append) as server:
        raw = Raw(server)
        raw("GET", f"/v1/models?key={KEY}").read()
        raw.connection.close()
    assert server.log == heard
    assert heard[0].startswith("GET /v1/models?key=[redacted] 200 ")


def test_many_clients_are_answered_at_once(server: MaraServer) -> None:
    def one(_: int) -> int:
        raw = Raw(server)
        statuses = {raw.chat(response_format=AS_SCHEMA)[0] for _ in range(5)}
        raw.connection.close()
        return max(statuses)

    with ThreadPoolExecutor(16) as pool:
        assert {200} == set(pool.map(one, range(32)))
    assert 160 == len(server.requests)


def test_a_stopped_server_hangs_up_and_refuses_connections() -> None:
    with MaraServer() as server:
        raw = Raw(server)
        raw.chat()
        port = raw.connection.port
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        raw.chat()
    raw.connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_stopped_server_has_no_address() -> None:
    server = MaraServer()
    with pytest.raises(ConfigError, match="not running"):
        _ = server.base_url


def test_a_port_that_is_taken_is_a_config_error(server: MaraServer) -> None:
    port = int(server.base_url.split(":")[2].split("/")[0])
    with pytest.raises(ConfigError, match=f"port {port} cannot be used"):
        MaraServer(port=port).start()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Length": "x"}, 400), ({"Content-Length": str(10**9)}, 413), ({"Transfer-Encoding": "chunked"}, 411)],
)
def test_a_body_that_cannot_be_read_is_refused_and_the_connection_closed(
    raw: Raw, headers: dict[str, str], status: int
) -> None:
    raw.connection.putrequest("POST", "/v1/chat/completions")
    for name, value in {**raw.headers, **headers}.items():
        raw.connection.putheader(name, value)
    raw.connection.endheaders()
    response = raw.connection.getresponse()
    assert (status, "close") == (response.status, response.headers["connection"])
    assert response.read().startswith(b"Invalid request body: ")


def test_a_client_that_hangs_up_in_the_middle_of_a_stream_does_no_harm(server: MaraServer, raw: Raw) -> None:
    host, port = "127.0.0.1", raw.connection.port
    with socket.create_connection((host, port)) as client:
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{")
    assert 200 == raw.chat()[0]
    assert not [line for line in server.log if "failed" in line]


@pytest.mark.parametrize("mode", ["off", "prose", "field"])
@pytest.mark.parametrize("role", ["system", "user"])
def test_a_choice_is_answered_though_the_request_has_no_schema(server: MaraServer, mode: str, role: str) -> None:
    output = {"format": "choice", "choices": ["billing", "platform"], "attempts": 1, "instructions": role == "system"}
    asked = instructions(OutputSpec(format="choice", choices=("billing", "platform")), None, "off")
    task = "Route it." if role == "system" else f"Route it.\n{asked}"
    prompt = Prompt.from_dict({"task": task, "output": output, "chain_of_thought": mode if role == "system" else "off"})
    with Client(base_url=server.base_url, api_key=KEY) as client:
        result = prompt.using(model="gemma-4-31B-it", client=client).run()
    assert result.output in ("billing", "platform")
    assert "ms" == server.log[-1][-2:]


def test_the_log_says_that_a_request_without_a_schema_told_nothing(raw: Raw, server: MaraServer) -> None:
    raw.chat()
    assert server.log[-1].endswith(" ms (no schema in the request: nothing but a sentence could be made up)")


def test_a_text_below_the_answer_line_is_answered_so(server: MaraServer) -> None:
    prompt = Prompt.from_dict(
        {"task": "Why?", "chain_of_thought": "prose", "output": {"attempts": 1, "format": "text"}}
    )
    with Client(base_url=server.base_url, api_key=KEY) as client:
        result = prompt.using(model="gemma-4-31B-it", client=client).run()
    assert ("This is a simulated answer", True) == (result.output[:26], "simulated reasoning" in result.reasoning)
