"""Fukushima's reinforcement of 1980: seed cells, one a plane, strengthen what they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Shunting
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops.normalize import sum_positions
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.seed_cells import SeedCells


@dataclass(frozen=True)
class Fukushima1980(Rule):
    """da = q c(v) u_C and db = (q/2) v_C at the seed cells: Fukushima 1980, eqs. (7) and (8).

    A layer starts from small positive weights, each plane weakly tuned to an orientation, and b = 0; the paper gives
    neither their size nor their form: `initial` 1e-4 and the form are our choice. Above 1e-3 untrained planes
    outrank trained ones and nothing organises itself.
    """

    q: float
    column: int = 5
    initial: float = 1e-4
    kind: Literal["fukushima_1980"] = "fukushima_1980"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (SCells,)

    def __post_init__(self) -> None:
        if self.q <= 0 or self.initial <= 0:
            raise UsageError(f"q = {self.q} and initial weights of {self.initial}; both must be positive")
        SeedCells(self.column)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        if not isinstance(layer, SCells) or not isinstance(layer.response, Shunting):
            raise UsageError("Fukushima's rule teaches S-cells with shunting inhibition; set response = shunting")
        xp = namespace(params.learned.weight)
        weight = xp.asarray(oriented(params.learned.weight.shape, self.initial), dtype=params.learned.weight.dtype)
        return params._replace(learned=SWeights(weight, 0 * params.learned.inhibition)), None

    def update(
        self, layer: Any, params: Params, state: None, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, None]:
        seeds = self.chosen(activity, state)
        a, b = params.learned
        a = a + self.q * layer.associate(params, activity, seeds)  # eq. (7): c(v) is in the layer's product
        b = b + self.q / 2 * sum_positions(seeds * activity.inhibition)  # eq. (8)
        return params._replace(learned=SWeights(a, b)), None

    def chosen(self, activity: Any, state: None) -> Array:
        """1 at the seed cells, else 0: like the drive."""
        xp = namespace(activity.drive)
        return SeedCells(self.column)(xp.maximum(activity.drive, xp.zeros((), dtype=activity.drive.dtype)))


def oriented(shape: tuple[int, ...], size: float) -> Any:
    """Small weights, plane k weakly tuned to orientation pi k / K and to input planes of like rank: (K, C, h, w).

    Deterministic, falling with the distance from a line through the centre and with |k'/C - k/K| (our choice of
    form; the paper says only that they are such functions).
    """
    planes, inputs, height, width = shape
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    angle = np.pi * np.arange(planes)[:, None, None] / planes
    away = np.abs(x * np.sin(angle) - y * np.cos(angle))  # (K, h, w)
    apart = np.abs(np.arange(inputs)[None, :] / inputs - np.arange(planes)[:, None] / planes) * (inputs > 1)
    return size * np.exp(-away)[:, None] * np.exp(-4 * apart)[:, :, None, None]
