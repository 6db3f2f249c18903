"""Subfields of a receptive field: where light excites, where darkness does, and how far the two lie apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.stimuli import grid

HALF = 0.5
"""Share of a subfield's peak at which its outline and its width are taken (our choice)."""
FAINT = 0.05
"""Share of the larger peak below which a cell has but one subfield: a monocontrast cell (our choice)."""


class Ellipse(NamedTuple):
    """Middle of a field (row, column), standard deviations along and across its long axis, and that axis' orientation
    in degrees, counter-clockwise from horizontal; NaN for a field of zeros."""

    row: float
    column: float
    major: float
    minor: float
    tilt: float


def overlap_index(on: NDArray[Any], off: NDArray[Any], orientation: float) -> float:
    """(W - |D|) / (W + |D|) of a cell's light and dark responses, (h, w) each, in profile across its orientation.

    W is the mean width of both profiles at half height around their peaks, D the distance of their middles (Kagan, Gur
    & Snodderly 2002): 1 where they coincide, 0 where they touch. NaN for a monocontrast cell.
    """
    if min(on.max(), off.max()) <= FAINT * max(on.max(), off.max()):
        return float("nan")
    (first, last), (start, stop) = (_extent(profile(np.maximum(each, 0), orientation)) for each in (on, off))
    width = ((last - first) + (stop - start)) / 2
    distance = abs((first + last) / 2 - (start + stop) / 2)
    return (width - distance) / (width + distance)


def shared_area(on: NDArray[Any], off: NDArray[Any]) -> float:
    """Area that both subfields cover over the area that either does, each from half of its peak on; NaN without any."""
    inside = [each >= HALF * each.max() if each.max() > 0 else np.zeros(each.shape, bool) for each in (on, off)]
    either = np.sum(inside[0] | inside[1])
    return float(np.sum(inside[0] & inside[1]) / either) if either else float("nan")


def profile(field: NDArray[Any], orientation: float) -> NDArray[np.float64]:
    """A field (h, w) summed along bars of an orientation, a value for every pixel across them."""
    across, _ = grid((field.shape[0], field.shape[1]), orientation)
    across = across - across.min()
    low = np.floor(across).astype(int)
    part = across - low  # of a pixel between two places each gets its share
    size = low.max() + 2
    below, above = (np.bincount((low + k).ravel(), (field * w).ravel(), size) for k, w in ((0, 1 - part), (1, part)))
    return np.asarray(below + above)


def ellipse(field: NDArray[Any]) -> Ellipse:
    """The ellipse with the second moments of a field (h, w) of values from 0 up."""
    total = field.sum()
    if total <= 0:
        return Ellipse(*[float("nan")] * 5)
    y, x = np.indices(field.shape)
    row, column = (float((field * at).sum() / total) for at in (y, x))
    up, right = row - y, x - column  # rows go down, angles up
    moments = [[(field * a * b).sum() / total for b in (right, up)] for a in (right, up)]
    values, vectors = np.linalg.eigh(np.array(moments))
    along = vectors[:, 1]
    minor, major = np.sqrt(np.maximum(values, 0))
    return Ellipse(row, column, float(major), float(minor), float(np.rad2deg(np.arctan2(along[1], along[0])) % 180))


def _extent(values: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where a profile stays above half of its peak around it, between pixels by interpolation."""
    values = np.concatenate([[0.0], values, [0.0]])
    peak, level = int(np.argmax(values)), HALF * values.max()
    low = high = peak
    while values[low - 1] > level:
        low -= 1
    while values[high + 1] > level:
        high += 1
    first = low - (values[low] - level) / (values[low] - values[low - 1])
    return first, high + (values[high] - level) / (values[high] - values[high + 1])
