"""The benchmarks run and say what they measured; how fast anything is, no test asserts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import measure, peers
from benchmarks.__main__ import main
from benchmarks.many_calls import Outcome, many_calls
from benchmarks.material import NOTES, inputs, prompt_data
from benchmarks.measure import Figure, Sample, Side, compare
from benchmarks.report import table
from benchmarks.subjects import SUBJECTS
from promptkit import Prompt

ROOT = Path(__file__).parent.parent


def quiet(_: str) -> None:
    pass


def sides(**costs: list[float]) -> list[Side]:
    """Sides that cost what they are told to, round by round; the first is not counted."""

    def side(name: str, cpu: list[float]) -> Side:
        left = iter([9.0, *cpu])

        def sample() -> Sample:
            cost = next(left)
            return Sample(cost, 2 * cost)

        return Side(name, sample, 2.0)

    return [side(name, cpu) for name, cpu in costs.items()]


def figure(**given: float | None) -> Figure:
    told = {"cpu": 0.1, "wall": 0.1, "ratio": 1.0, "low": 1.0, "high": 1.0, "wall_ratio": 1.0, "goal": 2.0} | given
    return Figure(name="ours", **told)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def measured() -> Any:
    """What a quick run of everything says."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--format", "json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return json.loads(run.stdout)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_quick_run_measures_a_subject(measured: Any, subject: str) -> None:
    unit, *others = measured["subjects"][subject]
    assert 1 == unit["ratio"]
    assert others
    assert all(each["cpu"] > 0 and each["ratio"] > 0 for each in (unit, *others))


def test_a_run_can_be_limited_to_a_subject(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--only", "render"])
    title, head, *rows = capsys.readouterr().out.splitlines()
    assert "render: 8 messages, 2 KB of context, 3 examples, warm" == title
    assert ["CPU", "wall", "ratio", "quartiles", "goal"] == head.split()
    assert ["raw jinja2", "promptkit"] == [row[:30].strip() for row in rows[:2]]


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    # A machine that is ten times slower in one round is so for both sides, and changes no ratio.
    unit, ours = compare(sides(unit=[1, 10, 1], ours=[3, 30, 5]), 3, quiet)
    assert (1, 3) == (unit.ratio, ours.ratio)
    assert (5, 10) == (ours.cpu, ours.wall)


def test_every_side_goes_first_in_turn() -> None:
    order: list[str] = []

    def side(name: str) -> Side:
        def sample() -> Sample:
            order.append(name)
            return Sample(1, 1)

        return Side(name, sample)

    compare([side("a"), side("b")], 2, quiet)
    assert ["ab", "ba", "ab"] == ["".join(order[at : at + 2]) for at in (0, 2, 4)]


@pytest.mark.parametrize(("ratio", "goal", "verdict"), [(2.0, 2.0, "ok"), (2.1, 2.0, "over"), (9.0, None, "")])
def test_a_ratio_over_its_goal_is_said_to_be_over(ratio: float, goal: float | None, verdict: str) -> None:
    assert verdict == figure(ratio=ratio, goal=goal).verdict


def test_a_table_has_times_ratio_quartiles_goal_and_verdict() -> None:
    text = table("send", "one request", [figure(cpu=0.0123, wall=0.5, ratio=0.4, low=0.3, high=0.5, goal=0.45)])
    assert "ours 12.3 ms 500.0 ms 0.4 0.3 - 0.5 <= 0.45 ok" == " ".join(text.splitlines()[-1].split())


def test_a_block_is_as_long_as_it_should_be_however_slow_the_first_call_is() -> None:
    numbers: list[int] = []

    def clock() -> tuple[float, float]:
        """The first call takes 100 seconds, the others one."""
        seconds = 100.0 + len(numbers) if numbers else 0.0
        return seconds, seconds

    measure.calls("ours", numbers.append, block=20, clock=clock).sample()
    assert list(range(1 + 1 + 20)) == numbers  # the first, the one that is timed, and a block of them


def test_a_process_that_fails_is_not_measured(tmp_path: Path) -> None:
    side = measure.process("bad", [sys.executable, "-c", "raise SystemExit('why')"], environment={}, folder=tmp_path)
    with pytest.raises(RuntimeError, match="exited with 1: why"):
        side.sample()


def test_raw_jinja_renders_the_texts_that_promptkit_renders() -> None:
    messages = Prompt.from_dict(prompt_data()).render(inputs(7)).messages
    raw = peers.raw_jinja(peers.system_template(messages[0].text, NOTES))
    assert 8 == len(messages)
    assert [(message.role, message.text) for message in messages] == raw(inputs(7))


def test_of_many_calls_through_faults_none_is_lost_and_none_paid_for_twice() -> None:
    """The tries that fail are over at once, so a few seconds do; the program makes ten thousand."""
    outcome = asyncio.run(many_calls(200, at_once=32, seed=3))
    assert 200 == outcome.right
    assert {1: 200} == dict(outcome.paid)
    assert outcome.requests == outcome.attempts
    assert 240 <= outcome.requests
    assert outcome.clean


@pytest.mark.parametrize("broken", [{"right": 9}, {"paid": Counter({1: 9, 2: 1})}, {"requests": 11}])
def test_a_call_that_is_lost_or_paid_for_twice_is_not_clean(broken: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"right": 10, "paid": Counter({1: 10}), "requests": 10, "attempts": 10}
    assert Outcome(10, **sound).clean
    assert not Outcome(10, **(sound | broken)).clean
