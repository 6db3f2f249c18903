"""Gabor functions fitted to a bank of fields: fields, fits and residuals, widths and lengths, and the null."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Gabors

MOST = 100  # fields on one page
WIDE, BESIDE, PLANE, LOW = 48.0, 54.0, 62.0, 34.0  # mm: a sheet of tiles, from one to the next, plane, histogram
LEFT = 10.0
EDGES = 10 ** np.linspace(-1, 0.2, 6)
MACAQUE = np.array(
    [[2, 0, 1, 0, 0], [8, 9, 4, 1, 0], [1, 2, 19, 17, 3], [0, 0, 1, 7, 4], [0, 0, 0, 0, 0]],
)  # simple cells by n_x (rows) and n_y between EDGES: Ringach 2002, as counted by Dapello et al. 2020 in VOneNet's code
MEDIANS = (0.42, 0.55)  # n_x, n_y of a linear Gabor cell of 1.4 octaves and 20 degrees half width at half height
FITS = 0.7  # R2 from which on a field is drawn in the plane
FLOOR, TOP = 0.05, 3.0  # of the plane: fits beyond are drawn on its border
NOTES = (
    "Each field, its fit and residual on the scale of the field's own peak; framed: unfit, R\N{SUPERSCRIPT TWO} up to "
    "0.7. Widths and lengths are sigmas across and along the bars in cycles; hollow: less than half a cycle in the "
    "field, so that both are not known but for their ratio; below the axes fits keep it, on the border.",
    "Squares: {cells} simple cells of the macaque (Ringach 2002), as counted by Dapello et al. (2020); the darker, the "
    "more, {most} at most. Star: the point that two medians belong to, by closed form: bandwidth of 1.4 octaves (De "
    "Valois, Albrecht and Thorell 1982; recalled) and half width of 20\N{DEGREE SIGN} (De Valois, Yund and Hepler "
    "1982).",
)


def gabors(fields: NDArray[Any], found: Gabors, null: NDArray[Any], *, title: str, detail: str = "") -> Figure:
    """Fields (K, h, w) beside fits and residuals, the plane of widths and lengths, and R2 beside its null (n,)."""
    fields = style.finite("fields", fields, (3,))
    count = min(len(fields), MOST)
    shown = f"{count} fields" if count == len(fields) else f"first {count} of {len(fields)} fields"
    columns = min(count, next(c for c in (4, 8, 10) if c * c >= min(100, 1.5 * count)))
    rows, (height, width) = math.ceil(count / columns), fields.shape[1:]
    tile = min(12.0, WIDE / columns)
    tall = rows * tile * height / max(height, width)
    with style.context():
        notes = [note.format(cells=MACAQUE.sum(), most=MACAQUE.max()) for note in NOTES]
        figure, top = style.page(4 + max(tall, 20) + 12 + PLANE + 9, title, detail or shown, notes)
        place = (top + 4, columns * tile * width / max(height, width), tall)
        _sheets(figure, fields[:count], found.fit[:count], columns, place, found.r2[:count] <= FITS)
        top += 16 + max(tall, 20)
        gabor_plane(style.box(figure, LEFT + 4, top, PLANE, PLANE), found)
        _histogram(style.box(figure, 98, top, 76, LOW), found.r2, null)
        figure.legend(loc="upper left", bbox_to_anchor=_at(figure, 92, top + LOW + 9))
    return figure


def _at(figure: Figure, left: float, top: float) -> tuple[float, float]:
    width, height = 25.4 * figure.get_size_inches()
    return left / width, 1 - top / height


def _sheets(
    figure: Figure,
    fields: NDArray[Any],
    fits: NDArray[Any],
    columns: int,
    place: tuple[float, float, float],
    unfit: NDArray[np.bool_],
) -> None:
    """Three sheets of tiles side by side, and the colour bar that they share."""
    top, wide, tall = place
    size = fields.shape[1:]
    peak = np.abs(fields).max(axis=(1, 2), keepdims=True)
    peak = np.where(peak > 0, peak, 1)
    for column, (name, tiles) in enumerate((("Fields", fields), ("Gabor fits", fits), ("Residuals", fields - fits))):
        axes = style.box(figure, LEFT + BESIDE * column, top, wide, tall)
        image = mosaic.draw(axes, tiles / peak, columns, (style.SIGNED, Normalize(-1, 1)))
        axes.set_title(name)
        if not column:
            mosaic.number(axes, size, range(0, len(fields), columns))
        if column == 1:
            for index in np.flatnonzero(unfit):
                mosaic.frame(axes, int(index), columns, size)
    bar = figure.colorbar(image, cax=style.box(figure, LEFT + 2 * BESIDE + wide + 2, top, 2, max(tall, 20)))
    bar.set_ticks([-1, 0, 1], labels=["\N{MINUS SIGN}1", "0", "1"])
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)


def gabor_plane(axes: Axes, found: Gabors, small: bool = False) -> None:
    """Widths and lengths in cycles, over how many cells of the macaque have them; `small` ones bear no title."""
    axes.pcolormesh(EDGES, EDGES, MACAQUE.T, cmap=style.POSITIVE, norm=Normalize(0, 1.8 * MACAQUE.max()))
    ends = (FLOOR, TOP)
    axes.plot(ends, ends, color=style.GAP, linewidth=0.8, zorder=1, label="as wide as long")
    heard = found.r2 > FITS
    for chosen, fill, name in (
        (heard & ~found.degenerate, style.COLOURS[0], "fits"),
        (heard & found.degenerate, "none", "fits of less than half a cycle"),
    ):
        if chosen.any():
            shape = np.array([found.n_x[chosen], found.n_y[chosen]])
            x, y = np.minimum(shape * np.maximum(1, FLOOR / shape.min(axis=0)), TOP)
            look: dict[str, Any] = {
                "markerfacecolor": fill,
                "markeredgecolor": style.COLOURS[0],
                "markeredgewidth": 0.7,
                "markersize": 2 if small else 3.5,
            }
            axes.plot(x, y, "o", label=f"{chosen.sum()} {name}", clip_on=False, zorder=3, **look)
    star: dict[str, Any] = {"color": style.ALARM, "markeredgecolor": "white", "markeredgewidth": 0.6}
    star["markersize"] = 6 if small else 9
    axes.plot(*MEDIANS, "*", label="two medians of the macaque", zorder=4, **star)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0.1, 1] if small else [0.05, 0.1, 0.2, 0.5, 1, 2])
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
    if small:
        axes.set(xlabel="width n$_x$, cycles", ylabel="length n$_y$, cycles")
        return
    axes.set(xlabel="width across the bars, n$_x$ = \N{GREEK SMALL LETTER SIGMA}$_x$ f, cycles")
    axes.set(ylabel="length along the bars, n$_y$ = \N{GREEK SMALL LETTER SIGMA}$_y$ f, cycles")
    axes.set_title("Shape of the envelopes")


def _histogram(axes: Axes, r2: NDArray[Any], null: NDArray[Any]) -> None:
    """Shares of R2, and of that of the fit to noise."""
    edges = np.linspace(0, 1, 26)
    limit = float(np.quantile(null, 0.95))
    shares = [100 * np.histogram(values, edges)[0] / len(values) for values in (null, r2)]
    axes.stairs(shares[0], edges, color=style.GAP, fill=True, label="noise of the same size")
    axes.stairs(shares[1], edges, color=style.COLOURS[0], linewidth=1.2, label=f"fields, median {np.median(r2):.2f}")
    axes.axvline(limit, color=style.ALARM, linewidth=0.8, label=f"95% of noise lies below {limit:.2f}")
    top = 1.25 * axes.dataLim.y1
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="R\N{SUPERSCRIPT TWO} of the fit", ylabel="fields, %")
    axes.set_title("Goodness of fit")
