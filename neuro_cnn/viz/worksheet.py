"""A worksheet of one cell: where its view lies, view, weights and contributions, and its formula in numbers."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Worksheet

MOST = 9  # planes drawn of a view: those that contribute most
BARS = 12  # cells below that are drawn as bars
SIDE, GAP, LEFT = 36.0, 8.0, 4.0  # mm: a panel, the room between two, and the first
LETTERS = 72  # of a line of the formula


def worksheet(image: NDArray[Any], found: Worksheet, *, title: str) -> Figure:
    """The image (C, H, W) with the pixels that a cell sees, its view, weights and contributions, and its steps.

    Where the view is one cell, its steps stand beside the image and say all that panels of one colour would.
    """
    image = style.finite("the image", image, (3,))
    work, lines = found.work, _told(found)
    strongest = np.argsort(-np.abs(work.shares).sum(axis=(1, 2)), kind="stable")[:MOST]
    planes = np.sort(strongest)
    single = work.view.values.size == 1
    bars = [] if single else [each for each in found.sources if each.share][:BARS]
    low = 4.0 * len(lines) + 5 - SIDE if single else max(4.0 * len(lines), 4.2 * len(bars) + 8) + 19
    with style.context():
        figure, top = style.page(6 + SIDE + max(low, 0), title, _detail(found, planes), [_note(found, planes)])
        _image(style.box(figure, LEFT, top + 4, SIDE, SIDE), image, found)
        if single or not len(planes):
            _steps(figure, LEFT + SIDE + GAP, top + 5, lines)
            return figure
        panels = [(f"View of {found.below}, x", work.view.values)]
        panels += [] if work.weights is None else [("Weights, w", work.weights)]
        panels.append(("Contributions", work.shares))
        for place, (name, values) in enumerate(panels, start=1):
            _tiles(figure, LEFT + place * (SIDE + GAP), top + 4, name, values[planes])
        top += 4 + SIDE + 15
        _steps(figure, LEFT, top, lines)
        if bars:
            _bars(style.box(figure, 138, top, 36, 4.2 * len(bars)), bars)
    return figure


def _told(found: Worksheet) -> list[str]:
    """The steps, the network's answer, and why the cell is silent where it is, as lines."""
    work, view = found.work, found.work.view
    lines = [line for step in work.steps for line in _lines(step)]
    lines.append(_signed(f"the network answers {found.network:.6g}"))
    if work.silence:
        lines += wrap(_signed(f"silent: {work.silence}"), LETTERS, subsequent_indent="   ")
    if view.values.size == 1:
        lines = [_signed(f"x = {each.x:.6g}, the response of {each.cell}") for each in found.sources] + lines
    return lines


def _steps(figure: Figure, left: float, top: float, lines: list[str]) -> None:
    """The arithmetic in lines, under its heading."""
    style.text_at(figure, left, top - 4.3, "Step by step", size=8, weight="bold")
    for number, line in enumerate(lines):
        style.text_at(figure, left, top + 4 * number, line)


def _lines(step: Any) -> list[str]:
    """A step as lines: formula, numbers, value."""
    first, *others = dict.fromkeys((step.formula, step.worked, f"{step.value + 0.0:.6g}"))
    parts = [f"{step.symbol} = {first}", *(f"= {part}" for part in others)]
    lines = [line for part in parts for line in wrap(_signed(part), LETTERS, subsequent_indent="   ")]
    return [lines[0], *(f"   {line}" for line in lines[1:])]


def _signed(text: str) -> str:
    """Text with minus signs for its hyphens before numbers and after them."""
    return re.sub(r"-(?=[\d ])", "\N{MINUS SIGN}", text)


def _detail(found: Worksheet, planes: NDArray[Any]) -> str:
    count = len(found.work.view.planes)
    what = "cells" if found.work.view.inside.size == 1 else "planes"
    return f"drawn: the {len(planes)} that contribute most of {count} {what}" if count > len(planes) else ""


def _note(found: Worksheet, planes: NDArray[Any]) -> str:
    names = ", ".join(str(found.work.view.planes[plane]) for plane in planes)
    whose = f" Tiles, row by row, are of {found.below}/{names}." if len(planes) > 1 else ""
    edge = "" if found.work.view.inside.all() else " Beyond the edge of the map the view is drawn as the cell takes it."
    scale = " Each panel has a scale of its own." if found.work.view.values.size > 1 else ""
    return f"Framed: the pixels that the cell sees.{scale}{whose}{edge}"


def _image(axes: Axes, image: NDArray[Any], found: Worksheet) -> None:
    """The image, with what the cell sees of it framed."""
    low, high = image.min(), image.max()
    tiles = np.moveaxis((image - low) / ((high - low) or 1.0), 0, 2) if len(image) == 3 else image.mean(axis=0)
    axes.imshow(tiles, cmap="gray", interpolation="nearest")  # light is light, as in all pictures of images
    box, (height, width) = found.box, image.shape[1:]
    top, left = max(box.top, 0), max(box.left, 0)
    sides = (min(box.right, width) - left, min(box.bottom, height) - top)
    frame = Rectangle(
        (left - 0.5, top - 0.5), *sides, fill=False, edgecolor=style.ALARM, linewidth=1.2, clip_on=False, zorder=3
    )
    axes.add_patch(frame)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.MUTED, linewidth=0.4)
    axes.set_anchor("NW")
    axes.set_title("Image")


def _tiles(figure: Figure, left: float, top: float, name: str, values: NDArray[Any]) -> None:
    """Planes as tiles, or units in a row as one tile, on one scale, which stands below."""
    columns = int(np.ceil(np.sqrt(len(values))))
    rows = -(-len(values) // columns)
    tall = min(SIDE, SIDE * rows * values.shape[1] / (columns * values.shape[2]))
    axes = style.box(figure, left, top, SIDE, tall)
    image = mosaic.draw(axes, values, columns, mosaic.scale(values, signed=True))
    axes.set_title(name)
    high = image.get_clim()[1]
    bar = figure.colorbar(
        image, cax=style.box(figure, left + 4, top + tall + 1.5, SIDE - 8, 1.8), orientation="horizontal"
    )
    bar.set_ticks([-high, 0, high], labels=[f"\N{MINUS SIGN}{high:.2g}", "0", f"{high:.2g}"])
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)


def _bars(axes: Axes, sources: Any) -> None:
    """The largest contributions, each beside the name of the cell that it comes from."""
    shares = [each.share for each in sources]
    colours = [style.COLOURS[0] if share >= 0 else style.ALARM for share in shares]
    axes.barh(range(len(shares)), shares, color=colours, height=0.7)
    axes.set_yticks(range(len(shares)), [str(each.cell) for each in sources])
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.axvline(0, color=style.MUTED, linewidth=0.5)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("contribution")
    axes.set_title("Where it came from")
