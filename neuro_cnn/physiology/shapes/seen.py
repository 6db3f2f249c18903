"""Weights as fields: what S-cells of the lowest layers weigh, on the image that they look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Params, SCells, SimpleCells, StandardizedConv
from neuro_cnn.network import Chain


def seen_fields(net: Chain, params: dict[str, Params], layer: str) -> NDArray[np.float64]:
    """The weights of a layer on what it looks at: one plane as it is, ON minus OFF, or the mean over colours.

    (K, h, w). Raises UsageError for a layer without shared weights, or with more inputs than three.
    """
    match cells := net[layer]:
        case StandardizedConv():
            weight = cells.effective(params[layer])
        case SimpleCells():
            weight = params[layer].fixed.kernel
        case Conv() | SCells():
            weight = params[layer].learned.weight
        case _:
            raise UsageError(f"layer {layer} ({cells.kind}) has no shared weights over a view; choose an S-layer")
    fields = np.asarray(to_numpy(weight), dtype=np.float64)
    if fields.shape[1] > 3:
        raise UsageError(f"layer {layer} looks at {fields.shape[1]} planes, not at an image; choose the lowest S-layer")
    return fields[:, 0] - fields[:, 1] if fields.shape[1] == 2 else fields.mean(axis=1)
