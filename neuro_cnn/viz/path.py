"""A path from one system to another: what is reached at every stop, what each step bought, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neuro_cnn.data.deformations import told
from neuro_cnn.viz.style import COLOURS, MUTED, box, context, page, text_at

Stops = Mapping[str, Mapping[str, Any]]
Step = Mapping[str, Any]
ORDERS: tuple[dict[str, Any], ...] = (
    {"color": COLOURS[0], "marker": "o"},
    {"color": COLOURS[1], "marker": "^", "mfc": "white"},
)
ROW, HEAD = 4.6, 9.0  # mm
LEGEND, NAMES = 9.0, 2.0  # mm
REACHED, GAINED = (46.0, 48.0), (99.0, 37.0)  # left and width, mm
NUMBERS = {
    "dead_units": (144.0, "dead\n%"),
    "selectivity": (156.0, "select-\nivity"),
    "macs": (167.0, "mult.-\nadds, M"),
}
LAST = (177.5, "train\ns")


def path(
    stops: Stops, ways: Mapping[str, Sequence[Step]], *, beside: str | None = None, title: str, chance: float
) -> Figure:
    """Every way as rows from its start down: accuracy, what each step bought, dead cells, selectivity, and cost.

    `stops` and `ways` are those of a path's results. Steps of the first way are set beside the same steps of the way
    `beside`, made in another order.
    """
    drawn = {way: steps for way, steps in ways.items() if way != beside}
    first = next(iter(drawn))
    room = sum(HEAD + ROW * len(steps) for steps in drawn.values()) + 7 * len(drawn)
    notes = [
        "Deformed test images are answered by what saw most labels. Gain: what a step adds to the accuracy with most "
        "labels, a mean over paired seeds; bars are 95 % intervals of Student's t (none with one seed, wide with few). "
        "Bars of accuracies are deviations over seeds. Dead: the most of any layer with weights. Selectivity: mean "
        "class selectivity of the deepest cells. Multiply-adds (millions) of one image; training with most labels.",
    ]
    with context():
        figure, top = page(room + LEGEND, title, notes=notes)
        looks = _looks(stops)
        _legend(figure, top, looks, [first, *([beside] if beside in ways else [])])
        top += LEGEND
        for way, steps in drawn.items():
            others = {s["step"]: s for s in ways[beside]} if beside is not None and way == first else {}
            _way(figure, top, way, steps, stops, others, looks, chance)
            top += HEAD + ROW * len(steps) + 7
    return figure


def _looks(stops: Stops) -> dict[tuple[str, str], dict[str, Any]]:
    """Every line by kind and key: labels in full lines, the hardest of each deformation dashed."""
    some = next(iter(stops.values()))
    labels = [("accuracy", key) for key in some["accuracy"]]
    last = {key.partition(" ")[0]: key for key in some["deformed"]}
    bent = [("deformed", key) for key in last.values()]
    look: dict[Any, dict[str, Any]] = {
        key: {"color": COLOURS[i % 7], "marker": "osD"[i % 3], "ls": "-"} for i, key in enumerate(labels)
    }
    return look | {
        key: {"color": COLOURS[(i + 3) % 7], "marker": "^v<"[i % 3], "ls": ":"} for i, key in enumerate(bent)
    }


def _legend(
    figure: Figure, top: float, looks: Mapping[tuple[str, str], Mapping[str, Any]], ways: Sequence[Any]
) -> None:
    """What the lines are, over the accuracies, and of which order the gains are."""
    lines = [
        Line2D([], [], lw=0.9, ms=3, label=f"{key} labels a class" if kind == "accuracy" else told(key), **look)
        for (kind, key), look in looks.items()
    ]
    marks = [Line2D([], [], label=f"gain {way}", ls="", ms=3, **look) for way, look in zip(ways, ORDERS, strict=False)]
    height = 25.4 * figure.get_size_inches()[1]
    figure.legend(
        handles=[*lines, *marks],
        loc="upper left",
        bbox_to_anchor=(0.0, 1 - top / height),
        ncols=4,
        borderaxespad=0.2,
        columnspacing=1.5,
        handlelength=2,
    )


def _way(
    figure: Figure,
    top: float,
    way: str,
    steps: Sequence[Step],
    stops: Stops,
    others: Mapping[str, Step],
    looks: Mapping[tuple[str, str], Mapping[str, Any]],
    chance: float,
) -> None:
    height = ROW * len(steps)
    reached = box(figure, REACHED[0], top + HEAD, REACHED[1], height)
    gained = box(figure, GAINED[0], top + HEAD, GAINED[1], height)
    for axes in (reached, gained):
        axes.set_ylim(len(steps) - 0.5, -0.5)
        axes.set_yticks(range(len(steps)), [])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="both")
        axes.tick_params(axis="x", top=True, bottom=False, labeltop=True, labelbottom=False, pad=1)
        axes.spines[["bottom", "left"]].set_visible(False)
        axes.spines["top"].set_visible(True)
    text_at(figure, NAMES, top + 1, way, weight="bold", size=7.5)
    text_at(figure, REACHED[0], top, "test accuracy, %", color=MUTED)
    text_at(figure, GAINED[0], top, "gain, points", color=MUTED)
    _reached(reached, [stops[step["after"]] for step in steps], looks, chance)
    _gained(gained, steps, others)
    for number, step in enumerate(steps):
        down = top + HEAD + ROW * (number + 0.5) - 1.4
        text_at(figure, NAMES, down, f"{number}  {step['step']}")
        _numbers(figure, down, stops[step["after"]])
    for left, words in (*NUMBERS.values(), LAST):
        text_at(figure, left, top + 1, words, color=MUTED, ha="right")


def _reached(
    axes: Axes, stops: Sequence[Mapping[str, Any]], looks: Mapping[Any, Mapping[str, Any]], chance: float
) -> None:
    axes.set_xlim(0, 100)
    axes.axvline(100 * chance, color=MUTED, lw=0.5, ls="--")
    for (kind, key), look in looks.items():
        means = [100 * mean(stop[kind][key]) for stop in stops]
        spreads = [100 * stdev(stop[kind][key]) if len(stop[kind][key]) > 1 else 0 for stop in stops]
        axes.errorbar(means, range(len(stops)), xerr=spreads, lw=0.9, ms=2.6, elinewidth=0.6, **look)


def _gained(axes: Axes, steps: Sequence[Step], others: Mapping[str, Step]) -> None:
    axes.axvline(0, color=MUTED, lw=0.6)
    shift = 0.18 if others else 0.0
    _bars(axes, [(n - shift, s["gain"]) for n, s in enumerate(steps)], ORDERS[0])
    found = [(n + shift, others[s["step"]]["gain"]) for n, s in enumerate(steps) if s["step"] in others]
    if found:
        _bars(axes, found, ORDERS[1])


def _bars(axes: Axes, rows: Sequence[tuple[float, Mapping[str, Any]]], look: Mapping[str, Any]) -> None:
    known = [(down, gains[_most(gains)]) for down, gains in rows if gains]
    if not known:
        return
    x = [100 * gain["mean"] for _, gain in known]
    low = [x_ - 100 * gain["low"] if gain["low"] is not None else 0 for x_, (_, gain) in zip(x, known, strict=True)]
    high = [100 * gain["high"] - x_ if gain["high"] is not None else 0 for x_, (_, gain) in zip(x, known, strict=True)]
    axes.errorbar(x, [down for down, _ in known], xerr=[low, high], ls="", ms=3, elinewidth=0.8, **look)


def _most(gains: Mapping[str, Any]) -> str:
    """The key of the gain with most labels: the last number of labels."""
    return [key for key in gains if " " not in key][-1]


def _numbers(figure: Figure, down: float, stop: Mapping[str, Any]) -> None:
    dead, chosen = stop["dead_units"], stop["selectivity"]
    words = {
        "dead_units": "" if dead is None else f"{100 * dead:.0f}",
        "selectivity": "" if chosen is None else f"{chosen:.2f}",
        "macs": f"{stop['macs'] / 1e6:.2f}",
    }
    for key, (left, _) in NUMBERS.items():
        text_at(figure, left, down, words[key], ha="right")
    text_at(figure, LAST[0], down, f"{stop['train_seconds']:.1f}", ha="right")
