"""Augmentation: training images that are varied anew whenever they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.deform import shift
from neuro_cnn.errors import UsageError


@dataclass(frozen=True)
class Augment:
    """How far images may be varied, each by its own draw: moved by up to `shift` whole pixels along either axis."""

    shift: int = 0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.shift < 0:
            raise UsageError(f"images moved by up to {self.shift} pixels; give 0 or more")

    def __call__(self, images: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """The images (N, C, H, W) varied, with zeros where nothing is known."""
        moves = rng.integers(-self.shift, self.shift + 1, (len(images), 2))
        moved = np.empty_like(images)
        for down, right in np.unique(moves, axis=0):
            alike = np.all(moves == (down, right), axis=1)
            moved[alike] = shift(images[alike], int(down), int(right))
        return moved
