"""Seed cells: competition among all cells of a neighbourhood, as in the neocognitron of 1980."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
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
        seeds[self._seeds(u)] = 1
        return xp.asarray(seeds)

    def _seeds(self, u: Any) -> tuple[Any, Any, Any, Any]:
        """The seed cells' images, planes, rows and columns, from responses (N, K, H, W)."""
        largest, lowest = (self._columns(each) for each in (u.max(axis=1), u.argmax(axis=1)))  # (N, P, taps)
        best = largest.max(axis=2)
        taps = np.where(largest == best[:, :, None], lowest, u.shape[1]).argmin(axis=2)  # of equals the lowest plane
        image, place = np.nonzero(best > 0)
        value, tap = best[image, place], taps[image, place]
        plane = lowest[image, place, tap]
        order = np.lexsort((-value, plane, image))  # the strongest column of a plane first, of equals the first
        _, firsts = np.unique(image[order] * u.shape[1] + plane[order], return_index=True)
        chosen = order[firsts]
        image, plane, place, tap = (each[chosen] for each in (image, plane, place, tap))
        across = u.shape[3] - self.column + 1
        return image, plane, place // across + tap // self.column, place % across + tap % self.column

    def _columns(self, maps: Any) -> Any:
        """What every S-column sees of one map an image: (N, H, W) -> (N, P, column x column)."""
        return sliding_window_view(maps, (self.column, self.column), (1, 2)).reshape(len(maps), -1, self.column**2)
