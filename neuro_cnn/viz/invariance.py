"""Invariance: what cells keep of their response as their best images are transformed, beside controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Cells

LEFT, ACROSS, TALL, PITCH = 13.0, 3, 40.0, 58.0  # mm of room left of a panel, panels in a row, a panel, rows
NOTE = (
    "Response to the image that drives a cell most, above that to a blank, relative to the image as it is: median and, "
    "shaded, quartiles over cells. Dotted: half, the width of which is a cell's tolerance."
)


def invariance(systems: Mapping[str, Cells], *, title: str, detail: str = "") -> Figure:
    """A panel a transform, response against its amount: cells of a system, and of those that it is compared with.

    `systems` are cells or planes by what to call them, the same transforms for all. Raises UsageError where all cells
    are silent.
    """
    from neuro_cnn.physiology import TRANSFORMS

    kinds = list(next(iter(systems.values())).kept)
    heard = {name: int((~each.silent).sum()) for name, each in systems.items()}
    if not any(heard.values()):
        raise UsageError("no response to draw: all cells are silent")
    rows = -(-len(kinds) // ACROSS)
    wide = (style.PAGE - 3) / ACROSS - LEFT
    with style.context():
        figure, top = style.page(PITCH * rows + 5 * -(-len(systems) // 2), title, detail, [NOTE])
        for place, kind in enumerate(kinds):
            down = top + 2 + PITCH * (place // ACROSS)
            axes = style.box(figure, LEFT + place % ACROSS * (wide + LEFT), down, wide, TALL)
            _panel(axes, systems, kind)
            axes.set(xlabel=TRANSFORMS[kind].axis, ylabel="relative response" if place % ACROSS == 0 else "")
        lows, highs = zip(*(axes.get_ylim() for axes in figure.axes), strict=True)
        for axes in figure.axes:  # one scale for all
            axes.set_ylim(min(0, *lows), max(1.05, *highs))
        handles = [
            Line2D([], [], label=f"{name}: {heard[name]} of {len(each.silent)} cells answer", **style.look(index))
            for index, (name, each) in enumerate(systems.items())
        ]
        across, total = 25.4 * figure.get_size_inches()
        corner = (LEFT / across, 1 - (top + PITCH * rows) / total)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=corner, borderaxespad=0, ncols=2)
    return figure


def _panel(axes: Axes, systems: Mapping[str, Cells], kind: str) -> None:
    axes.axhline(0.5, color=style.MUTED, linestyle=":", linewidth=0.8)
    for index, each in enumerate(systems.values()):
        kept, look = each.kept[kind], style.look(index)
        curves = kept.response[~each.silent]
        if not len(curves):
            continue
        low, middle, high = np.quantile(curves, (0.25, 0.5, 0.75), axis=0)
        axes.fill_between(kept.amounts, low, high, color=look["color"], alpha=0.15, linewidth=0)
        axes.plot(kept.amounts, middle, clip_on=False, **look)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(axis="y")
