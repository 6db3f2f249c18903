"""Loops over flat memory, compiled by Numba: what is done to every number alike, in one pass.

Numbers are in single precision, and so are the constants, or all would become double. Nothing is reordered or
contracted, so that a number comes out the same wherever it lies.
"""

from __future__ import annotations

from typing import Any

from neuro_cnn.ops.compiled import ZERO, compiled


@compiled()
def rectify(x: Any, y: Any) -> None:
    """y = max(x, 0)."""
    for i in range(x.size):
        y[i] = ZERO if x[i] <= ZERO else x[i]


@compiled()
def gate(dy: Any, drive: Any, dx: Any) -> None:
    """dx = dy where the drive is positive, else 0."""
    for i in range(drive.size):
        dx[i] = dy[i] if drive[i] > ZERO else ZERO
