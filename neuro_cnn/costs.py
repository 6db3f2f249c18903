"""What learning and answering cost as images, planes, maps and layers grow: time and memory of one step, measured."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.curriculum import Backprop, Curriculum, Phase, Together
from neuro_cnn.data import Dataset
from neuro_cnn.describe import describe
from neuro_cnn.layers import Conv, Dense, GlobalPool, ReLU
from neuro_cnn.network import Chain
from neuro_cnn.ops.threads import on_threads
from neuro_cnn.rules import HardWTA, Hebbian, Instar
from neuro_cnn.training import train

CLASSES = 10


@dataclass(frozen=True)
class Size:
    """A batch and a network: `depth` layers of so many planes of 3 x 3 cells and rectifiers on maps of one side."""

    images: int = 32
    planes: int = 16
    side: int = 16
    depth: int = 3

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers of cells."""
        return tuple(f"S{number}" for number in range(1, self.depth + 1))

    @property
    def net(self) -> Chain:
        """The network; its read-out sees one number a plane, so that it costs next to nothing."""
        cells = [((name, Conv(self.planes, 3, pad=1)), (f"A{name[1:]}", ReLU())) for name in self.layers]
        return Chain((*sum(cells, ()), ("pool", GlobalPool()), ("out", Dense(CLASSES))))

    @property
    def macs(self) -> int:
        """Multiply-adds of one pass of the batch."""
        return self.images * sum(row.macs for row in describe(self.net, (1, self.side, self.side)))


RANGES: dict[str, tuple[int, ...]] = {
    "images": (8, 16, 32, 64, 128, 256),
    "planes": (4, 8, 16, 32, 64, 128),
    "side": (8, 12, 16, 24, 32, 48, 64),
    "depth": (1, 2, 4, 8, 16),
}
"""What is varied, the rest being as `Size` has it (our choice: small enough for minutes, and steps of milliseconds)."""


def backprop(size: Size, steps: int) -> Callable[[], Any]:
    """One step of all layers by the error's gradient, with Adam."""
    return _learning(size, (Phase(None, Backprop(), steps, size.images),))


def hebbian(size: Size, steps: int) -> Callable[[], Any]:
    """One update of all layers of cells at once, by competition at every position."""
    rules = tuple((name, Hebbian(0.1, HardWTA(), Instar())) for name in size.layers)
    return _learning(size, (Phase(size.layers, Together(rules), steps, size.images),))


def inference(size: Size, steps: int) -> Callable[[], Any]:
    """The scores of the batch."""
    del steps  # as many as one likes
    data, net = _data(size), size.net
    params = net.init(data.shape, 0)
    return lambda: net.respond(params, data.images)


WORKS: dict[str, Callable[[Size, int], Callable[[], Any]]] = {
    "backprop step": backprop,
    "Hebbian step": hebbian,
    "inference": inference,
}


def _learning(size: Size, curriculum: Curriculum) -> Callable[[], Any]:
    steps = train(size.net, curriculum, _data(size), seed=0)  # an epoch is one batch
    return lambda: next(steps)


def _data(size: Size) -> Dataset:
    rng = np.random.default_rng(0)
    images = rng.random((size.images, 1, size.side, size.side), np.float32)
    return Dataset(images, np.arange(size.images) % CLASSES, tuple(map(str, range(CLASSES))))


class Point(NamedTuple):
    """What a step costs at one value: median time, multiply-adds of a pass, and bytes of arrays at the most."""

    value: int
    seconds: float
    macs: int
    memory: int


class Course(NamedTuple):
    """What one kind of step costs over the values of one quantity."""

    quantity: str
    work: str
    points: tuple[Point, ...]

    def exponent(self, of: str) -> float:
        """How a cost ("seconds", "macs" or "memory") grows with the quantity n, as n^a, in the upper half."""
        return exponent([point.value for point in self.points], [getattr(point, of) for point in self.points])


def exponent(values: Sequence[float], costs: Sequence[float]) -> float:
    """The a of cost ~ n^a: least squares on logarithms, from the geometric middle of the values up.

    Below, what every step costs however small it is would hide how the rest grows.
    """
    upper = np.square(np.asarray(values, float)) >= values[0] * values[-1]
    return float(np.polyfit(np.log(values)[upper], np.log(costs)[upper], 1)[0])


def courses(
    base: Size = Size(), ranges: dict[str, tuple[int, ...]] | None = None, rounds: int = 7, threads: int = 1
) -> Iterator[Course]:
    """Each kind of step over each range, the rest as in `base`, on so many threads."""
    with on_threads(threads):
        for quantity, values in (RANGES if ranges is None else ranges).items():
            sizes = [replace(base, **{quantity: value}) for value in values]
            for work in WORKS:
                yield Course(quantity, work, tuple(_points(work, values, sizes, rounds)))


def _points(work: str, values: Sequence[int], sizes: Sequence[Size], rounds: int) -> Iterator[Point]:
    """All sizes take turns, so that what else the machine does falls on all alike; a first round warms up."""
    memories = [most_held(WORKS[work](size, 2)) for size in sizes]
    steps = [WORKS[work](size, rounds + 1) for size in sizes]
    taken: list[list[float]] = [[] for _ in sizes]
    for _ in range(rounds + 1):
        for step, series in zip(steps, taken, strict=True):
            start = time.perf_counter()
            step()
            series.append(time.perf_counter() - start)
    for value, size, series, memory in zip(values, sizes, taken, memories, strict=True):
        yield Point(value, median(series[1:]), size.macs, memory)


def most_held(step: Callable[[], Any]) -> int:
    """Bytes that a step holds at the most beyond those that it finds, as Python and NumPy count them."""
    step()  # what is made once is made
    gc.collect()
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
