"""Loops over pooling views, compiled by Numba: what `pool` runs on arrays of single precision.

Arrays are (K, H, W, N), the batch innermost in memory: the inner loops run along it, free of branches, and become
vector instructions. A view's taps are clipped to the map, so that no padded copy is needed, and every number of a
result is written by the first tap that has something for it. A kernel works on the planes from `begin` to `end`, so
that several threads can share them. `size`, `stride` and `before`, the padding above and to the left, are pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neuro_cnn.ops.compiled import INFINITY, ZERO, compiled

FEW = 8
"""Images below which no loop along the batch pays. Our choice."""


@compiled()
def max_pool(begin: int, end: int, x: Any, y: Any, winners: Any, size: Any, stride: Any, before: Any) -> None:
    """The largest number of each view, and its tap; the first NaN beats all."""
    _, height, width, batch = x.shape
    best, taps = np.empty(batch, np.float32), np.empty(batch, np.int32)  # equally wide: vectors
    for k in range(begin, end):
        for p in range(y.shape[1]):
            top = p * stride[0] - before[0]
            for q in range(y.shape[2]):
                left = q * stride[1] - before[1]
                first = True
                for i in range(max(0, -top), min(size[0], height - top)):
                    for j in range(max(0, -left), min(size[1], width - left)):
                        cells = x[k, top + i, left + j]
                        tap = np.int32(i * size[1] + j)
                        if first:
                            first = False
                            for n in range(batch):
                                best[n], taps[n] = cells[n], tap
                        else:
                            for n in range(batch):
                                better = (not cells[n] <= best[n]) & (best[n] == best[n])
                                best[n] = cells[n] if better else best[n]
                                taps[n] = tap if better else taps[n]
                out, won = y[k, p, q], winners[k, p, q]
                for n in range(batch):
                    out[n], won[n] = best[n], taps[n]


@compiled()
def maximum(begin: int, end: int, x: Any, y: Any, size: Any, stride: Any, before: Any) -> None:
    """The largest number of each view; a NaN beats all."""
    _, height, width, batch = x.shape
    for k in range(begin, end):
        for p in range(y.shape[1]):
            top = p * stride[0] - before[0]
            for q in range(y.shape[2]):
                left = q * stride[1] - before[1]
                out = y[k, p, q]
                first = True
                rows = max(0, -top), min(size[0], height - top)
                columns = max(0, -left), min(size[1], width - left)
                if batch < FEW:
                    for n in range(batch):
                        best = -INFINITY
                        for i in range(rows[0], rows[1]):
                            for j in range(columns[0], columns[1]):
                                cell = x[k, top + i, left + j, n]
                                best = cell if (cell > best) | (cell != cell) else best
                        out[n] = best
                    continue
                for i in range(rows[0], rows[1]):
                    for j in range(columns[0], columns[1]):
                        cells = x[k, top + i, left + j]
                        if first:
                            first = False
                            for n in range(batch):
                                out[n] = cells[n]
                        else:
                            for n in range(batch):
                                out[n] = cells[n] if (cells[n] > out[n]) | (cells[n] != cells[n]) else out[n]


@compiled()
def weighted_pool(
    begin: int, end: int, x: Any, kernel: Any, area: Any, y: Any, size: Any, stride: Any, before: Any
) -> None:
    """Each view's sum, weighted by the kernel, (h, w), over `area`; cells outside the map are silent."""
    _, height, width, batch = x.shape
    for k in range(begin, end):
        for p in range(y.shape[1]):
            top = p * stride[0] - before[0]
            for q in range(y.shape[2]):
                left = q * stride[1] - before[1]
                out = y[k, p, q]
                out[:] = ZERO
                for i in range(max(0, -top), min(size[0], height - top)):
                    for j in range(max(0, -left), min(size[1], width - left)):
                        cells = x[k, top + i, left + j]
                        weight = kernel[i, j]
                        for n in range(batch):
                            out[n] += weight * cells[n]
                for n in range(batch):
                    out[n] /= area


@compiled()
def seeing(cells: int, views: int, size: int, stride: int, before: int) -> Any:
    """The first of the views along an axis that see a cell, and the one after the last: (cells, 2)."""
    found = np.empty((cells, 2), np.int64)
    for cell in range(cells):
        found[cell, 0] = max(0, (cell + before - size) // stride + 1)
        found[cell, 1] = min(views, (cell + before) // stride + 1)
    return found


@compiled()
def max_pool_adjoint(begin: int, end: int, dy: Any, winners: Any, dx: Any, size: Any, stride: Any, before: Any) -> None:
    """Every cell's sum of what came to the views that it won."""
    _, height, width, batch = dx.shape
    rows = seeing(height, dy.shape[1], size[0], stride[0], before[0])
    columns = seeing(width, dy.shape[2], size[1], stride[1], before[1])
    for k in range(begin, end):
        for r in range(height):
            for c in range(width):
                out = dx[k, r, c]
                if rows[r, 0] >= rows[r, 1] or columns[c, 0] >= columns[c, 1]:  # no view sees it
                    out[:] = ZERO
                first = True
                for p in range(rows[r, 0], rows[r, 1]):
                    for q in range(columns[c, 0], columns[c, 1]):
                        error = dy[k, p, q]
                        won = winners[k, p, q]
                        i, j = r + before[0] - p * stride[0], c + before[1] - q * stride[1]
                        tap = winners.dtype.type(i * size[1] + j)
                        if first:
                            first = False
                            for n in range(batch):
                                out[n] = error[n] if won[n] == tap else ZERO
                        else:
                            for n in range(batch):
                                out[n] += error[n] if won[n] == tap else ZERO


@compiled()
def weighted_pool_adjoint(
    begin: int, end: int, dy: Any, kernel: Any, area: Any, dx: Any, size: Any, stride: Any, before: Any
) -> None:
    """Every cell's sum of what came to the views that see it, weighted by the kernel, (h, w), over `area`."""
    _, height, width, batch = dx.shape
    rows = seeing(height, dy.shape[1], size[0], stride[0], before[0])
    columns = seeing(width, dy.shape[2], size[1], stride[1], before[1])
    for k in range(begin, end):
        for r in range(height):
            for c in range(width):
                out = dx[k, r, c]
                out[:] = ZERO
                for p in range(rows[r, 0], rows[r, 1]):
                    for q in range(columns[c, 0], columns[c, 1]):
                        error = dy[k, p, q]
                        weight = kernel[r + before[0] - p * stride[0], c + before[1] - q * stride[1]]
                        for n in range(batch):
                            out[n] += weight * error[n]
                for n in range(batch):
                    out[n] /= area
