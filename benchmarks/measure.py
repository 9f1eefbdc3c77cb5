"""Paired measurement: the sides of a comparison take turns, and what counts is their ratio round by round.

So a machine that is slow for a while is slow for all sides, and the ratio stays. CPU time is that of all
threads; what other processes do is in the wall time only.
"""

from __future__ import annotations

import gc
import os
import subprocess
import time
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """What one call cost, in seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. `goal` is the ratio to the first side that it shall not exceed."""

    name: str
    sample: Callable[[], Sample]
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A side's medians, and its ratio to the first side: the median of all rounds, and their quartiles."""

    name: str
    cpu: float
    wall: float
    ratio: float
    low: float
    high: float
    wall_ratio: float
    goal: float | None

    @property
    def verdict(self) -> str:
        """`ok` or `over`; nothing where there is no goal."""
        if self.goal is None:
            return ""
        return "ok" if self.ratio <= self.goal else "over"


def compare(sides: Sequence[Side], rounds: int, progress: Callable[[str], None]) -> list[Figure]:
    """The figures of all sides, in their order. One round more is run first, and not counted."""
    samples: dict[str, list[Sample]] = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        progress(f"round {number} of {rounds}")
        for side in _turn(sides, number):
            samples[side.name].append(side.sample())
    unit = samples[sides[0].name][1:]
    return [_figure(side, samples[side.name][1:], unit) for side in sides]


def _turn(sides: Sequence[Side], number: int) -> list[Side]:
    """Every side goes first as often as any other."""
    first = number % len(sides)
    return [*sides[first:], *sides[:first]]


def _figure(side: Side, samples: list[Sample], unit: list[Sample]) -> Figure:
    ratios = [_ratio(mine.cpu, its.cpu) for mine, its in zip(samples, unit, strict=True)]
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return Figure(
        name=side.name,
        cpu=median(sample.cpu for sample in samples),
        wall=median(sample.wall for sample in samples),
        ratio=median(ratios),
        low=low,
        high=high,
        wall_ratio=median(_ratio(mine.wall, its.wall) for mine, its in zip(samples, unit, strict=True)),
        goal=side.goal,
    )


def _ratio(mine: float, its: float) -> float:
    return mine / its if its > 0 else float("nan")


def calls(
    name: str,
    run: Callable[[int], object],
    *,
    block: float,
    goal: float | None = None,
    clock: Callable[[], tuple[float, float]] = lambda: (time.process_time(), time.perf_counter()),
) -> Side:
    """A side that calls `run` in this process, with a new number each time, for about `block` seconds a sample.

    `clock` gives CPU and wall seconds.
    """
    return Side(name, _Calls(run, block, clock).sample, goal)


class _Calls:
    """How many calls make a block is found out in the first sample."""

    def __init__(self, run: Callable[[int], object], block: float, clock: Callable[[], tuple[float, float]]) -> None:
        self._run = run
        self._block = block
        self._clock = clock
        self._number = 0
        self._many = 0

    def sample(self) -> Sample:
        if not self._many:
            self._timed(1)  # the first call opens and compiles what the others find
            self._many = max(1, round(self._block / max(self._timed(1).wall, 1e-7)))
        gc.collect()
        return self._timed(self._many)

    def _timed(self, many: int) -> Sample:
        run, numbers = self._run, range(self._number, self._number + many)
        self._number += many
        began = self._clock()
        for number in numbers:
            run(number)
        cpu, wall = self._clock()
        return Sample((cpu - began[0]) / many, (wall - began[1]) / many)


def process(
    name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, goal: float | None = None
) -> Side:
    """A side that runs a whole process, and must exit with 0; the system's own account of it is what counts."""
    return Side(name, lambda: _ran(command, environment, folder), goal)


def _ran(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Sample:
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {child.returncode}: {said.decode(errors='replace')}")
    return Sample(used.ru_utime + used.ru_stime, wall)
