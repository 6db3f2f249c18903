"""What can be said of a network without running it: shapes, parameters, connections, receptive boxes."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain


class LayerFacts(NamedTuple):
    """One row of the layer table; receptive field, stride and start in input pixels, (rows, columns).

    Above a layer that resizes its map they are rounded outwards, and the stride may be a fraction.
    """

    name: str
    kind: str
    out_shape: Shape
    parameters: int
    connections: int
    macs: int
    receptive_field: tuple[int, int]
    stride: tuple[float, float]
    start: tuple[int, int]


def describe(net: Chain, in_shape: Shape, params: dict[str, Params] | None = None) -> list[LayerFacts]:
    """Each layer's shape, learned parameters, connections, multiply-adds and receptive box, for one image.

    A cell in row y, column x of a layer sees the box from start + (y, x) * stride, of side `receptive_field`;
    with padding it may begin outside the image. Nothing is allocated for weights unless params are given.
    """
    params = net.init(in_shape, None) if params is None else params
    shapes = net.shapes(params, in_shape)
    rows = []
    size, jump, start = [Fraction(1)] * 2, [Fraction(1)] * 2, [Fraction(0)] * 2
    shape = in_shape
    for name, layer in net.layers:
        view = layer.window(shape)
        extent = [d * (s - 1) for d, s in zip(view.dilation, view.size, strict=True)]
        for a in (0, 1):
            if view.enlarged[a] != 1:  # between two cells of the map below lie others, which see both
                size[a] += 2 * jump[a]
                start[a] += jump[a] / view.enlarged[a] / 2 - jump[a] * 3 / 2
                jump[a] /= view.enlarged[a]
            # size_l = size_{l-1} + (extent - 1) jump_{l-1};  jump_l = jump_{l-1} stride   Araujo, Norris & Sim 2019
            size[a] += extent[a] * jump[a]
            start[a] -= view.pad[a][0] * jump[a]
            jump[a] *= view.stride[a]
        count, cost = layer.parameters(params[name]), layer.arithmetic(params[name], shape)
        shape = shapes[name]
        first = _pair(map(floor, start))
        sides = _pair(ceil(start[a] + size[a]) - first[a] for a in (0, 1))
        box = (sides, _pair(int(j) if j == int(j) else float(j) for j in jump), first)
        rows.append(LayerFacts(name, layer.kind, shape, count, *cost, *box))
    return rows


def _pair(values: Any) -> tuple[Any, Any]:
    first, second = values
    return first, second
