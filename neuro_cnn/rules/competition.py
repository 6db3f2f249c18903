"""Who may learn: competition among the planes at each position.

A competition is a pure function of the drives, (N, K, ...) -> (N, K, ...): how much of a learning chance each
cell gets, in [0, 1]. Where every drive is exactly 0 (a blank view) nobody competes, and nobody learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import patches
from neuro_cnn.ops.compete import awake, awake_winner, softmax_planes, winner


@dataclass(frozen=True)
class HardWTA:
    """The plane with the largest drive takes all; ties go to the lowest index."""

    kind: Literal["hard_wta"] = "hard_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array) -> Array:
        return awake_winner(drive)


@dataclass(frozen=True)
class KWTA:
    """The k planes with the largest drives win alike; ties go to the lowest index."""

    k: int
    kind: Literal["k_wta"] = "k_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"{self.k} winners; there must be at least 1")

    def __call__(self, drive: Array) -> Array:
        xp = namespace(drive)
        if self.k > drive.shape[1]:
            raise UsageError(f"{self.k} winners among {drive.shape[1]} planes; choose k up to the number of planes")
        left, won = drive, xp.zeros(drive.shape, dtype=drive.dtype)
        for _ in range(self.k):
            first = winner(left)
            won = won + first
            left = xp.where(first > 0, xp.asarray(-xp.inf, dtype=drive.dtype), left)
        return won * awake(drive)


@dataclass(frozen=True)
class SoftWTA:
    """softmax(drive / temperature) over the planes; as the temperature falls to 0 it becomes HardWTA."""

    temperature: float = 1.0
    kind: Literal["soft_wta"] = "soft_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise UsageError(f"temperature {self.temperature}; it must be a positive number")

    def __call__(self, drive: Array) -> Array:
        return softmax_planes(drive, self.temperature)


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

    def __call__(self, drive: Array) -> Array:
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


Competition: TypeAlias = HardWTA | KWTA | SoftWTA | SeedCells
