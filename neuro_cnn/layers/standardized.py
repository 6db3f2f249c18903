"""Cell-planes that see each view standardised: its mean removed, its contrast normalised, and whitened."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, Weights, constant, draw, places
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Padding, Size, Window, window
from neuro_cnn.ops.normalize import at_planes, sum_positions

FLAT = 1e-5
"""Variance over mean square up to which a view is taken to be blank: rounding alone makes as much (our choice)."""
CONTRAST = 10 / 255**2
"""Added to the variance of a view before its contrast is normalised (Coates, Lee & Ng 2011, for grey levels to 255)."""


class Whitening(NamedTuple):
    """Mean, (D,), and matrix, (D, D), symmetric, of the views' second standardisation; 0 and 1 until fitted."""

    mean: Array
    matrix: Array


class StandardizedActivity(NamedTuple):
    """What the cells saw and did: input, w . z, drive (the same), and each view's mean and gain, (N, 1, H', W')."""

    x: Array
    excitation: Array
    drive: Array
    mean: Array
    gain: Array


@dataclass(frozen=True)
class StandardizedConv(Layer):
    """Linear cells of the view z = P (gain (x - mean of x) - m): (N, C, H, W) -> (N, K, H', W').

    gain = 1 / sqrt(var x + contrast), and 0 where the view is blank; m and P are fitted on training images by `Whiten`
    or `Centre` and then fixed, so that recognition sees what learning saw (Coates, Lee & Ng 2011). `contrast` None
    leaves contrast as it is, with a gain of 1; theirs is CONTRAST. No view is ever
    gathered: P goes into the weights.
    """

    planes: int
    size: Size
    stride: Size = 1
    pad: Padding = 0
    contrast: float | None = None
    kind: Literal["standardized_conv"] = "standardized_conv"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        self.window((1, 1, 1))
        if self.contrast is not None and not 0 < self.contrast < float("inf"):
            raise UsageError(f"contrast normalisation by {self.contrast}; it must be a positive number, or left out")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.planes, in_shape[0], *self.window(in_shape).size)
        size = prod(shape[1:])
        weight = draw(rng, shape, sqrt(1 / size))  # views have a variance near 1 in every direction
        if rng is None:
            return Params(
                Weights(weight), Whitening(np.zeros(size, np.float32), np.broadcast_to(np.float32(0), (size, size)))
            )
        return Params(Weights(weight), Whitening(np.zeros(size, np.float32), constant(np.eye(size), rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, StandardizedActivity]:
        xp = namespace(x)
        flat = _rows(params.learned.weight) @ params.fixed.matrix  # (K, D)
        effective = self.effective(params)
        mean, gain = self._moments(params, x)
        seen = xp.astype(gain > 0, x.dtype)
        w = self.window(x.shape[1:])
        drive = ops.correlate(x, effective, w.stride, w.pad) * gain
        drive = drive - at_planes(flat @ params.fixed.mean, drive) * seen
        return drive, StandardizedActivity(x, drive, drive, mean, gain)

    def effective(self, params: Params) -> Array:
        """The weights on the raw view, before its gain: (K, C, h, w), each of sum 0."""
        weight = params.learned.weight
        return namespace(weight).reshape(_centred(_rows(weight) @ params.fixed.matrix), weight.shape)

    def _moments(self, params: Params, x: Array) -> tuple[Array, Array]:
        """Mean and gain of every view, (N, 1, H', W') each."""
        xp = namespace(x)
        size = params.fixed.mean.shape[0]
        ones = xp.ones(params.learned.weight.shape[2:], dtype=x.dtype) / size
        w = self.window(x.shape[1:])
        mean = ops.weighted_pool(xp.sum(x, axis=1, keepdims=True), ones, w.stride, w.pad)
        square = ops.weighted_pool(xp.sum(x * x, axis=1, keepdims=True), ones, w.stride, w.pad)
        variance = square - mean * mean
        seen = variance > FLAT * square
        safe = xp.where(seen, variance, xp.ones((), dtype=x.dtype))
        gain = xp.ones(safe.shape, dtype=x.dtype) if self.contrast is None else 1 / xp.sqrt(safe + self.contrast)
        return mean, xp.where(seen, gain, xp.zeros((), dtype=x.dtype))

    def backward(
        self, params: Params, activity: StandardizedActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Weights]:
        gradient = Weights(self.associate(params, activity, dy))
        if not need_input:
            return None, gradient
        xp = namespace(dy)
        x, weight = activity.x, params.learned.weight
        flat = _rows(weight) @ params.fixed.matrix
        w = self.window(x.shape[1:])
        dx = ops.correlate_input_adjoint(dy * activity.gain, self.effective(params), x.shape, w.stride, w.pad)
        if self.contrast is None:
            return dx, gradient
        # d gain / dx = -gain^3 (x - mean) / D; gain a = drive + w P m
        size = flat.shape[1]
        linear = activity.drive + at_planes(flat @ params.fixed.mean, dy) * xp.astype(activity.gain > 0, dy.dtype)
        pull = -(activity.gain**2) * xp.sum(dy * linear, axis=1, keepdims=True) / size  # (N, 1, H', W')
        ones = xp.ones((1, 1, *weight.shape[2:]), dtype=dy.dtype)
        shape = (x.shape[0], 1, *x.shape[2:])
        spread, offset = (
            ops.correlate_input_adjoint(part, ones, shape, w.stride, w.pad) for part in (pull, pull * activity.mean)
        )
        return dx + x * spread - offset, gradient

    def associate(self, params: Params, activity: StandardizedActivity, factor: Array) -> Array:
        xp = namespace(factor)
        shape = params.learned.weight.shape
        seen = xp.astype(activity.gain > 0, factor.dtype)
        w = self.window(activity.x.shape[1:])
        raw = ops.correlate_weight_adjoint(activity.x, factor * activity.gain, shape, w.stride, w.pad)
        views = _centred(_rows(raw)) - sum_positions(factor * seen)[:, None] * params.fixed.mean[None, :]
        return xp.reshape(views @ params.fixed.matrix, shape)

    def look(self, params: Params, views: Array) -> Array:
        xp = namespace(views)
        rows = _rows(views)
        square = xp.mean(rows * rows, axis=1, keepdims=True)
        rows = _centred(rows)
        variance = xp.mean(rows * rows, axis=1, keepdims=True)
        seen = variance > FLAT * square
        safe = xp.where(seen, variance, xp.ones((), dtype=views.dtype))
        rows = rows if self.contrast is None else rows / xp.sqrt(safe + self.contrast)
        z = (rows - params.fixed.mean[None, :]) @ params.fixed.matrix
        return xp.reshape(xp.where(seen, z, xp.zeros((), dtype=views.dtype)), views.shape)

    def rewire(self, params: Params, weight: Array) -> Params:
        return params._replace(learned=params.learned._replace(weight=weight))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad, sides=in_shape[1:])

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        _, height, width = self.out_shape(params, in_shape)
        taps = params.learned.weight.size * height * width
        return Arithmetic(taps, taps)


def _rows(weight: Array) -> Array:
    return namespace(weight).reshape(weight, (weight.shape[0], -1))  # (K, D)


def _centred(rows: Array) -> Array:
    """Rows with their mean removed: (K, D) -> (K, D)."""
    return rows - namespace(rows).mean(rows, axis=1, keepdims=True)
