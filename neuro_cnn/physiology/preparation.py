"""A layer under the electrode, and what all protocols on it share: its best gratings, a seed, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_cnn.physiology.gratings import GratingMap, grating_map
from neuro_cnn.physiology.record import Electrode, Unit
from neuro_cnn.streams import generator


@dataclass(frozen=True)
class Preparation:
    """The cells of a layer at one place. `step` is called after every part of a protocol, for a progress bar."""

    electrode: Electrode
    seed: int = 0
    step: Callable[[], None] = lambda: None

    @cached_property
    def gratings(self) -> GratingMap:
        """Responses to gratings of every orientation and frequency; measured once for all protocols."""
        return grating_map(self.electrode, step=self.step)

    @property
    def units(self) -> list[Unit]:
        """The addresses of the cells."""
        return [self.electrode.unit(plane) for plane in range(self.electrode.planes)]

    def rng(self, protocol: str) -> np.random.Generator:
        """The random numbers of a protocol: they depend on the seed and its name alone."""
        return generator(self.seed, "physiology", protocol)
