"""Linear cell-planes: every cell of a plane has the same weights and its own view of the layer below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import (
    Arithmetic,
    Initial,
    Key,
    Layer,
    LinearActivity,
    Params,
    Shape,
    Weights,
    drawn,
    places,
    zeros,
)
from neuro_cnn.ops.correlate import check_planes
from neuro_cnn.ops.geometry import Padding, Pair, Size, Window, window
from neuro_cnn.ops.normalize import sum_positions


@dataclass(frozen=True)
class _Shared(Layer):
    """What convolution has in common with cross-correlation."""

    planes: int
    size: Size
    stride: Size = 1
    pad: Padding = 0
    dilation: Size = 1
    groups: int = 1
    table: tuple[tuple[bool, ...], ...] | None = None
    bias: bool = True
    initial: Initial = "he"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        at_least_one("groups", self.groups)
        self.window((1, 1, 1))
        if self.table is not None and len(self.table) != self.planes:
            raise UsageError(f"connection table of {len(self.table)} rows for {self.planes} planes; give a row a plane")

    def laid(self, weight: Array) -> Array:
        """The weights as they lie on a view; its own inverse: (K, C, h, w) -> (K, C, h, w)."""
        return weight

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.planes, in_shape[0] // self.groups, *self.window(in_shape).size)
        check_planes(in_shape[0], shape, self.groups)
        for row in self.table or ():
            if len(row) != shape[1]:
                raise UsageError(f"connection table with a row of {len(row)} for {shape[1]} input planes")
        seen = shape[1] if self.table is None else np.maximum(1, np.sum(self.table, axis=1))[:, None, None, None]
        weight = drawn(self.initial, rng, shape, seen * shape[2] * shape[3])
        if self.table is not None and rng is not None:  # synapses that are not there weigh nothing, from the start
            weight = weight * np.asarray(self.table, weight.dtype)[:, :, None, None]
        return Params(Weights(weight, zeros((self.planes,), rng is None) if self.bias else ()))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] * self.groups == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, LinearActivity]:
        weight, bias = params.learned
        drive = ops.correlate(x, self.laid(weight), *self._how(x.shape), bias if self.bias else None)
        return drive, LinearActivity(x, drive, bias)

    def backward(
        self, params: Params, activity: LinearActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(self.associate(params, activity, dy), sum_positions(dy) if self.bias else ())
        return self.recall(params, dy, activity.x.shape) if need_input else None, gradient

    def associate(self, params: Params, activity: LinearActivity, factor: Array) -> Array:
        how = self._how(activity.x.shape)
        return self.laid(ops.correlate_weight_adjoint(activity.x, factor, params.learned.weight.shape, *how))

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        return ops.correlate_input_adjoint(factor, self.laid(params.learned.weight), in_shape, *self._how(in_shape))

    def rewire(self, params: Params, weight: Array) -> Params:
        if self.table is not None:  # synapses that are not there have no part in norms
            xp = namespace(weight)
            weight = weight * xp.astype(xp.asarray(self._table()), weight.dtype)[:, :, None, None]
        return params._replace(learned=params.learned._replace(weight=weight))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad, self.dilation, in_shape[1:])

    def parameters(self, params: Params) -> int:
        weight, bias = params.learned
        connected = weight.size if self.table is None else sum(map(sum, self.table)) * weight[0, 0].size
        return int(connected + (bias.size if self.bias else 0))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        taps = self.parameters(params) - (planes if self.bias else 0)
        return Arithmetic(self.parameters(params) * height * width, taps * height * width)

    def _table(self) -> Array | None:
        return None if self.table is None else np.asarray(self.table)

    def _how(self, shape: Shape) -> tuple[Pair, tuple[Pair, Pair], Pair, int, Array | None]:
        """Stride, padding, dilation, groups and table for a batch of maps, (N, C, H, W)."""
        w = self.window(shape[1:])
        return w.stride, w.pad, w.dilation, self.groups, self._table()


@dataclass(frozen=True)
class Conv(_Shared):
    """Cell-planes that sum their view by shared weights: (N, C, H, W) -> (N, K, H', W').

    Cross-correlation, as the field has it: the weights are a picture of what excites the cell most.
    `table`, a row of booleans over the input planes for each plane, says which of them it looks at.
    Raises UsageError for planes, sizes, groups or tables that cannot be.
    """

    kind: Literal["conv"] = "conv"


@dataclass(frozen=True)
class TrueConv(_Shared):
    """The convolution of mathematics: `Conv` whose weights lie on the view turned by 180 degrees.

    A single bright cell is answered by the weights as they are, its impulse response.
    """

    kind: Literal["true_conv"] = "true_conv"

    def laid(self, weight: Array) -> Array:
        return ops.turned(weight)


def at_least_one(name: str, value: int) -> None:
    """Raises UsageError for a count below 1."""
    if value < 1:
        raise UsageError(f"{name} is {value}; it must be at least 1")
