"""Deformed images: shifted, rotated and noisy copies of (N, C, H, W) arrays of the same dtype."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError


def shift(images: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """Move the images (N, C, H, W) by whole pixels, filling with zeros; negative numbers move up and left."""
    height, width = images.shape[-2:]
    to_rows, from_rows = _overlap(down, height)
    to_columns, from_columns = _overlap(right, width)
    moved = np.zeros_like(images)
    moved[..., to_rows, to_columns] = images[..., from_rows, from_columns]
    return moved


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    """Where the pixels that stay in view go, and where they come from."""
    step = max(-size, min(size, step))
    return slice(max(step, 0), size + min(step, 0)), slice(max(-step, 0), size - max(step, 0))


def shifts(images: NDArray[Any], pixels: int) -> Iterator[NDArray[Any]]:
    """The images moved by `pixels` down, up, right and left, in this order."""
    for down, right in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)):
        yield shift(images, down, right)


def rotate(images: NDArray[Any], degrees: float) -> NDArray[Any]:
    """Turn the images (N, C, H, W) counter-clockwise about their centre, bilinearly, filling with zeros."""
    from scipy import ndimage

    # grid-constant pads with zeros before it interpolates, so that the outermost pixels are not lost
    turned: NDArray[Any] = ndimage.rotate(images, degrees, axes=(2, 3), reshape=False, order=1, mode="grid-constant")
    return turned


def noise(images: NDArray[Any], sd: float, rng: np.random.Generator) -> NDArray[Any]:
    """Add Gaussian noise of standard deviation `sd` to images of values in [0, 1], and clip to [0, 1]."""
    if sd < 0:
        raise UsageError(f"noise of standard deviation {sd:g} is negative; give 0 or more")
    drawn = rng.standard_normal(images.shape, dtype=np.float32)
    noisy: NDArray[Any] = np.clip(images + sd * drawn, 0, 1).astype(images.dtype, copy=False)
    return noisy
