"""The strongest of neighbouring planes, such as those of one orientation at neighbouring scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.layers.conv import at_least_one


class MaxoutActivity(NamedTuple):
    """The shape of the input, and which plane of its group won: (N, K / group, ...)."""

    in_shape: Shape
    winner: Array


@dataclass(frozen=True)
class Maxout(Layer):
    """The maximum over groups of consecutive planes: (N, K, ...) -> (N, K / group, ...); ties go to the first.

    The maxout of Goodfellow et al. (2013), and the C-cell's maximum over scales of Riesenhuber & Poggio (1999).
    """

    group: int
    kind: Literal["maxout"] = "maxout"

    def __post_init__(self) -> None:
        at_least_one("group", self.group)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if in_shape[0] % self.group:
            raise UsageError(f"groups of {self.group} do not divide {in_shape[0]} planes; choose a divisor")
        return Params()

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0] // self.group, *in_shape[1:])

    def respond(self, params: Params, x: Array) -> Array:
        return namespace(x).max(self._grouped(x), axis=2)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, MaxoutActivity]:
        winner = namespace(x).argmax(self._grouped(x), axis=2)
        return self.respond(params, x), MaxoutActivity(x.shape, winner)

    def backward(
        self, params: Params, activity: MaxoutActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        won = [activity.winner == place for place in range(self.group)]
        parts = [xp.where(mine, dy, xp.zeros((), dtype=dy.dtype)) for mine in won]
        return xp.reshape(xp.stack(parts, axis=2), activity.in_shape), ()

    def _grouped(self, x: Array) -> Array:
        return namespace(x).reshape(x, (x.shape[0], x.shape[1] // self.group, self.group, *x.shape[2:]))
