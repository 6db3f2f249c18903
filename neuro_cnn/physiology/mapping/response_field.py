"""The minimal response field: from where a small patch of its best grating still drives a cell."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.stimuli import grating

LEVEL = 0.05
"""Share of the largest response from which a place belongs to the field (Marques et al. 2021, by Brain-Score)."""
PLACES, PHASES = 15, 4
"""Places a side at most, and phases at each, of which the largest response counts (our choice)."""


WORDS = {
    "area": Measure(f"area from which a patch gives {100 * LEVEL:g} % of the largest response", "pixels"),
    "diameter": Measure("diameter of the response field, a disc of the same area", "pixels"),
    "row": Measure("middle of the field, row", "pixels"),
    "column": Measure("middle of the field, column", "pixels"),
}


def response_field(preparation: Preparation) -> Findings:
    """Where a patch of its own best grating, one cycle wide, drives each cell: area and middle.

    Raises UsageError where the box leaves the image.
    """
    electrode, best = preparation.electrode.whole(), preparation.gratings
    box = electrode.box
    apart = max(ceil(side / PLACES) for side in box.sides)
    maps = np.zeros((electrode.planes, *(ceil(side / apart) for side in box.sides)))
    pairs = np.stack([best.orientation, best.frequency], axis=1)
    for orientation, frequency in np.unique(pairs[~best.silent], axis=0):
        cells = np.flatnonzero(np.all(pairs == (orientation, frequency), axis=1) & ~best.silent)
        maps[cells] = moved_patch(electrode, float(orientation), float(frequency), apart)[cells]
        preparation.step()
    peak = maps.max(axis=(1, 2))
    inside = (maps >= LEVEL * peak[:, None, None]) & (maps > 0)
    count = np.where(peak > 0, inside.sum(axis=(1, 2)), np.nan)
    y, x = np.indices(maps.shape[1:])
    row, column = ((inside * at).sum(axis=(1, 2)) / count * apart for at in (y, x))
    return Findings(
        protocol="response field",
        title="Minimal response fields",
        measures={
            "area": count * apart**2,
            "diameter": 2 * np.sqrt(count / np.pi) * apart,
            "row": box.top + (apart - 1) / 2 + row,
            "column": box.left + (apart - 1) / 2 + column,
        },
        verdicts=[Verdict() if peak[k] > 0 else Verdict("silent", "answers to no patch") for k in range(len(peak))],
        words=WORDS,
        shown=Maps(
            maps.repeat(apart, axis=1).repeat(apart, axis=2)[:, : box.sides[0], : box.sides[1]],
            (box.top, box.left),
            "response above blank",
        ),
        shown_in=("diameter",),
        notes=(f"A patch of the cell's best grating, one cycle wide, every {apart} pixels, in {PHASES} phases.",),
        stimuli={"box": list(box), "apart": apart, "phases": PHASES, "level": LEVEL},
    )


def moved_patch(electrode: Electrode, orientation: float, frequency: float, apart: int = 1) -> NDArray[np.float64]:
    """Every cell's largest response above blank over phases, (K, h, w), to a patch one cycle wide at places so many
    pixels apart over the receptive box."""
    (height, width), middle = electrode.sides, (apart - 1) / 2
    phases = 2 * np.pi * np.arange(PHASES) / PHASES
    centre = (height + middle, width + middle)
    large = grating(  # of which every place cuts a part
        (2 * height, 2 * width), orientation, frequency, phases, diameter=max(1 / frequency, 1.0), centre=centre
    )
    rows, columns = (range(part.start, part.stop, apart) for part in electrode.box.cut(electrode.sides))
    lines = []
    for row in rows:
        cut = large[:, height - row : 2 * height - row]
        shown = np.stack([cut[:, :, width - column : 2 * width - column] for column in columns], axis=1)
        lines.append(electrode.respond(shown).max(axis=0) - electrode.blank)
    return np.moveaxis(np.array(lines), -1, 0)
