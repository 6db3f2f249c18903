"""Systems against one of their options: test error, also under shift, and what grew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style
from neuro_cnn.viz.accuracy import Row, legend

LEFT, TALL, PITCH = 14.0, 38.0, 56.0  # mm: room left of a panel, its height, and from one to the next below


class Panel(NamedTuple):
    """What a panel shows: its title, its unit, and mean and deviation of each system by name, (values,) each."""

    title: str
    unit: str
    lines: dict[str, tuple[list[float | None], list[float | None]]]


def against_option(option: str, lines: Mapping[str, Sequence[tuple[Any, Row]]]) -> Figure:
    """A panel a measure, a line a system, against the values of an option: (value, row of the summary) by system.

    Test error in % on the images as they are and under each shift, all on one scale; planes that a layer made and
    references, where there are any. Bars are one standard deviation over seeds and splits. Numbers that span a decade
    stand on a logarithmic axis, words in their order. Raises UsageError where no system has the option.
    """
    if not lines:
        raise UsageError(f"nothing to draw: no system of the comparison has the option {option}")
    panels = _panels(lines)
    looks = {name: style.look(index) for index, name in enumerate(lines)}
    across = 2 if len(panels) in (2, 4) else 3
    wide = (style.PAGE - 4) / across - LEFT
    below = math.ceil(len(panels) / across) * PITCH
    errors = [panel for panel in panels if panel.unit == "%"]
    highest = max(m + (s or 0) for panel in errors for each in panel.lines.values() for m, s in _known(each))
    note = legend([row for points in lines.values() for _, row in points])
    with style.context():
        size = below + 4.2 * len(lines)
        figure, top = style.page(size, f"Against {option}", "on test images; one scale for all errors", [note])
        for index, panel in enumerate(panels):
            left, down = LEFT + index % across * (wide + LEFT), top + 5 + index // across * PITCH
            axes = style.box(figure, left, down, wide, TALL)
            _draw(axes, panel, lines, looks, wide)
            axes.set(title=panel.title, xlabel=option)
            axes.set_ylim(0, 1.08 * highest if panel.unit == "%" and highest else None)
        width, height = 25.4 * figure.get_size_inches()
        figure.legend(
            handles=[Line2D([], [], label=name, **look) for name, look in looks.items()],
            loc="upper left",
            bbox_to_anchor=(10 / width, 1 - (top + below - 2) / height),
            borderaxespad=0,
        )
    return figure


def _panels(lines: Mapping[str, Sequence[tuple[Any, Row]]]) -> list[Panel]:
    rows = {name: [row for _, row in points] for name, points in lines.items()}
    every = [row for mine in rows.values() for row in mine]
    panels = [Panel("Error, %", "%", {name: _error(mine) for name, mine in rows.items()})]
    for pixels in sorted({pixels for row in every for pixels in row["shift"]}, key=int):
        shifted = {name: _error(mine, pixels) for name, mine in rows.items()}
        panels.append(Panel(f"Error, shifted {pixels} px, %", "%", shifted))
    for layer in sorted({layer for row in every for layer in row["planes"]}):
        made = {name: _plain([row["planes"].get(layer) for row in mine]) for name, mine in rows.items()}
        panels.append(Panel(f"Planes of {layer}", "", made))
    if any(row["references_mean"] is not None for row in every):
        references = {name: _plain([row["references_mean"] for row in mine]) for name, mine in rows.items()}
        panels.append(Panel("References at the top", "", references))
    return panels


def _error(rows: Sequence[Row], pixels: str | None = None) -> tuple[list[float | None], list[float | None]]:
    means = [row["accuracy_mean"] if pixels is None else row["shift"][pixels] for row in rows]
    spreads = [row["accuracy_sd"] if pixels is None else row["shift_sd"][pixels] for row in rows]
    return [100 * (1 - mean) for mean in means], [None if sd is None else 100 * sd for sd in spreads]


def _plain(values: list[float | None]) -> tuple[list[float | None], list[float | None]]:
    return values, [None] * len(values)


def _known(line: tuple[list[float | None], list[float | None]]) -> list[tuple[float, float | None]]:
    return [(mean, spread) for mean, spread in zip(*line, strict=True) if mean is not None]


def _draw(
    axes: Axes,
    panel: Panel,
    lines: Mapping[str, Sequence[tuple[Any, Row]]],
    looks: Mapping[str, Mapping[str, Any]],
    wide: float,
) -> None:
    values = list(dict.fromkeys(value for points in lines.values() for value, _ in points))
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    places = dict(zip(values, values if numbers else range(len(values)), strict=True))
    if numbers and min(values) > 0 and max(values) >= 10 * min(values):
        axes.set_xscale("log")
    for name, (means, spreads) in panel.lines.items():
        if all(mean is None for mean in means):
            continue
        x = [places[value] for value, _ in lines[name]]
        bars = None if all(spread is None for spread in spreads) else np.array(spreads, float)
        look = {**looks[name], "elinewidth": 0.7, "capsize": 1.5, "capthick": 0.7}
        axes.errorbar(x, np.array(means, float), bars, **look)
    _ticks(axes, places, wide)
    axes.grid(axis="y")


def _ticks(axes: Axes, places: Mapping[Any, float], wide: float) -> None:
    """The values themselves, as far as their words do not touch."""
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    log = axes.get_xscale() == "log"
    shown: dict[float, str] = {}
    last = -np.inf  # mm at which the last word ends
    for value, place in sorted(places.items(), key=lambda item: item[1]):
        share = math.log(place / low) / math.log(high / low) if log else (place - low) / (high - low)
        words = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
        room = 0.8 * len(words) + 0.8
        if share * wide - room >= last:
            shown[place] = words
            last = share * wide + room
    axes.set_xticks(list(shown), list(shown.values()), minor=False)
    axes.set_xticks([], minor=True)
