"""Learning curves: what each system measured, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style
from neuro_cnn.viz.accuracy import folded

Epoch: TypeAlias = Mapping[str, Any]
NOT_MEASURES = {"phase", "epoch", "step", "batch", "seconds", "train_seconds", "images_per_second"}
NAMES = {
    "loss": "Loss",
    "accuracy": "Accuracy, %",
    "change": "Relative weight change per epoch",
}
HELD_OUT = "held_out_"
TALL, PITCH = 46.0, 64.0  # mm of a panel, and from one to the next below


def learning_curves(histories: Mapping[str, Sequence[Epoch]]) -> Figure:
    """A panel for each measure in the histories, a line a system: loss, accuracy (a share), others by name.

    An epoch is a dict of "phase", "epoch" and measures; a measure under "held_out_..." is drawn dashed in its
    panel. A line breaks where a phase ends. Raises UsageError where nothing was measured.
    """
    measures = _measures(histories)
    if not measures:
        raise UsageError("no learning curve to draw: no system measured anything while it learned")
    silent = [label for label, epochs in histories.items() if not any(map(_values, epochs))]
    looks = {label: style.look(index) for index, label in enumerate(histories) if label not in silent}
    across = min(len(measures), 2)
    rows = math.ceil(len(measures) / across)
    spare = len(measures) < rows * across and len(looks) <= 14  # room for the legend beside the last panel
    names = {label: folded(label, 44 if spare else 100) for label in looks}
    columns = 1 if spare else max(1, int(160 // (1.6 * max(map(len, looks)) + 12)))
    lines = sum(name.count("\n") + 1 for name in names.values())
    below = 0.0 if spare else 4.2 * math.ceil(lines / columns) + 3
    with style.context():
        figure, top = style.page(rows * PITCH + below, "Learning curves", notes=_notes(histories, silent))
        wide = style.PAGE / across - 22
        for index, measure in enumerate(measures):
            left, down = 16 + index % across * style.PAGE / across, top + 5 + index // across * PITCH
            _panel(style.box(figure, left, down, wide, TALL), measure, histories, looks)
        corner = (16 + style.PAGE / 2, top + 5 + (rows - 1) * PITCH) if spare else (10, top + rows * PITCH)
        size = 25.4 * figure.get_size_inches()
        figure.legend(
            handles=[Line2D([], [], label=names[label], **each) for label, each in looks.items()],
            loc="upper left",
            bbox_to_anchor=(corner[0] / size[0], 1 - corner[1] / size[1]),
            ncols=columns,
            borderaxespad=0,
        )
    return figure


def _notes(histories: Mapping[str, Sequence[Epoch]], silent: Sequence[str]) -> list[str]:
    notes = [f"Nothing is measured while learning in: {', '.join(silent)}."] if silent else []
    epochs = [epoch for each in histories.values() for epoch in each]
    if any(key.startswith(HELD_OUT) for epoch in epochs for key in _values(epoch)):
        notes.append("Dashed: on held-out training images.")
    if any(epoch["phase"] != each[0]["phase"] for each in histories.values() for epoch in each):
        notes.append("A line breaks where one phase of learning ends and the next begins.")
    return notes


def _values(epoch: Epoch) -> dict[str, float]:
    return {
        key: float(value)
        for key, value in epoch.items()
        if key not in NOT_MEASURES
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    }


def _measures(histories: Mapping[str, Sequence[Epoch]]) -> list[str]:
    seen = dict.fromkeys(
        key.removeprefix(HELD_OUT) for epochs in histories.values() for epoch in epochs for key in _values(epoch)
    )
    first = [name for name in NAMES if name in seen]
    return first + [name for name in seen if name not in first]


def _panel(
    axes: Axes, measure: str, histories: Mapping[str, Sequence[Epoch]], looks: Mapping[str, Mapping[str, Any]]
) -> None:
    factor = 100 if measure == "accuracy" else 1
    drawn: list[float] = []
    for label, each in looks.items():
        for key, dash in ((measure, "-"), (HELD_OUT + measure, "--")):
            for epochs, values in _runs(histories[label], key):
                heights = [factor * value for value in values]
                axes.plot(epochs, heights, dash, **each, fillstyle="full" if dash == "-" else "none")
                drawn += heights
    if measure != "accuracy" and min(drawn) > 0 and max(drawn) > 10 * min(drawn):
        axes.set_yscale("log")
        # 1, 2, 5 within three decades, so that two numbers or more stand at the axis; else powers of ten
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(drawn) < 1000 * min(drawn) else (1,)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    name = NAMES.get(measure, measure.replace("_", " ").capitalize())
    axes.set(title=name, xlabel="epochs since the start of learning")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y")


def _runs(epochs: Sequence[Epoch], key: str) -> list[tuple[list[int], list[float]]]:
    # A measure's stretches without a gap or a change of phase, against epochs counted through all phases.
    runs: list[tuple[list[int], list[float]]] = []
    last = None  # phase of the epoch before, None after a gap
    for count, epoch in enumerate(epochs, start=1):
        value = _values(epoch).get(key)
        if value is not None:
            if last is None or last != epoch["phase"]:
                runs.append(([], []))
            runs[-1][0].append(count)
            runs[-1][1].append(value)
        last = None if value is None else epoch["phase"]
    return runs
