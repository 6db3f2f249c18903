"""Two sides that do the same work in turn: checked first, then timed A B B A, and their ratio taken round by round."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.bench.base import Case, Goal, How, Precision, Row, Work, pytorch
from neuro_cnn.ops import threads as ops_threads
from neuro_cnn.tree import leaves

TOLERANCE = 1e-5
"""Largest difference of our result from PyTorch's in double precision, over the largest value of an array."""
SAME = 1e-4
"""The same for PyTorch's results in single precision, to show that it does this work. Our choice: where it adds up long
sums in one go, as in gradients of weights, it is beyond 1e-5."""
LASTS = 10.0
"""Milliseconds that one measurement takes at least: shorter works are repeated. Our choice, far above the timer's step
and what it costs to call a work."""
LOOK = 0.01
"""Seconds between two looks at whether threads still work: twice what Linux may take to tell (our choice)."""
TRIALS = 5
"""Rounds in which PyTorch's ways compete for which is the fastest (our choice)."""


@dataclass(frozen=True)
class Race(Case):
    """A piece of work that both sides can do."""

    goal: Goal | None = field(default=None, kw_only=True)

    def ours(self) -> Work:
        """How this program does it."""
        raise NotImplementedError

    def torch(self, precision: Precision) -> dict[str, Work]:
        """The ways in which PyTorch does it well, by what sets them apart; the fastest counts."""
        raise NotImplementedError

    def told(self, result: Any) -> Any:
        """Our result in the form that PyTorch's has."""
        return result

    def row(self, name: str, how: How) -> Row:
        ours = Side(self.ours())
        if how.against is None:
            return Row(name, "ms", median(times([ours], how.rounds)[0]), goal=self.goal)
        right = next(iter(self.torch("float64").values()))()
        error = distance(name, "our", self.told(ours.work()), right, TOLERANCE)
        ways = self.torch("float32")
        errors = [distance(name, f"PyTorch's ({way})", work(), right, SAME) for way, work in ways.items()]
        row = compared(name, ours, sides(ways, how.threads), how.rounds)
        return row._replace(goal=self.goal, error=error, torch_error=max(errors))


class Side(NamedTuple):
    """A work, and what is to hold while it is done."""

    work: Work
    within: Callable[[], AbstractContextManager[None]] = nullcontext

    def lasted(self, count: int) -> float:
        """Milliseconds that the work takes, the mean over so many times."""
        with self.within():
            start = time.perf_counter()
            for _ in range(count):
                self.work()
            return 1000 * (time.perf_counter() - start) / count


def sides(ways: dict[str, Work], threads: int) -> dict[str, Side]:
    """PyTorch's ways on so many threads, and on one: where little is to be done, others only have to be waited for."""
    made = {way: Side(work) for way, work in ways.items()}
    if threads > 1:
        made |= {f"{way}, 1 thread": Side(work, partial(torch_threads, 1)) for way, work in ways.items()}
    return made


def compared(name: str, ours: Side, peers: dict[str, Side], rounds: int) -> Row:
    """A work timed against the fastest of several peers."""
    trials = dict(zip(peers, times(list(peers.values()), TRIALS), strict=True))
    way = min(trials, key=lambda each: median(trials[each]))
    a, b = times([ours, peers[way]], rounds)
    low, middle, high = np.percentile(np.divide(b, a), (25, 50, 75))
    return Row(name, "ms", median(a), median(b), float(middle), float(low), float(high), way=way)


def times(contest: list[Side], rounds: int) -> list[list[float]]:
    """Milliseconds of each side's work in each round, A B B A, after a first round to warm up.

    The other side's threads come to rest before each measurement. What is short is repeated within one, after one time
    that does not count: the other side has been in the caches.
    """
    counts = [repeats(side) for side in contest]
    taken: list[list[float]] = [[] for _ in contest]
    for number in range(rounds):
        turn = list(zip(contest, counts, taken, strict=True))
        for side, count, series in turn if number % 2 == 0 else reversed(turn):
            rest()
            if count > 1:
                side.lasted(1)
            series.append(side.lasted(count))
    return taken


def rest() -> None:
    """Wait until no thread of this process works any more, up to 30 looks.

    Threads that were left without work spin before they sleep, as long as 50 ms in OpenBLAS and 10 in PyTorch, and
    would take a core from the side whose turn it is.
    """
    for _ in range(30):
        before = time.process_time()
        time.sleep(LOOK)
        if time.process_time() - before < LOOK / 10:
            return


def repeats(side: Side) -> int:
    """How often a work is done in one measurement; tried three times, after once to warm up."""
    side.lasted(1)
    shortest = min(side.lasted(1) for _ in range(3))
    return max(1, ceil(LASTS / max(shortest, 1e-4)))


def distance(name: str, whose: str, result: Any, right: Any, most: float) -> float:
    """The largest difference of a tree of arrays from the right one, over the largest value of the array it is in.

    Raises FloatingPointError where it is above `most` or no number, ValueError where the shapes differ.
    """
    apart = 0.0
    for (_, left), (_, other) in zip(leaves(result), leaves(right), strict=True):
        a, b = np.asarray(left), np.asarray(other)
        if a.shape != b.shape:
            raise ValueError(f"{name}: {whose} result has shape {a.shape}, not {b.shape}")
        each = float(np.max(np.abs(a - b)) / max(np.max(np.abs(b)), np.finfo(np.float32).tiny))
        if not each <= most:
            raise FloatingPointError(f"{name}: {whose} result is {each:.1e} from PyTorch's in double precision")
        apart = max(apart, each)
    return apart


@contextmanager
def on_threads(threads: int, against: str | None) -> Iterator[None]:
    """Both sides on the same number of threads, for as long as the block runs."""
    with ops_threads.on_threads(threads), nullcontext() if against is None else torch_threads(threads):
        yield


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """PyTorch on so many threads, for as long as the block runs."""
    torch = pytorch()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_memory() -> None:
    """Let the C library of Linux keep freed memory for reuse, on both sides.

    Or it fetches every large array anew from the system, page by page, which takes as long as the work and flatters
    the side that makes fewer arrays. The same as MALLOC_MMAP_MAX_=0 and a large MALLOC_TRIM_THRESHOLD_.
    """
    tune = c_library("mallopt")
    if tune is not None:
        tune(-4, 0)  # M_MMAP_MAX
        tune(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def c_library(name: str) -> Any:
    """A function of the C library of Linux; None elsewhere, or where it has none of this name."""
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), name, None)
