"""Correlation on a GPU as one matrix product of many views: what runs where cuDNN is not installed.

Views are strided views of the padded map, copied into columns for as many images at a time as fit a tile: memory beyond
the result is bounded, and a product is large. Results lie batch first, (N, C, H, W), as cuDNN has them. NumPy runs the
same code, which is how it is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Pair, Window

TILE = 1 << 25
"""Numbers in one tile of columns (128 MB in float32): enough to fill a large GPU. Our choice, not measured."""


def correlate(x: Array, weight: Array, w: Window, groups: int) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C / groups, h, w) -> (N, K, H', W')."""
    xp = namespace(x, weight)
    places = w.places(*x.shape[2:])
    padded, matrices = pad(x, w.pad), _matrices(weight, groups)
    y = xp.empty((x.shape[0], weight.shape[0], *places), dtype=xp.result_type(x, weight))
    for images in _tiles(x.shape, w, places):
        answers = _product(matrices, _columns(padded[images], w, places, groups))  # (G, K / G, n H' W')
        y[images] = _batch_first(answers, weight.shape[0], places)
    return y


def input_adjoint(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window, groups: int) -> Array:
    """Every output's value sent back over its view: (N, K, H', W') -> in_shape (N, C, H, W)."""
    xp = namespace(dy, weight)
    places = (dy.shape[2], dy.shape[3])
    matrices = xp.swapaxes(_matrices(weight, groups), 1, 2)  # (G, D, K / G)
    sides = tuple(length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((*in_shape[:2], *sides), dtype=xp.result_type(dy, weight))
    for images in _tiles(in_shape, w, places):
        columns = _product(matrices, _errors(dy[images], groups))  # (G, D, n H' W')
        columns = xp.reshape(columns, (in_shape[1], *w.size, -1, *places))
        part = xp.swapaxes(padded[images], 0, 1)  # (C, n, H, W), the same memory
        for i in range(w.size[0]):
            for j in range(w.size[1]):
                rows, across = w.tap(i, j, places)
                part[:, :, rows, across] += columns[:, i, j]
    return unpad(padded, w.pad, in_shape)


def weight_adjoint(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window, groups: int) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C / groups, h, w)."""
    xp = namespace(x, dy)
    places = (dy.shape[2], dy.shape[3])
    padded = pad(x, w.pad)
    total = xp.zeros((groups, weight_shape[0] // groups, prod(weight_shape[1:])), dtype=xp.result_type(x, dy))
    for images in _tiles(x.shape, w, places):
        columns = _columns(padded[images], w, places, groups)
        total += _product(_errors(dy[images], groups), xp.swapaxes(columns, 1, 2))  # (G, K / G, D)
    return xp.reshape(total, weight_shape)


def pad(x: Array, edges: tuple[Pair, Pair]) -> Array:
    """A map, (N, C, H, W), with zeros added at its edges, or cropped where padding is negative."""
    (top, bottom), (left, right) = edges
    x = x[:, :, max(-top, 0) : x.shape[2] - max(-bottom, 0), max(-left, 0) : x.shape[3] - max(-right, 0)]
    added = [(max(before, 0), max(after, 0)) for before, after in edges]
    return namespace(x).pad(x, [(0, 0), (0, 0), *added]) if any(map(any, added)) else x


def unpad(padded: Array, edges: tuple[Pair, Pair], shape: tuple[int, ...]) -> Array:
    """The adjoint of `pad`: of the padded map the part that lies on the map, 0 where the map was cropped."""
    (top, bottom), (left, right) = edges
    inner = padded[:, :, max(top, 0) : padded.shape[2] - max(bottom, 0), max(left, 0) : padded.shape[3] - max(right, 0)]
    lost = [(max(-before, 0), max(-after, 0)) for before, after in edges]
    return namespace(inner).pad(inner, [(0, 0), (0, 0), *lost]) if inner.shape != shape else inner


def _columns(padded: Array, w: Window, places: Pair, groups: int) -> Array:
    """The views of some images, a column each: (n, C, H, W) -> (G, C / G h w, n H' W')."""
    xp = namespace(padded)
    image, plane, row, column = padded.strides
    shape = (padded.shape[1], *w.size, padded.shape[0], *places)
    strides = (plane, row * w.dilation[0], column * w.dilation[1], image, row * w.stride[0], column * w.stride[1])
    views = xp.lib.stride_tricks.as_strided(padded, shape, strides)  # (C, h, w, n, H', W')
    return xp.reshape(views, (groups, padded.shape[1] // groups * prod(w.size), -1))


def _product(a: Array, b: Array) -> Array:
    """The matrix product of each group; of one as of plain matrices, which cuBLAS takes transposed without a copy."""
    return (a[0] @ b[0])[None] if len(a) == 1 else a @ b


def _errors(dy: Array, groups: int) -> Array:
    """(n, K, H', W') -> (G, K / G, n H' W')."""
    return namespace(dy).reshape(namespace(dy).swapaxes(dy, 0, 1), (groups, dy.shape[1] // groups, -1))


def _matrices(weight: Array, groups: int) -> Array:
    """(K, C / G, h, w) -> (G, K / G, D)."""
    return namespace(weight).reshape(weight, (groups, weight.shape[0] // groups, prod(weight.shape[1:])))


def _batch_first(answers: Array, planes: int, places: Pair) -> Array:
    """(G, K / G, n H' W') -> (n, K, H', W')."""
    xp = namespace(answers)
    return xp.swapaxes(xp.reshape(answers, (planes, -1, *places)), 0, 1)


def _tiles(in_shape: tuple[int, ...], w: Window, places: Pair) -> Iterator[slice]:
    """Runs of images whose columns fill at most one tile, or single images."""
    step = max(1, TILE // max(1, in_shape[1] * prod(w.size) * prod(places)))
    for start in range(0, in_shape[0], step):
        yield slice(start, start + step)
