"""Global pooling: one number a plane, wherever the feature lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape
from neuro_cnn.layers.ccells import CActivity, CCells
from neuro_cnn.layers.pools import AnyPool, Mean
from neuro_cnn.ops.geometry import Window


@dataclass(frozen=True)
class GlobalPool(Layer):
    """C-cells that see the whole map of their plane: (N, K, H, W) -> (N, K), with no `Flatten` to follow.

    With the mean, the read-out of Lin, Chen & Yan's network in network (2014), of GoogLeNet and of ResNet.
    """

    pool: AnyPool = Mean()
    kind: Literal["global_pool"] = "global_pool"

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 3:
            raise UsageError(f"global pooling meets a row of {in_shape[0]} units; put it in place of Flatten()")
        return self._cells(in_shape).init(in_shape, rng)

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return in_shape[:1]

    def respond(self, params: Params, x: Array) -> Array:
        return self._cells(x.shape[1:]).respond(params, x)[:, :, 0, 0]

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, CActivity]:
        y, activity = self._cells(x.shape[1:]).forward(params, x)
        return y[:, :, 0, 0], activity

    def backward(
        self, params: Params, activity: CActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        cells = self._cells(activity.in_shape[1:])
        return cells.backward(params, activity, dy[:, :, None, None], need_input)

    def window(self, in_shape: Shape) -> Window:
        return self._cells(in_shape).window(in_shape)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        return self._cells(in_shape).arithmetic(params, in_shape)

    def _cells(self, in_shape: Shape) -> CCells:
        return CCells((in_shape[1], in_shape[2]), pool=self.pool)
