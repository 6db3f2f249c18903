"""Seed cells: competition among all cells of a neighbourhood, as in the neocognitron of 1980."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import patches
from neuro_cnn.rules.competition import Competes


@dataclass(frozen=True)
class SeedCells(Competes):
    """Who may learn: in every S-column the cell with the largest output, at most one in each plane.

    An S-column is all cells, of all planes, in a square of `column` x `column` positions; columns overlap. Where a
    plane has the best cell of several columns only the strongest is its seed. Silent cells are no candidates; ties
    go to the lowest plane, then the upper left.
    """

    column: int = 5
    spatial: ClassVar[bool] = True
    kind: Literal["seed_cells"] = "seed_cells"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.column < 1:
            raise UsageError(f"S-columns of {self.column} positions; give at least 1")

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        """1 at the seed cells, else 0: (N, K, H, W) -> (N, K, H, W). Raises UsageError for a column above the map."""
        xp = namespace(drive)
        u = to_numpy(drive)
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
