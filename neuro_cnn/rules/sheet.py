"""Units on a sheet: the winner's neighbours learn with it, so that neighbours come to answer alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import awake, winner
from neuro_cnn.rules.competition import Competes

LEAST = 0.01
"""The least radius: far below 1 nobody has neighbours (our choice)."""


class Updates(NamedTuple):
    """How many updates were made, and of how many."""

    step: int
    updates: int


@dataclass(frozen=True)
class Neighbourhood(Competes):
    """The planes lie row by row on a sheet; the winner takes its neighbours along, by a Gaussian of their distance.

    g = exp(-d^2 / (2 sigma^2)) at distance d of the winner, where sigma falls from `radius` to `last`, in units of
    the sheet, as a geometric series over the phase: the self-organising map of Kohonen (1982), whose short-range
    excitation and long-range inhibition are von der Malsburg's (1973). With Instar a batch moves the planes by `rate`
    of what Kohonen's batch map does, and a single view by his rule itself. Radii are our choice.
    """

    rows: int
    columns: int
    radius: float = 4.0
    last: float = 1.0
    kind: Literal["neighbourhood"] = "neighbourhood"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if min(self.rows, self.columns) < 1:
            raise UsageError(f"a sheet of {self.rows} x {self.columns} units; give at least one row and one column")
        if not LEAST <= self.last <= self.radius < float("inf"):
            raise UsageError(
                f"a neighbourhood whose radius falls from {self.radius} to {self.last}; "
                f"let it fall, or stay as it is, and end at {LEAST} or more"
            )

    def check(self, planes: int) -> None:
        if self.rows * self.columns != planes:
            raise UsageError(
                f"a sheet of {self.rows} x {self.columns} units for {planes} planes; make rows x columns = {planes}"
            )

    def start(self, weight: Array, updates: int) -> Updates:
        return Updates(0, updates)

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        xp, sigma = namespace(drive), self.sigma(state)
        won = winner(drive) * awake(drive)
        on_sheet = xp.reshape(won, (drive.shape[0], self.rows, -1))  # (N, rows, columns M)
        spread = xp.matmul(_gaussian(won, self.rows, sigma), on_sheet)
        spread = xp.reshape(spread, (drive.shape[0] * self.rows, self.columns, -1))  # (N rows, columns, M)
        return xp.reshape(xp.matmul(_gaussian(won, self.columns, sigma), spread), drive.shape)

    def settle(self, g: Array, drive: Array, state: Updates) -> Updates:
        return Updates(state.step + 1, state.updates)

    def sigma(self, state: Updates) -> float:
        """The radius at this update."""
        return float(self.radius * (self.last / self.radius) ** (state.step / state.updates))


def _gaussian(like: Array, side: int, sigma: float) -> Array:
    """exp(-d^2 / (2 sigma^2)) between places along one side of the sheet: (side, side)."""
    xp = namespace(like)
    place = xp.arange(side, dtype=like.dtype) / sigma
    away = xp.reshape(place, (-1, 1)) - xp.reshape(place, (1, -1))
    return xp.exp(-away * away / 2)
