"""Accuracy of several systems: clean, against how much images are deformed, and beside their controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from neuro_cnn.data.deformations import DEFORMATIONS, measured
from neuro_cnn.errors import UsageError
from neuro_cnn.models import control_name
from neuro_cnn.viz import style

NAME = 52  # letters of a system's name in a line

Row: TypeAlias = Mapping[str, Any]
"""One system of a comparison's summary: "model", "variant", "control", "accuracy_mean", "shift", ..."""


def system(row: Row) -> str:
    """The name a row goes by: its model, its variant, and whether it is the control, the same cells unlearned."""
    variant = f":{row['variant']}" if row["variant"] else ""
    control = f" ({control_name(row['learning'])})" if row["control"] else ""
    return f"{row['model']}{variant}{control}"


def folded(name: str, width: int) -> str:
    """A system's name in lines of `width` letters, broken before its variant first."""
    if len(name) <= width:
        return name
    model, _, variant = name.partition(":")
    return "\n".join([*wrap(model, width), *wrap(f":{variant}".replace(",", ", ") if variant else "", width)])


def accuracy_under(summary: Sequence[Row], kind: str, *, chance: float = 0.1) -> Figure:
    """Accuracy in % against the amount of a deformation such as "shift": a line a system, its control dashed.

    Bars are one standard deviation over seeds and splits. `chance` is the share that guessing reaches (one
    in ten classes). Raises UsageError where no image was deformed so.
    """
    if not measured(summary, kind):
        raise UsageError(f"no accuracy under {DEFORMATIONS[kind].noun} to draw: compare with --{kind}")
    learned = [row for row in summary if not row["control"]]
    names = [folded(system(row), NAME) for row in learned]
    apart = 1.2 + 3.0 * max(name.count("\n") + 1 for name in names)  # mm from name to name
    tall = max(70.0, apart * len(learned))
    with style.context():
        figure, top = style.page(tall + 12, f"Accuracy under {DEFORMATIONS[kind].noun}", notes=[legend(summary)])
        room = 1.55 * max(len(line) for name in names for line in name.splitlines()) + 8  # mm
        axes = style.box(figure, 14, top + 2, style.PAGE - 14 - max(room, 40), tall)
        lines(axes, summary, kind, chance)
        axes.set_ylabel("test images recognised, %")
        _label_ends(axes, learned, kind, names, apart / tall)
    return figure


def looks(summary: Sequence[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    """Colour and marker of each system of a summary; a control has those of its system."""
    keys = dict.fromkeys((row["model"], row["variant"]) for row in summary)
    return {key: style.look(index) for index, key in enumerate(keys)}


def legend(summary: Sequence[Row]) -> str:
    """What the open markers and the bars of a summary's figures mean; empty where there are none."""
    control = any(row["control"] for row in summary)
    repeated = any(row["n"] > 1 for row in summary)
    return " ".join(
        ["Open, dashed: the same system, its cells unlearned."] * control
        + ["Bars: one standard deviation over seeds and splits."] * repeated
    )


def lines(axes: Axes, summary: Sequence[Row], kind: str, chance: float) -> None:
    """Draw a summary's lines of accuracy against the amount of a deformation on axes, with the chance level."""
    look, deformation = looks(summary), DEFORMATIONS[kind]
    for row in sorted(summary, key=lambda row: not row["control"]):  # systems over controls
        amounts, means, spreads = _points(row, kind)
        each = look[row["model"], row["variant"]]
        dashed: dict[str, Any] = (
            {"linestyle": "--", "linewidth": 0.8, "markerfacecolor": "white"} if row["control"] else {}
        )
        bars = spreads if np.nanmax(spreads, initial=0) > 0 else None
        axes.errorbar(amounts, means, bars, **each, **dashed, elinewidth=0.7, capsize=1.5, capthick=0.7)
    axes.axhline(100 * chance, color=style.MUTED, linestyle=":", linewidth=0.8)
    first = min(deformation.none, *map(float, measured(summary, kind)))
    axes.annotate("chance", (first, 100 * chance), (0, 1.5), textcoords="offset points", va="bottom", color=style.MUTED)
    axes.set(ylim=(0, 100), xlabel=f"{deformation.axis} ({deformation.none}: as they are)")
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=kind == "shift"))
    axes.grid(axis="y")


def _points(row: Row, kind: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    # Amounts, mean % and standard deviation in % (NaN where there is one run), the images as they are in their place.
    deformed = {float(amount): (share, row[f"{kind}_sd"][amount]) for amount, share in row[kind].items()}
    points = {DEFORMATIONS[kind].none: (row["accuracy_mean"], row["accuracy_sd"])} | deformed
    amounts = sorted(points)
    means, spreads = np.array([points[amount] for amount in amounts], float).T  # None becomes NaN
    return np.array(amounts), 100 * means, 100 * spreads


def _label_ends(axes: Axes, rows: Sequence[Row], kind: str, names: Sequence[str], apart: float) -> None:
    # Each line's name at its end; names keep `apart`, a share of the axes' height.
    low, high = axes.get_xlim()
    ends = [(amounts[-1], means[-1]) for amounts, means, _ in (_points(row, kind) for row in rows)]
    heights = spread(np.array([mean for _, mean in ends]), 100 * apart, 100)
    place = axes.get_yaxis_transform()
    line: dict[str, Any] = {"color": style.GAP, "linewidth": 0.5, "zorder": 0, "clip_on": False}
    for name, (last, mean), height in zip(names, ends, heights, strict=True):
        start = (last - low) / (high - low)
        axes.plot((start, 1.0, 1.03), (mean, mean, height), transform=place, **line)
        axes.text(1.035, height, name, transform=place, va="center")


def spread(heights: NDArray[Any], apart: float, top: float) -> NDArray[Any]:
    """Heights moved as little as possible (least squares) to be `apart` or more, within 0 to `top`."""
    order = np.argsort(heights, kind="stable")
    steps = apart * np.arange(len(heights))
    moved = isotonic_regression(heights[order] - steps).x
    result = np.empty(len(heights))
    result[order] = np.clip(moved, 0, max(top - steps[-1], 0)) + steps
    return result
