"""Self-organisation as it went: who was seed at which presentation, and how many planes had learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neuro_cnn.viz import style
from neuro_cnn.viz.accuracy import spread

LEFT, WIDE, GAP = 16.0, 148.0, 11.0  # mm: of the panels, and between two of them
COUNTS = 34.0  # mm: height of the panel of numbers


def organisation(
    events: Mapping[str, Sequence[tuple[int, int, int]]],
    trained: Mapping[str, NDArray[Any]],
    planes: Mapping[str, int],
    classes: Sequence[str],
    *,
    title: str,
) -> Figure:
    """A panel a layer of seed cells, plane against presentation, coloured by class; below, planes that have learned.

    `events` are (presentation, plane, class) by layer, `trained` numbers of planes after each presentation, and
    `planes` how many there are.
    """
    shown = len(next(iter(trained.values())))
    heights = {layer: min(max(1.7 * planes[layer], 24.0), 80.0) for layer in events}
    legend = 4.2 * math.ceil(len(classes) / _across(classes)) + 3
    with style.context():
        tall = legend + sum(heights.values()) + GAP * len(heights) + COUNTS + 14
        figure, top = style.page(tall, title, "colour and shape: the class of the image presented")
        _legend(figure, top, classes)
        down = top + legend + 3
        for layer, each in events.items():
            axes = style.box(figure, LEFT, down, WIDE, heights[layer])
            marker = 3.5 if shown <= 200 else 2
            for label in sorted({event[2] for event in each}):
                x, y = np.array([event[:2] for event in each if event[2] == label]).T
                axes.plot(x, y, linestyle="none", **style.look(label), markersize=marker, markeredgewidth=0)
            axes.set(xlim=(0, shown + 1), ylim=(planes[layer] - 0.5, -0.5), ylabel="plane")
            axes.set_title(f"{layer}: seed cells")
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid()
            down += heights[layer] + GAP
        _counts(style.box(figure, LEFT, down, WIDE, COUNTS), trained, max(planes.values()), shown)
    return figure


def _counts(axes: Axes, trained: Mapping[str, NDArray[Any]], most: int, shown: int) -> None:
    top = 1.08 * most
    heights = spread(np.array([counts[-1] for counts in trained.values()], float), 4 * top / COUNTS, top)
    for number, ((layer, counts), height) in enumerate(zip(trained.items(), heights, strict=True)):
        colour = style.COLOURS[number % len(style.COLOURS)]
        axes.step(np.arange(shown + 1), [0, *counts], where="post", color=colour)
        axes.text(shown + 1 + 0.01 * shown, height, f"{layer}: {counts[-1]}", color=colour, va="center")
    axes.set(xlim=(0, shown + 1), ylim=(0, top), xlabel="presentation", ylabel="planes")
    axes.set_title("Planes that have learned")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid()


def _across(classes: Sequence[str]) -> int:
    return max(1, int(165 // (1.6 * max(map(len, map(str, classes))) + 10)))


def _legend(figure: Figure, top: float, classes: Sequence[str]) -> None:
    width, height = 25.4 * figure.get_size_inches()
    figure.legend(
        handles=[
            Line2D([], [], linestyle="none", label=str(name), **style.look(index)) for index, name in enumerate(classes)
        ],
        loc="upper left",
        bbox_to_anchor=(LEFT / width, 1 - top / height),
        ncols=min(len(classes), _across(classes)),
        borderaxespad=0,
        handletextpad=0.2,
        columnspacing=1.2,
    )
