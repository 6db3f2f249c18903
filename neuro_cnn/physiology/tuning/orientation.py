"""Orientation tuning by drifting gratings, and how sharply noise would seem to be tuned."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.gratings import FREQUENCIES, ORIENTATIONS, PHASES, GratingMap
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.tuning_curves import ROOT_HALF, peak, reduced, sides, vector_strength
from neuro_cnn.streams import generator

NOISE, PERCENTILE = 400, 95
"""Noise filters that are drawn, and the percentile of their selectivity that a tuned cell exceeds (our choice)."""
WIDEST = 48
"""Pixels a side of the largest noise filters: larger ones seem less selective still (our choice)."""
WORDS = {
    "preferred": Measure("preferred orientation", "degrees", period=180.0),
    "osi": Measure("orientation selectivity (Rp - Ro) / (Rp + Ro)"),
    "gosi": Measure("global selectivity, 1 - circular variance"),
    "circular_variance": Measure(
        "circular variance", "", "macaque V1 median .61 (Ringach et al. 2002, recalled)", 0.61
    ),
    "hwhh": Measure(
        "half width at half height",
        "degrees",
        "macaque V1 median 20, half of a full width of 40 (De Valois, Yund & Hepler 1982)",
        20.0,
    ),
    "half_width": Measure(
        "half width at 70.7 % of the height", "degrees", "macaque V1 about 24 (Ringach et al. 2002, recalled)", 24.0
    ),
    "op_ratio": Measure("response to the orthogonal over the preferred orientation"),
}


def orientation(preparation: Preparation) -> Findings:
    """Tuning for orientation at each cell's best spatial frequency.

    A cell is untuned where its global selectivity does not exceed that of nearly all noise filters of its size.
    """
    gratings = preparation.gratings
    curves = orientation_curves(gratings)
    measures = orientation_measures(curves, gratings.orientations)
    null = noise_selectivity(preparation.close.box.sides)
    floor = float(np.percentile(null["gosi"], PERCENTILE))
    verdicts = preparation.heard()
    for k in np.flatnonzero(~gratings.silent & ~(measures["gosi"] > floor)):
        verdicts[k] = Verdict("untuned", f"global selectivity {measures['gosi'][k]:.2f}; noise reaches {floor:.2f}")
    height, width = preparation.close.box.sides
    low, high = np.percentile(null["osi"], [25, 75])
    return Findings(
        "orientation",
        "Orientation tuning",
        {name: np.where(gratings.silent, np.nan, values) for name, values in measures.items()},
        verdicts,
        WORDS,
        Curves(Axis("orientation of the bars", "degrees", gratings.orientations), curves),
        ("hwhh", "circular_variance"),
        (
            "Responses are F1 of simple cells and F0 above blank of complex ones, at the best spatial frequency.",
            f"Untuned: global selectivity up to {floor:.2f}, the {PERCENTILE}th percentile of noise filters of "
            f"{height} x {width} pixels, whose OSI is {low:.2f} to {high:.2f} (quartiles).",
            "A threshold takes the OSI to 1: go by half width and circular variance.",
        ),
        {"orientations": gratings.orientations, "phases": len(PHASES), "contrast": 1.0, "noise_gosi": floor},
    )


def orientation_curves(gratings: GratingMap) -> NDArray[np.float64]:
    """Responses to every orientation at each cell's best spatial frequency, from 0 up: (K, O)."""
    cells = np.arange(len(gratings.best))
    return np.maximum(gratings.responses[cells, :, gratings.best[:, 1]], 0)


def orientation_measures(curves: NDArray[np.float64], orientations: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Measures of curves (K, O) over orientations that share out 180 degrees equally, (K,) each.

    Where a curve never falls to a height, the full width there is all of 180 degrees.
    """
    count = len(orientations)
    step = 180 / count
    top = curves.argmax(axis=1)
    cells = np.arange(len(curves))
    preferred, orthogonal = curves[cells, top], curves[cells, (top + count // 2) % count]
    both = preferred + orthogonal
    widths = []
    for height in (0.5, ROOT_HALF):
        crossed = sides(curves, height, circular=True)
        widths.append(np.fmin(np.where(np.isnan(crossed.low), np.inf, crossed.high - crossed.low) * step, 180) / 2)
    gosi = vector_strength(curves, orientations)
    return {
        "preferred": (orientations[0] + peak(curves, circular=True).place * step) % 180,
        "osi": np.where(both > 0, (preferred - orthogonal) / np.where(both > 0, both, 1), np.nan),
        "gosi": gosi,
        "circular_variance": 1 - gosi,
        "hwhh": widths[0],
        "half_width": widths[1],
        "op_ratio": 1 - reduced(preferred, orthogonal),
    }


@lru_cache(maxsize=32)
def noise_selectivity(size: tuple[int, int]) -> dict[str, NDArray[np.float64]]:
    """OSI and global selectivity of filters of Gaussian noise, (h, w) pixels, each at its best frequency: (400,) each.

    F1 of a rectified linear cell is half the amplitude of its weights' Fourier transform at the grating.
    """
    height, width = (min(side, WIDEST) for side in size)
    filters = generator(0, "physiology", "noise filters", height, width).standard_normal((NOISE, height * width))
    y, x = (each.ravel() for each in np.mgrid[:height, :width])
    turn = np.deg2rad(ORIENTATIONS)
    amplitudes = np.empty((len(FREQUENCIES), NOISE, len(ORIENTATIONS)))
    for i, frequency in enumerate(FREQUENCIES):
        across = -(
            y[:, None] * np.cos(turn) + x[:, None] * np.sin(turn)
        )  # up to the origin, which turns the phase only
        angle = 2 * np.pi * frequency * across
        amplitudes[i] = np.hypot(filters @ np.cos(angle), filters @ np.sin(angle))
    best = amplitudes.max(axis=2).argmax(axis=0)
    found = orientation_measures(amplitudes[best, np.arange(NOISE)], ORIENTATIONS)
    return {name: found[name] for name in ("osi", "gosi")}
