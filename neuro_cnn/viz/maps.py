"""Maps of what moves each cell, a tile a plane, around the box of pixels that it can see at all."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Findings

MOST = 100  # planes on one page
LEFT, TILE, GAP, LINE = 3.0, 14.0, 1.5, 4.0  # mm: margin, a tile's longer side, between two, a line of text below one
ACROSS = 9  # tiles in a row
PANEL, WIDE, LOW = 26.0, 46.0, 17.0  # mm: height and width of a distribution, and room below it for its labels


def maps(findings: Findings, *, title: str = "") -> Figure:
    """A tile a plane, each on its own scale, numbered; below, the distributions of some measures over usable cells.

    The frame is the receptive box by arithmetic; planes that cannot be used are crossed out by their flag in words.
    Raises UsageError for findings without maps.
    """
    from neuro_cnn.physiology import Maps

    if not isinstance(findings.shown, Maps):
        raise UsageError(f"{findings.protocol} has no maps to draw; draw its curves or its measures")
    drawn = style.finite("maps", findings.shown.maps, (3,))
    count = min(len(drawn), MOST)
    rows, (down, _) = math.ceil(count / ACROSS), _tile(findings, drawn.shape[1:])[1]
    tall = rows * (down + LINE + GAP)
    panels = [name for name in findings.shown_in if np.unique(_usable(findings, name)).size > 1]
    low = PANEL + LOW + 6 if panels else 0.0
    what = "" if count == len(drawn) else f"; the first {count} of {len(drawn)} are drawn"
    with style.context():
        detail = f"{findings.title}: {findings.count()}{what}; each on its own scale"
        words = [findings.words[name] for name in panels if findings.words[name].published]
        published = [f"{word.label}: {word.published}." for word in words]
        figure, top = style.page(max(tall, 34) + low, title or findings.title, detail, [*findings.notes, *published])
        axes = style.box(figure, LEFT, top, ACROSS * (TILE + GAP), tall)
        signed = _tiles(axes, findings, drawn[:count])
        _colour_bar(figure, (LEFT + ACROSS * (TILE + GAP) + 4, top), findings.shown.quantity, signed)
        for place, name in enumerate(panels[:3]):
            left = 14 + place * (WIDE + 12)
            _distribution(style.box(figure, left, top + max(tall, 34) + 6, WIDE, PANEL), findings, name, place)
    return figure


def _tile(findings: Findings, sides: tuple[int, ...]) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """Rows and columns that a tile covers, the map and the receptive box: (top, left, bottom, right); its mm."""
    top, left = findings.shown.corner
    mine = (top, left, top + sides[0], left + sides[1])
    box = findings.stimuli.get("box", mine)
    cover = (*np.minimum(mine[:2], box[:2]).tolist(), *np.maximum(mine[2:], box[2:]).tolist())
    height, width = cover[2] - cover[0], cover[3] - cover[1]
    longer = max(height, width)
    return cover, (TILE * height / longer, TILE * width / longer)


def _tiles(axes: Axes, findings: Findings, drawn: NDArray[Any]) -> bool:
    """Draw the tiles on axes in mm; whether values of both signs are among them."""
    cover, (down, across) = _tile(findings, drawn.shape[1:])
    pixel = down / (cover[2] - cover[0])
    signed = bool(drawn.min() < 0)
    top, left = findings.shown.corner
    for plane, each in enumerate(drawn):
        y, x = plane // ACROSS * (down + LINE + GAP), plane % ACROSS * (TILE + GAP)
        axes.add_patch(Rectangle((x, y), across, down, color="#eef1f4", linewidth=0))
        first, start = y + (top - cover[0]) * pixel, x + (left - cover[1]) * pixel
        axes.imshow(
            each / (np.abs(each).max() or 1.0),
            cmap=style.SIGNED if signed else style.POSITIVE,
            norm=Normalize(-1 if signed else 0, 1),
            extent=(start, start + each.shape[1] * pixel, first + each.shape[0] * pixel, first),
            interpolation="none",
            zorder=2,
        )
        box = findings.stimuli.get("box", cover)
        corner = (x + (box[1] - cover[1]) * pixel, y + (box[0] - cover[0]) * pixel)
        sides = ((box[3] - box[1]) * pixel, (box[2] - box[0]) * pixel)
        axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=style.MUTED, linewidth=0.5, zorder=3))
        flag = findings.verdicts[plane].flag
        words, colour = (f"{plane}", "black") if flag == "ok" else (f"{plane} {flag}", style.ALARM)
        axes.text(x, y + down + 0.6, words, va="top", color=colour)
    rows = math.ceil(len(drawn) / ACROSS)
    axes.set(xlim=(0, ACROSS * (TILE + GAP)), ylim=(rows * (down + LINE + GAP), 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_aspect("auto")
    return signed


def _colour_bar(figure: Figure, place: tuple[float, float], quantity: str, signed: bool) -> None:
    left, top = place
    colours = ScalarMappable(Normalize(-1 if signed else 0, 1), style.SIGNED if signed else style.POSITIVE)
    bar = figure.colorbar(colours, cax=style.box(figure, left, top + 1, 3, 32))
    bar.set_ticks([-1, 0, 1] if signed else [0, 1])
    bar.ax.set_ylabel("\n".join(wrap(f"{quantity}, over its largest", 26)))
    bar.ax.tick_params(length=0)


def _distribution(axes: Axes, findings: Findings, name: str, place: int) -> None:
    values, word = _usable(findings, name), findings.words[name]
    whole = bool(np.all(values == np.round(values))) and np.ptp(values) < 20
    bins: Any = np.arange(values.min() - 0.5, values.max() + 1) if whole else min(20, max(5, len(values) // 2))
    axes.hist(values, bins=bins, color=style.COLOURS[place], rwidth=0.9 if whole else 1)
    axes.axvline(float(np.median(values)), color="black", linewidth=0.8)
    if word.criterion is not None:
        axes.axvline(word.criterion, color=style.ALARM, linewidth=0.8, linestyle="--")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole))
    axes.set(ylabel="cells")
    label = f"{word.label}{f', {word.unit}' if word.unit else ''}; median {np.median(values):.3g}"
    axes.set_xlabel("\n".join(wrap(label, 40)))


def _usable(findings: Findings, name: str) -> NDArray[Any]:
    values = np.asarray(findings.measures[name], float)[findings.usable]
    return np.asarray(values[np.isfinite(values)])
