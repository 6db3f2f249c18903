"""The health of learned layers: who wins how often, how near filters lie, how long their weights are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Health

Pair: TypeAlias = "tuple[Health, Health | None]"
WIDE, TALL, PITCH = 44.0, 26.0, 43.0  # mm of a panel, and from one row to the next
DEAD = 0.02  # parts of the fair share, as physiology counts
ALIKE = 0.95
FLOOR = 0.001  # parts of the fair share: planes that win less are drawn here
WIDER = 20  # ratio of norms from which their axis is logarithmic
OURS = {"color": style.COLOURS[0]}


def health(layers: Mapping[str, Pair], *, title: str, beside: str) -> Figure:
    """A row a layer: sorted shares of wins, cosines to the nearest other filter, and norms; another's in grey.

    `layers` are pairs of a layer's health and the one drawn in grey (or None), by name; `beside` says what that is.
    """
    notes = [
        "Wins: each plane's share as a multiple of its fair one, 1 / planes; under the line at 0.02 it is dead, and at "
        f"{FLOOR:g} stands what wins no more."
    ]
    if any(other is not None for _, other in layers.values()):
        notes.insert(0, f"Blue: learned. Grey: {beside}.")
    with style.context():
        figure, top = style.page(PITCH * len(layers), title, notes=notes)
        for row, (name, (ours, other)) in enumerate(layers.items()):
            down = top + PITCH * row
            head = f"{name}: {ours.planes} plane{'s' * (ours.planes > 1)}"
            style.text_at(figure, 2, down, head, size=8, weight="bold")
            panels = [style.box(figure, 16 + 57 * place, down + 6, WIDE, TALL) for place in range(3)]
            both = [(each, look) for each, look in ((other, {"color": style.GAP}), (ours, OURS)) if each is not None]
            _wins(panels[0], both)
            _cosines(panels[1], both)
            _norms(panels[2], both)
    return figure


def _wins(axes: Axes, both: list[tuple[Health, dict[str, Any]]]) -> None:
    for each, look in both:
        shares = np.maximum(np.sort(each.shares)[::-1], FLOOR)
        axes.plot(np.arange(1, len(shares) + 1), shares, "o-" if len(shares) < 30 else "-", clip_on=False, **look)
    axes.axhline(DEAD, color=style.ALARM, linewidth=0.8)
    most = max(each.shares.max() for each, _ in both)
    axes.set(yscale="log", ylim=(FLOOR, max(2 * most, 3)), xlabel="planes, by wins", ylabel="wins / fair share")
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlim(0, max(each.planes for each, _ in both) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _cosines(axes: Axes, both: list[tuple[Health, dict[str, Any]]]) -> None:
    known = [each.cosines[~np.isnan(each.cosines)] for each, _ in both]
    low = min((float(values.min()) for values in known if len(values)), default=0.0)
    bins = np.linspace(min(0.0, np.floor(10 * low) / 10), 1, 26).tolist()
    for values, (_, look) in zip(known, both, strict=True):
        if len(values):
            weights = np.full(len(values), 100 / len(values))
            filled = look is not OURS
            axes.hist(np.minimum(values, 1), bins, weights=weights, histtype="stepfilled" if filled else "step", **look)
    axes.axvline(ALIKE, color=style.ALARM, linewidth=0.8)
    axes.set(xlim=(bins[0], 1), xlabel="cosine to the nearest other filter", ylabel="% of planes")


def _norms(axes: Axes, both: list[tuple[Health, dict[str, Any]]]) -> None:
    norms = [each.norms[~each.spare] for each, _ in both]
    for row, (values, (_, look)) in enumerate(zip(norms, both, strict=True)):
        # spread in height by the golden ratio, so that equal norms do not hide one another
        height = len(both) - 1 - row + 0.3 + 0.4 * (np.arange(len(values)) * 0.618 % 1)
        axes.plot(values, height, "o", markersize=2, clip_on=False, **look)
    every = np.concatenate(norms)
    positive = every[every > 0]
    low, high = (float(positive.min()), float(every.max())) if len(positive) else (0.5, 1.0)
    if high > WIDER * low:
        axes.set(xscale="log", xlim=(low / 1.5, high * 1.5))
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    else:
        axes.set_xlim(0, 1.15 * high)
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set(ylim=(0, len(both)), yticks=[], xlabel="norm of a plane's weights")
    axes.spines["left"].set_visible(False)
