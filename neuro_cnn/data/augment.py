"""Augmentation: training images that are varied anew whenever they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.deform import shift, warp
from neuro_cnn.errors import UsageError

FARTHEST = 10_000
"""Pixels by which an image may be moved at most: no image is larger (our choice)."""


@dataclass(frozen=True)
class Elastic:
    """Elastic deformation of Simard, Steinkraus and Platt (2003): random displacements that vary slowly.

    Each pixel looks up to `alpha` pixels away, by numbers from [-1, 1] smoothed by a Gaussian of deviation `sigma`
    pixels: about alpha / (6 sigma) pixels in the end. The defaults are those for their digits (recalled).
    """

    alpha: float = 34.0
    sigma: float = 4.0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 <= self.alpha < float("inf"):
            raise UsageError(f"an elastic deformation of alpha = {self.alpha}; give 0 or more pixels")
        if not 0 < self.sigma < float("inf"):
            raise UsageError(f"an elastic deformation of sigma = {self.sigma}; give a positive number of pixels")

    def __call__(self, count: int, height: int, width: int, rng: np.random.Generator) -> NDArray[Any]:
        """Displacements in pixels, rows then columns: (N, 2, H, W)."""
        drawn = rng.random((count, 2, height, width), dtype=np.float32) * 2 - 1
        # smoothing along an axis is a product with a band matrix, which is faster than its sums for maps of this size
        down, right = _smoother(height, self.sigma), _smoother(width, self.sigma)
        smoothed: NDArray[Any] = np.float32(self.alpha) * (down @ drawn @ right.T)
        return smoothed


@dataclass(frozen=True)
class Augment:
    """How far images may be varied, each by its own draw.

    They are moved by up to `shift` whole pixels along either axis, mirrored left to right half of the time where
    `flip` says so, turned by up to `rotation` degrees either way, enlarged or shrunk by a factor of up to `scale`, and
    bent. All but the mirror is one bilinear interpolation, and shifts alone are none.
    """

    shift: int = 0
    flip: bool = False
    rotation: float = 0.0
    scale: float = 1.0
    elastic: Elastic | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 <= self.shift <= FARTHEST:
            raise UsageError(f"images moved by up to {self.shift} pixels; give 0 to {FARTHEST:,}")
        if not 0 <= self.rotation <= 180:
            raise UsageError(f"images turned by up to {self.rotation} degrees; give 0 to 180")
        if not 1 <= self.scale < float("inf"):
            raise UsageError(f"images enlarged or shrunk by up to a factor of {self.scale}; give 1 or more")

    def __call__(self, images: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """The images (N, C, H, W) varied, with zeros where nothing is known."""
        count, _, height, width = images.shape
        moves = rng.integers(-self.shift, self.shift + 1, (count, 2))
        moves[:, np.array([height, width]) == 1] = 0  # a signal has no up and down
        if self.flip:
            mirrored = rng.random((count,)) < 0.5
            images = np.where(mirrored[:, None, None, None], images[..., ::-1], images)
        if (self.rotation, self.scale, self.elastic) == (0, 1, None):
            return _shifted(images, moves)
        degrees = rng.uniform(-self.rotation, self.rotation, (count,))
        factors = np.power(self.scale, rng.uniform(-1, 1, (count,)))
        displaced = None if self.elastic is None else self.elastic(count, height, width, rng)
        return warp(images, moves, degrees, factors, displaced)


def _shifted(images: NDArray[Any], moves: NDArray[Any]) -> NDArray[Any]:
    """Each image moved by its own whole pixels, those that move alike together."""
    moved = np.empty_like(images)
    for down, right in np.unique(moves, axis=0):
        alike = np.all(moves == (down, right), axis=1)
        moved[alike] = shift(images[alike], int(down), int(right))
    return moved


def _smoother(size: int, sigma: float) -> NDArray[Any]:
    """The matrix that smooths a row of so many pixels by a Gaussian, with zeros beyond its ends."""
    from scipy import ndimage

    smoother: NDArray[Any] = ndimage.gaussian_filter1d(np.eye(size, dtype=np.float32), sigma, axis=0, mode="constant")
    return smoother
