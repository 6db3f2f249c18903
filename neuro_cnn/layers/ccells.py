"""C-cells: each looks at one plane of S-cells and answers wherever in its view the feature lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, places
from neuro_cnn.ops.geometry import Pad, Size, Window
from neuro_cnn.ops.pool import pooling


class CActivity(NamedTuple):
    """What C-cells saw and did: the shape of their input, and which tap won where the pool chooses."""

    in_shape: Shape
    winners: Array


@dataclass(frozen=True)
class Max:
    """The strongest S-cell of the view speaks for it."""

    kind: Literal["max"] = "max"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Mean:
    """The mean of the view; cells outside the map are silent."""

    kind: Literal["mean"] = "mean"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class CCells(Layer):
    """Planes of C-cells: (N, K, H, W) -> (N, K, H', W'). A stride of None is the view's own size."""

    size: Size
    stride: Size | None = None
    pad: Pad = 0
    pool: Max | Mean = Max()
    kind: Literal["ccells"] = "ccells"

    def __post_init__(self) -> None:
        self.window(())

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def respond(self, params: Params, x: Array) -> Array:
        if isinstance(self.pool, Max):
            return ops.maximum(x, self.size, self.stride, self.pad)
        return self.forward(params, x)[0]

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, CActivity]:
        if isinstance(self.pool, Max):
            y, winners = ops.max_pool(x, self.size, self.stride, self.pad)
            return y, CActivity(x.shape, winners)
        return ops.mean_pool(x, self.size, self.stride, self.pad), CActivity(x.shape, ())

    def backward(
        self, params: Params, activity: CActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        if isinstance(self.pool, Max):
            shape, winners = activity
            return ops.max_pool_adjoint(dy, winners, shape, self.size, self.stride, self.pad), ()
        return ops.mean_pool_adjoint(dy, activity.in_shape, self.size, self.stride, self.pad), ()

    def window(self, in_shape: Shape) -> Window:
        return pooling(self.size, self.stride, self.pad)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        taps = self.window(in_shape).size
        connections = planes * height * width * taps[0] * taps[1]
        return Arithmetic(connections, connections if isinstance(self.pool, Mean) else 0)
