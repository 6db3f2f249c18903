"""Setting firing thresholds: a fraction of what the best grating drives each cell to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.data import Dataset
from neuro_cnn.data.images import UNLABELLED
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, Threshold
from neuro_cnn.layers.threshold import Level
from neuro_cnn.rules.base import Rule
from neuro_cnn.stimuli import HIGHEST, grating

ORIENTATIONS = np.arange(0.0, 180.0, 5.0)
FREQUENCIES = HIGHEST * 2.0 ** (-np.arange(22.0) / 4)
PHASES = np.arange(0.0, 2 * np.pi, np.pi / 4)
"""The gratings of contrast 1 that are shown: steps of 5 degrees, a quarter octave and an eighth of a cycle (our choice;
the cells of a map see each at many more phases)."""


class Strongest(NamedTuple):
    """The largest drive of each plane so far, (K,)."""

    drive: Array


@dataclass(frozen=True)
class SetThreshold(Rule):
    """Each plane's threshold becomes this fraction of its drive by the best of all gratings of contrast 1.

    Gratings are shown in place of the images, through the layers below. A fraction of gratings and not of photographs:
    then the fraction alone sets how narrowly a linear cell is tuned, and its F1/F0.
    """

    fraction: float
    kind: Literal["set_threshold"] = "set_threshold"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Threshold,)

    def __post_init__(self) -> None:
        if not 0 <= self.fraction < 1:
            raise UsageError(f"threshold of {self.fraction} of the largest drive; it must be at least 0 and below 1")

    def shows(self, shape: tuple[int, ...]) -> Dataset:
        """The gratings, (N, *shape) in [0, 1], without labels."""
        each = np.meshgrid(ORIENTATIONS, FREQUENCIES, PHASES, indexing="ij")
        shown = grating(shape[1:], *(values.ravel() for values in each))  # type: ignore[arg-type]
        images = np.repeat(0.5 + 0.5 * shown[:, None], shape[0], axis=1).astype(np.float32)
        return Dataset(images, np.full(len(images), UNLABELLED), ())

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Strongest]:
        return params, Strongest(0 * params.fixed.level)

    def update(
        self, layer: Any, params: Params, state: Strongest, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Strongest]:
        xp = namespace(activity.drive)
        planes = tuple(axis for axis in range(activity.drive.ndim) if axis != 1)
        return params, Strongest(xp.maximum(state.drive, xp.max(activity.drive, axis=planes)))

    def finish(self, layer: Any, params: Params, state: Strongest) -> Params:
        return params._replace(fixed=Level(self.fraction * state.drive))
