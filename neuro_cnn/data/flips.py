"""What a shift does to binary images: how many inputs go on and how many off, though it is the same figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.deform import shifts
from neuro_cnn.data.images import Images
from neuro_cnn.errors import UsageError

BATCH = 1000
"""Images read at a time: few enough to be held several times over (our choice)."""


class Flips(NamedTuple):
    """Of each image, (N,): how many pixels are on; how many a shift turns on and off, (N, 4): down, up, right, left."""

    lit: NDArray[np.int64]
    on: NDArray[np.int64]
    off: NDArray[np.int64]


class Flipped(NamedTuple):
    """Means over the images of a class and the four directions: pixels on, turned on, and turned off."""

    name: str
    images: int
    lit: float
    on: float
    off: float


def flips(images: Images, pixels: int, threshold: float = 0.5) -> Flips:
    """Pixels that change sign as images (N, C, H, W) move by `pixels`; those above the threshold are on.

    What leaves the image is lost, and darkness follows it: on - off is what the image loses, with its sign. Raises
    UsageError for a shift below 1 or a threshold that is no finite number.
    """
    if pixels < 1:
        raise UsageError(f"a shift of {pixels} pixels; give 1 or more")
    if not np.isfinite(threshold):
        raise UsageError(f"a threshold of {threshold:g}; give a finite number")
    parts = []
    for start in range(0, len(images), BATCH):
        before = images[start : start + BATCH] > threshold
        after = np.stack(list(shifts(before, pixels)), axis=1)  # (n, 4, C, H, W)
        went = [np.sum(change, axis=(2, 3, 4)) for change in (after & ~before[:, None], ~after & before[:, None])]
        parts.append((np.sum(before, axis=(1, 2, 3)), *went))
    return Flips(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def flipped(found: Flips, labels: NDArray[np.int64], classes: Sequence[str]) -> list[Flipped]:
    """The means of each class that has images, and of all."""
    groups = [(name, labels == number) for number, name in enumerate(classes)]
    groups = [(name, mine) for name, mine in groups if mine.any()] + [("all", np.full(len(labels), True))]
    return [Flipped(name, int(mine.sum()), *(float(part[mine].mean()) for part in found)) for name, mine in groups]
