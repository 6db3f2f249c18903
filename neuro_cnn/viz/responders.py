"""The responder table: patterns by transformations, and the cell that answers strongest to each (Fukushima 1980)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

MOST = 12  # patterns on one page
MARGIN, HEAD, WORDS = 16.0, 12.0, 11.0  # mm for the patterns' names, above the images, and below a row of them
NOTE = (
    "Percentages: the forms, over all patterns, to which the same cell answers as to the pattern as it is. Below each "
    "image: the cell (cell-plane) that answers strongest to most of the forms; to how many of them the pattern's own "
    "cell does; and how many respond on average."
)


def responder_table(
    patterns: Sequence[str],
    forms: Mapping[str, NDArray[Any]],
    winners: Mapping[str, NDArray[np.int64]],
    responding: Mapping[str, NDArray[np.int64]],
    *,
    title: str,
    detail: str = "",
) -> Figure:
    """A row a pattern, a column a transformation, the first being the pattern as it is; its first form is drawn.

    `forms` are images (P, M, C, H, W) in [0, 1]; `winners` the strongest plane of each form, (P, M), -1 where all are
    silent; `responding` how many planes respond. Where the pattern's own cell loses in a form the words are red.
    """
    count, clean = min(len(patterns), MOST), winners[next(iter(forms))][:, 0]
    side = (style.PAGE - MARGIN - 2) / len(forms)  # mm of a tile with its share of the gaps
    if count < len(patterns):
        detail += f"; the first {count} of {len(patterns)} patterns"
    own = {name: (each == clean[:, None]) & (clean >= 0)[:, None] for name, each in winners.items()}
    with style.context():
        figure, top = style.page(HEAD + count * (side + WORDS), title, detail, [NOTE])
        for place, (name, mine) in enumerate(own.items()):
            middle = MARGIN + (place + 0.5) * side
            style.text_at(figure, middle, top, name.replace(" ", "\n", 1), ha="center", weight="bold")
            style.text_at(figure, middle, top + 7.5, f"{100 * mine.mean():.0f} %", ha="center")
        for row in range(count):
            down = top + HEAD + row * (side + WORDS)
            style.text_at(figure, 2, down + side / 2 - 4, str(patterns[row]), size=8, weight="bold")
            if all(mine[row].all() for mine in own.values()):
                style.text_at(figure, 2, down + side / 2, "steady", color=style.MUTED)
            _row(figure, [each[row, 0] for each in forms.values()], down, side)
            for place, (name, mine) in enumerate(own.items()):
                text = _words(winners[name][row], mine[row], responding[name][row])
                look = {"color": "black" if mine[row].all() else style.ALARM, "linespacing": 1.15, "ha": "center"}
                style.text_at(figure, MARGIN + (place + 0.5) * side, down + side + 1, text, **look)
    return figure


def _row(figure: Figure, images: Sequence[NDArray[Any]], down: float, side: float) -> None:
    tiles = np.stack(images)
    tiles = np.moveaxis(tiles, 1, 3) if tiles.shape[1] == 3 else tiles[:, 0]
    axes = style.box(figure, MARGIN, down, side * len(tiles), 2 * side)  # the width decides
    mosaic.draw(axes, tiles, len(tiles), (style.POSITIVE, Normalize(0, 1)))


def _words(winners: NDArray[np.int64], own: NDArray[np.bool_], responding: NDArray[np.int64]) -> str:
    cells, counts = np.unique(winners, return_counts=True)
    cell = int(cells[counts.argmax()])
    who = f"cell {cell}" if cell >= 0 else "silent"
    mean = float(responding.mean())
    return f"{who}\n{own.sum()} of {len(own)}\n{f'{mean:.2g}' if mean < 10 else f'{mean:.0f}'} respond"
