"""Cells with a view as in a convolution, but weights of their own: the stage between dense units and convolution."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, Literal

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers.base import Arithmetic, Key, Layer, LinearActivity, Params, Shape, Weights, draw, places, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Padding, Size, Window, window


@dataclass(frozen=True)
class LocallyConnected(Layer):
    """Planes of cells that sum their view, nothing shared: (N, C, H, W) -> (N, K, H', W').

    Every place has its own weights, (H', W', K, C, h, w), and every cell its own bias, (K, H', W').
    Raises UsageError for planes or sizes that cannot be.
    """

    planes: int
    size: Size
    stride: Size = 1
    pad: Padding = 0
    dilation: Size = 1
    bias: bool = True
    kind: Literal["locally_connected"] = "locally_connected"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        self.window((1, 1, 1))

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        view = self.window(in_shape)
        rows, columns = places(view, in_shape)
        below = (in_shape[0], *view.size)
        weight = draw(rng, (rows, columns, self.planes, *below), sqrt(2 / prod(below)))  # He et al. 2015, eq. 10
        return Params(Weights(weight, zeros((self.planes, rows, columns), rng is None) if self.bias else ()))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[2], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        weight = params.learned.weight
        return bool((*weight.shape[:2], weight.shape[3]) == (*places(self.window(in_shape), in_shape), in_shape[0]))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, LinearActivity]:
        weight, bias = params.learned
        excitation = ops.correlate_unshared(x, weight, *self._how(x.shape))
        drive = excitation + bias if self.bias else excitation
        return drive, LinearActivity(x, drive, bias)

    def backward(
        self, params: Params, activity: LinearActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        x, weight = activity.x, params.learned.weight
        product = ops.correlate_unshared_weight_adjoint(x, dy, weight.shape, *self._how(x.shape))
        gradient = Weights(product, namespace(dy).sum(dy, axis=0) if self.bias else ())
        return self.recall(params, dy, x.shape) if need_input else None, gradient

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        """W^T G, every cell's value sent back over its view: (N, K, H', W') -> in_shape, (N, C, H, W)."""
        weight = params.learned.weight
        return ops.correlate_unshared_input_adjoint(factor, weight, in_shape, *self._how(in_shape))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad, self.dilation, in_shape[1:])

    def unshared(self, params: Params, in_shape: Shape) -> int:
        return self.parameters(params)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        return Arithmetic(self.parameters(params), params.learned.weight.size)

    def _how(self, shape: Shape) -> tuple[Any, ...]:
        """Stride, padding and dilation for a batch of maps, (N, C, H, W)."""
        return self.window(shape[1:])[1:4]
