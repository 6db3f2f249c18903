"""The retina's contrast cells: ON-centre and OFF-centre, blind to diffuse light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.ops.geometry import Window, window
from neuro_cnn.ops.kernels import difference_of_gaussians, gaussian


class Kernel(NamedTuple):
    """The fixed difference of Gaussians, (1, 1, h, w), sum 0, and the Gaussians along one side of it, (h,) each."""

    kernel: Array
    centre: Array
    surround: Array


class ContrastActivity(NamedTuple):
    """What contrast cells did: the shape of their input, and centre minus surround, (N, C, H, W)."""

    in_shape: Shape
    difference: Array


@dataclass(frozen=True)
class Contrast(Layer):
    """ON and OFF cells of centre-surround contrast: (N, C, H, W) -> (N, 2C, H', W'), ON planes first.

    `centre` and `surround` are the standard deviations in pixels. The defaults are our choice, for digits of
    28 x 28. Beyond the edge lies darkness; `margin` cells on every side look at what borders on it, and a negative
    one leaves out those that would: at -(size - 1) / 2 every view lies within the image.
    """

    size: int = 7
    centre: float = 0.8
    surround: float = 1.8
    margin: int = 0
    kind: Literal["contrast"] = "contrast"

    def __post_init__(self) -> None:
        difference_of_gaussians(self.size, self.centre, self.surround)
        least = -((self.size - 1) // 2)
        if self.margin < least:
            raise UsageError(f"margin of {self.margin} contrast cells, each {self.size} wide; give {least} or more")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        kernel = difference_of_gaussians(self.size, self.centre, self.surround)
        centre, surround = (gaussian((self.size, 1), sigma)[:, 0] for sigma in (self.centre, self.surround))
        return Params((), Kernel(constant(kernel[None, None], rng), constant(centre, rng), constant(surround, rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (2 * in_shape[0], *places(self.window(in_shape), in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, ContrastActivity]:
        xp = namespace(x)
        _, centre, surround = params.fixed
        pad = self._pad()
        d = ops.blur(x, centre, centre, 1, pad) - ops.blur(x, surround, surround, 1, pad)
        zero = xp.zeros((), dtype=d.dtype)
        return xp.concat([xp.maximum(d, zero), xp.maximum(-d, zero)], axis=1), ContrastActivity(x.shape, d)

    def backward(
        self, params: Params, activity: ContrastActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        shape, d = activity
        on, off = dy[:, : shape[1], ...], dy[:, shape[1] :, ...]
        zero = xp.zeros((), dtype=dy.dtype)
        error = xp.where(d > 0, on, zero) - xp.where(d < 0, off, zero)
        _, centre, surround = params.fixed
        pad = self._pad()
        narrow = ops.blur_adjoint(error, centre, centre, shape, 1, pad)
        return narrow - ops.blur_adjoint(error, surround, surround, shape, 1, pad), ()

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, 1, self._pad())

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        height, width = places(self.window(in_shape), in_shape)
        taps = in_shape[0] * height * width * self.size**2
        return Arithmetic(2 * taps, taps)

    def _pad(self) -> tuple[tuple[int, int], tuple[int, int]]:
        before = (self.size - 1) // 2
        return ((before + self.margin, self.size - 1 - before + self.margin),) * 2
