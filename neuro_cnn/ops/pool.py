"""Pooling of each plane over its views: what C-cells do; with the adjoints.

Each function has a plain form, in `plain_pool`. Of arrays of single precision compiled loops do the same with one pass
over memory, and leave the batch innermost there; on a GPU kernels of our own do, and leave it first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import cuda, plain_pool
from neuro_cnn.ops.choice import compiled_takes, cuda_takes
from neuro_cnn.ops.geometry import Pad, Padding, Pair, Size, Window, batch_first, batch_innermost, check_shape, window
from neuro_cnn.ops.threads import PASSED, split

KEPT = 256
"""Geometries that are not worked out again, which would take as long as a small map. Our choice."""


def max_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> tuple[Array, Array]:
    """Largest value of each view, and which tap it was: (N, K, H, W) -> y, winners, both (N, K, H', W').

    Winners count taps row by row, in bytes where those can; ties go to the lowest, and a NaN beats all. Cells outside
    the map do not take part.
    """
    w = pooling(size, stride, pad)
    if cuda_takes(x):
        return cuda.max_pool(x, w)
    if not compiled_takes(x):
        return plain_pool.max_pool(x, w)
    from neuro_cnn.ops import compiled_pool

    cells = batch_innermost(x)
    y = _places(cells, w)
    winners = np.empty(y.shape, plain_pool.counter(w))
    _by_planes(cells, lambda begin, end: compiled_pool.max_pool(begin, end, cells, y, winners, *_numbers(w)))
    return batch_first(y), batch_first(winners)


def maximum(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Largest value of each view, as `max_pool` gives it, for those who need no winners."""
    w = pooling(size, stride, pad)
    if cuda_takes(x):
        return cuda.maximum(x, w)
    if not compiled_takes(x):
        return plain_pool.maximum(x, w)
    from neuro_cnn.ops import compiled_pool

    cells = batch_innermost(x)
    y = _places(cells, w)
    _by_planes(cells, lambda begin, end: compiled_pool.maximum(begin, end, cells, y, *_numbers(w)))
    return batch_first(y)


def max_pool_adjoint(
    dy: Array, winners: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value sent back to the cell that won its view: (N, K, H', W') -> in_shape."""
    w = pooling(size, stride, pad)
    _check_views(w, in_shape, dy, winners)
    if cuda_takes(dy):
        return cuda.max_pool_adjoint(dy, winners, in_shape, w)
    if not (compiled_takes(dy) and isinstance(winners, np.ndarray)):
        return plain_pool.max_pool_adjoint(dy, winners, in_shape, w)
    from neuro_cnn.ops import compiled_pool

    error, won = batch_innermost(dy), batch_innermost(winners)
    dx = _cells(in_shape)
    _by_planes(dx, lambda begin, end: compiled_pool.max_pool_adjoint(begin, end, error, won, dx, *_numbers(w)))
    return batch_first(dx)


def mean_pool(x: Array, size: Size, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Mean over each view: (N, K, H, W) -> (N, K, H', W'). Cells outside the map count as silent."""
    w = pooling(size, stride, pad)
    if cuda_takes(x):
        return cuda.weighted_pool(x, namespace(x).ones(w.size, dtype=x.dtype), plain_pool.area(w), w)
    if compiled_takes(x):
        return _weighted(x, np.ones(w.size, np.float32), plain_pool.area(w), w)
    return plain_pool.mean_pool(x, w)


def mean_pool_adjoint(
    dy: Array, in_shape: tuple[int, ...], size: Size, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """Each value shared out equally over its view: (N, K, H', W') -> in_shape."""
    w = pooling(size, stride, pad)
    _check_views(w, in_shape, dy)
    if cuda_takes(dy):
        ones = namespace(dy).ones(w.size, dtype=dy.dtype)
        return cuda.weighted_pool_adjoint(dy, ones, plain_pool.area(w), in_shape, w)
    if compiled_takes(dy):
        return _weighted_adjoint(dy, np.ones(w.size, np.float32), plain_pool.area(w), in_shape, w)
    return plain_pool.mean_pool_adjoint(dy, in_shape, w)


def weighted_pool(x: Array, kernel: Array, stride: Size, pad: Pad = 0) -> Array:
    """Each plane's weighted sum over its views, the same weights d(v) for all: (N, K, H, W), (h, w) -> (N, K, H', W').

    Cells outside the map are silent.
    """
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    if cuda_takes(x, kernel):
        return cuda.weighted_pool(x, kernel, 1, w)
    if compiled_takes(x, kernel):
        return _weighted(x, kernel, 1, w)
    return plain_pool.weighted_pool(x, kernel, w)


def weighted_pool_adjoint(dy: Array, kernel: Array, in_shape: tuple[int, ...], stride: Size, pad: Pad = 0) -> Array:
    """Each value shared out over its view by the same weights: (N, K, H', W') -> in_shape."""
    w = window((kernel.shape[0], kernel.shape[1]), stride, pad)
    _check_views(w, in_shape, dy)
    if cuda_takes(dy, kernel):
        return cuda.weighted_pool_adjoint(dy, kernel, 1, in_shape, w)
    if compiled_takes(dy, kernel):
        return _weighted_adjoint(dy, kernel, 1, in_shape, w)
    return plain_pool.weighted_pool_adjoint(dy, kernel, in_shape, w)


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


@lru_cache(maxsize=KEPT)
def pooling(size: Size, stride: Size | None = None, pad: Padding = 0, sides: tuple[int, ...] = ()) -> Window:
    """How pooling views lie on a map, of sides (H, W) where a word pads it; a stride of None is the view's own size.

    Raises UsageError when padding leaves views wholly outside the map.
    """
    w = window(size, size if stride is None else stride, pad, sides=sides)
    if any(edge >= side for p, side in zip(w.pad, w.size, strict=True) for edge in p):
        raise UsageError(f"padding of {w.pad} leaves pooling views of {w.size} wholly outside the map; pad by less")
    return w


def _check_views(w: Window, in_shape: tuple[int, ...], *arrays: Array) -> None:
    """Raises UsageError unless there is a number for every view of the map, (N, K, H', W')."""
    for array in arrays:
        check_shape("error", array, (*in_shape[:2], *w.places(*in_shape[2:])))


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
    split(work, cells.shape[0], PASSED * cells.size)
