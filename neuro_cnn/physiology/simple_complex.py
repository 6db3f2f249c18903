"""The S-layer and the C-layer of a hierarchy, found from its wiring, and recorded together."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    APL,
    ELU,
    GELU,
    ISRLU,
    SELU,
    BatchNorm,
    BentIdentity,
    CCells,
    Conv,
    Divisive,
    Dropout,
    Gabors,
    LeakyReLU,
    LocallyConnected,
    LocalResponse,
    Logistic,
    Maxout,
    Normalize,
    PReLU,
    ReLU,
    RReLU,
    ScaledTanh,
    SCells,
    SimpleCells,
    Softplus,
    SoftPlusPlus,
    SReLU,
    StandardizedConv,
    Tanh,
    Threshold,
    Triangle,
    TrueConv,
)
from neuro_cnn.network import Chain
from neuro_cnn.physiology.record import Electrode

CELLS = (Conv, TrueConv, StandardizedConv, SCells, Gabors, LocallyConnected, SimpleCells)
"""Layers whose cells weigh a view of their own: S-cells, or their linear part."""
AT_PLACE = (
    *(ReLU, Triangle, Threshold, Normalize, BatchNorm, LocalResponse, Dropout, ScaledTanh, LeakyReLU, RReLU, PReLU),
    *(SReLU, APL, ELU, SELU, ISRLU, Softplus, SoftPlusPlus, BentIdentity, Tanh, Logistic, GELU, Divisive),
)
"""Layers that change a response where it is; those that normalise weigh it against others."""


class Names(NamedTuple):
    """Which layer weighs its view, where its cells' final responses are, and the C-layer that pools them, or ""."""

    weights: str
    simple: str
    complex: str


def pair_of(net: Chain, layer: str) -> Names:
    """The S- and C-layer that belong to a recorded layer.

    A C-layer stands on the S-layer below it, through output functions and maxima over planes; an S-layer stands alone,
    its responses those after the output functions above it. Raises UsageError for a layer that is neither.
    """
    net[layer]
    names, at = net.names, net.names.index(layer)
    down = max(at - isinstance(net[layer], CCells), 0)
    while 0 < down < at and isinstance(net[names[down]], Maxout):
        down -= 1
    top = down
    while down > 0 and isinstance(net[names[down]], AT_PLACE):
        down -= 1
    if not isinstance(net[names[down]], CELLS):
        raise UsageError(
            f"layer {layer} ({net[layer].kind}) is no S-layer, nor does it pool one; {_others(net, layer)}"
        )
    if top < at:
        return Names(names[down], names[top], layer)
    while top + 1 < len(names) and isinstance(net[names[top + 1]], AT_PLACE):
        top += 1
    return Names(names[down], names[top], "")


def _others(net: Chain, refused: str) -> str:
    """Which layers to name instead."""
    cells = [name for name, layer in net.layers if isinstance(layer, CELLS)]
    return f"choose one of {', '.join(cells)}, or C-cells above" if cells else f"no layer below {refused} has S-cells"


@dataclass(frozen=True)
class Pair:
    """S-cells and the C-cells that pool them, one of every recorded plane, at the recorded place.

    `simple` records the S-cells in the middle of the pool, `complex` the C-cells (None where an S-layer stands alone).
    Each C-cell pools `group` S-planes, the first of which is its own, over `rows` and `columns` of the S-map.
    """

    simple: Electrode
    complex: Electrode | None
    group: int
    rows: slice
    columns: slice
    weights: str

    @classmethod
    def of(cls, electrode: Electrode) -> Pair:
        """The pair that a recorded layer belongs to. Raises UsageError as `pair_of` and `Electrode.whole` do."""
        electrode = electrode.whole()
        net, params, in_shape = electrode.net, electrode.params, electrode.in_shape
        weights, simple, above = pair_of(net, electrode.layer)
        shape = Electrode(net, params, in_shape, simple).shape
        group = shape[0] // electrode.planes
        row, column = (*electrode.at, 0, 0)[:2]
        if not above:
            site = Electrode(net, params, in_shape, simple, (row, column))
            return cls(site, None, group, slice(row, row + 1), slice(column, column + 1), weights)
        window = net[above].window(shape)
        top, left = (at * step - pad[0] for at, step, pad in zip((row, column), window.stride, window.pad, strict=True))
        tall, wide = window.size
        site = Electrode(net, params, in_shape, simple, (top + tall // 2, left + wide // 2))
        rows, columns = slice(max(top, 0), min(top + tall, shape[1])), slice(max(left, 0), min(left + wide, shape[2]))
        return cls(site, electrode, group, rows, columns, weights)

    @property
    def recorded(self) -> Electrode:
        """The electrode with the larger receptive field: in C-cells, where there are any."""
        return self.complex or self.simple

    @property
    def cells(self) -> int:
        """How many pairs: one of each recorded plane."""
        return self.simple.planes // self.group

    @property
    def reach(self) -> tuple[float, float]:
        """How far apart the first and the last S-cell of a pool lie, in pixels down and across."""
        facts = describe(self.simple.below, self.simple.in_shape, self.simple.params)[-1]
        sides = (each.stop - each.start - 1 for each in (self.rows, self.columns))
        down, across = (step * side for step, side in zip(facts.stride, sides, strict=True))
        return down, across

    def along(self, orientation: NDArray[np.float64]) -> NDArray[np.float64]:
        """The stretch L that a pool covers across bars of these orientations, in pixels."""
        turn, (down, across) = np.deg2rad(orientation), self.reach
        return np.asarray(down * np.abs(np.cos(turn)) + across * np.abs(np.sin(turn)))

    def record(self, stimuli: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Responses above blank of S- and C-cells, (..., K) each; without C-cells the S-cells stand for both."""
        s = (self.simple.respond(stimuli) - self.simple.blank)[..., :: self.group]
        return s, s if self.complex is None else self.complex.respond(stimuli) - self.complex.blank

    def bank(self, stimuli: NDArray[np.float32]) -> NDArray[np.float64]:
        """Responses of all S-cells that each C-cell pools: (..., H, W) -> (..., K, cells)."""
        maps = self.simple.maps(stimuli, self.rows, self.columns)
        pooled = self.group * prod(maps.shape[-2:])
        return maps.reshape(*stimuli.shape[:-2], self.cells, pooled)
