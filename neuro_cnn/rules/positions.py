"""Learning from a fraction of the positions: each view drawn is an image of its own, of one position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense
from neuro_cnn.ops.geometry import batch_last, pair


def a_fraction(positions: float) -> None:
    """Raises UsageError for a fraction that is not above 0 and at most 1."""
    if not 0 < positions <= 1:
        raise UsageError(f"learning from {positions} of the positions; the fraction must lie in (0, 1]")


def at_views(layer: Any) -> Any:
    """The same cells where an image is one view: no padding, one position."""
    return layer if isinstance(layer, Dense) else replace(layer, pad=0, stride=1)


def drawn_views(layer: Any, x: Array, positions: float, rng: np.random.Generator) -> Array:
    """That fraction of all views of a batch, one at least, drawn without regard to which: (M, C, h, w).

    A layer that sees all of an image at once has one view an image, (M, D). Raises UsageError for dilated views.
    """
    xp = namespace(x)
    if isinstance(layer, Dense):
        count = max(1, round(positions * x.shape[0]))
        return xp.take(x, xp.asarray(np.sort(rng.choice(x.shape[0], count, replace=False))), axis=0)
    window = layer.window(x.shape[1:])
    if pair(window.dilation) != (1, 1):
        raise UsageError("a fraction of the positions of dilated views cannot be drawn; leave positions out")
    rows, columns = window.places(*x.shape[2:])
    count = max(1, round(positions * rows * columns * x.shape[0]))
    drawn = np.sort(rng.choice(rows * columns * x.shape[0], count, replace=False))
    row, column, image = np.unravel_index(drawn, (rows, columns, x.shape[0]))
    padded = batch_last(x, window.pad)  # (C, H, W, N)
    planes, _, width, batch = padded.shape
    # the place of each tap of each view in a plane's memory, (h w, M)
    taps = np.add.outer(np.arange(window.size[0]) * width, np.arange(window.size[1])).reshape(-1, 1) * batch
    first = (row * window.stride[0] * width + column * window.stride[1]) * batch + image
    flat = xp.take(xp.reshape(padded, (planes, -1)), xp.asarray((taps + first).reshape(-1)), axis=1)
    return xp.permute_dims(xp.reshape(flat, (planes, *window.size, count)), (3, 0, 1, 2))
