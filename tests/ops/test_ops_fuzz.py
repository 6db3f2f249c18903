"""Correlation and its adjoints of 2,000 random shapes, however they go and lie in memory, against tap-by-tap sums.

Within |a - b| <= 1e-5 sum |x| |w| of sums in double precision.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

from neuro_cnn import ops
from neuro_cnn.ops.correlate import _way
from neuro_cnn.ops.geometry import Window, batch_first, batch_last, window

CASES = 2000
BOUND = 1e-5

pytestmark = pytest.mark.slow


class Case(NamedTuple):
    """A batch of maps, weights, an error, a bias or none, and how the views lie."""

    x: np.ndarray
    weight: np.ndarray
    dy: np.ndarray
    bias: np.ndarray | None
    rectified: bool
    w: Window
    groups: int


def drawn(rng):
    """Batches up to 70, views up to 9, strides up to 4, paddings from -3 to 6, dilations up to 3, up to 3 groups."""

    def pairs(share, least, most):
        return tuple(map(int, rng.integers(least, most + 1, 2))) if rng.random() < share else (1, 1)

    size, stride, dilation = pairs(1, 1, 9 if rng.random() < 0.3 else 5), pairs(0.5, 1, 4), pairs(0.35, 1, 3)
    pad = tuple(tuple(map(int, rng.integers(-3, 7, 2))) for _ in range(2)) if rng.random() < 0.6 else ((0, 0), (0, 0))
    sides = []
    for length, step, edges in zip(size, dilation, pad, strict=True):
        least = max(1 - min(edges[0], 0) - min(edges[1], 0), step * (length - 1) + 1 - sum(edges))
        sides.append(least + int(rng.integers(0, 11)))
    groups, batch = int(rng.choice([1, 1, 1, 2, 3])), int(rng.integers(1, rng.choice([18, 71])))
    planes, inputs = groups * int(rng.integers(1, 21 if groups == 1 else 8)), int(rng.integers(1, 8))
    w = window(size, stride, pad, dilation)
    shapes = (batch, groups * inputs, *sides), (planes, inputs, *size), (batch, planes, *w.places(*sides))
    x, weight, dy = (placed(rng, rng.standard_normal(shape, np.float32)) for shape in shapes)
    bias = rng.standard_normal(2 * planes).astype(np.float32)[::2] if rng.random() < 0.5 else None
    return Case(x, weight, dy, bias, bool(rng.random() < 0.5), w, groups)


def placed(rng, array):
    """The same numbers somewhere else in memory."""
    way = rng.integers(8)
    if way < 4:
        return batch_first(batch_last(array, ((0, 0), (0, 0))))
    if way == 4:
        return np.asfortranarray(array)
    if way == 5:
        return np.repeat(array, 2, axis=0)[::2]
    if way == 6:
        return np.ascontiguousarray(array[::-1, ..., ::-1])[::-1, ..., ::-1]
    array.flags.writeable = False
    return array


def planes_seen(case, x):
    """Each tap's row and column, and the cells of the padded maps that it sees, a group of planes after the other."""
    rows, columns = case.w.places(*case.x.shape[2:])
    for i in range(case.w.size[0]):
        for j in range(case.w.size[1]):
            top, left = i * case.w.dilation[0], j * case.w.dilation[1]
            seen = x[:, :, top:, left:][:, :, :: case.w.stride[0], :: case.w.stride[1]][:, :, :rows, :columns]
            yield i, j, seen.reshape(len(x), case.groups, -1, rows, columns)


def wide(case, x):
    """The maps in double precision, padded or cropped."""
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), *(tuple(max(p, 0) for p in edges) for edges in case.w.pad)))
    (top, bottom), (left, right) = case.w.pad
    height, width = x.shape[2:]
    return x[:, :, max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]


def sums(case, x, weight, dy):
    """Response, spread and products as sums over taps, in double precision."""
    weight = weight.astype(np.float64).reshape(case.groups, -1, *weight.shape[1:])
    dy = dy.astype(np.float64).reshape(len(dy), case.groups, -1, *dy.shape[2:])
    y, dw, where = np.zeros_like(dy), np.zeros_like(weight), np.arange(x.size).reshape(x.shape) + 1
    dx = np.zeros(x.size + 1)
    for (i, j, seen), (_, _, cells) in zip(
        planes_seen(case, wide(case, x)), planes_seen(case, wide(case, where)), strict=True
    ):
        taps = weight[..., i, j]
        y += np.einsum("ngchw,gkc->ngkhw", seen, taps, optimize=True)
        dw[..., i, j] = np.einsum("ngchw,ngkhw->gkc", seen, dy, optimize=True)
        dx[cells.astype(int)] += np.einsum("ngkhw,gkc->ngchw", dy, taps, optimize=True)  # no cell twice; 0: beyond
    return y.reshape(len(x), -1, *y.shape[3:]), dx[1:].reshape(x.shape), dw.reshape(-1, *dw.shape[2:])


def test_correlation_and_its_adjoints_of_random_shapes_are_sums_over_taps():
    rng, ways, worst = np.random.default_rng(0), Counter(), 0.0
    for _ in range(CASES):
        case = drawn(rng)
        x, weight, dy, bias, rectified, w, groups = case
        how = (w.stride, w.pad, w.dilation, groups)
        ours = (
            ops.correlate(x, weight, *how, bias=bias, rectified=rectified),
            ops.correlate_input_adjoint(dy, weight, x.shape, *how),
            ops.correlate_weight_adjoint(x, dy, weight.shape, *how),
        )
        exact, size = sums(case, x, weight, dy), sums(case, *map(np.abs, (x, weight, dy)))
        if bias is not None:
            exact[0][...] += bias[:, None, None]
            size[0][...] += np.abs(bias)[:, None, None]
        if rectified:
            np.maximum(exact[0], 0, out=exact[0])
        for work, got, want, bound in zip(("respond", "spread", "multiply"), ours, exact, size, strict=True):
            assert got.dtype == np.float32
            assert got.shape == want.shape
            error = np.abs(got - want)
            assert np.all(error <= BOUND * bound), (work, x.shape, weight.shape, how)
            worst = max(worst, float(np.max(error / np.where(bound > 0, BOUND * bound, 1))))
            ways[work, _way(work, w, x.shape, x).__name__.rpartition(".")[2]] += 1
    print(f"largest error over the bound: {worst:.3f};", dict(sorted(ways.items())))
    assert all(ways[work, way] for work in ("respond", "spread", "multiply") for way in ("product", "tiled"))
