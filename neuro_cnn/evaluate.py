"""What a network knows: its scores on images it has not learned from, also when they are deformed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.data import Dataset
from neuro_cnn.data.ahead import in_batches
from neuro_cnn.data.deformations import DEFORMATIONS, forms, key
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.ops.threads import on_threads, threads
from neuro_cnn.tree import leaves

BATCH = 64
"""Images answered at a time: whole vectors, and few enough that a layer's responses stay in cache (our choice)."""


def predict(
    net: Chain,
    params: dict[str, Params],
    images: Any,
    stop: str | None = None,
    deform: Callable[[Any], Any] | None = None,
) -> Any:
    """The response of the last layer to each image, in host memory: (N, C, H, W) -> (N, classes).

    `stop` takes the response below that layer instead; `deform` changes the images of each batch before they are seen.
    Runs on the device that holds the params.
    """
    arrays = [leaf for _, leaf in leaves(params)]
    xp = namespace(*arrays) if arrays else np
    parts = []
    with on_threads(threads()), closing(in_batches(images, BATCH)) as batches:
        for batch in batches:
            seen = batch if deform is None else deform(batch)
            parts.append(to_numpy(net.respond(params, xp.asarray(seen), stop=stop)))
    return np.concatenate(parts)


def accuracy(net: Chain, params: dict[str, Params], data: Dataset) -> float:
    """Share of images whose largest score is at their label."""
    return right(predict(net, params, data.images), data.labels)


def accuracy_under(net: Chain, params: dict[str, Params], data: Dataset, kind: str, amount: float) -> float:
    """Mean accuracy over the forms of a deformation by so much, as in ("shift", 2)."""
    changes = forms(kind, amount)
    return float(np.mean([right(predict(net, params, data.images, deform=each), data.labels) for each in changes]))


def accuracies(
    net: Chain, params: dict[str, Params], data: Dataset, deformed: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, float]]:
    """Accuracy under each deformation by the amounts asked for: {"shift": {"1": 0.9}, "scale": {}, ...}."""
    return {
        kind: {key(amount): accuracy_under(net, params, data, kind, amount) for amount in deformed.get(kind, ())}
        for kind in DEFORMATIONS
    }


def confusion(scores: Array, labels: Any, classes: int) -> Any:
    """Counts of (label, answer): (classes, classes); of several largest scores the first is the answer."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (labels, np.argmax(scores, axis=1)), 1)
    return matrix


def right(scores: Any, labels: Any) -> float:
    """Share of scores whose largest is at the label: (N, classes), (N,) -> in [0, 1].

    Where several are largest, as in a network that is silent, each of them counts as one guess of so many.
    """
    largest = scores == np.max(scores, axis=1, keepdims=True)
    return float(np.mean(largest[np.arange(len(labels)), labels] / np.maximum(largest.sum(axis=1), 1)))
