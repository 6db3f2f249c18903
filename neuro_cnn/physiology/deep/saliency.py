"""What in an image moves a cell: the slope of its response by every pixel, plain and guided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn import ops
from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Contrast, EndStopped, Params, ReLU, SCells, SimpleCells, Threshold, Triangle
from neuro_cnn.network import AnyPart, Branches, Chain, Residual
from neuro_cnn.physiology.deep.active import up_to
from neuro_cnn.physiology.record import Unit
from neuro_cnn.tree import tree_map

RECTIFIERS = (SCells, Contrast, ReLU, Triangle, Threshold, SimpleCells, EndStopped)
"""Layers whose cells answer with the positive part of their drive."""


class PixelMaps(NamedTuple):
    """A map of each cell over the image, (n, C, H, W), and its response, (n,); the map of a silent cell is 0."""

    maps: NDArray[Any]
    responses: NDArray[Any]

    @property
    def peaks(self) -> NDArray[Any]:
        """The largest magnitude of each map, (n,)."""
        return np.asarray(abs(self.maps).max(axis=(1, 2, 3)))

    @property
    def relative(self) -> NDArray[Any]:
        """Each map over its peak, at every pixel the colour that counts most there, (n, H, W)."""
        colour = abs(self.maps).argmax(axis=1)[:, None]
        strongest = np.take_along_axis(self.maps, colour, axis=1)[:, 0]
        return np.asarray(strongest / np.where(self.peaks > 0, self.peaks, 1)[:, None, None])


Step: TypeAlias = Callable[[str, AnyPart, Params, Any, Any, tuple[int, ...]], Any]
"""One layer down: name, wiring, params, what it did at this image, what came from above, shape of its input."""


def descend(
    net: Chain, params: dict[str, Params], image: NDArray[Any], units: Sequence[Unit], step: Step, sign: bool = False
) -> PixelMaps:
    """Bring 1 at each unit of one layer down to the pixels of an image (C, H, W), step by step, in host memory.

    With `sign`, what is brought down is the sign of the unit's response, 0 of a silent one.
    """
    layer = units[0].layer
    below = up_to(net, layer)
    params = {name: tree_map(to_numpy, params[name]) for name in below.names}
    x: Any = np.repeat(np.asarray(image)[None], len(units), axis=0)
    seen: dict[str, tuple[Any, tuple[int, ...]]] = {}
    for name, cells in below.layers:
        shape = x.shape
        x, activity = cells.forward(params[name], x)
        seen[name] = activity, shape
    at = (np.arange(len(units)), *np.transpose([unit[1 : x.ndim] for unit in units]))
    y: Any = np.zeros_like(x)
    y[at] = np.sign(x[at]) if sign else 1
    for name, cells in reversed(below.layers):
        activity, shape = seen.pop(name)
        y = step(name, cells, params[name], activity, y, shape)
    return PixelMaps(y, x[at])


def saliency(net: Chain, params: dict[str, Params], image: NDArray[Any], units: Sequence[Unit]) -> PixelMaps:
    """The derivative of each cell's response by every pixel of an image (C, H, W) (Simonyan et al. 2014).

    `units` are cells of one layer. Everything counts: inhibition of S-cells, saturation and surround of C-cells. A
    maximum passes to its winner, and of a rectifier that is shut, as of a silent cell, the derivative is 0.
    """
    return descend(net, params, image, units, _slope)


def guided(net: Chain, params: dict[str, Params], image: NDArray[Any], units: Sequence[Unit]) -> PixelMaps:
    """Guided backpropagation (Springenberg et al. 2015): the derivative, but at every rectifier only what is positive.

    Other output functions than rectifiers pass the derivative as it is. Raises UsageError for networks with blocks,
    whose inner layers would go unguided.
    """
    return descend(net, params, image, units, _guided)


def _slope(name: str, cells: AnyPart, params: Params, activity: Any, y: Any, shape: tuple[int, ...]) -> Any:
    del name, shape
    return cells.backward(params, activity, y)[0]


def _guided(name: str, cells: AnyPart, params: Params, activity: Any, y: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(cells, Residual | Branches):
        raise UsageError(f"guided backpropagation does not see into {name}, a {cells.kind} block; use saliency")
    return _slope(name, cells, params, activity, ops.rectify(y) if isinstance(cells, RECTIFIERS) else y, shape)
