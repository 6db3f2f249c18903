"""Pooling of each plane over its views: what C-cells do; with the adjoints.

Each function has a plain form, which is its definition and works in every array library. Of arrays of single precision
compiled loops do the same with one pass over memory, and leave the batch innermost there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.choice import compiled_takes
from neuro_cnn.ops.geometry import (
    Pad,
    Padding,
    Pair,
    Size,
    Window,
    batch_first,
    batch_innermost,
    batch_last,
    unpad,
    window,
)
from neuro_cnn.ops.threads import SHARED, in_parts


def max_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> tuple[Array, Array]:
    """Largest value of each view, and which tap it was: (N, K, H, W) -> y, winners, both (N, K, H', W').

    Winners count taps row by row, in bytes where those can; ties go to the lowest, and a NaN beats all. Cells outside
    the map do not take part.
    """
    w = pooling(size, stride, pad)
    if not compiled_takes(x):
        return plain_max_pool(x, w)
    from neuro_cnn.ops import compiled_pool

    cells = batch_innermost(x)
    y = _places(cells, w)
    winners = np.empty(y.shape, _counter(w))
    _by_planes(cells, lambda begin, end: compiled_pool.max_pool(begin, end, cells, y, winners, *_numbers(w)))
    return batch_first(y), batch_first(winners)


def plain_max_pool(x: Array, w: Window) -> tuple[Array, Array]:
    """`max_pool`, plain."""
    xp = namespace(x)
    places = w.places(*x.shape[2:])
    counter = getattr(xp, _counter(w))
    winners = xp.astype(xp.broadcast_to(_first(xp, w, places), (x.shape[1], *places, x.shape[0])), counter)
    y = xp.full(winners.shape, -xp.inf, dtype=x.dtype)
    for number, view in taps(batch_last(x, w.pad, value=-xp.inf), w, places):
        better = (view > y) | ((view != view) & (y == y))  # a NaN is not itself
        winners = xp.where(better, xp.asarray(number, dtype=counter), winners)
        y = xp.where(better, view, y)
    return batch_first(y), batch_first(winners)


def _counter(w: Window) -> str:
    """The name of the smallest whole numbers that count a view's taps."""
    return "uint8" if area(w) <= 256 else "int32"


def _first(xp: Array, w: Window, places: Pair) -> Array:
    """The first tap of each view that lies in the map, (H', W', 1)."""
    rows, columns = (
        xp.asarray([max(before - place * stride, 0) for place in range(count)], dtype=xp.int32)
        for (before, _), stride, count in zip(w.pad, w.stride, places, strict=True)
    )
    return rows[:, None, None] * w.size[1] + columns[None, :, None]


def maximum(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Largest value of each view, as `max_pool` gives it, for those who need no winners."""
    w = pooling(size, stride, pad)
    if not compiled_takes(x):
        return plain_maximum(x, w)
    from neuro_cnn.ops import compiled_pool

    cells = batch_innermost(x)
    y = _places(cells, w)
    _by_planes(cells, lambda begin, end: compiled_pool.maximum(begin, end, cells, y, *_numbers(w)))
    return batch_first(y)


def plain_maximum(x: Array, w: Window) -> Array:
    """`maximum`, plain: rows first, then columns."""
    xp = namespace(x)
    places = w.places(*x.shape[2:])
    y = batch_last(x, w.pad, value=-xp.inf)
    for axis in (0, 1):
        views = [_every(y, axis, tap, w.stride[axis], places[axis]) for tap in range(w.size[axis])]
        y = views[0]
        for view in views[1:]:
            y = xp.maximum(y, view)  # a NaN stays visible
    return batch_first(y)


def _every(x: Array, axis: int, first: int, stride: int, count: int) -> Array:
    """`count` rows (axis 0) or columns (axis 1) of a map (C, H, W, N), from `first` on, `stride` apart."""
    steps = slice(first, first + stride * (count - 1) + 1, stride)
    return x[:, steps, :, :] if axis == 0 else x[:, :, steps, :]


def max_pool_adjoint(
    dy: Array, winners: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value sent back to the cell that won its view: (N, K, H', W') -> in_shape."""
    w = pooling(size, stride, pad)
    if not (compiled_takes(dy) and isinstance(winners, np.ndarray)):
        return plain_max_pool_adjoint(dy, winners, in_shape, w)
    from neuro_cnn.ops import compiled_pool

    error, won = batch_innermost(dy), batch_innermost(winners)
    dx = _cells(in_shape)
    _by_planes(dx, lambda begin, end: compiled_pool.max_pool_adjoint(begin, end, error, won, dx, *_numbers(w)))
    return batch_first(dx)


def plain_max_pool_adjoint(dy: Array, winners: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """`max_pool_adjoint`, plain."""
    xp = namespace(dy, winners)
    error, winner = batch_innermost(dy), batch_innermost(winners)
    zero = xp.zeros((), dtype=dy.dtype)
    return spread(in_shape, w, (xp.where(winner == tap, error, zero) for tap in range(area(w))))


def mean_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Mean over each view: (N, K, H, W) -> (N, K, H', W'). Cells outside the map count as silent."""
    w = pooling(size, stride, pad)
    if compiled_takes(x):
        return _weighted(x, np.ones(w.size, np.float32), area(w), w)
    first, *others = (view for _, view in taps(batch_last(x, w.pad), w, w.places(*x.shape[2:])))
    total = first + 0
    for view in others:
        total += view
    return batch_first(total / area(w))


def mean_pool_adjoint(
    dy: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value shared out equally over its view: (N, K, H', W') -> in_shape."""
    w = pooling(size, stride, pad)
    if compiled_takes(dy):
        return _weighted_adjoint(dy, np.ones(w.size, np.float32), area(w), in_shape, w)
    return spread(in_shape, w, repeat(batch_innermost(dy) / area(w), area(w)))


def weighted_pool(x: Array, kernel: Array, stride: Size, pad: Pad = 0) -> Array:
    """Each plane's weighted sum over its views, the same weights d(v) for all: (N, K, H, W), (h, w) -> (N, K, H', W').

    Cells outside the map are silent.
    """
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    if compiled_takes(x, kernel):
        return _weighted(x, kernel, 1, w)
    views = taps(batch_last(x, w.pad), w, w.places(*x.shape[2:]))
    total, *others = (view * kernel[tap // w.size[1], tap % w.size[1]] for tap, view in views)
    for part in others:
        total += part
    return batch_first(total)


def weighted_pool_adjoint(dy: Array, kernel: Array, in_shape: tuple[int, ...], stride: Size, pad: Pad = 0) -> Array:
    """Each value shared out over its view by the same weights: (N, K, H', W') -> in_shape."""
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    if compiled_takes(dy, kernel):
        return _weighted_adjoint(dy, kernel, 1, in_shape, w)
    error = batch_innermost(dy)
    shares = (error * kernel[tap // w.size[1], tap % w.size[1]] for tap in range(area(w)))
    return spread(in_shape, w, shares)


def _weighted(x: Array, kernel: Array, over: int, w: Window) -> Array:
    """Each view's sum, weighted by the kernel, over a number: compiled."""
    from neuro_cnn.ops import compiled_pool

    cells, part = batch_innermost(x), np.float32(over)
    y = _places(cells, w)
    _by_planes(cells, lambda begin, end: compiled_pool.weighted_pool(begin, end, cells, kernel, part, y, *_numbers(w)))
    return batch_first(y)


def _weighted_adjoint(dy: Array, kernel: Array, over: int, in_shape: tuple[int, ...], w: Window) -> Array:
    """The adjoint of `_weighted`."""
    from neuro_cnn.ops import compiled_pool

    error, part = batch_innermost(dy), np.float32(over)
    dx = _cells(in_shape)
    _by_planes(
        dx, lambda begin, end: compiled_pool.weighted_pool_adjoint(begin, end, error, kernel, part, dx, *_numbers(w))
    )
    return batch_first(dx)


def pooling(size: Size, stride: Size | None = None, pad: Padding = 0, sides: Sequence[int] = ()) -> Window:
    """How pooling views lie on a map, of sides (H, W) where a word pads it; a stride of None is the view's own size.

    Raises UsageError when padding leaves views wholly outside the map.
    """
    w = window(size, size if stride is None else stride, pad, sides=sides)
    if any(edge >= side for p, side in zip(w.pad, w.size, strict=True) for edge in p):
        raise UsageError(f"padding of {w.pad} leaves pooling views of {w.size} wholly outside the map; pad by less")
    return w


def area(w: Window) -> int:
    """How many taps a view has."""
    return w.size[0] * w.size[1]


def taps(padded: Array, w: Window, places: Pair) -> Iterator[tuple[int, Array]]:
    """Each tap's number and what it sees of a padded map, (K, H', W', N), row by row."""
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            rows, columns = w.tap(i, j, places)
            yield i * w.size[1] + j, padded[:, rows, columns, :]


def spread(in_shape: tuple[int, ...], w: Window, shares: Iterator[Array]) -> Array:
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


def _places(cells: Array, w: Window) -> Array:
    """Memory for a number of every view of a map, (K, H, W, N) -> (K, H', W', N)."""
    k, height, width, n = cells.shape
    return np.empty((k, *w.places(height, width), n), np.float32)


def _cells(in_shape: tuple[int, ...]) -> Array:
    """Memory for a number of every cell of the map that views looked at, (K, H, W, N)."""
    return np.empty((*in_shape[1:], in_shape[0]), np.float32)


def _numbers(w: Window) -> tuple[Pair, Pair, Pair]:
    """Size, stride and the padding above and to the left, as the loops take them."""
    return w.size, w.stride, (w.pad[0][0], w.pad[1][0])


def _by_planes(cells: Array, work: Callable[[int, int], None]) -> None:
    """work(begin, end) on all planes of a map, (K, H, W, N), shared out where it is large."""
    planes = cells.shape[0]
    in_parts(work, planes, max(1, planes * SHARED // cells.size))
