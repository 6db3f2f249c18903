"""Lesions: accuracy against planes silenced, by order, and against each plane's selectivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Lesions

LEFT, WIDE, TALL, SECOND = 14.0, 92.0, 56.0, 128.0  # mm
NOTE = (
    "A silenced plane is 0 to the layers above; nothing is fitted anew. Selectivity: class selectivity of the mean "
    "response over the map, on training images."
)


def lesions(found: Lesions, *, title: str, detail: str = "") -> Figure:
    """Left, accuracy as planes are silenced in each order, beside chance; right, with each plane alone silenced."""
    notes = [NOTE]
    if found.silent.any():
        notes.append(f"{found.silent.sum()} planes are silent to the training images: no selectivity, and not drawn.")
    with style.context():
        figure, top = style.page(TALL + 22, title, detail, notes)
        _curves(style.box(figure, LEFT, top + 10, WIDE, TALL), found)
        _planes(style.box(figure, SECOND, top + 10, style.PAGE - SECOND - 6, TALL), found)
    return figure


def _curves(axes: Axes, found: Lesions) -> None:
    random = 100 * found.random
    axes.axhline(100 * found.chance, color=style.MUTED, linestyle=":", linewidth=0.8, label="chance")
    mean, low, high = random.mean(axis=0), random.min(axis=0), random.max(axis=0)
    axes.fill_between(found.counts, low, high, color=style.GAP, alpha=0.6, linewidth=0)
    orders = f"random: mean and range of {len(random)}" if len(random) > 1 else "random"
    axes.plot(found.counts, mean, "-", color=style.MUTED, label=orders)
    for place, (name, curve) in enumerate((("most", found.most), ("least", found.least))):
        axes.plot(found.counts, 100 * curve, label=f"{name} selective first", **style.look(place))
    axes.set(xlabel="planes silenced", ylabel="accuracy, %", xlim=(0, found.counts[-1]), ylim=(0, 105))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=2)


def _planes(axes: Axes, found: Lesions) -> None:
    axes.axhline(100 * found.intact, color=style.MUTED, linewidth=0.8, label="intact")
    shown = ~found.silent
    alone = 100 * found.alone
    axes.plot(found.selectivity[shown], alone[shown], "o", color=style.COLOURS[0], clip_on=False)
    low, high = min(alone.min(), 100 * found.intact), max(alone.max(), 100 * found.intact)
    room = max(0.1 * (high - low), 0.5)
    axes.set(ylim=(low - room, high + room), xlabel="class selectivity of the plane", ylabel="accuracy without it, %")
    if not shown.any():
        axes.set_xlim(0, 1)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    rho = found.correlation
    words = "" if rho is None else f"Spearman's rho {np.round(rho, 2):.2f}"
    axes.set_title(words, fontsize=7, fontweight="normal", loc="right")
