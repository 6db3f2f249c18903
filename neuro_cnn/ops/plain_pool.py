"""Pooling in plain code, which works in every array library: the definition of what `pool` does.

Functions are those of `pool`, given the window of the views.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Pair, Window, batch_first, batch_innermost, batch_last, unpad


def max_pool(x: Array, w: Window) -> tuple[Array, Array]:
    """The largest value of each view and its tap."""
    xp = namespace(x)
    places = w.places(*x.shape[2:])
    whole = getattr(xp, counter(w))
    winners = xp.astype(xp.broadcast_to(_first(xp, w, places), (x.shape[1], *places, x.shape[0])), whole)
    y = xp.full(winners.shape, -xp.inf, dtype=x.dtype)
    for number, view in taps(batch_last(x, w.pad, value=-xp.inf), w, places):
        better = (view > y) | ((view != view) & (y == y))  # a NaN is not itself
        winners = xp.where(better, xp.asarray(number, dtype=whole), winners)
        y = xp.where(better, view, y)
    return batch_first(y), batch_first(winners)


def counter(w: Window) -> str:
    """The name of the smallest whole numbers that count a view's taps."""
    return "uint8" if area(w) <= 256 else "int32"


def _first(xp: Array, w: Window, places: Pair) -> Array:
    """The first tap of each view that lies in the map, (H', W', 1)."""
    rows, columns = (
        xp.asarray([max(before - place * stride, 0) for place in range(count)], dtype=xp.int32)
        for (before, _), stride, count in zip(w.pad, w.stride, places, strict=True)
    )
    return rows[:, None, None] * w.size[1] + columns[None, :, None]


def maximum(x: Array, w: Window) -> Array:
    """The largest value of each view: of rows first, then of columns."""
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


def max_pool_adjoint(dy: Array, winners: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value sent back to the cell that won its view."""
    xp = namespace(dy, winners)
    error, winner = batch_innermost(dy), batch_innermost(winners)
    zero = xp.zeros((), dtype=dy.dtype)
    return spread(in_shape, w, (xp.where(winner == tap, error, zero) for tap in range(area(w))))


def mean_pool(x: Array, w: Window) -> Array:
    """Mean over each view."""
    first, *others = (view for _, view in taps(batch_last(x, w.pad), w, w.places(*x.shape[2:])))
    total = first + 0
    for view in others:
        total += view
    return batch_first(total / area(w))


def mean_pool_adjoint(dy: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value shared out equally over its view."""
    return spread(in_shape, w, repeat(batch_innermost(dy) / area(w), area(w)))


def weighted_pool(x: Array, kernel: Array, w: Window) -> Array:
    """Each view's weighted sum."""
    views = taps(batch_last(x, w.pad), w, w.places(*x.shape[2:]))
    total, *others = (view * kernel[tap // w.size[1], tap % w.size[1]] for tap, view in views)
    for part in others:
        total += part
    return batch_first(total)


def weighted_pool_adjoint(dy: Array, kernel: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value shared out over its view by weights."""
    error = batch_innermost(dy)
    shares = (error * kernel[tap // w.size[1], tap % w.size[1]] for tap in range(area(w)))
    return spread(in_shape, w, shares)


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
