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
from neuro_cnn.ops.geometry import Pad, Size, Window, window
from neuro_cnn.ops.normalize import at_planes, sum_positions


@dataclass(frozen=True)
class Conv(Layer):
    """Cell-planes that sum their view by shared weights: (N, C, H, W) -> (N, K, H', W').

    `table`, a row of booleans over the input planes for each plane, says which of them it looks at.
    Raises UsageError for planes, sizes, groups or tables that cannot be.
    """

    planes: int
    size: Size
    stride: Size = 1
    pad: Pad = 0
    dilation: Size = 1
    groups: int = 1
    table: tuple[tuple[bool, ...], ...] | None = None
    bias: bool = True
    initial: Initial = "he"
    kind: Literal["conv"] = "conv"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        at_least_one("groups", self.groups)
        window(self.size, self.stride, self.pad, self.dilation)
        if self.table is not None and len(self.table) != self.planes:
            raise UsageError(f"connection table of {len(self.table)} rows for {self.planes} planes; give a row a plane")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.planes, in_shape[0] // self.groups, *self.window(in_shape).size)
        check_planes(in_shape[0], shape, self.groups)
        for row in self.table or ():
            if len(row) != shape[1]:
                raise UsageError(f"connection table with a row of {len(row)} for {shape[1]} input planes")
        seen = shape[1] if self.table is None else np.maximum(1, np.sum(self.table, axis=1))[:, None, None, None]
        weight = drawn(self.initial, rng, shape, seen * shape[2] * shape[3])
        return Params(Weights(weight, zeros((self.planes,), rng is None) if self.bias else ()))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] * self.groups == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, LinearActivity]:
        weight, bias = params.learned
        excitation = ops.correlate(x, weight, self.stride, self.pad, self.dilation, self.groups, self._table())
        drive = excitation + at_planes(bias, excitation) if self.bias else excitation
        return drive, LinearActivity(x, excitation, drive)

    def backward(
        self, params: Params, activity: LinearActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(self.associate(params, activity, dy), sum_positions(dy) if self.bias else ())
        return self.recall(params, dy, activity.x.shape) if need_input else None, gradient

    def associate(self, params: Params, activity: LinearActivity, factor: Array) -> Array:
        how = (self.stride, self.pad, self.dilation, self.groups, self._table())
        return ops.correlate_weight_adjoint(activity.x, factor, params.learned.weight.shape, *how)

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        how = (self.stride, self.pad, self.dilation, self.groups, self._table())
        return ops.correlate_input_adjoint(factor, params.learned.weight, in_shape, *how)

    def rewire(self, params: Params, weight: Array) -> Params:
        if self.table is not None:  # synapses that are not there have no part in norms
            xp = namespace(weight)
            weight = weight * xp.astype(xp.asarray(self._table()), weight.dtype)[:, :, None, None]
        return params._replace(learned=params.learned._replace(weight=weight))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad, self.dilation)

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


def at_least_one(name: str, value: int) -> None:
    """Raises UsageError for a count below 1."""
    if value < 1:
        raise UsageError(f"{name} is {value}; it must be at least 1")
