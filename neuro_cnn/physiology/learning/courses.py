"""The angles of a system's layers over training, gathered over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.learning.angles import Angle


class Course(NamedTuple):
    """A layer's angles in degrees as `Angle` has them, (seeds, points) each, NaN where there is none.

    `updates` are the points' and `learning` whether the layer's phase was going on there, (points,).
    """

    updates: NDArray[Any]
    learning: NDArray[Any]
    accuracy: NDArray[Any]
    whole: NDArray[Any]
    planes: NDArray[Any]
    shuffled: NDArray[Any]
    chance: float
    ceiling: NDArray[Any]

    def summary(self) -> list[dict[str, Any]]:
        """A dict a point: mean over seeds of each measure, None where it is not known in any, and deviation."""
        rows = []
        for place, update in enumerate(self.updates):
            row: dict[str, Any] = {"update": int(update), "learning": bool(self.learning[place])}
            for name in ("whole", "planes", "shuffled", "ceiling", "accuracy"):
                known = getattr(self, name)[:, place]
                known = known[~np.isnan(known)]
                row[f"{name}_mean"] = float(known.mean()) if known.size else None
                row[f"{name}_sd"] = float(known.std(ddof=1)) if known.size > 1 else None
            rows.append({**row, "chance_sd": self.chance})
        return rows


def courses(runs: Sequence[Sequence[Angle]]) -> dict[str, Course]:
    """The course of each layer from the angles of one system, a sequence a seed, taken at the same updates."""
    made = {}
    for layer in dict.fromkeys(each.layer for each in runs[0]):
        mine = [[each for each in run if each.layer == layer] for run in runs]
        first = mine[0]
        table = {
            name: np.array([[getattr(each, name) for each in run] for run in mine], float)  # None becomes NaN
            for name in ("accuracy", "whole", "planes", "shuffled", "ceiling")
        }
        updates, learning = (np.array([getattr(each, name) for each in first]) for name in ("update", "learning"))
        made[layer] = Course(updates=updates, learning=learning, chance=first[0].chance, **table)
    return made
