"""Tuning curves of a layer's cells, and how their measures are spread over all of them."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Axis, Curves, Findings, Measure

MOST = 24
"""Cells whose curves are drawn: more would be too small to read."""
LEFT, WIDE, HIGH, GAP, HEAD = 14.0, 104.0, 66.0, 3.5, 5.0  # mm: the curves, the room between them, a cell's name
BESIDE, RIGHT, LINE, FOOT = 16.0, 42.0, 3.6, 10.0  # mm: room before a histogram, its width, a line of text, room below
LETTERS = 32
"""In a line above a histogram."""
HIGHEST = 4.0
"""Up to which F1/F0 is drawn: of a rectified cell it stays below 2."""
ROOM, NARROW = 0.04, 20.0
"""Share of a graph's width that is free at either end; mm below which it has room for two numbers only."""
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
    if shown is not None:
        some = f"Drawn are {len(cells)} of {len(findings.verdicts)} cells, evenly spaced. "
        part = some if len(cells) < len(findings.verdicts) else ""
        notes.append(f"{part}Numbers are planes; grey cells are not usable and in no histogram.")
    with style.context():
        figure, top = style.page(HIGH + FOOT, title or findings.title, findings.count(), notes)
        if shown is not None:
            _curves(figure, top, findings, cells)
        _populations(figure, top, findings, beside=shown is not None)
    return figure


def _curves(figure: Figure, top: float, findings: Findings, cells: NDArray[Any]) -> None:
    """A small graph a cell, all on one scale, the numbers written at the outer ones.

    They are lines on one sheet that is measured in millimetres: so many axes of their own would take seconds.
    """
    shown: Any = findings.shown
    columns = next(columns for most, columns in COLUMNS if len(cells) <= most)
    rows = math.ceil(len(cells) / columns)
    graph = _Graph.of(shown, cells, (WIDE - (columns - 1) * GAP) / columns, HIGH / rows - HEAD)
    sheet = style.box(figure, LEFT, top, WIDE, HIGH)
    sheet.set(xlim=(0, WIDE), ylim=(HIGH, 0), xticks=[], yticks=[])
    sheet.set_axis_off()
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        corner = np.array([column * (graph.width + GAP), (row + 1) * (graph.height + HEAD) - 1])
        flag = findings.verdicts[cell].flag
        colour = style.COLOURS[0] if flag == "ok" else style.MUTED
        fits = shown.fits[cell] if len(shown.fits) else shown.responses[cell]
        graph.number(sheet, corner, column == 0, place + columns >= len(cells))
        rules, axes = graph.lines(corner)
        sheet.add_collection(LineCollection(rules, colors="#e3e7eb", linewidths=0.5, zorder=1))
        sheet.add_collection(LineCollection(axes, colors=style.MUTED, linewidths=0.5, clip_on=False))
        sheet.plot(*graph.at(corner, shown.axis.values, fits * graph.share[cell]), color=colour, linewidth=0.8)
        dots = graph.at(corner, shown.axis.values, shown.responses[cell] * graph.share[cell])
        sheet.plot(*dots, ".", color=colour, markersize=2.5, clip_on=False)
        name, above = f"{cell}" if flag == "ok" else f"{cell} {flag}", corner[1] - graph.height - 0.7
        sheet.text(corner[0], above, name, color="black" if flag == "ok" else style.MUTED)
    style.text_at(figure, 2, top + HEAD, graph.words, rotation=90)
    unit = f" ({shown.axis.unit})" if shown.axis.unit else ""
    style.text_at(figure, LEFT, top + HIGH + FOOT - 5, shown.axis.name + unit)


class _Graph(NamedTuple):
    """How small graphs of width x height mm are ruled: what was varied across, responses up."""

    width: float
    height: float
    log: bool
    across: tuple[float, float]
    ticks: NDArray[Any]
    up: tuple[float, float]
    share: NDArray[Any]
    """What each cell's values are multiplied by, (K,)."""
    words: str
    """What they then are."""

    @classmethod
    def of(cls, shown: Curves, cells: NDArray[Any], width: float, height: float) -> _Graph:
        """Responses as shares of each cell's best; other quantities as they are, up to 4."""
        values = np.asarray(shown.responses, dtype=float)
        share, words = np.ones(len(values)), shown.quantity
        if shown.quantity.startswith("response"):
            best = np.nanmax(values, axis=1, initial=0)
            share, words = 1 / np.where(best > 0, best, 1), f"{shown.quantity}, of the best"
        drawn = (values * share[:, None])[cells]
        up = max(np.nanmin(drawn, initial=0), -1.0), min(np.nanmax(drawn, initial=1), HIGHEST)
        places = np.asarray(shown.axis.values, dtype=float)
        across = float(places.min()), float(places.max())
        return cls(width, height, shown.axis.log, across, _ticks(shown.axis, width), up, share, words)

    def at(self, corner: NDArray[Any], x: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Values as places on the sheet, in mm, the graph's lower left corner being at `corner`."""
        scale = np.log if self.log else np.asarray
        low, high = (scale(end) for end in self.across)
        share = (scale(np.asarray(x, dtype=float)) - low) / (high - low)
        height = (np.clip(y, *self.up) - self.up[0]) / (self.up[1] - self.up[0])
        return corner[0] + self.width * (ROOM + (1 - 2 * ROOM) * share), corner[1] - self.height * height

    def lines(self, corner: NDArray[Any]) -> tuple[list[Any], list[Any]]:
        """The rules at whole numbers, and the two axes with their ticks, as lines on the sheet."""
        x, y = corner
        rules = [[(x, height), (x + self.width, height)] for height in self._heights(corner)]
        places, _ = self.at(corner, self.ticks, 0)
        axes = [[(x, y - self.height), (x, y), (x + self.width, y)]]
        return rules, axes + [[(place, y), (place, y + 0.8)] for place in places]

    def number(self, sheet: Axes, corner: NDArray[Any], left: bool, below: bool) -> None:
        """Write the whole numbers at a left graph, and the ticks below a lowest."""
        if left:
            for level, height in zip(self._levels(), self._heights(corner), strict=True):
                sheet.text(corner[0] - 1.2, height, f"{level}", ha="right", va="center")
        if below:
            for tick, place in zip(self.ticks, self.at(corner, self.ticks, 0)[0], strict=True):
                sheet.text(place, corner[1] + 1.2, f"{tick:g}", ha="center", va="top")

    def _levels(self) -> list[int]:
        return [level for level in range(-1, 5) if self.up[0] <= level <= self.up[1]]

    def _heights(self, corner: NDArray[Any]) -> NDArray[Any]:
        return self.at(corner, self.across[:1], self._levels())[1]


def _ticks(axis: Axis, width: float) -> NDArray[Any]:
    """Round places on an axis, as many as there is room for numbers on so many mm."""
    low, high = float(np.min(axis.values)), float(np.max(axis.values))
    if not axis.log:
        step = 90.0 if axis.unit == "degrees" else _round((high - low) / 3)
        return np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    margin = (high / low) ** (0.04 if width > NARROW else 0.12)  # numbers of neighbours keep apart
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = np.outer(decades, [1, 2, 4]).ravel()
    ticks = ticks[(ticks >= low * margin) & (ticks <= high / margin)]
    return np.asarray(ticks[np.unique(np.linspace(0, len(ticks) - 1, 3 if width > NARROW else 2).round().astype(int))])


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
    found = (
        f"median {np.median(values):.3g} of {len(values)} cell{'s' * (len(values) > 1)}"
        if len(values)
        else "no usable cell has it"
    )
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
