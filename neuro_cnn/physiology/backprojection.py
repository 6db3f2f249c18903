"""What the planes of a deep layer look for, brought down to the pixels."""

from __future__ import annotations

from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn import ops
from neuro_cnn.backend import to_numpy
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Contrast,
    Conv,
    Dense,
    Flatten,
    Gabors,
    Hyperbolic,
    Join,
    LocallyConnected,
    Maxout,
    Normalize,
    Params,
    ReLU,
    Resize,
    Saturating,
    SCells,
    Shape,
    SquareRoot,
    Threshold,
    Triangle,
    TrueConv,
)
from neuro_cnn.network import Chain
from neuro_cnn.ops.normalize import standardize
from neuro_cnn.tree import tree_map

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
    shapes = net.shapes(params, in_shape)
    shape = shapes[layer]
    below = net.part(stop=layer) + ((layer, net[layer]),)
    inputs = [in_shape, *(shapes[name] for name, _ in below)]
    middle = tuple(side // 2 for side in shape[1:])
    parts = []
    for first in range(0, shape[0], AT_ONCE):
        planes = np.arange(first, min(first + AT_ONCE, shape[0]))
        y: Any = np.zeros((len(planes), *shape), np.float32)
        y[(np.arange(len(planes)), planes, *middle)] = 1
        for (name, cells), seen in zip(reversed(below), reversed(inputs[:-1]), strict=True):
            y = _down(name, cells, params[name], y, (len(planes), *seen))
        parts.append(y)
    rows, columns = _box(net, params, in_shape, layer, middle or (0, 0))
    return Fields(np.concatenate(parts)[:, :, rows, columns], (rows.start, columns.start))


def _box(
    net: Chain, params: dict[str, Params], in_shape: Shape, layer: str, place: tuple[int, ...]
) -> tuple[slice, slice]:
    """The pixels that a cell sees."""
    facts = next(row for row in describe(net, in_shape, params) if row.name == layer)
    sides = []
    for axis in (0, 1):
        start = facts.start[axis] + place[axis] * facts.stride[axis]
        stop = ceil(start + facts.receptive_field[axis])
        sides.append(slice(max(floor(start), 0), min(stop, in_shape[1 + axis])))
    return sides[0], sides[1]


def _down(name: str, layer: Any, params: Params, y: Any, in_shape: tuple[int, ...]) -> Any:
    """The adjoint of a layer's excitatory path: (N, *out_shape) -> in_shape."""
    match layer:
        case SCells() | Conv() | TrueConv() | LocallyConnected() | Dense():
            return layer.recall(tree_map(to_numpy, params), y, in_shape)
        case CCells():
            return _shared(layer, params.fixed, y, in_shape)
        case Contrast():
            on_minus_off = y[:, : in_shape[1]] - y[:, in_shape[1] :]
            kernel = np.concatenate([to_numpy(params.fixed.kernel)] * in_shape[1])
            pad = layer.window(in_shape[1:]).pad
            return ops.correlate_input_adjoint(on_minus_off, kernel, in_shape, 1, pad, groups=in_shape[1])
        case Normalize():
            return standardize(y, 0 * to_numpy(params.fixed.mean), to_numpy(params.fixed.deviation))
        case Gabors():
            grey = ops.correlate_input_adjoint(
                y, to_numpy(params.fixed.kernel), (len(y), 1, *in_shape[2:]), 1, max(layer.sizes) // 2
            )
            return np.repeat(grey / in_shape[1], in_shape[1], axis=1)
        case Join() | Resize():  # linear themselves
            return layer.backward(params, (), y)[0]
        case Maxout():
            return np.repeat(y, layer.group, axis=1) / layer.group
        case ReLU() | Triangle():
            return y
        case Threshold():  # of two polarities each answers to the other's opposite
            return y[:, ::2] - y[:, 1::2] if layer.polarities == 2 else y
        case Flatten():
            return y.reshape(in_shape)
    raise UsageError(f"no linear path leads down through layer {name}, a {layer.kind} layer; name one below it")


def _shared(layer: CCells, fixed: Any, y: Any, in_shape: tuple[int, ...]) -> Any:
    """C-cells' responses shared out over what they pool, by the weights with which they do."""
    view = layer.window(in_shape[1:])
    match layer.pool:
        case Saturating():
            return ops.weighted_pool_adjoint(y, to_numpy(fixed.blur), in_shape, view.stride, view.pad)
        case SquareRoot() | Hyperbolic():
            down, across = to_numpy(fixed.down), to_numpy(fixed.across)
            return ops.blur_adjoint(y, down, across, in_shape, view.stride, view.pad)
    return ops.mean_pool_adjoint(y, in_shape, view.size, view.stride, view.pad)
