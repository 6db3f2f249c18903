"""Local response normalisation: cells at one place, of neighbouring planes, hold each other down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.layers.output_functions import positive


class Inhibited(NamedTuple):
    """The input, and the sum k + alpha sum a^2 that divides it; both (N, K, ...)."""

    x: Array
    inhibition: Array


@dataclass(frozen=True)
class LocalResponse(Layer):
    """b = a / (k + alpha sum a^2)^beta, the sum over the `neighbours` nearest planes, its own among them.

    Krizhevsky, Sutskever & Hinton (2012), section 3.3, with their constants. Planes beyond the first and the last are
    silent. (PyTorch's layer divides alpha by the number of neighbours: there, give neighbours times alpha.)
    """

    neighbours: int = 5
    k: float = 2.0
    alpha: float = 1e-4
    beta: float = 0.75
    kind: Literal["local_response"] = "local_response"

    def __post_init__(self) -> None:
        at_least_one("neighbours", self.neighbours)
        if self.neighbours % 2 == 0:
            raise UsageError(f"{self.neighbours} neighbours have no plane in their middle; give an odd number")
        for name in ("k", "alpha", "beta"):
            positive(name, getattr(self, name))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Inhibited]:
        inhibition = self.k + self.alpha * self._gathered(x * x)
        return x * inhibition**-self.beta, Inhibited(x, inhibition)

    def backward(
        self, params: Params, activity: Inhibited, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        x, inhibition = activity
        shared = self._gathered(dy * x * inhibition ** (-self.beta - 1))
        return dy * inhibition**-self.beta - 2 * self.alpha * self.beta * x * shared, ()

    def _gathered(self, x: Array) -> Array:
        """Each plane's sum over its neighbours; its own adjoint."""
        planes = x.shape[1]
        total = x + 0
        for far in range(1, min(self.neighbours // 2, planes - 1) + 1):
            total[:, far:, ...] += x[:, : planes - far, ...]
            total[:, : planes - far, ...] += x[:, far:, ...]
        return total
