"""Steepest descent in every layer, under a read-out as good as the layers' present responses allow.

A layer that learns without a teacher has no error of its own to compare with: the read-out above it is yet to be
taught. So one is fitted wherever descent is asked for, with all layers as they are, and the error is sent back through
it. Layers above that have yet to learn keep the weights that they have.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import BATCH, predict, right
from neuro_cnn.layers import Dense, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.losses import SquaredError, one_hot
from neuro_cnn.network import Chain
from neuro_cnn.streams import generator

SHOWN, FITTED = 400, 800
"""Most images on which the error is taken, and to which the read-out is fitted (our choice)."""
PENALTIES = tuple(10.0**power for power in range(-6, 3))
"""Ridge penalties tried, in units of the mean eigenvalue of the responses' inner products (our choice)."""


class Probe(NamedTuple):
    """Images on which steps are compared, and others to which the read-out is fitted: it must not know the answers.

    Were they the same, a read-out of more features than images would leave next to no error to send back.
    """

    shown: Dataset
    fitted: Dataset

    def batches(self) -> list[Dataset]:
        """The images shown, in an even number of batches of `BATCH` or fewer."""
        count = len(self.shown)
        return [self.shown.take(some) for some in np.array_split(np.arange(count), 2 * ceil(count / (2 * BATCH)))]


class Descent(NamedTuple):
    """A batch's share of minus the gradient of the loss by each layer's weights, (K, ...), and how it came about.

    The shares sum to the whole probe's descent. `right` counts the images that the fitted read-out names rightly.
    """

    steps: dict[str, Array]
    activity: dict[str, Any]
    labels: Array
    right: float


def probe(data: Dataset) -> Probe:
    """Labelled training images drawn once and for all, the same for every seed and system.

    A third is compared on. Raises UsageError for fewer than ten.
    """
    drawn = generator(0, "probe").permutation(data.labelled)
    if len(drawn) < 10:
        raise UsageError(f"{len(drawn)} labelled training images; a read-out to send errors back through needs ten")
    count = min(SHOWN, len(drawn) // 3)
    return Probe(data.take(drawn[:count]), data.take(drawn[count : count + FITTED]))


def descent(net: Chain, params: dict[str, Params], images: Probe) -> Iterator[Descent]:
    """Steepest descent, batch by batch, of half the mean squared error to the one-hot labels.

    That is the loss which the fitted read-out minimises. Raises UsageError unless the last layer is such a read-out.
    """
    out = net.names[-1]
    last = net[out]
    if not isinstance(last, Dense) or not last.bias:
        raise UsageError(
            f"errors are sent back through a linear read-out with a bias, which {out} ({last.kind}) is not"
        )
    xp = namespace(params[out].learned.weight)
    fitted = readout(predict(net, params, images.fitted.images, stop=out), images.fitted)
    dtype = params[out].learned.weight.dtype
    learned = Weights(*(xp.asarray(each, dtype=dtype) for each in fitted))
    params = {**params, out: params[out]._replace(learned=learned)}
    for batch in images.batches():
        labels = xp.asarray(batch.labels)
        scores, activity = net.forward(params, xp.asarray(batch.images))
        _, error = SquaredError()(scores, labels)
        share = len(batch) / len(images.shown)
        _, gradients = net.backward(params, activity, error, need_input=False)
        steps = {name: -share * each.weight for name, each in gradients.items() if hasattr(each, "weight")}
        yield Descent(steps, activity, labels, len(batch) * right(to_numpy(scores), batch.labels))


def readout(features: Any, data: Dataset) -> tuple[Any, Any]:
    """Ridge weights (K, D) and bias (K,) from responses (N, D), targets 1 and 0, in double precision.

    The penalty is that of least squared error when each image in turn is left out. By inner products of images, for
    they are fewer than features here: the rule `Ridge`, made for streams of images, would solve (D, D) systems.
    """
    x, y = np.asarray(features, np.float64), one_hot(data.labels, len(data.classes), np.empty(0))
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - mean_x, y - mean_y
    values, vectors = np.linalg.eigh(x @ x.T)
    values = np.maximum(values, 0)
    turned = vectors.T @ y
    errors, solutions = [], []
    for penalty in PENALTIES:
        lifted = values + penalty * (values.mean() or 1.0)
        # left out, image i has residual (y - y^)_i / (1 - h_ii), h the hat matrix   Allen 1974
        kept = values / lifted
        leverage = 1 / len(x) + (vectors**2) @ kept
        residual = (y - vectors @ (kept[:, None] * turned)) / (1 - leverage)[:, None]
        errors.append(float(np.sum(residual * residual)))
        solutions.append(vectors @ (turned / lifted[:, None]))  # (N, K)
    weight = solutions[int(np.argmin(errors))].T @ x
    return weight, mean_y - weight @ mean_x
