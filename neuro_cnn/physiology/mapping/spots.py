"""Spot maps: the response to a spot of light, and to one of darkness, at every pixel of the receptive box."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict
from neuro_cnn.physiology.mapping.subfields import FAINT, ellipse, overlap_index, shared_area
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.stimuli import spot

DIAMETERS = (1.0, 2.0, 3.0)
"""Pixels; each cell is mapped with the spot that it answers to most (our choice)."""


class SpotMaps(NamedTuple):
    """Responses above blank to light and to dark spots, (K, h, w) from the pixel `corner` on."""

    on: NDArray[np.float64]
    off: NDArray[np.float64]
    corner: tuple[int, int]

    @property
    def signed(self) -> NDArray[np.float64]:
        """Light minus dark."""
        return self.on - self.off


def spot_maps(
    electrode: Electrode, diameter: float = 1.0, contrast: float = 1.0, step: Callable[[], None] = lambda: None
) -> SpotMaps:
    """Every cell's responses above blank to spots on every pixel of its receptive box.

    Raises UsageError where the box leaves the image.
    """
    electrode = electrode.whole()
    rows, columns = (np.arange(part.start, part.stop) for part in electrode.box.cut(electrode.sides))
    lines = []
    for row in rows:  # a row at a time, for memory
        light = spot(electrode.sides, diameter, contrast, (float(row), columns))
        lines.append([electrode.respond(each) - electrode.blank for each in (light, -light)])
        step()
    on, off = np.moveaxis(np.array(lines), (0, 1, 2, 3), (2, 0, 3, 1))  # (rows, 2, columns, K) -> (2, K, rows, columns)
    return SpotMaps(on, off, (electrode.box.top, electrode.box.left))


def spot_map(preparation: Preparation) -> Findings:
    """ON and OFF subfields by light and dark spots: how far they overlap, and where the field lies.

    Raises UsageError where the box leaves the image.
    """
    electrode = preparation.electrode.whole()
    sizes = [spot_maps(electrode, diameter, step=preparation.step) for diameter in DIAMETERS]
    light, dark = np.array([each.on for each in sizes]), np.array([each.off for each in sizes])
    peaks = np.maximum(light, dark).max(axis=(2, 3))
    best = peaks.argmax(axis=0)
    cells = np.arange(electrode.planes)
    on, off = (np.stack([each[best[k], k] for k in cells]) for each in (light, dark))
    answers = peaks.max(axis=0) > 1e-6 * np.maximum(np.abs(electrode.blank), 1e-6)
    silent = np.where(answers, 1.0, np.nan)
    angles = preparation.gratings.orientation
    fields = np.maximum(on, 0) + np.maximum(off, 0)
    outlines = np.array([ellipse(field) for field in fields]) * silent[:, None]
    low, high = np.sort([on.max(axis=(1, 2)), off.max(axis=(1, 2))], axis=0)
    return Findings(
        protocol="spots",
        title="Spot maps",
        measures={
            "overlap": np.array([overlap_index(*each) for each in zip(on, off, angles, strict=True)]) * silent,
            "shared": np.array([shared_area(*each) for each in zip(on, off, strict=True)]) * silent,
            "monocontrast": (low <= FAINT * high) * silent,
            "row": outlines[:, 0] + electrode.box.top,
            "column": outlines[:, 1] + electrode.box.left,
            "major": outlines[:, 2],
            "minor": outlines[:, 3],
            "tilt": outlines[:, 4],
            "diameter": np.array(DIAMETERS)[best] * silent,
        },
        verdicts=[Verdict() if answers[k] else Verdict("silent", "answers to no spot") for k in cells],
        words=WORDS,
        shown=Maps(on - off, (electrode.box.top, electrode.box.left), "light minus dark response above blank"),
        shown_in=("overlap", "shared"),
        notes=(
            f"Spots of {', '.join(f'{each:g}' for each in DIAMETERS)} pixels at contrast 1 on every pixel of the "
            "receptive box; each cell by the spot that it answers to most. A C-cell's map does not predict its answers "
            "to bars.",
        ),
        stimuli={"box": list(electrode.box), "diameters": list(DIAMETERS), "contrast": 1.0},
    )


WORDS = {
    "overlap": Measure(
        "ON/OFF overlap index in profile across the preferred orientation",
        "",
        "Kagan, Gur & Snodderly 2002, alert macaque: 0.5 or more in 78 % (complex), 0.3 or less in 14 % (simple)",
        0.5,
    ),
    "shared": Measure("area shared by the ON and OFF subfields over that of both"),
    "monocontrast": Measure("answers to light or to dark spots only", "1 is yes", "Kagan et al. 2002: 8 %"),
    "row": Measure("middle of the field, row", "pixels"),
    "column": Measure("middle of the field, column", "pixels"),
    "major": Measure("standard deviation along the field's long axis", "pixels"),
    "minor": Measure("standard deviation across it", "pixels"),
    "tilt": Measure("orientation of the long axis", "degrees", period=180.0),
    "diameter": Measure("spot that it answers to most", "pixels"),
}
