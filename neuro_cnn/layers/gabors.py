"""Simple cells of the primary visual cortex: Gabor functions of several orientations and scales, wired, not learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Window, window
from neuro_cnn.ops.kernels import gabor

ASPECT = 0.3
"""Width over length of the envelope (Serre et al. 2007)."""


class Kernels(NamedTuple):
    """The fixed Gabor functions, (K, 1, h, w), each in the middle of the largest view."""

    kernel: Array


class GaborActivity(NamedTuple):
    """What the simple cells did: the shape of their input, and the signed response, (N, K, H, W)."""

    in_shape: Shape
    drive: Array


@dataclass(frozen=True)
class Gabors(Layer):
    """Gabor cells blind to the sign of contrast: (N, C, H, W) -> (N, orientations x scales, H, W).

    Planes are ordered by orientation, k 180 degrees / orientations from vertical bars on, and within it by scale.
    `sizes` are the odd sides of the views. Serre et al. (2007) list sigma and wavelength in pixels for sizes 7, 9 ...
    37; sigma = .0036 s^2 + .35 s + .18 and wavelength = sigma / .8 fit their table (recalled). Cells see the mean over
    colours and darkness beyond the edge, and answer 1 to the image of values in [0, 1] that they like best: our choice,
    where they divide by the norm of the view.
    """

    orientations: int = 4
    sizes: tuple[int, ...] = (7, 9, 11, 13)
    kind: Literal["gabors"] = "gabors"

    def __post_init__(self) -> None:
        at_least_one("orientations", self.orientations)
        if not self.sizes or min(self.sizes) < 5 or any(size % 2 == 0 for size in self.sizes):
            raise UsageError(f"Gabor cells with views of {self.sizes}; give odd sizes of at least 5")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        most = max(self.sizes)
        kernel = np.zeros((self.orientations, len(self.sizes), most, most))
        for k in range(self.orientations):
            for number, size in enumerate(self.sizes):
                margin = (most - size) // 2
                inside = slice(margin, most - margin)
                kernel[k, number, inside, inside] = simple_cell(size, k * np.pi / self.orientations)
        return Params((), Kernels(constant(kernel.reshape(-1, 1, most, most), rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.fixed.kernel.shape[0], *places(self.window(in_shape), in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, GaborActivity]:
        xp = namespace(x)
        grey = xp.mean(x, axis=1, keepdims=True)
        drive = ops.correlate(grey, params.fixed.kernel, 1, max(self.sizes) // 2)
        return xp.abs(drive), GaborActivity(x.shape, drive)

    def backward(
        self, params: Params, activity: GaborActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        (n, colours, *sides), drive = activity
        error = dy * xp.sign(drive)
        grey = ops.correlate_input_adjoint(error, params.fixed.kernel, (n, 1, *sides), 1, max(self.sizes) // 2)
        return xp.concat([grey / colours] * colours, axis=1), ()

    def window(self, in_shape: Shape) -> Window:
        return window(max(self.sizes), 1, max(self.sizes) // 2)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        _, height, width = self.out_shape(params, in_shape)
        connections = self.orientations * sum(size**2 for size in self.sizes) * height * width
        return Arithmetic(connections * in_shape[0], params.fixed.kernel.size * height * width)


def simple_cell(size: int, orientation: float) -> np.ndarray:
    """The weights of a simple cell, (size, size): sum 0, and 1 in all where they are positive."""
    sigma = 0.0036 * size**2 + 0.35 * size + 0.18
    wave = gabor(size, sigma / 0.8, orientation, sigma=sigma, aspect=ASPECT)
    return np.asarray(wave / wave[wave > 0].sum())
