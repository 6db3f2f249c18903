"""Labelled images, in memory or in files, and the checks that let them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_cnn.data.pixels import check_pixels, planes_first, unit
from neuro_cnn.data.stored import Stored
from neuro_cnn.errors import DataError

Images: TypeAlias = NDArray[np.float32] | Stored
"""Images (N, C, H, W): indexed along N, both give arrays."""

UNLABELLED = -1
MOST_CLASSES = 100_000  # our own bound: a larger label is a year or an identity, not a class number


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images (N, C, H, W) float32 in [0, 1], labels (N,) int64 with -1 = unlabelled, the classes' names."""

    images: Images
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

    @property
    def missing(self) -> tuple[str, ...]:
        """The classes of which no image has the label."""
        known = set(self.labels.tolist())
        return tuple(name for number, name in enumerate(self.classes) if number not in known)

    def take(self, indices: ArrayLike) -> Dataset:
        """The images and labels at these indices, in their order."""
        index = np.asarray(indices)
        return replace(self, images=chosen(self.images, index), labels=self.labels[index])


@dataclass(frozen=True, eq=False)
class Data:
    """A data set: what is learned from, what is tested on, where both come from, and what of it was asked for."""

    name: str
    train: Dataset
    test: Dataset
    source: str
    split: int = 0
    train_size: int | None = None
    labels_per_class: int | None = None


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


def check_images(images: ArrayLike | Stored, source: str) -> NDArray[Any] | Stored:
    """Images as (N, C, H, W), uint8 or float32; raises DataError where they are not images."""
    if isinstance(images, Stored):
        return images  # checked when it was opened
    array = np.asarray(images)
    check_pixels(array, source)
    return planes_first(array if array.dtype == np.uint8 else array.astype(np.float32, copy=False), source)


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


def to_unit(images: NDArray[Any] | Stored) -> Images:
    """Checked images as contiguous float32 in [0, 1]: grey levels are divided by 255."""
    return images if isinstance(images, Stored) else unit(images)


def chosen(images: NDArray[Any] | Stored, indices: ArrayLike) -> NDArray[Any] | Stored:
    """The images at these indices, in their order; those in files stay there."""
    return images.chosen(indices) if isinstance(images, Stored) else images[np.asarray(indices)]
