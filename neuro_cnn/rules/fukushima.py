"""Fukushima's reinforcement of 1980: seed cells, one a plane, strengthen what they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Shunting
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops import patches
from neuro_cnn.ops.normalize import sum_positions


@dataclass(frozen=True)
class SeedCells:
    """Who may learn: in every S-column the cell with the largest output, at most one in each plane.

    An S-column is all cells, of all planes, in a square of `column` x `column` positions; columns overlap. Where a
    plane has the best cell of several columns only the strongest is its seed. Silent cells are no candidates; ties
    go to the lowest plane, then the upper left.
    """

    column: int = 5
    kind: Literal["seed_cells"] = "seed_cells"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.column < 1:
            raise UsageError(f"S-columns of {self.column} positions; give at least 1")

    def __call__(self, response: Array) -> Array:
        """1 at the seed cells, else 0: (N, K, H, W) -> (N, K, H, W). Raises UsageError for a column above the map."""
        xp = namespace(response)
        u = to_numpy(response)
        if self.column > min(u.shape[2:]):
            raise UsageError(
                f"S-columns of {self.column} x {self.column} are larger than the map of {u.shape[2]} x {u.shape[3]}; "
                "make them smaller"
            )
        seeds = np.zeros(u.shape, u.dtype)
        for image, chosen in zip(u, seeds, strict=True):
            for place in self._seeds(image):
                chosen[place] = 1
        return xp.asarray(seeds)

    def _seeds(self, u: Any) -> list[tuple[int, int, int]]:
        """The seed cells (plane, row, column) of one image's responses, (K, H, W)."""
        planes, _, width = u.shape
        side = self.column
        columns = patches(u[None], side)[0]  # (K, side, side, H', W')
        best = np.argmax(columns.reshape(planes * side * side, -1), axis=0)  # the first of equals: the lowest plane
        places = np.arange(columns.shape[3] * columns.shape[4])
        plane, tap = best // (side * side), best % (side * side)
        row = places // columns.shape[4] + tap // side
        column = places % columns.shape[4] + tap % side
        seeds: dict[int, tuple[float, int]] = {}
        for k, i, j in zip(plane, row, column, strict=True):
            value = u[k, i, j]
            if value > 0 and (k not in seeds or value > seeds[k][0]):
                seeds[k] = (value, i * width + j)
        return [(k, place // width, place % width) for k, (_, place) in seeds.items()]


@dataclass(frozen=True)
class Fukushima1980:
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
        xp = namespace(activity.drive)
        seeds = SeedCells(self.column)(xp.maximum(activity.drive, xp.zeros((), dtype=activity.drive.dtype)))
        a, b = params.learned
        a = a + self.q * layer.associate(params, activity, seeds)  # eq. (7): c(v) is in the layer's product
        b = b + self.q / 2 * sum_positions(seeds * activity.inhibition)  # eq. (8)
        return params._replace(learned=SWeights(a, b)), None

    def finish(self, layer: Any, params: Params, state: None) -> Params:
        return params


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
