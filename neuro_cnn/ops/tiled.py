"""Correlation in tiles: views gathered into columns, and one matrix product a tile, from or into the map.

Plain code, for every array library: the definition of what the other ways come to. Memory beyond the result is bounded
by the tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil, prod
from typing import NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Pair, Window, batch_first, batch_innermost, batch_last, gather, scatter, unpad
from neuro_cnn.ops.normalize import ended
from neuro_cnn.ops.threads import share, threads

TILE = 1 << 18
"""Numbers in one tile of columns (1 MB in float32, so that it stays in cache). Our choice."""
SHARED = 1 << 15
"""Numbers in one tile of columns below which another thread does not pay. Our choice."""


class Tile(NamedTuple):
    """Views whose places and images lie side by side in memory: a part of the map, and the same of its M = H' W' N."""

    rows: slice
    columns: slice
    batch: slice
    span: slice

    @property
    def places(self) -> Pair:
        """How many views of one image."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def first(self) -> Pair:
        """The first view."""
        return self.rows.start, self.columns.start


def respond(x: Array, weight: Array, w: Window, bias: Array | None, rectified: bool) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C, h, w) -> (N, K, H', W')."""
    xp = namespace(x, weight)
    places = w.places(*x.shape[2:])
    y = xp.empty((weight.shape[0], prod(places) * x.shape[0]), dtype=xp.result_type(x, weight))  # (K, M)
    matrix = _matrix(weight)
    work = partial(_respond, matrix, batch_last(x, w.pad), y, w)
    share(work, _tiles(matrix.shape[1], places, x.shape[0]))
    return ended(batch_first(xp.reshape(y, (weight.shape[0], *places, x.shape[0]))), bias, rectified)


def spread(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Every output's value sent back over its view: (N, K, H', W'), (K, C, h, w) -> in_shape (N, C, H, W)."""
    xp = namespace(dy, weight)
    errors = _matrix(batch_innermost(dy))  # (K, M)
    height, width = (length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((in_shape[1], height, width, in_shape[0]), dtype=xp.result_type(dy, weight))
    matrix = xp.permute_dims(_matrix(weight), (1, 0))
    for tile in _tiles(matrix.shape[0], w.places(*in_shape[2:]), in_shape[0]):
        columns = matrix @ errors[:, tile.span]
        columns = xp.reshape(columns, (-1, *w.size, *tile.places, tile.batch.stop - tile.batch.start))
        scatter(padded[..., tile.batch], columns, w, tile.places, tile.first)
    return unpad(padded, w.pad, in_shape)


def multiply(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C, h, w)."""
    xp = namespace(x, dy)
    padded, errors = batch_last(x, w.pad), _matrix(batch_innermost(dy))  # (K, M)
    zero = xp.zeros((weight_shape[0], prod(weight_shape[1:])), dtype=xp.result_type(x, dy))
    tiles, several = list(_tiles(zero.shape[1], w.places(*x.shape[2:]), x.shape[0])), threads()
    work = partial(_product, padded, errors, w, zero)
    return xp.reshape(sum(share(work, [tiles[first::several] for first in range(several)]), zero), weight_shape)


def _respond(matrix: Array, padded: Array, y: Array, w: Window, tile: Tile) -> None:
    """Weights times the views of a tile, (K, T), written where they belong; NumPy needs no copy for that."""
    columns, out = _columns(padded, w, tile), y[:, tile.span]
    if isinstance(out, np.ndarray):
        np.matmul(matrix, columns, out=out)
    else:
        out[...] = matrix @ columns


def _product(padded: Array, errors: Array, w: Window, zero: Array, tiles: list[Tile]) -> Array:
    """Errors times views, summed over the positions of some tiles: (K, D)."""
    total = zero + 0
    for tile in tiles:
        total += errors[:, tile.span] @ namespace(padded).permute_dims(_columns(padded, w, tile), (1, 0))
    return total


def _matrix(weight: Array) -> Array:
    return namespace(weight).reshape(weight, (weight.shape[0], prod(weight.shape[1:])))  # (K, D)


def _tiles(depth: int, places: Pair, batch: int) -> Iterator[Tile]:
    """Parts of the map, in the order of memory, whose columns of `depth` numbers fill at most one tile each.

    Several threads get at least a tile each, unless it would be too small to pay.
    """
    if not batch:
        return
    numbers = depth * prod(places) * batch
    room = max(1, min(TILE, max(SHARED, ceil(numbers / threads()))) // max(depth, 1))  # views
    for rows in _parts(places[0], room // (places[1] * batch)):
        for columns in _parts(places[1], room // batch):
            for images in _parts(batch, room):
                start = (rows.start * places[1] + columns.start) * batch + images.start
                count = prod(part.stop - part.start for part in (rows, columns, images))
                yield Tile(rows, columns, images, slice(start, start + count))


def _parts(length: int, most: int) -> Iterator[slice]:
    """A length cut into parts as equal as can be, each of at most `most` (but at least 1)."""
    step = ceil(length / ceil(length / max(most, 1)))
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))


def _columns(padded: Array, w: Window, tile: Tile) -> Array:
    columns = gather(padded[..., tile.batch], w, tile.places, tile.first)
    return namespace(padded).reshape(columns, (columns.shape[0] * w.size[0] * w.size[1], -1))  # (D, T)
