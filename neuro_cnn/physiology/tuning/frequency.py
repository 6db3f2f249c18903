"""Spatial frequency tuning by drifting gratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.gratings import PHASES, GratingMap
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.tuning_curves import ROOT_HALF, along, peak, sides

LOW_PASS = 0.5
"""A cell is low-pass where it answers to the lowest frequency with more than this share of its best response."""
WORDS = {
    "preferred": Measure("preferred spatial frequency", "cycles/px"),
    "bandwidth": Measure(
        "bandwidth at half height",
        "octaves",
        "macaque V1 median 1.4 (De Valois, Albrecht & Thorell 1982, recalled)",
        1.4,
    ),
    "low_pass": Measure("response to the lowest frequency, of the best", "", "low-pass beyond .5", LOW_PASS),
    "schiller": Measure(
        "Schiller's index: 100 low / high frequency at 70.7 %", "", "macaque V1 median 46 (Schiller et al. 1976)", 46.0
    ),
}


def frequency(preparation: Preparation) -> Findings:
    """Tuning for spatial frequency at each cell's best orientation.

    A low-pass cell has no bandwidth; one that likes best the lowest or highest frequency shown is at the edge.
    """
    gratings = preparation.gratings
    curves = frequency_curves(gratings)
    measures = frequency_measures(curves, gratings.frequencies)
    verdicts = preparation.heard()
    last = len(gratings.frequencies) - 1
    for k in np.flatnonzero(~gratings.silent & np.isin(gratings.best[:, 1], (0, last))):
        which = "lowest" if gratings.best[k, 1] == 0 else "highest"
        verdicts[k] = Verdict("edge", f"likes the {which} frequency shown best, {gratings.frequency[k]:.3g} cycles/px")
    heard = ~gratings.silent
    low = int(np.sum(measures["low_pass"][heard] > LOW_PASS))
    return Findings(
        "frequency",
        "Spatial frequency tuning",
        {name: np.where(heard, values, np.nan) for name, values in measures.items()},
        verdicts,
        WORDS,
        Curves(Axis("spatial frequency", "cycles/px", gratings.frequencies, log=True), curves),
        ("preferred", "bandwidth"),
        (
            "Responses are F1 of simple cells and F0 above blank of complex ones, at the best orientation.",
            f"{low} of {heard.sum()} cells that answer are low-pass and have no bandwidth.",
        ),
        {"frequencies": gratings.frequencies, "phases": len(PHASES), "contrast": 1.0},
    )


def frequency_curves(gratings: GratingMap) -> NDArray[np.float64]:
    """Responses to every frequency at each cell's best orientation, from 0 up: (K, F)."""
    cells = np.arange(len(gratings.best))
    return np.maximum(gratings.responses[cells, gratings.best[:, 0]], 0)


def frequency_measures(curves: NDArray[np.float64], frequencies: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Measures of curves (K, F) over frequencies in equal ratios, (K,) each, NaN where a curve does not fall so far."""
    half, high = sides(curves), sides(curves, ROOT_HALF)
    octave = np.log2(frequencies[1] / frequencies[0])
    best = curves.max(axis=1)
    return {
        "preferred": along(frequencies, peak(curves).place, log=True),
        "bandwidth": (half.high - half.low) * octave,
        "low_pass": np.where(best > 0, curves[:, 0] / np.where(best > 0, best, 1), np.nan),
        "schiller": 100 * 2 ** (-(high.high - high.low) * octave),
    }
