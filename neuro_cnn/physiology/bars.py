"""Bars at each cell's best orientation: how they are answered across their axis, and at what length best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Axis, Curves, Findings, Measure, Verdict, silent
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.summation import diameters
from neuro_cnn.physiology.tuning_curves import reduced, sides
from neuro_cnn.stimuli import Stimulus, bar

STEP, MOST = 0.5, 121
"""Pixels between two positions, and positions at most: beyond them steps are wider (our choice)."""
STOPPED = 0.5
"""End-stopping beyond which a cell is hypercomplex."""
POSITION = {
    "width": Measure("width of the response across the bars, at half height", "px"),
    "best": Measure("best position from the middle of what the cell sees", "px"),
    "polarity": Measure("light over light and dark, each at its best position", "", "both alike at .5", 0.5),
}
LENGTH = {
    "end_stopping": Measure("end-stopping (Rmax - Rlong) / Rmax", "", "end-stopped above .5", STOPPED),
    "best_length": Measure("best length", "px"),
}
QUIET = "silent to bars of its best orientation, light or dark"


class BarMap(NamedTuple):
    """Responses above blank to light and dark bars, (K, 2, P), at offsets (P,) in pixels; widths (K,)."""

    offsets: NDArray[np.float64]
    widths: NDArray[np.float64]
    responses: NDArray[np.float64]
    silent: NDArray[np.bool_]

    @property
    def light(self) -> NDArray[np.bool_]:
        """Whose best bar is light, (K,)."""
        peaks = self.responses.max(axis=2)
        return np.asarray(peaks[:, 0] >= peaks[:, 1])

    @property
    def curves(self) -> NDArray[np.float64]:
        """Responses across bars of each cell's better polarity, from 0 up: (K, P)."""
        return np.maximum(np.where(self.light[:, None], self.responses[:, 0], self.responses[:, 1]), 0)


def bar_map(preparation: Preparation) -> BarMap:
    """Long bars of each cell's best orientation, half a period of its best frequency wide, across all that it sees."""
    found, close = preparation.gratings, preparation.close
    reach = 0.75 * preparation.extent  # at either end even the widest bar has left what the cell sees
    offsets = np.linspace(-reach, reach, min(2 * int(np.ceil(reach / STEP)) + 1, MOST))
    widths = np.clip(0.5 / found.frequency, 1, max(preparation.extent / 2, 1))

    def draw(plane: int) -> Stimulus:
        polarity = np.array([[1.0], [-1.0]])
        angle, width = found.orientation[plane], widths[plane]
        return bar(close.sides, angle, width, offset=offsets, contrast=polarity, centre=close.centre)  # (2, P, H, W)

    answered = preparation.each(draw)
    quiet = silent(np.moveaxis(answered, 0, -1), close.blank)
    return BarMap(offsets, widths, answered - close.blank[:, None, None], quiet)


def position(preparation: Preparation) -> Findings:
    """Responses to bars at every position across each cell's best orientation."""
    found = bar_map(preparation)
    crossed = sides(found.curves)
    step = found.offsets[1] - found.offsets[0]
    light, dark = np.maximum(found.responses, 0).max(axis=2).T
    heard = ~found.silent & (light + dark > 0)
    measures = {
        "width": (crossed.high - crossed.low) * step,
        "best": found.offsets[found.curves.argmax(axis=1)],
        "polarity": light / np.where(light + dark > 0, light + dark, 1),
    }
    verdicts = [Verdict() if each else Verdict("silent", QUIET) for each in heard]
    return Findings(
        "position",
        "Bars across the preferred orientation",
        {name: np.where(heard, values, np.nan) for name, values in measures.items()},
        verdicts,
        POSITION,
        Curves(Axis("position across the bars", "px", found.offsets), found.curves),
        ("width", "polarity"),
        ("Bars are half a period of the best grating wide, as long as the field, and of the better polarity.",),
        {"offsets": found.offsets, "widths": found.widths, "contrast": 1.0},
    )


def length(preparation: Preparation) -> Findings:
    """Responses to bars of growing length at each cell's best orientation, position and polarity."""
    across, close, found = bar_map(preparation), preparation.close, preparation.gratings
    shown = diameters(preparation.extent)
    best = across.offsets[across.curves.argmax(axis=1)]

    def draw(plane: int) -> Stimulus:
        angle, width = found.orientation[plane], across.widths[plane]
        sign = 1.0 if across.light[plane] else -1.0
        return bar(close.sides, angle, width, shown, best[plane], sign, close.centre)  # (n, H, W)

    curves = np.maximum(preparation.each(draw) - close.blank[:, None], 0)
    heard = ~across.silent & (curves.max(axis=1) > 0)
    stopping = reduced(curves.max(axis=1), curves[:, -1])
    verdicts = [Verdict() if each else Verdict("silent", QUIET) for each in heard]
    stopped = int(np.sum(stopping[heard] > STOPPED))
    return Findings(
        "length",
        "Length tuning",
        {
            "end_stopping": np.where(heard, stopping, np.nan),
            "best_length": np.where(heard, shown[curves.argmax(axis=1)], np.nan),
        },
        verdicts,
        LENGTH,
        Curves(Axis("length of the bar", "px", shown, log=True), curves),
        ("end_stopping", "best_length"),
        (
            f"{stopped} of {heard.sum()} cells that answer are end-stopped.",
            "Bars stand at the best position across their axis, in the middle of what cells see along it.",
        ),
        {"lengths": shown, "widths": across.widths, "contrast": 1.0},
    )
