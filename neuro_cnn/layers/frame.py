"""Images set into a field of fixed size, their greys between fixed levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Window, batch_first, batch_last, unpad


@dataclass(frozen=True)
class Frame(Layer):
    """The image in the middle of a dark field: (N, C, H, W), 0 to 1 -> (N, C, height, width), `dark` to `bright`.

    The levels are those of LeCun et al. (1998): background -0.1 and foreground 1.175 give digits a mean of about 0
    and a variance of about 1. Raises UsageError for images larger than the field.
    """

    height: int
    width: int
    dark: float = -0.1
    bright: float = 1.175
    kind: Literal["frame"] = "frame"

    def __post_init__(self) -> None:
        at_least_one("height", self.height)
        at_least_one("width", self.width)
        if not -float("inf") < self.dark < self.bright < float("inf"):
            raise UsageError(f"levels from dark {self.dark} to bright {self.bright}; the bright must be the higher")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 3:
            raise UsageError(f"a frame around a row of {in_shape[0]} units; give it maps")
        if in_shape[1] > self.height or in_shape[2] > self.width:
            sides = " x ".join(map(str, in_shape[1:]))
            raise UsageError(f"a field of {self.height} x {self.width} cannot hold a map of {sides}; make it larger")
        return Params()

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], self.height, self.width)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Shape]:
        framed = batch_first(batch_last(x, self.window(x.shape[1:]).pad))
        return (self.bright - self.dark) * framed + self.dark, x.shape

    def backward(
        self, params: Params, activity: Shape, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        pad = self.window(activity[1:]).pad
        return (self.bright - self.dark) * unpad(batch_last(dy, ((0, 0), (0, 0))), pad, activity), ()

    def window(self, in_shape: Shape) -> Window:
        down, across = self.height - in_shape[1], self.width - in_shape[2]
        return Window((1, 1), pad=((down // 2, down - down // 2), (across // 2, across - across // 2)))
