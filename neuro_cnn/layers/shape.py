"""Layers that only rearrange."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.ops.geometry import Window


@dataclass(frozen=True)
class Flatten(Layer):
    """All cells of an image in one row, plane by plane: (N, K, H, W) -> (N, K H W)."""

    kind: Literal["flatten"] = "flatten"

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (prod(in_shape),)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Shape]:
        return namespace(x).reshape(x, (x.shape[0], prod(x.shape[1:]))), x.shape

    def backward(
        self, params: Params, activity: Shape, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return namespace(dy).reshape(dy, activity) if need_input else None, ()

    def window(self, in_shape: Shape) -> Window:
        return Window((in_shape[1], in_shape[2])) if len(in_shape) == 3 else Window((1, 1))
