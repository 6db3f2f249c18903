"""Arrays of numbers as images: which may be, where their planes stand, and what their grey levels mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import DataError

LOOKED_AT = 1 << 22
"""Values looked at together, so that arrays larger than memory can be checked (our choice)."""


def check_pixels(array: NDArray[Any], source: str) -> None:
    """Raises DataError, opening with `source`, unless these are images: uint8, or floats in [0, 1]."""
    if array.ndim not in (3, 4):
        raise DataError(f"{source}: shape {array.shape} is not that of images; give (N, H, W) or (N, C, H, W)")
    if array.size == 0:
        raise DataError(f"{source}: shape {array.shape} is empty; give at least one image of at least one pixel")
    if array.dtype != np.uint8:
        _check_floats(array, source)
    elif max(part.max() for _, part in _parts(array)) == 1:
        raise DataError(f"{source}: uint8 values of 0 and 1 are all but black, for white is 255; pass floats")


def _parts(array: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """A few images at a time, each with the number of the first."""
    step = max(1, LOOKED_AT // array[0].size)
    for start in range(0, len(array), step):
        yield start, array[start : start + step]


def _check_floats(array: NDArray[Any], source: str) -> None:
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{source}: dtype {array.dtype} is neither uint8 (0 to 255) nor float (0 to 1); convert it")
    count, first, low, high = 0, None, np.inf, -np.inf
    for start, part in _parts(array):
        finite = np.isfinite(part)
        if not finite.all():
            image, *pixel = (int(i) for i in np.argwhere(~finite)[0])
            first = first or (start + image, *pixel)
            count += part.size - int(np.count_nonzero(finite))
        low, high = np.minimum(low, part.min()), np.maximum(high, part.max())
    if count:
        raise DataError(f"{source}: {count} values are NaN or infinite, the first at index {first}; remove them")
    if low < 0 or high > 1:
        raise DataError(f"{source}: values go from {low:g} to {high:g}; scale them to [0, 1], or pass uint8")


def planes_first(array: NDArray[Any], source: str) -> NDArray[Any]:
    """Images (N, H, W), (N, C, H, W) or (N, H, W, 1 or 3) as (N, C, H, W); raises DataError for transparency."""
    if array.ndim == 3:
        return array[:, None]
    if array.shape[3] in (1, 3) and array.shape[1] not in (1, 3):
        return array.transpose(0, 3, 1, 2)  # colour came last
    if array.shape[3] in (2, 4) and array.shape[1] > 4:
        keep = array.shape[3] - 1
        raise DataError(f"{source}: shape {array.shape} has transparency last; drop it: images[..., :{keep}]")
    return array


def unit(images: NDArray[Any]) -> NDArray[np.float32]:
    """Checked pixels as contiguous float32 in [0, 1]: grey levels are divided by 255."""
    if images.dtype == np.uint8:
        images = np.divide(images, np.float32(255), dtype=np.float32)
    return np.ascontiguousarray(images, dtype=np.float32)
