"""The neocognitron of 2013, which PyTorch has no like of: absolute times, that hang on the machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import ClassVar, NamedTuple

from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Case, Goal, How, Row
from neuro_cnn.bench.timing import Side, times
from neuro_cnn.data import Dataset, load
from neuro_cnn.evaluate import predict, right
from neuro_cnn.layers import Params
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.training import train


class Fitted(NamedTuple):
    """A network that has learned, in how many seconds, and the images it has not seen."""

    net: Chain
    params: dict[str, Params]
    seconds: float
    test: Dataset

    def scores(self) -> Array:
        """Its answers to these images."""
        return predict(self.net, self.params, self.test.images)


@cache
def fitted(images: int, threads: int) -> Fitted:
    """Learned on so many of the embedded digits, after a hundred that leave the kernels loaded."""
    del threads  # as many as are set; another number is another measurement
    digits = load("digits")
    seconds = 0.0
    for count in (100, images):
        net, curriculum = build("neocognitron-2013", in_shape=(1, 28, 28), classes=10)
        start = time.perf_counter()
        for progress in train(net, curriculum, digits.train.take(range(count)), seed=0):
            params = progress.params
        seconds = time.perf_counter() - start
    return Fitted(net, params, seconds, digits.test)


@dataclass(frozen=True)
class Fit(Case):
    """Seconds to learn so many digits, once, from first to last phase."""

    images: int
    goal: Goal | None = None
    slow: ClassVar[bool] = True

    def row(self, name: str, how: How) -> Row:
        made = fitted(self.images, how.threads)
        accuracy = right(made.scores(), made.test.labels)
        return Row(name, "s", made.seconds, goal=self.goal, note=f"once; {100 * accuracy:.1f} % of the test right")


@dataclass(frozen=True)
class Recognition(Case):
    """Milliseconds to answer an image of the test; all of them are answered, a few at a time."""

    images: int
    goal: Goal | None = None
    slow: ClassVar[bool] = True

    def row(self, name: str, how: How) -> Row:
        made = fitted(self.images, how.threads)
        each = median(times([Side(made.scores)], min(how.rounds, 3))[0]) / len(made.test)
        return Row(name, "ms", each, goal=self.goal)
