"""Worlds side by side: the fields that grow in each, which orientations they prefer, and how they are tuned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style
from neuro_cnn.viz.gabor import FITS, gabor_plane

if TYPE_CHECKING:
    from neuro_cnn.physiology import Portrait

ROW, SHEETS = 40.0, 31.0  # mm: from one world to the next, and its sheet of fields
PANELS, PANEL, GAP, TALL = 47.0, 21.0, 14.0, 23.0  # mm: where the panels begin, how wide, how far apart and how tall
SHEET = 36  # fields drawn of each world
WIDTH = 20.0  # degrees: half of the full width of 40 of De Valois, Yund & Hepler (1982)
NOTES = (
    "Fields and plane are those of the first seed, histograms of all seeds. Fields are weights on what the cells look "
    "at, each on its own scale.",
    "Dotted: all orientations alike; half width of the macaque's median cell, 20\N{DEGREE SIGN} (De Valois, Yund and "
    "Hepler 1982); F1/F0 of 1, which parts simple from complex cells. In the plane: squares, simple cells of the "
    "macaque (Ringach 2002, as counted by Dapello et al. 2020); hollow, fits of less than half a cycle; star, a "
    "bandwidth of 1.4 octaves (recalled) and a half width of 20\N{DEGREE SIGN}.",
)


def nature(worlds: dict[str, list[Portrait]], title: str = "", detail: str = "") -> Figure:
    """A row a world, of portraits by seed: fields, the plane of Gabor fits, and orientation, width and F1/F0."""
    with style.context():
        figure, top = style.page(ROW * len(worlds) + 4, title, detail, NOTES)
        edges = _edges(worlds)
        for row, (name, seeds) in enumerate(worlds.items()):
            last = row == len(worlds) - 1
            _world(figure, top + ROW * row, name, seeds, edges, last)
    return figure


def _edges(worlds: dict[str, list[Portrait]]) -> NDArray[Any]:
    """Bins of half widths that hold those of all worlds."""
    widest = max(float(np.nanmax(seed.simple.half_width, initial=WIDTH)) for seeds in worlds.values() for seed in seeds)
    return np.arange(0, 5 * math.ceil(min(widest, 90) / 5) + 5, 5.0)


def _world(figure: Figure, top: float, name: str, seeds: list[Portrait], widths: NDArray[Any], last: bool) -> None:
    style.text_at(figure, 2, top, name, size=8, weight="bold")
    first = seeds[0]
    tiles = first.fields[:SHEET]
    columns = math.ceil(math.sqrt(len(tiles)))
    peak = np.abs(tiles).max(axis=(1, 2), keepdims=True)
    sheet = style.box(figure, 2, top + 5, SHEETS, SHEETS)
    mosaic.draw(sheet, tiles / np.where(peak > 0, peak, 1), columns, (style.SIGNED, Normalize(-1, 1)))
    places = [PANELS + (PANEL + GAP) * panel for panel in range(4)]
    *boxes, plane = (style.box(figure, left, top + 5, PANEL, TALL) for left in places)
    _orientations(boxes[0], seeds)
    _widths(boxes[1], seeds, widths)
    _ratios(boxes[2], seeds)
    gabor_plane(plane, first.gabors, small=True)
    fitted = int(np.sum(first.gabors.r2 > FITS))
    plane.set_title(f"{fitted} of {len(first.fields)} fitted", fontsize=7, fontweight="normal", pad=2)
    names = ("orientation, degrees", "half width, degrees", "F1/F0", "width n$_x$, cycles")
    for axes, words in zip((*boxes, plane), names, strict=True):
        axes.set_xlabel(words if last else "")
        if not last:
            axes.xaxis.set_major_formatter(NullFormatter())


def _shares(axes: Axes, groups: dict[str, NDArray[Any]], edges: NDArray[Any]) -> None:
    """Shares of cells in percent, S-cells filled and C-cells as a line."""
    for (name, values), colour in zip(groups.items(), (style.COLOURS[5], style.COLOURS[1]), strict=False):
        known = values[np.isfinite(values)]
        shares = 100 * np.histogram(np.clip(known, edges[0], edges[-1] - 1e-9), edges)[0] / max(len(known), 1)
        filled = name == "S"
        axes.stairs(shares, edges, color=colour, fill=filled, linewidth=0.5 if filled else 1.2, label=name)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.15 * max(axes.dataLim.y1, 10)), ylabel="cells, %")


def _orientations(axes: Axes, seeds: list[Portrait]) -> None:
    turned = {"S": np.concatenate([(each.simple.orientation + 11.25) % 180 - 11.25 for each in seeds])}
    _shares(axes, turned, np.arange(-11.25, 180, 22.5))
    axes.axhline(12.5, color=style.MUTED, linestyle=":", linewidth=0.8)
    axes.set_xticks([0, 45, 90, 135])


def _widths(axes: Axes, seeds: list[Portrait], edges: NDArray[Any]) -> None:
    _shares(axes, {"S": np.concatenate([each.simple.half_width for each in seeds])}, edges)
    axes.axvline(WIDTH, color=style.ALARM, linestyle=":", linewidth=0.8)


def _ratios(axes: Axes, seeds: list[Portrait]) -> None:
    groups = {
        "S": np.concatenate([each.simple.ratio for each in seeds]),
        "C": np.concatenate([each.complex.ratio for each in seeds]),
    }
    _shares(axes, groups, np.linspace(0, 2, 21))
    axes.axvline(1, color=style.MUTED, linestyle=":", linewidth=0.8)
    axes.legend(loc="upper left", handlelength=1.0, borderaxespad=0.1)
