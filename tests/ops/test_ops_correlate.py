"""Correlation and its adjoints, against SciPy and against each other."""

import tracemalloc
from importlib import import_module
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, inner, on
from scipy.signal import convolve2d, correlate2d

from neuro_cnn import ops
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import threads

MODULE = import_module("neuro_cnn.ops.tiled")


class Problem(NamedTuple):
    """Arrays and how the views lie."""

    x: np.ndarray
    weight: np.ndarray
    dy: np.ndarray
    how: dict
    table: np.ndarray

    @property
    def grouped(self) -> dict:
        """The arguments with groups and table."""
        groups = self.x.shape[1] // self.weight.shape[1]
        return {**self.how, "groups": groups, "table": self.table}

    def pairs(self):
        """Each (plane, input plane, index of the weight) that the groups and the table connect."""
        planes, per_group = self.weight.shape[:2]
        groups = self.x.shape[1] // per_group
        for k in range(planes):
            for c in range(per_group):
                if self.table[k, c]:
                    yield k, k // (planes // groups) * per_group + c, c


@st.composite
def problems(draw):
    number = st.integers(1, 3)
    n, groups, c, k = draw(number), draw(number), draw(number), draw(number)
    size, stride, dilation = (tuple(draw(st.tuples(number, number))) for _ in range(3))
    edge = st.integers(-2, 3)
    pad = draw(st.tuples(st.tuples(edge, edge), st.tuples(edge, edge)))
    sides = []
    for axis in (0, 1):
        extent = dilation[axis] * (size[axis] - 1) + 1
        crop = sum(max(-p, 0) for p in pad[axis])
        least = max(1 + crop, extent - sum(pad[axis]))
        sides.append(least + draw(st.integers(0, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.standard_normal((n, groups * c, *sides))
    weight = rng.standard_normal((groups * k, c, *size))
    how = {"stride": stride, "pad": pad, "dilation": dilation}
    dy = rng.standard_normal((n, groups * k, *ops.window(size, **how).places(*sides)))
    return Problem(x, weight, dy, how, rng.random(weight.shape[:2]) < 0.7)


def padded(image, pad):
    """A map with zeros added or edges cropped, by np.pad and slices."""
    grown = np.pad(image, [(max(p[0], 0), max(p[1], 0)) for p in pad])
    (top, bottom), (left, right) = ((max(-p[0], 0), max(-p[1], 0)) for p in pad)
    return grown[top : grown.shape[0] - bottom, left : grown.shape[1] - right]


def spread(values, step):
    """Values with step - 1 zeros between them along both axes."""
    out = np.zeros([s * (n - 1) + 1 for s, n in zip(step, values.shape, strict=True)])
    out[:: step[0], :: step[1]] = values
    return out


@given(problems())
def test_correlate_is_scipys(problem):
    x, weight, dy, how, _ = problem
    expected = np.zeros_like(dy)
    for n in range(len(x)):
        for k, plane, c in problem.pairs():
            whole = correlate2d(padded(x[n, plane], how["pad"]), spread(weight[k, c], how["dilation"]), "valid")
            expected[n, k] += whole[:: how["stride"][0], :: how["stride"][1]]
    assert_close(ops.correlate(x, weight, **problem.grouped), expected)


@given(problems())
def test_the_input_adjoint_is_scipys_full_convolution(problem):
    x, weight, dy, how, _ = problem
    (top, _), (left, _) = how["pad"]
    expected = np.zeros_like(x)
    for n in range(len(x)):
        for k, plane, c in problem.pairs():
            full = convolve2d(spread(dy[n, k], how["stride"]), spread(weight[k, c], how["dilation"]))
            for row, column in np.ndindex(x.shape[2:]):
                at = row + top, column + left
                if 0 <= at[0] < full.shape[0] and 0 <= at[1] < full.shape[1]:
                    expected[n, plane, row, column] += full[at]
    assert_close(ops.correlate_input_adjoint(dy, weight, x.shape, **problem.grouped), expected)


@given(problems())
def test_the_weight_adjoint_is_scipys_correlation_with_the_error(problem):
    x, weight, dy, how, _ = problem
    expected = np.zeros_like(weight)
    for n in range(len(x)):
        for k, plane, c in problem.pairs():
            whole = correlate2d(padded(x[n, plane], how["pad"]), spread(dy[n, k], how["stride"]), "valid")
            taps = whole[:: how["dilation"][0], :: how["dilation"][1]]
            expected[k, c] += taps[: weight.shape[2], : weight.shape[3]]
    assert_close(ops.correlate_weight_adjoint(x, dy, weight.shape, **problem.grouped), expected)


@given(problems())
def test_the_adjoints_are_adjoint(problem):
    x, weight, dy, *_ = problem
    y = ops.correlate(x, weight, **problem.grouped)
    dx = ops.correlate_input_adjoint(dy, weight, x.shape, **problem.grouped)
    dw = ops.correlate_weight_adjoint(x, dy, weight.shape, **problem.grouped)
    scale = 1e-12 * (np.linalg.norm(y) * np.linalg.norm(dy) + 1)
    assert abs(inner(y, dy) - inner(x, dx)) <= scale
    assert abs(inner(y, dy) - inner(weight, dw)) <= scale


@given(problems(), st.integers(1, 200))
def test_the_size_of_the_tile_does_not_matter(problem, tile):
    x, weight, dy, *_ = problem

    def all_three():
        return (
            ops.correlate(x, weight, **problem.grouped),
            ops.correlate_input_adjoint(dy, weight, x.shape, **problem.grouped),
            ops.correlate_weight_adjoint(x, dy, weight.shape, **problem.grouped),
        )

    whole = all_three()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MODULE, "TILE", tile)
        assert_close(all_three(), whole)


@given(problems())
def test_the_number_of_threads_does_not_matter(problem):
    x, weight, dy, *_ = problem

    def both():
        product = ops.correlate_weight_adjoint(x, dy, weight.shape, **problem.grouped)
        return ops.correlate(x, weight, **problem.grouped), product

    alone = both()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MODULE, "SHARED", 1)
        for module in (MODULE, threads):
            patch.setattr(module, "threads", lambda: 3)
        assert_close(both(), alone)


@pytest.mark.parametrize(("planes_in", "planes", "size"), [(16, 16, 5), (1, 64, 1), (64, 1, 1)])
def test_memory_is_the_arrays_and_a_few_tiles(monkeypatch, planes_in, planes, size):
    monkeypatch.setattr(MODULE, "TILE", 1 << 14)
    x = np.ones((16, planes_in, 32, 32), np.float32)
    weight = np.ones((planes, planes_in, size, size), np.float32)
    dy = np.ones((16, planes, 32, 32), np.float32)
    padded_x = x.size * (32 + size - 1) ** 2 / 32**2
    tiles = 6 * MODULE.TILE  # columns, product and the copies that a reshape takes
    same = size // 2
    cases = [
        (dy.size + padded_x, lambda: ops.correlate(x, weight, pad=same)),
        (dy.size + padded_x, lambda: ops.correlate_input_adjoint(dy, weight, x.shape, pad=same)),
        (dy.size + padded_x, lambda: ops.correlate_weight_adjoint(x, dy, weight.shape, pad=same)),
    ]
    for numbers, run in cases:
        run()  # compiled, where it was not
        tracemalloc.start()
        run()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= 4 * (numbers + tiles) + 4 * weight.size


@given(problem=problems())
def test_every_library_gives_the_same_numbers(xp, problem):
    x, weight, dy, *_ = problem
    how = problem.grouped
    ax, aw, ady = on(xp, (x, weight, dy))
    assert_close(ops.correlate(ax, aw, **how), ops.correlate(x, weight, **how))
    back = ops.correlate_input_adjoint(dy, weight, x.shape, **how)
    assert_close(ops.correlate_input_adjoint(ady, aw, x.shape, **how), back)
    product = ops.correlate_weight_adjoint(x, dy, weight.shape, **how)
    assert_close(ops.correlate_weight_adjoint(ax, ady, weight.shape, **how), product)


def test_float32_stays_float32(xp):
    x, weight = xp.ones((2, 1, 4, 4), dtype=xp.float32), xp.ones((3, 1, 2, 2), dtype=xp.float32)
    y = ops.correlate(x, weight, table=np.ones((3, 1), bool))
    assert y.dtype == xp.float32
    assert ops.correlate_input_adjoint(y, weight, x.shape).dtype == xp.float32
    assert ops.correlate_weight_adjoint(x, y, weight.shape).dtype == xp.float32


def test_no_images_give_no_responses():
    x, weight = np.ones((0, 2, 5, 5)), np.ones((3, 2, 2, 2))
    y = ops.correlate(x, weight)
    assert y.shape == (0, 3, 4, 4)
    assert ops.correlate_input_adjoint(y, weight, x.shape).shape == x.shape
    np.testing.assert_array_equal(ops.correlate_weight_adjoint(x, y, weight.shape), np.zeros_like(weight))


@pytest.mark.parametrize(
    ("planes", "weight", "groups", "message"),
    [
        (3, (2, 2, 1, 1), 1, "weights over 2 planes meet a map of 3 planes"),
        (4, (3, 2, 1, 1), 2, "2 groups do not divide 4 input planes and 3 output planes; choose a common divisor"),
        (4, (2, 4, 1, 1), 0, "0 groups do not divide 4 input planes and 2 output planes; choose a common divisor"),
    ],
)
def test_planes_that_do_not_match_are_refused(planes, weight, groups, message):
    with pytest.raises(UsageError, match=f"^{message}$"):
        ops.correlate(np.ones((1, planes, 3, 3)), np.ones(weight), groups=groups)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_bias_or_an_error_of_another_shape_is_refused_and_nothing_read_beyond_it(precision):
    x, weight = np.ones((16, 2, 9, 9), precision), np.ones((4, 2, 3, 3), precision)
    with pytest.raises(UsageError, match=r"^bias of shape 3 where 4 is due$"):
        ops.correlate(x, weight, bias=np.ones(3, precision))
    for shape in ((15, 4, 7, 7), (16, 3, 7, 7), (16, 4, 9, 9), (16, 4, 7, 6)):
        message = rf"^error of shape {' x '.join(map(str, shape))} where 16 x 4 x 7 x 7 is due$"
        with pytest.raises(UsageError, match=message):
            ops.correlate_input_adjoint(np.ones(shape, precision), weight, x.shape)
        with pytest.raises(UsageError, match=message):
            ops.correlate_weight_adjoint(x, np.ones(shape, precision), weight.shape)


def test_a_table_of_the_wrong_shape_is_refused():
    with pytest.raises(UsageError, match=r"^connection table of 3 x 1 for weights of 3 x 2 planes$"):
        ops.correlate(np.ones((1, 2, 3, 3)), np.ones((3, 2, 1, 1)), table=np.ones((3, 1), bool))
