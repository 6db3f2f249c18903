"""Systems against one of their options, or of the data: test error, also on deformed images, and what grew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neuro_cnn.data.deformations import DEFORMATIONS, measured
from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style
from neuro_cnn.viz.accuracy import Row, legend

LEFT, TALL, BETWEEN = 14.0, 38.0, 18.0  # mm: room left of a panel, its height (of one alone: more), and room below


Points: TypeAlias = Mapping[str, Sequence[tuple[Any, Row]]]
"""(value, row of the summary) by system."""
Measure: TypeAlias = tuple[list[float | None], list[float | None]]
"""Mean and deviation at each value; None where it is not known."""
Lines: TypeAlias = dict[str, Measure]


class Panel(NamedTuple):
    """What a panel shows: its title, its unit, and mean and deviation of each system by name, (values,) each.

    And the same of their controls.
    """

    title: str
    unit: str
    lines: Lines
    controls: Lines


def against_option(
    option: str, lines: Points, controls: Points | None = None, places: Mapping[str, float] | None = None
) -> Figure:
    """A panel a measure, a line a system, against the values of an option: (value, row of the summary) by system.

    Test error in % on the images as they are and under each deformation, all on one scale, the systems' controls thin;
    planes that a layer made and references, where there are any. Bars are one standard deviation over seeds and splits.
    Numbers that span a decade stand on a logarithmic axis, words in their order, or with the numbers at their `places`.
    Raises UsageError where no system has the option.
    """
    if not lines:
        raise UsageError(f"nothing to draw: no system of the comparison has the option {option}")
    controls = controls or {}
    panels = _panels(lines, controls)
    looks = {name: style.look(index) for index, name in enumerate(lines)}
    thin = {"color": style.MUTED, "linewidth": 0.6, "linestyle": "--", "markerfacecolor": "white"}
    across, tall = {1: 1, 2: 2, 4: 2}.get(len(panels), 3), TALL if len(panels) > 1 else 1.6 * TALL
    wide = min((style.PAGE - 4) / across - LEFT, 3 * TALL)
    at = _places(lines, places or {})
    apart = BETWEEN + hanging(at, wide)
    below = math.ceil(len(panels) / across) * (tall + apart)
    scale = _scale([panel for panel in panels if panel.unit == "%"])
    note = legend([row for drawn in (lines, controls) for points in drawn.values() for _, row in points])
    with style.context():
        size = below + 4.2 * len(lines)
        figure, top = style.page(size, f"Against {option}", "on test images; one scale for all errors", [note])
        for index, panel in enumerate(panels):
            left, down = LEFT + index % across * (wide + LEFT), top + 5 + index // across * (tall + apart)
            axes = style.box(figure, left, down, wide, tall)
            _draw(axes, controls, panel.controls, at, {name: {**look, **thin} for name, look in looks.items()})
            _draw(axes, lines, panel.lines, at, looks)
            axes.set(title=panel.title, xlabel=option)
            axes.grid(axis="y")
            _rescale(axes, scale if panel.unit == "%" else None)
            ticks(axes, at, wide)
        _names(figure, looks, top + below - 2)
    return figure


def _panels(lines: Points, controls: Points) -> list[Panel]:
    every = [row for points in lines.values() for _, row in points]
    panels = [Panel("Error, %", "%", _measures(lines, _error), _measures(controls, _error))]
    for kind, deformation in DEFORMATIONS.items():
        for amount in measured(every, kind):
            errors = [_measures(drawn, partial(_error_under, kind=kind, amount=amount)) for drawn in (lines, controls)]
            panels.append(Panel(f"Error, {deformation.word} {deformation.told(amount)}, %", "%", *errors))
    for layer in sorted({layer for row in every for layer in row["planes"]}):
        panels.append(Panel(f"Planes of {layer}", "", _measures(lines, partial(_planes, layer=layer)), {}))
    if any(row["references_mean"] is not None for row in every):
        panels.append(Panel("References at the top", "", _measures(lines, _references), {}))
    return panels


def _measures(lines: Points, measure: Callable[[Sequence[Row]], Measure]) -> Lines:
    return {name: measure([row for _, row in points]) for name, points in lines.items()}


def _error(rows: Sequence[Row]) -> Measure:
    return _wrong([row["accuracy_mean"] for row in rows], [row["accuracy_sd"] for row in rows])


def _error_under(rows: Sequence[Row], kind: str, amount: str) -> Measure:
    return _wrong([row[kind][amount] for row in rows], [row[f"{kind}_sd"][amount] for row in rows])


def _wrong(means: Sequence[float], spreads: Sequence[float | None]) -> Measure:
    """Error in % and its deviation, from shares that are right."""
    return [100 * (1 - mean) for mean in means], [None if sd is None else 100 * sd for sd in spreads]


def _planes(rows: Sequence[Row], layer: str) -> Measure:
    return [row["planes"].get(layer) for row in rows], [None] * len(rows)


def _references(rows: Sequence[Row]) -> Measure:
    return [row["references_mean"] for row in rows], [None] * len(rows)


def _scale(panels: Sequence[Panel]) -> tuple[float, float] | None:
    """Limits for all errors: a logarithmic axis' where they span a decade, else from 0; None where all are 0."""
    every = [line for panel in panels for drawn in (panel.lines, panel.controls) for line in drawn.values()]
    known = [(mean, spread or 0) for line in every for mean, spread in zip(*line, strict=True) if mean is not None]
    lowest, highest = min(mean for mean, _ in known), max(mean + spread for mean, spread in known)
    if highest >= 10 * lowest > 0:
        return lowest / 1.3, min(1.3 * highest, 100)
    return (0, 1.08 * highest) if highest else None


def _places(lines: Points, words: Mapping[str, float]) -> dict[Any, float]:
    """Where each value stands: numbers where they are, words at their places; or all in their order."""
    values = list(dict.fromkeys(value for points in lines.values() for value, _ in points))
    places: dict[Any, Any] = {value: words.get(value, value) if isinstance(value, str) else value for value in values}
    numbers = all(isinstance(place, int | float) and not isinstance(place, bool) for place in places.values())
    return places if numbers else {value: place for place, value in enumerate(values)}


def _draw(axes: Axes, lines: Points, measured: Lines, places: Mapping[Any, float], looks: Mapping[str, Any]) -> None:
    for name, (means, spreads) in measured.items():
        if all(mean is None for mean in means):
            continue
        x = [places[value] for value, _ in lines[name]]
        bars = None if all(spread is None for spread in spreads) else np.array(spreads, float)
        look = {**looks[name], "elinewidth": 0.7, "capsize": 1.5, "capthick": 0.7}
        axes.errorbar(x, np.array(means, float), bars, **look)


def _names(figure: Figure, looks: Mapping[str, Mapping[str, Any]], down: float) -> None:
    """The systems' names beside their looks, `down` mm from the figure's top."""
    width, height = 25.4 * figure.get_size_inches()
    handles = [Line2D([], [], label=name, **look) for name, look in looks.items()]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(10 / width, 1 - down / height), borderaxespad=0)


def _rescale(axes: Axes, limits: tuple[float, float] | None) -> None:
    """The common scale of errors, logarithmic unless it starts at 0; None: from 0 up."""
    if limits is not None and limits[0] > 0:
        axes.set_yscale("log")
        shown = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if limits[0] <= tick <= limits[1]]
        axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
        axes.set_yticks([], minor=True)
    axes.set_ylim(*(limits or (0, None)))


def hanging(places: Mapping[Any, float], wide: float) -> float:
    """How far down words reach, in mm, that stand upright because they have no room side by side; else 0."""
    words = [str(value) for value in places if isinstance(value, str)]
    if len(words) < len(places) or not words:
        return 0.0
    longest = max(map(len, words))
    return 1.7 * longest if len(words) * (1.6 * longest + 1.6) > wide else 0.0


def ticks(axes: Axes, places: Mapping[Any, float], wide: float) -> None:
    """The values themselves, words upright and numbers left out where they would touch; logarithmic over a decade."""
    if 0 < 10 * min(places.values()) <= max(places.values()):
        axes.set_xscale("log")
    axes.margins(x=0.08)
    if hanging(places, wide):
        axes.set_xticks(list(places.values()), list(map(str, places)), rotation=90, minor=False)
        return
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
