"""LeNet's squashing function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params


class Squashed(NamedTuple):
    """What the output function answered, (N, K, ...), from which its slope follows."""

    y: Array


@dataclass(frozen=True)
class ScaledTanh(Layer):
    """phi[x] = A tanh(S x), LeCun et al. 1998, eq. (6); with their A and S, phi[1] = 1 and phi[-1] = -1."""

    amplitude: float = 1.7159
    slope: float = 2 / 3
    kind: Literal["scaled_tanh"] = "scaled_tanh"

    def __post_init__(self) -> None:
        for name, value in (("amplitude", self.amplitude), ("slope", self.slope)):
            if not 0 < value < float("inf"):
                raise UsageError(f"scaled tanh with {name} {value}; it must be positive")

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Squashed]:
        y = self.amplitude * namespace(x).tanh(self.slope * x)
        return y, Squashed(y)

    def backward(
        self, params: Params, activity: Squashed, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        y = activity.y
        return dy * (self.slope * self.amplitude - (self.slope / self.amplitude) * (y * y)), ()  # A S (1 - (y/A)^2)
