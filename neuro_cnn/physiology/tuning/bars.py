"""Each cell's best bar, moved across its axis, and made longer and shorter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.tuning.summation import diameters, summation
from neuro_cnn.physiology.tuning.tuning_curves import reduced, sides
from neuro_cnn.stimuli import Stimulus, bar

STEP, MOST = 0.5, 121
"""Pixels between two positions, and positions at most: beyond them steps are wider (our choice)."""
STOPPED = 0.5
"""End-stopping beyond which a cell is hypercomplex."""
POSITION = {
    "width": Measure("width of the response across the bar, at half height", "px"),
    "best": Measure("best position from the middle of what the cell sees", "px"),
    "polarity": Measure("light over light and dark, each at its best position", "", "both alike at .5", 0.5),
}
LENGTH = {
    "end_stopping": Measure("end-stopping (Rmax - Rlong) / Rmax", "", "end-stopped above .5", STOPPED),
    "best_length": Measure("length at 95 % of the largest response", "px"),
}
QUIET = "silent to bars of every orientation and length, light or dark"


def _heard(preparation: Preparation) -> tuple[list[Verdict], NDArray[np.bool_]]:
    """A verdict a cell, and which cells answer to bars, (K,)."""
    found = preparation.bars
    heard = ~found.silent & (found.response > 0)
    return [Verdict() if each else Verdict("silent", QUIET) for each in heard], heard


def position(preparation: Preparation) -> Findings:
    """Responses to each cell's best bar, light and dark, at every position across its axis."""
    close, found = preparation.close, preparation.bars
    reach = preparation.extent / 2 + 2  # at either end the widest bar has left what the cell sees
    offsets = np.linspace(-reach, reach, min(2 * int(np.ceil(reach / STEP)) + 1, MOST))

    def draw(plane: int) -> Stimulus:
        kind = found.orientation[plane], found.width[plane], found.length[plane]
        return bar(close.sides, *kind, offsets, np.array([[1.0], [-1.0]]), close.centre)  # (2, P, H, W)

    answered = np.maximum(preparation.each(draw, found.silent) - close.blank[:, None, None], 0)
    curves = np.where(found.contrast[:, None] > 0, answered[:, 0], answered[:, 1])
    crossed = sides(curves)
    light, dark = answered.max(axis=2).T
    verdicts, heard = _heard(preparation)
    measures = {
        "width": (crossed.high - crossed.low) * (offsets[1] - offsets[0]),
        "best": offsets[curves.argmax(axis=1)],
        "polarity": light / np.where(light + dark > 0, light + dark, 1),
    }
    return Findings(
        "position",
        "Bars across the preferred orientation",
        {name: np.where(heard, values, np.nan) for name, values in measures.items()},
        verdicts,
        POSITION,
        Curves(Axis("position across the bar", "px", offsets), curves),
        ("width", "polarity"),
        ("Bars are each cell's best among widths of 1 to 3 px, three lengths, all orientations, light and dark.",),
        {"offsets": offsets, **{name: getattr(found, name) for name in found._fields[:5]}},
    )


def length(preparation: Preparation) -> Findings:
    """Responses to each cell's best bar at growing length."""
    close, found = preparation.close, preparation.bars
    shown = diameters(preparation.extent)

    def draw(plane: int) -> Stimulus:
        angle, width, offset, contrast = (
            each[plane] for each in (found.orientation, found.width, found.offset, found.contrast)
        )
        return bar(close.sides, angle, width, shown, offset, contrast, close.centre)  # (n, H, W)

    curves = np.maximum(preparation.each(draw, found.silent) - close.blank[:, None], 0)
    stopping = reduced(curves.max(axis=1), curves[:, -1])
    verdicts, heard = _heard(preparation)
    stopped = int(np.sum(stopping[heard] > STOPPED))
    return Findings(
        "length",
        "Length tuning",
        {
            "end_stopping": np.where(heard, stopping, np.nan),
            "best_length": np.where(heard, summation(curves, shown), np.nan),
        },
        verdicts,
        LENGTH,
        Curves(Axis("length of the bar", "px", shown, log=True), curves),
        ("end_stopping", "best_length"),
        (
            f"{stopped} of {heard.sum()} cells that answer are end-stopped.",
            "Bars stand at the best position across their axis, in the middle of what cells see along it.",
        ),
        {"lengths": shown, **{name: getattr(found, name) for name in ("orientation", "width", "offset", "contrast")}},
    )
