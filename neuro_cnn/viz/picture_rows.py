"""Pictures in rows: a row a plane, all in the brightness in which a network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import mosaic, style

MOST = 18
"""Rows on one page."""
LABELS, TILES, TILE = 37.0, 120.0, 12.0  # mm: room for a row's words, for its tiles, and the longer side of a tile
NARROW, HEAD, UPRIGHT = 7.0, 5.0, 13.0  # mm: tiles over which words stand upright; room for words lying and standing


def picture_rows(
    pictures: NDArray[Any],
    labels: Sequence[str],
    headings: Sequence[str],
    *,
    title: str,
    detail: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Pictures (rows, n, C, h, w) of brightness 0 to 1, with a label a row and a heading a column; NaN stays blank.

    Raises UsageError where labels or headings are not as many, or there are more rows than a page holds.
    """
    rows, columns, colours, height, width = pictures.shape
    if (len(labels), len(headings)) != (rows, columns) or not 0 < rows <= MOST:
        have = f"{len(labels)} labels and {len(headings)} headings"
        raise UsageError(f"{rows} rows of {columns} pictures with {have}; give one each, and {MOST} rows at most")
    tile = min(TILE, TILES / columns)
    tall = rows * tile * height / max(height, width)
    wide = columns * tile * width / max(height, width)
    upright = wide < columns * NARROW
    head = UPRIGHT if upright else HEAD
    flat = pictures.reshape(-1, colours, height, width)
    tiles = _coloured(flat) if colours == 3 else flat.mean(axis=1)
    with style.context():
        figure, top = style.page(max(tall, 18.0) + head, title, detail, notes)
        axes = style.box(figure, LABELS, top + head, wide, tall)
        mosaic.draw(axes, tiles, columns, ("gray", Normalize(0, 1)))
        pitch = mosaic.Pitch.of(height, width)
        axes.set_yticks([(row + 0.5) * pitch.down for row in range(rows)], list(labels))
        axes.set_xticks([(column + 0.5) * pitch.across for column in range(columns)], list(headings))
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.tick_params(axis="x", rotation=90 if upright else 0)
        left = LABELS + wide + 4
        style.text_at(figure, left, top + head - HEAD, "brightness")
        cax = style.box(figure, left, top + head, 3, min(max(tall, 16.0), 40.0))
        bar = figure.colorbar(ScalarMappable(Normalize(0, 1), "gray"), cax=cax)
        bar.set_ticks([0, 0.5, 1], labels=["0", "0.5", "1"])
        bar.ax.tick_params(length=0)
    return figure


def _coloured(pictures: NDArray[Any]) -> NDArray[Any]:
    """Pictures (n, 3, h, w) as (n, h, w, 3), blank ones in the colour of the ground."""
    tiles = np.moveaxis(pictures, 1, 3)
    return np.where(np.isnan(tiles), to_rgb(style.GAP), np.clip(tiles, 0, 1))
