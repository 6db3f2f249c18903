"""How fast the program works, against PyTorch doing the same work: interleaved rounds, medians of ratios."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError

Work: TypeAlias = Callable[[], Any]
"""One piece of work, whose result both sides must agree on."""

TOLERANCE = 1e-5
"""Largest difference from PyTorch over the largest value, in single precision."""


class Case(Protocol):
    """A piece of work that both sides can do."""

    def ours(self) -> Work:
        """How this program does it."""
        ...

    def torch(self) -> list[Work]:
        """The ways in which PyTorch does it well; the fastest counts."""
        ...


@dataclass(frozen=True)
class SoftHebbLayer:
    """What learning costs for a batch: a layer's response, the competition, and the update of its weights."""

    planes_in: int
    planes: int
    size: int
    side: int
    batch: int
    rate: float = 0.1
    temperature: float = 1.0

    def _arrays(self) -> tuple[Any, Any]:
        """Images and unit-norm weights. No view is blank, so that PyTorch need not look for blank ones."""
        rng = np.random.default_rng(0)
        x = rng.random((self.batch, self.planes_in, self.side, self.side), np.float32)
        weight = rng.standard_normal((self.planes, self.planes_in, self.size, self.size), np.float32)
        return x, weight / np.sqrt(np.sum(weight * weight, axis=(1, 2, 3), keepdims=True))

    def ours(self) -> Work:
        from neuro_cnn.layers import Conv, Params
        from neuro_cnn.layers.base import Weights
        from neuro_cnn.ops.geometry import batch_first, batch_last
        from neuro_cnn.rules import Hebbian, SoftHebb, SoftWTA, UnitNorm

        x, weight = self._arrays()
        if self.planes_in > 1:  # as the layer below leaves it
            x = batch_first(batch_last(x, ((0, 0), (0, 0))))
        rng = np.random.default_rng(0)
        layer = Conv(self.planes, self.size, pad=self.size // 2, bias=False)
        rule = Hebbian(self.rate, SoftWTA(self.temperature), SoftHebb(), (UnitNorm(),))
        params, state = rule.start(layer, Params(Weights(weight)), x, rng, 1)

        def update() -> Array:
            _, activity = layer.forward(params, x)
            return rule.update(layer, params, state, activity, (), rng)[0].learned.weight

        return update

    def torch(self) -> list[Work]:
        torch = pytorch()
        arrays = [torch.from_numpy(array) for array in self._arrays()]
        orders = [torch.contiguous_format, torch.channels_last]
        return [self._torch(torch, *(array.contiguous(memory_format=order) for array in arrays)) for order in orders]

    def _torch(self, torch: Any, x: Any, weight: Any) -> Work:
        pad, places = self.size // 2, (0, 2, 3)

        def update() -> Any:
            with torch.inference_mode():
                u = torch.nn.functional.conv2d(x, weight, padding=pad)
                g = torch.softmax(u / self.temperature, dim=1)
                winner = u.argmax(dim=1, keepdim=True)
                y = (-g).scatter_(1, winner, g.gather(1, winner))
                product = torch.nn.grad.conv2d_weight(x, weight.shape, y, padding=pad)
                step = product - (y * u).sum(places)[:, None, None, None] * weight
                chances = g.sum(places)
                chances = torch.maximum(chances, chances.sum() / self.planes)  # far above any single cell's
                moved = weight + self.rate * step / chances[:, None, None, None]
                return moved / moved.flatten(1).norm(dim=1)[:, None, None, None]

        return update


CASES: dict[str, Case] = {
    "softhebb 1->96, batch 10": SoftHebbLayer(1, 96, 5, 28, 10),
    "softhebb 1->96, batch 100": SoftHebbLayer(1, 96, 5, 28, 100),
    "softhebb 96->384, batch 10": SoftHebbLayer(96, 384, 3, 14, 10),
    "softhebb 96->384, batch 100": SoftHebbLayer(96, 384, 3, 14, 100),
}


class Row(NamedTuple):
    """Median times of one case, and the median of the ratios PyTorch / ours of each round: above 1 we are faster."""

    case: str
    ours_ms: float
    torch_ms: float | None = None
    ratio: float | None = None


def rows(only: str = "", against: str | None = None, rounds: int = 15, threads: int = 1) -> Iterator[Row]:
    """Each case whose name holds `only`, timed on so many threads, with PyTorch where `against` is "torch".

    Raises UsageError where no case fits or PyTorch is missing, FloatingPointError where the two disagree.
    """
    chosen = {name: case for name, case in CASES.items() if only in name}
    if not chosen:
        raise UsageError(f"no case holds {only!r}; there is: {'; '.join(CASES)}")
    keep_memory()
    with on_threads(threads, against):
        for name, case in chosen.items():
            ours = case.ours()
            yield compared(name, ours, case.torch(), rounds) if against else Row(name, median(times([ours], rounds)[0]))


def compared(name: str, ours: Work, peers: list[Work], rounds: int) -> Row:
    """A case timed against the fastest of several peers, after all have been found to agree."""
    mine = np.asarray(ours())
    for result in (np.asarray(peer()) for peer in peers):
        apart = float(np.max(np.abs(mine - result)) / np.max(np.abs(result)))
        if not apart <= TOLERANCE:
            raise FloatingPointError(f"{name}: PyTorch's result is {apart:.1e} from ours; one of the two is wrong")
    trials = times(peers, 3)
    fastest = min(range(len(peers)), key=lambda peer: median(trials[peer]))
    a, b = times([ours, peers[fastest]], rounds)
    return Row(name, median(a), median(b), median(y / x for x, y in zip(a, b, strict=True)))


def times(works: list[Work], rounds: int) -> list[list[float]]:
    """Milliseconds of each work in each round, A B A B, after one round to warm up."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(1 + rounds):
        for work, series in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            series.append(1000 * (time.perf_counter() - start))
    return [series[1:] for series in taken]


def pytorch() -> Any:
    """PyTorch. Raises UsageError where it is not installed."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise UsageError('PyTorch is not installed; get it with: pip install "neuro_cnn[bench]"') from error


@contextmanager
def on_threads(threads: int, against: str | None) -> Iterator[None]:
    """Both sides on the same number of threads, for as long as the block runs."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, "blas"):
        if against is None:
            yield
            return
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
    if sys.platform != "linux":
        return
    import ctypes

    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(-4, 0)  # M_MMAP_MAX
        tune(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
