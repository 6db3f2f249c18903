"""Labelled images in memory, and the checks that let them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_cnn.errors import DataError

UNLABELLED = -1
MOST_CLASSES = 100_000  # our own bound: a larger label is a year or an identity, not a class number


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images (N, C, H, W) float32 in [0, 1], labels (N,) int64 with -1 = unlabelled, the classes' names."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of one image."""
        planes, height, width = self.images.shape[1:]
        return planes, height, width

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Indices of the images that have a label."""
        return np.flatnonzero(self.labels != UNLABELLED)

    def take(self, indices: ArrayLike) -> Dataset:
        """The images and labels at these indices, in their order."""
        index = np.asarray(indices)
        return replace(self, images=self.images[index], labels=self.labels[index])


@dataclass(frozen=True, eq=False)
class Data:
    """A data set: what is learned from, what is tested on, and where both come from."""

    name: str
    train: Dataset
    test: Dataset
    source: str


def dataset(
    images: ArrayLike, labels: ArrayLike | None, classes: Sequence[str] | None = None, source: str = "images"
) -> Dataset:
    """A checked Dataset of images (N, H, W), (N, C, H, W) or (N, H, W, 1 or 3), uint8 or floats in [0, 1].

    `labels` are N class numbers from 0, or None for unlabelled images; without `classes` they are named
    "0", "1", .... Raises DataError, opening with `source`, for anything else.
    """
    checked = check_images(images, source)
    numbers = check_labels(labels, len(checked), classes, source)
    return Dataset(to_unit(checked), numbers, name_classes(numbers, classes))


def check_images(images: ArrayLike, source: str) -> NDArray[Any]:
    """Images as (N, C, H, W), uint8 or float32; raises DataError where they are not images."""
    array = np.asarray(images)
    if array.ndim not in (3, 4):
        raise DataError(f"{source}: shape {array.shape} is not that of images; give (N, H, W) or (N, C, H, W)")
    if array.size == 0:
        raise DataError(f"{source}: shape {array.shape} is empty; give at least one image of at least one pixel")
    if array.dtype != np.uint8:
        _check_floats(array, source)
        array = array.astype(np.float32, copy=False)
    elif array.max() == 1:
        raise DataError(f"{source}: uint8 values of 0 and 1 are all but black, for white is 255; pass floats")
    if array.ndim == 3:
        return array[:, None]
    if array.shape[3] in (1, 3) and array.shape[1] not in (1, 3):
        return array.transpose(0, 3, 1, 2)  # colour came last
    if array.shape[3] in (2, 4) and array.shape[1] > 4:
        keep = array.shape[3] - 1
        raise DataError(f"{source}: shape {array.shape} has transparency last; drop it: images[..., :{keep}]")
    return array


def _check_floats(array: NDArray[Any], source: str) -> None:
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{source}: dtype {array.dtype} is neither uint8 (0 to 255) nor float (0 to 1); convert it")
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        count = array.size - np.count_nonzero(finite)
        raise DataError(f"{source}: {count} values are NaN or infinite, the first at index {first}; remove them")
    low, high = array.min(), array.max()
    if low < 0 or high > 1:
        raise DataError(f"{source}: values go from {low:g} to {high:g}; scale them to [0, 1], or pass uint8")


def check_labels(labels: ArrayLike | None, count: int, classes: Sequence[str] | None, source: str) -> NDArray[np.int64]:
    """Labels as (N,) int64, all -1 for None; raises DataError where they are not N class numbers."""
    if labels is None:
        return np.full(count, UNLABELLED, dtype=np.int64)
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] > 1:
        raise DataError(f"{source}: labels {array.shape} look one-hot; pass class numbers: labels.argmax(axis=1)")
    if array.ndim != 1:
        raise DataError(f"{source}: labels have shape {array.shape}; pass one class number an image: shape ({count},)")
    if len(array) != count:
        raise DataError(f"{source}: {count} images but {len(array)} labels; give each image one label")
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{source}: labels are {array.dtype}, not integers; number the classes 0, 1, 2, ...")
    low, high = int(array.min()), int(array.max())
    if low < 0:
        raise DataError(f"{source}: label {low} is negative; count from 0, and pass None for unlabelled images")
    limit = MOST_CLASSES if classes is None else len(classes)
    if high >= limit:
        raise DataError(f"{source}: label {high} is beyond {limit} classes; number the classes 0, 1, 2, ...")
    return array.astype(np.int64)


def name_classes(labels: NDArray[np.int64], classes: Sequence[str] | None) -> tuple[str, ...]:
    """The classes' names: as given, or "0", "1", ... up to the largest label."""
    return tuple(map(str, range(labels.max() + 1))) if classes is None else tuple(classes)


def to_unit(images: NDArray[Any]) -> NDArray[np.float32]:
    """Checked images as contiguous float32 in [0, 1]: grey levels are divided by 255."""
    if images.dtype == np.uint8:
        images = np.divide(images, np.float32(255), dtype=np.float32)
    return np.ascontiguousarray(images, dtype=np.float32)
