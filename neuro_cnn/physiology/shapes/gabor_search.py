"""The search for the Gabor function nearest to a field: variable projection, for many fields at once.

Only what shapes the function is searched for: centre, direction, frequency and the two sigmas. The amplitudes of its
cosine and its sine, in which it is linear, are projected out (Golub and Pereyra 1973), with the Jacobian of the
projection as Kaufman (1975) shortens it. The steps are Levenberg's and Marquardt's, within bounds.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

STEPS = 200
"""Steps at most (our choice)."""
SETTLED = 1e-8
"""A fall of the squared error, as a part of the field's square, that is none (our choice)."""
PATIENCE = 8
"""Steps in a row without such a fall after which a search is over (our choice)."""
NARROWEST = 0.4
"""Smallest sigma in pixels (our choice): nearly all of such a bell lies in one pixel and its neighbours."""
LOWEST, HIGHEST = 1e-3, 0.5
"""Bounds of frequency in cycles/pixel, the upper one Nyquist's (our choice)."""
ENVELOPES = (0.1, 0.17, 0.3)
"""Sigmas to start from, in parts of the field's longer side (our choice)."""
WIGGLE = 0.1
"""Turn of the wave within a sigma, in radians, up to which a bell has none (our choice)."""
JITTERS = ((0.0, 1.0), (0.35, 0.7), (-0.35, 1.4))
"""Starts around the peak: what is added to its direction, in radians, and its frequency's factor (our choice)."""
AT_ONCE = 100_000
"""Numbers of an array that the search works on, so that a step's arrays stay in the cache (our choice)."""


class Shapes(NamedTuple):
    """What is searched for, (M,) each: pixels from the middle of the upper left one, radians, cycles/pixel, pixels.

    `direction` is that across the bars, counter-clockwise; sigma `across` lies along it and `along` along the bars.
    """

    row: Array
    column: Array
    direction: Array
    frequency: Array
    across: Array
    along: Array


def search(fields: Array) -> tuple[Shapes, Array]:
    """The nearest Gabor function of each field, (K, h, w), none of them 0: shapes, and amplitudes of cosine and sine.

    The amplitudes are (K, 2).
    """
    strength = np.sqrt(np.sum(fields**2, axis=(1, 2), keepdims=True))
    begun = starts(fields / strength)  # (K, starts, 6)
    count, many = begun.shape[:2]
    rows = (fields / strength).reshape(count, -1)
    found, error = np.empty((count * many, 6)), np.empty(count * many)
    part = max(1, AT_ONCE // rows.shape[1] // many)
    for first in range(0, count, part):
        here = slice(first * many, (first + part) * many)
        repeated = np.repeat(rows[first : first + part], many, axis=0)
        found[here], error[here] = _descend(repeated, begun.reshape(-1, 6)[here], fields.shape[1:])
    best = error.reshape(count, many).argmin(axis=1)
    shapes = Shapes(*found.reshape(count, many, 6)[np.arange(count), best].T)
    amplitudes, *_ = _projected(rows, *waves(shapes, fields.shape[1:]))
    shapes = _lengthwise(shapes, amplitudes)
    amplitudes, *_ = _projected(rows, *waves(shapes, fields.shape[1:]))
    return shapes, amplitudes * strength[:, 0]


def _lengthwise(shapes: Shapes, amplitudes: Array) -> Shapes:
    """The shapes, with bells that have no wave called so that their bars are their length, whichever way u lay."""
    turn = 2 * np.pi * shapes.frequency * np.maximum(shapes.across, shapes.along)
    plain = (turn < WIGGLE) & (np.abs(amplitudes[:, 1]) * turn < WIGGLE * np.abs(amplitudes[:, 0]))
    swap = plain & (shapes.across > shapes.along)
    return shapes._replace(
        direction=shapes.direction + np.pi / 2 * swap,
        across=np.where(swap, shapes.along, shapes.across),
        along=np.where(swap, shapes.across, shapes.along),
    )


def starts(fields: Array) -> Array:
    """Where searches begin, (K, starts, 6): at the field's middle and around the peak of its power spectrum."""
    count, height, width = fields.shape
    power = np.abs(np.fft.rfft2(fields, (4 * height, 4 * width))) ** 2
    peak = power.reshape(count, -1).argmax(axis=1)
    down, across = np.fft.fftfreq(4 * height), np.fft.rfftfreq(4 * width)
    up, right = -down[peak // len(across)], across[peak % len(across)]  # rows go down, angles up
    direction, frequency = np.arctan2(up, right), np.hypot(up, right)
    weight = fields**2 / np.sum(fields**2, axis=(1, 2), keepdims=True)
    row = np.sum(weight * np.arange(height)[:, None], axis=(1, 2))
    column = np.sum(weight * np.arange(width), axis=(1, 2))
    begun = [
        (
            row,
            column,
            direction + turn,
            np.clip(frequency * factor, 0.02, 0.45),
            np.full(count, sigma),
            np.full(count, sigma),
        )
        for sigma in max(height, width) * np.array(ENVELOPES)
        for turn, factor in JITTERS
    ]
    return np.transpose(begun, (2, 0, 1))


def waves(shapes: Shapes, size: tuple[int, int]) -> tuple[Array, Array]:
    """The cosine and the sine under the bell, (M, D) each, D = h w."""
    u, _, bell = _bell(shapes, size)
    turn = 2 * np.pi * shapes.frequency[:, None] * u
    return bell * np.cos(turn), bell * np.sin(turn)


def _bell(shapes: Shapes, size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Every pixel's way across the bars, u, and along them, v, and the bell's height there, (M, D) each."""
    row, column, direction, _, across, along = (each[:, None] for each in shapes)
    rows, columns = (each.ravel() for each in np.indices(size))
    right, up = columns - column, row - rows
    cos, sin = np.cos(direction), np.sin(direction)
    u, v = right * cos + up * sin, up * cos - right * sin
    return u, v, np.exp(-0.5 * ((u / across) ** 2 + (v / along) ** 2))


def _projected(w: Array, cosine: Array, sine: Array) -> tuple[Array, Array, Array]:
    """Amplitudes (M, 2) of the least squares, and an orthonormal basis of what cosine and sine span, (M, 2, D)."""
    length = np.sqrt(np.einsum("md,md->m", cosine, cosine))
    first = cosine / length[:, None]
    shared = np.einsum("md,md->m", first, sine)
    second = sine - shared[:, None] * first
    rest = np.sqrt(np.einsum("md,md->m", second, second))
    second /= rest[:, None]
    by_sine = np.einsum("md,md->m", second, w) / rest
    by_cosine = (np.einsum("md,md->m", first, w) - shared * by_sine) / length
    return np.stack([by_cosine, by_sine], axis=1), first, second


def _linear(w: Array, p: Array, size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Residuals (M, D), their squares' sums (M,), and the Jacobian of the projected Gabor function, (M, 6, D).

    The sigmas' columns are by their logarithms.
    """
    shapes = Shapes(*p.T)
    u, v, bell = _bell(shapes, size)
    omega = 2 * np.pi * shapes.frequency[:, None]
    cosine, sine = bell * np.cos(omega * u), bell * np.sin(omega * u)
    amplitudes, first, second = _projected(w, cosine, sine)
    a, b = amplitudes[:, :1], amplitudes[:, 1:]
    g = a * cosine + b * sine
    slope = b * cosine - a * sine  # by the phase, 2 pi f u
    wide, tall = (u / shapes.across[:, None]) ** 2 * g, (v / shapes.along[:, None]) ** 2 * g
    by_u = omega * slope - u / shapes.across[:, None] ** 2 * g
    by_v = -v / shapes.along[:, None] ** 2 * g
    cos, sin = np.cos(shapes.direction)[:, None], np.sin(shapes.direction)[:, None]
    columns = (
        by_u * sin + by_v * cos,  # by the centre's row: u and v grow by sin and cos
        by_v * sin - by_u * cos,
        by_u * v - by_v * u,
        2 * np.pi * u * slope,
        wide,
        tall,
    )
    jacobian = np.stack(columns, axis=1)  # (M, 6, D)
    for base in (first, second):
        jacobian -= np.einsum("mkd,md->mk", jacobian, base)[:, :, None] * base[:, None]
    residual = w - g
    return residual, np.einsum("md,md->m", residual, residual), jacobian


def _descend(w: Array, p: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Parameters and squared errors where the searches end that begin at p, (M, 6), for fields w, (M, D)."""
    low = np.array([-0.5, -0.5, -np.inf, LOWEST, NARROWEST, NARROWEST])
    high = np.array([size[0] - 0.5, size[1] - 0.5, np.inf, HIGHEST, *[2.0 * max(size)] * 2])
    p = np.clip(p, low, high)
    final, errors = p.copy(), np.empty(len(p))
    open_, damping, still = np.arange(len(p)), np.full(len(p), 1e-2), np.zeros(len(p), int)
    residual, error, jacobian = _linear(w, p, size)
    for _ in range(STEPS):
        tried = _step(p, residual, jacobian, damping, low, high)
        there = _linear(w, tried, size)
        fallen = error - there[1]
        better = fallen > 0
        still = np.where(fallen > SETTLED, 0, still + 1)
        damping = np.where(better, damping / 5, damping * 4)
        p[better], error[better] = tried[better], there[1][better]
        residual[better], jacobian[better] = there[0][better], there[2][better]
        final[open_], errors[open_] = p, error
        go = still < PATIENCE
        if not go.any():
            break
        open_, still = open_[go], still[go]
        w, p, residual, error, jacobian, damping = (each[go] for each in (w, p, residual, error, jacobian, damping))
    return final, errors


def _step(p: Array, residual: Array, jacobian: Array, damping: Array, low: Array, high: Array) -> Array:
    """The next parameters: damped least squares on those that do not push against their bound."""
    pull = np.einsum("mkd,md->mk", jacobian, residual)
    free = ~((p <= low) & (pull < 0) | (p >= high) & (pull > 0))
    jacobian = jacobian * free[:, :, None]
    normal = jacobian @ jacobian.transpose(0, 2, 1)
    scale = np.einsum("mkk->mk", normal)
    normal = normal + np.eye(6) * (damping[:, None] * scale + 1e-12 + ~free)[:, None]
    step = np.linalg.solve(normal, (pull * free)[:, :, None])[:, :, 0]
    moved = p + step
    moved[:, 4:] = p[:, 4:] * np.exp(np.clip(step[:, 4:], -1, 1))
    return np.clip(moved, low, high)
