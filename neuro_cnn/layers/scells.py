"""S-cells: shared-weight feature detectors that excite through learned weights and are held down by inhibition."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, draw, places, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.layers.responses import AnyResponse, Rectified
from neuro_cnn.ops.geometry import Padding, Size, Window, window
from neuro_cnn.ops.inhibition import root_mean_square
from neuro_cnn.ops.normalize import at_planes, sum_positions
from neuro_cnn.ops.rectifier import gate_and_sum


class SWeights(NamedTuple):
    """Excitatory weights a, (K, C, h, w), and the inhibitory weight b of each plane, (K,)."""

    weight: Array
    inhibition: Array


class Surround(NamedTuple):
    """The fixed weights c(v) over the view of a V-cell, (1, C, h, w), sum 1."""

    surround: Array


class SActivity(NamedTuple):
    """What S-cells saw and did: input, e = sum a x, the V-cell's v (() where there is none), and the drive.

    Of rectified cells, whose drive is e - b, the threshold b, (K,), is kept in place of e.
    """

    x: Array
    sums: Array
    inhibition: Array
    drive: Array
    threshold: Array = ()

    @property
    def excitation(self) -> Array:
        """e, of rectified cells to rounding errors of b; exactly 0 where a cell sees nothing."""
        return self.sums if isinstance(self.threshold, tuple) else self.drive + at_planes(self.threshold, self.drive)


@dataclass(frozen=True)
class SCells(Layer):
    """Planes of S-cells: (N, C, H, W) -> (N, K, H', W').

    Before learning, b is `initial_inhibition` times what selectivity asks for: random weights that are fully inhibited
    stay silent, and a silent cell has no error gradient. Rules that set the weights set b in full.
    """

    planes: int
    size: Size
    stride: Size = 1
    pad: Padding = 0
    response: AnyResponse = Rectified()
    initial_inhibition: float = 1.0
    kind: Literal["scells"] = "scells"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        self.window((1, 1, 1))
        if not 0 <= self.initial_inhibition <= 1:
            raise UsageError(f"initial_inhibition is {self.initial_inhibition}; it must lie in [0, 1]")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.planes, in_shape[0], *self.window(in_shape).size)
        below = max(in_shape[0], 1)  # a layer that is yet to grow has no planes
        weight = draw(rng, shape, sqrt(2 / (below * shape[2] * shape[3])))
        learned = SWeights(weight, zeros((self.planes,), rng is None))
        if not self.response.inhibited:
            return Params(learned)
        c = np.broadcast_to(self.response.surround((shape[2], shape[3])) / below, (1, *shape[1:]))
        params = Params(learned, Surround(constant(c, rng)))
        if rng is None:
            return params
        learned = self.rewire(params, np.abs(weight)).learned
        return params._replace(learned=learned._replace(inhibition=self.initial_inhibition * learned.inhibition))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] == in_shape[0])

    def respond(self, params: Params, x: Array) -> Array:
        if not self.response.inhibited:
            return self._linear(params, x, rectified=True)
        return self.response.answer(*self._excited(params, x))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, SActivity]:
        if self.response.inhibited:
            e, b, v = self._excited(params, x)
            activity = SActivity(x, e, v, self.response.drive(e, b, v))
        else:
            activity = SActivity(x, (), (), self._linear(params, x), params.learned.inhibition)
        return ops.rectify(activity.drive), activity

    def _linear(self, params: Params, x: Array, rectified: bool = False) -> Array:
        """e - b, or its positive part."""
        a, b = params.learned
        w = self.window(x.shape[1:])
        return ops.correlate(x, a, w.stride, w.pad, bias=-b, rectified=rectified)

    def _excited(self, params: Params, x: Array) -> tuple[Array, Array, Array]:
        """e = sum a x, (N, K, H', W'), b, (K,), and v, (N, 1, H', W')."""
        a, b = params.learned
        w = self.window(x.shape[1:])
        v = root_mean_square(x, params.fixed.surround[0, 0, ...], w.stride, w.pad)
        return ops.correlate(x, a, w.stride, w.pad), b, v

    def backward(
        self, params: Params, activity: SActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, SWeights]:
        xp = namespace(dy)
        a, b = params.learned
        x, e, v, drive, _ = activity
        w = self.window(x.shape[1:])
        zero = xp.zeros((), dtype=dy.dtype)
        inhibited = self.response.inhibited
        if inhibited:
            de, db, dv = self.response.spread(ops.gate(dy, drive), e, at_planes(b, e), v)
            db = sum_positions(db)
        else:
            de, gained = gate_and_sum(dy, drive)
            db = -gained
        gradient = SWeights(ops.correlate_weight_adjoint(x, de, a.shape, w.stride, w.pad), db)
        if not need_input:
            return None, gradient
        dx = self.recall(params, de, x.shape)
        if inhibited:
            safe = xp.where(v > 0, v, xp.ones((), dtype=v.dtype))  # the root's derivative at 0 is taken as 0
            dsquare = xp.where(v > 0, xp.sum(dv, axis=1, keepdims=True) / (2 * safe), zero)
            c = params.fixed.surround
            dx = dx + 2 * x * ops.correlate_input_adjoint(dsquare, c, x.shape, w.stride, w.pad)
        return dx, gradient

    def project(self, learned: SWeights) -> SWeights:
        if not self.response.inhibited:
            return learned
        xp = namespace(learned.weight)
        zero = xp.zeros((), dtype=learned.weight.dtype)
        return SWeights(xp.maximum(learned.weight, zero), xp.maximum(learned.inhibition, zero))

    def associate(self, params: Params, activity: SActivity, factor: Array) -> Array:
        w = self.window(activity.x.shape[1:])
        views = ops.correlate_weight_adjoint(activity.x, factor, params.learned.weight.shape, w.stride, w.pad)
        # Fukushima 1980, eq. (7): the increment is weighted by c(v)
        return views * params.fixed.surround if self.response.inhibited else views

    def recall(self, params: Params, factor: Array, in_shape: Shape) -> Array:
        w = self.window(in_shape[1:])
        return ops.correlate_input_adjoint(factor, params.learned.weight, in_shape, w.stride, w.pad)

    def rewire(self, params: Params, weight: Array) -> Params:
        if not self.response.inhibited:
            return params._replace(learned=params.learned._replace(weight=weight))
        xp = namespace(weight)
        weight = xp.maximum(weight, xp.zeros((), dtype=weight.dtype))
        b = self.response.balance(xp.sqrt(xp.sum(weight * weight / params.fixed.surround, axis=(1, 2, 3))))
        return params._replace(learned=SWeights(weight, b))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad, sides=in_shape[1:])

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        taps = params.learned.weight.size
        inhibitory = params.fixed.surround.size if self.response.inhibited else 0
        return Arithmetic((taps + planes + inhibitory) * height * width, (taps + inhibitory) * height * width)
