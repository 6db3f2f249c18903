"""C-cells: each looks at one plane of S-cells and answers wherever in its view the feature lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, places
from neuro_cnn.layers.pools import AnyPool, How, Max
from neuro_cnn.ops.geometry import Padding, Size, Window
from neuro_cnn.ops.pool import pooling


class CActivity(NamedTuple):
    """What C-cells saw and did: the shape of their input, and what their pool kept of it (winners, sums)."""

    in_shape: Shape
    kept: Any


@dataclass(frozen=True)
class CCells(Layer):
    """Planes of C-cells: (N, K, H, W) -> (N, K, H', W'). A stride of None is the view's own size."""

    size: Size
    stride: Size | None = None
    pad: Padding = 0
    pool: AnyPool = Max()
    kind: Literal["ccells"] = "ccells"

    def __post_init__(self) -> None:
        self.window((1, 1, 1))

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params((), self.pool.fixed(self.window(in_shape).size))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def respond(self, params: Params, x: Array) -> Array:
        return self.pool.at_rest(x, params.fixed, self._how(x.shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, CActivity]:
        y, kept = self.pool.gather(x, params.fixed, self._how(x.shape))
        return y, CActivity(x.shape, kept)

    def backward(
        self, params: Params, activity: CActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        how = self._how(activity.in_shape)
        return self.pool.spread(dy, activity.kept, params.fixed, activity.in_shape, how), ()

    def window(self, in_shape: Shape) -> Window:
        return pooling(self.size, self.stride, self.pad, in_shape[1:])

    def sees(self, in_shape: Shape) -> Window:
        return self.pool.sees(self.window(in_shape))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        taps = self.window(in_shape).size
        connections = planes * height * width * taps[0] * taps[1]
        return Arithmetic(connections, 0 if isinstance(self.pool, Max) else connections)

    def _how(self, shape: Shape) -> How:
        """Size, stride and padding of the views on a batch of maps, (N, K, H, W)."""
        return self.window(shape[1:])[:3]
