"""Correlation by one matrix product, where a view is a single cell of the map, or the whole map: no gathering."""

from __future__ import annotations

from math import prod
from typing import Any

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import NOWHERE, Window, batch_first, batch_innermost
from neuro_cnn.ops.normalize import ended
from neuro_cnn.ops.threads import matmul


def takes(w: Window, in_shape: tuple[int, ...]) -> bool:
    """Whether views are single cells, one beside the other, or the whole map."""
    single = w.size == (1, 1) and w.stride == (1, 1)
    whole = w.size == in_shape[2:] and w.dilation == (1, 1)
    return w.pad == NOWHERE and (single or whole)


def respond(x: Array, weight: Array, w: Window, bias: Array | None, rectified: bool) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C, h, w) -> (N, K, H', W')."""
    places = w.places(*x.shape[2:])
    y = matmul(_rows(weight), _columns(x, w))
    return ended(batch_first(namespace(y).reshape(y, (weight.shape[0], *places, x.shape[0]))), bias, rectified)


def spread(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Every output's value sent back over its view: (N, K, H', W'), (K, C, h, w) -> in_shape (N, C, H, W)."""
    del w  # a matrix knows no places
    xp = namespace(dy)
    dx = matmul(xp.permute_dims(_rows(weight), (1, 0)), _rows(batch_innermost(dy)))
    return batch_first(xp.reshape(dx, (*in_shape[1:], in_shape[0])))


def multiply(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C, h, w)."""
    xp = namespace(dy)
    dw = matmul(_rows(batch_innermost(dy)), xp.permute_dims(_columns(x, w), (1, 0)))
    return xp.reshape(dw, weight_shape)


def _columns(x: Array, w: Window) -> Array:
    """The map as a matrix of views: (N, C, H, W) -> (D, M)."""
    planes = x.shape[1] * prod(w.size)
    return namespace(x).reshape(batch_innermost(x), (planes, prod(w.places(*x.shape[2:])) * x.shape[0]))


def _rows(cells: Array) -> Any:
    return namespace(cells).reshape(cells, (cells.shape[0], prod(cells.shape[1:])))
