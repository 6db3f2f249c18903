"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style

LETTER = 1.6  # mm of a letter at 7 points, generously


def confusion(matrix: NDArray[Any], classes: Sequence[str], *, title: str = "Confusion matrix") -> Figure:
    """Counts (classes, classes), the true class by row: numbers, each row's shares as colour.

    Beside each row stands the share recognised. The figure grows with the classes so that the numbers stay
    legible. Raises UsageError where the matrix is not square or the classes are not as many.
    """
    matrix, count = np.asarray(matrix), len(classes)
    if matrix.shape != (count, count) or count == 0:
        raise UsageError(f"a confusion matrix of shape {matrix.shape} does not fit {count} classes")
    images = matrix.sum(axis=1)
    shares = matrix / np.maximum(images, 1)[:, None]
    names = [str(name) for name in classes]
    margin = 10 + LETTER * max(map(len, names))
    digits = LETTER * len(str(int(matrix.max()))) + 2
    cell = max(digits, min(13.0, (style.PAGE - margin - 20) / count))
    detail = f"{np.trace(matrix)} of {matrix.sum()} images recognised; colour: share of the true class's images"
    with style.context():
        width = max(style.PAGE, margin + count * cell + 20)
        upright = LETTER * max(map(len, names)) < cell
        below = 11 if upright else margin + 2
        figure, top = style.page(count * cell + below, title, detail, width=width)
        axes = style.box(figure, margin, top, count * cell, count * cell)
        axes.imshow(shares, cmap=style.SHARE, vmin=0, vmax=1, interpolation="none")
        for row, column in np.ndindex(matrix.shape):
            colour = "white" if shares[row, column] > 0.55 else "black" if matrix[row, column] else style.GAP
            axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour)
        for row, right in enumerate(np.diag(shares)):
            recognised = f"{100 * right:.1f} %" if images[row] else "no images"
            axes.text(count - 0.3, row, recognised, va="center", color=style.MUTED)
        axes.set_xticks(range(count), names, rotation=0 if upright else 90)
        axes.set_yticks(range(count), names)
        axes.set(xlabel="answered class", ylabel="true class")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure
