"""How few cells carry a response, and how few stimuli a cell answers to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError


def activity_ratio(responses: Any, axis: int | None = None) -> NDArray[Any]:
    """a = mean|r|^2 / mean(r^2) along an axis: 1 when all are alike, 1/n when one of n is not 0; NaN of silence.

    Rolls and Tovee 1995, after Treves and Rolls 1991.
    """
    r = np.abs(np.asarray(responses, dtype=float))
    power = np.mean(r * r, axis=axis)
    return np.asarray(np.mean(r, axis=axis) ** 2 / np.where(power > 0, power, np.nan))


def sparseness(response: Any) -> float:
    """1 - a over all cells: 0 when all respond alike, near 1 when few do (Treves & Rolls 1991).

    A silent layer has sparseness 0.
    """
    return float(np.nan_to_num(1 - activity_ratio(response)))


def vinje_gallant(responses: Any, axis: int) -> NDArray[Any]:
    """S = (1 - a) / (1 - 1/n) over the n along an axis: 0 when all are alike, 1 when only one responds.

    NaN of silence. Vinje and Gallant 2000. Raises UsageError where there are fewer than two to compare.
    """
    count = np.shape(responses)[axis]
    if count < 2:
        raise UsageError(f"sparseness over {count}; give at least 2 cells or stimuli")
    return np.asarray((1 - activity_ratio(responses, axis)) / (1 - 1 / count))


def lifetime_sparseness(responses: Any) -> NDArray[Any]:
    """How few of the stimuli each cell answers to, by Vinje and Gallant's S: (N, K) -> (K,)."""
    return vinje_gallant(responses, 0)


def population_sparseness(responses: Any) -> NDArray[Any]:
    """How few of the cells answer to each stimulus, by Vinje and Gallant's S: (N, K) -> (N,)."""
    return vinje_gallant(responses, 1)
