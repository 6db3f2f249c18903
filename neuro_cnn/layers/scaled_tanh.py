"""LeNet's squashing function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers.output_functions import OutputFunction, positive


@dataclass(frozen=True)
class ScaledTanh(OutputFunction):
    """A tanh(S x), LeCun et al. 1998, eq. (6); with their A and S it is 1 at 1 and -1 at -1."""

    amplitude: float = 1.7159
    steepness: float = 2 / 3
    kind: Literal["scaled_tanh"] = "scaled_tanh"

    def __post_init__(self) -> None:
        positive("amplitude", self.amplitude)
        positive("steepness", self.steepness)

    def value(self, x: Array) -> Array:
        return self.amplitude * namespace(x).tanh(self.steepness * x)

    def slope(self, x: Array, y: Array) -> Array:
        return self.steepness * self.amplitude - self.steepness / self.amplitude * (y * y)  # A S (1 - (y/A)^2)
