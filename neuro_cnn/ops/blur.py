"""Blurring of each plane by weights down and across its views, with the adjoint: products with banded matrices."""

from __future__ import annotations

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Pad, Pair, Size, batch_first, window


def blur(x: Array, down: Array, across: Array, stride: Size = 1, pad: Pad = 0) -> Array:
    """`weighted_pool` by the product of weights down and across the view: (N, K, H, W), (h,), (w,) -> (N, K, H', W').

    Two products with banded matrices, which is many times faster.
    """
    xp = namespace(x)
    n, k, height, width = x.shape
    rows, columns = _bands(down, across, stride, pad, (height, width))
    source = xp.reshape(xp.permute_dims(x, (1, 2, 3, 0)), (k, height, width * n))
    tall = xp.reshape(rows @ source, (k * rows.shape[0], width, n))
    return batch_first(xp.reshape(columns @ tall, (k, rows.shape[0], columns.shape[0], n)))


def blur_adjoint(
    dy: Array, down: Array, across: Array, in_shape: tuple[int, ...], stride: Size = 1, pad: Pad = 0
) -> Array:
    """Each value shared out over its view by the same weights: (N, K, H', W') -> in_shape."""
    xp = namespace(dy)
    n, k, height, width = in_shape
    rows, columns = (xp.permute_dims(m, (1, 0)) for m in _bands(down, across, stride, pad, (height, width)))
    source = xp.reshape(xp.permute_dims(dy, (1, 2, 3, 0)), (k * rows.shape[1], columns.shape[1], n))
    tall = xp.reshape(columns @ source, (k, rows.shape[1], width * n))
    return batch_first(xp.reshape(rows @ tall, (k, height, width, n)))


def _bands(down: Array, across: Array, stride: Size, pad: Pad, sides: Pair) -> tuple[Array, Array]:
    """The matrices that blur columns, (H', H), and rows, (W', W), of a map."""
    w = window((down.shape[0], across.shape[0]), stride, pad)
    first, second = (
        _band(kernel, side, count, step, before)
        for kernel, side, count, step, (before, _) in zip(
            (down, across), sides, w.places(*sides), w.stride, w.pad, strict=True
        )
    )
    return first, second


def _band(kernel: Array, length: int, count: int, stride: int, before: int) -> Array:
    matrix = namespace(kernel).zeros((count, length), dtype=kernel.dtype)
    for place in range(count):
        start = place * stride - before
        low, high = max(start, 0), min(start + kernel.shape[0], length)
        if low < high:
            matrix[place, low:high] = kernel[low - start : high - start]
    return matrix
