"""Receptive fields at a few moments while they form, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import style
from neuro_cnn.viz.frontispiece import some

SPACE = 4.0  # mm between two moments
WIDEST = 40.0  # mm


def formation(
    weights: NDArray[Any], moments: Sequence[tuple[str, str]], *, title: str, notes: Sequence[str] = ()
) -> Figure:
    """Weights of a layer at a few moments, (F, K, C, h, w), in a row, on one colour scale.

    Each moment has a head and a foot. Raises DataError for weights that are not finite.
    """
    weights = style.finite("weights", weights, (5,))
    wide = min(WIDEST, (style.PAGE - 4 - (len(weights) - 1) * SPACE) / len(weights))
    among = weights.reshape(-1, *weights.shape[2:])
    with style.context():
        figure, top = style.page(4 + wide + 10, title, notes=notes)
        ends = []
        for index, (each, (head, foot)) in enumerate(zip(weights, moments, strict=True)):
            left = 2 + index * (wide + SPACE)
            style.text_at(figure, left, top, head, weight="bold")
            bottom, shown = some(figure, each, (left, top + 4, wide, wide), among)
            style.text_at(figure, left, bottom + 1, foot, color=style.MUTED)
            ends.append(bottom)
        style.text_at(figure, 2, max(ends) + 6, f"{shown}; all moments on one colour scale", color=style.MUTED)
    return figure
