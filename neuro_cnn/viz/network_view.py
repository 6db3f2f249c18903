"""A network at one image, as ConvNetJS shows it: responses and weights, each beside the loss's gradient by it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style
from neuro_cnn.viz.weights import strongest, tiles_of

LEFT, WIDTH, APART = 30.0, 70.0, 77.0  # mm: where values begin, their width, and gradients behind them
PLANES, CELLS, MOST, INPUTS = 16, 40, 64, 6  # planes and cells in a row; planes at most; inputs of a plane's weights
LETTERS = 19  # of a line in the margin
COLOUR = "red, green, blue"
UNITS, CONNECTED = 256, 1024  # rows and columns drawn of a matrix of weights, at most
CAPTION, ROW, BAND = 3.8, 2.0, 2.5  # mm: a caption, and what lies below a row and below a layer


class Pair(NamedTuple):
    """Values as tiles (n, h, w) or (n, h, w, 3), or as a matrix (K, D); the gradient by them; and words beside them."""

    values: NDArray[Any]
    gradient: NDArray[Any]
    limits: tuple[str, str]
    words: list[str]
    columns: int = 1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        tiles = self.values
        if tiles.ndim == 2:
            return WIDTH, float(np.clip(WIDTH * tiles.shape[0] / tiles.shape[1], 3, 25))
        height, width = tiles.shape[1:3]
        side = 5.0 if height == width == 1 else 16.0 if len(tiles) == 1 else 12.0
        wide = min(side, WIDTH / self.columns) * self.columns * width / max(height, width)
        pitch, rows = mosaic.Pitch.of(height, width), math.ceil(len(tiles) / self.columns)
        return wide, wide * (rows * pitch.down + pitch.gap) / (self.columns * pitch.across + pitch.gap)


def network_view(
    image: tuple[NDArray[Any], NDArray[Any]],
    layers: Mapping[str, Sequence[NDArray[Any]]],
    *,
    about: Mapping[str, str] | None = None,
    classes: Sequence[str] = (),
    label: int | None = None,
    title: str = "A network at one image",
    detail: str = "",
) -> Figure:
    """An image and every layer from the input up, values on the left and the loss's gradients by them on the right.

    `image` is (C, H, W) twice, as it is and the gradient; a layer is its response, (K, H, W) or (K,), the gradient by
    it, its weights, (K, C, h, w), (K, D), (K,) or unshared (H, W, K, C, h, w), and the gradient by them, the last two
    () where it has none. `about` says of a layer what it is. Where the last layer has as many cells as there are
    `classes`, they are named and that of `label` is framed. Raises DataError for what cannot be drawn.
    """
    bands = [("input", [_image(*image)])]
    for name, (response, error, weight, gradient) in layers.items():
        pairs = [_responses(f"layer {name}", response, error, (about or {}).get(name, "").splitlines())]
        if len(weight):
            pairs.append(_weights(f"weights of {name}", weight, gradient))
        bands.append((name, pairs))
    last = bands[-1][1][0]
    answers = len(classes) == len(last.values) and last.values.shape[1:] == (1, 1)
    coloured = any(pair.values.ndim == 4 for _, pairs in bands for pair in pairs)
    tall = sum(BAND + sum(map(_tall, pairs)) for _, pairs in bands)
    with style.context():
        figure, top = style.page(tall + 8, title, detail, _notes(coloured, answers and label is not None))
        for left, what in ((LEFT, "responses and weights"), (LEFT + APART, "the loss's gradient by them")):
            style.text_at(figure, left, top, what, weight="bold", size=7.5)
        top += 4
        for name, pairs in bands[:-1]:
            top = _band(figure, top, name, pairs)
        _band(figure, top, bands[-1][0], bands[-1][1], classes if answers else (), label)
    return figure


def _band(
    figure: Figure, top: float, name: str, pairs: Sequence[Pair], classes: Sequence[str] = (), label: int | None = None
) -> float:
    """Draw a layer, `top` mm below the figure's upper edge, whose cells may be `classes`; where the next begins."""
    _rule(figure, top + 1.2)
    style.text_at(figure, 2, top + 3, name, weight="bold", size=8)
    down = top + 3
    for row, pair in enumerate(pairs):
        beside = {"color": style.MUTED, "linespacing": 1.3}
        style.text_at(figure, 2, down + 3.6 * (not row), "\n".join(pair.words), **beside)
        axes = _row(figure, down, pair)
        down += _tall(pair)
        if classes and row == 0:
            _answers(axes, pair, classes, label)
            down += 4  # mm for their names
    return down + BAND - 3


def _tall(pair: Pair) -> float:
    """Height in mm of a row with its caption, its words beside it, and the space below."""
    return max(CAPTION + pair.size[1] + ROW, 3.2 * len(pair.words) + 5)


def _notes(coloured: bool, framed: bool) -> list[str]:
    scale = (
        "Each array on its own scale: white is 0, the darkest tone its largest; where values lie on both sides of 0, "
        "and in gradients, red is above it and blue below."
    )
    colours = " Red, green and blue run from the least value to the largest." * coloured
    weights = (
        "Weights lie below the response of their plane, those of more than three inputs with a row an input; a matrix "
        "has a row a unit and a column an input. A step against a gradient lowers the loss."
    )
    return [scale + colours, weights + " Framed: the right class." * framed]


def _image(values: NDArray[Any], error: NDArray[Any]) -> Pair:
    if len(values) != 3:
        return _responses("the image", values, error, [_by(values)])
    values, error = style.finite("the image", values, (3,)), style.finite("the gradient by the image", error, (3,))
    tiles, slopes = (tiles_of(each[None], each[None])[0] for each in (values, error))
    return Pair(tiles, slopes, (_limits(values), _limits(error)), [_by(values), COLOUR])


def _responses(name: str, response: NDArray[Any], error: NDArray[Any], words: Sequence[str]) -> Pair:
    values, gradient = style.finite(name, response, (1, 3)), style.finite(f"the gradient by {name}", error, (1, 3))
    limits, count = (_limits(values), _limits(gradient)), len(values)
    across, most = (PLANES, MOST) if values.ndim == 3 else (CELLS, 3 * CELLS)
    if values.ndim == 1:
        values, gradient = values[:, None, None], gradient[:, None, None]
    words = [*words, *_first(most, count, "planes" if across == PLANES else "cells")]
    return Pair(values[:most], gradient[:most], limits, words, min(count, across))


def _weights(name: str, weight: NDArray[Any], gradient: NDArray[Any]) -> Pair:
    values = style.finite(name, weight, (1, 2, 4, 6))
    change = style.finite(f"the gradient by {name}", gradient, (values.ndim,))
    limits, words = (_limits(values), _limits(change)), ["weights", *wrap(_by(values), LETTERS)]
    if values.ndim == 6:  # a row a cell
        values, change = (each.reshape(-1, math.prod(values.shape[3:])) for each in (values, change))
    if values.ndim == 1:
        return _responses(name, values, change, words)
    planes, inputs = values.shape[:2]
    if values.ndim == 2:
        words += [*_first(UNITS, planes, "units"), *_first(CONNECTED, inputs, "inputs")]
        return Pair(values[:UNITS, :CONNECTED], change[:UNITS, :CONNECTED], limits, words)
    columns = min(planes, PLANES)
    if inputs <= 3:
        seen = {2: ["ON \N{MINUS SIGN} OFF"], 3: [COLOUR]}.get(inputs, [])
        tiles, slopes = (tiles_of(each[:MOST], each)[0] for each in (values, change))
        return Pair(tiles, slopes, limits, [*words, *seen, *_first(MOST, planes, "planes")], columns)
    chosen = strongest(values, INPUTS)
    tiles, slopes = (
        np.swapaxes(each[:columns, chosen], 0, 1).reshape(-1, *values.shape[2:])  # a row an input
        for each in (values, change)
    )
    words += [*_first(columns, planes, "planes"), *([f"{INPUTS} strongest inputs"] * (inputs > INPUTS))]
    return Pair(tiles, slopes, limits, words, columns)


def _first(most: int, count: int, what: str) -> list[str]:
    return [f"first {most} {what}"] * (count > most)


def _row(figure: Figure, top: float, pair: Pair) -> Axes:
    """Draw values and gradient side by side with their limits above; the axes of the values."""
    made = []
    for place, (tiles, limits) in enumerate(zip((pair.values, pair.gradient), pair.limits, strict=True)):
        left = LEFT + APART * place
        style.text_at(figure, left, top, limits, color=style.MUTED)
        axes = style.box(figure, left, top + CAPTION, *pair.size)
        colours = mosaic.scale(tiles, signed=bool(place))
        if tiles.ndim == 2:
            axes.imshow(tiles, cmap=colours[0], norm=colours[1], aspect="auto")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=style.GAP)
        else:
            mosaic.draw(axes, tiles, pair.columns, colours)
        made.append(axes)
    return made[0]


def _answers(axes: Axes, pair: Pair, classes: Sequence[str], label: int | None) -> None:
    """Name the cells of the last layer where there is room, and frame the right one."""
    pitch = mosaic.Pitch.of(1, 1)
    if 1.5 * max(map(len, classes)) + 1.5 <= pair.size[0] / pair.columns:  # mm
        axes.set_xticks([(index + 0.5) * pitch.across for index in range(len(classes))], classes)
        axes.tick_params(axis="x", length=0)
    if label is not None:
        mosaic.frame(axes, label, pair.columns, (1, 1))


def _by(array: NDArray[Any]) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(map(str, np.shape(array)))


def _limits(array: NDArray[Any]) -> str:
    return f"min {array.min() + 0.0:.2g}, max {array.max() + 0.0:.2g}".replace("-", "\N{MINUS SIGN}")


def _rule(figure: Figure, top: float) -> None:
    """A thin line across the page, `top` mm below its upper edge."""
    width, height = 25.4 * figure.get_size_inches()
    place = 1 - top / height
    figure.add_artist(Line2D([2 / width, 1 - 2 / width], [place, place], color=style.GAP, linewidth=0.5))
