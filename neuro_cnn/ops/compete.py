"""Competition among the planes at each position, and what it makes of activity: (N, K, ...) -> (N, K, ...).

Every function is plain array code, and the definition. Where an array of single precision lies in memory with the
batch innermost, as `correlate` leaves it, a compiled loop does the same in one pass over memory.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.normalize import sum_positions


def softmax_planes(drive: Array, temperature: float) -> Array:
    """softmax(drive / temperature) over the planes; 0 where a position is blank."""
    rows, scale = _rows(drive), np.float32(1 / (temperature * log(2)))
    if rows is None or not np.isfinite(scale):
        return plain_softmax(drive, temperature)
    from neuro_cnn.ops import compiled

    g = np.empty_like(rows)
    compiled.softmax(rows, scale, g)
    return _as(drive, g)


def plain_softmax(drive: Array, temperature: float) -> Array:
    """`softmax_planes` for every array library, precision and order of memory."""
    xp = namespace(drive)
    power = xp.exp((drive - xp.max(drive, axis=1, keepdims=True)) / temperature)
    return power / xp.sum(power, axis=1, keepdims=True) * awake(drive)


def winner(drive: Array) -> Array:
    """1 at the plane with the largest drive of each position, else 0; ties go to the lowest index."""
    rows = _rows(drive)
    return plain_winner(drive) if rows is None else _won(drive, rows, "FIRST")


def plain_winner(drive: Array) -> Array:
    """`winner` for every array library, precision and order of memory."""
    xp = namespace(drive)
    first = xp.expand_dims(xp.argmax(drive, axis=1), axis=1)
    planes = xp.reshape(xp.arange(drive.shape[1]), (1, -1) + (1,) * (drive.ndim - 2))
    return xp.astype(first == planes, drive.dtype)


def awake_winner(drive: Array) -> Array:
    """`winner`, but nobody wins where a position is blank."""
    rows = _rows(drive)
    return plain_winner(drive) * awake(drive) if rows is None else _won(drive, rows, "NOBODY")


def awake(drive: Array) -> Array:
    """1 where any plane of the position is driven at all, else 0: (N, K, ...) -> (N, 1, ...)."""
    xp = namespace(drive)
    return xp.astype(xp.any(drive != 0, axis=1, keepdims=True), drive.dtype)


def softhebb_factor(g: Array, u: Array) -> tuple[Array, Array]:
    """y = g for the winner and -g for all others, and the sum of y u over positions, (K,).

    The winner of a position took the largest chance g; where several took it alike, it is the most excited of them.
    """
    chances, excited = _rows(g), _rows(u)
    if chances is None or excited is None:
        return plain_softhebb_factor(g, u)
    from neuro_cnn.ops import compiled

    y, total = np.empty_like(chances), np.zeros(chances.shape[0])
    compiled.softhebb(chances, excited, y, total)
    return _as(g, y), total.astype(u.dtype)


def plain_softhebb_factor(g: Array, u: Array) -> tuple[Array, Array]:
    """`softhebb_factor` for every array library, precision and order of memory."""
    xp = namespace(g)
    candidates = xp.where(g == xp.max(g, axis=1, keepdims=True), u, xp.asarray(-xp.inf, dtype=u.dtype))
    y = xp.where(plain_winner(candidates) > 0, g, -g)
    return y, sum_positions(y * u)


def _rows(x: Array) -> Any:
    """The same memory as planes x positions, (K, M), where it lies so in single precision; else None."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.size == 0:
        return None
    last = np.moveaxis(x, 0, -1)
    return last.reshape(last.shape[0], -1) if last.flags.c_contiguous else None


def _as(like: Array, rows: Any) -> Array:
    """Planes x positions, (K, M), as the activity (N, K, ...) that they are."""
    return np.moveaxis(rows.reshape(*like.shape[1:], like.shape[0]), -1, 0)


def _won(drive: Array, rows: Any, at_blank: str) -> Array:
    from neuro_cnn.ops import compiled

    won = np.empty_like(rows)
    compiled.winner(rows, getattr(compiled, at_blank), won)
    return _as(drive, won)
