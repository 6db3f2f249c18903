"""Association units of the perceptron: fixed random connections to the retina, and a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, zeros
from neuro_cnn.layers.conv import at_least_one


class Connections(NamedTuple):
    """+1 where a unit is excited, -1 where it is inhibited, 0 elsewhere: (K, D)."""

    weight: Array


class AssociationActivity(NamedTuple):
    """What the units saw, (N, D), and its sum over their connections, (N, K)."""

    x: Array
    drive: Array


@dataclass(frozen=True)
class Associations(Layer):
    """A-units, which answer 1 where excitation less inhibition reaches the threshold: (N, D) -> (N, K), all 0 or 1.

    Each has its `excitatory` and `inhibitory` connections at points of the retina drawn at random, no two at one point
    (Rosenblatt 1958; 1962, ch. 5). Nothing here is learned, and a threshold passes no error gradient on.
    """

    units: int
    excitatory: int = 10  # this and the following: our choice
    inhibitory: int = 10
    threshold: float = 1.0
    kind: Literal["associations"] = "associations"

    def __post_init__(self) -> None:
        at_least_one("units", self.units)
        at_least_one("excitatory", self.excitatory)
        if self.inhibitory < 0:
            raise UsageError(f"{self.inhibitory} inhibitory connections; give 0 or more")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 1:
            raise UsageError(f"association units meet a map of shape {in_shape}; put Flatten() before them")
        (points,), count = in_shape, self.excitatory + self.inhibitory
        if count > points:
            raise UsageError(f"{count} connections of a unit to a retina of {points} points; give no more than points")
        if rng is None:
            return Params((), Connections(zeros((self.units, points), placeholder=True)))
        weight = np.zeros((self.units, points), np.float32)
        for unit in weight:
            origins = rng.choice(points, count, replace=False)
            unit[origins[: self.excitatory]] = 1
            unit[origins[self.excitatory :]] = -1
        return Params((), Connections(weight))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.units,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.weight.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, AssociationActivity]:
        xp = namespace(x)
        drive = x @ xp.permute_dims(params.fixed.weight, (1, 0))
        return xp.astype(drive >= self.threshold, x.dtype), AssociationActivity(x, drive)

    def backward(
        self, params: Params, activity: AssociationActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return (0 * activity.x if need_input else None), ()

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        connections = self.units * (self.excitatory + self.inhibitory)
        return Arithmetic(connections, connections)
