"""Similarities of systems layer by layer: CKA and RSA between all of them, and what counts beside floor and ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Comparison, Likeness

CELL, LABEL, GAP, PANEL = 6.4, 42.0, 8.0, 44.0  # mm of a cell, of names, between panels, of the intervals' panel
HEAD, BELOW = 5.0, 13.0  # mm above a layer's matrices and below them
LETTERS = 28  # of a name
ROLES = {"between": style.COLOURS[0], "ceiling": style.COLOURS[2], "floor": style.COLOURS[1]}
MARKS = {"cka": "o", "rsa": "s"}
NOTE = (
    "Ceiling: a run and the same learned again from another seed. Floor: a run and the same cells untrained. CKA is "
    "the unbiased estimator, about 0 for independent codes; RSA is Spearman's correlation of dissimilarities."
)


def similarity(layers: Mapping[str, Likeness], names: Sequence[str], *, detail: str = "") -> Figure:
    """A row a layer: CKA and RSA between all systems, and intervals of those that are to be told apart.

    `names` are the systems', in threes: a run, the same learned again, and untrained; each begins with its number.
    """
    from neuro_cnn.physiology import comparisons

    found = {name: comparisons(each) for name, each in layers.items()}
    side = CELL * len(names)
    pitch = HEAD + side + BELOW
    left = LABEL + 2 * (side + GAP) + 6
    width = max(style.PAGE, left + PANEL + 3)
    limits = _limits([row for rows in found.values() for row in rows])
    with style.context():
        below = pitch * len(layers) + 9
        figure, top = style.page(below, "How alike layers code the same images", detail, [NOTE], width)
        for number, (name, each) in enumerate(layers.items()):
            down = top + pitch * number
            style.text_at(figure, 2, down + 1, name, size=8, weight="bold")
            for place, (measure, values) in enumerate((("CKA", each.cka), ("RSA", each.rsa))):
                axes = style.box(figure, LABEL + place * (side + GAP), down + HEAD, side, side)
                image = _matrix(axes, values, names if place == 0 else ())
                axes.set_title(measure, fontweight="normal", fontsize=7)
            _intervals(style.box(figure, left, down + HEAD, width - left - 3, side), found[name], limits)
        foot = top + pitch * len(layers) - 1
        bar = style.box(figure, LABEL, foot, max(side, 28), 2.5)
        figure.colorbar(image, cax=bar, orientation="horizontal", ticks=[0, 0.5, 1]).set_label("similarity")
        _legend(figure, LABEL + max(side, 28) + GAP, foot)
    return figure


def _matrix(axes: Axes, values: NDArray[Any], names: Sequence[str]) -> Any:
    """Numbers and colours of similarities (S, S); a dash where undefined. Returns what a colour bar needs."""
    image = axes.imshow(np.nan_to_num(values), cmap=style.SHARE, vmin=0, vmax=1, interpolation="none")
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        words = f"{value:.2f}".replace("0.", ".", 1).replace("1.00", "1.0") if np.isfinite(value) else "\N{EN DASH}"
        axes.text(column, row, words, ha="center", va="center", color="white" if value > 0.55 else "black")
    numbers = range(len(values))
    axes.set_xticks(numbers, [str(number + 1) for number in numbers])
    axes.set_yticks(numbers, [name[:LETTERS] for name in names] or [str(number + 1) for number in numbers])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for edge in range(3, len(values), 3):  # one run's three from the next's
        axes.axhline(edge - 0.5, color="white", linewidth=1.5)
        axes.axvline(edge - 0.5, color="white", linewidth=1.5)
    return image


def _intervals(axes: Axes, rows: Sequence[Comparison], limits: tuple[float, float]) -> None:
    pairs = list(dict.fromkeys((row.a, row.b) for row in rows))
    for row in rows:
        height = pairs.index((row.a, row.b)) + (0.18 if row.measure == "rsa" else -0.18)
        if np.isfinite([row.low, row.high]).all():
            axes.plot([row.low, row.high], [height, height], color=ROLES[row.role], linewidth=1)
        if np.isfinite(row.value):
            look: dict[str, Any] = {"markerfacecolor": "white"} if row.measure == "rsa" else {}
            axes.plot(row.value, height, MARKS[row.measure], color=ROLES[row.role], clip_on=False, **look)
    for height, pair in enumerate(pairs):
        missing = [row.measure.upper() for row in rows if (row.a, row.b) == pair and not np.isfinite(row.value)]
        if missing:
            axes.text(limits[0], height, f" {', '.join(missing)} undefined", va="center", color=style.MUTED)
    axes.set_yticks(range(len(pairs)), [f"{a + 1}\N{EN DASH}{b + 1}" for a, b in pairs])
    axes.set(xlim=limits, ylim=(len(pairs) - 0.5, -0.5), xlabel="similarity")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x")


def _limits(rows: Sequence[Comparison]) -> tuple[float, float]:
    """From the least that is drawn, in whole tenths, to just above 1."""
    known = [value for row in rows for value in (row.low, row.value) if np.isfinite(value)]
    low = np.floor(10 * min(known, default=0.0)) / 10
    return min(float(low), 0.9), 1.01


def _legend(figure: Figure, left: float, top: float) -> None:
    grey: dict[str, Any] = {"color": style.MUTED, "linestyle": ""}
    handles = [Line2D([], [], color=colour, label=role) for role, colour in ROLES.items()]
    handles += [Line2D([], [], marker="o", label="CKA", **grey)]
    handles += [Line2D([], [], marker="s", markerfacecolor="white", label="RSA", **grey)]
    across, down = 25.4 * figure.get_size_inches()
    place = (left / across, 1 - top / down)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, borderaxespad=0, ncols=5)
