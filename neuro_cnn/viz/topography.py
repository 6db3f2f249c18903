"""A sheet of units: their receptive fields in their places, the orientation map, selectivity, and how smooth it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style

if TYPE_CHECKING:
    from neuro_cnn.physiology import Topography

LEFT, HEAD, WIDE, SIDE, GAP = 2.0, 4.0, 119.0, 50.0, 19.0  # mm: margins, sides of fields and of a map, room below it
LOW = 26.0  # mm: height of the panel of differences
SHOWN = range(0, 180, 20)  # degrees of the legend's bars
CONES_OF_LAB = np.array(  # this and the next: Ottosson (2020), "A perceptual color space for image processing"
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
RGB_OF_CONES = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)
NOTE = (
    "Receptive fields: what each unit looks for in the image, OFF cells negative, each on its own scale. Orientation: "
    "that of the second harmonic of a field's power spectrum, and selectivity 1 minus its circular variance. Around a "
    "pinwheel all orientations lie once, turning with the way around it (white) or against it (black)."
)


def topography(found: Topography, *, title: str, detail: str = "") -> Figure:
    """The sheet's receptive fields, orientation map with pinwheels, selectivity, and differences between neighbours."""
    rows, columns = found.orientation.shape
    unit, small = WIDE / max(rows, columns), SIDE / max(rows, columns)  # mm of a receptive field, and of a map's unit
    size, right = (columns * small, rows * small), style.PAGE - SIDE - 2 * LEFT
    tall = max(rows * unit, 2 * size[1] + GAP)
    with style.context():
        figure, top = style.page(HEAD + tall + 17 + LOW + 9, title, detail, notes=[NOTE])
        top += HEAD
        _fields(style.box(figure, LEFT, top, columns * unit, rows * unit), found.fields)
        _orientations(style.box(figure, right, top, *size), found)
        _legend(figure, right, top + size[1] + 1)
        axes = style.box(figure, right, top + size[1] + GAP, *size)
        _selectivity(axes, found.selectivity)
        _bar(figure, axes, right, top + 2 * size[1] + GAP + 2)
        _differences(style.box(figure, 12, top + tall + 17, style.PAGE - 12 - 2 * LEFT, LOW), found)
    return figure


def cyclic(count: int = 180) -> ListedColormap:
    """A circle of hues of equal lightness and chroma to the eye: Oklab, L .75 and C .127, all that screens have."""
    hue = 2 * np.pi * np.arange(count) / count
    lab = np.stack([np.full(count, 0.75), 0.127 * np.cos(hue), 0.127 * np.sin(hue)])
    linear = RGB_OF_CONES @ (CONES_OF_LAB @ lab) ** 3
    return ListedColormap(np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear).T)


def _fields(axes: Axes, fields: NDArray[Any]) -> None:
    rows, columns, height, width = fields.shape
    peak = np.abs(fields).max(axis=(2, 3), keepdims=True)
    tiles = (fields / np.where(peak > 0, peak, 1)).reshape(-1, height, width)
    mosaic.draw(axes, tiles, columns, (style.SIGNED, Normalize(-1, 1)))
    axes.set_title(f"Receptive fields of {rows} \N{MULTIPLICATION SIGN} {columns} units")


def _orientations(axes: Axes, found: Topography) -> None:
    axes.imshow(found.orientation, cmap=cyclic(), norm=Normalize(0, 180), interpolation="nearest")
    for turn, colour in ((1, "white"), (-1, "black")):
        places = [(each.column, each.row) for each in found.pinwheels if each.turn == turn]
        if places:
            edge = "black" if turn > 0 else "white"
            axes.plot(*np.transpose(places), "o", color=colour, markeredgecolor=edge, markeredgewidth=0.5)
    _bare(axes, "Preferred orientation")


def _selectivity(axes: Axes, selectivity: NDArray[Any]) -> None:
    axes.imshow(selectivity, cmap="gray", norm=Normalize(0, 1), interpolation="nearest")
    _bare(axes, "Selectivity")


def _bare(axes: Axes, title: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(title)


def _differences(axes: Axes, found: Topography) -> None:
    edges = np.linspace(0, 90, 31)
    shares = [np.histogram(each, edges)[0] / len(each) for each in (found.neighbours, found.shuffled)]
    top = 150 * max(share.max() for share in shares)  # with room for words
    drawn = (("neighbours", found.neighbours), ("the same units shuffled", found.shuffled))
    for row, ((name, values), share) in enumerate(zip(drawn, shares, strict=True)):
        axes.stairs(100 * share, edges, color=style.COLOURS[row], linewidth=1.2)
        words = f"{name}: mean {values.mean():.1f}\N{DEGREE SIGN}"
        axes.text(89, (0.95 - 0.13 * row) * top, words, color=style.COLOURS[row], ha="right", va="top")
    axes.set(xlim=(0, 90), ylim=(0, top), xticks=range(0, 91, 15))
    axes.set(xlabel="difference of orientation, degrees", ylabel="pairs, %")
    axes.set_title("Units side by side")
    axes.grid()


def _legend(figure: Figure, left: float, top: float) -> None:
    """Orientations as bars in their colours."""
    axes = style.box(figure, left, top, SIDE, SIDE / len(SHOWN))  # a square each
    for place, angle in enumerate(SHOWN):
        along = 0.36 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        ends = np.array([(place, 0)] * 2) + np.array([along, -along])
        axes.plot(*ends.T, color=cyclic()(angle / 180), linewidth=3.5, solid_capstyle="butt")
    axes.set(xlim=(-0.5, len(SHOWN) - 0.5), ylim=(-0.5, 0.5), aspect="equal")
    axes.axis("off")


def _bar(figure: Figure, axes: Axes, left: float, top: float) -> None:
    bar = figure.colorbar(axes.images[0], cax=style.box(figure, left, top, SIDE, 2.5), orientation="horizontal")
    bar.set_ticks([0, 0.5, 1])
    bar.outline.set_visible(False)
