"""Simple or complex: how far the response follows the phase of drifting and of counterphase gratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.gratings import GratingMap, harmonics
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.stimuli import Stimulus, counterphase, grating

FINE = 2 * np.pi * np.arange(24) / 24
"""Phases of the best grating: 24 hold F1/F0 of a rectified cell within .01 of pi/2."""
STANDING = np.pi * np.arange(8) / 8
"""Spatial phases of counterphase gratings; the other half cycle is the same half a period later."""
TIMES = 2 * np.pi * np.arange(16) / 16
PULSE = 2.0
"""F1/F0 of a cell that answers at one phase alone, more than which none reaches that is silent at rest (analytic)."""
HEARD = 0.05
"""Share of the best response below which F1/F0 says nothing of a frequency (our choice)."""
WORDS = {
    "f1_f0": Measure("F1/F0 at the preferred frequency", "", "simple above 1 (Skottun et al. 1991)", 1.0),
    "complex_from": Measure("lowest frequency from which on F1/F0 stays below 1", "cycles/px"),
    "doubling": Measure(
        "frequency doubling F2 / (F1 + F2) in counterphase",
        "",
        "F2 = F1 (Hochstein & Shapley 1976)",
        0.5,
    ),
}


def phase(preparation: Preparation) -> Findings:
    """Modulation by the phase of each cell's best grating: F1/F0, there and at every frequency, and F2 of counterphase.

    A cell is unfit where its mean hardly rises above blank, as that of one without rectification does not.
    """
    gratings = preparation.gratings
    ratio = _drifting(preparation)
    curves = ratio_curves(gratings)
    verdicts = preparation.heard()
    for k in np.flatnonzero(~gratings.silent & ~np.isfinite(ratio)):
        verdicts[k] = Verdict("unfit", "its mean response stays at blank, so that F1/F0 has no bound")
    for k in np.flatnonzero(np.isfinite(ratio) & (ratio > PULSE + 1e-3)):
        verdicts[k] = Verdict("unfit", f"F1/F0 of {ratio[k]:.1f}: it answers at rest, and gratings lower it as well")
    measures = {
        "f1_f0": np.where(np.isfinite(ratio), ratio, np.nan),
        "complex_from": complex_from(curves, gratings.frequencies),
        "doubling": _doubling(preparation),
    }
    return Findings(
        "phase",
        "Modulation by phase",
        {name: np.where(gratings.silent, np.nan, values) for name, values in measures.items()},
        verdicts,
        WORDS,
        Curves(Axis("spatial frequency", "cycles/px", gratings.frequencies, log=True), curves, "F1/F0"),
        ("f1_f0", "doubling"),
        (
            "Every rectified linear cell has F1/F0 = 1.57: that certifies the protocol. A cell that takes the maximum "
            "over a stretch L along the grating is simple below .258 / L cycles/px and complex above.",
            "Two classes by F1/F0 can come from rectification alone (Mechler & Ringach 2002), and F1/F0 need not go "
            "with the overlap of ON and OFF (Kagan, Gur & Snodderly 2002).",
        ),
        {"phases": len(FINE), "standing_phases": len(STANDING), "times": len(TIMES), "contrast": 1.0},
    )


def ratio_curves(gratings: GratingMap) -> NDArray[np.float64]:
    """F1/F0 at every frequency and each cell's best orientation, (K, F); NaN where a cell hardly answers."""
    cells = np.arange(len(gratings.best))
    f0, f1 = (np.moveaxis(each, -1, 0)[cells, gratings.best[:, 0]] for each in gratings.harmonics[:2])
    answered = (np.maximum(f0, f1) > HEARD * np.maximum(f0, f1).max(axis=1, keepdims=True)) & (f0 > 0)
    return np.where(answered, f1 / np.where(answered, f0, 1), np.nan)


def complex_from(curves: NDArray[np.float64], frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """The frequency at which F1/F0 falls below 1 for good: (K, F), (F,) -> (K,), NaN where the last is not below."""
    found = np.full(len(curves), np.nan)
    for k, curve in enumerate(curves):
        known = np.flatnonzero(np.isfinite(curve))
        above = known[curve[known] >= 1]
        if not known.size or (above.size and above[-1] == known[-1]):
            continue
        if not above.size:
            found[k] = frequencies[known[0]]
            continue
        last, following = above[-1], known[known > above[-1]][0]
        ratios, between = np.log(curve[[following, last]] + 1e-12), np.log(frequencies[[following, last]])
        found[k] = np.exp(np.interp(0.0, ratios, between))
    return found


def _drifting(preparation: Preparation) -> NDArray[np.float64]:
    """F1/F0 of the best grating in fine steps of phase, (K,)."""
    found, close = preparation.gratings, preparation.close

    def draw(plane: int) -> Stimulus:
        return grating(close.sides, found.orientation[plane], found.frequency[plane], FINE, centre=close.centre)

    return harmonics(preparation.each(draw, found.silent).T, close.blank).ratio


def _doubling(preparation: Preparation) -> NDArray[np.float64]:
    """F2 / (F1 + F2): the mean F2 over spatial phases and the largest F1 (Hochstein & Shapley 1976), (K,)."""
    found, close = preparation.gratings, preparation.close

    def draw(plane: int) -> Stimulus:
        best = found.orientation[plane], found.frequency[plane]
        return counterphase(close.sides, *best, STANDING[:, None], TIMES, centre=close.centre)  # (P, T, H, W)

    spectrum = np.abs(np.fft.rfft(preparation.each(draw, found.silent), axis=-1))  # (K, P, frequencies of time)
    f1, f2 = spectrum[..., 1].max(axis=1), spectrum[..., 2].mean(axis=1)
    return np.where(f1 + f2 > 0, f2 / np.where(f1 + f2 > 0, f1 + f2, 1), np.nan)
