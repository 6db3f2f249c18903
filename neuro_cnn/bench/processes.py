"""What is measured in a process of its own: memory beyond the inputs, and how soon a fresh process learns."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

from neuro_cnn.bench.base import Case, Goal, How, Row
from neuro_cnn.bench.convolution import Forward, Sizes
from neuro_cnn.bench.machine import MEGA, forget_peak, forgets_peak, memory, peak_memory
from neuro_cnn.bench.networks import LeNet5Step
from neuro_cnn.bench.timing import c_library, on_threads

ALLOWED = 1.2, 16 * MEGA
"""Memory of a convolution: so many times its output, and so many bytes."""


@dataclass(frozen=True)
class Memory(Case):
    """The peak of memory beyond the inputs while a convolution responds, in a fresh process.

    A quarter of the batch is worked on first, so that code, kernels and libraries are loaded; then the system is asked
    to forget the process's peak (`forget_peak`), and what is held now is taken off the peak after the whole batch.
    """

    of: Sizes
    slow: ClassVar[bool] = False

    def row(self, name: str, how: How) -> Row:
        if not forgets_peak():
            return Row(name, "MB", None, note="needs /proc/self/clear_refs of Linux")
        mine = child("held", self.of, "ours", how.threads, None)
        output = mine["output"]
        goal = Goal(ours=(ALLOWED[0] * output + ALLOWED[1]) / MEGA)
        row = Row(name, "MB", mine["held"] / MEGA, goal=goal, note=f"output {output / MEGA:.1f} MB")
        if how.against is None:
            return row
        peers = {way: child("held", self.of, way, how.threads, how.against) for way in ("contiguous", "channels last")}
        way = min(peers, key=lambda each: peers[each]["held"])
        theirs = peers[way]["held"]
        return row._replace(torch=theirs / MEGA, ratio=theirs / mine["held"], way=way)


@dataclass(frozen=True)
class FirstStep(Case):
    """Seconds that LeNet-5's first step of learning takes in a fresh process that finds its kernels on disk."""

    batch: int
    goal: Goal | None = None
    slow: ClassVar[bool] = False

    def row(self, name: str, how: How) -> Row:
        child("first", self.batch, how.threads)  # leaves its kernels on disk
        taken = [child("first", self.batch, how.threads)["seconds"] for _ in range(3)]
        return Row(name, "s", median(taken), goal=self.goal, note="kernels on disk")


def child(what: str, *words: Any) -> dict[str, Any]:
    """What a function of this module tells when it is called in a fresh process."""
    code = f"from neuro_cnn.bench.processes import tell; tell({what!r})"
    made = subprocess.run([sys.executable, "-P", "-c", code], input=json.dumps(words), capture_output=True, text=True)
    if made.returncode:
        last = (made.stderr.strip().splitlines() or [f"exit code {made.returncode}"])[-1]
        raise RuntimeError(f"a process that was to measure {what} failed: {last}")
    return dict(json.loads(made.stdout))


def tell(what: str) -> None:
    """In the fresh process: read what to do, do it, and print what it came to."""
    measures: dict[str, Callable[..., dict[str, Any]]] = {"held": held, "first": first}
    print(json.dumps(measures[what](*json.load(sys.stdin))))


def held(of: list[Any], side: str, threads: int, against: str | None) -> dict[str, int]:
    """Bytes at the peak of a convolution beyond what was held before, and bytes of its output."""
    sizes = Sizes(*of)
    with on_threads(threads, against):
        for each in (sizes._replace(batch=max(1, sizes.batch // 4)), sizes):
            case = Forward(each)
            work = case.ours() if side == "ours" else case.torch("float32")[side]
            gc.collect()
            trim = c_library("malloc_trim")
            if trim is not None:
                trim(0)
            forget_peak()
            before = memory()
            y = work()
            peak = peak_memory()
    return {"held": (peak or 0) - (before or 0), "output": y.nbytes}


def first(batch: int, threads: int) -> dict[str, float]:
    """Seconds of the first step of learning."""
    with on_threads(threads, None):
        work = LeNet5Step(batch).ours()
        start = time.perf_counter()
        work()
        return {"seconds": time.perf_counter() - start}
