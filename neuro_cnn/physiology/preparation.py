"""A layer under the electrode, and what all protocols on it share: its best gratings, a seed, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.natural import photographs
from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Verdict
from neuro_cnn.physiology.gratings import PHASES, GratingMap, grating_map, harmonics
from neuro_cnn.physiology.record import Electrode, Unit, on_canvas
from neuro_cnn.physiology.tuning.bar_search import Bars, bar_search
from neuro_cnn.stimuli import Stimulus, grating, patches, white_noise
from neuro_cnn.streams import generator

WIDER = 32
"""Pixels by which a close-up may be wider than what the cells see, for strides and padding (our choice)."""
SCENES = 200
"""Images that cells are tried on (our choice)."""
SHOWN, SHOWN_EACH = 60_000, 2_600
"""Frames that all protocols together show to all cells at once, and to each alone (counted on a C-layer)."""


@dataclass(frozen=True)
class Preparation:
    """The cells of a layer at one place. `step` is called after every frequency of the gratings, for a progress bar.

    `images` are what the network was made for, (N, C, H, W); without them it sees patches of photographs.
    """

    electrode: Electrode
    seed: int = 0
    step: Callable[[], None] = lambda: None
    images: NDArray[np.float32] | None = None

    @cached_property
    def close(self) -> Electrode:
        """The electrode on a field hardly larger than what the cells see, for stimuli that need no more: `close_up`."""
        return close_up(self.electrode)

    @cached_property
    def gratings(self) -> GratingMap:
        """Responses to gratings of every orientation and frequency; measured once for all protocols."""
        return grating_map(self.close, step=self.step)

    @cached_property
    def bars(self) -> Bars:
        """The bar that each cell likes best; searched once for all protocols."""
        return bar_search(self.close)

    @cached_property
    def scenes(self) -> NDArray[np.float32]:
        """Images (N, C, H, W) in [0, 1] as large as the stimuli: those of the data, or patches of photographs."""
        shape = self.electrode.in_shape
        if self.images is not None and self.images.shape[1:] == shape:
            return self.images[:SCENES]
        drawn = patches(photographs()[0], SCENES, (shape[1], shape[2]), self.rng("scenes"))
        return np.repeat(np.clip(0.5 + 0.5 * drawn[:, None], 0, 1), shape[0], axis=1)

    @property
    def planes(self) -> range:
        """The cells' planes."""
        return range(self.electrode.planes)

    @property
    def units(self) -> list[Unit]:
        """The addresses of the cells."""
        return [self.electrode.unit(plane) for plane in self.planes]

    @property
    def extent(self) -> float:
        """The diagonal of the box that the cells see, in pixels: what is larger looks the same to them."""
        return float(np.hypot(*self.electrode.box.sides))

    def seconds(self) -> float:
        """How long all protocols will take, about, by the time of a few frames."""
        frames = np.zeros((64, *self.close.sides), np.float32)
        self.close.respond(frames)  # the first ones compile
        started = perf_counter()
        self.close.respond(frames)
        return (SHOWN + SHOWN_EACH * len(self.planes)) / len(frames) * (perf_counter() - started)

    def rng(self, protocol: str) -> np.random.Generator:
        """The random numbers of a protocol: they depend on the seed and its name alone."""
        return generator(self.seed, "physiology", protocol)

    def each(self, draw: Callable[[int], Stimulus], silent: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Every cell's response to stimuli of its own, those that `draw` makes for its plane: (K, ...).

        `silent` ones, (K,), are taken to stay at blank.
        """

        def answered(plane: int) -> NDArray[np.float64]:
            stimuli = draw(plane)
            if silent[plane]:
                return np.full(stimuli.shape[:-2], self.close.blank[plane])
            return self.close.respond(stimuli)[..., plane]

        return np.stack([answered(plane) for plane in self.planes])

    def best_gratings(
        self, contrast: NDArray[np.float64] | float = 1.0, diameter: NDArray[np.float64] | float = np.inf
    ) -> NDArray[np.float64]:
        """Responses to every cell's best grating in discs of these contrasts or diameters, (n,): (K, n).

        They are F1 of simple cells and F0 of complex ones, as in its `gratings`.
        """
        found, close = self.gratings, self.close
        contrasts, diameters = np.broadcast_arrays(np.atleast_1d(contrast), diameter)

        def drifting(plane: int) -> Stimulus:
            best = found.orientation[plane], found.frequency[plane]
            return grating(
                close.sides, *best, PHASES, contrasts[:, None], diameters[:, None], centre=close.centre
            )  # (n, T, H, W)

        answered = harmonics(np.moveaxis(self.each(drifting, found.silent), 0, -1), close.blank)  # (n, K)
        return np.where(found.simple, answered.f1, answered.f0).T

    def heard(self, words: str = "silent to gratings of every orientation and frequency") -> list[Verdict]:
        """A verdict a cell: silent, or usable as far as gratings tell."""
        return [Verdict("silent", words) if each else Verdict() for each in self.gratings.silent]


def close_up(electrode: Electrode) -> Electrode:
    """The same cells in the middle of the smallest field in which they see what they see where they are.

    Both are shown the same noise, and where they answer differently (a layer knows its place, or how large the image
    is) the electrode stays where it is. Raises UsageError where what the cells see leaves the image.
    """
    box = electrode.whole().box
    for side in range(max(box.sides), min(max(box.sides) + WIDER, *electrode.sides)):
        try:
            close = on_canvas(electrode, side).whole()
        except UsageError:  # too small for these views, or weights for places
            continue
        return close if close.box.sides == box.sides and _alike(electrode, close) else electrode
    return electrode


def _alike(electrode: Electrode, copy: Electrode) -> bool:
    """Whether cells answer alike, in both fields, to noise in the box that they see."""
    noise = white_noise(4, electrode.box.sides, np.random.default_rng(0))
    answers = []
    for each in (electrode, copy):
        field = np.zeros((len(noise), *each.sides), np.float32)
        field[(slice(None), *each.box.cut(each.sides))] = noise
        answers.append(each.respond(field))
    here, close = answers
    return bool(np.allclose(here, close, rtol=1e-4, atol=1e-4 * np.abs(here).max()))
