"""Cells that have been given a name: each answers for one class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.layers.conv import at_least_one


class Labels(NamedTuple):
    """1 where a cell answers for a class, (classes, D); a cell that has no name answers for none."""

    table: Array


class LabelledActivity(NamedTuple):
    """The input, (N, D), and the strongest cell of each class, (N, classes)."""

    x: Array
    strongest: Array


@dataclass(frozen=True)
class Labelled(Layer):
    """The strongest of the cells of each class: (N, D) -> (N, classes). The rule `NameCells` gives the names."""

    classes: int
    kind: Literal["labelled"] = "labelled"

    def __post_init__(self) -> None:
        at_least_one("classes", self.classes)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 1:
            raise UsageError(f"named cells meet a map of shape {in_shape}; put Flatten() before them")
        return Params((), Labels(np.zeros((self.classes, in_shape[0]), np.float32)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.table.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, LabelledActivity]:
        xp = namespace(x)
        named = x[:, None, :] * params.fixed.table[None, :, :]  # (N, classes, D)
        return xp.max(named, axis=2), LabelledActivity(x, xp.argmax(named, axis=2))

    def backward(
        self, params: Params, activity: LabelledActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        cells = xp.arange(activity.x.shape[1])[None, None, :] == activity.strongest[:, :, None]
        share = xp.where(cells, dy[:, :, None] * params.fixed.table[None, :, :], xp.zeros((), dtype=dy.dtype))
        return xp.sum(share, axis=1), ()
