"""Competition among the planes at each position, and what it makes of activity: (N, K, ...) -> (N, K, ...).

Each function has a plain form, which is its definition and works in every array library. Where an array of single
precision lies in memory with the batch innermost, as `correlate` leaves it, compiled loops do the same with one pass
over memory; on a GPU kernels of our own do.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops import cuda
from neuro_cnn.ops.choice import compiled_takes, cuda_takes
from neuro_cnn.ops.normalize import at_planes, sum_positions
from neuro_cnn.ops.threads import in_parts

LARGEST = float(np.finfo(np.float32).max)


def softmax_planes(drive: Array, temperature: float) -> Array:
    """softmax(drive / temperature) over the planes; 0 where a position is blank."""
    if cuda_takes(drive):
        return cuda.softmax(drive, temperature)
    rows = as_rows(drive)
    if rows is None:
        return plain_softmax(drive, temperature)
    from neuro_cnn.ops import compiled

    scale = np.float32(min(1 / log(2) / temperature, LARGEST))  # 2^(scale u) = exp(u / temperature)
    g = np.empty_like(rows)
    in_parts(lambda begin, end: compiled.softmax(begin, end, rows, scale, g), rows.shape[1])
    return as_activity(drive, g)


def plain_softmax(drive: Array, temperature: float) -> Array:
    """`softmax_planes`, plain."""
    xp = namespace(drive)
    power = xp.exp((drive - xp.max(drive, axis=1, keepdims=True)) / temperature)
    return power / xp.sum(power, axis=1, keepdims=True) * awake(drive)


def winner(drive: Array) -> Array:
    """1 at the plane with the largest drive of each position, else 0; ties go to the lowest index."""
    if cuda_takes(drive):
        return cuda.winner(drive)
    rows = as_rows(drive)
    return plain_winner(drive) if rows is None else _won(drive, rows, "FIRST")


def plain_winner(drive: Array) -> Array:
    """`winner`, plain."""
    xp = namespace(drive)
    first = xp.expand_dims(xp.argmax(drive, axis=1), axis=1)
    planes = xp.reshape(xp.arange(drive.shape[1]), (1, -1) + (1,) * (drive.ndim - 2))
    return xp.astype(first == planes, drive.dtype)


def awake_winner(drive: Array) -> Array:
    """`winner`, but nobody wins where a position is blank."""
    if cuda_takes(drive):
        return cuda.awake_winner(drive)
    rows = as_rows(drive)
    return plain_winner(drive) * awake(drive) if rows is None else _won(drive, rows, "NOBODY")


def awake(drive: Array) -> Array:
    """1 where any plane of the position is driven at all, else 0: (N, K, ...) -> (N, 1, ...)."""
    xp = namespace(drive)
    return xp.astype(xp.any(drive != 0, axis=1, keepdims=True), drive.dtype)


def softhebb_factor(g: Array, u: Array) -> tuple[Array, Array]:
    """y = g for the winner and -g for all others, and the sum of y u over positions, (K,).

    The winner of a position took the largest chance g; where several took it alike, it is the most excited of them.
    """
    if cuda_takes(g, u):
        y = cuda.softhebb(g, u)
        return y, sum_positions(y * u)
    chances, excited = as_rows(g), as_rows(u)
    if chances is None or excited is None or g.shape != u.shape:
        return plain_softhebb_factor(g, u)
    from neuro_cnn.ops import compiled

    y = np.empty_like(chances)
    totals = in_parts(lambda begin, end: compiled.softhebb(begin, end, chances, excited, y), y.shape[1])
    return as_activity(g, y), np.sum(totals, axis=0).astype(u.dtype)


def plain_softhebb_factor(g: Array, u: Array) -> tuple[Array, Array]:
    """`softhebb_factor`, plain."""
    xp = namespace(g)
    candidates = xp.where(g == xp.max(g, axis=1, keepdims=True), u, xp.asarray(-xp.inf, dtype=u.dtype))
    y = xp.where(plain_winner(candidates) > 0, g, -g)
    return y, sum_positions(y * u)


def raise_awake(drive: Array, lead: Array) -> Array:
    """Each plane's lead, (K,), added to its drives, except where a position is blank."""
    if cuda_takes(drive, lead):
        return cuda.raise_awake(drive, lead)
    rows = as_rows(drive)
    if rows is None or lead.dtype != rows.dtype or lead.shape != rows.shape[:1]:
        return drive + at_planes(lead, drive) * awake(drive)
    from neuro_cnn.ops import compiled

    raised = np.empty_like(rows)
    in_parts(lambda begin, end: compiled.raise_awake(begin, end, rows, lead, raised), rows.shape[1])
    return as_activity(drive, raised)


def deviation(activity: Array) -> Array:
    """Standard deviation over all images, planes and positions: one number."""
    rows = as_rows(activity)
    if rows is None:
        return namespace(activity).std(activity)
    from neuro_cnn.ops import compiled

    moments = in_parts(lambda begin, end: compiled.spread(begin, end, rows), rows.shape[1])
    count, mean, squares = np.transpose(moments)
    away = mean - np.average(mean, weights=count)
    return np.float32(sqrt(np.sum(squares + count * away * away) / np.sum(count)))  # Chan, Golub & LeVeque 1979


def as_rows(x: Array) -> Any:
    """The same memory as planes x positions, (K, M), where it lies so in single precision; else None."""
    if not compiled_takes(x):
        return None
    last = np.moveaxis(x, 0, -1)
    return last.reshape(last.shape[0], -1) if last.flags.c_contiguous else None


def as_activity(like: Array, rows: Any) -> Array:
    """Planes x positions, (K, M), as the activity (N, K, ...) that they are."""
    return np.moveaxis(rows.reshape(*like.shape[1:], like.shape[0]), -1, 0)


def _won(drive: Array, rows: Any, at_blank: str) -> Array:
    from neuro_cnn.ops import compiled

    won = np.empty_like(rows)
    none = getattr(compiled, at_blank)
    in_parts(lambda begin, end: compiled.winner(begin, end, rows, none, won), rows.shape[1])
    return as_activity(drive, won)
