"""Standardised activity: each plane brought to mean 0 and deviation 1 of what it showed on training images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.ops.normalize import standardize


class Moments(NamedTuple):
    """Mean and standard deviation of each plane, (K,), fitted once by the rule `Standardize` and then fixed."""

    mean: Array
    deviation: Array


class Seen(NamedTuple):
    """The input, (N, K, ...), from which the rule takes its moments."""

    x: Array


@dataclass(frozen=True)
class Normalize(Layer):
    """(x - mean) / deviation, plane by plane: (N, K, ...) -> (N, K, ...). The identity until it is fitted."""

    kind: Literal["normalize"] = "normalize"

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params((), Moments(np.zeros(in_shape[0], np.float32), np.ones(in_shape[0], np.float32)))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.mean.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Seen]:
        return standardize(x, *params.fixed), Seen(x)

    def backward(
        self, params: Params, activity: Seen, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        mean, deviation = params.fixed
        return standardize(dy, 0 * mean, deviation) if need_input else None, ()
