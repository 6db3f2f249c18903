"""The last C-cells of a network that is there at several positions: each plane's best position counts."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.ops.geometry import Window


class BestActivity(NamedTuple):
    """The shape of the input, and which position counted, row by row: (N, K)."""

    in_shape: Shape
    place: Array


@dataclass(frozen=True)
class BestPosition(Layer):
    """Each plane's best position at rest, and in training the middle one: (N, K, H, W) -> (N, K).

    What learns at one position is thus looked for at all. The middle of an even side is the later of two.
    """

    kind: Literal["best_position"] = "best_position"

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        if len(in_shape) != 3:
            raise UsageError(f"a row of {in_shape[0]} units has no positions; leave out BestPosition")
        return in_shape[:1]

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, BestActivity]:
        xp = namespace(x)
        rows = xp.reshape(x, (*x.shape[:2], prod(x.shape[2:])))
        if train is None:
            place = xp.argmax(rows, axis=2)
        else:
            place = xp.full(x.shape[:2], x.shape[2] // 2 * x.shape[3] + x.shape[3] // 2, dtype=xp.int64)
        return xp.take_along_axis(rows, place[:, :, None], axis=2)[:, :, 0], BestActivity(x.shape, place)

    def backward(
        self, params: Params, activity: BestActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        shape, place = activity
        here = xp.arange(prod(shape[2:]))[None, None, :] == place[:, :, None]
        return xp.reshape(xp.where(here, dy[:, :, None], xp.zeros((), dtype=dy.dtype)), shape), ()

    def window(self, in_shape: Shape) -> Window:
        return Window((in_shape[1], in_shape[2]))
