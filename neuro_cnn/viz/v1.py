"""The V1 table as a page: what was published, and medians and likeness of every system's cells beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuro_cnn.viz import style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Published, V1Column

LINE, HEAD, NAME, SAID, COLUMN = 4.6, 10.0, 2.0, 48.0, 84.0  # mm: a row, the heading, where words and numbers stand
PANEL, TALL, GAP = 44.0, 22.0, 14.0
ACROSS = 3
SMALL = 0.005  # numbers below are written as 0
NAMES = {
    "circular_variance": "circular variance",
    "or_bandwidth": "half width at 70.7 %, degrees",
    "orth_pref_ratio": "orthogonal / preferred",
    "or_selective": "orientation selective, share",
    "cv_bandwidth_ratio": "circular variance / half width",
    "opr_cv_diff": "orthogonal ratio \N{MINUS SIGN} variance",
    "pref_or": "preferred orientation, degrees",
    "peak_sf": "peak frequency, cycles/degree",
    "sf_selective": "frequency selective, share",
    "sf_bandwidth": "100 low / high at 70.7 %",
    "grating_summation_field": "summation field, degrees",
    "surround_diameter": "surround, degrees",
    "surround_suppression_index": "suppression index",
    "modulation_ratio": "F1/F0",
    "max_dc": "best response, spikes/s",
}
SHAPES = {
    "fitted": "Gabor fit R\N{SUPERSCRIPT TWO} > .7, share",
    "rank": "effective rank of the fields",
    "half_width": "half width at half height, degrees",
    "bandwidth": "bandwidth, octaves",
    "cancellation": "cancellation index",
}
OF_CEILING = (
    "Numbers are medians over cells (of yes and no shares), in brackets 1 minus the Kolmogorov-Smirnov distance to "
    "the published histogram, over what cells drawn from it would have; as Marques, Schrimpf and DiCarlo (2021) "
    "define all properties. The world is {ppd:g} pixels a degree: nothing in a network says it. *: recalled."
)


def v1(columns: list[V1Column], *, pixels_per_degree: float, title: str = "", notes: tuple[str, ...] = ()) -> Figure:
    """A row a property, a column a layer of each system, and the published histograms under those of the S-cells."""
    from neuro_cnn.physiology import MISSING, PUBLISHED

    drawn = [name for name, each in PUBLISHED.items() if each.counts and not name.endswith("selective")]
    rows = -(-len(drawn) // ACROSS)
    words = OF_CEILING.format(ppd=pixels_per_degree), f"Not computed, for want of textures: {', '.join(MISSING)}."
    with style.context():
        lines = len(NAMES) + len(SHAPES) + 1
        figure, top = style.page(HEAD + LINE * lines + 8 + rows * (TALL + 14), title, "", (*words, *notes))
        _heading(figure, top, columns)
        for line, name in enumerate(NAMES):
            _property(figure, top + HEAD + LINE * line, name, PUBLISHED[name], columns)
        for line, name in enumerate(SHAPES, len(NAMES) + 1):
            _shape(figure, top + HEAD + LINE * line, name, columns)
        down = top + HEAD + LINE * lines + 6
        for place, name in enumerate(drawn):
            left = 12 + place % ACROSS * (PANEL + GAP)
            axes = style.box(figure, left, down + place // ACROSS * (TALL + 14), PANEL - 2, TALL)
            _histogram(axes, name, PUBLISHED[name], columns, named=place == 0)
    return figure


def _place(index: int, count: int) -> float:
    return COLUMN + index * (style.PAGE - COLUMN - 1) / max(count, 1)


def _heading(figure: Figure, top: float, columns: list[V1Column]) -> None:
    style.text_at(figure, SAID, top + 4.2, "macaque", weight="bold")
    for index, each in enumerate(columns):
        left = _place(index, len(columns))
        style.text_at(figure, left, top, each.system if each.cells == "S" else "", weight="bold")
        style.text_at(figure, left, top + 4.2, f"{each.cells} ({each.layer})", color=style.MUTED)


def _property(figure: Figure, top: float, name: str, published: Published, columns: list[V1Column]) -> None:
    style.text_at(figure, NAME, top, NAMES[name])
    style.text_at(figure, SAID, top, _said(name, published), color=style.MUTED)
    for index, each in enumerate(columns):
        row = each.row(name)
        alike = "" if row["of_ceiling"] is None else f" ({row['of_ceiling']:.2f})"
        style.text_at(figure, _place(index, len(columns)), top, f"{_short(row['median'])}{alike}")


def _said(name: str, published: Published) -> str:
    """The published median, or what is known of it, in a few words."""
    if not published.counts:
        return published.words.replace("(recalled)", "*").replace("median about ", "").split(",")[0]
    counts, edges = np.array(published.counts), np.array(published.edges)
    if name.endswith("selective"):
        return f"{counts[-1] / counts.sum():.2f}"
    if name == "pref_or":
        return "cardinal 1.2 times oblique"
    place = np.interp(counts.sum() / 2, np.append(0, np.cumsum(counts)), edges)
    return f"median {place:.2g}"


def _shape(figure: Figure, top: float, name: str, columns: list[V1Column]) -> None:
    style.text_at(figure, NAME, top, SHAPES[name])
    for index, each in enumerate(columns):
        if each.single is not None:
            style.text_at(figure, _place(index, len(columns)), top, _short(each.single.summary()[name]))


def _short(value: object) -> str:
    if not isinstance(value, float):
        return "\N{EN DASH}"
    return (f"{value:.2g}" if abs(value) >= SMALL else "0").replace("-", "\N{MINUS SIGN}")


def _histogram(axes: Axes, name: str, published: Published, columns: list[V1Column], named: bool) -> None:
    """Shares of cells in the published bins, the macaque's filled."""
    counts = np.array(published.counts)
    steps = np.arange(len(counts) + 1)
    axes.stairs(100 * counts / counts.sum(), steps, fill=True, color=style.GAP, label="macaque")
    edges = np.array(published.edges)
    for index, each in enumerate([column for column in columns if column.cells == "S"]):
        values = each.v1.properties[name]
        kept = np.clip(values[np.isfinite(values)], edges[0], edges[-1])
        if kept.size:
            shares = 100 * np.histogram(kept, edges)[0] / kept.size
            axes.stairs(shares, steps, color=style.COLOURS[index], linewidth=1.1, label=f"S, {each.system}")
    shown = steps[:: 2 if len(steps) > 6 else 1]
    axes.set_xticks(shown, [f"{edges[step]:.3g}".replace("-", "\N{MINUS SIGN}") for step in shown], rotation=45)
    axes.set(xlabel=NAMES[name], ylabel="cells, %" if named else "", xlim=(0, len(counts)), ylim=(0, None))
    if named:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.25, 1.02), ncols=4, borderaxespad=0, columnspacing=1.2)
