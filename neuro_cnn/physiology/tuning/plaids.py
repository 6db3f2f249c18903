"""Cross-orientation suppression: what a grating across the preferred one takes from its response."""

from __future__ import annotations

from functools import partial

import numpy as np

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.gratings import harmonics
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.tuning_curves import reduced
from neuro_cnn.stimuli import Stimulus, plaid

TEST = 0.32
MASKS = np.array([0.0, 0.08, 0.16, 0.32, 0.64])
"""Contrasts of the test and of the mask."""
TEST_PHASES, MASK_PHASES = (2 * np.pi * np.arange(count) / count for count in (8, 16))
WORDS = {
    "xos": Measure(
        "suppression at equal contrast, 1 - R(test + mask) / R(test)",
        "",
        "macaque V1 about .4 to .5 (recalled)",
        0.45,
    ),
    "xos_high": Measure("suppression by a mask of twice the contrast"),
}


def cross_orientation(preparation: Preparation) -> Findings:
    """Responses to each cell's best grating at contrast .32 under one at right angles, the mean over its 16 phases."""
    found, close = preparation.gratings, preparation.close

    def draw(plane: int, mask: float) -> Stimulus:
        angle, frequency = found.orientation[plane], found.frequency[plane]
        return plaid(
            close.sides,
            (angle, (angle + 90) % 180),
            (frequency, frequency),
            (TEST_PHASES, MASK_PHASES[:, None]),
            (TEST, mask),
            centre=close.centre,
        )  # (phases of the mask, of the test, H, W)

    curves = np.empty((len(found.silent), len(MASKS)))
    for place, mask in enumerate(MASKS):
        responses = preparation.each(partial(draw, mask=mask), found.silent)
        answered = harmonics(np.moveaxis(responses, 0, -1), close.blank)  # (phases of the mask, K)
        curves[:, place] = np.where(found.simple, answered.f1, answered.f0).mean(axis=0)
    alone = curves[:, 0]
    verdicts = preparation.heard()
    for k in np.flatnonzero(~found.silent & ~(alone > 0)):
        verdicts[k] = Verdict("silent", f"silent to its best grating at contrast {TEST:g}")
    heard = ~found.silent & (alone > 0)
    shut = int(np.sum(heard & (curves[:, -1] <= 0)))
    return Findings(
        "plaid",
        "Cross-orientation suppression",
        {
            name: np.where(heard, reduced(alone, curves[:, place]), np.nan)
            for name, place in (("xos", int(np.flatnonzero(MASKS == TEST)[0])), ("xos_high", -1))
        },
        verdicts,
        WORDS,
        Curves(Axis("contrast of the mask", "", MASKS), curves),
        ("xos", "xos_high"),
        (
            f"Test of contrast {TEST:g}, mask at right angles and of the same frequency, mean over {len(MASK_PHASES)} "
            "of its phases.",
            f"{shut} of {heard.sum()} cells that answer are shut off by the strongest mask: there suppression is 1 "
            "whatever held them down.",
        ),
        {"test": TEST, "masks": MASKS, "test_phases": len(TEST_PHASES), "mask_phases": len(MASK_PHASES)},
    )
