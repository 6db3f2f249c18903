"""S-cells: shared-weight feature detectors that excite through learned weights and are held down by inhibition."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant, draw, places, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Pad, Size, Window, window
from neuro_cnn.ops.kernels import falling
from neuro_cnn.ops.normalize import at_planes, sum_positions


class SWeights(NamedTuple):
    """Excitatory weights a, (K, C, h, w), and the inhibitory weight b of each plane, (K,)."""

    weight: Array
    inhibition: Array


class Surround(NamedTuple):
    """The fixed weights c(v) over the view of a V-cell, (1, C, h, w), sum 1."""

    surround: Array


class SActivity(NamedTuple):
    """What S-cells saw and did: input, e = sum a x, the V-cell's v (() where there is none), and the drive."""

    x: Array
    excitation: Array
    inhibition: Array
    drive: Array


@dataclass(frozen=True)
class Rectified:
    """u = phi[e - b]: a rectified linear cell; S-cells that are exactly Conv + ReLU with bias -b."""

    kind: Literal["rectified"] = "rectified"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Shunting:
    """u = r phi[(1 + e) / (1 + 2r/(1+r) b v) - 1]: the S-cell of Fukushima 1980, eqs. (1)-(3).

    v is the root mean square of the view under c(v) = gamma^|v| (`falling`). r sets selectivity: a cell that
    has learned one pattern fires when the weighted cosine to it exceeds r / (1 + r).
    """

    r: float = 4.0  # r_1 of Fukushima 1980
    gamma: float = 1.0  # our choice: the paper gives no value
    kind: Literal["shunting"] = "shunting"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.r <= 0:
            raise UsageError(f"selectivity r is {self.r}; it must be positive")
        falling(1, self.gamma)


@dataclass(frozen=True)
class SCells(Layer):
    """Planes of S-cells: (N, C, H, W) -> (N, K, H', W')."""

    planes: int
    size: Size
    stride: Size = 1
    pad: Pad = 0
    response: Rectified | Shunting = Rectified()
    kind: Literal["scells"] = "scells"

    def __post_init__(self) -> None:
        at_least_one("planes", self.planes)
        window(self.size, self.stride, self.pad)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.planes, in_shape[0], *self.window(in_shape).size)
        weight = draw(rng, shape, sqrt(2 / (shape[1] * shape[2] * shape[3])))
        inhibition = zeros((self.planes,), rng is None)
        if isinstance(self.response, Rectified):
            return Params(SWeights(weight, inhibition))
        c = np.broadcast_to(falling((shape[2], shape[3]), self.response.gamma) / shape[1], (1, *shape[1:]))
        params = Params(SWeights(weight, inhibition), Surround(constant(c, rng)))
        return params if rng is None else self.rewire(params, np.abs(weight))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (params.learned.weight.shape[0], *places(self.window(in_shape), in_shape))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, SActivity]:
        xp = namespace(x)
        a, b = params.learned
        e = ops.correlate(x, a, self.stride, self.pad)
        if isinstance(self.response, Rectified):
            v: Array = ()
            drive = e - at_planes(b, e)
        else:
            r = self.response.r
            v = xp.sqrt(ops.correlate(x * x, params.fixed.surround, self.stride, self.pad))  # eq. (3)
            drive = r * ((1 + e) / (1 + 2 * r / (1 + r) * at_planes(b, e) * v) - 1)  # eq. (1)
        return xp.maximum(drive, xp.zeros((), dtype=drive.dtype)), SActivity(x, e, v, drive)

    def backward(
        self, params: Params, activity: SActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, SWeights]:
        xp = namespace(dy)
        a, b = params.learned
        x, e, v, drive = activity
        zero = xp.zeros((), dtype=dy.dtype)
        error = xp.where(drive > 0, dy, zero)
        if isinstance(self.response, Rectified):
            de, db, dv = error, -sum_positions(error), None
        else:
            r = self.response.r
            h = 1 + 2 * r / (1 + r) * at_planes(b, e) * v
            de = error * r / h
            dh = -de * (1 + e) / h * (2 * r / (1 + r))
            db = sum_positions(dh * v)
            dv = xp.sum(dh * at_planes(b, e), axis=1, keepdims=True)
        da = ops.correlate_weight_adjoint(x, de, a.shape, self.stride, self.pad)
        if not need_input:
            return None, SWeights(da, db)
        dx = ops.correlate_input_adjoint(de, a, x.shape, self.stride, self.pad)
        if dv is not None:
            safe = xp.where(v > 0, v, xp.ones((), dtype=v.dtype))  # the root's derivative at 0 is taken as 0
            dsquare = xp.where(v > 0, dv / (2 * safe), zero)
            c = params.fixed.surround
            dx = dx + 2 * x * ops.correlate_input_adjoint(dsquare, c, x.shape, self.stride, self.pad)
        return dx, SWeights(da, db)

    def project(self, learned: SWeights) -> SWeights:
        if isinstance(self.response, Rectified):
            return learned
        xp = namespace(learned.weight)
        zero = xp.zeros((), dtype=learned.weight.dtype)
        return SWeights(xp.maximum(learned.weight, zero), xp.maximum(learned.inhibition, zero))

    def associate(self, params: Params, activity: SActivity, factor: Array) -> Array:
        views = ops.correlate_weight_adjoint(activity.x, factor, params.learned.weight.shape, self.stride, self.pad)
        # Fukushima 1980, eq. (7): the increment is weighted by c(v)
        return views if isinstance(self.response, Rectified) else views * params.fixed.surround

    def rewire(self, params: Params, weight: Array) -> Params:
        if isinstance(self.response, Rectified):
            return params._replace(learned=params.learned._replace(weight=weight))
        xp = namespace(weight)
        weight = xp.maximum(weight, xp.zeros((), dtype=weight.dtype))
        # for a = q c x: sqrt(sum a^2 / c) = q v(x), so that b = (q / 2) v as in eq. (8), and r keeps its meaning
        b = xp.sqrt(xp.sum(weight * weight / params.fixed.surround, axis=(1, 2, 3))) / 2
        return params._replace(learned=SWeights(weight, b))

    def window(self, in_shape: Shape) -> Window:
        return window(self.size, self.stride, self.pad)

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        planes, height, width = self.out_shape(params, in_shape)
        taps = params.learned.weight[0].size * planes
        inhibitory = 0 if isinstance(self.response, Rectified) else params.fixed.surround.size
        return Arithmetic((taps + planes + inhibitory) * height * width, (taps + inhibitory) * height * width)
