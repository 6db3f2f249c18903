"""Loops of S-cells and V-cells, compiled by Numba: arrays are (K, M), a plane's positions side by side in memory.

A loop works on the positions from `begin` to `end`, a block at a time, so that what all planes share stays in cache.
"""

from __future__ import annotations

from typing import Any

from neuro_cnn.ops.compiled import ONE, ZERO, compiled

BLOCK = 2048
"""Positions of a block. Our choice."""


@compiled(fastmath={"contract"})
def squares(begin: int, end: int, x: Any, sums: Any) -> None:
    """The sum of squares over the planes."""
    for start in range(begin, end, BLOCK):
        total = sums[0, start : min(start + BLOCK, end)]
        total[:] = ZERO
        for k in range(x.shape[0]):
            row = x[k, start : start + total.shape[0]]
            for m in range(total.shape[0]):
                total[m] += row[m] * row[m]


@compiled(fastmath={"contract"})
def shunting(begin: int, end: int, e: Any, b: Any, v: Any, r: Any, floor: Any, y: Any) -> None:
    """y = max(r [(1 + e) / (1 + 2r/(1+r) b v) - 1], floor)."""
    gain = (r + r) / (ONE + r)
    for start in range(begin, end, BLOCK):
        held = v[start : min(start + BLOCK, end)]
        for k in range(e.shape[0]):
            weight = gain * b[k]
            excited, out = e[k, start : start + held.shape[0]], y[k, start : start + held.shape[0]]
            for m in range(held.shape[0]):
                drive = r * ((ONE + excited[m]) / (ONE + weight * held[m]) - ONE)
                out[m] = floor if drive < floor else drive


@compiled(fastmath={"contract"})
def subtractive(begin: int, end: int, e: Any, b: Any, v: Any, theta: Any, floor: Any, y: Any) -> None:
    """y = max((e - theta b v) / (1 - theta), floor)."""
    scale = ONE / (ONE - theta)
    for start in range(begin, end, BLOCK):
        held = v[start : min(start + BLOCK, end)]
        for k in range(e.shape[0]):
            weight = theta * b[k]
            excited, out = e[k, start : start + held.shape[0]], y[k, start : start + held.shape[0]]
            for m in range(held.shape[0]):
                drive = (excited[m] - weight * held[m]) * scale
                out[m] = floor if drive < floor else drive
