"""Madaline's fixed logic: units of a class vote, and the share of yes counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.activation import Drive
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.layers.conv import at_least_one


@dataclass(frozen=True)
class Majority(Layer):
    """The share of units above 0 in groups of consecutive ones: (N, K) -> (N, K / group); above 1/2 the answer is yes.

    Nothing here is learned, and votes pass no error gradient on.
    """

    group: int
    kind: Literal["majority"] = "majority"

    def __post_init__(self) -> None:
        at_least_one("group", self.group)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 1:
            raise UsageError(f"units that vote meet a map of shape {in_shape}; put Flatten() before them")
        if in_shape[0] % self.group:
            raise UsageError(f"groups of {self.group} do not divide {in_shape[0]} units; choose a divisor")
        return Params()

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0] // self.group,)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        xp = namespace(x)
        votes = xp.reshape(xp.astype(x > 0, x.dtype), (x.shape[0], x.shape[1] // self.group, self.group))
        return xp.mean(votes, axis=2), Drive(x)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return (0 * activity.drive if need_input else None), ()
