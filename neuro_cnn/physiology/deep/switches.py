"""The deconvolutional network: an image's parts from which a cell's response came, by the switches of its maxima."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from neuro_cnn import ops
from neuro_cnn.layers import CCells, Max, Maxout, Params
from neuro_cnn.network import AnyPart, Chain
from neuro_cnn.physiology.deep.excitatory import down
from neuro_cnn.physiology.deep.saliency import RECTIFIERS, PixelMaps, descend
from neuro_cnn.physiology.record import Unit


def deconvnet(net: Chain, params: dict[str, Params], image: NDArray[Any], units: Sequence[Unit]) -> PixelMaps:
    """The deconvnet of Zeiler and Fergus (2014) from cells of one layer down to the pixels of an image (C, H, W).

    Weights are transposed, what comes down is rectified wherever cells are, a maximum passes to the cell that won at
    this image (its switch), and other pools share out by their weights. No gradient: the divisive and subtractive
    inhibition of S-cells, the surrounds and the saturation of C-cells are ignored, so that the image enters by the
    switches alone; where no pool is a maximum the map is the same for every image. Raises UsageError for layers
    without an excitatory path.
    """
    return descend(net, params, image, units, _switched, sign=True)


def _switched(name: str, cells: AnyPart, params: Params, activity: Any, y: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(cells, RECTIFIERS):
        y = ops.rectify(y)
    if isinstance(cells, Maxout) or (isinstance(cells, CCells) and isinstance(cells.pool, Max)):
        return cells.backward(params, activity, y)[0]
    return down(name, cells, params, y, shape)
