"""A firing threshold for each plane, and cells of both polarities: what S-cells make of a linear drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params, Shape
from neuro_cnn.ops.normalize import at_planes


class Level(NamedTuple):
    """The threshold b of each plane, (K,), fitted once by the rule `SetThreshold` and then fixed; 0 before."""

    level: Array


class Driven(NamedTuple):
    """The drive of every plane, (N, K, ...), before its threshold."""

    drive: Array


@dataclass(frozen=True)
class Threshold(Layer):
    """phi[x - b]: a plane answers by how far its drive exceeds its threshold: (N, K, ...) -> (N, K, ...).

    With 2 polarities there are twice as many planes: phi[x - b] and phi[-x - b] of each, one after the other.
    """

    polarities: int = 1
    kind: Literal["threshold"] = "threshold"

    def __post_init__(self) -> None:
        if self.polarities not in (1, 2):
            raise UsageError(f"{self.polarities} polarities; a drive has 1, or 2 with its opposite")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        return Params((), Level(np.zeros(in_shape[0], np.float32)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.polarities * in_shape[0], *in_shape[1:])

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.level.shape[0] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Driven]:
        xp = namespace(x)
        level, zero = at_planes(params.fixed.level, x), xp.zeros((), dtype=x.dtype)
        parts = [xp.maximum(each - level, zero) for each in (x, -x)[: self.polarities]]
        if self.polarities == 1:
            return parts[0], Driven(x)
        return xp.reshape(xp.stack(parts, axis=2), (x.shape[0], 2 * x.shape[1], *x.shape[2:])), Driven(x)

    def backward(
        self, params: Params, activity: Driven, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        drive = activity.drive
        level, zero = at_planes(params.fixed.level, drive), xp.zeros((), dtype=dy.dtype)
        error = xp.reshape(dy, (dy.shape[0], drive.shape[1], self.polarities, *dy.shape[2:]))
        dx = xp.where(drive > level, error[:, :, 0, ...], zero)
        if self.polarities == 2:
            dx = dx - xp.where(-drive > level, error[:, :, 1, ...], zero)
        return dx, ()
