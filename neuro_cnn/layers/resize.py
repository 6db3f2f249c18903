"""Enlarging: images of any size, seen on a retina of a given one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Window


class Lines(NamedTuple):
    """The fixed weights with which rows, (H', H), and columns, (W', W), of the image make those of the retina."""

    down: Array
    across: Array


@dataclass(frozen=True)
class Resize(Layer):
    """Linear interpolation to `height` x `width` pixels in the middle of a dark border of `margin`.

    (N, C, H, W) -> (N, C, height + 2 margin, width + 2 margin). Pixels are squares whose values lie at their centres;
    beyond the outermost centres the value stays. Meant for enlarging: a smaller size skips pixels.
    """

    height: int
    width: int
    margin: int = 0
    kind: Literal["resize"] = "resize"

    def __post_init__(self) -> None:
        at_least_one("height", self.height)
        at_least_one("width", self.width)
        if self.margin < 0:
            raise UsageError(f"margin of {self.margin} pixels; give 0 or more")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        sides = places(Window((1, 1)), in_shape)
        wanted = (self.height, self.width)
        down, across = (
            constant(interpolation(old, new, self.margin), rng) for old, new in zip(sides, wanted, strict=True)
        )
        return Params((), Lines(down, across))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], self.height + 2 * self.margin, self.width + 2 * self.margin)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return (params.fixed.down.shape[1], params.fixed.across.shape[1]) == in_shape[1:]

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, tuple[()]]:
        down, across = params.fixed
        return down @ x @ namespace(x).permute_dims(across, (1, 0)), ()

    def backward(
        self, params: Params, activity: tuple[()], dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        down, across = params.fixed
        return namespace(dy).permute_dims(down, (1, 0)) @ dy @ across, ()

    def window(self, in_shape: Shape) -> Window:
        if len(in_shape) != 3:
            return Window((1, 1))
        enlarged = (Fraction(self.height, in_shape[1]), Fraction(self.width, in_shape[2]))
        return Window((1, 1), pad=((self.margin, self.margin),) * 2, enlarged=enlarged)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        macs = planes * height * in_shape[2] * (in_shape[1] + width)
        return Arithmetic(4 * planes * self.height * self.width, macs)


def interpolation(old: int, new: int, margin: int) -> np.ndarray:
    """The weights of linear interpolation from `old` values to `new`, between `margin` zeros: (new + 2 margin, old)."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    low = np.minimum(place.astype(int), max(old - 2, 0))
    matrix = np.zeros((new + 2 * margin, old))
    rows = np.arange(new) + margin
    matrix[rows, low] = 1 - (place - low)
    if old > 1:
        matrix[rows, low + 1] = place - low
    return matrix
