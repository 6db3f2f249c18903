"""Loops over flat memory, compiled by Numba: what is done to every number alike, in one pass.

A loop works on the numbers from `begin` to `end` of rows of one length, so that several threads can share them, and
writes its results. All numbers are in single precision, constants too. Nothing is contracted or reordered: a number
comes out as the plain formula gives it, to the last bit.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from neuro_cnn.ops.compiled import ZERO, compiled

BLOCK = 1024
"""Numbers of a block: seven rows of it are 28 kB. Our choice."""


@compiled()
def rectify(begin: int, end: int, x: Any, y: Any) -> None:
    """y = max(x, 0)."""
    x, y = x[begin:end], y[begin:end]
    for i in range(x.size):
        y[i] = ZERO if x[i] <= ZERO else x[i]


@compiled()
def gate(begin: int, end: int, dy: Any, drive: Any, dx: Any) -> None:
    """dx = dy where the drive is positive, else 0."""
    dy, drive, dx = dy[begin:end], drive[begin:end], dx[begin:end]
    for i in range(dx.size):
        dx[i] = dy[i] if drive[i] > ZERO else ZERO


@compiled(fastmath={"reassoc"})
def gate_planes(begin: int, end: int, dy: Any, drive: Any, dx: Any, sums: Any) -> None:
    """`gate` of the planes from `begin` to `end` of (K, M), and each plane's sum, block by block."""
    for k in range(begin, end):
        for start in range(0, dx.shape[1], BLOCK):
            stop = min(start + BLOCK, dx.shape[1])
            error, driven, out, total = dy[k, start:stop], drive[k, start:stop], dx[k, start:stop], ZERO
            for i in range(out.size):
                passed = error[i] if driven[i] > ZERO else ZERO
                out[i] = passed
                total += passed
            sums[k] += np.float64(total)


# The optimisers' formulas, as `optim` has them: rows are weights w, gradient g and memories, results all but g. There
# is a loop for every result, or the compiler would not know which arrays are apart; they run over blocks that stay in
# cache.


@compiled()
def penalised(g: Any, w: Any, decay: Any) -> Any:
    """The gradient of the loss with a penalty of decay w^2 / 2."""
    return g + decay * w if decay != ZERO else g


@compiled()
def sgd(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """m <- momentum m + g;  w <- w - rate m."""
    rate, momentum, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, m, new_w, new_m = rows[0][block], rows[1][block], rows[2][block], results[0][block], results[1][block]
        for i in range(w.size):
            new_m[i] = momentum * m[i] + penalised(g[i], w[i], decay)
        for i in range(w.size):
            new_w[i] = w[i] - rate * new_m[i]


@compiled()
def nesterov(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """m <- momentum m + g;  w <- w - rate (g + momentum m)."""
    rate, momentum, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, m, new_w, new_m = rows[0][block], rows[1][block], rows[2][block], results[0][block], results[1][block]
        for i in range(w.size):
            new_m[i] = momentum * m[i] + penalised(g[i], w[i], decay)
        for i in range(w.size):
            new_w[i] = w[i] - rate * (penalised(g[i], w[i], decay) + momentum * new_m[i])


@compiled()
def adagrad(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """s <- s + g^2;  w <- w - rate g / (sqrt(s) + epsilon)."""
    rate, epsilon, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, s, new_w, new_s = rows[0][block], rows[1][block], rows[2][block], results[0][block], results[1][block]
        for i in range(w.size):
            slope = penalised(g[i], w[i], decay)
            new_s[i] = s[i] + slope * slope
        for i in range(w.size):
            new_w[i] = w[i] - rate * penalised(g[i], w[i], decay) / (sqrt(new_s[i]) + epsilon)


@compiled()
def rmsprop(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """v <- rho v + rest g^2;  w <- w - rate g / (sqrt(v) + epsilon)."""
    rate, rho, rest, epsilon, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, v, new_w, new_v = rows[0][block], rows[1][block], rows[2][block], results[0][block], results[1][block]
        for i in range(w.size):
            slope = penalised(g[i], w[i], decay)
            new_v[i] = rho * v[i] + rest * slope * slope
        for i in range(w.size):
            new_w[i] = w[i] - rate * penalised(g[i], w[i], decay) / (sqrt(new_v[i]) + epsilon)


@compiled()
def adadelta(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """v <- rho v + rest g^2;  d = g sqrt((u + epsilon) / (v + epsilon));  u <- rho u + rest d^2;  w <- w - rate d."""
    rate, rho, rest, epsilon, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, v, u = rows[0][block], rows[1][block], rows[2][block], rows[3][block]
        new_w, new_v, new_u = results[0][block], results[1][block], results[2][block]
        for i in range(w.size):
            slope = penalised(g[i], w[i], decay)
            new_v[i] = rho * v[i] + rest * slope * slope
        d = new_w  # the steps, as long as they are needed
        for i in range(w.size):
            d[i] = penalised(g[i], w[i], decay) * sqrt((u[i] + epsilon) / (new_v[i] + epsilon))
        for i in range(w.size):
            new_u[i] = rho * u[i] + rest * d[i] * d[i]
        for i in range(w.size):
            new_w[i] = w[i] - rate * d[i]


@compiled()
def adam(begin: int, end: int, rows: Any, results: Any, constants: Any) -> None:
    """m <- b1 m + rest1 g;  v <- b2 v + rest2 g^2;  w <- kept w - rate m / (sqrt(v) + epsilon)."""
    rate, b1, rest1, b2, rest2, epsilon, kept, decay = constants
    for start in range(begin, end, BLOCK):
        block = slice(start, min(start + BLOCK, end))
        w, g, m, v = rows[0][block], rows[1][block], rows[2][block], rows[3][block]
        new_w, new_m, new_v = results[0][block], results[1][block], results[2][block]
        for i in range(w.size):
            new_m[i] = b1 * m[i] + rest1 * penalised(g[i], w[i], decay)
        for i in range(w.size):
            slope = penalised(g[i], w[i], decay)
            new_v[i] = b2 * v[i] + rest2 * slope * slope
        for i in range(w.size):
            new_w[i] = kept * w[i] - rate * new_m[i] / (sqrt(new_v[i]) + epsilon)
