"""Joined planes: the connections that lead several S-planes into one C-plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant


class Connections(NamedTuple):
    """1 where a plane takes in an input plane, (K', K): Fukushima's j."""

    table: Array


@dataclass(frozen=True)
class Join(Layer):
    """Each plane is the sum of the input planes that its row of the table names: (N, K, H, W) -> (N, K', H, W).

    Put before C-cells it makes the C-layer of Fukushima 1988, where several S-planes, variants of one feature, lead
    into one C-plane: the sum over planes commutes with the C-cell's sum over its view. The mean over planes that
    inhibits saturating C-cells is then one over the K' joined planes, K / K' times Fukushima's mean over S-planes
    where every S-plane is joined once.
    """

    table: tuple[tuple[int, ...], ...]
    kind: Literal["join"] = "join"

    def __post_init__(self) -> None:
        if not self.table or not all(self.table):
            raise UsageError("a joined plane of no input planes; name at least one in every row of the table")
        for row in self.table:
            if min(row) < 0 or len(set(row)) < len(row):
                raise UsageError(f"input planes {row} joined; count from 0 and name none of them twice")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 3:
            raise UsageError(f"joined planes meet a row of {in_shape[0]} units; put them before Flatten()")
        last = max(map(max, self.table))
        if last >= in_shape[0]:
            raise UsageError(f"input plane {last} is to be joined, but there are {in_shape[0]}, counted from 0")
        table = [[plane in row for plane in range(in_shape[0])] for row in self.table]
        return Params((), Connections(constant(table, rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (len(self.table), *in_shape[1:])

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.table.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, tuple[()]]:
        return _mixed(params.fixed.table, x), ()

    def backward(
        self, params: Params, activity: tuple[()], dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return _mixed(namespace(dy).permute_dims(params.fixed.table, (1, 0)), dy) if need_input else None, ()

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        return Arithmetic(sum(map(len, self.table)) * in_shape[1] * in_shape[2], 0)


def _mixed(table: Array, x: Array) -> Array:
    """Sums of planes: (K', K), (N, K, H, W) -> (N, K', H, W)."""
    xp = namespace(x)
    return xp.permute_dims(xp.tensordot(table, x, axes=((1,), (1,))), (1, 0, 2, 3))
