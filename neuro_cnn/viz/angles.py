"""Angles between a local rule's step and backpropagation's, over training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Course

LEFT, TALL, PITCH = 14.0, 52.0, 70.0  # mm: room left of a panel, its height, and from one to the next below
NOTE = (
    "0: the rule takes backpropagation's step; 90: it neither helps nor harms the read-out. Steps are small, and "
    "tangential to each plane's weights. Open, dashed: the rule's steps handed to other planes. Shaded: two standard "
    "deviations of random directions. Descent is estimated from few images: that over endlessly many would "
)


def angles(systems: Mapping[str, Mapping[str, Course]], *, detail: str = "") -> Figure:
    """A panel a system, a line a layer: mean and deviation over seeds of the layer's angle, and its controls.

    Raises UsageError where no layer has an angle.
    """
    every = [course for layers in systems.values() for course in layers.values()]
    drawn = np.concatenate([np.ravel(each) for course in every for each in (course.whole, course.shuffled)])
    if not np.isfinite(drawn).any():
        raise UsageError("no angle to draw: no rule has moved its layer")
    looks = {name: style.look(i) for i, name in enumerate(dict.fromkeys(n for each in systems.values() for n in each))}
    across = min(len(systems), 2)
    wide = (style.PAGE - 4) / across - LEFT
    below = math.ceil(len(systems) / across) * PITCH
    seeds = len(every[0].whole)
    repeated = f" Bars: one standard deviation over {seeds} seeds." if seeds > 1 else ""
    with style.context():
        note = NOTE + _ceiling(every) + repeated
        figure, top = style.page(below + 5, "A local rule's step and backpropagation's", detail, [note])
        for index, (name, layers) in enumerate(systems.items()):
            left, down = LEFT + index % across * (wide + LEFT), top + 5 + index // across * PITCH
            axes = style.box(figure, left, down, wide, TALL)
            _draw(axes, layers, looks)
            axes.set(title=name, xlabel="update", ylabel="angle, degrees")
        _one_scale(figure.axes)
        width, height = 25.4 * figure.get_size_inches()
        figure.legend(
            handles=[Line2D([], [], label=name, **look) for name, look in looks.items()],
            loc="upper left",
            bbox_to_anchor=(10 / width, 1 - (top + below - 1) / height),
            borderaxespad=0,
            ncols=len(looks),
        )
    return figure


def _draw(axes: Axes, layers: Mapping[str, Course], looks: Mapping[str, Mapping[str, Any]]) -> None:
    axes.axhline(90, color=style.MUTED, linestyle=":", linewidth=0.8)
    for name, course in layers.items():
        look = looks[name]
        axes.axhspan(90 - 2 * course.chance, 90 + 2 * course.chance, color=look["color"], alpha=0.12, linewidth=0)
        means = {key: [row[key] for row in course.summary()] for key in ("whole_mean", "whole_sd", "shuffled_mean")}
        mean, spread, control = (np.array(values, float) for values in means.values())  # None becomes NaN
        bars = spread if np.isfinite(spread).any() else None
        axes.errorbar(course.updates, mean, bars, **look, elinewidth=0.7, capsize=1.5, capthick=0.7)
        axes.plot(course.updates, control, **look, linestyle="--", linewidth=0.8, markerfacecolor="white")
    starts: dict[int, list[str]] = {}
    for name, course in layers.items():
        starts.setdefault(int(course.updates[0]), []).append(name)
    for start, names in starts.items():
        axes.axvline(start, color=style.GAP, linewidth=0.5, zorder=0)
        words = f"{', '.join(names)} learn{'s' * (len(names) == 1)}"
        place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points"}
        axes.annotate(words, (start, 1), (2, -1), **place, va="top", color=style.MUTED)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")


def _one_scale(panels: list[Axes]) -> None:
    """The same angles in every panel, with room at the top for words."""
    low = min(axes.get_ylim()[0] for axes in panels)
    high = max(axes.get_ylim()[1] for axes in panels)
    for axes in panels:
        axes.set_ylim(low, high + 0.12 * (high - low))


def _ceiling(every: list[Course]) -> str:
    known = np.concatenate([np.ravel(course.ceiling) for course in every])
    known = known[np.isfinite(known)]
    if not known.size:
        return "stand nowhere known."
    return f"itself stand at {known.min():.0f} to {known.max():.0f} degrees to the estimate."
