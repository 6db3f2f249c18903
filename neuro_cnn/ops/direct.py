"""Correlation and its adjoints by the direct kernels: how shapes are laid out in memory and cut into blocks.

For single precision in host memory. Maps are laid (C, H, W, N); one that lies so already is read where it is, and
cells beyond its edges are skipped; any other is copied, with its padding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.ops import compiled_direct as kernel
from neuro_cnn.ops.compiled_direct import BYTES, LANES
from neuro_cnn.ops.geometry import NOWHERE, Pair, Window, batch_first, batch_last
from neuro_cnn.ops.team import share

SEGMENT = 250_000
"""Bytes of a map that a segment of a row of views looks at, so that they stay in cache. Our choice."""
WEIGHTS = 28_000
"""Bytes of a block's weights that are used at a time, so that they stay in the nearest cache. Our choice."""
ROWS = 1 << 18
"""Bytes of a block of planes and of columns over the rows that are multiplied at a time. Our choice."""


COPY = 1 << 23
"""Bytes of images that are copied at a time into the order of the kernels. Our choice."""


class Laid(NamedTuple):
    """A map in memory, (C, H, W, N), and the padding that is not laid there."""

    cells: Any
    pad: tuple[Pair, Pair]


def laid(x: Any, pad: tuple[Pair, Pair], columns: bool = False) -> Laid:
    """The map (N, C, H, W) where it lies, if it lies so, else a copy with its padding; `columns` must be padded."""
    cells = x.transpose(1, 2, 3, 0)
    if not cells.flags.c_contiguous:
        return Laid(batch_last(x, pad), NOWHERE)
    if columns and pad[1] != (0, 0):
        return Laid(batch_last(x, ((0, 0), pad[1])), (pad[0], (0, 0)))
    return Laid(cells, pad)


@cache
def blocks(planes: int, sizes: tuple[int, ...]) -> Any:
    """So many planes in blocks of the sizes that there is code for, as few as can be, the largest first: (blocks,)."""
    least: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for total in range(1, planes + 1):
        ways = [(least[total - size], size) for size in sizes if size <= total]
        least.append(min((cost + size + READ, (*before, size)) for (cost, before), size in ways))
    return np.array(sorted(least[planes][1], reverse=True), np.int64)


READ = 1.0
"""What a block's reading costs, in multiplications of a plane. Our choice, measured."""


def takes(w: Window, in_shape: tuple[int, ...]) -> bool:
    """Whether the kernels do maps (N, C, H, W) well: vectors need neighbours, in the batch or in a row of views."""
    if not kernel.FUSED:
        return False
    batch, row = in_shape[0], min(in_shape[3], w.places(*in_shape[2:])[1])
    if w.stride == (1, 1):
        return row * batch >= LANES
    return batch >= LANES and w.dilation == (1, 1)


def strings(w: Window, in_shape: tuple[int, ...]) -> bool:
    """Whether responses to few images of narrow maps fill vectors where rows are strung together."""
    batch, _, height, width = in_shape
    rows, columns = w.places(height, width)
    return kernel.FUSED and w.stride == (1, 1) and ((rows - 1) * (width + sum(w.pad[1])) + columns) * batch >= LANES


def respond(x: Any, weight: Any, w: Window, bias: Any | None, rectified: bool) -> Any:
    """Weighted sum over every view: (N, C, H, W), (K, C, h, w) -> (N, K, H', W')."""
    if not takes(w, x.shape):
        return _strung(x, weight, w, bias, rectified)
    places = w.places(*x.shape[2:])
    y = np.empty((weight.shape[0], *places, x.shape[0]), np.float32)
    for images in _copied(x):
        source = laid(x[images], w.pad, columns=x.shape[0] < LANES)
        _respond(source, weight, w, y[..., images], bias, rectified)
    return batch_first(y)


def _strung(x: Any, weight: Any, w: Window, bias: Any | None, rectified: bool) -> Any:
    """`respond` to few images of narrow maps: one long row of views, with those between two rows for nothing."""
    rows, columns = w.places(*x.shape[2:])
    cells = batch_last(x, w.pad)
    channels, _, width, batch = cells.shape
    run = (rows - 1) * width + columns
    down, across = (step * (size - 1) for step, size in zip(w.dilation, w.size, strict=True))
    # every row runs on into the next
    strung = np.ndarray((channels, down + 1, run + across, batch), np.float32, cells, strides=cells.strides)
    y = np.empty((weight.shape[0], rows, width, batch), np.float32)
    long = y.reshape(len(y), 1, rows * width, batch)[:, :, :run, :]
    _respond(Laid(strung, NOWHERE), weight, Window(w.size, dilation=w.dilation), long, bias, rectified)
    return batch_first(y[:, :, :columns, :])


def _copied(x: Any) -> Iterator[slice]:
    """Images that are copied at a time, where they do not lie with the batch innermost; else all."""
    few = max(1, COPY // (x[0].nbytes * LANES)) * LANES
    if x.transpose(1, 2, 3, 0).flags.c_contiguous or len(x) < few + LANES:
        few = len(x)
    for start in range(0, len(x), few):
        yield slice(start, start + few) if start + few + LANES <= len(x) else slice(start, len(x))
        if start + few + LANES > len(x):
            return


def _respond(source: Laid, weight: Any, w: Window, y: Any, bias: Any | None = None, rectified: bool = False) -> None:
    """Write the responses, (K, H', W', N), which may be some rows and columns of a larger map."""
    planes, channels, *size = weight.shape
    bias = np.zeros(planes, np.float32) if bias is None else np.ascontiguousarray(bias)
    parts = blocks(planes, kernel.PLANES)
    packed = np.empty(weight.size, np.float32)
    kernel.pack(_address(weight), weight.strides, weight.shape, parts, packed)
    _, rows, columns, batch = y.shape
    few = _even(channels, WEIGHTS // (parts[0] * prod(size) * BYTES))
    step = few * size[0] * batch * w.stride[1] * BYTES  # bytes of the map from one place to the next
    segment = columns if batch < LANES else _even(columns, SEGMENT // step)
    plan = [_address(source.cells), _address(packed), _address(y), _address(bias), *source.cells.shape[:3], *size]
    plan += [*w.stride, *w.dilation, source.pad[0][0], source.pad[1][0], batch, columns, segment, few]
    plan += [*source.cells.strides[:3], *y.strides[:3], rectified, _address(parts), len(parts)]
    tasks, cost = rows * ceil(columns / segment), weight.size * rows * columns * batch
    share(kernel.respond.address, np.array(plan, np.int64), tasks, cost)


def _even(count: int, most: int) -> int:
    """The length of parts of at most so many, but at least 1, as equal as can be."""
    return ceil(count / ceil(count / max(1, most)))


def spread(dy: Any, weight: Any, in_shape: tuple[int, ...], w: Window) -> Any:
    """Every output's value sent back over its view: (N, K, H', W'), (K, C, h, w) -> in_shape (N, C, H, W).

    The response to dy of cells that look at it through the turned weights; where views step over cells, those that
    lie alike to the steps look through every so manieth tap (a phase).
    """
    batch, channels, height, width = in_shape
    dx = np.empty((channels, height, width, batch), np.float32)
    back = weight.transpose(1, 0, 2, 3)
    for rows, down, row_pad in _phases(w, 0, height, dy.shape[2]):
        for columns, across, column_pad in _phases(w, 1, width, dy.shape[3]):
            part, taps, pad = dx[:, rows, columns, :], back[:, :, down, across], (row_pad, column_pad)
            if not taps.size:
                part[...] = 0
            elif part.size:
                source = laid(dy, pad, columns=batch < LANES)
                view = Window((taps.shape[2], taps.shape[3]), dilation=w.dilation)
                _respond(source, taps, view, part)
    return batch_first(dx)


def _phases(w: Window, axis: int, length: int, places: int) -> Iterator[tuple[slice, slice, Pair]]:
    """For every phase of an axis: its cells, the taps that they look through, and the padding of dy."""
    size, stride, before, dilation = w.size[axis], w.stride[axis], w.pad[axis][0], w.dilation[axis]
    for phase in range(stride):
        taps = len(range(phase, size, stride))
        start = (phase - before) % stride
        cells = len(range(start, length, stride))
        reach = dilation * (taps - 1)
        pad = reach - (start + before - phase) // stride
        after = cells - pad + reach - places
        through = slice(phase + stride * (taps - 1), None, -stride) if taps else slice(0, 0)
        yield slice(start, None, stride), through, (pad, after)


def multiply(x: Any, dy: Any, weight_shape: tuple[int, ...], w: Window) -> Any:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C, h, w).

    Blocks of planes meet blocks of columns of views: planes of the map seen through one column of taps.
    """
    planes, channels, h, wide = weight_shape
    batch, _, rows, across = dy.shape
    error, source = laid(dy, NOWHERE).cells, laid(x, w.pad, columns=True)
    (xc, xh, xw, _), (yk, yh, yw, _) = source.cells.strides, error.strides
    plane, column = (axis.ravel() for axis in np.indices((channels, wide)))
    size, parts = _meeting(planes, channels * wide)
    at = plane * xc + column * (w.dilation[1] * xw)
    at = np.append(at, np.repeat(at[-1:], -at.size % size))
    to = plane * (h * wide) + column
    few = max(1, ROWS // ((int(parts[0]) + size) * across * batch * BYTES))
    dw = np.zeros((planes, channels * h * wide), np.float32)
    plan = [_address(source.cells), _address(error), source.cells.shape[1], h, *w.stride, w.dilation[0]]
    plan += [source.pad[0][0], batch, rows, across, few, to.size, size, wide, xh, xw, yk, yh, yw]
    plan += [_address(parts), len(parts), _address(at), _address(to), _address(dw), dw.shape[1]]
    tasks, cost = len(parts) * (at.size // size), dw.size * rows * across * batch
    share(kernel.products.address, np.array(plan, np.int64), tasks, cost)
    return dw.reshape(weight_shape)


@cache
def _meeting(planes: int, columns: int) -> tuple[int, Any]:
    """How many columns a block of products has, and how many planes each block, so that the least is computed."""
    ways = {size: blocks(planes, sizes) for size, sizes in kernel.PRODUCTS.items()}
    work = {size: ceil(columns / size) * sum(size * (k + READ) + k for k in parts) for size, parts in ways.items()}
    size = min(work, key=work.__getitem__)
    return size, ways[size]


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
