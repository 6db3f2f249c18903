"""Correlation of maps with shared weights, and its two adjoints: the products on which Hebb and backprop stand.

The plain version: views gathered into columns, tile by tile, and one matrix product a tile, straight from or into the
map. Memory beyond the result is bounded by the tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil, prod
from typing import NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import (
    Pad,
    Pair,
    Size,
    Window,
    batch_first,
    batch_innermost,
    batch_last,
    gather,
    scatter,
    unpad,
    window,
)
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


def correlate(
    x: Array,
    weight: Array,
    stride: Size = 1,
    pad: Pad = 0,
    dilation: Size = 1,
    groups: int = 1,
    table: Array | None = None,
) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C / groups, h, w) -> (N, K, H', W').

    `table`, (K, C / groups) of booleans, says which planes of the input each plane looks at (LeNet-5's C3).
    Raises UsageError when the view does not fit, or the planes do not match.
    """
    xp = namespace(x, weight)
    weight = _joined(weight, table)
    w = window(weight.shape[2:], stride, pad, dilation)
    places = w.places(*x.shape[2:])
    check_planes(x.shape[1], weight.shape[:2], groups)
    padded = batch_last(x, w.pad)
    y = xp.empty((weight.shape[0], prod(places) * x.shape[0]), dtype=xp.result_type(x, weight))  # (K, M)
    for inputs, outputs in _groups(x.shape[1], weight.shape[0], groups):
        matrix = _matrix(weight[outputs, ...])
        work = partial(_respond, matrix, padded[inputs, ...], y[outputs, ...], w)
        share(work, _tiles(matrix.shape[1], places, x.shape[0]))
    return batch_first(xp.reshape(y, (weight.shape[0], *places, x.shape[0])))


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
    xp = namespace(dy, weight)
    weight = _joined(weight, table)
    w = window(weight.shape[2:], stride, pad, dilation)
    places = w.places(*in_shape[2:])
    check_planes(in_shape[1], weight.shape[:2], groups)
    errors = _matrix(batch_innermost(dy))  # (K, M)
    height, width = (length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((in_shape[1], height, width, in_shape[0]), dtype=xp.result_type(dy, weight))
    for inputs, outputs in _groups(in_shape[1], weight.shape[0], groups):
        matrix = xp.permute_dims(_matrix(weight[outputs, ...]), (1, 0))
        for tile in _tiles(matrix.shape[0], places, in_shape[0]):
            columns = matrix @ errors[outputs, tile.span]
            columns = xp.reshape(columns, (-1, *w.size, *tile.places, tile.batch.stop - tile.batch.start))
            scatter(padded[inputs, ..., tile.batch], columns, w, tile.places, tile.first)
    return unpad(padded, w.pad, in_shape)


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
    places = w.places(*x.shape[2:])
    check_planes(x.shape[1], weight_shape[:2], groups)
    padded, errors = batch_last(x, w.pad), _matrix(batch_innermost(dy))  # (K, M)
    zero = xp.zeros((weight_shape[0] // groups, prod(weight_shape[1:])), dtype=xp.result_type(x, dy))
    parts = []
    for inputs, outputs in _groups(x.shape[1], weight_shape[0], groups):
        tiles, several = list(_tiles(zero.shape[1], places, x.shape[0])), threads()
        work = partial(_product, padded[inputs, ...], errors[outputs, ...], w, zero)
        parts.append(sum(share(work, [tiles[first::several] for first in range(several)]), zero))
    return _joined(xp.reshape(xp.concat(parts), weight_shape), table)


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


def _matrix(weight: Array) -> Array:
    return namespace(weight).reshape(weight, (weight.shape[0], prod(weight.shape[1:])))  # (K, D)


def _groups(planes_in: int, planes_out: int, groups: int) -> Iterator[tuple[slice, slice]]:
    c, k = planes_in // groups, planes_out // groups
    for g in range(groups):
        yield slice(g * c, (g + 1) * c), slice(g * k, (g + 1) * k)


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
