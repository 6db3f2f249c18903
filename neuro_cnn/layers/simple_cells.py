"""Simple cells as Hubel and Wiesel wired them: Gabor functions over ON- and OFF-centre cells, built, not learned."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Window, window
from neuro_cnn.ops.kernels import gabor

REACH = 1.6
"""Standard deviations of the longer side of the envelope that a view holds on either side (our choice)."""


class Fields(NamedTuple):
    """The fixed receptive fields over ON and OFF cells, (K, 2C, h, w), each the other's negative."""

    kernel: Array


class SimpleActivity(NamedTuple):
    """What the simple cells did: the shape of their input, and the drive, (N, K, H, W)."""

    in_shape: Shape
    drive: Array


@dataclass(frozen=True)
class SimpleCells(Layer):
    """Rectified Gabor cells over ON and OFF cells: (N, 2C, H, W) -> (N, orientations x phases, H, W).

    Planes are ordered by orientation, k 180 degrees / orientations counter-clockwise from horizontal bars, and within
    it by phase, one whole cycle. `n_x` and `n_y` are the standard deviations across and along the bars in cycles of
    `frequency`: by the closed forms (see `physiology.gabor`), .42 and .55 give the medians of macaque V1, 1.4 octaves
    (recalled) and 20 degrees (De Valois, Yund & Hepler 1982). The fields push with one kind of cell and pull with the
    other, so that cells are linear up to the rectifier; they see the mean over colours, and answer 1 to an ON minus OFF
    grating of amplitude 1.
    """

    orientations: int = 8
    phases: int = 4
    frequency: float = 0.2
    n_x: float = 0.42
    n_y: float = 0.55
    kind: Literal["simple_cells"] = "simple_cells"

    def __post_init__(self) -> None:
        at_least_one("orientations", self.orientations)
        at_least_one("phases", self.phases)
        if not 0.05 <= self.frequency <= 0.4:
            raise UsageError(f"simple cells for {self.frequency} cycles a pixel; choose between .05 and .4")
        if not (0 < self.n_x <= 4 and 0 < self.n_y <= 4):
            raise UsageError(f"n_x = {self.n_x} and n_y = {self.n_y}; both must be above 0, and 4 at most")

    @property
    def size(self) -> int:
        """Side of the view."""
        return 2 * ceil(REACH * max(self.n_x, self.n_y) / self.frequency) + 1

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        colours, rest = divmod(in_shape[0], 2)
        if rest or not colours:
            raise UsageError(
                f"simple cells look at ON and OFF cells, not at {in_shape[0]} planes; put Contrast() below"
            )
        turns = np.arange(self.orientations) * np.pi / self.orientations
        cycle = np.arange(self.phases) * 2 * np.pi / self.phases
        fields = np.stack([self.field(turn, phase) for turn in turns for phase in cycle])
        seen = fields[:, None] / colours
        return Params((), Fields(constant(np.concatenate([seen] * colours + [-seen] * colours, axis=1), rng)))

    def field(self, orientation: float, phase: float) -> np.ndarray:
        """The weights of one cell over ON cells, (h, w); orientation of its bars and phase in radians."""
        across, along = self.n_x / self.frequency, self.n_y / self.frequency
        # the kernel's angle is that of its normal, and its rows go down
        wave = gabor(self.size, 1 / self.frequency, -orientation - np.pi / 2, -phase, across, across / along)
        down, right = np.indices(wave.shape)
        ripple = np.exp(2j * np.pi * self.frequency * (right * np.sin(orientation) + down * np.cos(orientation)))
        return np.asarray(wave / np.abs(np.sum(wave * ripple)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.fixed.kernel.shape[0], *places(self.window(in_shape), in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, SimpleActivity]:
        drive = ops.correlate(x, params.fixed.kernel, 1, self.size // 2)
        return ops.rectify(drive), SimpleActivity(x.shape, drive)

    def backward(
        self, params: Params, activity: SimpleActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        error = ops.gate(dy, activity.drive)
        return ops.correlate_input_adjoint(error, params.fixed.kernel, activity.in_shape, 1, self.size // 2), ()

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, 1, self.size // 2)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        height, width = places(self.window(in_shape), in_shape)
        taps = params.fixed.kernel.size * height * width
        return Arithmetic(taps, taps)
