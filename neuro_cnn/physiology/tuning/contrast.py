"""Contrast responses: how fast they rise, and where they saturate."""

from __future__ import annotations

import numpy as np

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.naka_rushton import NakaRushton, naka_rushton

CONTRASTS = np.geomspace(0.01, 1.0, 12)
EXPLAINED = 0.9
"""Share of variance below which the fit is none (our choice)."""
STEEPEST = 10.0
"""Exponents beyond are those of a threshold, not of saturation (our choice)."""
MEASURES = ("n", "c50", "rmax", "s", "r2")
WORDS = {
    "n": Measure("exponent n", "", "macaque V1 2 to 2.5 (Sclar, Maunsell & Lennie 1990, recalled)", 2.0),
    "c50": Measure(
        "half-saturation contrast c50", "", "macaque V1 .2 to .35 (Sclar, Maunsell & Lennie 1990, recalled)", 0.3
    ),
    "rmax": Measure("largest response Rmax"),
    "s": Measure("Peirce's factor s, above 1 where responses fall again"),
    "r2": Measure("variance explained R2"),
}


def contrast(preparation: Preparation) -> Findings:
    """Responses to each cell's best grating at growing contrast, with the Naka-Rushton function fitted.

    A cell is unfit where its response does not saturate, so that c50 and Rmax cannot be told, or where little is
    explained.
    """
    curves = preparation.best_gratings(contrast=CONTRASTS)
    verdicts = preparation.heard()
    fits = np.full(curves.shape, np.nan)
    measures = {name: np.full(len(curves), np.nan) for name in MEASURES}
    for k in np.flatnonzero(~preparation.gratings.silent & (curves.max(axis=1) > 0)):
        found = naka_rushton(CONTRASTS, curves[k])
        fits[k] = found.curve
        for name in MEASURES:
            measures[name][k] = getattr(found, name)
        verdicts[k] = _verdict(found)
    linear = sum("saturate" in verdict.reason for verdict in verdicts)
    return Findings(
        "contrast",
        "Contrast response",
        measures,
        verdicts,
        WORDS,
        Curves(Axis("contrast", "", CONTRASTS, log=True), curves, "response above blank", fits),
        ("n", "c50"),
        (
            "Lines are R = Rmax c^n / (c^n + c50^n), above blank (Naka & Rushton 1966), with Peirce's factor (2007) "
            "where a response falls at high contrast.",
            f"{linear} of {len(curves)} cells do not saturate: of a response that grows in proportion to contrast, "
            "as a rectified linear cell's does, c50 and Rmax cannot be told apart.",
        ),
        {"contrasts": CONTRASTS},
    )


def _verdict(found: NakaRushton) -> Verdict:
    if np.isnan(found.c50):
        return Verdict("unfit", f"does not saturate: grows as contrast to the power of {found.n:.2f}")
    if found.n > STEEPEST:
        return Verdict("unfit", f"an exponent of {found.n:.0f} is that of a threshold, from which on a response grows")
    if found.r2 < EXPLAINED:
        return Verdict("unfit", f"the Naka-Rushton function explains {100 * found.r2:.0f} % of the variance")
    return Verdict()
