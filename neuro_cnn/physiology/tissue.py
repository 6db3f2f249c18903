"""The tissue that a cell hears: a network cut down to what lies between a few pixels and the electrode."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from neuro_cnn.layers import (
    BatchNorm,
    CCells,
    Contrast,
    Conv,
    Divisive,
    EndStopped,
    Join,
    LocalResponse,
    Maxout,
    Mean,
    Normalize,
    OlshausenField,
    Params,
    ReLU,
    SCells,
    Shape,
    SimpleCells,
    Triangle,
    TrueConv,
)
from neuro_cnn.layers.output_functions import OutputFunction
from neuro_cnn.network import Chain

Range: TypeAlias = tuple[int, int]
Part: TypeAlias = tuple[Range, Range]
"""Rows and columns of a map, from and to."""
ALIKE: tuple[Any, ...] = (Conv, TrueConv, SCells, CCells, Contrast, OlshausenField, ReLU, Triangle)
ALIKE += (OutputFunction, Normalize, BatchNorm, LocalResponse, Join, Maxout, SimpleCells, Divisive, EndStopped)
"""Layers whose cells answer as they do on the whole map wherever their view lies within a part of it."""


class Tissue(NamedTuple):
    """Layers that give the responses of one place from some rows and columns of the image; `at` is that place in
    their last map."""

    net: Chain
    params: dict[str, Params]
    rows: slice
    columns: slice
    at: tuple[int, ...]


def intact(net: Chain, params: dict[str, Params], at: tuple[int, ...]) -> Tissue:
    """The network as it is."""
    return Tissue(net, params, slice(None), slice(None), at)


def excised(net: Chain, params: dict[str, Params], in_shape: Shape, at: tuple[int, ...]) -> Tissue:
    """The same responses of the top layer at one place, from no more of every map than that place sees.

    From the top down maps are cut as long as views lie within them. Where one is padded, or its layer knows places,
    that layer and all below are left whole.
    """
    if len(at) != 2:
        return intact(net, params, at)
    shapes = [in_shape, *net.shapes(params, in_shape).values()]
    want: Part | None = ((at[0], at[0] + 1), (at[1], at[1] + 1))
    layers: list[tuple[str, Any]] = []  # from the top down
    whole: list[tuple[str, Any]] = list(net.layers)
    for number, (name, layer) in reversed(list(enumerate(whole))):
        need = None if want is None else _need(layer, shapes[number], want)
        if need is not None and hasattr(layer, "pad"):
            layers.append((name, replace(layer, pad=0)))
        elif want is not None:
            # of the layer's response this part goes up; cells beside it may see the padding of a map that is cut
            low = (0, 0) if need is None else (need[0][0], need[1][0])
            given = shapes[number][1:] if need is None else tuple(last - first for first, last in need)
            made = layer.out_shape(params[name], (shapes[number][0], *given))[1:]
            layers += [*_cut(f"{name}_cut", want, low, made), (name, layer)]
        else:
            layers.append((name, layer))
        want = need
    cuts = {name: layer.init((1, 1, 1), None) for name, layer in layers if name not in params}
    rows, columns = (slice(None),) * 2 if want is None else (slice(*axis) for axis in want)
    return Tissue(Chain(tuple(reversed(layers))), {**params, **cuts}, rows, columns, (0, 0))


def _need(layer: Any, in_shape: Shape, want: Part) -> Part | None:
    """The part of its input that a layer needs for a part of its response; None where it needs all, or a padding."""
    if not set(ALIKE) & set(type(layer).__mro__):  # OutputFunction is a protocol, of which isinstance knows nothing
        return None
    view = layer.window(in_shape)
    if layer.sees(in_shape) != view:
        return None
    need = []
    for a, (first, last) in enumerate(want):
        before, after = view.pad[a]
        low = first * view.stride[a] - before
        high = (last - 1) * view.stride[a] - before + view.dilation[a] * (view.size[a] - 1) + 1
        if not hasattr(layer, "pad"):  # crops of its own it makes again
            low, high = low + min(before, 0), high - min(after, 0)
        if low < 0 or high > in_shape[1 + a]:
            return None
        need.append((low, high))
    return need[0], need[1]


def _cut(name: str, want: Part, low: tuple[int, ...], sides: Shape) -> list[tuple[str, Any]]:
    """A layer that keeps a part of a map that begins at `low`: single cells pooled with negative padding; or none."""
    rows, columns = (
        (start - first, last - start - side) for (first, last), start, side in zip(want, low, sides, strict=True)
    )
    return [] if rows == columns == (0, 0) else [(name, CCells(1, 1, (rows, columns), Mean()))]
