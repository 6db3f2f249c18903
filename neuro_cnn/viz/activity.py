"""What every cell-plane answers to one image, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

MOST = 100  # planes or cells drawn of a layer
COLUMNS, MARGIN, WIDTH = 20, 36.0, 140.0  # tiles in a row; mm for the layer's name; mm for its tiles


def responses(
    image: NDArray[Any],
    layers: Mapping[str, NDArray[Any]],
    *,
    classes: Sequence[str] | None = None,
    title: str = "Responses to one image",
) -> Figure:
    """The image (C, H, W) and each layer's planes (K, H', W') below it; a layer (K,) as bars.

    Each layer has its own scale, given beside it. `classes` name the bars of a layer of as many cells. At
    most 100 planes of a layer are drawn, and its caption says so.
    """
    image = style.finite("the image", image, (3,))
    maps = {name: style.finite(f"layer {name}", values, (1, 3)) for name, values in layers.items()}
    rows = [("input", image), *maps.items()]
    heights = [_height(values) for _, values in rows]
    notes = [
        "Each layer on its own scale: white is 0 and the darkest tone its largest response; "
        "where a layer also answers below 0, red is above it and blue below."
    ]
    with style.context():
        figure, top = style.page(sum(heights) + 5 * len(rows), title, notes=notes)
        for (name, values), height in zip(rows, heights, strict=True):
            style.text_at(figure, 2, top, name, weight="bold", size=8)
            style.text_at(figure, 2, top + 4, _caption(values), color=style.MUTED, linespacing=1.35)
            axes = style.box(figure, MARGIN, top, WIDTH, _drawn(values))
            if values.ndim == 1:
                _bars(axes, values, classes)
            else:
                _tiles(axes, values, colour=values is image and len(image) == 3)
            top += height + 5
    return figure


def _tile(values: NDArray[Any]) -> tuple[int, float, float]:
    # Columns, and the height and width in mm of one tile.
    planes, height, width = values.shape
    columns = min(planes, COLUMNS)
    side = min(18.0, WIDTH / columns)
    return columns, side * height / max(height, width), side


def _drawn(values: NDArray[Any]) -> float:
    if values.ndim == 1:
        return 18.0
    columns, height, _ = _tile(values)
    return math.ceil(min(len(values), MOST) / columns) * height


def _height(values: NDArray[Any]) -> float:
    # Room for the caption's four lines, and for the bars' labels.
    return max(_drawn(values) + (6 if values.ndim == 1 else 0), 15.0)


def _caption(values: NDArray[Any]) -> str:
    shape = " \N{MULTIPLICATION SIGN} ".join(str(side) for side in values.shape)
    kind = "cells" if values.ndim == 1 else "planes"
    shown = f"\nfirst {MOST} of {len(values)} {kind}" if len(values) > MOST else ""
    limits = f"{values.min():.3g} to {values.max():.3g}".replace("-", "\N{MINUS SIGN}")
    return f"{shape}\n{limits}{shown}"


def _tiles(axes: Axes, values: NDArray[Any], *, colour: bool) -> None:
    columns = _tile(values)[0]
    if colour:
        low, high = values.min(), values.max()
        tiles, columns = np.moveaxis((values - low) / ((high - low) or 1.0), 0, 2)[None], 1
    else:
        tiles = values[:MOST]
    mosaic.draw(axes, tiles, columns, mosaic.scale(values))


def _bars(axes: Axes, values: NDArray[Any], classes: Sequence[str] | None) -> None:
    count = min(len(values), MOST)
    names = list(classes) if classes is not None and len(classes) == len(values) else range(len(values))
    bars = axes.bar(range(count), values[:count], color=style.GAP, width=0.8)
    if values.argmax() < count:
        bars[int(values.argmax())].set_color(style.COLOURS[0])
    axes.axhline(0, color=style.MUTED, linewidth=0.5)
    labels = [str(name) for name in names]
    room = 1.5 * max(map(len, labels)) + 1.5  # mm of a label
    if isinstance(names, list) and count * room > WIDTH:  # names that would touch stand in two rows
        labels[1::2], room = ["\n" + label for label in labels[1::2]], room / 2
    step = math.ceil(count * room / WIDTH)
    axes.set_xticks(range(0, count, step), labels[:count:step])
    axes.set_xlim(-0.6, count - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])  # the caption gives the limits
    axes.spines[:].set_visible(False)
