"""Loops over planes and positions, compiled by Numba: what `compete` runs where an array's memory suits.

Arrays are (K, M) in single precision, a plane's positions side by side in memory. A kernel works on the positions from
`begin` to `end`, so that several threads can share them, and takes them a block at a time, so that all planes of a
block stay in cache; the inner loops run along positions, free of branches, so that they become vector instructions.
Literals are typed: a bare one would make everything double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import factorial, log
from typing import Any, TypeVar, cast

import numba
import numpy as np

ADDRESSED = numba.types.void(*[numba.types.int64] * 3)
Kernel = TypeVar("Kernel", bound=Callable[..., Any])

NUMBERS = 1 << 17
"""Numbers of one block, of all planes, at most: 1/2 MB, so that the second loop finds them in cache. Our choice."""
LEAST = 128
"""Positions down to which blocks are made shorter for that; then the loops would be too short. Our choice."""

ZERO, ONE, INFINITY = np.float32(0), np.float32(1), np.float32(np.inf)
FIRST, NOBODY = np.int32(0), np.int32(-1)
LOWEST = np.float32(-126)  # the exponent of the smallest normal number
ROUNDER = np.float32(1.5 * 2**23)  # a number plus this has no digits left after the point
MANTISSA = np.int32(23)  # bits
# 2^f = exp(f ln 2) on |f| <= 1/2 by Taylor's series to the 7th power: the remainder is below 1e-8
T1, T2, T3, T4, T5, T6, T7 = (np.float32(log(2) ** k / factorial(k)) for k in range(1, 8))


def compiled(**options: Any) -> Callable[[Kernel], Kernel]:
    """Compile when first called, for that call's types, and keep the machine code on disk where a folder allows it."""

    def decorate(function: Kernel) -> Kernel:
        return cast("Kernel", _kept(partial(numba.njit, nogil=True, error_model="numpy", **options), function))

    return decorate


def addressed(function: Callable[[int, int, int], None]) -> Any:
    """Compile for code that calls it by its `address`, with a first task, one after the last, and a plan's address."""
    return _kept(partial(numba.cfunc, ADDRESSED, error_model="numpy"), function)


def _kept(compiler: Any, function: Callable[..., Any]) -> Any:
    try:
        return compiler(cache=True)(function)
    except RuntimeError:  # no folder to keep it in: neither the package's own nor the user's is writable
        return compiler()(function)


@compiled()
def block(planes: int, positions: int) -> int:
    """Positions of one block: all of them, halved until a block is small enough."""
    length = positions
    while length > LEAST and length * planes > NUMBERS:
        length = (length + 1) // 2
    return length


@compiled(fastmath={"contract"})
def power_of_2(t: Any) -> Any:
    """2^t for t <= 0, to 1e-7 of itself; 0 below the normal numbers; a NaN stays one."""
    clipped = LOWEST if t < LOWEST else t
    shifted = clipped + ROUNDER
    f = clipped - (shifted - ROUNDER)
    p = ((((((T7 * f + T6) * f + T5) * f + T4) * f + T3) * f + T2) * f + T1) * f + ONE
    whole = np.int32(np.float32(shifted).view(np.int32) << MANTISSA)  # the whole part, moved to the exponent's place
    power = np.int32(np.float32(p).view(np.int32) + whole).view(np.float32)
    return ZERO if t < LOWEST else power


@compiled(fastmath={"reassoc", "contract"})
def inner(a: Any, b: Any) -> Any:
    """The inner product of two rows."""
    total = ZERO
    for m in range(a.shape[0]):
        total += a[m] * b[m]
    return total


@compiled()
def largest(rows: Any, start: int, top: Any) -> None:
    """The largest number of every position from `start` on, into `top`; a NaN beats all."""
    top[:] = -INFINITY
    for k in range(rows.shape[0]):
        row = rows[k, start : start + top.shape[0]]
        for m in range(top.shape[0]):
            top[m] = row[m] if (row[m] > top[m]) | (row[m] != row[m]) else top[m]


@compiled()
def blank(rows: Any, start: int, marks: Any) -> None:
    """1 where all numbers of a position from `start` on are 0, else 0, into `marks`."""
    marks[:] = ONE
    for k in range(rows.shape[0]):
        row = rows[k, start : start + marks.shape[0]]
        for m in range(marks.shape[0]):
            marks[m] = ZERO if row[m] != ZERO else marks[m]


@compiled(fastmath={"contract"})
def softmax(begin: int, end: int, drive: Any, scale: Any, g: Any) -> None:
    """g = 2^(scale (drive - largest)) / sum, 0 at blank positions."""
    planes = drive.shape[0]
    length = block(planes, end - begin)
    tops, totals, blanks = np.empty(length, np.float32), np.empty(length, np.float32), np.empty(length, np.float32)
    for start in range(begin, end, length):
        stop = min(start + length, end)
        top, total, empty = tops[: stop - start], totals[: stop - start], blanks[: stop - start]
        largest(drive, start, top)
        blank(drive, start, empty)
        total[:] = ZERO
        for k in range(planes):
            u, out = drive[k, start:stop], g[k, start:stop]
            for m in range(top.shape[0]):
                power = power_of_2((u[m] - top[m]) * scale)
                out[m] = power
                total[m] += power
        for m in range(top.shape[0]):
            total[m] = (ONE - empty[m]) / total[m]
        for k in range(planes):
            out = g[k, start:stop]
            for m in range(top.shape[0]):
                out[m] *= total[m]


@compiled()
def winner(begin: int, end: int, drive: Any, at_blank: Any, won: Any) -> None:
    """1 at the first of the largest of each position, else 0; `at_blank`, FIRST or NOBODY, wins where all are 0."""
    planes = drive.shape[0]
    length = block(planes, end - begin)
    tops, empties = np.empty(length, np.float32), np.empty(length, np.float32)
    firsts = np.empty(length, np.int32)
    for start in range(begin, end, length):
        stop = min(start + length, end)
        top, empty, first = tops[: stop - start], empties[: stop - start], firsts[: stop - start]
        top[:] = -INFINITY
        first[:] = FIRST
        for k in range(planes):
            u, plane = drive[k, start:stop], np.int32(k)
            for m in range(top.shape[0]):
                better = (u[m] > top[m]) | ((u[m] != u[m]) & (top[m] == top[m]))
                top[m] = u[m] if better else top[m]
                first[m] = plane if better else first[m]
        blank(drive, start, empty)
        for m in range(top.shape[0]):
            first[m] = at_blank if empty[m] == ONE else first[m]
        for k in range(planes):
            out, plane = won[k, start:stop], np.int32(k)
            for m in range(top.shape[0]):
                out[m] = ONE if first[m] == plane else ZERO


@compiled()
def softhebb(begin: int, end: int, g: Any, u: Any, y: Any) -> Any:
    """y = g at the first most excited of the largest g, -g elsewhere; returns the sum of y u, (K,) in double."""
    planes, total = u.shape[0], np.zeros(u.shape[0])
    length = block(planes, end - begin)
    tops, bests = np.empty(length, np.float32), np.empty(length, np.float32)
    firsts = np.empty(length, np.int32)
    for start in range(begin, end, length):
        stop = min(start + length, end)
        top, best, first = tops[: stop - start], bests[: stop - start], firsts[: stop - start]
        largest(g, start, top)
        best[:] = -INFINITY
        first[:] = FIRST
        for k in range(planes):
            chance, excited, plane = g[k, start:stop], u[k, start:stop], np.int32(k)
            for m in range(top.shape[0]):
                candidate = excited[m] if chance[m] == top[m] else -INFINITY
                better = (candidate > best[m]) | ((candidate != candidate) & (best[m] == best[m]))
                best[m] = candidate if better else best[m]
                first[m] = plane if better else first[m]
        for k in range(planes):
            chance, out, plane = g[k, start:stop], y[k, start:stop], np.int32(k)
            for m in range(top.shape[0]):
                out[m] = chance[m] if first[m] == plane else -chance[m]
            total[k] += inner(out, u[k, start:stop])
    return total


@compiled()
def raise_awake(begin: int, end: int, drive: Any, lead: Any, raised: Any) -> None:
    """drive + lead of each plane, (K,), but at blank positions."""
    planes = drive.shape[0]
    length = block(planes, end - begin)
    empties = np.empty(length, np.float32)
    for start in range(begin, end, length):
        stop = min(start + length, end)
        empty = empties[: stop - start]
        blank(drive, start, empty)
        for k in range(planes):
            u, out, more = drive[k, start:stop], raised[k, start:stop], lead[k]
            for m in range(empty.shape[0]):
                out[m] = u[m] + more * (ONE - empty[m])


@compiled(fastmath={"reassoc", "contract"})
def summed(row: Any) -> Any:
    """The sum of a row."""
    total = ZERO
    for m in range(row.shape[0]):
        total += row[m]
    return total


@compiled(fastmath={"reassoc", "contract"})
def about(row: Any, mean: Any) -> Any:
    """The sum of squares of a row about a mean."""
    total = ZERO
    for m in range(row.shape[0]):
        total += (row[m] - mean) * (row[m] - mean)
    return total


@compiled()
def spread(begin: int, end: int, x: Any) -> Any:
    """How many numbers some positions have, their mean, and the sum of squares about it, in double."""
    count, total, squares = x.shape[0] * (end - begin), 0.0, 0.0
    for k in range(x.shape[0]):
        total += np.float64(summed(x[k, begin:end]))
    mean = total / count
    for k in range(x.shape[0]):
        squares += np.float64(about(x[k, begin:end], np.float32(mean)))
    return float(count), mean, squares
