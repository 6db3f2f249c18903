"""Cells that see the whole layer below: the classical perceptron's, and every read-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Initial, Key, Layer, LinearActivity, Params, Shape, Weights, drawn, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.normalize import sum_positions
from neuro_cnn.ops.threads import matmul


@dataclass(frozen=True)
class Dense(Layer):
    """Units that sum all they are given: (N, D) -> (N, K)."""

    units: int
    bias: bool = True
    initial: Initial = "he"
    kind: Literal["dense"] = "dense"

    def __post_init__(self) -> None:
        at_least_one("units", self.units)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 1:
            raise UsageError(f"dense units meet a map of shape {in_shape}; put Flatten() before them")
        weight = drawn(self.initial, rng, (self.units, in_shape[0]), in_shape[0])
        return Params(Weights(weight, zeros((self.units,), rng is None) if self.bias else ()))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0],)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, LinearActivity]:
        xp = namespace(x)
        weight, bias = params.learned
        drive = xp.permute_dims(matmul(weight, xp.permute_dims(x, (1, 0))), (1, 0))  # the batch innermost in memory
        if self.bias:
            drive += bias
        return drive, LinearActivity(x, drive, bias)

    def backward(
        self, params: Params, activity: LinearActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(self.associate(params, activity, dy), sum_positions(dy) if self.bias else ())
        return self.recall(params, dy, activity.x.shape) if need_input else None, gradient

    def associate(self, params: Params, activity: LinearActivity, factor: Array) -> Array:
        return matmul(namespace(factor).permute_dims(factor, (1, 0)), activity.x)

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        xp = namespace(factor)
        back = matmul(xp.permute_dims(params.learned.weight, (1, 0)), xp.permute_dims(factor, (1, 0)))
        return xp.permute_dims(back, (1, 0))

    def rewire(self, params: Params, weight: Array) -> Params:
        return params._replace(learned=params.learned._replace(weight=weight))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        units, inputs = params.learned.weight.shape
        return Arithmetic(units * (inputs + self.bias), units * inputs)
