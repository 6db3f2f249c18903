"""End-stopped cells, Hubel and Wiesel's hypercomplex ones: a complex cell held down by those at its line's ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.layers.output_functions import positive
from neuro_cnn.ops.geometry import Window, window


class Ends(NamedTuple):
    """The fixed weights of each plane on its own complex cells, (K, 1, h, w): 1 in the middle, less at the ends."""

    kernel: Array


class EndStoppedActivity(NamedTuple):
    """What end-stopped cells did: the shape of their input, and the drive, (N, K, H, W)."""

    in_shape: Shape
    drive: Array


@dataclass(frozen=True)
class EndStopped(Layer):
    """y = [x - strength / 2 (x at one end + x at the other)]_+, plane by plane: (N, K, H, W) -> (N, K, H, W).

    Planes are orientations, k 180 degrees / K counter-clockwise from horizontal, and the ends lie `distance` cells
    along it, shared out between the cells around (Hubel & Wiesel 1965: inhibition by complex cells at the ends). At
    strength 1 a line that goes on is not answered at all; distance and strength are our choice.
    """

    distance: float = 6.0
    strength: float = 1.0
    kind: Literal["end_stopped"] = "end_stopped"

    def __post_init__(self) -> None:
        positive("distance", self.distance)
        positive("strength", self.strength)

    @property
    def reach(self) -> int:
        """Cells on either side of the view."""
        return ceil(self.distance)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        planes, side = in_shape[0], 2 * self.reach + 1
        kernel = np.zeros((planes, 1, side, side))
        kernel[:, 0, self.reach, self.reach] = 1
        places = np.arange(side) - self.reach
        for k in range(planes):
            turn = np.pi * k / max(planes, 1)
            for end in (-self.distance, self.distance):
                down = np.maximum(1 - np.abs(places + end * np.sin(turn)), 0)  # rows go down, angles up
                right = np.maximum(1 - np.abs(places - end * np.cos(turn)), 0)
                kernel[k, 0] -= self.strength / 2 * np.outer(down, right)
        return Params((), Ends(constant(kernel, rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.kernel.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, EndStoppedActivity]:
        drive = ops.correlate(x, params.fixed.kernel, 1, self.reach, groups=x.shape[1])
        return ops.rectify(drive), EndStoppedActivity(x.shape, drive)

    def backward(
        self, params: Params, activity: EndStoppedActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        shape, drive = activity
        error = ops.gate(dy, drive)
        return ops.correlate_input_adjoint(error, params.fixed.kernel, shape, 1, self.reach, groups=shape[1]), ()

    def window(self, in_shape: Shape) -> Window:
        return window(2 * self.reach + 1, 1, self.reach)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = in_shape
        connections = 3 * planes * height * width
        return Arithmetic(connections, connections)
