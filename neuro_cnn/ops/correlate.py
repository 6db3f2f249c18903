"""Correlation of maps with shared weights, and its two adjoints: the products on which Hebb and backprop stand.

Several ways do the work, each as three functions on maps of one group: `respond`, `spread` back and `multiply`. They
come to the same numbers but for rounding; `tiled` is plain code and the definition. `_way` alone chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import gpu_correlate, product, tiled
from neuro_cnn.ops.choice import compiled_takes, gpu_takes
from neuro_cnn.ops.geometry import Pad, Size, Window, check_shape, side_by_side, window


def _way(work: str, w: Window, in_shape: tuple[int, ...], *arrays: Array) -> Any:
    """Who does the work, `respond`, `spread` or `multiply`, on maps (N, C, H, W): the first whose rule fits."""
    if gpu_takes(*arrays):
        return gpu_correlate
    if work == "multiply" and product.takes(w, in_shape):
        return product
    if compiled_takes(*arrays):
        from neuro_cnn.ops import direct

        if direct.takes(w, in_shape) or (work == "respond" and direct.strings(w, in_shape)):
            return direct
    return product if product.takes(w, in_shape) else tiled


def correlate(
    x: Array,
    weight: Array,
    stride: Size = 1,
    pad: Pad = 0,
    dilation: Size = 1,
    groups: int = 1,
    table: Array | None = None,
    bias: Array | None = None,
    rectified: bool = False,
) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C / groups, h, w) -> (N, K, H', W').

    `table`, (K, C / groups) of booleans, says which planes of the input each plane looks at (LeNet-5's C3). Each
    plane's `bias`, (K,), is added, and of the `rectified` sum the positive part is taken, at no extra cost.
    Raises UsageError when the view does not fit, or the planes do not match.
    """
    namespace(x, weight)
    weight = _joined(weight, table)
    w = window(weight.shape[2:], stride, pad, dilation)
    w.places(*x.shape[2:])
    check_planes(x.shape[1], weight.shape[:2], groups)
    if bias is not None:
        check_shape("bias", bias, weight.shape[:1])
    way = _way("respond", w, x.shape, *(each for each in (x, weight, bias) if each is not None))
    if groups == 1:
        return way.respond(x, weight, w, bias, rectified)
    return side_by_side(
        [
            way.respond(x[:, inputs, ...], weight[outputs, ...], w, None if bias is None else bias[outputs], rectified)
            for inputs, outputs in _groups(x.shape[1], weight.shape[0], groups)
        ]
    )


def correlate_input_adjoint(
    dy: Array,
    weight: Array,
    in_shape: tuple[int, ...],
    stride: Size = 1,
    pad: Pad = 0,
    dilation: Size = 1,
    groups: int = 1,
    table: Array | None = None,
) -> Array:
    """Every output's value sent back over its view: (N, K, H', W'), (K, C / groups, h, w) -> in_shape (N, C, H, W)."""
    namespace(dy, weight)
    weight = _joined(weight, table)
    w = window(weight.shape[2:], stride, pad, dilation)
    check_shape("error", dy, (in_shape[0], weight.shape[0], *w.places(*in_shape[2:])))
    check_planes(in_shape[1], weight.shape[:2], groups)
    way = _way("spread", w, in_shape, dy, weight)
    if groups == 1:
        return way.spread(dy, weight, in_shape, w)
    part = (in_shape[0], in_shape[1] // groups, *in_shape[2:])
    return side_by_side(
        [
            way.spread(dy[:, outputs, ...], weight[outputs, ...], part, w)
            for _, outputs in _groups(in_shape[1], weight.shape[0], groups)
        ]
    )


def correlate_weight_adjoint(
    x: Array,
    dy: Array,
    weight_shape: tuple[int, ...],
    stride: Size = 1,
    pad: Pad = 0,
    dilation: Size = 1,
    groups: int = 1,
    table: Array | None = None,
) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C / groups, h, w).

    With dy the error this is backprop's gradient; with dy the post-synaptic factor it is Hebb's product.
    """
    xp = namespace(x, dy)
    w = window((weight_shape[2], weight_shape[3]), stride, pad, dilation)
    check_shape("error", dy, (x.shape[0], weight_shape[0], *w.places(*x.shape[2:])))
    check_planes(x.shape[1], weight_shape[:2], groups)
    way = _way("multiply", w, x.shape, x, dy)
    part = (weight_shape[0] // groups, *weight_shape[1:])
    parts = [
        way.multiply(x[:, inputs, ...], dy[:, outputs, ...], part, w)
        for inputs, outputs in _groups(x.shape[1], weight_shape[0], groups)
    ]
    return _joined(parts[0] if groups == 1 else xp.concat(parts), table)


def convolve(
    x: Array,
    weight: Array,
    stride: Size = 1,
    pad: Pad = 0,
    dilation: Size = 1,
    groups: int = 1,
    table: Array | None = None,
) -> Array:
    """Convolution as mathematics and signal processing have it: `correlate` with the weights turned.

    Its adjoints are those of `correlate` with the turned weights; the weights' own is turned back.
    """
    return correlate(x, turned(weight), stride, pad, dilation, groups, table)


def turned(weight: Array) -> Array:
    """Weights, (K, C, h, w), turned by 180 degrees in the view."""
    return namespace(weight).flip(weight, axis=(2, 3))


def check_planes(planes: int, weight_planes: tuple[int, ...], groups: int) -> None:
    """Raises UsageError unless the planes of a map, its weights and the groups match."""
    if groups < 1 or planes % groups or weight_planes[0] % groups:
        raise UsageError(
            f"{groups} groups do not divide {planes} input planes and {weight_planes[0]} output planes; "
            "choose a common divisor"
        )
    if planes // groups != weight_planes[1]:
        raise UsageError(f"weights over {weight_planes[1] * groups} planes meet a map of {planes} planes")


def _joined(weight: Array, table: Array | None) -> Array:
    if table is None:
        return weight
    xp = namespace(weight)
    connected = xp.asarray(table)
    if connected.shape != weight.shape[:2]:
        have, want = (" x ".join(map(str, shape)) for shape in (connected.shape, weight.shape[:2]))
        raise UsageError(f"connection table of {have} for weights of {want} planes")
    return weight * xp.astype(connected, weight.dtype)[:, :, None, None]


def _groups(planes_in: int, planes_out: int, groups: int) -> Iterator[tuple[slice, slice]]:
    c, k = planes_in // groups, planes_out // groups
    for g in range(groups):
        yield slice(g * c, (g + 1) * c), slice(g * k, (g + 1) * k)
