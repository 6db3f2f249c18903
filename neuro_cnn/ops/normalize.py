"""Norms and moments of weights and activity, taken plane by plane."""

from __future__ import annotations

from math import prod

from neuro_cnn.backend import Array, namespace


def unit_norm(weight: Array) -> Array:
    """Each plane's weights scaled to Euclidean norm 1: (K, ...) -> (K, ...). A plane of zeros stays zero."""
    xp = namespace(weight)
    norm = norms(weight)
    scale = xp.where(norm > 0, norm, xp.ones((), dtype=weight.dtype))
    return weight / over_planes(scale, weight)


def norms(weight: Array) -> Array:
    """Euclidean norm of each plane's weights: (K, ...) -> (K,)."""
    xp = namespace(weight)
    return xp.sqrt(xp.sum(weight * weight, axis=tuple(range(1, weight.ndim))))


def over_planes(values: Array, like: Array) -> Array:
    """A number for each plane of weights, (K,) -> (K, 1, ...), ready to meet `like`, (K, ...)."""
    return namespace(values).reshape(values, (-1,) + (1,) * (like.ndim - 1))


def at_planes(values: Array, like: Array) -> Array:
    """A number for each plane of activity, (K,) -> (1, K, 1, ...), ready to meet `like`, (N, K, ...).

    One for each cell, (K, ...), is as it is.
    """
    if values.ndim > 1:
        return values
    return namespace(values).reshape(values, (1, -1) + (1,) * (like.ndim - 2))


def ended(activity: Array, bias: Array | None, rectified: bool) -> Array:
    """The activity with each plane's bias, (K,), added, and then its positive part where it is to be rectified."""
    xp = namespace(activity)
    if bias is not None:
        activity = activity + at_planes(bias, activity)
    return xp.maximum(activity, xp.zeros((), dtype=activity.dtype)) if rectified else activity


def sum_positions(activity: Array) -> Array:
    """Sum over images and positions: (N, K, ...) -> (K,)."""
    xp = namespace(activity)
    rows = xp.permute_dims(activity, (*range(1, activity.ndim), 0))  # as they mostly lie in memory
    return xp.sum(xp.reshape(rows, (activity.shape[1], prod(activity.shape[2:]) * activity.shape[0])), axis=1)


def plane_products(a: Array, b: Array) -> Array:
    """Products of two planes' activity, summed over images and positions: (N, K, ...), (N, L, ...) -> (K, L)."""
    xp = namespace(a, b)
    left, right = (xp.permute_dims(x, (*range(1, x.ndim), 0)) for x in (a, b))  # as they lie in memory
    return xp.reshape(left, (a.shape[1], -1)) @ xp.permute_dims(xp.reshape(right, (b.shape[1], -1)), (1, 0))


def moments(activity: Array) -> tuple[Array, Array]:
    """Mean and variance of each plane over images and positions: (N, K, ...) -> (K,), (K,)."""
    count = activity.size / activity.shape[1]
    mean = sum_positions(activity) / count
    centred = activity - at_planes(mean, activity)
    return mean, sum_positions(centred * centred) / count


def standardize(activity: Array, mean: Array, deviation: Array) -> Array:
    """(activity - mean) / deviation, plane by plane; a plane that never varies is only centred."""
    xp = namespace(activity)
    scale = xp.where(deviation > 0, deviation, xp.ones((), dtype=deviation.dtype))
    return (activity - at_planes(mean, activity)) / at_planes(scale, activity)
