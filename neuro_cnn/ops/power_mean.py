"""The power mean of each view, from the mean to the maximum of its absolute values, with the adjoint."""

from __future__ import annotations

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Pad, Size, batch_first, batch_innermost, batch_last
from neuro_cnn.ops.plain_pool import area, spread, taps
from neuro_cnn.ops.pool import pooling


def power_mean_pool(x: Array, size: Size, p: float, stride: Size | None = None, pad: Pad = 0) -> Array:
    """Power mean (mean |x|^p)^(1/p) over each view: p = 1 the mean of |x|, p -> inf the maximum of |x|.

    Raises UsageError unless 1 <= p < inf.
    """
    xp = namespace(x)
    w = pooling(size, stride, pad)
    check_power(p)
    padded = xp.abs(batch_last(x, w.pad))
    places = w.places(*x.shape[2:])
    largest = next(taps(padded, w, places))[1]
    for _, view in taps(padded, w, places):
        largest = xp.maximum(largest, view)
    scale = xp.where(largest > 0, largest, xp.ones((), dtype=x.dtype))  # |x| / scale <= 1: no overflow for any p
    total = xp.zeros(largest.shape, dtype=x.dtype)
    for _, view in taps(padded, w, places):
        total += (view / scale) ** p
    return batch_first(largest * (total / area(w)) ** (1 / p))


def check_power(p: float) -> None:
    """Raises UsageError unless 1 <= p < inf."""
    if not 1 <= p < float("inf"):
        raise UsageError(f"power mean with p = {p}; p must be finite and at least 1")


def power_mean_pool_adjoint(
    dy: Array, x: Array, y: Array, size: Size, p: float, stride: Size | None = None, pad: Pad = 0
) -> Array:
    """dy_view (|x| / y)^(p-1) sign(x) / area, summed over views; 0 where the view is silent."""
    xp = namespace(dy, x, y)
    w = pooling(size, stride, pad)
    error, mean = batch_innermost(dy), batch_innermost(y)
    scale = xp.where(mean > 0, mean, xp.ones((), dtype=y.dtype))
    share = xp.where(mean > 0, error / area(w), xp.zeros((), dtype=dy.dtype))
    views = taps(batch_last(x, w.pad), w, (y.shape[2], y.shape[3]))
    shares = (share * xp.sign(view) * (xp.abs(view) / scale) ** (p - 1) for _, view in views)
    return spread(x.shape, w, shares)
