"""Binary images beside themselves, moved: which inputs go on, which off, and how many of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

if TYPE_CHECKING:
    from neuro_cnn.data.flips import Flipped

ON, OFF, STAY = style.COLOURS[0], style.COLOURS[1], "#4a4f55"
LEFT, TALL, MOST = 14.0, 52.0, 10  # mm left of the panels and of the bars' height; classes drawn
LETTER = 1.6  # mm of a letter at 7 points, generously


def flips(
    rows: Sequence[Flipped], before: NDArray[Any], after: NDArray[Any], pixels: int, *, title: str, detail: str = ""
) -> Figure:
    """An example a class and where it is moved to, and bars of how many pixels go on and off; the last row is of all.

    `before` and `after` say which pixels are on, (classes, C, H, W): as many classes as rows but the last. Of many
    classes the first ten are drawn.
    """
    count = min(len(before), MOST)
    rows = [*rows[:-1][:MOST], rows[-1]]
    side = (style.PAGE - LEFT - 4) / len(rows)
    shown = [_coloured(before[i].any(axis=0), after[i].any(axis=0)) for i in range(count)]
    above = (
        f"Above, the first image of a class moved {pixels} px to the right; grey: on before and after. "
        if shown
        else ""
    )
    note = f"{above}Bars: means over all images of a class and the moves down, up, right and left."
    with style.context():
        tall = side + 4 if shown else 0
        longest = max(len(row.name) for row in rows)
        upright = LETTER * longest < side
        below = 4 if upright else LETTER * longest
        figure, top = style.page(tall + TALL + 6 + below, title, detail, [note])
        if shown:
            axes = style.box(figure, LEFT, top, side * count, side)
            mosaic.draw(axes, np.stack(shown), count, (style.POSITIVE, Normalize(0, 1)))
        axes = style.box(figure, LEFT, top + tall + 4, side * len(rows), TALL)
        _bars(axes, rows)
        axes.set_xticks(range(len(rows)), [row.name for row in rows], rotation=0 if upright else 90)
    return figure


def _coloured(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> NDArray[Any]:
    """White where a pixel is off and stays so; the colours elsewhere: (H, W, 3)."""
    image = np.ones((*before.shape, 3))
    for mask, colour in ((before & after, STAY), (after & ~before, ON), (before & ~after, OFF)):
        image[mask] = to_rgb(colour)
    return image


def _bars(axes: Axes, rows: Sequence[Flipped]) -> None:
    for offset, colour, name in ((-0.2, ON, "on"), (0.2, OFF, "off")):
        values = [getattr(row, name) for row in rows]
        axes.bar(np.arange(len(rows)) + offset, values, 0.38, color=colour, label=f"go {name}")
        for place, value in enumerate(values):
            words = f"{value:.0f}" if value < 1000 else f"{value / 1000:.1f}k"  # so that they fit side by side
            axes.text(place + offset, value, words, ha="center", va="bottom", color=colour)
    for place, row in enumerate(rows):
        line = axes.plot([place - 0.42, place + 0.42], [row.lit] * 2, color="black", linewidth=1)[0]
        line.set_label("are on" if place == 0 else "_")
    axes.set(xlim=(-0.5, len(rows) - 0.5), ylabel="pixels")
    axes.set_ylim(0, 1.25 * max(max(row.lit, row.on, row.off) for row in rows) or 1)  # nothing may be on
    axes.legend(loc="upper left", ncols=3)
    axes.grid(axis="y")
