"""Sequences of images in which a bar sweeps across a field: the world of Foldiak's trace rule.

Foldiak (1991), Learning invariance from transformation sequences: lines of four orientations move over 8 x 8 inputs
(recalled). Our choice: slanted bars wrap, so that all sweeps have as many frames and all frames as many bright pixels;
the order of sweeps is random; and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data import settings
from neuro_cnn.data.splits import Pool
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

ORIENTATIONS = ("horizontal", "vertical", "rising", "falling")


@dataclass(frozen=True)
class Sweeps:
    """So many sweeps of each orientation over a field of `size` pixels a side, and a fifth as many for the test.

    A sweep is `size` consecutive images: the bar at each of its places, in order or in reverse. Sweeps come in random
    order. The images of the test are therefore those of training, in other sequences.
    """

    size: int = 8
    count: int = 100

    def __post_init__(self) -> None:
        if self.size < 3:
            raise UsageError(f"sweeps with size = {self.size}; slanted bars need at least 3 pixels")
        if self.count < 1:
            raise UsageError(f"sweeps with count = {self.count}; ask for at least 1 of each orientation")

    def pool(self, split: int) -> Pool:
        """The frames of all training sweeps, then of all test sweeps, in the order of time; orientations as labels."""
        rng = generator(split, "sweeps")
        tests = max(1, self.count // 5)
        order = np.concatenate([rng.permutation(_sweeps(count)) for count in (self.count, tests)])  # (sweeps, 2)
        orientation, backwards = order.T
        shown = frames(self.size)
        both = np.stack([shown, shown[:, ::-1]], axis=1)  # (orientations, directions, places, H, W)
        images = both[orientation, backwards].reshape(-1, 1, self.size, self.size)
        n_train = len(ORIENTATIONS) * self.count * self.size
        return Pool(images, np.repeat(orientation, self.size), ORIENTATIONS, n_train, together=self.size)


def parse(text: str) -> Sweeps:
    """`sweeps:KEY=VALUE,...` after its colon: "size=12" -> Sweeps(size=12)."""
    return Sweeps(**settings.read("sweeps", text, Sweeps))


def frames(size: int) -> NDArray[np.float32]:
    """A bar of each orientation at each of its places: (orientations, size, size, size), 1 on the bar and 0 elsewhere.

    From one place to the next a bar moves by a pixel: down if horizontal, else to the right. Slanted bars wrap: what
    leaves the field on one side comes back on the other.
    """
    row, column = np.indices((size, size))
    place = np.stack([row, column, (column + row) % size, (column - row) % size])
    bars: NDArray[np.float32] = (place[:, None] == np.arange(size)[:, None, None]).astype(np.float32)
    return bars


def _sweeps(count: int) -> NDArray[np.int64]:
    """`count` sweeps of each orientation, as numbers of orientation and direction, directions in turn: (sweeps, 2)."""
    return np.array([(kind, number % 2) for kind in range(len(ORIENTATIONS)) for number in range(count)])
