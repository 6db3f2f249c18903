"""Correlation of maps with shared weights, and its two adjoints: the products on which Hebb and backprop stand.

The plain version: views gathered into columns, tile by tile, and one matrix product a tile. Memory beyond the
result is bounded by the tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import (
    Pad,
    Pair,
    Size,
    Window,
    batch_first,
    batch_last,
    gather,
    unpad,
    window,
)

TILE = 1 << 18
"""Numbers in one tile of columns or of responses (1 MB in float32, so that it stays in cache). Our choice."""


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
    y = xp.empty((weight.shape[0], *places, x.shape[0]), dtype=xp.result_type(x, weight))
    for inputs, outputs in _groups(x.shape[1], weight.shape[0], groups):
        matrix = _matrix(weight[outputs, ...])
        for rows, batch in _tiles(max(matrix.shape), places, x.shape[0]):
            columns = _matrix_of(padded[inputs, ..., batch], w, places, rows)
            tile = matrix @ columns
            y[outputs, rows, :, batch] = xp.reshape(tile, y[outputs, rows, :, batch].shape)
    return batch_first(y)


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
    errors = batch_last(dy, ((0, 0), (0, 0)))
    height, width = (length + sum(p) for length, p in zip(in_shape[2:], w.pad, strict=True))
    padded = xp.zeros((in_shape[1], height, width, in_shape[0]), dtype=xp.result_type(dy, weight))
    for inputs, outputs in _groups(in_shape[1], weight.shape[0], groups):
        matrix = xp.permute_dims(_matrix(weight[outputs, ...]), (1, 0))
        for rows, batch in _tiles(max(matrix.shape), places, in_shape[0]):
            tile = errors[outputs, rows, :, batch]
            columns = matrix @ _matrix(tile)
            columns = xp.reshape(columns, (-1, *w.size, *tile.shape[1:]))
            _scatter(padded[inputs, ..., batch], columns, w, rows)
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
    padded, errors = batch_last(x, w.pad), batch_last(dy, ((0, 0), (0, 0)))
    parts = []
    for inputs, outputs in _groups(x.shape[1], weight_shape[0], groups):
        size = (x.shape[1] // groups) * w.size[0] * w.size[1]
        total = xp.zeros((weight_shape[0] // groups, size), dtype=xp.result_type(x, dy))
        for rows, batch in _tiles(max(total.shape), places, x.shape[0]):
            columns = _matrix_of(padded[inputs, ..., batch], w, places, rows)
            tile = _matrix(errors[outputs, rows, :, batch])
            total += tile @ xp.permute_dims(columns, (1, 0))
        parts.append(total)
    return _joined(xp.reshape(xp.concat(parts), weight_shape), table)


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


def _tiles(depth: int, places: Pair, batch: int) -> Iterator[tuple[slice, slice]]:
    """Rows of views and parts of the batch that fill at most one tile, at `depth` numbers a view."""
    images = max(1, min(batch, TILE // (depth * places[1])))
    rows = max(1, min(places[0], TILE // (depth * places[1] * images)))
    for start in range(0, places[0], rows):
        for first in range(0, batch, images):
            yield slice(start, min(start + rows, places[0])), slice(first, min(first + images, batch))


def _matrix_of(padded: Array, w: Window, places: Pair, rows: slice) -> Array:
    xp = namespace(padded)
    columns = gather(padded, w, (rows.stop - rows.start, places[1]), rows.start)
    return xp.reshape(columns, (columns.shape[0] * w.size[0] * w.size[1], -1))  # (D, T)


def _scatter(padded: Array, columns: Array, w: Window, rows: slice) -> None:
    places = (columns.shape[3], columns.shape[4])
    for i in range(w.size[0]):
        for j in range(w.size[1]):
            down, across = w.tap(i, j, places, rows.start)
            padded[:, down, across, :] += columns[:, i, j, ...]
