"""Which images are learned from and which tested on: seeded, stratified and nested choices of indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_cnn.data.images import UNLABELLED, check_images, check_labels, name_classes
from neuro_cnn.data.stored import Stored
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.streams import generator

Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """All images (N, C, H, W) of a data set as stored, the `n_train` training images first.

    Without `n_train` no split was shipped: a fifth is drawn for the test. `together` consecutive images, such
    as the tiles of one photograph, always fall on the same side.
    """

    images: NDArray[Any] | Stored
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    n_train: int | None = None
    together: int = 1


def pool(
    train: tuple[ArrayLike | Stored, ArrayLike | None],
    test: tuple[ArrayLike | Stored, ArrayLike | None] | None = None,
    classes: Sequence[str] | None = None,
    source: str = "images",
) -> Pool:
    """A checked Pool from (images, labels) of one or both sides; raises DataError, opening with `source`."""
    if test is None:
        images = check_images(train[0], source)
        labels = check_labels(train[1], len(images), classes, source)
        return Pool(images, labels, name_classes(labels, classes))
    sides = [pool(train, None, classes, f"{source} (train)"), pool(test, None, classes, f"{source} (test)")]
    kinds = [f"{side.images.dtype} {side.images.shape[1:]}" for side in sides]
    if kinds[0] != kinds[1]:
        raise DataError(f"{source}: training images are {kinds[0]}, test images {kinds[1]}; make them alike")
    labels = np.concatenate([side.labels for side in sides])
    names = name_classes(labels, classes)
    return Pool(_joined(*(side.images for side in sides)), labels, names, len(sides[0].labels))


def _joined(train: NDArray[Any] | Stored, test: NDArray[Any] | Stored) -> NDArray[Any] | Stored:
    if isinstance(train, Stored) and isinstance(test, Stored):
        return train.then(test)
    return np.concatenate([train, test])


def ranks(labels: Indices, rng: np.random.Generator) -> Indices:
    """Each image's place 0, 1, ... within its own class, in an order drawn by `rng`: (N,)."""
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    places = np.empty(len(labels), dtype=np.int64)
    places[by_class] = np.arange(len(labels)) - np.repeat(starts, counts)
    return places


def stratified(labels: Indices, places: Indices) -> Indices:
    """The images in an order each of whose beginnings holds every class in its share: (N,) indices.

    The j-th of n images of a class stands at (j + 1/2) / n, so that beginnings are nested as well.
    """
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.argsort((places + 0.5) / counts[which], kind="stable")


def halves(data: Pool, split: int, name: str) -> tuple[Indices, Indices]:
    """Indices of the training and the test images: as shipped in split 0, drawn anew in every other.

    Raises DataError where the images are too few for two sides.
    """
    count = len(data.labels) // data.together
    if data.n_train is None:
        _check_enough(data, name)
        n_test = max(1, round(count / 5))
    else:
        n_test = count - data.n_train // data.together
    order = np.roll(np.arange(count), n_test)  # the shipped test images come last
    if split != 0 or data.n_train is None:
        labels = data.labels[:: data.together]
        order = stratified(labels, ranks(labels, generator(split, "split")))
    images = np.arange(len(data.labels)).reshape(count, data.together)
    return images[np.sort(order[n_test:])].ravel(), images[np.sort(order[:n_test])].ravel()


def _check_enough(data: Pool, name: str) -> None:
    counts = np.bincount(data.labels[data.labels != UNLABELLED], minlength=len(data.classes))
    for label in np.flatnonzero(counts == 1):
        raise DataError(f"{name}: class {data.classes[label]!r} has 1 image; train and test need 2 or more a class")


def subset(labels: Indices, places: Indices, size: int, name: str) -> Indices:
    """Indices of `size` training images, stratified, in their old order; a smaller one lies within a larger.

    Raises UsageError for a size that is not from 1 to the number of images.
    """
    if not 1 <= size <= len(labels):
        raise UsageError(f"train_size {size}: {name} has {len(labels)} training images; ask for 1 to {len(labels)}")
    return np.sort(stratified(labels, places)[:size])


def hide(labels: Indices, places: Indices, per_class: int, classes: Sequence[str], name: str) -> Indices:
    """The labels with all but `per_class` of each class replaced by -1; fewer lie within more.

    Raises UsageError for a number that is not from 1 to the size of the smallest class.
    """
    if len(classes) == 0:
        raise UsageError(f"labels_per_class {per_class}: {name} has no labels; leave it out")
    counts = np.bincount(labels, minlength=len(classes))
    fewest = int(counts.argmin())
    if not 1 <= per_class <= counts[fewest]:
        has = f"{name} has {counts[fewest]} training images of class {classes[fewest]!r}"
        raise UsageError(f"labels_per_class {per_class}: {has}; ask for 1 to {counts[fewest]}")
    return np.where(places < per_class, labels, UNLABELLED)
