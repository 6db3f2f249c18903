"""The half-wave rectifier and the gate that is its adjoint, on arrays of any shape."""

from __future__ import annotations

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.choice import compiled_takes
from neuro_cnn.ops.compete import as_activity, as_rows
from neuro_cnn.ops.normalize import sum_positions
from neuro_cnn.ops.threads import PASSED, split

SMALL = 4096
"""Numbers below which to call a loop takes longer than plain code. Our choice, measured."""


def rectify(x: Array) -> Array:
    """phi[x] = max(x, 0), laid out in memory like x; a NaN stays one."""
    if x.size < SMALL or not compiled_takes(x):
        return plain_rectify(x)
    from neuro_cnn.ops import compiled_flat

    y = np.empty_like(x)
    if not _alike(x, y):
        return plain_rectify(x)
    row, out = _flat(x), _flat(y)
    split(lambda begin, end: compiled_flat.rectify(begin, end, row, out), x.size, PASSED * x.size)
    return y


def plain_rectify(x: Array) -> Array:
    """`rectify`, plain."""
    xp = namespace(x)
    return xp.maximum(x, xp.zeros((), dtype=x.dtype))


def gate(dy: Array, drive: Array) -> Array:
    """What comes back through a rectifier: dy where the drive is positive, else 0."""
    if not compiled_takes(dy, drive):
        return plain_gate(dy, drive)
    from neuro_cnn.ops import compiled_flat

    dx = np.empty_like(drive)
    if not (_alike(drive, dx) and _alike(dy, dx)):
        return plain_gate(dy, drive)
    error, row, out = _flat(dy), _flat(drive), _flat(dx)
    split(lambda begin, end: compiled_flat.gate(begin, end, error, row, out), dx.size, PASSED * dx.size)
    return dx


def gate_and_sum(dy: Array, drive: Array) -> tuple[Array, Array]:
    """`gate`, and its sum over images and positions: (N, K, ...) -> (N, K, ...), (K,)."""
    error, driven = as_rows(dy), as_rows(drive)
    if error is None or driven is None or dy.shape != drive.shape:
        dx = gate(dy, drive)
        return dx, sum_positions(dx)
    from neuro_cnn.ops import compiled_flat

    out, sums = np.empty_like(driven), np.zeros(len(driven))
    cost = PASSED * out.size
    split(lambda begin, end: compiled_flat.gate_planes(begin, end, error, driven, out, sums), len(out), cost)
    return as_activity(dy, out), sums.astype(np.float32)


def plain_gate(dy: Array, drive: Array) -> Array:
    """`gate`, plain."""
    xp = namespace(dy)
    return xp.where(drive > 0, dy, xp.zeros((), dtype=dy.dtype))


def _alike(x: Array, fresh: Array) -> bool:
    """Whether an array lies in memory as a fresh one does, number by number and without gaps."""
    return x.shape == fresh.shape and all(
        a == b for a, b, length in zip(x.strides, fresh.strides, x.shape, strict=True) if length > 1
    )


def _flat(x: Array) -> Array:
    """An array without gaps, as one row in the order of memory."""
    return x.ravel(order="K")
