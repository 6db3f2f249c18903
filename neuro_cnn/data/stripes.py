"""A world of stripes, as kittens were reared in: black and white, of many widths, all of one orientation or of many.

Blakemore & Cooper (1970), Development of the brain depends on the visual environment, Nature 228:477-478: cylinders
painted with stripes of different widths, vertical for one kitten and horizontal for the other. Widths in pixels and
the numbers of images are our choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data import settings
from neuro_cnn.data.images import UNLABELLED
from neuro_cnn.data.splits import Pool
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

FINEST, COARSEST = 2.0, 8.0  # pixels: the widths of stripes
FINE = 4  # samples a pixel along each side, whose mean a pixel is


@dataclass(frozen=True)
class Stripes:
    """So many images of `size` pixels a side, and a quarter as many for the test, without labels.

    `angle` is the stripes' orientation in degrees, counter-clockwise from horizontal: 90 is vertical. Images are turned
    by up to `spread` degrees either way, each by its own angle; a spread of 90 is a world of all orientations alike.
    """

    angle: float = 90.0
    spread: float = 0.0
    size: int = 16
    count: int = 4000

    def __post_init__(self) -> None:
        if not 0 <= self.spread <= 90:
            raise UsageError(f"stripes with spread = {self.spread}; give 0 to 90 degrees either way")
        if not 1 <= self.size <= 256:
            raise UsageError(f"stripes with size = {self.size}; give 1 to 256 pixels")
        if self.count < 1:
            raise UsageError(f"stripes with count = {self.count}; ask for at least 1 image")

    def pool(self, split: int) -> Pool:
        """Training images first; every split has images of its own."""
        rng = generator(split, "stripes")
        total = self.count + max(1, self.count // 4)
        images = np.stack([self._image(rng) for _ in range(total)])[:, None]
        return Pool(images, np.full(total, UNLABELLED), (), self.count)

    def _image(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Stripes of random widths across the image, from a random place on: (size, size)."""
        angle = np.deg2rad(self.angle + rng.uniform(-self.spread, self.spread))
        places = (np.arange(FINE * self.size) + 0.5) / FINE - self.size / 2
        across = -places[:, None] * np.cos(angle) - places[None, :] * np.sin(angle)  # rows go down
        reach = self.size  # beyond the corners
        widths = rng.uniform(FINEST, COARSEST, int(2 * reach / FINEST) + 2)
        borders = np.cumsum(widths) - reach - rng.uniform(0, COARSEST)
        light = (np.searchsorted(borders, across) + rng.integers(2)) % 2
        grid = light.reshape(self.size, FINE, self.size, FINE)
        return np.asarray(grid.mean(axis=(1, 3)), dtype=np.float32)


def parse(text: str) -> Stripes:
    """`stripes:KEY=VALUE,...` after its colon: "angle=0" -> Stripes(angle=0)."""
    return Stripes(**settings.read("stripes", text, Stripes))
