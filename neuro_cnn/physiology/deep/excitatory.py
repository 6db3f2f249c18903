"""The excitatory path through every layer, backwards: weights transposed, pools by what they pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Contrast,
    Conv,
    Dense,
    Divisive,
    EndStopped,
    Flatten,
    Gabors,
    Hyperbolic,
    Join,
    LocallyConnected,
    Maxout,
    Normalize,
    OlshausenField,
    Params,
    ReLU,
    Resize,
    Saturating,
    SCells,
    SimpleCells,
    SquareRoot,
    StandardizedConv,
    Threshold,
    Triangle,
    TrueConv,
)
from neuro_cnn.layers.olshausen_field import Filtered
from neuro_cnn.ops.normalize import standardize
from neuro_cnn.tree import tree_map


def down(name: str, layer: Any, params: Params, y: Any, in_shape: tuple[int, ...]) -> Any:
    """The adjoint of a layer's excitatory path, in host memory: (N, *out_shape) -> in_shape.

    Inhibition, thresholds and output functions are left out. Raises UsageError, naming the layer, where there is no
    such path.
    """
    match layer:
        case SCells() | Conv() | TrueConv() | LocallyConnected() | Dense():
            return layer.recall(tree_map(to_numpy, params), y, in_shape)
        case StandardizedConv():
            weight = to_numpy(layer.effective(tree_map(to_numpy, params)))
            w = layer.window(in_shape[1:])
            return ops.correlate_input_adjoint(y, weight, in_shape, w.stride, w.pad)
        case SimpleCells():
            return ops.correlate_input_adjoint(y, to_numpy(params.fixed.kernel), in_shape, 1, layer.size // 2)
        case OlshausenField():  # its own adjoint
            return layer.backward(tree_map(to_numpy, params), Filtered(in_shape), y)[0]
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
        case Threshold():  # of two polarities each answers to the other's opposite
            return y[:, ::2] - y[:, 1::2] if layer.polarities == 2 else y
        case ReLU() | Triangle() | Divisive() | EndStopped():
            return y
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
