"""The embedded photographs: whole, in tiles, and as patches drawn at random, all without labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from neuro_cnn.data import npz, settings
from neuro_cnn.data.folder import read_photographs
from neuro_cnn.data.images import UNLABELLED
from neuro_cnn.data.pixels import unit
from neuro_cnn.data.splits import Pool, halves, pool
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

EMBEDDED = Path(__file__).parent / "embedded"
FILE = "natural_images.npz"
TILE = 32  # pixels a side of a tile cut from a photograph
SIDE = 256  # pixels a side of a photograph
HELD_OUT = ("chelsea", "brick")  # photographs of the shipped test: an animal and a texture, our own choice


def photographs() -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The eight embedded photographs, (8, 256, 256) float32 in [0, 1], and their names."""
    arrays = npz.read_arrays(EMBEDDED / FILE)
    return unit(arrays["images"]), tuple(arrays["names"].tolist())


def read_tiles(embedded: Path) -> Pool:
    """All photographs in tiles, those held out last; a photograph's tiles stay together."""
    train, test = (_tiles(images) for images in _sides(embedded))
    return replace(pool((train, None), (test, None), ()), together=len(test) // len(HELD_OUT))


def _sides(embedded: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photographs to learn from, (6, H, W), and those held out, (2, H, W)."""
    arrays = npz.read_arrays(embedded / FILE)
    held_out = np.isin(arrays["names"], HELD_OUT)
    return arrays["images"][~held_out], arrays["images"][held_out]


def _tiles(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Photographs (N, H, W) cut into squares, one photograph after the other: (N H W / T^2, T, T)."""
    count, height, width = images.shape
    grid = images.reshape(count, height // TILE, TILE, width // TILE, TILE)
    return grid.swapaxes(2, 3).reshape(-1, TILE, TILE)


@dataclass(frozen=True)
class Patches:
    """So many patches of `size` pixels a side to learn from, and a quarter as many for the test: our choice.

    They are drawn evenly over all places of all photographs, and may overlap; the test's come from other photographs.
    `folder` holds photographs of one's own, in place of the embedded ones: of each the largest square in its middle, as
    256 x 256 pixels; a quarter of them is held out.
    """

    size: int = 16
    count: int = 4000
    folder: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.size <= SIDE:
            raise UsageError(f"natural with size = {self.size}; the photographs have room for 1 to {SIDE} pixels")
        if self.count < 1:
            raise UsageError(f"natural with count = {self.count}; ask for at least 1 patch")

    def pool(self, split: int) -> Pool:
        """Patches of the same photographs as the tiles of this split, training patches first."""
        whole, tests = self._photographs()
        shipped = Pool(whole, np.full(len(whole), UNLABELLED), (), len(whole) - tests)
        sides = halves(shipped, split, "natural")
        rng = generator(split, "natural")
        counts = self.count, max(1, self.count // 4)
        drawn = [_patches(whole[side], self.size, count, rng) for side, count in zip(sides, counts, strict=True)]
        images = np.concatenate(drawn)[:, None]
        return Pool(images, np.full(len(images), UNLABELLED), (), self.count)

    def _photographs(self) -> tuple[NDArray[np.uint8], int]:
        """Photographs (N, 256, 256), those held out last, and how many these are."""
        if not self.folder:
            return np.concatenate(_sides(EMBEDDED)), len(HELD_OUT)
        whole = read_photographs(Path(self.folder), SIDE)
        return whole, max(1, len(whole) // 4)


def parse(text: str) -> Patches:
    """`natural:KEY=VALUE,...` after its colon: "size=12" -> Patches(size=12)."""
    return Patches(**settings.read("natural", text, Patches))


def _patches(images: NDArray[np.uint8], size: int, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Patches at random places of photographs (N, H, W): (count, size, size)."""
    views = sliding_window_view(images, (size, size), axis=(1, 2))
    where = (rng.integers(places, size=count) for places in views.shape[:3])
    return views[*where]
