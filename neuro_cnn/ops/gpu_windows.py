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


def respond(x: Array, weight: Array, w: Window) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C, h, w) -> (N, K, H', W')."""
    xp = namespace(x, weight)
    places = w.places(*x.shape[2:])
    padded, matrix = pad(x, w.pad), _rows(weight)
    y = xp.empty((x.shape[0], weight.shape[0], *places), dtype=xp.result_type(x, weight))
    for images in _tiles(x.shape, w, places):
        answers = matrix @ _columns(padded[images], w, places)  # (K, n H' W')
        y[images] = xp.swapaxes(xp.reshape(answers, (weight.shape[0], -1, *places)), 0, 1)
    return y


def spread(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Every output's value sent back over its view: (N, K, H', W'), (K, C, h, w) -> in_shape (N, C, H, W)."""
    xp = namespace(dy, weight)
    places = (dy.shape[2], dy.shape[3])
    matrix = xp.swapaxes(_rows(weight), 0, 1)  # (D, K)
    sides = tuple(length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((*in_shape[:2], *sides), dtype=xp.result_type(dy, weight))
    for images in _tiles(in_shape, w, places):
        columns = matrix @ _rows(xp.swapaxes(dy[images], 0, 1))  # (D, n H' W')
        columns = xp.reshape(columns, (in_shape[1], *w.size, -1, *places))
        part = xp.swapaxes(padded[images], 0, 1)  # (C, n, H, W), the same memory
        for i in range(w.size[0]):
            for j in range(w.size[1]):
                rows, across = w.tap(i, j, places)
                part[:, :, rows, across] += columns[:, i, j]
    return unpad(padded, w.pad, in_shape)


def multiply(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C, h, w)."""
    xp = namespace(x, dy)
    places = (dy.shape[2], dy.shape[3])
    padded = pad(x, w.pad)
    total = xp.zeros((weight_shape[0], prod(weight_shape[1:])), dtype=xp.result_type(x, dy))
    for images in _tiles(x.shape, w, places):
        columns = _columns(padded[images], w, places)
        total += _rows(xp.swapaxes(dy[images], 0, 1)) @ xp.swapaxes(columns, 0, 1)  # (K, D)
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


def _columns(padded: Array, w: Window, places: Pair) -> Array:
    """The views of some images, a column each: (n, C, H, W) -> (C h w, n H' W')."""
    xp = namespace(padded)
    image, plane, row, column = padded.strides
    shape = (padded.shape[1], *w.size, padded.shape[0], *places)
    strides = (plane, row * w.dilation[0], column * w.dilation[1], image, row * w.stride[0], column * w.stride[1])
    views = xp.lib.stride_tricks.as_strided(padded, shape, strides)  # (C, h, w, n, H', W')
    return xp.reshape(views, (padded.shape[1] * prod(w.size), -1))


def _rows(cells: Array) -> Array:
    """(K, ...) -> (K, D)."""
    return namespace(cells).reshape(cells, (cells.shape[0], prod(cells.shape[1:])))


def _tiles(in_shape: tuple[int, ...], w: Window, places: Pair) -> Iterator[slice]:
    """Runs of images whose columns fill at most one tile, or single images."""
    step = max(1, TILE // max(1, in_shape[1] * prod(w.size) * prod(places)))
    for start in range(0, in_shape[0], step):
        yield slice(start, start + step)
