"""How weights move: dw = c * (G^T x) - A w, where a plasticity says what G and A are.

Each is a small pure function of g, what the competition let through, (N, K, ...), and u, the excitation w . x,
(N, K, ...); it returns G, the post-synaptic factor, (N, K, ...), and A, the decay of each plane, (K,). The sum over
positions is the weight adjoint of the layer's convolution: no rule ever gathers patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import Array
from neuro_cnn.ops.compete import softhebb_factor
from neuro_cnn.ops.normalize import sum_positions


@dataclass(frozen=True)
class Hebb:
    """dw = y x with y = g u (Hebb 1949): what fires together wires together. Needs UnitNorm, or it grows."""

    kind: Literal["hebb"] = "hebb"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array) -> tuple[Array, Array]:
        y = g * u
        return y, 0 * sum_positions(y)


@dataclass(frozen=True)
class Instar:
    """dw = g (x - w) (Grossberg 1976): a winner moves to the mean of the views that it wins, as in k-means."""

    kind: Literal["instar"] = "instar"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array) -> tuple[Array, Array]:
        return g, sum_positions(g)


@dataclass(frozen=True)
class Oja:
    """dw = y (x - y w) with y = g u (Oja 1982): Hebb with its own forgetting; alone it finds the first component."""

    kind: Literal["oja"] = "oja"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array) -> tuple[Array, Array]:
        y = g * u
        return y, sum_positions(y * y)


@dataclass(frozen=True)
class SoftHebb:
    """dw = y (x - u w), y = g for the winner and -g for all others (Journe et al. 2023): losers turn away.

    Without the losers' sign all planes converge to one filter.
    """

    kind: Literal["soft_hebb"] = "soft_hebb"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array) -> tuple[Array, Array]:
        return softhebb_factor(g, u)


Plasticity: TypeAlias = Hebb | Instar | Oja | SoftHebb
