"""Counting tokens: an estimate within its error, exact counts, and what a server's own counts teach."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waitless import Waitless

from promptkit import Client, Completion, Prompt, Usage
from promptkit.completion import Request
from promptkit.counting import counter_for
from promptkit.messages import Message
from promptkit.record import RunLog
from promptkit.testing import ScriptedModel
from promptkit.token_calibration import LEAST, Learned, learned
from promptkit.tokens import MESSAGE_OVERHEAD, PieceEstimate, count_messages, count_request, most_tokens
from promptkit.vocabularies import Vocabulary, vocabulary_of

HARMONY = Vocabulary("o200k_base")


class Words:
    """An exact counter, whose tokens are words."""

    error = 0.0
    fixed = 5

    def count(self, text: str) -> int:
        return len(text.split())


class Rough(Words):
    """The same, which says of itself that it may be far off."""

    error = 0.9


def numbers() -> str:
    chance = random.Random(1)
    return "\n".join(",".join(f"{chance.random() * 1000:.3f}" for _ in range(8)) for _ in range(60))


TEXTS = {
    "a message": "Hi! My name is Peter and I'm 31. I was charged twice last month, and nobody answers my emails.",
    "German": "Ich wurde im letzten Monat zweimal belastet und niemand beantwortet meine Nachrichten. Bitte prüfen!",
    "Russian": "Здравствуйте! В прошлом месяце с меня дважды списали деньги, и никто не отвечает на мои письма.",  # noqa: RUF001
    "Chinese": "您好，上个月我的订阅被重复扣款了两次，而且没有人回复我的邮件。请您核实一下，并告诉我什么时候可以退款。",  # noqa: RUF001
    "Japanese": "こんにちは。先月、料金が二重に請求されましたが、メールに返信がありません。ご確認ください。",
    "Arabic": "مرحبا، لقد تم خصم رسوم الاشتراك مرتين الشهر الماضي ولا أحد يرد على رسائلي الإلكترونية.",
    "Hindi": "नमस्ते, पिछले महीने मेरी सदस्यता के लिए मुझसे दो बार शुल्क लिया गया और कोई मेरे ईमेल का जवाब नहीं देता।",
    "code": Path(__file__).read_text(encoding="utf-8")[:4_000],
    "JSON": json.dumps([{"id": 31 * n, "name": "Peter", "tags": ["a", "bb"], "score": n / 7} for n in range(60)]),
    "numbers": numbers(),
    "Base64": base64.b64encode(random.Random(2).randbytes(1500)).decode(),
    "Polish": "Zażółć gęślą jaźń! W zeszłym miesiącu dwukrotnie obciążono mnie za abonament i nikt nie odpowiada.",
    "Georgian": "გამარჯობა! გასულ თვეში ორჯერ ჩამომაჭრეს გამოწერის საფასური და არავინ პასუხობს ჩემს წერილებს.",
    "a log": "\n".join(f"2026-11-28T12:{n:02d}:07.123Z INFO [worker-{n}] took {n * 13}ms" for n in range(60)),
    "markup": '<div class="row"><a href="https://example.com/a?b=1">Click</a><p>Hello</p></div>\n' * 30,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_the_estimate_is_within_the_error_that_it_states(kind: str) -> None:
    counter, true = PieceEstimate(), HARMONY.count(TEXTS[kind])
    assert abs(true - counter.count(TEXTS[kind])) <= counter.error * counter.count(TEXTS[kind])


EXACT = {
    "a message": 24,
    "German": 18,
    "Russian": 23,
    "Chinese": 32,
    "Hindi": 30,
    "numbers": 1919,
    "a log": 1559,
    "<|start|>user<|message|>Hi": 12,
}
"""Counts of o200k by two other implementations (tiktoken 0.14, toktok 0.3)."""


@pytest.mark.parametrize("kind", EXACT)
def test_an_exact_count_is_what_others_count(kind: str) -> None:
    assert EXACT[kind] == HARMONY.count(TEXTS.get(kind, kind))


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_no_text_is_free(text: str) -> None:
    assert 1 <= PieceEstimate().count(text)
    rare = "".join(char for char in text if ord(char) > 0x24F and not char.isspace())
    assert PieceEstimate().count(rare) >= len(rare) / 4


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_longer_text_never_has_fewer_tokens(one: str, more: str) -> None:
    counter = PieceEstimate()
    assert counter.count(one + "\n" + more) >= counter.count(one)


@given(st.text(max_size=300), st.integers(0, 80))
def test_a_cut_text_has_no_more_tokens_than_it_may(text: str, most: int) -> None:
    cut = PieceEstimate().cut(text, most)
    assert text.startswith(cut)
    assert PieceEstimate().count(cut) <= most


def test_half_of_a_surrogate_pair_can_be_counted() -> None:
    assert 2 == PieceEstimate().count("\ud83d")
    assert 1 <= HARMONY.count("\ud83d")


def test_each_message_counts_with_its_frame() -> None:
    messages = [Message("system", "a b"), Message("user", ({"type": "text", "text": "c"}, {"type": "image_url"}))]
    assert [2 + MESSAGE_OVERHEAD, 1 + MESSAGE_OVERHEAD] == count_messages(messages, Words())


def test_a_request_counts_with_its_tools_its_form_and_what_is_fixed() -> None:
    request = Request("m", (Message("user", "a b"),), tools=({"function": {"name": "f"}},), response_format={"a": 1})
    assert 2 + MESSAGE_OVERHEAD + 1 + 1 + 5 == count_request(request, Words()) == most_tokens(request, Words())


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("gpt-oss-120b", "o200k_base"),
        ("openai/gpt-oss-20b", "o200k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("Qwen3.5-27B", None),
        ("MiniMax-M2.5", None),
        ("DeepSeek-V3.1", None),
        ("olmo-2", None),
    ],
)
def test_a_model_is_counted_by_its_own_vocabulary_where_that_is_known(model: str, vocabulary: str | None) -> None:
    found = vocabulary_of(model)
    assert vocabulary == (found and found.name)
    assert (0.0 if vocabulary else PieceEstimate().error) == counter_for(model).error


def test_chat_markup_in_a_text_is_text() -> None:
    assert 1 < HARMONY.count("<|start|>")


def test_without_the_package_tokens_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptkit.vocabularies.installed", lambda: False)
    assert PieceEstimate() == counter_for("gpt-oss-120b")


def body(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]}


@given(st.lists(st.integers(1, 400), min_size=LEAST, max_size=40), st.floats(0.5, 2.0), st.integers(0, 200))
def test_what_a_server_counts_is_learned_within_the_error_that_is_then_stated(
    sizes: list[int], ratio: float, fixed: int
) -> None:
    seen = [(body("word " * size), round((size + 2) * ratio) + fixed + 2 * MESSAGE_OVERHEAD) for size in sizes]
    counter = learned(Rough(), seen)
    for told, true in seen:
        counted = sum(counter.count(each["content"]) + MESSAGE_OVERHEAD for each in told["messages"]) + counter.fixed
        assert isinstance(counter, Learned)
        assert abs(true - counted) <= counter.error * counted + 3  # what is rounded: two messages and what is fixed


def test_what_is_fixed_and_what_grows_are_told_apart() -> None:
    counter = learned(Rough(), [(body("word " * size), size * 2 + 4 + 60 + 8) for size in (10, 20, 40, 80) * 3])
    assert (60, 200) == (counter.fixed, counter.count("word " * 100))
    assert counter.error < 0.02


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [(body("word"), 10)] * (LEAST - 1),
        [(body("word " * 10), told) for told in (10, 1_000) * 10],  # counts that follow from nothing
        [(body("word " * 10), 3)] * 20,  # less than the frames alone
        [({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 900)] * 20,
    ],
)
def test_nothing_is_learned_from_little_or_from_noise(seen: list[tuple[dict[str, Any], int]]) -> None:
    counter = PieceEstimate()
    assert counter is learned(counter, seen)


def test_a_client_learns_from_its_log_and_states_the_smaller_error(tmp_path: Path) -> None:
    texts = [text for text in TEXTS.values() for _ in range(2)]
    answers = [Completion("ok", usage=Usage(prompt_tokens=40 + round(1.2 * HARMONY.count(text)))) for text in texts]
    prompt = Prompt.from_text("inputs: {text: string}\ntask: '{{ text }}'\n")
    log = tmp_path / "log.db"
    with Client(log=log, clock=Waitless()) as client:
        for text in texts:
            prompt.using(client=client, model=ScriptedModel([answers.pop(0)], name="unheard-of")).run(text=text)
    with Client(log=log) as client:
        counter = client.counter(client.facts("unheard-of"))
        assert len(texts) == len(list(RunLog(log).counts("unheard-of")))
        assert counter.error < 0.1
        asked = prompt.using(client=client, model="unheard-of").request(text=TEXTS["code"])
        true = 40 + 1.2 * HARMONY.count(TEXTS["code"])
        assert true == pytest.approx(count_request(asked, counter), rel=counter.error)
        assert PieceEstimate() == client.counter(client.facts("another"))


def test_counts_that_are_of_another_vocabulary_do_not_spoil_an_exact_one(tmp_path: Path) -> None:
    prompt = Prompt.from_text("inputs: {text: string}\ntask: '{{ text }}'\n")
    with Client(log=tmp_path / "log.db", clock=Waitless()) as client:
        for size in range(1, 12):
            answer = Completion("ok", usage=Usage(prompt_tokens=size * 40 + 9))
            asked = prompt.using(client=client, model=ScriptedModel([answer], name="gpt-oss-120b"))
            asked.run(text="how many chars? " * size * 20)
    with Client(log=tmp_path / "log.db") as client:
        assert 11 == len(list(RunLog(tmp_path / "log.db").counts("gpt-oss-120b")))
        assert vocabulary_of("gpt-oss-120b") == client.counter(client.facts("gpt-oss-120b"))


def test_a_log_without_content_teaches_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    prompt = Prompt.from_text("task: Hi")
    with Client(log=log, settings=_without_content(), clock=Waitless()) as client:
        model = ScriptedModel([Completion("ok", usage=Usage(prompt_tokens=10))] * 20, name="m")
        for _ in range(20):
            prompt.using(client=client, model=model).run()
        assert [] == list(RunLog(log).counts("m"))


def _without_content() -> Any:
    from promptkit.settings import load_settings

    return load_settings(log_content=False)


def test_a_counter_of_ones_own_is_the_one_that_counts() -> None:
    client = Client(counter=Words())
    assert isinstance(client.counter(client.facts("gpt-oss-120b")), Words)
