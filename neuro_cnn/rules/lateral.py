"""Learned lateral inhibition: cells that fire together come to hold each other down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import awake
from neuro_cnn.ops.normalize import at_planes, plane_products, sum_positions
from neuro_cnn.rules.competition import Competes


class Lateral(NamedTuple):
    """Lateral weights between planes, (K, K), none above 0 and none to itself, and the planes' thresholds, (K,)."""

    weight: Array
    threshold: Array


@dataclass(frozen=True)
class AntiHebbian(Competes):
    """Cells settle under learned lateral inhibition, and those that fire learn: Foldiak (1990).

    dy/dt = f(drive + w y - t) - y with f(u) = 1 / (1 + exp(-gain u)), then y is 1 above 1/2, else 0;
    dw = -rate (y_i y_j - target^2) between cells, never above 0, and dt = adapt (y - target). rate, adapt, target and
    gain are the paper's (recalled); `settling` Euler steps of 1/5 are ours. With Instar it is the paper's network.
    """

    target: float = 0.125
    rate: float = 0.1
    adapt: float = 0.02
    gain: float = 10.0
    settling: int = 40
    kind: Literal["anti_hebbian"] = "anti_hebbian"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise UsageError(f"cells that fire {self.target} of the time; the target must lie between 0 and 1")
        if min(self.rate, self.adapt, self.gain) <= 0 or self.settling < 1:
            raise UsageError(
                f"lateral inhibition with rate {self.rate}, adapt {self.adapt}, gain {self.gain} and "
                f"{self.settling} steps; all must be positive"
            )

    def start(self, weight: Array, updates: int) -> Lateral:
        xp, planes = namespace(weight), weight.shape[0]
        return Lateral(xp.zeros((planes, planes), dtype=weight.dtype), xp.zeros((planes,), dtype=weight.dtype))

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        xp = namespace(drive)
        seen = awake(drive)
        push = drive - at_planes(state.threshold, drive)
        y = 0 * drive
        for _ in range(self.settling):
            held = push + _through(state.weight, y)
            y = y + ((1 + xp.tanh(self.gain / 2 * held)) / 2 - y) / 5  # the logistic function, never overflowing
        return xp.astype(y > 0.5, drive.dtype) * seen

    def settle(self, g: Array, drive: Array, state: Any) -> Lateral:
        xp = namespace(g)
        count = xp.sum(awake(drive))
        views = xp.where(count > 0, count, xp.ones((), dtype=g.dtype))
        some = xp.astype(count > 0, g.dtype)  # where nothing was seen nothing changes
        away = 1 - xp.eye(g.shape[1], dtype=g.dtype)
        weight = state.weight - some * self.rate * (plane_products(g, g) / views - self.target**2) * away
        weight = xp.minimum(weight, xp.zeros((), dtype=g.dtype))
        return Lateral(weight, state.threshold + some * self.adapt * (sum_positions(g) / views - self.target))


def _through(weight: Array, y: Array) -> Array:
    """Lateral weights, (K, K), applied at every position: (N, K, ...) -> (N, K, ...)."""
    xp = namespace(y)
    rows = xp.reshape(y, (*y.shape[:2], -1))  # (N, K, M)
    return xp.reshape(xp.matmul(weight, rows), y.shape)
