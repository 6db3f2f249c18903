"""Output functions without weights: what a cell's drive becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params


class Drive(NamedTuple):
    """What the output function was given, (N, K, ...)."""

    drive: Array


@dataclass(frozen=True)
class ReLU(Layer):
    """phi[x] = max(x, 0), Fukushima's half-wave rectifier (1969)."""

    kind: Literal["relu"] = "relu"

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        return ops.rectify(x), Drive(x)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        return ops.gate(dy, activity.drive), ()


@dataclass(frozen=True)
class Triangle(Layer):
    """phi[x - mean over planes]^power: a plane answers by how far it exceeds the mean of its column.

    The soft competition of Coates, Lee and Ng (2011), with the power of Journe et al. (2023).
    """

    power: float = 1.0
    kind: Literal["triangle"] = "triangle"

    def __post_init__(self) -> None:
        if self.power <= 0:
            raise UsageError(f"triangle with power {self.power}; it must be positive")

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Drive]:
        xp = namespace(x)
        above = xp.maximum(x - xp.mean(x, axis=1, keepdims=True), xp.zeros((), dtype=x.dtype))
        return above if self.power == 1 else above**self.power, Drive(above)

    def backward(
        self, params: Params, activity: Drive, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        above = activity.drive
        zero = xp.zeros((), dtype=dy.dtype)
        safe = xp.where(above > 0, above, xp.ones((), dtype=above.dtype))  # a power below 1 is steep at 0: taken as 0
        error = xp.where(above > 0, self.power * dy * safe ** (self.power - 1), zero)
        return error - xp.mean(error, axis=1, keepdims=True), ()
