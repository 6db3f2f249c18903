"""What the planes of a deep layer look for, brought down to the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.physiology.deep.excitatory import down
from neuro_cnn.physiology.record import Unit, receptive_box

AT_ONCE = 32
"""Planes brought down together: few enough that the maps below stay small (our choice)."""


class Fields(NamedTuple):
    """Back-projected weights of each plane, (K, C, h, w), and where their upper left pixel lies in the image."""

    weights: NDArray[Any]
    corner: tuple[int, int]


def backprojection(net: Chain, params: dict[str, Params], in_shape: Shape, layer: str) -> Fields:
    """The linear back-projection of one cell of each plane of a layer, the one in the middle of the map.

    Only the excitatory path counts: weights a (with their signs where cells have signed ones), pools by the weights
    with which they spread, a maximum evenly over its view, OFF cells subtracted from ON cells. Inhibition, thresholds
    and the output functions are left out, so that this is the adjoint of the network without them. What is cut out is
    the cell's receptive box, as far as it lies within the image. Raises UsageError for layers that have no such path.
    """
    net[layer]
    planes, *sides = net.shapes(params, in_shape)[layer]
    row, column = (side // 2 for side in (sides or (0, 0)))
    units = [Unit(layer, plane, row, column) for plane in range(planes)]
    parts = [at_pixels(net, params, in_shape, units[at : at + AT_ONCE]) for at in range(0, planes, AT_ONCE)]
    rows, columns = receptive_box(net, params, in_shape, layer, (row, column)).cut(in_shape[1:])
    return Fields(np.concatenate(parts)[:, :, rows, columns], (rows.start, columns.start))


def at_pixels(net: Chain, params: dict[str, Params], in_shape: Shape, units: Sequence[Unit]) -> NDArray[Any]:
    """The linear back-projections of any cells of one layer over the whole image, (n, C, H, W)."""
    layer = units[0].layer
    shapes = net.shapes(params, in_shape)
    below = (*net.part(stop=layer), (layer, net[layer]))
    inputs = [in_shape, *(shapes[name] for name, _ in below)]
    y: Any = np.zeros((len(units), *shapes[layer]), np.float32)
    y[(np.arange(len(units)), *np.transpose([unit[1 : y.ndim] for unit in units]))] = 1
    for (name, cells), seen in zip(reversed(below), reversed(inputs[:-1]), strict=True):
        y = down(name, cells, params[name], y, (len(units), *seen))
    return np.asarray(y)
