"""One picture of a comparison: what each system learned to see, and how well it then recognises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import accuracy, mosaic, style
from neuro_cnn.viz.accuracy import Row
from neuro_cnn.viz.weights import tiles_of

FEWEST, MOST = 16, 36  # receptive fields shown of a system that has as many
SPACE = 5.0  # mm between two systems' mosaics
NAME = 24  # letters in a line of a system's name


def overview(summary: Sequence[Row], fields: Mapping[str, NDArray[Any]], *, chance: float = 0.1) -> Figure:
    """First-layer weights (K, C, h, w) by system; below them accuracy, beside the controls', and under shift.

    `chance` is the share that guessing reaches. Accuracy under shift is left out where none was measured.
    Raises UsageError for an empty summary.
    """
    learned = [row for row in summary if not row["control"]]
    if not learned:
        raise UsageError("no results to draw: the comparison holds no system")
    weights = {label: style.finite(f"weights of {label}", each, (4,)) for label, each in fields.items()}
    shifted = any(row["shift"] for row in summary)
    bands = math.ceil(len(weights) / 6)
    across = math.ceil(len(weights) / max(bands, 1))
    wide = (style.PAGE - 4 - (across - 1) * SPACE) / max(across, 1)
    high = min(40.0, max(wide, 30.0))
    names = [accuracy.folded(label, int(wide / 1.7)) for label in weights]
    head = 1.5 + 3.6 * max((name.count("\n") + 1 for name in names), default=0)
    band = head + high + 9
    words = max(accuracy.folded(accuracy.system(row), NAME).count("\n") + 1 for row in learned)
    tall = max(44.0, max(6.5, 3 * words + 1.5) * len(learned))
    with style.context():
        figure, top = style.page(bands * band + 8 + tall + 10, notes=[accuracy.legend(summary)])
        for index, (name, each) in enumerate(zip(names, weights.values(), strict=True)):
            left, down = 2 + index % across * (wide + SPACE), top + index // across * band
            style.text_at(figure, left, down, name, size=8, weight="bold")
            bottom, shown = some(figure, each, (left, down + head, wide, high))
            style.text_at(figure, left, bottom + 1, shown, color=style.MUTED)
        top += bands * band + 8
        _dots(style.box(figure, 40, top, 40 if shifted else 108, tall), summary)
        if shifted:
            axes = style.box(figure, 118, top, 60, tall)
            accuracy.lines(axes, summary, "shift", chance)
            axes.set_title("Accuracy under shift, %")
    return figure


def some(
    figure: Figure, weights: NDArray[Any], place: tuple[float, float, float, float], among: NDArray[Any] | None = None
) -> tuple[float, str]:
    """Draw the first planes of weights (K, C, h, w) in a box of (left, top, wide, high) mm.

    The scale is that of all the weights `among` which they stand; None: of the planes drawn. Returns where they end,
    in mm, and in words how much of the layer they show.
    """
    left, top, wide, high = place
    planes, inputs = weights.shape[:2]
    rows, columns = grid(planes, wide, high)
    count = min(planes, MOST, rows * columns)
    seen = slice(1 if inputs > 3 else inputs)
    drawn = weights[:count, seen]
    tiles, colours = tiles_of(drawn, drawn if among is None else among[:, seen])
    mosaic.draw(style.box(figure, left, top, wide, high), tiles, columns, colours)
    shown = f"{planes} plane{'s' * (planes > 1)}" if count == planes else f"{count} of {planes} planes"
    shown += {2: ", ON \N{MINUS SIGN} OFF"}.get(inputs, ", first input" if inputs > 3 else "")
    return top + rows * min(high / rows, wide / columns), shown


def grid(planes: int, wide: float, high: float) -> tuple[int, int]:
    """Rows and columns of square tiles that fill a box of wide x high best, 16 to 36 or all of fewer."""

    def merit(rows: int, columns: int) -> tuple[float, ...]:
        count = min(planes, MOST, rows * columns)
        side = min(high / rows, wide / columns)
        return count >= min(planes, FEWEST), round(count * side**2), count, count - rows * columns, columns

    return max(product(range(1, 7), range(1, MOST + 1)), key=lambda shape: merit(*shape))


def _dots(axes: Axes, summary: Sequence[Row]) -> None:
    # Accuracy of each system (filled) and of its control (open), with the numbers in columns beside them.
    look = accuracy.looks(summary)
    rows = [row for row in summary if not row["control"]]
    for place, row in enumerate(rows):
        each = {**look[row["model"], row["variant"]], "markersize": 5}
        mean, control = 100 * row["accuracy_mean"], row["control_accuracy_mean"]
        if control is not None:
            axes.plot((100 * control, mean), (place, place), color=each["color"], linewidth=0.8)
            axes.plot(100 * control, place, **each, markerfacecolor="white")
            _beside(axes, place, f"{100 * control:.1f}", 72, color=style.MUTED)
        spread = None if row["accuracy_sd"] is None else 100 * row["accuracy_sd"]
        axes.errorbar(mean, place, xerr=spread, **each)
        _beside(axes, place, f"{mean:.1f}", 38, weight="bold")
    _beside(axes, None, "learned", 38, weight="bold")
    if any(row["control_accuracy_mean"] is not None for row in rows):
        _beside(axes, None, "control", 72, color=style.MUTED)
    axes.set_yticks(range(len(rows)), [accuracy.folded(accuracy.system(row), NAME) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
    axes.set_title("Accuracy, %")
    axes.spines["left"].set_visible(False)
    axes.grid()


def _beside(axes: Axes, row: int | None, text: str, points: float, **look: Any) -> None:
    # Text that ends `points` right of the axes, at a row's height or above all.
    look |= {"xytext": (points, 6 if row is None else 0), "textcoords": "offset points", "ha": "right"}
    if row is None:
        axes.annotate(text, (1, 1), xycoords="axes fraction", **look)
    else:
        axes.annotate(text, (1, row), xycoords=("axes fraction", "data"), va="center", **look)
