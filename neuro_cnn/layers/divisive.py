"""Divisive normalisation: every cell's energy over that of all cells around it, what a surround does to a cell."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.layers.output_functions import positive
from neuro_cnn.ops.geometry import Window, window
from neuro_cnn.ops.kernels import gaussian


class Bell(NamedTuple):
    """The pool's Gaussian along one side of its view, (h,), sum 1."""

    bell: Array


class DivisiveActivity(NamedTuple):
    """The input, (N, K, H, W), and what divides its square, (N, 1, H, W)."""

    x: Array
    divisor: Array


@dataclass(frozen=True)
class Divisive(Layer):
    """y = x^2 / (s^2 + pool), where the pool is the mean of x^2 over all planes, under a Gaussian of `sigma` cells.

    Heeger (1992): cells of all tunings around a cell divide its energy, so that it saturates with contrast and is held
    down by gratings larger than its field. `semisaturation` s is in units of the input. How wide the pool is, is ours:
    a quarter of the side of a simple cell's field brings suppression near the median of Cavanaugh et al. (2002), .33.
    """

    sigma: float = 3.0
    semisaturation: float = 0.1
    kind: Literal["divisive"] = "divisive"

    def __post_init__(self) -> None:
        positive("sigma", self.sigma)
        positive("semisaturation", self.semisaturation)

    @property
    def reach(self) -> int:
        """Cells on either side of the view."""
        return ceil(2 * self.sigma)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params((), Bell(constant(gaussian((2 * self.reach + 1, 1), self.sigma)[:, 0], rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, DivisiveActivity]:
        divisor = self.semisaturation**2 + self._pool(params, namespace(x).mean(x * x, axis=1, keepdims=True))
        return x * x / divisor, DivisiveActivity(x, divisor)

    def backward(
        self, params: Params, activity: DivisiveActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        x, divisor = activity
        # dL/d(divisor) = -sum_k dy x^2 / divisor^2, and the pool, being even, is its own adjoint
        held = namespace(dy).mean(dy * x * x, axis=1, keepdims=True) / divisor**2
        return 2 * x * (dy / divisor - self._pool(params, held)), ()

    def _pool(self, params: Params, energy: Array) -> Array:
        return ops.blur(energy, params.fixed.bell, params.fixed.bell, 1, self.reach)

    def window(self, in_shape: Shape) -> Window:
        return window(2 * self.reach + 1, 1, self.reach)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = in_shape
        taps = (2 * self.reach + 1) ** 2
        return Arithmetic(planes * (taps + 1) * height * width, (taps + 2 * planes) * height * width)
