"""How fast the program is beside another that does the same work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style

LINE = 4.6  # mm from row to row
NAMES = 62.0  # mm for the names of works
TICKS = [digit * 10.0**power for power in range(-3, 4) for digit in (1, 2, 5)]
REACHED, MISSED, FREE = style.COLOURS[0], style.COLOURS[1], style.GAP


def speed(rows: Sequence[Mapping[str, Any]], *, title: str = "Speed beside PyTorch", detail: str = "") -> Figure:
    """A bar a work from 1 to its ratio, on a logarithmic axis, its quartiles a line and its goal a tick.

    A row has "case", "ratio", "low", "high", "goal" ({"ratio": ...} or None) and "met"; rows without a ratio or without
    quartiles are left out. Raises UsageError where none is left.
    """
    rows = [row for row in rows if row["low"] is not None]
    if not rows:
        raise UsageError("no ratio of times to draw; measure with --against torch, and more than memory")
    tall = LINE * len(rows)
    note = "Bars: median ratio; lines: quartiles of rounds; ticks: goals. Blue: reached; orange: missed; grey: no goal."
    with style.context():
        figure, top = style.page(tall + 11, title, detail, [note])
        axes = style.box(figure, NAMES, top, style.PAGE - NAMES - 14, tall)
        _bars(axes, rows)
        axes.set(
            ylim=(len(rows) - 0.4, -0.6), xlabel="time of PyTorch / time of neuro_cnn (above 1: neuro_cnn is faster)"
        )
        axes.set_yticks(range(len(rows)), [row["case"] for row in rows])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
    return figure


def _bars(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    places = np.arange(len(rows))
    ratio, low, high = (np.array([row[key] for row in rows], float) for key in ("ratio", "low", "high"))
    goal = np.array([(row["goal"] or {}).get("ratio") for row in rows], float)  # None becomes NaN
    colours = [{True: REACHED, False: MISSED, None: FREE}[row["met"]] for row in rows]
    axes.set_xscale("log")
    axes.barh(places, ratio - 1, height=0.62, left=1, color=colours)
    axes.hlines(places, low, high, color="black", linewidth=0.7)
    axes.vlines(goal, places - 0.45, places + 0.45, color="black", linewidth=1.4)
    axes.axvline(1, color=style.MUTED, linewidth=0.8)
    least, most = min(np.nanmin([low, goal]), 1) / 1.3, max(np.nanmax([high, goal]), 1) * 1.3
    axes.set_xlim(least, most)
    ticks = [tick for tick in TICKS if least <= tick <= most]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    for place, value in enumerate(ratio):
        axes.text(1.01, place, f"{value:.2f}", transform=axes.get_yaxis_transform(), va="center")
