"""Reading a tuning curve: where it peaks, and where it falls to a share of its peak on either side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HALF, ROOT_HALF = 0.5, float(np.sqrt(0.5))
"""Heights at which widths are read. Published widths mix the two, and full widths with half ones."""


class Peak(NamedTuple):
    """Where curves peak, in steps along their axis and fractions of one, (K,), and how high, (K,)."""

    place: NDArray[np.float64]
    height: NDArray[np.float64]


class Sides(NamedTuple):
    """Where curves cross a height below and above their peak, in steps along their axis, (K,); NaN where never."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def peak(curves: NDArray[np.float64], circular: bool = False) -> Peak:
    """The vertex of the parabola through the largest value of each curve (K, n) and its neighbours.

    At the end of an axis that is not circular the largest value itself.
    """
    count = curves.shape[1]
    cell, top = np.arange(len(curves)), curves.argmax(axis=1)
    beside = (top - 1) % count, (top + 1) % count
    before, best, after = curves[cell, beside[0]], curves[cell, top], curves[cell, beside[1]]
    bend = before - 2 * best + after
    inside = (bend < 0) & (circular | ((top > 0) & (top < count - 1)))
    shift = np.where(inside, (before - after) / np.where(inside, 2 * bend, 1), 0.0)
    return Peak(top + shift, best - (before - after) * shift / 4)


def sides(curves: NDArray[np.float64], share: float = HALF, circular: bool = False) -> Sides:
    """Where each curve (K, n) first falls to a share of its peak's height on either side, between steps linearly.

    On a circular axis places may lie below 0 or beyond n.
    """
    found = peak(curves, circular)
    count = curves.shape[1]
    low, high = np.full(len(curves), np.nan), np.full(len(curves), np.nan)
    for k, (curve, top, level) in enumerate(zip(curves, curves.argmax(axis=1), share * found.height, strict=True)):
        if level <= 0:
            continue
        reach = (count, count) if circular else (top, count - 1 - top)
        low[k] = top - _falls(curve[(top - np.arange(reach[0] + 1)) % count], level)
        high[k] = top + _falls(curve[(top + np.arange(reach[1] + 1)) % count], level)
    return Sides(low, high)


def _falls(curve: NDArray[np.float64], level: float) -> float:
    """After how many steps a curve from its peak on falls to a level; NaN where it never does."""
    below = np.flatnonzero(curve <= level)
    if not below.size or below[0] == 0:
        return float("nan")
    step = below[0]
    return float(step - (level - curve[step]) / (curve[step - 1] - curve[step]))


def along(axis: NDArray[np.float64], places: NDArray[np.float64], log: bool = False) -> NDArray[np.float64]:
    """The values of an axis (n,) at places in steps along it, between them in equal steps or in equal ratios."""
    steps = np.arange(len(axis))
    known = np.where(np.isnan(places), 0, places)
    read = np.exp(np.interp(known, steps, np.log(axis))) if log else np.interp(known, steps, axis)
    return np.where(np.isnan(places), np.nan, read)


def vector_strength(curves: NDArray[np.float64], orientations: NDArray[np.float64]) -> NDArray[np.float64]:
    """|sum r exp(2 i o)| / sum r, 1 minus the circular variance: (K, n), (n,) in degrees -> (K,), NaN where r is 0."""
    turned = np.abs(curves @ np.exp(2j * np.deg2rad(orientations)))
    total = curves.sum(axis=1)
    return np.where(total > 0, turned / np.where(total > 0, total, 1), np.nan)


def reduced(best: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """By what share of its best a response is reduced, (best - rest) / best, (K,); NaN where best is 0."""
    return np.where(best > 0, (best - rest) / np.where(best > 0, best, 1), np.nan)
