"""Pools: worked values, one as the limit of another, and the pool of a whole map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, double

from neuro_cnn.layers import L2, CCells, GlobalPool, Max, Mean, Params, PowerMean, Saturating, SquareRoot

SHAPE = (2, 6, 7)
TAUGHT = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], float)[None, None]
"""The map on which lectures show pooling by 2."""


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (Max(), [[6, 8], [3, 4]]),
        (Mean(), [[3.25, 5.25], [2, 2]]),
        (PowerMean(5), [[4.87, 6.61], [2.38, 3.16]]),
        (L2(), np.sqrt([[63, 133], [18, 26]])),
    ],
)
def test_pooling_as_lectures_show_it(pool, expected):
    y = CCells(2, pool=pool).forward(Params(), TAUGHT)[0]
    np.testing.assert_allclose(y[0, 0], expected, atol=0.005)


@given(st.integers(0, 1000))
def test_the_power_mean_leads_from_the_mean_to_the_maximum_and_l2_is_on_the_way(seed):
    x = np.random.default_rng(seed).random((2, 3, 5, 6))
    by = {pool: CCells((2, 3), 1, pool=pool).forward(Params(), x)[0] for pool in (Max(), Mean(), L2())}
    power = {p: CCells((2, 3), 1, pool=PowerMean(p)).forward(Params(), x)[0] for p in (1, 2, 1e4)}
    assert_close(power[1], by[Mean()])
    assert_close(power[2] * np.sqrt(6), by[L2()])
    np.testing.assert_allclose(power[1e4], by[Max()], rtol=2e-4)


@pytest.mark.parametrize("pool", [Max(), Mean(), L2(), PowerMean(3), SquareRoot(), Saturating(2.0)])
def test_global_pooling_is_c_cells_as_large_as_the_map(pool):
    whole, cells = GlobalPool(pool), CCells(SHAPE[1:], pool=pool)
    params, x = double(whole.init(SHAPE, None)), np.random.default_rng(0).random((3, *SHAPE))
    assert_close(whole.forward(params, x)[0], cells.forward(params, x)[0][:, :, 0, 0])
    assert whole.window(SHAPE) == cells.window(SHAPE)
    assert whole.arithmetic(params, SHAPE) == cells.arithmetic(params, SHAPE)


def test_pools_count_a_connection_a_cell_of_the_view_and_multiply_adds_but_for_the_maximum():
    counts = {pool: tuple(CCells(2, pool=pool).arithmetic(Params(), (3, 6, 8))) for pool in (Max(), Mean(), L2())}
    connections = 3 * 6 * 8
    assert counts == {Max(): (connections, 0), Mean(): (connections,) * 2, L2(): (connections,) * 2}
    assert GlobalPool().arithmetic(Params(), (3, 6, 8)) == (connections, connections)
