"""Why cells answer to an image: a map over its pixels for each cell, and whether the maps depend on the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

COLUMNS, SIDE, GAP, WORDS = 7, 20.0, 2.3, 8.0  # tiles in a row; mm: their longer side, between them, above them
LETTERS = 13
"""Of a cell's address above its map."""
PLOT, WIDE = 26.0, 110.0  # mm: the plot below the maps

Box = tuple[int, int, int, int]
"""Top, left, bottom and right of the pixels that a cell sees."""


def explained(
    image: NDArray[Any],
    maps: NDArray[Any],
    cells: Sequence[tuple[str, float, Box]],
    *,
    quantity: str,
    title: str,
    detail: str = "",
    notes: Sequence[str] = (),
    check: Mapping[str, tuple[NDArray[Any], NDArray[Any]]] | None = None,
) -> Figure:
    """An image (C, H, W), maps (n, H, W) over it on one scale, and of each cell its address, response and box.

    `check` gives for each layer, from the top down, how alike the maps stay once its weights and those above are drawn
    anew, in magnitude and with sign, (n,) each. Raises DataError for maps that are not finite.
    """
    image, maps = style.finite("the image", image, (3,)), style.finite("maps", maps, (3,))
    height, width = (SIDE * side / max(image.shape[1:]) for side in image.shape[1:])
    rows = ceil((len(maps) + 1) / COLUMNS)
    tall = rows * (height + WORDS + GAP)
    with style.context():
        figure, top = style.page(tall + (PLOT + 16 if check else 0), title, detail, notes)
        places = [
            (3 + (SIDE + GAP) * (k % COLUMNS), top + WORDS + (height + WORDS + GAP) * (k // COLUMNS))
            for k in range(len(maps) + 1)
        ]
        _picture(style.box(figure, *places[0], width, height), image)
        _caption(figure, places[0], "image")
        colours = mosaic.scale(maps)
        for place, values, (address, response, box) in zip(places[1:], maps, cells, strict=True):
            axes = style.box(figure, *place, width, height)
            axes.imshow(values, cmap=colours[0], norm=colours[1], aspect="auto", interpolation="none")
            _bare(axes)
            _outline(axes, box, values.shape)
            _caption(figure, place, f"{_short(address)}\n{response:.3g}".replace("-", "\N{MINUS SIGN}"))
        _bar(figure, 3 + COLUMNS * (SIDE + GAP) + 2, top, height, colours, quantity)
        if check:
            _plot(style.box(figure, 16, top + tall + 5, WIDE, PLOT), check)
    return figure


def _picture(axes: Axes, image: NDArray[Any]) -> None:
    if len(image) == 3:
        axes.imshow(np.clip(np.moveaxis(image, 0, 2), 0, 1), aspect="auto", interpolation="none")
    else:
        axes.imshow(image.mean(axis=0), cmap="gray", norm=Normalize(0, 1), aspect="auto", interpolation="none")
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.GAP)


def _outline(axes: Axes, box: Box, sides: tuple[int, ...]) -> None:
    """A frame around what the cell sees, where that is not the whole image."""
    top, left, bottom, right = max(box[0], 0), max(box[1], 0), min(box[2], sides[0]), min(box[3], sides[1])
    if (top, left, bottom, right) != (0, 0, *sides):
        frame = Rectangle(
            (left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=style.MUTED, lw=0.6
        )
        axes.add_patch(frame)


def _short(address: str) -> str:
    """A cell's address as far as there is room for it: without its layer, which the title names."""
    return address if len(address) <= LETTERS else "\N{HORIZONTAL ELLIPSIS}" + address[address.index("/") :]


def _caption(figure: Figure, place: tuple[float, float], words: str) -> None:
    style.text_at(figure, place[0], place[1] - WORDS + 0.5, words, linespacing=1.2)


def _bar(figure: Figure, left: float, top: float, height: float, colours: tuple[str, Normalize], quantity: str) -> None:
    style.text_at(figure, left, top, quantity, linespacing=1.2)
    cax = style.box(figure, left, top + WORDS + 4, 3, max(height - 5, 12.0))
    bar = figure.colorbar(ScalarMappable(colours[1], colours[0]), cax=cax)
    low, high = colours[1].vmin or 0.0, colours[1].vmax or 0.0
    ticks = [low, 0.0, high] if low < 0 else [low, high]
    bar.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "\N{MINUS SIGN}") for tick in ticks])
    bar.ax.tick_params(length=0)


def _plot(axes: Axes, check: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
    """How alike maps stay, from the learned network, 1, down to the lowest layer drawn anew."""
    at = range(len(check) + 1)
    for which, (kind, line) in enumerate((("magnitudes", "-"), ("with sign", "--"))):
        values = np.stack([np.ones(len(next(iter(check.values()))[0])), *(pair[which] for pair in check.values())])
        look = {**style.look(which), "linestyle": line}
        axes.plot(at, values, color=look["color"], linestyle=line, linewidth=0.4, alpha=0.5)
        there = ~np.isnan(values)
        mean = np.where(there, values, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        axes.plot(at, np.where(there.any(axis=1), mean, np.nan), label=kind, **look)
    low = min(0.0, *(float(np.nanmin([*part, 0.0])) for pair in check.values() for part in pair))
    axes.set(xlim=(-0.3, len(check) + 0.3), ylim=(low - 0.05, 1.05), ylabel="rank correlation")
    axes.set_title("Maps with weights drawn anew")
    words = ["learned", *(f"{'' if k == 0 else '+ '}{name}" for k, name in enumerate(check))]
    apart = ceil(len(words) * (1.6 * max(map(len, words)) + 1) / WIDE)
    axes.set_xticks(at[::apart], words[::apart])
    axes.set_xlabel("layers drawn anew, from the top down")
    axes.axhline(0, color=style.MUTED, linewidth=0.5)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
