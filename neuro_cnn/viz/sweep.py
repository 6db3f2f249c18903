"""A sweep's accuracy against what varied: lines, panels of lines, or a map; seeds and splits are the spread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from statistics import mean, stdev
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style
from neuro_cnn.viz.vary import hanging, ticks

LEFT, WIDE, TALL = 14.0, 104.0, 62.0  # mm: room left of a panel, and its size where it is alone
LINES, PANELS = 7, 6
"""Lines that one panel can show, and panels that one figure can (our choice)."""
SPREAD = ("seed", "split")

Row: TypeAlias = Mapping[str, Any]


class Factor(NamedTuple):
    """A setting that varies: its path, its short name, its values in their order, whether these are all numbers, and
    whether their scale is logarithmic."""

    key: str
    name: str
    values: list[Any]
    numbers: bool
    log: bool

    @property
    def places(self) -> dict[Any, float]:
        """Where each value stands on an axis: numbers where they are, words in their order."""
        if self.numbers:
            return {value: value for value in self.values}
        return {told(value): place for place, value in enumerate(self.values)}

    def of(self, row: Row) -> Any:
        """This setting's value in a row, as `places` knows it."""
        value = row["settings"][self.key]
        return value if self.numbers else told(value)


def told(value: Any) -> str:
    """A value in few words; a table by its kind."""
    if isinstance(value, Mapping):
        return str(value.get("kind", ", ".join(f"{key} {each}" for key, each in value.items())))
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def sweep(results: Mapping[str, Any]) -> Figure:
    """The figure of a sweep's results: % of the test images right, a dot a run, the mean and one deviation of each
    setting.

    One setting is drawn as a line, two as lines or, where they would be many, as a map; three as panels of lines; of
    more, each against the mean of all the others. Raises UsageError where no run has an accuracy.
    """
    rows = [row for row in results["rows"] if row["test_accuracy"] is not None]
    if not rows:
        raise UsageError("nothing to draw: no run of the sweep has an accuracy")
    factors = _factors(results)
    words = Words(_detail(results, rows), _choice(rows))
    with style.context():
        if not factors:
            return _seeds(rows, words)
        across, *others = factors
        others.sort(key=lambda factor: len(factor.values), reverse=True)
        if len(others) == 1 and len(others[0].values) > LINES:
            return _map(rows, across, others[0], words)
        few = len(others) == 2 and len(others[0].values) <= LINES and len(others[1].values) <= PANELS
        if len(others) < 2 or few:
            return _lines(rows, across, others, words)
        return _each(rows, factors, words)


class Words(NamedTuple):
    """What stands above a figure, and the last of its notes."""

    detail: str
    choice: list[str]

    def page(self, height: float, *notes: str, width: float = style.PAGE) -> tuple[Figure, float]:
        """The figure, and the top of its room."""
        return style.page(height, "Accuracy over the sweep", self.detail, [*notes, *self.choice], width)


def _choice(rows: Sequence[Row]) -> list[str]:
    if all(row.get("held_out_accuracy") is None for row in rows):
        return []
    return ["These are test images. To choose a setting, read held_out_accuracy in results.csv."]


def _factors(results: Mapping[str, Any]) -> list[Factor]:
    """The settings that vary, but for seeds and splits; first the one for the axis: numbers, and most of them."""
    varied = {key: values for key, values in results["vary"].items() if key not in SPREAD and len(values) > 1}
    names = {key: key.rpartition(".")[2] for key in varied}
    found = []
    for key, values in varied.items():
        alone = sum(name == names[key] for name in names.values()) == 1
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        name = names[key] if alone else key
        found.append(Factor(key, name, list(values), numbers, key in results["logarithmic"]))
    return sorted(found, key=lambda factor: (not factor.numbers, -len(factor.values)))


def _detail(results: Mapping[str, Any], rows: Sequence[Row]) -> str:
    lacking = results["runs"] - len(rows)
    spread = [f"{len({row[key] for row in rows})} {key}s" for key in SPREAD if len({row[key] for row in rows}) > 1]
    runs = f"{len(rows)} run{'s' * (len(rows) > 1)}" + (f" over {' and '.join(spread)}" if spread else "")
    return runs + (f"; {lacking} of {results['runs']} runs have no accuracy" if lacking else "")


NOTE = "A dot is a run; a line joins means, bars are one standard deviation over seeds and splits."


def _seeds(rows: Sequence[Row], words: Words) -> Figure:
    """Where seeds and splits alone vary: their accuracies on a line."""
    right = [100 * row["test_accuracy"] for row in rows]
    spread = stdev(right) if len(right) > 1 else 0.0
    figure, top = words.page(
        26, f"Mean {mean(right):.1f} %, one standard deviation {spread:.1f}.", width=LEFT + WIDE + 6
    )
    axes = style.box(figure, LEFT, top + 2, WIDE, 12)
    axes.plot(right, [0] * len(right), "o", color=style.COLOURS[0], alpha=0.5)
    axes.errorbar([mean(right)], [0.5], xerr=[spread], fmt="s", color="black", elinewidth=0.7, capsize=1.5)
    axes.set(xlabel="right, %", ylim=(-0.5, 1), yticks=[])
    axes.spines["left"].set_visible(False)
    return figure


def _lines(rows: Sequence[Row], across: Factor, others: Sequence[Factor], words: Words) -> Figure:
    """A panel for each value of the last of the others, a line for each of the first."""
    panels = others[1].values if len(others) == 2 else [None]
    line = others[0] if others else None
    columns = min(len(panels), 3)
    wide = WIDE if columns == 1 else (style.PAGE - 26) / columns - LEFT
    tall = TALL if columns == 1 else 42.0
    apart = 17 + hanging(across.places, wide)
    height = math.ceil(len(panels) / columns) * (tall + apart)
    figure, top = words.page(height, NOTE, width=style.PAGE if others else LEFT + WIDE + 6)
    limits = _limits(rows)
    for place, panel in enumerate(panels):
        mine = rows if panel is None else [row for row in rows if row["settings"][others[1].key] == panel]
        left, down = LEFT + place % columns * (wide + LEFT), top + 5 + place // columns * (tall + apart)
        axes = style.box(figure, left, down, wide, tall)
        for index, value in enumerate(line.places if line else [None]):
            _line(axes, [row for row in mine if line is None or line.of(row) == value], across, index, value)
        _frame(axes, across, wide, limits)
        if panel is not None:
            axes.set_title(f"{others[1].name} {told(panel)}")
        if line is not None and place in (columns - 1, len(panels) - 1) and place < columns:
            axes.legend(title=line.name, loc="upper left", bbox_to_anchor=(1.01, 1.02))
    return figure


def _line(axes: Axes, rows: Sequence[Row], across: Factor, index: int, name: Any) -> None:
    """The runs of one line as dots, their means and deviations joined."""
    look = style.look(index)
    groups = _grouped(rows, across)
    known = {place: groups[value,] for value, place in across.places.items() if (value,) in groups}
    axes.plot(*_dots(known), ".", color=look["color"], alpha=0.35, markersize=3, zorder=1)
    means, bars = [mean(right) for right in known.values()], None
    if any(len(right) > 1 for right in known.values()):
        bars = [stdev(right) if len(right) > 1 else 0.0 for right in known.values()]
    label = None if name is None else told(name)
    axes.errorbar(list(known), means, bars, **look, elinewidth=0.7, capsize=1.5, capthick=0.7, label=label)


def _grouped(rows: Sequence[Row], *factors: Factor) -> dict[Any, list[float]]:
    """What runs reached, in %, by their values of some settings."""
    groups: dict[Any, list[float]] = {}
    for row in rows:
        groups.setdefault(tuple(factor.of(row) for factor in factors), []).append(100 * row["test_accuracy"])
    return groups


def _dots(groups: Mapping[float, Sequence[float]]) -> tuple[list[float], list[float]]:
    points = [(place, each) for place, right in groups.items() for each in right]
    return [place for place, _ in points], [each for _, each in points]


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """One scale for all panels: from the least to the most that a run reached, and a little beyond."""
    right = [100 * row["test_accuracy"] for row in rows]
    beyond = max(0.12 * (max(right) - min(right)), 0.5)
    return max(min(right) - beyond, -1), min(max(right) + beyond, 101)


def _frame(axes: Axes, across: Factor, wide: float, limits: tuple[float, float]) -> None:
    axes.set(xlabel=across.name, ylabel="right, %", ylim=limits)
    if across.log:
        axes.set_xscale("log")
    ticks(axes, across.places, wide)
    axes.grid(axis="y")


def _map(rows: Sequence[Row], across: Factor, down: Factor, words: Words) -> Figure:
    """Two settings as columns and rows of a map, the mean accuracy of each pair written in it where there is room."""
    shape = (len(down.values), len(across.values))
    groups, means = _grouped(rows, down, across), np.full(shape, np.nan)
    for (y, other), (x, value) in product(enumerate(down.places), enumerate(across.places)):
        if (other, value) in groups:
            means[y, x] = mean(groups[other, value])
    wide, tall = min(11.0 * shape[1], 130.0), min(6.0 * shape[0], 150.0)
    note = "Mean over seeds and splits, %; grey: no run has ended there."
    figure, top = words.page(tall + 15, note)
    left = min(12 + 1.6 * max(len(told(value)) for value in down.values), 40.0)
    axes = style.box(figure, left, top + 3, wide, tall)
    axes.set_facecolor(style.GAP)
    drawn = axes.imshow(means, cmap=style.SHARE, aspect="auto", origin="lower")
    _names(axes.set_xticks, across, wide, along=True)
    _names(axes.set_yticks, down, tall, along=False)
    axes.set(xlabel=across.name, ylabel=down.name)
    if wide / shape[1] >= 8 and tall / shape[0] >= 3.5:
        dark = np.nanmin(means) + 0.6 * (np.nanmax(means) - np.nanmin(means))
        for (y, x), value in np.ndenumerate(means):
            if np.isfinite(value):
                colour = "white" if value > dark else "black"
                axes.text(x, y, f"{value:.1f}", ha="center", va="center", color=colour)
    bar = figure.colorbar(drawn, cax=style.box(figure, left + wide + 4, top + 3, 3, tall))
    bar.set_label("right, %")
    bar.outline.set_visible(False)
    return figure


def _names(write: Callable[..., Any], factor: Factor, room: float, along: bool) -> None:
    """The values of a setting along a map, as many as have room."""
    names = [told(value) for value in factor.values]
    wanted = max(1.7 * max(map(len, names)) + 1, 3.5) if along else 3.5  # mm of one
    every = math.ceil(wanted * len(names) / room)
    write(range(0, len(names), every), names[::every])


def _each(rows: Sequence[Row], factors: Sequence[Factor], words: Words) -> Figure:
    """A panel for each setting, over all values of the others."""
    columns = min(len(factors), 3)
    wide, tall = (style.PAGE - 4) / columns - LEFT, 42.0
    apart = 17 + max(hanging(factor.places, wide) for factor in factors)
    note = "A dot is a run; a line joins means over all values of the other settings, bars are one standard deviation."
    figure, top = words.page(math.ceil(len(factors) / columns) * (tall + apart), note)
    limits = _limits(rows)
    for place, factor in enumerate(factors):
        left, down = LEFT + place % columns * (wide + LEFT), top + 5 + place // columns * (tall + apart)
        axes = style.box(figure, left, down, wide, tall)
        _line(axes, rows, factor, 0, None)
        _frame(axes, factor, wide, limits)
    return figure
