"""Decision regions in the plane, after Lippmann (1987): a row a problem, a column a number of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Answer, Plane

MARGIN, SIDE, PITCH, HEAD = (
    25.0,
    46.0,
    (51.5, 52.0),
    10.0,
)  # mm: problems' names, a panel, panels' pitch, columns' names
COLUMNS = {
    1: ("One layer", "perceptron: a half-plane"),
    2: ("Two layers", "half-planes combined"),
    3: ("Three layers", "regions combined"),
}
PALE = ListedColormap(("#f6dcc6", "#cfe3f1"))  # where a network answers "outside", "inside"
NOTE = (
    "Blue: inside, orange: outside; dots: the points learned from, coloured as they are, the ground as the network "
    "answers. Percentages: the share of the whole square that is answered rightly. Where no line will do, the "
    "perceptron rule never ends: its last weights are drawn."
)
DOTS = (style.COLOURS[1], style.COLOURS[0])  # points outside, inside


def regions(planes: Sequence[Plane], *, detail: str = "") -> Figure:
    """Where networks answer "inside" and "outside", the points they learned from, and the share of the plane in order.

    Every column has the same number of layers. The line is where both answers are equal.
    """
    with style.context():
        figure, top = style.page(HEAD + PITCH[1] * len(planes), "What layers can tell apart", detail, [NOTE])
        for column, layers in enumerate(planes[0].answers):
            left = MARGIN + PITCH[0] * column
            name, words = COLUMNS[layers]
            style.text_at(figure, left, top, name, size=8, weight="bold")
            style.text_at(figure, left, top + 4, words, color=style.MUTED)
        for row, plane in enumerate(planes):
            down = top + HEAD + PITCH[1] * row
            style.text_at(figure, 2, down + 3.5, plane.problem.replace(" ", "\n"), size=8, weight="bold")
            for column, answer in enumerate(plane.answers.values()):
                axes = style.box(figure, MARGIN + PITCH[0] * column, down + 4, SIDE, SIDE)
                _panel(axes, plane, answer)
    return figure


def _panel(axes: Axes, plane: Plane, answer: Answer) -> None:
    side = len(answer.margin)
    middles: Any = (np.arange(side) + 0.5) / side
    ground: dict[str, Any] = {"extent": (0, 1, 0, 1), "origin": "lower", "interpolation": "none", "vmin": 0, "vmax": 1}
    axes.imshow(answer.margin > 0, cmap=PALE, **ground)
    if answer.margin.min() < 0 < answer.margin.max():
        axes.contour(middles, middles, answer.margin, [0.0], colors="black", linewidths=1.0)
    x, y = plane.learned.images[:, :, 0, 0].T
    for label, colour in enumerate(DOTS):
        mine = plane.learned.labels == label
        axes.plot(x[mine], y[mine], "o", color=colour, markersize=1.6, markeredgewidth=0)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.set_title(f"{100 * answer.accuracy:.1f} %", fontsize=7, fontweight="normal", loc="right", pad=2)
