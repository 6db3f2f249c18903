"""Many small maps on one sheet: tiles in rows, all on one colour scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neuro_cnn.viz import style

FINE = 24  # pixels of the sheet that a tile's longer side has at least, so that the gap of 1 / 24 stays thin


class Pitch(NamedTuple):
    """How tiles lie on a sheet, in its pixels: each pixel of a tile `zoom` times, `gap` between two tiles."""

    zoom: int
    gap: int
    down: int
    across: int

    @classmethod
    def of(cls, height: int, width: int) -> Pitch:
        """The pitch of tiles of height x width."""
        zoom = math.ceil(FINE / max(height, width))
        gap = round(zoom * max(height, width) / FINE)
        return cls(zoom, gap, zoom * height + gap, zoom * width + gap)


def sheet(tiles: NDArray[Any], columns: int) -> NDArray[Any]:
    """Tiles laid row by row: (n, h, w) or (n, h, w, 4) -> (H, W) or (H, W, 4), NaN around them."""
    pitch = Pitch.of(*tiles.shape[1:3])
    rows = math.ceil(len(tiles) / columns)
    shape = (rows * pitch.down + pitch.gap, columns * pitch.across + pitch.gap, *tiles.shape[3:])
    result = np.full(shape, np.nan)
    for index, tile in enumerate(tiles):
        large = tile.repeat(pitch.zoom, axis=0).repeat(pitch.zoom, axis=1)
        top, left = index // columns * pitch.down + pitch.gap, index % columns * pitch.across + pitch.gap
        result[top : top + large.shape[0], left : left + large.shape[1]] = large
    return result


def scale(values: NDArray[Any], *, signed: bool = False) -> tuple[str, Normalize]:
    """Colour map and limits: symmetric about 0 where a value is negative or `signed`, else greys from 0."""
    largest = float(np.abs(values).max()) or 1.0  # all zero: any limit shows it
    if signed or values.min() < 0:
        return style.SIGNED, Normalize(-largest, largest)
    return style.POSITIVE, Normalize(0, largest)


def draw(axes: Axes, tiles: NDArray[Any], columns: int, colours: tuple[str, Normalize]) -> AxesImage:
    """Draw tiles, (n, h, w) by a scale or (n, h, w, 3) in colour, on axes without ticks."""
    count, height, width = tiles.shape[:3]
    pitch = Pitch.of(height, width)
    full, rest = divmod(count, columns)
    for top, rows, across in ((0, full, columns), (full, 1, rest)):  # the ground that shows between tiles
        size = (across * pitch.across + pitch.gap, rows * pitch.down + pitch.gap)
        if rows and across:
            axes.add_patch(Rectangle((-0.5, top * pitch.down - 0.5), *size, color=style.GAP, linewidth=0))
    if tiles.ndim == 4:  # opaque tiles on a transparent sheet
        image = np.nan_to_num(sheet(np.concatenate([tiles, np.ones((count, height, width, 1))], 3), columns))
    else:
        image = np.ma.masked_invalid(sheet(tiles, columns))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_anchor("NW")
    # Exact pixels while they are larger than the printer's; beyond that the renderer averages.
    interpolation = "none" if max(image.shape[:2]) < 800 else None
    return axes.imshow(image, cmap=colours[0], norm=colours[1], interpolation=interpolation, aspect="equal", zorder=2)


def number(axes: Axes, size: tuple[int, int], rows: Iterable[int], columns: Iterable[int] = ()) -> None:
    """Write the planes' numbers beside the rows and the inputs' above the columns of tiles of (h, w)."""
    pitch = Pitch.of(*size)
    left, top = [str(row) for row in rows], [str(column) for column in columns]
    axes.set_yticks([(row + 0.5) * pitch.down for row in range(len(left))], left)
    axes.set_xticks([(column + 0.5) * pitch.across for column in range(len(top))], top)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)


def frame(axes: Axes, index: int, columns: int, size: tuple[int, int], across: int = 1) -> None:
    """Frame tile `index` and the next ones, `across` in all."""
    pitch = Pitch.of(*size)
    middle = (pitch.gap - 1) / 2  # of the gap
    corner = (index % columns * pitch.across + middle, index // columns * pitch.down + middle)
    look: dict[str, Any] = {
        "fill": False,
        "edgecolor": style.ALARM,
        "linewidth": 1.2,
        "clip_on": False,
        "zorder": 3,
    }
    axes.add_patch(Rectangle(corner, across * pitch.across, pitch.down, **look))
