"""Single-cell properties of macaque V1 as Marques, Schrimpf & DiCarlo (2021) define them, beside what was published.

Definitions, stimuli and histograms are those of their open benchmark; the histograms were read there off the papers'
figures, so that a count may be off by a bin. Of their 22 properties those of textures are not computed (`MISSING`).
Three conventions of theirs differ from common use, and hold here alone: orientation bandwidth is the half width at .707
of the peak of a smoothed curve, orientation tuning is that of the mean response even of simple cells, and responses are
first mapped onto spikes by two numbers a layer, so that the median cell's blank and best response are a macaque's.
"""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.gratings import grating_map, harmonics
from neuro_cnn.physiology.record import Electrode, Rates
from neuro_cnn.stimuli import HIGHEST, grating

PIXELS_PER_DEGREE = 20.0
"""How large the world is: nothing in a network says it. At 20 the preferred frequencies of 9-pixel filters come near
the macaque's median of 2.85 cycles a degree (our choice); only properties in degrees depend on it."""
ORIENTATIONS = np.arange(0.0, 180.0, 15.0)
FREQUENCIES = 2.0 ** np.arange(-1.375, 3.9, 0.25)
"""Cycles a degree, 22; those that the pixels cannot carry are left out."""
DIAMETERS = 2.0 ** np.arange(-2.25, 3.3, 0.5)
"""Degrees, 12; those beyond the field are left out."""
PHASES = 8
BLANK, BEST, FIRES = 0.82, 33.8, 5.0
"""Spikes a second: the median cell's blank and best response, and from how much above blank on a cell counts."""
LARGEST = 243.1
"""Spikes a second: the best response of their most active cell, by which `FIRES` is set in a network's own units."""
WIDTH = 2**-0.5
"""Part of the peak at which bandwidths are measured (.707 there)."""
MISSING = (
    *("texture_modulation_index", "abs_texture_modulation_index", "texture_selectivity", "texture_sparseness"),
    *("texture_variance_ratio", "max_texture", "max_noise"),
)
"""Properties that need the textures of Portilla & Simoncelli (2000), which this program does not make."""


class Published(NamedTuple):
    """A histogram, its bins' edges and source; () where only words are known."""

    source: str
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    words: str = ""


_OCTAVES = tuple(2.0**k for k in range(-4, 5))
PUBLISHED: dict[str, Published] = {
    "circular_variance": Published("Ringach et al. 2002", words="median about .61 (recalled)"),
    "or_bandwidth": Published("Ringach et al. 2002", words="median about 24 degrees (recalled)"),
    "orth_pref_ratio": Published("Ringach et al. 2002"),
    "or_selective": Published("Ringach et al. 2002"),
    "cv_bandwidth_ratio": Published("Ringach et al. 2002"),
    "opr_cv_diff": Published("Ringach et al. 2002"),
    "pref_or": Published("De Valois et al. 1982", (-22.5, 22.5, 67.5, 112.5, 157.5), (110, 83, 100, 92)),
    "peak_sf": Published(
        "De Valois et al. 1982",
        (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.2, 16.0, 22.4),
        (3, 10, 15, 31, 57, 62, 67, 63, 31, 15, 5, 4),
    ),
    "sf_selective": Published("Schiller et al. 1976", (0.0, 0.5, 1.0), (14, 73)),
    "sf_bandwidth": Published(
        "Schiller et al. 1976", tuple(np.arange(0.0, 101.0, 10.0)), (0, 3, 4, 16, 22, 16, 9, 3, 0, 0)
    ),
    "grating_summation_field": Published("Cavanaugh et al. 2002", _OCTAVES, (0, 9, 30, 55, 42, 10, 2, 0)),
    "surround_diameter": Published("Cavanaugh et al. 2002", _OCTAVES, (0, 0, 2, 20, 33, 49, 40, 4)),
    "surround_suppression_index": Published(
        "Cavanaugh et al. 2002", tuple(np.arange(11) / 5), (66, 44, 38, 23, 16, 3, 0, 0, 0, 0)
    ),
    "modulation_ratio": Published("Ringach et al. 2002", words="two groups, parted at 1"),
    "max_dc": Published("Ringach et al. 2002", words="median 33.8 spikes/s, by construction"),
}
UNITS = {
    "or_bandwidth": "degrees",
    "pref_or": "degrees",
    "peak_sf": "cycles/degree",
    "sf_bandwidth": "%",
    "grating_summation_field": "degrees",
    "surround_diameter": "degrees",
    "max_dc": "spikes/s",
}


class V1Cells(NamedTuple):
    """Properties (n,) of the cells of a layer that fire, NaN where a cell has none, and how many cells there are."""

    properties: dict[str, NDArray[np.float64]]
    cells: int

    def median(self, name: str) -> float | None:
        """The median over the cells that have the property; of a yes or no the share of yes; of an angle None."""
        values = self.properties[name][np.isfinite(self.properties[name])]
        if not len(values) or name == "pref_or":
            return None
        return float(values.mean() if name.endswith("selective") else np.median(values))


class _Fired(NamedTuple):
    """What the cells that fire, `cells` (n,), answer to gratings, in spikes a second.

    `mean` and `modulation` are (n, O, F), `blank` (n,); `slope` is spikes for one unit of the network's responses.
    """

    cells: NDArray[np.int_]
    mean: NDArray[np.float64]
    modulation: NDArray[np.float64]
    blank: NDArray[np.float64]
    slope: float


def v1_cells(electrode: Electrode, pixels_per_degree: float = PIXELS_PER_DEGREE) -> V1Cells:
    """The properties of every plane's cell at the electrode. Raises UsageError where what they see leaves the image."""
    electrode = Rates(*(getattr(electrode, each.name) for each in fields(electrode)))
    frequencies = FREQUENCIES[FREQUENCIES / pixels_per_degree <= HIGHEST]
    if len(frequencies) < 3 or np.sum(DIAMETERS * pixels_per_degree <= min(electrode.sides)) < 2:
        raise UsageError(f"{pixels_per_degree:g} pixels a degree leave too few gratings to show; choose nearer to 20")
    fired = _fired(electrode, frequencies / pixels_per_degree)
    count = len(fired.cells)
    if not count:
        return V1Cells({name: np.empty(0) for name in PUBLISHED}, electrode.planes)
    every = np.arange(count)
    orientation, frequency = np.unravel_index(fired.mean.reshape(count, -1).argmax(axis=1), fired.mean.shape[1:])
    curves = fired.mean[every, :, frequency]  # (n, O)
    best = curves.max(axis=1)
    variance = 1 - np.abs(curves @ np.exp(2j * np.deg2rad(ORIENTATIONS))) / curves.sum(axis=1)
    width, preferred = np.array([bandwidth(curve, ORIENTATIONS) for curve in curves]).T
    ratio = np.roll(curves, len(ORIENTATIONS) // 2, axis=1)[every, orientation] / best
    index, peak = np.array([frequency_tuning(fired.mean[k, orientation[k]], frequencies) for k in every]).T
    field, surround, suppression = np.array(
        [_size(electrode, fired, k, frequencies, pixels_per_degree) for k in range(count)]
    ).T
    return V1Cells(
        {
            "circular_variance": variance,
            "or_bandwidth": width,
            "orth_pref_ratio": ratio,
            "or_selective": np.isfinite(width).astype(float),
            "cv_bandwidth_ratio": variance / width,
            "opr_cv_diff": ratio - variance,
            "pref_or": (preferred + 22.5) % 180 - 22.5,
            "peak_sf": peak,
            "sf_selective": np.isfinite(index).astype(float),
            "sf_bandwidth": index,
            "grating_summation_field": field,
            "surround_diameter": surround,
            "surround_suppression_index": suppression,
            "modulation_ratio": fired.modulation[every, orientation, frequency] / best,
            "max_dc": best,
        },
        electrode.planes,
    )


def _fired(electrode: Electrode, frequencies: NDArray[np.float64]) -> _Fired:
    """Responses to gratings of so many cycles a pixel, mapped onto spikes, of the cells whose best exceeds `FIRES`."""
    found = grating_map(electrode, ORIENTATIONS, frequencies, PHASES).harmonics
    blank = electrode.blank
    mean = np.maximum(np.moveaxis(found.f0 + blank, -1, 0), 0)
    modulation = np.moveaxis(found.f1, -1, 0)
    above = mean.max(axis=(1, 2)) - blank
    if above.max() <= 0:
        return _Fired(np.empty(0, int), mean[:0], modulation[:0], blank[:0], 1.0)
    active = above > FIRES / LARGEST * above.max()
    low, high = np.median(blank[active]), np.median((blank + above)[active])
    slope = float((BEST - BLANK) / (high - low))
    offset = float(BLANK - slope * low)
    cells = np.flatnonzero(slope * above > FIRES)
    spikes = np.maximum(slope * mean[cells] + offset, 0)
    return _Fired(cells, spikes, slope * modulation[cells], np.maximum(slope * blank[cells] + offset, 0), slope)


def bandwidth(curve: NDArray[np.float64], orientations: NDArray[np.float64]) -> tuple[float, float]:
    """Half width at .707 of the peak and preferred orientation, in degrees, of a curve smoothed by [.4, 1, .4] / 1.8.

    The width is NaN where the curve does not fall so far on both sides within 180 degrees.
    """
    smooth = (curve + 0.4 * np.roll(curve, 1) + 0.4 * np.roll(curve, -1)) / 1.8
    around = np.append(orientations, orientations[0] + 180)
    fine = CubicSpline(around, np.append(smooth, smooth[0]), bc_type="periodic")(np.arange(180.0))
    peak = int(fine.argmax())
    low = np.flatnonzero(np.roll(fine, -peak) <= WIDTH * fine[peak])  # degrees above the peak
    width = (low[0] + 180 - low[-1]) / 2 if low.size else np.nan
    return float(width), float(peak)


def frequency_tuning(curve: NDArray[np.float64], frequencies: NDArray[np.float64]) -> tuple[float, float]:
    """Schiller's index, 100 times the lower over the upper frequency at .707 of the peak, and the peak.

    Of a curve smoothed by [.2, 1, .2] / 1.4 (for the peak by [.5, .75, 1, .75, .5] / 3.5). The index is NaN where the
    curve does not fall so far within the range, on both sides.
    """

    def finely(weights: tuple[float, ...]) -> NDArray[np.float64]:
        smooth = np.convolve(np.pad(curve, len(weights) // 2, mode="edge"), weights, "valid") / sum(weights)
        return np.asarray(CubicSpline(octaves, smooth)(steps))

    octaves = np.log2(frequencies)
    steps = np.linspace(octaves[0], octaves[-1], 100)
    fine = finely((0.2, 1.0, 0.2))
    peak = int(fine.argmax())
    low = np.flatnonzero(fine <= WIDTH * fine[peak])
    below, above = low[low < peak], low[low > peak]
    index = 100 * 2 ** (steps[below[-1]] - steps[above[0]]) if below.size and above.size else np.nan
    return float(index), float(2 ** steps[finely((0.5, 0.75, 1.0, 0.75, 0.5)).argmax()])


def size_tuning(curve: NDArray[np.float64], diameters: NDArray[np.float64]) -> tuple[float, float, float]:
    """Summation field, surround diameter and suppression index of responses above blank to growing gratings.

    The field is the smallest diameter with .95 of the peak; the surround the first beyond the peak within .05 of the
    response to the largest. Both are NaN for cells that are suppressed by a tenth or less.
    """
    peak, last = curve.max(), curve[-1]
    if peak <= 0:
        return np.nan, np.nan, np.nan
    index = float((peak - last) / peak)
    if index <= 0.1:
        return np.nan, np.nan, index
    beyond = (curve <= last + 0.05 * abs(last)) & (np.arange(len(curve)) > curve.argmax())
    return float(diameters[curve >= 0.95 * peak][0]), float(diameters[beyond][0]), index


def _size(
    electrode: Electrode, fired: _Fired, k: int, frequencies: NDArray[np.float64], pixels_per_degree: float
) -> tuple[float, float, float]:
    """Size tuning of one cell, at the grating and by the component, mean or modulation, that it answers most."""
    both = np.stack([fired.mean[k] - fired.blank[k], fired.modulation[k]])
    component, orientation, frequency = np.unravel_index(both.argmax(), both.shape)
    diameters = DIAMETERS[DIAMETERS * pixels_per_degree <= min(electrode.sides)]
    shown = grating(
        electrode.sides,
        ORIENTATIONS[orientation],
        frequencies[frequency] / pixels_per_degree,
        2 * np.pi * np.arange(PHASES) / PHASES,
        diameter=diameters[:, None] * pixels_per_degree,
        centre=electrode.centre,
    )
    seen = harmonics(electrode.respond(shown), electrode.blank)
    curve = (seen.f1 if component else seen.f0)[:, fired.cells[k]]
    return size_tuning(fired.slope * curve, diameters)


def similarity(values: NDArray[np.float64], published: Published) -> float | None:
    """1 minus the Kolmogorov-Smirnov distance of a property's distribution to the published one.

    The distance is over the largest that any distribution could have, as there; values beyond the bins count in the
    outermost. None where there is no published histogram or no value.
    """
    values = values[np.isfinite(values)]
    if not published.counts or not values.size:
        return None
    edges = np.array(published.edges)
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return _kolmogorov(counts, np.array(published.counts))


def ceiling(published: Published, seed: int = 0, draws: int = 1000) -> float | None:
    """The similarity that as many cells drawn from the published histogram itself have to it, on average."""
    if not published.counts:
        return None
    counts = np.array(published.counts)
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), counts / counts.sum(), draws)
    return float(np.mean([_kolmogorov(each, counts) for each in drawn]))


def _kolmogorov(counts: NDArray[np.int_], published: NDArray[np.int_]) -> float:
    ours, theirs = (np.cumsum(each) / each.sum() for each in (counts, published))
    most = max(1 - theirs[0], theirs[-2])  # all cells in the first bin, or all in the last
    return float(1 - np.abs(ours - theirs).max() / most)
