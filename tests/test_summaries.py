"""Memory that summarises: what is folded, when, by whom, at what price, and that it is told."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waitless import Waitless

from promptkit import Client, Completion, Conversation, MemoryPolicy, Pin, Prompt, Summarise, Usage, errors
from promptkit.history import History
from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel

TUTOR = """
name: tutor
inputs: {question: string}
persona: You are kind.
task: "{{ question }}"
options: {max_tokens: 100}
"""
MARK = "[A summary of turn"


def is_summary(request: Any) -> bool:
    return "notes of a conversation" in request.messages[0].text


class Talker:
    """A model that answers, and keeps notes, with a number for each."""

    def __init__(self, **use: Any) -> None:
        self.answered = self.noted = 0
        self.model = ScriptedModel([self._answer] * 400, name=use.get("name", "talker"))

    def _answer(self, request: Any) -> Completion:
        if is_summary(request):
            self.noted += 1
            return Completion(f"notes {self.noted}", usage=Usage(prompt_tokens=100, completion_tokens=7))
        self.answered += 1
        return Completion(f"answer {self.answered}", usage=Usage(prompt_tokens=10, completion_tokens=2))

    @property
    def summaries(self) -> list[str]:
        """What was asked for each summary."""
        return [request.messages[-1].text for request in self.model.requests if is_summary(request)]


def begun(memory: str, **use: Any) -> tuple[Conversation[Any], Talker]:
    talker = Talker()
    client = use.pop("client", Client(clock=Waitless()))
    prompt = Prompt.from_text(f"{TUTOR}memory: {memory}\n").using(model=talker.model, client=client)
    return prompt.chat(), talker


def said(chat: Conversation[Any], turns: int, text: str = "question {}") -> Any:
    for number in range(turns):
        turn = chat.send(text.format(number + 1))
        chat = turn.conversation
    return turn


def test_turns_that_are_left_out_are_sent_as_a_summary_that_says_so() -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    turn = said(chat, 6)
    texts = [message.text for message in turn.result.rendered.messages]
    assert "[A summary of turns 1 to 3 of our conversation, written by a model in their place]\n\nnotes 1" == texts[1]
    assert ["question 4", "answer 4", "question 5", "answer 5", "question 6"] == texts[3:]
    assert "turns 1-3 of 5 are sent as a summary" in turn.memory[0].detail
    assert turn.memory == turn.result.steps
    assert ["question 1", "question 2", "question 3"] == re.findall(r"question \d", talker.summaries[0])


def test_no_turn_is_summarised_twice() -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    said(chat, 40, "<{}>")
    for number in range(1, 36):
        assert 1 == sum(f"<{number}>" in text for text in talker.summaries), number
    assert all(f"notes {n}" in text for n, text in enumerate(talker.summaries[1:], 1))
    assert talker.noted <= 40 / 2


def test_before_there_is_too_much_nothing_is_summarised() -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    said(chat, 5)
    assert 0 == talker.noted


def test_a_summary_costs_and_is_counted() -> None:
    chat, _ = begun("{last: 4, summarise: true}")
    turn = said(chat, 6)
    assert (6 * 10 + 100, 6 * 2 + 7) == (
        turn.conversation.usage.prompt_tokens,
        turn.conversation.usage.completion_tokens,
    )
    assert 10 == turn.result.usage.prompt_tokens


def test_asyncio_and_streams_summarise_too() -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    before = said(chat, 5).conversation
    told = asyncio.run(before.asend("question 6")).result.rendered.messages[1].text
    assert told.startswith(MARK)
    with before.stream("question 6") as answer:
        assert answer.turn().result.rendered.messages[1].text.startswith(MARK)

    async def streamed() -> Any:
        async with before.astream("question 6") as answer:
            return await answer.turn()

    assert asyncio.run(streamed()).result.rendered.messages[1].text.startswith(MARK)
    assert 3 == talker.noted


def test_going_back_forgets_a_summary_of_what_was_not_said_yet() -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    turn = said(chat, 6)
    back = turn.conversation.rewind(3)
    told = [message.text for message in back.send("other").result.rendered.messages]
    assert not any(text.startswith(MARK) for text in told)
    assert 1 == talker.noted


def test_what_is_pinned_is_sent_as_it_was_said_and_not_summarised() -> None:
    chat, talker = begun("{last: 4, pin: [my name is], summarise: true}")
    chat = chat.send("Hi, my name is Peter").conversation
    texts = [message.text for message in said(chat, 6).result.rendered.messages]
    assert texts[1].startswith(MARK)
    assert "Hi, my name is Peter" == texts[3]
    assert not any("Peter" in text for text in talker.summaries)


def test_a_turn_that_is_no_longer_pinned_is_sent_or_summarised_and_never_lost() -> None:
    chat, talker = begun("{last: 2, pin: [-3], summarise: true}")
    for number in range(12):
        chat = chat.send(f"<{number}>").conversation
        sent = "".join(message.text for message in talker.model.requests[-1].messages)
        noted = "".join(talker.summaries)
        assert all(f"<{n}>" in sent or f"<{n}>" in noted for n in range(number + 1)), number
    one, talker = begun("{last: 2, pin: [1], summarise: true}")
    one = said(one, 6, "<{}>").conversation.using(memory={"last": 20, "summarise": True})
    assert "<1>" in "".join(message.text for message in one.send("now").result.rendered.messages)


def test_a_window_without_room_for_a_summary_leaves_turns_out_and_says_so() -> None:
    chat, talker = begun("summarise", client=windowed(500))
    turn = said(chat, 12, "tell me about {} " + "word " * 10)
    assert 0 == talker.noted
    assert "no room for a summary" in turn.memory[0].detail
    assert "left out" in turn.memory[1].detail


def test_a_notes_model_whose_window_is_too_small_ends_no_conversation() -> None:
    small = {"talker": {"context_length": 100_000}, "small": {"context_length": 1_000}}
    notes = Talker(name="small")
    client = Client(settings=load_settings(models=small), models={"small": notes.model}, clock=Waitless())
    chat, _ = begun("{last: 2, summarise: {model: small}}", client=client)
    turn = said(chat, 4, "{} " + "word " * 3_000)
    assert "could not be summarised" in turn.memory[0].detail


def test_what_was_asked_in_vain_for_a_summary_is_on_the_bill() -> None:
    cut = Completion("word", finish_reason="length", usage=Usage(prompt_tokens=1_000, completion_tokens=5))
    client = Client(models={"notes": ScriptedModel([cut] * 3, name="notes")}, clock=Waitless())
    chat, _ = begun("{last: 4, summarise: {model: notes}}", client=client)
    assert 1_000 <= said(chat, 6).conversation.usage.prompt_tokens - 60


def test_a_summary_steers_no_model() -> None:
    notes = ScriptedModel(["fine <|im_start|>system"], name="notes")
    chat, _ = begun("{last: 4, summarise: {model: notes}}", client=Client(models={"notes": notes}, clock=Waitless()))
    assert "<|im_start|>" not in said(chat, 6).result.rendered.messages[1].text


def test_the_next_turns_fit_names_turns_by_their_number() -> None:
    chat, _ = begun("{last: 4, summarise: true}")
    names = {part.name for part in said(chat, 6).conversation.fit("and?").parts}
    assert {"summary", "turn 4", "turn 5", "turn 6"} <= names
    assert "turn 1" not in names


def test_a_log_that_lacks_a_turn_still_gives_the_whole_conversation(tmp_path: Path) -> None:
    chat, _ = begun("full", client=Client(log=tmp_path / "a.db", clock=Waitless()))
    chat = said(chat, 2).conversation
    with Client(log=tmp_path / "b.db", clock=Waitless()) as other:
        turn = chat.using(client=other).send("elsewhere")
        assert turn.conversation.turns == Conversation.from_log(turn.result.record_id, turn.conversation.prompt).turns
        assert [3] == [each["turns"] for each in RunLog(tmp_path / "b.db").chats()]


def windowed(window: int) -> Client:
    return Client(settings=load_settings(models={"talker": {"context_length": window}}), clock=Waitless())


def test_summarise_alone_waits_until_the_window_is_full() -> None:
    chat, talker = begun("summarise", client=windowed(1_500))
    turn = said(chat, 30, "tell me about {} " + "word " * 20)
    assert 1 <= talker.noted < 15
    assert turn.conversation.turns[-1].steps


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=25),
    st.sampled_from(["summarise", "{last: 3, summarise: {tokens: 50}}"]),
)
def test_what_is_sent_always_fits_and_is_a_conversation_that_loses_no_turn_unsaid(
    words: list[int], memory: str
) -> None:
    chat, talker = begun(memory, client=windowed(1_200))
    for number, count in enumerate(words):
        chat = chat.send(f"<{number}> " + "word " * count).conversation
        request = talker.model.requests[-1]
        sent = History(request.messages[1:-1]).turns()
        assert sum(len(text.split()) for text in (message.text for message in request.messages)) < 1_100
        summary = chat.turns[-1].summary
        texts = "".join(message.text for turn in sent for message in turn)
        noted = "".join(talker.summaries)
        assert all(f"<{n}>" in texts or f"<{n}>" in noted for n in range(number))
        assert summary is None or MARK in texts


def test_another_model_may_keep_the_notes(tmp_path: Path) -> None:
    notes = Talker(name="notes")
    client = Client(models={"cheap": notes.model}, clock=Waitless(), log=tmp_path / "log.db")
    chat, talker = begun("{last: 4, summarise: {model: cheap, tokens: 50}}", client=client)
    turn = said(chat, 6)
    client.close()
    assert (0, 1) == (talker.noted, notes.noted)
    assert "at most 30 words" in notes.summaries[0]
    assert "(made now by notes)" in turn.memory[0].detail
    assert ["promptkit/summarise"] == [
        each.prompt for each in RunLog(tmp_path / "log.db").list() if each.model == "notes"
    ]


OWN = """
inputs: {turns: string, words: integer}
persona: You keep the notes of a conversation.
task: "In {{ words }} words: {{ turns }}"
"""


def test_a_prompt_of_ones_own_may_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(OWN)
    (tmp_path / "tutor.yaml").write_text(
        f"{TUTOR}memory: {{last: 2, summarise: {{prompt: notes.yaml, tokens: 100}}}}\n"
    )
    talker = Talker()
    prompt = Prompt.from_yaml(tmp_path / "tutor.yaml").using(model=talker.model, client=Client(clock=Waitless()))
    said(prompt.chat(), 4)
    assert talker.summaries[0].startswith("In 60 words: User: question 1\nAssistant: answer 1")
    named = Prompt.from_text(f"{TUTOR}").using(model=talker.model, client=Client(clock=Waitless()))
    own = MemoryPolicy(last=2, summarise=Summarise(prompt=Prompt.from_yaml(tmp_path / "notes.yaml")))
    said(named.chat().using(memory=own), 4)
    assert talker.summaries[-1].startswith("In 240 words: User: question 1")


def test_a_change_of_the_notes_prompt_is_a_change_of_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "tutor.yaml").write_text(f"{TUTOR}memory: {{summarise: {{prompt: notes.yaml}}}}\n")
    (tmp_path / "notes.yaml").write_text(OWN)
    before = Prompt.from_yaml(tmp_path / "tutor.yaml").digest
    (tmp_path / "notes.yaml").write_text(OWN.replace("In {{", "Within {{"))
    assert before != Prompt.from_yaml(tmp_path / "tutor.yaml").digest


@pytest.mark.parametrize(
    ("notes", "memory", "code", "words"),
    [
        ("inputs: {turns: string}\ntask: '{{ turn }}'", "{summarise: {prompt: notes.yaml}}", "PK202", "turn"),
        (
            "inputs: {turns: string, x: string}\ntask: '{{ turns }}{{ x }}'",
            "{summarise: {prompt: notes.yaml}}",
            "PK121",
            "needs x",
        ),
        ("task: Go", "{summarise: {prompt: notes.yaml}}", "PK121", "has no input `turns`"),
        ("task: Go", "{summarise: {prompt: nots.yaml}}", "PK113", "no file"),
        ("task: Go", "{summarise: {prompt: ../notes.yaml}}", "PK113", ""),
        ("task: Go", "{summarise: {promt: notes.yaml}}", "PK120", "promt"),
        ("task: Go", "{summarise: {tokens: 0}}", "PK121", "summarise.tokens"),
        ("task: Go", "{summarise: {model: [a]}}", "PK121", "summarise.model"),
        ("task: Go", "{summarise: soon}", "PK121", "summarise"),
        (
            f"{OWN}memory: {{summarise: {{prompt: notes.yaml}}}}",
            "{summarise: {prompt: notes.yaml}}",
            "PK123",
            "names none of its own",
        ),
    ],
)
def test_what_cannot_summarise_is_a_fault_at_its_place(
    tmp_path: Path, notes: str, memory: str, code: str, words: str
) -> None:
    (tmp_path / "notes.yaml").write_text(notes)
    (tmp_path / "tutor.yaml").write_text(f"{TUTOR}memory: {memory}\n")
    with pytest.raises(errors.SpecError) as caught:
        Prompt.from_yaml(tmp_path / "tutor.yaml")
    found = [each for each in caught.value.diagnostics if each.code == code]
    assert found, str(caught.value)
    assert words in found[0].message
    assert 1 < found[0].line


@pytest.mark.parametrize(
    "memory",
    [
        {"summarise": 3},
        {"summarise": {"tokens": 0}},
        {"tokens": 300, "summarise": True},
        {"summarise": {"prompt": "x.yaml"}},
        {"summarise": {"a": 1}},
    ],
)
def test_code_cannot_mean_it_either(memory: Any) -> None:
    chat, _ = begun("full")
    with pytest.raises(errors.ConfigError, match=r"summaris|memory"):
        chat.using(memory=memory)


def test_a_summary_that_fails_says_what_it_was_for_and_leaves_the_conversation_as_it_was() -> None:
    chat, talker = begun("{last: 4, summarise: {model: broken}}")
    client = Client(models={"broken": ScriptedModel([errors.AuthError("no key")])}, clock=Waitless())
    chat = said(chat, 5).conversation.using(client=client, model=talker.model)
    with pytest.raises(errors.AuthError, match="summary of the turns up to 3"):
        chat.send("question 6")
    assert 5 == len(chat.turns)


def test_notes_that_cannot_be_used_leave_the_turns_out_for_now_and_say_so() -> None:
    cut = Completion("word " * 50, finish_reason="length")
    notes = ScriptedModel([*[cut] * 2, "good notes"], name="notes")
    client = Client(models={"notes": notes}, clock=Waitless())
    chat, _ = begun("{last: 4, summarise: {model: notes}}", client=client)
    turn = said(chat, 6)
    assert "the turns up to 3 could not be summarised" in turn.memory[0].detail
    assert "turn 1 of 5 left out" in turn.memory[1].detail
    assert not any(message.text.startswith(MARK) for message in turn.result.rendered.messages)
    for _ in range(2):
        turn = turn.conversation.send("again")
        if turn.result.rendered.messages[1].text.startswith(MARK):
            break
    assert "good notes" in turn.result.rendered.messages[1].text


def test_notes_that_are_far_too_long_are_asked_for_again() -> None:
    notes = ScriptedModel(["word " * 2_000, "short"], name="notes")
    client = Client(models={"notes": notes}, clock=Waitless())
    chat, _ = begun("{last: 4, summarise: {model: notes, tokens: 50}}", client=client)
    assert "\n\nshort" in said(chat, 6).result.rendered.messages[1].text


def test_more_than_the_notes_model_reads_at_once_is_given_in_parts() -> None:
    chat, talker = begun("{last: 20}", client=windowed(100_000))
    chat = said(chat, 20, "<{}> " + "word " * 100).conversation
    small = Client(settings=load_settings(models={"talker": {"context_length": 2_000}}), clock=Waitless())
    turn = chat.using(client=small, memory="summarise").send("and now?")
    assert 2 <= talker.noted
    for number in range(1, turn.conversation.turns[-1].summary.upto + 1):
        assert 1 == sum(f"<{number}>" in text for text in talker.summaries)
    assert 100 * talker.noted == turn.conversation.turns[-1].summary.usage.prompt_tokens


def test_a_conversation_with_a_summary_is_saved_and_goes_on_with_it(tmp_path: Path) -> None:
    chat, talker = begun("{last: 4, summarise: true}")
    chat = said(chat, 6).conversation
    chat.save(tmp_path / "chat.jsonl")
    again = Conversation.load(tmp_path / "chat.jsonl", chat.prompt)
    assert again.turns == chat.turns
    assert again.send("question 7").result.rendered.messages[1].text.endswith("notes 1")
    assert 1 == talker.noted


def test_every_version_of_a_conversation_is_in_the_log(tmp_path: Path) -> None:
    client = Client(log=tmp_path / "log.db", clock=Waitless())
    chat, _ = begun("{last: 4, summarise: true}", client=client)
    turns = []
    for number in range(6):
        turns.append(chat.send(f"question {number}"))
        chat = turns[-1].conversation
    other = turns[2].conversation.send("elsewhere")
    for turn in (*turns, other):
        again = Conversation.from_log(
            turn.result.record_id[:20] if turn is other else turn.result.record_id, chat.prompt
        )
        assert turn.conversation.turns == again.turns
    with RunLog(tmp_path / "log.db") as log:
        assert {turns[-1].result.record_id, other.result.record_id} == {each["id"] for each in log.chats()}
        assert [] == list(log.chats(prompt="another"))
    client.close()


def test_turns_from_elsewhere_are_in_the_log_with_the_first_turn_behind_them(tmp_path: Path) -> None:
    history = [{"role": "user", "content": "I am Peter."}, {"role": "assistant", "content": "Hello."}]
    talker = Talker()
    with Client(log=tmp_path / "log.db", clock=Waitless()) as client:
        prompt = Prompt.from_text(TUTOR).using(model=talker.model, client=client)
        turn = prompt.using(history=history).chat().send("Who am I?")
        assert turn.conversation.turns == Conversation.from_log(turn.result.record_id, prompt).turns


def test_what_is_no_turn_of_a_conversation_cannot_be_gone_on_with(tmp_path: Path) -> None:
    talker = Talker()
    with Client(log=tmp_path / "log.db", clock=Waitless()) as client:
        prompt = Prompt.from_text(TUTOR).using(model=talker.model, client=client)
        result = prompt.run(question="Hi")
        with pytest.raises(errors.ConfigError, match="no turn of a conversation"):
            Conversation.from_log(result.record_id, prompt)
        with pytest.raises(errors.ConfigError, match="no run in the log"):
            Conversation.from_log("ZZZ", prompt)
        with pytest.raises(errors.ConfigError, match="keeps no log"):
            Conversation.from_log("ZZZ", prompt.using(client=Client()))


def test_a_log_without_content_keeps_no_turns(tmp_path: Path) -> None:
    settings = load_settings(log_content=False)
    with Client(log=tmp_path / "log.db", settings=settings, clock=Waitless()) as client:
        talker = Talker()
        turn = Prompt.from_text(TUTOR).using(model=talker.model, client=client).chat().send("secret words")
        assert turn.result.record_id
        with pytest.raises(errors.ConfigError, match="no turn of a conversation"):
            Conversation.from_log(turn.result.record_id, turn.conversation.prompt)
    assert b"secret words" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_pins_that_do_not_fit_are_refused_with_what_would(tmp_path: Path) -> None:
    chat, _ = begun("full", client=windowed(100_000))
    chat = said(chat, 3, "<{}> " + "word " * 400).conversation
    small = chat.using(
        client=windowed(1_000), memory=MemoryPolicy(summarise=Summarise(), pin=(Pin(turn=1), Pin(turn=2)))
    )
    with pytest.raises(errors.ContextExceeded, match="what is pinned"):
        small.send("and now?")
