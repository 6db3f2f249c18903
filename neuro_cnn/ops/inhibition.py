"""What holds S-cells down: the V-cells' root mean square, and shunting and subtractive inhibition by it.

Each has a plain form, which is its definition; kernels of our own do the same in one pass over memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops import cuda
from neuro_cnn.ops.choice import cuda_takes
from neuro_cnn.ops.compete import as_activity, as_rows
from neuro_cnn.ops.geometry import Pad, Size
from neuro_cnn.ops.normalize import at_planes
from neuro_cnn.ops.pool import weighted_pool
from neuro_cnn.ops.rectifier import rectify
from neuro_cnn.ops.threads import PASSED, split


def root_mean_square(x: Array, c: Array, stride: Size, pad: Pad) -> Array:
    """v = sqrt(sum c x^2) of every view, over all planes: (N, C, H, W), (h, w) -> (N, 1, H', W')."""
    xp = namespace(x)
    rows = as_rows(x)
    if rows is None:
        square = xp.sum(x * x, axis=1, keepdims=True)  # c(v) is the same for all planes
    else:
        from neuro_cnn.ops import compiled_inhibition

        sums = np.empty((1, rows.shape[1]), np.float32)
        split(lambda begin, end: compiled_inhibition.squares(begin, end, rows, sums), rows.shape[1], PASSED * rows.size)
        square = as_activity(x[:, :1, ...], sums)
    return xp.sqrt(weighted_pool(square, c, stride, pad))  # Fukushima 1980, eq. (3)


def shunting(e: Array, b: Array, v: Array, r: float) -> Array:
    """r [(1 + e) / (1 + 2r/(1+r) b v) - 1]: (N, K, H, W), (K,), (N, 1, H, W) -> (N, K, H, W)."""
    return _held(e, b, v, "shunting", r, -np.inf, plain_shunting)


def plain_shunting(e: Array, b: Array, v: Array, r: float) -> Array:
    """`shunting`, plain: Fukushima 1980, eq. (1) without the rectifier."""
    return r * ((1 + e) / (1 + 2 * r / (1 + r) * at_planes(b, e) * v) - 1)


def subtractive(e: Array, b: Array, v: Array, theta: float) -> Array:
    """(e - theta b v) / (1 - theta): (N, K, H, W), (K,), (N, 1, H, W) -> (N, K, H, W)."""
    return _held(e, b, v, "subtractive", theta, -np.inf, plain_subtractive)


def plain_subtractive(e: Array, b: Array, v: Array, theta: float) -> Array:
    """`subtractive`, plain."""
    return (e - theta * at_planes(b, e) * v) / (1 - theta)


def rectified_shunting(e: Array, b: Array, v: Array, r: float) -> Array:
    """The positive part of `shunting`."""
    if cuda_takes(e, b, v):
        return cuda.shunting(e, b, v, r)
    return _held(e, b, v, "shunting", r, 0, lambda *how: rectify(plain_shunting(*how)))


def rectified_subtractive(e: Array, b: Array, v: Array, theta: float) -> Array:
    """The positive part of `subtractive`."""
    if cuda_takes(e, b, v):
        return cuda.subtractive(e, b, v, theta)
    return _held(e, b, v, "subtractive", theta, 0, lambda *how: rectify(plain_subtractive(*how)))


def _held(e: Array, b: Array, v: Array, name: str, number: float, floor: float, plain: Callable[..., Array]) -> Array:
    """Not less than the floor: by the loop of that name where the memory suits, else by plain code."""
    rows, held = as_rows(e), as_rows(v)
    fits = rows is not None and held is not None and b.dtype == rows.dtype
    if not (fits and held.shape == (1, rows.shape[1]) and b.shape == rows.shape[:1]):
        return plain(e, b, v, number)
    from neuro_cnn.ops import compiled_inhibition

    loop, y = getattr(compiled_inhibition, name), np.empty_like(rows)
    inhibition, given, least = np.ascontiguousarray(b), np.float32(number), np.float32(floor)

    def work(begin: int, end: int) -> Any:
        loop(begin, end, rows, inhibition, held[0], given, least, y)

    split(work, rows.shape[1], PASSED * rows.size)
    return as_activity(e, y)
