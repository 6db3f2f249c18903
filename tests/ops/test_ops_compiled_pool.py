"""Pooling in compiled loops comes to what the plain definition says, ties, infinities and NaN included."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, plain_kernels
from numpy.testing import assert_array_equal

from neuro_cnn import ops
from neuro_cnn.ops import threads
from neuro_cnn.ops.geometry import batch_first, batch_last

KINDS = st.sampled_from(["smooth", "ties", "holes", "infinite", "denormal"])
SPECIAL = {
    "holes": [np.nan, np.nan, 0.0, 1.0],
    "infinite": [-np.inf, -np.inf, np.inf, 1.0],
    "denormal": [1e-40, -1e-40, 0.0, -0.0],
}


@st.composite
def poolings(draw):
    """A map in single precision, and size, stride and pad of views that all touch it, some cropping, some with gaps."""
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    edges = [st.integers(-1, side - 1) for side in size]
    pad = tuple(draw(st.tuples(edge, edge)) for edge in edges)
    least = [max(1, s - sum(p), 1 + sum(max(-q, 0) for q in p)) for s, p in zip(size, pad, strict=True)]
    shape = (draw(st.integers(1, 35)), draw(st.integers(1, 3)), *(low + draw(st.integers(0, 6)) for low in least))
    how = {"size": size, "stride": draw(st.tuples(st.integers(1, 5), st.integers(1, 5))), "pad": pad}
    return values(shape, draw(KINDS), draw(st.integers(0, 999)), draw(st.booleans())), how


def values(shape, kind, seed, last=True):
    """Numbers of a kind, with the batch innermost in memory or outermost."""
    rng = np.random.default_rng(seed)
    x = rng.choice(SPECIAL[kind], shape).astype(np.float32) if kind in SPECIAL else rng.standard_normal(shape, "f4")
    x = np.round(x) if kind == "ties" else x
    return batch_first(batch_last(x, ((0, 0), (0, 0)))) if last else x


def batch_innermost_in_memory(x):
    return np.transpose(x, (1, 2, 3, 0)).flags.c_contiguous


def both(function):
    """What compiled and plain code make of the same."""
    compiled = function()
    with plain_kernels():
        return compiled, function()


@given(poolings())
def test_the_largest_value_and_its_tap_are_the_plain_ones(pooling):
    x, how = pooling
    (y, winners), (plain_y, plain_winners) = both(lambda: ops.max_pool(x, **how))
    assert_array_equal(y, plain_y)
    assert_array_equal(winners, plain_winners)
    assert y.dtype == np.float32
    assert winners.dtype == plain_winners.dtype == np.uint8
    assert batch_innermost_in_memory(y)
    assert batch_innermost_in_memory(winners)
    maximum, plain = both(lambda: ops.maximum(x, **how))
    assert_array_equal(maximum, y)
    assert_array_equal(plain, y)
    assert batch_innermost_in_memory(maximum)


@given(poolings(), st.booleans())
def test_what_comes_back_to_the_winners_is_the_plain(pooling, last):
    x, how = pooling
    y, winners = ops.max_pool(x, **how)
    dy = values(y.shape, "smooth", 1, last)
    back, plain = both(lambda: ops.max_pool_adjoint(dy, winners, x.shape, **how))
    assert_close(back, plain)
    assert batch_innermost_in_memory(back)
    assert abs(back.sum() - dy.sum()) <= 1e-5 * np.abs(dy).sum()  # no share is lost in the padding


@given(poolings(), st.booleans())
def test_means_and_weighted_sums_are_the_plain_ones(pooling, last):
    x, how = pooling
    x = values(x.shape, "smooth", 2, last)
    kernel = np.random.default_rng(3).standard_normal(how["size"], np.float32)
    stride_pad = {"stride": how["stride"], "pad": how["pad"]}
    dy = values(ops.mean_pool(x, **how).shape, "smooth", 4, last)
    for function in (
        lambda: ops.mean_pool(x, **how),
        lambda: ops.weighted_pool(x, kernel, **stride_pad),
        lambda: ops.mean_pool_adjoint(dy, x.shape, **how),
        lambda: ops.weighted_pool_adjoint(dy, kernel, x.shape, **stride_pad),
    ):
        compiled, plain = both(function)
        assert np.max(np.abs(compiled - plain)) <= 1e-5 * np.prod(how["size"])  # of numbers around 1
        assert compiled.dtype == np.float32
        assert batch_innermost_in_memory(compiled)


@given(poolings())
def test_a_mean_shows_what_is_no_number_where_the_plain_one_does(pooling):
    x, how = pooling
    with np.errstate(invalid="ignore"):  # infinities of both signs
        compiled, plain = both(lambda: ops.mean_pool(x, **how))
    assert_array_equal(np.isfinite(compiled), np.isfinite(plain))
    assert_array_equal(compiled[~np.isfinite(plain)], plain[~np.isfinite(plain)])


def test_winners_of_views_of_more_than_256_cells_are_counted():
    x = np.zeros((2, 1, 17, 17), np.float32)
    x[:, 0, 16, 16] = 1
    (_, winners), (_, plain) = both(lambda: ops.max_pool(x, 17))
    assert_array_equal(winners, np.full((2, 1, 1, 1), 288))
    assert_array_equal(winners, plain)
    assert_array_equal(ops.max_pool_adjoint(np.ones((2, 1, 1, 1), np.float32), winners, x.shape, 17), x)


def test_the_first_cell_of_the_map_wins_where_no_cell_is_above_minus_infinity():
    x = np.full((1, 1, 2, 2), -np.inf, np.float32)
    for _, winners in both(lambda: ops.max_pool(x, 3, 1, 1)):
        assert_array_equal(winners[0, 0], [[4, 3], [1, 0]])


def test_large_maps_are_shared_out_without_a_seam(monkeypatch):
    x = values((5, 7, 9, 8), "ties", 0)
    how = {"size": 3, "stride": 2, "pad": 1}
    whole = ops.max_pool(x, **how)
    back = ops.max_pool_adjoint(whole[0], whole[1], x.shape, **how)
    monkeypatch.setattr(threads, "LEAST", 1)
    monkeypatch.setattr(threads, "threads", lambda: 3)
    for part, all_at_once in zip(ops.max_pool(x, **how), whole, strict=True):
        assert_array_equal(part, all_at_once)
    assert_array_equal(ops.max_pool_adjoint(whole[0], whole[1], x.shape, **how), back)
    assert_array_equal(ops.maximum(x, **how), whole[0])


@pytest.mark.parametrize("kernels", ["plain", "compiled"])
def test_plain_code_pools_on_request_alone(kernels):
    program = (
        "import sys, numpy as np; from neuro_cnn import ops; x = np.ones((2, 1, 4, 4), np.float32);"
        "y, winners = ops.max_pool(x, 2); ops.max_pool_adjoint(y, winners, x.shape, 2); ops.rectify(x);"
        "sys.exit('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "NEURO_CNN_KERNELS": kernels})
    assert done.returncode == (kernels == "compiled")
