"""The law r / (1 + r), and what becomes of it when a cell has learned several patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Mixture, Threshold

WIDE, TALL, PITCH = 70.0, 52.0, 72.0  # mm of a panel, and from one to the next below
NOTE = (
    "Shunting S-cells taught by the rule of 1980. Ticks on the axis: r/(1+r) times the sum of the patterns' norms over "
    "the norm of their sum. Dots: top right, the cell's own patterns; below right, thresholds as measured (lines: the "
    "law). Above 1 a cell answers to nothing."
)


def selectivity(
    single: Mapping[float, Mixture],
    mixed: Sequence[Mixture],
    curves: Mapping[int, Sequence[Threshold]],
    *,
    r: float,
    overlap: float,
) -> Figure:
    """Responses of cells of one pattern by r, and of several; and thresholds against overlap, by law and measured.

    `single` are cells of one pattern by their r, `mixed` cells of several, `curves` thresholds by number of patterns.
    """
    with style.context():
        figure, top = style.page(2 * PITCH, "How selective an S-cell is", notes=[NOTE])
        boxes = [style.box(figure, 14 + 88 * x, top + 5 + PITCH * y, WIDE, TALL) for y in (0, 1) for x in (0, 1)]
        _curves(boxes[0], {f"r = {r:g}": (each, each.to_sum) for r, each in single.items()})
        boxes[0].set(title="One pattern", xlabel="cosine to the pattern")
        named = {f"{each.patterns} pattern{'s' * (each.patterns > 1)}": each for each in mixed}
        _curves(boxes[1], {name: (each, each.to_sum) for name, each in named.items()}, own=True)
        boxes[1].set(title=f"Patterns of overlap {overlap:g}, r = {r:g}", xlabel="cosine to their sum")
        _curves(boxes[2], {name: (each, each.to_one) for name, each in named.items()}, law=False)
        boxes[2].set(title="The same cells", xlabel="cosine to one of the patterns")
        _thresholds(boxes[3], curves, r)
    return figure


def _curves(axes: Axes, drawn: Mapping[str, tuple[Mixture, Any]], *, own: bool = False, law: bool = True) -> None:
    for index, (name, (each, responses)) in enumerate(drawn.items()):
        colour = style.COLOURS[index]
        axes.plot(each.cosines, responses, color=colour, label=name)
        if law and each.law <= 1:
            axes.plot([each.law], [0], "|", color=colour, markersize=9, markeredgewidth=1.5, clip_on=False)
        if own:
            axes.plot(*each.own.T, "o", color=colour, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1.05), ylabel="response")
    axes.legend(loc="upper left")
    axes.grid()


def _thresholds(axes: Axes, curves: Mapping[int, Sequence[Threshold]], r: float) -> None:
    for index, (count, points) in enumerate(curves.items()):
        colour = style.COLOURS[index]
        x, law, measured = np.array(points, float).T
        axes.plot(x, law, color=colour, label=f"{count} pattern{'s' * (count > 1)}")
        axes.plot(x[::2], measured[::2], "o", color=colour, clip_on=False)
    top = max(1.15, max(point.law for points in curves.values() for point in points) * 1.05)
    axes.axhspan(1, top, color=style.GAP, alpha=0.5, linewidth=0)
    axes.text(0.98, (1 + top) / 2, "silent", ha="right", va="center", color=style.MUTED)
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="overlap: cosine between the patterns")
    axes.set(ylabel="threshold on the cosine to the sum", title=f"Threshold, r = {r:g}")
    axes.legend(loc="best")
    axes.grid()
