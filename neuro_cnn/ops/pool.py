"""Pooling of each plane over its views: what C-cells do; with the adjoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import (
    Pad,
    Padding,
    Pair,
    Size,
    Window,
    batch_first,
    batch_last,
    unpad,
    window,
)


def max_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> tuple[Array, Array]:
    """Largest value of each view, and which tap it was: (N, K, H, W) -> y, winners, both (N, K, H', W').

    Winners count taps row by row; ties go to the lowest. Cells outside the map do not take part.
    """
    xp = namespace(x)
    w = pooling(size, stride, pad)
    padded = batch_last(x, w.pad, value=-xp.inf)
    taps = _taps(padded, w, w.places(*x.shape[2:]))
    _, y = next(taps)
    winners = xp.zeros(y.shape, dtype=xp.int32)
    for number, view in taps:
        winners = xp.where(view > y, xp.asarray(number, dtype=xp.int32), winners)
        y = xp.maximum(y, view)  # a NaN stays visible
    return batch_first(y), batch_first(winners)


def maximum(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Largest value of each view, as `max_pool` gives it, for those who need no winners: rows first, then columns."""
    xp = namespace(x)
    w = pooling(size, stride, pad)
    places = w.places(*x.shape[2:])
    y = batch_last(x, w.pad, value=-xp.inf)
    for axis in (0, 1):
        views = [_every(y, axis, tap, w.stride[axis], places[axis]) for tap in range(w.size[axis])]
        y = views[0]
        for view in views[1:]:
            y = xp.maximum(y, view)
    return batch_first(y)


def _every(x: Array, axis: int, first: int, stride: int, count: int) -> Array:
    """`count` rows (axis 0) or columns (axis 1) of a map (C, H, W, N), from `first` on, `stride` apart."""
    steps = slice(first, first + stride * (count - 1) + 1, stride)
    return x[:, steps, :, :] if axis == 0 else x[:, :, steps, :]


def max_pool_adjoint(
    dy: Array, winners: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value sent back to the cell that won its view: (N, K, H', W') -> in_shape."""
    xp = namespace(dy, winners)
    w = pooling(size, stride, pad)
    error, winner = batch_last(dy, _NONE), batch_last(winners, _NONE)
    zero = xp.zeros((), dtype=dy.dtype)
    return _spread(in_shape, w, (xp.where(winner == tap, error, zero) for tap in range(_area(w))))


def mean_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Mean over each view: (N, K, H, W) -> (N, K, H', W'). Cells outside the map count as silent."""
    w = pooling(size, stride, pad)
    taps = _taps(batch_last(x, w.pad), w, w.places(*x.shape[2:]))
    _, first = next(taps)
    total = first + 0
    for _, view in taps:
        total += view
    return batch_first(total / _area(w))


def mean_pool_adjoint(
    dy: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value shared out equally over its view: (N, K, H', W') -> in_shape."""
    w = pooling(size, stride, pad)
    share = batch_last(dy, _NONE) / _area(w)
    return _spread(in_shape, w, repeat(share, _area(w)))


def power_mean_pool(x: Array, size: Size, p: float, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Power mean (mean |x|^p)^(1/p) over each view: p = 1 the mean of |x|, p -> inf the maximum of |x|.

    Raises UsageError unless 1 <= p < inf.
    """
    xp = namespace(x)
    w = pooling(size, stride, pad)
    check_power(p)
    padded = xp.abs(batch_last(x, w.pad))
    places = w.places(*x.shape[2:])
    largest = next(_taps(padded, w, places))[1]
    for _, view in _taps(padded, w, places):
        largest = xp.maximum(largest, view)
    scale = xp.where(largest > 0, largest, xp.ones((), dtype=x.dtype))  # |x| / scale <= 1: no overflow for any p
    total = xp.zeros(largest.shape, dtype=x.dtype)
    for _, view in _taps(padded, w, places):
        total += (view / scale) ** p
    return batch_first(largest * (total / _area(w)) ** (1 / p))


def check_power(p: float) -> None:
    """Raises UsageError unless 1 <= p < inf."""
    if not 1 <= p < float("inf"):
        raise UsageError(f"power mean with p = {p}; p must be finite and at least 1")


def power_mean_pool_adjoint(
    dy: Array, x: Array, y: Array, size: Size, p: float, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """dy_view (|x| / y)^(p-1) sign(x) / area, summed over views; 0 where the view is silent."""
    xp = namespace(dy, x, y)
    w = pooling(size, stride, pad)
    error, mean = batch_last(dy, _NONE), batch_last(y, _NONE)
    scale = xp.where(mean > 0, mean, xp.ones((), dtype=y.dtype))
    share = xp.where(mean > 0, error / _area(w), xp.zeros((), dtype=dy.dtype))
    taps = _taps(batch_last(x, w.pad), w, (y.shape[2], y.shape[3]))
    shares = (share * xp.sign(view) * (xp.abs(view) / scale) ** (p - 1) for _, view in taps)
    return _spread(x.shape, w, shares)


_NONE = ((0, 0), (0, 0))


def pooling(size: Size, stride: Size | None = None, pad: Padding = 0, sides: Sequence[int] = ()) -> Window:
    """How pooling views lie on a map, of sides (H, W) where a word pads it; a stride of None is the view's own size.

    Raises UsageError when padding leaves views wholly outside the map.
    """
    w = window(size, size if stride is None else stride, pad, sides=sides)
    if any(edge >= side for p, side in zip(w.pad, w.size, strict=True) for edge in p):
        raise UsageError(f"padding of {w.pad} leaves pooling views of {w.size} wholly outside the map; pad by less")
    return w


def _area(w: Window) -> int:
    return w.size[0] * w.size[1]


def _taps(padded: Array, w: Window, places: Pair) -> Iterator[tuple[int, Array]]:
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            rows, columns = w.tap(i, j, places)
            yield i * w.size[1] + j, padded[:, rows, columns, :]


def _spread(in_shape: tuple[int, ...], w: Window, shares: Iterator[Array]) -> Array:
    """Add the share of each tap, (K, H', W', N) in the taps' order, to the cells that it saw."""
    n, k, *sides = in_shape
    places = w.places(*sides)
    height, width = (length + sum(p) for length, p in zip(sides, w.pad, strict=True))
    padded = None
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            share = next(shares)
            if padded is None:
                padded = namespace(share).zeros((k, height, width, n), dtype=share.dtype)
            rows, columns = w.tap(i, j, places)
            padded[:, rows, columns, :] += share
    return unpad(padded, w.pad, in_shape)


def weighted_pool(x: Array, kernel: Array, stride: Size, pad: Pad = 0) -> Array:
    """Each plane's weighted sum over its views, the same weights d(v) for all: (N, K, H, W), (h, w) -> (N, K, H', W').

    Cells outside the map are silent.
    """
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    total = None
    for tap, view in _taps(batch_last(x, w.pad), w, w.places(*x.shape[2:])):
        part = view * kernel[tap // w.size[1], tap % w.size[1]]
        if total is None:
            total = part
        else:
            total += part
    return batch_first(total)


def weighted_pool_adjoint(dy: Array, kernel: Array, in_shape: tuple[int, ...], stride: Size, pad: Pad = 0) -> Array:
    """Each value shared out over its view by the same weights: (N, K, H', W') -> in_shape."""
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    error = batch_last(dy, _NONE)
    shares = (error * kernel[tap // w.size[1], tap % w.size[1]] for tap in range(_area(w)))
    return _spread(in_shape, w, shares)


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
