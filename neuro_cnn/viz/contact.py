"""A sheet of images, as a data set is looked at first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.viz import mosaic, style


def images(pictures: NDArray[Any], *, title: str, columns: int = 20) -> Figure:
    """Images (N, C, H, W) in [0, 1], black to white or in colour, in rows.

    Raises DataError for images that are not finite.
    """
    pictures = style.finite("images", pictures, (4,))
    count, planes, height, width = pictures.shape
    columns = min(columns, count)
    tile = min(18.0, (style.PAGE - 4) / columns)  # mm
    tall = max(math.ceil(count / columns) * tile * height / width, 10.0)
    tiles = np.moveaxis(pictures, 1, 3) if planes == 3 else pictures[:, 0]
    with style.context():
        figure, top = style.page(tall, title)
        axes = style.box(figure, 2, top, columns * tile, tall)
        mosaic.draw(axes, tiles, columns, ("gray", Normalize(0, 1)))
    return figure
