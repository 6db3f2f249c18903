"""LeNet's subsampling: cells that sum their view, with one trainable coefficient and one bias a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, Weights, places, uniform, zeros
from neuro_cnn.ops.geometry import Size, Window
from neuro_cnn.ops.normalize import at_planes, sum_positions
from neuro_cnn.ops.pool import pooling


class Summed(NamedTuple):
    """What subsampling cells saw: the shape of their input, and the sum over each view, (N, K, H', W')."""

    in_shape: Shape
    total: Array


@dataclass(frozen=True)
class Subsampling(Layer):
    """Weight x (sum over the view) + bias, views side by side: (N, K, H, W) -> (N, K, H', W'), LeCun et al. 1998.

    Weight and bias are of the plane; what the paper puts behind them, the squashing, is a layer of its own.
    """

    size: Size = 2
    kind: Literal["subsampling"] = "subsampling"

    def __post_init__(self) -> None:
        self.window(())

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        planes = in_shape[:1]
        return Params(Weights(uniform(rng, planes, 2.4 / self._area()), zeros(planes, rng is None)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Summed]:
        weight, bias = params.learned
        total = ops.mean_pool(x, self.size) * self._area()
        return at_planes(weight, total) * total + at_planes(bias, total), Summed(x.shape, total)

    def backward(
        self, params: Params, activity: Summed, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(sum_positions(dy * activity.total), sum_positions(dy))
        if not need_input:
            return None, gradient
        share = dy * (at_planes(params.learned.weight, dy) * self._area())
        return ops.mean_pool_adjoint(share, activity.in_shape, self.size), gradient

    def window(self, in_shape: Shape) -> Window:
        return pooling(self.size)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        cells = planes * height * width
        return Arithmetic(cells * (self._area() + 1), cells * self._area())  # a bias is a connection

    def _area(self) -> int:
        height, width = self.window(()).size
        return height * width
