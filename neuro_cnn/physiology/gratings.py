"""Drifting gratings of every orientation and spatial frequency: the search that most protocols start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import silent
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.stimuli import HIGHEST, grating

ORIENTATIONS = np.arange(0.0, 180.0, 5.0)
"""Degrees; steps of 5, as is common (our choice)."""
FREQUENCIES = HIGHEST * 2.0 ** (-np.arange(21.0, -1.0, -1.0) / 4)
"""Cycles a pixel, 22 steps of a quarter of an octave (our choice; Marques et al. 2021 have 22 of the same)."""
PHASES = np.arange(16) * 2 * np.pi / 16
"""One cycle; with fewer than 16 phases F1/F0 is biased."""
ROUNDING = 1e-6
"""Of the largest response: F0 and F1 below it are single precision's errors, and count as 0 (our choice)."""


class Harmonics(NamedTuple):
    """Of the response over one cycle: F0, its mean above blank, F1, the amplitude at the grating's frequency, and
    the phase of the grating, in radians, at which the first harmonic peaks."""

    f0: NDArray[np.float64]
    f1: NDArray[np.float64]
    phase: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """F1/F0, infinite where the mean does not exceed blank and NaN where nothing is modulated either."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.f0 > 0, self.f1 / self.f0, np.where(self.f1 > 0, np.inf, np.nan))


def harmonics(responses: NDArray[np.float64], blank: NDArray[np.float64]) -> Harmonics:
    """F0 and F1 = 2/T |sum r_t exp(-2 pi i t/T)| over the phases of one cycle: (..., T, K), (K,) -> (..., K)."""
    phases = responses.shape[-2]
    turn = np.exp(-2j * np.pi * np.arange(phases) / phases)
    first = 2 / phases * np.einsum("...tk,t->...k", responses, turn)
    mean, size = responses.mean(axis=-2) - blank, np.abs(first)
    floor = ROUNDING * np.abs(responses).max(axis=-2)
    f0, f1 = (np.where(np.abs(each) > floor, each, 0.0) for each in (mean, size))
    return Harmonics(f0, f1, -np.angle(first) % (2 * np.pi))


class GratingMap(NamedTuple):
    """Harmonics (O, F, K) of cells at every orientation (O,) and frequency (F,), and which grating each likes best.

    `best` are indices (K, 2) into orientations and frequencies; `simple` says whose best response is its F1, (K,):
    F1/F0 > 1 there (Skottun et al. 1991). `silent` cells never depart from blank, or are only
    held down below it.
    """

    orientations: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    harmonics: Harmonics
    best: NDArray[np.int_]
    simple: NDArray[np.bool_]
    silent: NDArray[np.bool_]

    @property
    def responses(self) -> NDArray[np.float64]:
        """F1 of simple cells and F0 of complex ones, (K, O, F)."""
        chosen = np.where(self.simple, self.harmonics.f1, self.harmonics.f0)
        return np.asarray(np.moveaxis(chosen, -1, 0))

    @property
    def orientation(self) -> NDArray[np.float64]:
        """The preferred orientation of each cell, in degrees, (K,)."""
        return np.asarray(self.orientations[self.best[:, 0]])

    @property
    def frequency(self) -> NDArray[np.float64]:
        """The preferred spatial frequency of each cell, in cycles a pixel, (K,)."""
        return np.asarray(self.frequencies[self.best[:, 1]])

    @property
    def phase(self) -> NDArray[np.float64]:
        """The phase of the best grating at which each cell's first harmonic peaks, in radians, (K,)."""
        return self._at_best(self.harmonics.phase)

    @property
    def ratio(self) -> NDArray[np.float64]:
        """F1/F0 at each cell's best grating, (K,)."""
        return self._at_best(self.harmonics.ratio)

    @property
    def peak(self) -> NDArray[np.float64]:
        """The response to each cell's best grating, (K,)."""
        return np.where(self.simple, self._at_best(self.harmonics.f1), self._at_best(self.harmonics.f0))

    def _at_best(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values[self.best[:, 0], self.best[:, 1], np.arange(len(self.best))])


def grating_map(
    electrode: Electrode,
    orientations: NDArray[np.float64] = ORIENTATIONS,
    frequencies: NDArray[np.float64] = FREQUENCIES,
    phases: int = len(PHASES),
    contrast: float = 1.0,
    step: Callable[[], None] = lambda: None,
) -> GratingMap:
    """Every cell's responses to drifting gratings that fill the field; `step` is called after every frequency.

    Raises UsageError where what the cells see leaves the image, or for a frequency above 0.4.
    """
    electrode = electrode.whole()
    cycle = 2 * np.pi * np.arange(phases) / phases
    parts = []
    departed, largest = np.zeros(electrode.planes, bool), np.abs(electrode.blank)
    for frequency in frequencies:
        shown = grating(
            electrode.sides, orientations[:, None], frequency, cycle[None], contrast, centre=electrode.centre
        )
        responses = electrode.respond(shown)  # (O, T, K)
        departed |= ~silent(responses, electrode.blank)
        largest = np.maximum(largest, np.abs(responses).max(axis=(0, 1)))
        parts.append(harmonics(responses, electrode.blank))
        step()
    found = Harmonics(*(np.stack(each, axis=1) for each in zip(*parts, strict=True)))  # (O, F, K)
    f0, f1 = (np.where(np.abs(each) > ROUNDING * largest, each, 0.0) for each in found[:2])
    found = found._replace(f0=f0, f1=f1)  # at gratings that hardly drive a cell, too, rounding is no response
    larger = np.maximum(found.f0, found.f1).reshape(-1, electrode.planes)
    simple = found.ratio.reshape(larger.shape)[larger.argmax(axis=0), np.arange(electrode.planes)] > 1
    chosen = np.where(simple, found.f1, found.f0).reshape(larger.shape)
    best = np.stack(np.unravel_index(chosen.argmax(axis=0), found.f0.shape[:2]), axis=1)
    driven = chosen.max(axis=0) > 0
    return GratingMap(orientations, frequencies, found, best, simple, ~(departed & driven))
