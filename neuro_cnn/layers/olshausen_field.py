"""The whitening retina of Olshausen and Field: every spatial frequency of natural images at the same power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, places
from neuro_cnn.ops.geometry import Window, window


class WhiteningKernel(NamedTuple):
    """The fixed filter, (1, 1, h, w), of sum 0."""

    kernel: Array


class Filtered(NamedTuple):
    """What the filter was given, as a shape."""

    in_shape: Shape


@dataclass(frozen=True)
class OlshausenField(Layer):
    """The filter R(f) = f exp(-(f / cutoff)^4) on each plane: (N, C, H, W) -> (N, C, H, W), signed.

    Amplitudes of natural images fall as 1 / f; R raises them to the same level and cuts off the corners of the spectrum
    (Olshausen & Field 1996, 1997). `cutoff` in cycles a pixel: theirs is 200 cycles in 512 pixels. As a kernel of
    `size` pixels a side (our choice); beyond the edge lies the mean of the image.
    """

    size: int = 15
    cutoff: float = 200 / 512
    kind: Literal["olshausen_field"] = "olshausen_field"

    def __post_init__(self) -> None:
        if self.size < 3 or self.size % 2 == 0:
            raise UsageError(f"whitening filter of {self.size} pixels; give an odd number from 3 up")
        if not 0 < self.cutoff < float("inf"):
            raise UsageError(f"whitening up to {self.cutoff} cycles a pixel; the cutoff must be positive")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params((), WhiteningKernel(constant(whitening_kernel(self.size, self.cutoff)[None, None], rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (in_shape[0], *places(self.window(in_shape), in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Filtered]:
        return self._filtered(params, _centred(x)), Filtered(x.shape)

    def backward(
        self, params: Params, activity: Filtered, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        # the kernel is even, so that the filter is its own adjoint; and so is the removal of the mean
        return _centred(self._filtered(params, dy)) if need_input else None, ()

    def _filtered(self, params: Params, x: Array) -> Array:
        xp = namespace(x)
        flat = xp.reshape(x, (x.shape[0] * x.shape[1], 1, *x.shape[2:]))
        return xp.reshape(ops.correlate(flat, params.fixed.kernel, 1, self.size // 2), x.shape)

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, 1, self.size // 2)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        return Arithmetic(*(planes * height * width * self.size**2,) * 2)


def whitening_kernel(size: int, cutoff: float) -> np.ndarray:
    """The kernel of f exp(-(f / cutoff)^4) with f in cycles a pixel, (size, size), its middle at the centre."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    return np.fft.fftshift(np.fft.ifft2(f * np.exp(-((f / cutoff) ** 4))).real)


def _centred(x: Array) -> Array:
    return x - namespace(x).mean(x, axis=(2, 3), keepdims=True)
