"""Receptive fields by their weights: one tile a cell-plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import mosaic, style

MOST = 400  # planes on one page: tiles of 7 mm
TABLE = 16  # planes and inputs of the table drawn for more than three inputs


def filters(
    weights: NDArray[Any],
    *,
    title: str,
    notes: Sequence[str] | None = None,
    dead: NDArray[np.bool_] | None = None,
    quantity: str = "weight",
    among: NDArray[Any] | None = None,
) -> Figure:
    """Receptive fields by weights (K, C, h, w), all on one colour scale; `notes` are lines below them.

    One input: a tile a plane. Two: ON minus OFF. Three: colour. More: planes x inputs, 16 x 16 at most, and of the
    inputs those of the largest weights. Planes marked in `dead` (K,) are framed; `quantity` is what the colours mean.
    Scale and inputs are those of all the weights `among` which these stand, (n, C, h, w); None: of the planes drawn.
    Raises DataError for weights that cannot be drawn.
    """
    weights = style.finite("weights", weights, (4,))
    planes, inputs, height, width = weights.shape
    if dead is not None and np.shape(dead) != (planes,):
        raise UsageError(f"dead has shape {np.shape(dead)} for {planes} planes; give one value a plane")
    columns = _columns(planes) if inputs <= 3 else min(inputs, TABLE)
    count = shown(planes, inputs)
    rows = math.ceil(count / columns) if inputs <= 3 else count
    tile = min(18.0, 150 / columns)  # mm
    tall = max(rows * tile * height / max(height, width), 20.0)
    lost = np.flatnonzero(dead) if dead is not None else np.array([], int)
    with style.context():
        figure, top = style.page(
            tall + (4 if inputs > 3 else 0), title, _detail(weights, count, lost.size), notes or ()
        )
        top += 4 if inputs > 3 else 0  # the inputs' numbers
        axes = style.box(figure, 10, top, columns * tile, tall)
        draw(axes, weights[:count], columns, weights[:count] if among is None else among)
        for plane in lost[lost < count]:
            first, across = (plane, 1) if inputs <= 3 else (plane * columns, columns)
            mosaic.frame(axes, first, columns, (height, width), across)
        _colour_bar(figure, axes, (14 + columns * tile, top, min(tall, 45.0)), quantity, inputs)
    return figure


def shown(planes: int, inputs: int) -> int:
    """How many planes are drawn of so many planes and inputs."""
    return min(planes, MOST if inputs <= 3 else TABLE)


def draw(axes: Axes, weights: NDArray[Any], columns: int, among: NDArray[Any]) -> None:
    """Draw weights (K, C, h, w) in rows of `columns`, numbered, on the scale of `among`, which they stand among."""
    count, size = len(weights), weights.shape[2:]
    if weights.shape[1] > 3:  # a row a plane, a column an input
        inputs = strongest(among, columns)
        tiles, colours = tiles_of(weights[:, inputs], among[:, inputs])
        mosaic.draw(axes, tiles, columns, colours)
        mosaic.number(axes, size, range(count), inputs)
    else:
        tiles, colours = tiles_of(weights, among)
        mosaic.draw(axes, tiles, columns, colours)
        mosaic.number(axes, size, range(0, count, columns))


def strongest(weights: NDArray[Any], count: int) -> list[int]:
    """The numbers of the inputs with the largest sums of squared weights, (K, C, h, w), in their order."""
    power = np.sum(weights * weights, axis=(0, 2, 3))
    return sorted(np.argsort(-power, kind="stable")[:count].tolist())


def tiles_of(weights: NDArray[Any], among: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, Normalize]]:
    """Weights as tiles (n, h, w) or (n, h, w, 3), and the scale of the weights `among` which they stand."""
    inputs, size = weights.shape[1], weights.shape[2:]
    if inputs == 2:
        return weights[:, 0] - weights[:, 1], mosaic.scale(among[:, 0] - among[:, 1], signed=True)
    if inputs == 3:
        low, high = float(among.min()), float(among.max())
        colour = (weights - low) / ((high - low) or 1.0)
        return np.moveaxis(colour, 1, 3), ("gray", Normalize(low, high if high > low else low + 1))
    return weights.reshape(-1, *size), mosaic.scale(among)


def _columns(planes: int) -> int:
    # Round numbers, so that a plane is found by counting from its row's number.
    return min(planes, next((c for c in (4, 8, 10, 20) if c * c >= 1.5 * planes), 20))


def _detail(weights: NDArray[Any], count: int, dead: int) -> str:
    planes, inputs, height, width = weights.shape
    what = f"{planes} plane{'s' * (planes > 1)}" if count == planes else f"first {count} of {planes} planes"
    if inputs > 3:
        across = f"{inputs} inputs" if inputs <= TABLE else f"the {TABLE} strongest of {inputs} inputs"
        what += f" (rows), {across} (columns), weights"
    view = {2: ", ON \N{MINUS SIGN} OFF", 3: ", red, green and blue"}.get(inputs, "")
    framed = f"; {dead} dead, framed" if dead else ""
    return f"{what} of {height} \N{MULTIPLICATION SIGN} {width}{view}{framed}"


def _colour_bar(figure: Figure, axes: Axes, place: tuple[float, float, float], quantity: str, inputs: int) -> None:
    left, top, tall = place
    image = axes.images[0]
    low, high = image.get_clim()
    ticks = [low, 0, high] if low < 0 < high else [low, high]
    style.text_at(figure, left, top, "colour" if inputs == 3 else quantity)
    bar = figure.colorbar(ScalarMappable(image.norm, image.cmap), cax=style.box(figure, left, top + 5, 3, tall - 6.5))
    bar.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "\N{MINUS SIGN}") for tick in ticks])
    bar.ax.tick_params(length=0)
