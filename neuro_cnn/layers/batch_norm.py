"""Batch normalisation: planes brought to the mean and deviation that learning wants, whatever the layers below do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape, Weights, filled, zeros
from neuro_cnn.layers.output_functions import positive
from neuro_cnn.ops.normalize import at_planes, moments, sum_positions


class RunningMoments(NamedTuple):
    """Mean and variance of each plane, (K,), as learning passes showed them: what counts at rest."""

    mean: Array
    variance: Array


class NormActivity(NamedTuple):
    """The standardised input, (N, K, ...), each plane's 1 / deviation, (K,), and the batch's moments.

    At rest `batch` is (): the moments are constants, and backward takes them so.
    """

    standard: Array
    gain: Array
    batch: Any


@dataclass(frozen=True)
class BatchNorm(Layer):
    """weight (x - mean) / sqrt(variance + epsilon) + bias, plane by plane: (N, K, ...) -> (N, K, ...).

    Ioffe & Szegedy (2015), Algorithm 1: in a learning pass the moments are the batch's, over images and positions; at
    rest they are running means, of which each learning pass makes up `momentum`. The variance of the batch is the
    biased one, the running one unbiased. epsilon and momentum are the libraries' usual ones.
    """

    momentum: float = 0.1
    epsilon: float = 1e-5
    kind: Literal["batch_norm"] = "batch_norm"

    def __post_init__(self) -> None:
        positive("epsilon", self.epsilon)
        if not 0 < self.momentum <= 1:
            raise UsageError(f"momentum of running moments is {self.momentum}; it must lie in (0, 1]")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        planes, none = in_shape[:1], rng is None
        learned = Weights(filled(planes, 1, none), zeros(planes, none))
        return Params(learned, RunningMoments(zeros(planes, none), filled(planes, 1, none)))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, NormActivity]:
        batch: Any = () if train is None else self._moments(x)
        mean, variance = params.fixed if train is None else batch
        gain = 1 / namespace(x).sqrt(variance + self.epsilon)
        standard = (x - at_planes(mean, x)) * at_planes(gain, x)
        weight, bias = params.learned
        return standard * at_planes(weight, x) + at_planes(bias, x), NormActivity(standard, gain, batch)

    def _moments(self, x: Array) -> RunningMoments:
        if x.size < 2 * x.shape[1]:
            raise UsageError(
                f"batch normalisation meets {x.size // x.shape[1]} values a plane, which have no variance; "
                "choose a batch that leaves at least 2 images for the last one"
            )
        return RunningMoments(*moments(x))

    def backward(
        self, params: Params, activity: NormActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(sum_positions(dy * activity.standard), sum_positions(dy))
        if not need_input:
            return None, gradient
        dx = dy
        if activity.batch:  # the batch's mean and variance move with every cell
            count = dy.size / dy.shape[1]
            pull, turn = (at_planes(part / count, dy) for part in (gradient.bias, gradient.weight))
            dx = dy - pull - activity.standard * turn
        return dx * at_planes(params.learned.weight * activity.gain, dy), gradient

    def absorb(self, params: Params, activity: NormActivity) -> Params:
        if not activity.batch:
            return params
        count = activity.standard.size / activity.standard.shape[1]
        mean, variance = activity.batch
        seen = RunningMoments(mean, variance * (count / (count - 1)))
        moved = (old + self.momentum * (new - old) for old, new in zip(params.fixed, seen, strict=True))
        return params._replace(fixed=RunningMoments(*moved))
