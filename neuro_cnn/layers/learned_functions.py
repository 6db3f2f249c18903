"""Output functions whose curve is learned, one a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.activation import Drive
from neuro_cnn.layers.base import Key, Layer, Params, Shape, draw, filled, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.layers.output_functions import finite
from neuro_cnn.ops.normalize import at_planes, sum_positions


class Slopes(NamedTuple):
    """The slope below 0 of each plane, (K,)."""

    weight: Array


@dataclass(frozen=True)
class PReLU(Layer):
    """x above 0 and weight x below, a weight a plane: He et al. (2015), whose initial weight it is."""

    initial: float = 0.25
    kind: Literal["prelu"] = "prelu"

    def __post_init__(self) -> None:
        finite("initial", self.initial)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params(Slopes(filled(in_shape[:1], self.initial, rng is None)))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.weight.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        return namespace(x).where(x > 0, x, x * at_planes(params.learned.weight, x)), Drive(x)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Slopes]:
        xp = namespace(dy)
        x = activity.drive
        low = xp.minimum(x, xp.zeros((), dtype=x.dtype))
        dx = xp.where(x > 0, dy, dy * at_planes(params.learned.weight, dy)) if need_input else None
        return dx, Slopes(sum_positions(dy * low))


class Bends(NamedTuple):
    """Where each plane's curve bends, t_l and t_r, and its slopes beyond, a_l and a_r; each (K,)."""

    left: Array
    left_slope: Array
    right: Array
    right_slope: Array


@dataclass(frozen=True)
class SReLU(Layer):
    """The S-shaped unit: x between t_l and t_r, and straight lines of slopes a_l and a_r beyond, four numbers a plane.

    Jin et al. (2016), eq. (1). It begins as a leaky rectifier, as theirs does; the leak, and the t_r at which nothing
    bends yet (they take it from the responses), are our choice. t_l and t_r that learning has crossed meet halfway.
    """

    leak: float = 0.2
    right: float = 1.0
    kind: Literal["srelu"] = "srelu"

    def __post_init__(self) -> None:
        finite("leak", self.leak)
        if not 0 <= self.right < float("inf"):
            raise UsageError(f"the right bend lies at {self.right}, the left one at 0; give 0 or more")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params(Bends(*(filled(in_shape[:1], v, rng is None) for v in (0, self.leak, self.right, 1))))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.left.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        left, left_slope, right, right_slope = (at_planes(values, x) for values in params.learned)
        below, above = _beyond(x, left, right)
        return x + (left_slope - 1) * below + (right_slope - 1) * above, Drive(x)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Bends]:
        xp = namespace(dy)
        left, left_slope, right, right_slope = (at_planes(values, dy) for values in params.learned)
        below, above = _beyond(activity.drive, left, right)
        low = xp.where(below < 0, (left_slope - 1) * dy, xp.zeros((), dtype=dy.dtype))
        high = xp.where(above > 0, (right_slope - 1) * dy, xp.zeros((), dtype=dy.dtype))
        parts = (-low, dy * below, -high, dy * above)
        return dy + low + high if need_input else None, Bends(*map(sum_positions, parts))

    def project(self, learned: Bends) -> Bends:
        xp = namespace(learned.left)
        crossed = learned.left > learned.right
        middle = (learned.left + learned.right) / 2
        return learned._replace(
            left=xp.where(crossed, middle, learned.left), right=xp.where(crossed, middle, learned.right)
        )


def _beyond(x: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """How far x lies beyond the left bend (negative) and beyond the right one (positive); 0 within."""
    xp = namespace(x)
    zero = xp.zeros((), dtype=x.dtype)
    return xp.minimum(x - left, zero), xp.maximum(x - right, zero)


class Hinges(NamedTuple):
    """The slopes a_s and places b_s of each plane's hinges, (S, K) each."""

    slope: Array
    place: Array


@dataclass(frozen=True)
class APL(Layer):
    """The adaptive piecewise linear unit max(0, x) + sum over s of a_s max(0, b_s - x): `hinges` pairs (a, b) a plane.

    Agostinelli et al. (2015), eq. (1), who learn them for every cell. The number of hinges, a within 0.2 of 0 and b
    normally distributed with a deviation of 0.5 are those of their published settings.
    """

    hinges: int = 5
    kind: Literal["apl"] = "apl"

    def __post_init__(self) -> None:
        at_least_one("hinges", self.hinges)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        shape = (self.hinges, in_shape[0])
        slope = zeros(shape, True) if rng is None else rng.uniform(-0.2, 0.2, shape).astype(np.float32)
        return Params(Hinges(slope, draw(rng, shape, 0.5)))

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.learned.slope.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        xp = namespace(x)
        zero = xp.zeros((), dtype=x.dtype)
        y = xp.maximum(x, zero)
        for s in range(self.hinges):
            slope, place = (at_planes(values[s, :], x) for values in params.learned)
            y = y + slope * xp.maximum(place - x, zero)
        return y, Drive(x)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, Hinges]:
        xp = namespace(dy)
        x, zero = activity.drive, xp.zeros((), dtype=dy.dtype)
        dx = xp.where(x > 0, dy, zero)
        slopes, places = [], []
        for s in range(self.hinges):
            slope, place = (at_planes(values[s, :], x) for values in params.learned)
            open_by = xp.maximum(place - x, zero)
            error = xp.where(open_by > 0, slope * dy, zero)
            dx = dx - error
            slopes.append(sum_positions(dy * open_by))
            places.append(sum_positions(error))
        return dx if need_input else None, Hinges(xp.stack(slopes), xp.stack(places))
