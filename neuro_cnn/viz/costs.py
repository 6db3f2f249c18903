"""What a step costs against images, planes, map and depth: time above, memory below, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.costs import Course

WIDE, TALL, LEFT, PITCH = 34.0, 52.0, 12.0, 44.0  # mm of a panel, left of the first, from one to the next
BELOW = 14.0  # mm under a panel
AXES = {"images": "images of a batch", "planes": "planes of a layer", "side": "side of the maps, cells"}
AXES |= {"depth": "layers"}
COSTS = (("seconds", 1e3, "ms"), ("memory", 2**-20, "MiB"))
NOTE = (
    "Beside the names: the exponent a of cost ~ n^a, fitted from the geometric middle of the values up (thin lines); "
    "that of multiply-adds by counting those of one pass. Memory: what a step holds at the most beyond what it finds."
)


def costs(courses: Sequence[Course], *, title: str, detail: str = "") -> Figure:
    """A column a quantity: median time of a step above, the most memory that it holds below, a line a kind of step."""
    quantities = list(dict.fromkeys(course.quantity for course in courses))
    with style.context():
        figure, top = style.page(2 * (TALL + BELOW) + 4, title, detail, [NOTE])
        for row, (cost, factor, unit) in enumerate(COSTS):
            every = [factor * getattr(point, cost) for course in courses for point in course.points]
            for column, quantity in enumerate(quantities):
                mine = [course for course in courses if course.quantity == quantity]
                axes = style.box(figure, LEFT + PITCH * column, top + 5 + row * (TALL + BELOW), WIDE, TALL)
                _draw(axes, mine, cost, factor)
                axes.set_ylim(min(every) / 1.5, 25 * max(every))  # one scale for all, with room for the names
                axes.set(xlabel=AXES.get(quantity, quantity))
                if column == 0:
                    axes.set_ylabel(f"{'time' if cost == 'seconds' else 'memory'} of a step, {unit}")
    return figure


def _draw(axes: Axes, courses: Sequence[Course], cost: str, factor: float) -> None:
    for index, course in enumerate(courses):
        values = np.array([point.value for point in course.points], float)
        taken = factor * np.array([getattr(point, cost) for point in course.points])
        power, look = course.exponent(cost), style.look(index)
        axes.plot(values, taken, **look, linestyle="", label=f"{course.work} {power:.2f}")
        upper = np.square(values) >= values[0] * values[-1]
        middle = np.exp(np.mean(np.log(taken[upper] / values[upper] ** power)))
        axes.plot(values[upper], middle * values[upper] ** power, color=look["color"], linewidth=0.7)
    if cost == "seconds":
        axes.plot([], [], " ", label=f"multiply-adds {courses[0].exponent('macs'):.2f}")
    axes.set(xscale="log", yscale="log")
    shown = values if len(values) < 6 else values[::2]
    axes.set_xticks(shown, [f"{value:g}" for value in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y")
    place: Any = {"loc": "upper left", "borderaxespad": 0.3, "borderpad": 0, "handletextpad": 0.2, "handlelength": 1.2}
    axes.legend(**place, frameon=True, facecolor="white", edgecolor="none", framealpha=1)
