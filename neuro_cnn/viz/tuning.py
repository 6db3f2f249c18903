"""Tuning curves of a layer's cells, and how their measures are spread over all of them."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Axis, Curves, Findings, Measure

MOST = 24
"""Cells whose curves are drawn: more would be too small to read."""
LEFT, WIDE, HIGH, GAP, HEAD = 14.0, 104.0, 66.0, 3.5, 5.0  # mm: the curves, the room between them, a cell's name
BESIDE, RIGHT, LINE, FOOT = 16.0, 44.0, 3.6, 10.0  # mm: room before a histogram, its width, a line of text, room below
LETTERS = 32
"""In a line above a histogram."""
HIGHEST = 4.0
"""Up to which F1/F0 is drawn: of a rectified cell it stays below 2."""
ROOM = 0.04
"""Share of an axis that is free at either end."""
COLUMNS = ((1, 1), (4, 2), (9, 3), (16, 4), (MOST, 6))
"""Up to so many cells in so many columns."""


def tuning(findings: Findings, title: str = "") -> Figure:
    """Curves of up to 24 cells, evenly spaced over the planes, and a histogram of each measure in `shown_in`.

    Dots are measured and lines through them are fits, or join them where there are none. Cells whose measures cannot be
    used are grey, and are not in the histograms.
    """
    shown: Any = findings.shown
    cells = np.unique(np.linspace(0, len(findings.verdicts) - 1, MOST).round().astype(int))
    notes = [*findings.notes]
    if shown is not None and len(cells) < len(findings.verdicts):
        notes.append(
            f"Drawn are {len(cells)} of {len(findings.verdicts)} cells, evenly spaced; numbers are their planes."
        )
    with style.context():
        figure, top = style.page(HIGH + FOOT, title or findings.title, findings.count(), notes)
        if shown is not None:
            _curves(figure, top, findings, cells)
        _populations(figure, top, findings, beside=shown is not None)
    return figure


def _curves(figure: Figure, top: float, findings: Findings, cells: NDArray[Any]) -> None:
    """A panel a cell, all on one scale, the axes written at the outer ones."""
    shown: Any = findings.shown
    columns = next(columns for most, columns in COLUMNS if len(cells) <= most)
    rows = math.ceil(len(cells) / columns)
    width, height = (WIDE - (columns - 1) * GAP) / columns, HIGH / rows - HEAD
    share, words, heights = _scale(shown, cells)
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        axes = style.box(figure, LEFT + column * (width + GAP), top + row * (height + HEAD) + HEAD - 1, width, height)
        flag = findings.verdicts[cell].flag
        colour = style.COLOURS[0] if flag == "ok" else style.MUTED
        fits = shown.fits[cell] if len(shown.fits) else shown.responses[cell]
        axes.plot(shown.axis.values, fits * share[cell], color=colour, linewidth=0.8)
        axes.plot(shown.axis.values, shown.responses[cell] * share[cell], ".", color=colour, markersize=2.5)
        axes.set_ylim(*heights)
        axes.set_yticks([tick for tick in (-1, 0, 1, 2, 3) if heights[0] <= tick <= heights[1]])
        axes.grid(axis="y")
        name = f"{cell}" if flag == "ok" else f"{cell} {flag}"
        axes.text(0, 1.02, name, transform=axes.transAxes, va="bottom", color="black" if flag == "ok" else style.MUTED)
        _ruler(axes, shown.axis, width)
        axes.tick_params(labelleft=column == 0, labelbottom=place + columns >= len(cells))
    style.text_at(figure, 2, top + HEAD, words, rotation=90)
    unit = f" ({shown.axis.unit})" if shown.axis.unit else ""
    style.text_at(figure, LEFT, top + HIGH + FOOT - 5, shown.axis.name + unit)


def _scale(shown: Curves, cells: NDArray[Any]) -> tuple[NDArray[Any], str, tuple[float, float]]:
    """What each cell's values are multiplied by, (K,), what they then are in words, and the limits for all."""
    values = np.asarray(shown.responses, dtype=float)
    share = np.ones(len(values))
    words = shown.quantity
    if shown.quantity.startswith("response"):
        best = np.nanmax(values, axis=1, initial=0)
        share = 1 / np.where(best > 0, best, 1)
        words = f"{shown.quantity}, of the best"
    drawn = (values * share[:, None])[cells]
    low, high = np.nanmin(drawn, initial=0), np.nanmax(drawn, initial=1)
    return share, words, (max(1.08 * low, -1.08), 1.08 * min(high, HIGHEST))


def _ruler(axes: Axes, axis: Axis, width: float) -> None:
    """The axis of what was varied, with as many numbers as there is room for."""
    values = np.asarray(axis.values, dtype=float)
    low, high = values.min(), values.max()
    if axis.log:
        axes.set_xscale("log")
        decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
        ticks = np.concatenate([np.array([1, 2, 4]) * 10.0**decade for decade in decades])
        margin = (high / low) ** (0.04 if width > 20 else 0.12)  # numbers of neighbours keep apart
        ticks = ticks[(ticks >= low * margin) & (ticks <= high / margin)]
        most = 2 if width < 20 else 3
        ticks = ticks[np.unique(np.linspace(0, len(ticks) - 1, most).round().astype(int))]
        axes.minorticks_off()
    else:
        step = 90.0 if axis.unit == "degrees" else _round((high - low) / 3)
        ticks = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    if axis.log:
        axes.set_xlim(low * (low / high) ** ROOM, high * (high / low) ** ROOM)
    else:
        axes.set_xlim(low - ROOM * (high - low), high + ROOM * (high - low))


def _round(step: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= step * 0.999)


def _populations(figure: Figure, top: float, findings: Findings, beside: bool) -> None:
    """Histograms one above the other beside the curves, or beside each other where there are none."""
    count = len(findings.shown_in)
    for place, name in enumerate(findings.shown_in):
        if beside:
            left, width, each = LEFT + WIDE + BESIDE, RIGHT, (HIGH + FOOT) / count
            above = top + place * each
        else:
            pitch = (style.PAGE - LEFT) / count
            left, width, each, above = LEFT + place * pitch, min(pitch - BESIDE, 80.0), HIGH + FOOT, top
        values = np.asarray(findings.measures[name], dtype=float)[findings.usable]
        _histogram(figure, (left, above, width, each), values[np.isfinite(values)], findings.words[name])


def _histogram(figure: Figure, room: tuple[float, float, float, float], values: NDArray[Any], measure: Measure) -> None:
    """One measure over usable cells, what is published of it a dashed line, in words above."""
    left, top, width, height = room
    letters = int(LETTERS * width / RIGHT)
    found = f"median {np.median(values):.3g} of {len(values)} cells" if len(values) else "no usable cell has it"
    unit = f" ({measure.unit})" if measure.unit else ""
    lines = [*wrap(measure.label + unit, letters), found]
    muted = wrap(f"dashed: {measure.published}", letters) if measure.published and len(values) else []
    for row, line in enumerate([*lines, *muted]):
        style.text_at(figure, left - 6, top + LINE * row, line, color=style.MUTED if row >= len(lines) else "black")
    if not len(values):
        return
    head = LINE * (len(lines) + len(muted)) + 1
    axes = style.box(figure, left, top + head, width, max(height - head - 6, 8))
    marks = [] if measure.criterion is None else [measure.criterion]
    low, high = min([*values, *marks]), max([*values, *marks])
    pad = 0.5 if high - low < 1e-9 * max(abs(high), 1) else 0.0
    axes.hist(
        values,
        bins=np.linspace(low - pad, high + pad, 13).tolist(),
        color=style.COLOURS[0],
        edgecolor="white",
        linewidth=0.3,
    )
    for mark in marks:
        axes.axvline(mark, color=style.ALARM, linestyle="--", linewidth=1)
    axes.set_ylabel("cells", labelpad=2)
    axes.locator_params(axis="y", nbins=2, integer=True)
    axes.locator_params(axis="x", nbins=4)
