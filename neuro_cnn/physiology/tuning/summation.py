"""Size tuning: how the response grows with a grating's disc, and whether what lies around holds it down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.tuning_curves import along, reduced

STEPS = 12
"""Diameters in equal ratios, as many as Marques et al. (2021) show."""
NEARLY = 0.95
"""Share of the largest response at which summation ends, and of what is lost at which suppression does (Cavanaugh, Bair
& Movshon 2002)."""
SUPPRESSED = 0.1
"""Suppression from which on a surround has a diameter (our choice; the paper counts cells suppressed by 10 %)."""
WORDS = {
    "suppression": Measure(
        "suppression index (Rmax - Rlarge) / Rmax", "", "macaque V1 median .33 (Cavanaugh et al. 2002)", 0.33
    ),
    "summation": Measure("summation field: diameter at 95 % of the largest response", "px"),
    "surround": Measure("surround: diameter at which suppression ends", "px"),
}


def diameters(extent: float) -> NDArray[np.float64]:
    """Diameters from 1 pixel to all that a cell sees, in equal ratios."""
    return np.geomspace(1.0, max(extent, 2.0), STEPS)


def size(preparation: Preparation) -> Findings:
    """Responses to each cell's best grating in discs of growing diameter around the middle of what it sees."""
    shown = diameters(preparation.extent)
    curves = np.maximum(preparation.best_gratings(diameter=shown), 0)
    silent = preparation.gratings.silent
    measures = size_measures(curves, shown)
    suppressed = int(np.sum(measures["suppression"][~silent] > SUPPRESSED))
    return Findings(
        "size",
        "Size tuning",
        {name: np.where(silent, np.nan, values) for name, values in measures.items()},
        preparation.heard(),
        WORDS,
        Curves(Axis("diameter of the disc", "px", shown, log=True), curves),
        ("suppression", "summation"),
        (
            f"{suppressed} of {np.sum(~silent)} cells that answer are suppressed by more than 10 % (macaque V1: 148 of "
            "190). S- and C-cells without a pool that divides cannot be.",
            "Discs stand on the middle of what cells see, and the largest covers all of it.",
        ),
        {"diameters": shown, "contrast": 1.0},
    )


def size_measures(curves: NDArray[np.float64], shown: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Suppression, and the diameters at which summation and suppression end, (K,) each, of curves (K, n)."""
    top, last = curves.max(axis=1), curves[:, -1]
    suppression = reduced(top, last)
    surround = np.full(len(curves), np.nan)
    for k in np.flatnonzero(suppression > SUPPRESSED):
        level = last[k] + (1 - NEARLY) * (top[k] - last[k])
        beyond = np.arange(len(shown)) > curves[k].argmax()
        surround[k] = _first((curves[k] <= level) & beyond, curves[k], level)
    return {
        "suppression": suppression,
        "summation": summation(curves, shown),
        "surround": along(shown, surround, log=True),
    }


def summation(curves: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """The extent at which each curve (K, n) first reaches 95 % of its best, (K,); NaN where there is no response."""
    places = np.full(len(curves), np.nan)
    for k in np.flatnonzero(curves.max(axis=1) > 0):
        level = NEARLY * curves[k].max()
        places[k] = _first(curves[k] >= level, curves[k], level)
    return along(shown, places, log=True)


def _first(reached: NDArray[np.bool_], curve: NDArray[np.float64], level: float) -> float:
    """The place, in steps and fractions of one, of the first value that has reached a level."""
    step = int(reached.argmax())
    if step == 0:
        return 0.0
    return step - float((curve[step] - level) / (curve[step] - curve[step - 1]))
