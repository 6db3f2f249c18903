"""The bar that each cell likes best: the search by hand of Hubel and Wiesel, among bars shown to all cells."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import silent
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.stimuli import bar

ANGLES = np.arange(0.0, 180.0, 15.0)
WIDTHS = np.array([1.0, 2.0, 3.0])
"""Pixels."""
LENGTHS = np.array([0.25, 0.5, 1.0])
"""Of the diagonal of what the cells see."""
MOST = 31
"""Positions across the axis, a pixel apart or wider (our choice)."""
TURNS, SHIFTS = np.arange(-10.0, 15.0, 5.0), np.arange(-1.0, 1.5, 0.5)
"""Degrees and pixels by which the best bar is turned and shifted in the end (our choice)."""


class Bars(NamedTuple):
    """Each cell's best bar, (K,) each: orientation, width, length and offset as of `stimuli.bar`, contrast 1 (light) or
    -1 (dark), and the response to it above blank; `silent` cells answer to none."""

    orientation: NDArray[np.float64]
    width: NDArray[np.float64]
    length: NDArray[np.float64]
    offset: NDArray[np.float64]
    contrast: NDArray[np.float64]
    response: NDArray[np.float64]
    silent: NDArray[np.bool_]


def bar_search(electrode: Electrode) -> Bars:
    """Light and dark bars of 12 orientations, 3 widths and 3 lengths everywhere across the field, then more finely.

    Of bars that are answered alike the longest and widest is taken.
    """
    extent = float(np.hypot(*electrode.box.sides))
    places = np.linspace(-extent / 2, extent / 2, min(int(np.ceil(extent)) + 1, MOST))
    lengths = np.maximum(LENGTHS * extent, 1)
    offsets, contrasts = (each.ravel() for each in np.meshgrid(places, [1.0, -1.0], indexing="ij"))
    answers, kinds = [], []
    for angle, width, length in product(ANGLES, WIDTHS[::-1], lengths[::-1]):
        stimuli = bar(electrode.sides, angle, width, length, offsets, contrasts, electrode.centre)
        answers.append(electrode.respond(stimuli))
        kinds.append((angle, width, length))
    responses = np.stack(answers)  # (kinds, bars, K)
    above = (responses - electrode.blank).reshape(-1, electrode.planes)
    alike = above >= above.max(axis=0) - 1e-6 * np.abs(above).max(axis=0)
    which, place = np.unravel_index(alike.argmax(axis=0), responses.shape[:2])
    orientation, width, length = np.array(kinds)[which].T
    best = Bars(
        orientation,
        width,
        length,
        offsets[place],
        contrasts[place],
        above.max(axis=0),
        silent(responses, electrode.blank),
    )
    return _finer(electrode, best)


def _finer(electrode: Electrode, coarse: Bars) -> Bars:
    """The best bars turned and shifted a little, each for its own cell."""
    turns, shifts = (each.ravel() for each in np.meshgrid(TURNS, SHIFTS, indexing="ij"))
    order = np.argsort(np.abs(turns) + np.abs(shifts), kind="stable")  # unmoved where that changes nothing
    turns, shifts = turns[order], shifts[order]
    found = coarse._replace(orientation=coarse.orientation.copy(), offset=coarse.offset.copy())
    for k in range(electrode.planes):
        angle, width, length, offset, contrast = (float(each[k]) for each in coarse[:5])
        angles, offsets = (angle + turns) % 180, np.where((angle + turns) // 180 == 0, 1, -1) * (offset + shifts)
        stimuli = bar(electrode.sides, angles, width, length, offsets, contrast, electrode.centre)
        above = electrode.respond(stimuli)[:, k] - electrode.blank[k]
        best = int(np.argmax(above > above.max() - 1e-6 * np.abs(above).max()))
        found.orientation[k], found.offset[k], found.response[k] = angles[best], offsets[best], above[best]
    return found
