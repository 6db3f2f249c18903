"""Correlation with weights of their own at every place, and its two adjoints.

One row of places at a time: the views of a row gathered, and one matrix product a place.
"""

from __future__ import annotations

from math import prod

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Pad, Pair, Size, Window, batch_first, batch_last, gather, scatter, unpad, window


def correlate_unshared(x: Array, weight: Array, stride: Size = 1, pad: Pad = 0, dilation: Size = 1) -> Array:
    """Weighted sum over every view: (N, C, H, W), (H', W', K, C, h, w) -> (N, K, H', W').

    Raises UsageError when the view does not fit.
    """
    xp = namespace(x, weight)
    w = window(weight.shape[4:], stride, pad, dilation)
    places = w.places(*x.shape[2:])
    padded = batch_last(x, w.pad)
    y = xp.empty((weight.shape[2], *places, x.shape[0]), dtype=xp.result_type(x, weight))
    for row in range(places[0]):
        answers = _matrices(weight[row, ...]) @ _views(padded, w, places, row)  # (W', K, N)
        y[:, row, ...] = xp.permute_dims(answers, (1, 0, 2))
    return batch_first(y)


def correlate_unshared_input_adjoint(
    dy: Array, weight: Array, in_shape: tuple[int, ...], stride: Size = 1, pad: Pad = 0, dilation: Size = 1
) -> Array:
    """Every output's value sent back over its view: (N, K, H', W'), (H', W', K, C, h, w) -> in_shape (N, C, H, W)."""
    xp = namespace(dy, weight)
    w = window(weight.shape[4:], stride, pad, dilation)
    _, across = w.places(*in_shape[2:])
    height, width = (length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((in_shape[1], height, width, in_shape[0]), dtype=xp.result_type(dy, weight))
    for row in range(dy.shape[2]):
        columns = xp.matrix_transpose(_matrices(weight[row, ...])) @ _errors(dy, row)  # (W', D, N)
        columns = xp.reshape(columns, (across, in_shape[1], *w.size, 1, in_shape[0]))
        scatter(padded, xp.permute_dims(columns, (1, 2, 3, 4, 0, 5)), w, (1, across), (row, 0))
    return unpad(padded, w.pad, in_shape)


def correlate_unshared_weight_adjoint(
    x: Array, dy: Array, weight_shape: tuple[int, ...], stride: Size = 1, pad: Pad = 0, dilation: Size = 1
) -> Array:
    """(Value at the cell) x (its view), summed over the batch: (N, C, H, W), (N, K, H', W') -> (H', W', K, C, h, w)."""
    xp = namespace(x, dy)
    w = window((weight_shape[4], weight_shape[5]), stride, pad, dilation)
    places = w.places(*x.shape[2:])
    padded = batch_last(x, w.pad)
    weight = xp.empty(weight_shape, dtype=xp.result_type(x, dy))
    for row in range(places[0]):
        product = _errors(dy, row) @ xp.matrix_transpose(_views(padded, w, places, row))  # (W', K, D)
        weight[row, ...] = xp.reshape(product, weight_shape[1:])
    return weight


def _matrices(weight: Array) -> Array:
    """The weights of a row of places, a matrix for each: (W', K, C, h, w) -> (W', K, D)."""
    return namespace(weight).reshape(weight, (*weight.shape[:2], prod(weight.shape[2:])))


def _views(padded: Array, w: Window, places: Pair, row: int) -> Array:
    """The views of a row of places, (W', D, N)."""
    xp = namespace(padded)
    columns = gather(padded, w, (1, places[1]), (row, 0))  # (C, h, w, 1, W', N)
    depth = prod(columns.shape[:4])
    return xp.permute_dims(xp.reshape(columns, (depth, places[1], padded.shape[3])), (1, 0, 2))


def _errors(dy: Array, row: int) -> Array:
    """What comes back to a row of places: (N, K, H', W') -> (W', K, N)."""
    return namespace(dy).permute_dims(dy[:, :, row, :], (2, 1, 0))
