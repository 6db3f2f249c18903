"""What can be said of a network without running it: shapes, parameters, connections, receptive boxes."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, prod
from typing import Any, NamedTuple

from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Branches, Chain, Residual
from neuro_cnn.ops.geometry import Window

BYTES = 4
"""Of a number in single precision."""


class LayerFacts(NamedTuple):
    """One row of the layer table; receptive field, stride and start in input pixels, (rows, columns).

    Above a layer that resizes its map they are rounded outwards, and the stride may be a fraction. `unshared` counts
    the parameters if every place had its own; `memory` is bytes of the response to one image in single precision,
    `training_memory` that and its error gradient. Layers within a block have rows of their own, named block.layer,
    above the block's, which counts none of them again.
    """

    name: str
    kind: str
    out_shape: Shape
    parameters: int
    unshared: int
    connections: int
    macs: int
    memory: int
    training_memory: int
    receptive_field: tuple[int, int]
    stride: tuple[float, float]
    start: tuple[int, int]


class Box(NamedTuple):
    """What a cell sees of the image: the first cell's box begins at `start`, others lie `jump` apart; two axes each."""

    size: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    jump: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    start: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))


def describe(net: Chain, in_shape: Shape, params: dict[str, Params] | None = None) -> list[LayerFacts]:
    """Each layer's shape, learned parameters, connections, multiply-adds, memory and receptive box, for one image.

    A cell in row y, column x of a layer sees the box from start + (y, x) * stride, of side `receptive_field`;
    with padding it may begin outside the image. Nothing is allocated for weights unless params are given.
    """
    return _rows(net, in_shape, net.init(in_shape, None) if params is None else params, Box(), "")[0]


def _rows(
    net: Chain, shape: Shape, params: dict[str, Params], box: Box, prefix: str
) -> tuple[list[LayerFacts], Shape, Box]:
    """The rows of a chain's layers, and the shape and box of its last."""
    rows: list[LayerFacts] = []
    shapes = net.shapes(params, shape)
    for name, layer in net.layers:
        mine, out = params[name], shapes[name]
        if isinstance(layer, Residual | Branches):
            parts = [_rows(path, shape, inner, box, f"{prefix}{name}.") for path, inner in layer.inner(mine)]
            rows += [row for part, _, _ in parts for row in part]
            ends = [end for _, _, end in parts]
            if isinstance(layer, Residual) and layer.shortcut is None:
                ends.append(box)  # the input itself is added
            box = _around(ends, out[1:])
            costs = (0, 0, 0, 0)
        else:
            box = _seen(box, layer.sees(shape))
            costs = (layer.parameters(mine), layer.unshared(mine, shape), *layer.arithmetic(mine, shape))
        memory = BYTES * prod(out)
        rows.append(LayerFacts(prefix + name, layer.kind, out, *costs, memory, 2 * memory, *_whole(box)))
        shape = out
    return rows, shape, box


def _seen(box: Box, view: Window) -> Box:
    """The box of a cell whose view lies on cells with such boxes."""
    size, jump, start = (list(part) for part in box)
    for a in (0, 1):
        if view.enlarged[a] != 1:  # between two cells of the map below lie others, which see both
            size[a] += 2 * jump[a]
            start[a] += jump[a] / view.enlarged[a] / 2 - jump[a] * 3 / 2
            jump[a] /= view.enlarged[a]
        # size_l = size_{l-1} + (extent - 1) jump_{l-1};  jump_l = jump_{l-1} stride   Araujo, Norris & Sim 2019
        size[a] += view.dilation[a] * (view.size[a] - 1) * jump[a]
        start[a] -= view.pad[a][0] * jump[a]
        jump[a] *= view.stride[a]
    return Box(_pair(size), _pair(jump), _pair(start))


def _around(boxes: list[Box], sides: Shape) -> Box:
    """The least box around those of paths that meet in a map of such sides, wherever a cell lies.

    It jumps as the first path's does; where another jumps less or more, it is so large that this makes no difference.
    """
    jump, start, size = boxes[0].jump, [], []
    for a in (0, 1):
        far = range(0, sides[a], max(sides[a] - 1, 1)) if len(sides) == 2 else (0,)  # the first cell and the last
        off = [(box, cell * (box.jump[a] - jump[a])) for box in boxes for cell in far]
        start.append(min(box.start[a] + more for box, more in off))
        size.append(max(box.start[a] + box.size[a] + more for box, more in off) - start[a])
    return Box(_pair(size), jump, _pair(start))


def _whole(box: Box) -> tuple[tuple[int, int], tuple[float, float], tuple[int, int]]:
    """Sides, stride and start in whole pixels, rounded outwards."""
    first = _pair(map(floor, box.start))
    sides = _pair(ceil(box.start[a] + box.size[a]) - first[a] for a in (0, 1))
    return sides, _pair(int(j) if j == int(j) else float(j) for j in box.jump), first


def _pair(values: Any) -> tuple[Any, Any]:
    first, second = values
    return first, second
