"""Pooling against SciPy, the limits of the power mean, and the adjoints."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, inner, on, relative, slope
from scipy.ndimage import maximum_filter

from neuro_cnn import ops
from neuro_cnn.errors import UsageError


@st.composite
def poolings(draw):
    """A map, and size, stride and pad of views that all touch it."""
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    edges = [st.integers(-1, side - 1) for side in size]
    pad = tuple(draw(st.tuples(edge, edge)) for edge in edges)
    least = [max(1, s - sum(p), 1 + sum(max(-q, 0) for q in p)) for s, p in zip(size, pad, strict=True)]
    sides = [low + draw(st.integers(0, 5)) for low in least]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    how = {"size": size, "stride": draw(st.tuples(st.integers(1, 4), st.integers(1, 4))), "pad": pad}
    return rng.standard_normal((2, 3, *sides)), how


@given(poolings())
def test_max_pool_is_scipys_maximum_filter(pooling):
    x, how = pooling
    y, _ = ops.max_pool(x, **how)
    grown = np.pad(x, ((0, 0), (0, 0), *(tuple(max(q, 0) for q in p) for p in how["pad"])), constant_values=-np.inf)
    (top, _), (left, _) = how["pad"]
    grown = grown[:, :, max(-top, 0) :, max(-left, 0) :]
    origin = tuple(-(side // 2) for side in how["size"])  # the view begins at its cell
    filtered = maximum_filter(grown, (1, 1, *how["size"]), mode="constant", cval=-np.inf, origin=(0, 0, *origin))
    strided = filtered[:, :, :: how["stride"][0], :: how["stride"][1]]
    np.testing.assert_array_equal(y, strided[:, :, : y.shape[2], : y.shape[3]])


@given(poolings())
def test_winners_are_the_lowest_tap_that_holds_the_maximum(pooling):
    x, how = pooling
    x = np.round(x)  # so that there are ties
    _, winners = ops.max_pool(x, **how)
    shifted = ops.patches(x + 100, **how)  # padding, 0 here, is below every cell
    views = shifted.reshape(*shifted.shape[:2], -1, *shifted.shape[4:])
    np.testing.assert_array_equal(winners, np.argmax(views, axis=2))


def test_a_tie_goes_to_the_lowest_tap():
    _, winners = ops.max_pool(np.ones((1, 1, 4, 4)), 2)
    np.testing.assert_array_equal(winners, np.zeros((1, 1, 2, 2)))


def test_nan_shows_in_every_view_that_holds_it(xp):
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 1, 1] = np.nan
    for pool in (
        lambda x: ops.max_pool(x, 2)[0],
        lambda x: ops.mean_pool(x, 2),
        lambda x: ops.power_mean_pool(x, 2, 3),
    ):
        holes = xp.isnan(pool(on(xp, x)))
        np.testing.assert_array_equal(np.asarray(holes), [[[[True, False], [False, False]]]])


@given(poolings())
def test_mean_pool_is_the_mean_of_the_patches(pooling):
    x, how = pooling
    assert_close(ops.mean_pool(x, **how), ops.patches(x, **how).mean(axis=(2, 3)))


@given(poolings())
def test_the_power_mean_with_p_1_is_the_mean_of_the_absolute_values(pooling):
    x, how = pooling
    assert_close(ops.power_mean_pool(x, p=1, **how), ops.mean_pool(np.abs(x), **how))


@given(poolings())
def test_the_power_mean_with_large_p_nears_the_maximum_of_the_absolute_values(pooling):
    x, how = pooling
    p, area = 1e6, how["size"][0] * how["size"][1]
    largest = ops.max_pool(np.abs(x), **how)[0]
    y = ops.power_mean_pool(x, p=p, **how)
    assert np.all(y <= largest * (1 + 1e-12))
    assert np.all(y >= largest * area ** (-1 / p) * (1 - 1e-12))


@given(poolings(), st.floats(1, 20))
def test_the_power_mean_grows_with_p(pooling, p):
    x, how = pooling
    assert np.all(ops.power_mean_pool(x, p=p + 1, **how) >= ops.power_mean_pool(x, p=p, **how) * (1 - 1e-12))


@given(poolings())
def test_the_mean_pools_adjoint_is_adjoint(pooling):
    x, how = pooling
    y = ops.mean_pool(x, **how)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    back = ops.mean_pool_adjoint(dy, x.shape, **how)
    assert back.shape == x.shape
    assert abs(inner(y, dy) - inner(x, back)) <= 1e-12 * np.linalg.norm(x) * np.linalg.norm(dy)


@given(poolings())
def test_max_pool_sends_each_value_back_to_its_winner(pooling):
    x, how = pooling
    y, winners = ops.max_pool(x, **how)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    back = ops.max_pool_adjoint(dy, winners, x.shape, **how)
    assert abs(inner(y, dy) - inner(x, back)) <= 1e-12 * np.linalg.norm(x) * np.linalg.norm(dy) + 1e-12
    assert abs(back.sum() - dy.sum()) <= 1e-12 * np.abs(dy).sum()  # no share is lost in the padding


@given(poolings(), st.sampled_from([1, 1.5, 2, 3, 8]))
def test_the_power_means_adjoint_is_its_derivative(pooling, p):
    x, how = pooling
    x = x + 0.1 * np.sign(x)  # away from the kink of |x|
    rng = np.random.default_rng(1)
    y = ops.power_mean_pool(x, p=p, **how)
    dy, direction = rng.uniform(0.5, 1, y.shape), np.sign(x) * rng.uniform(0.5, 1, x.shape)
    expected = slope(lambda x: inner(ops.power_mean_pool(x, p=p, **how), dy), x, direction)
    assert relative(inner(ops.power_mean_pool_adjoint(dy, x, y, p=p, **how), direction), expected) < 1e-6


@pytest.mark.parametrize("p", [1, 1.5, 2, 9])
def test_the_power_means_derivative_at_silence_is_zero(p):
    x = np.zeros((1, 1, 4, 4))
    y = ops.power_mean_pool(x, 2, p)
    np.testing.assert_array_equal(ops.power_mean_pool_adjoint(np.ones_like(y), x, y, 2, p), x)


@pytest.mark.parametrize("p", [0.5, float("inf"), float("nan")])
def test_a_power_mean_without_a_power_is_refused(p):
    with pytest.raises(UsageError, match=rf"^power mean with p = {p}; p must be finite and at least 1$"):
        ops.power_mean_pool(np.ones((1, 1, 2, 2)), 2, p)


def test_padding_that_leaves_views_outside_the_map_is_refused():
    with pytest.raises(UsageError, match=r"wholly outside the map; pad by less$"):
        ops.max_pool(np.ones((1, 1, 4, 4)), 2, pad=2)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_error_of_another_shape_is_refused_and_nothing_read_beyond_it(precision):
    shape, error, kernel = (8, 2, 6, 6), np.ones((8, 2, 3, 2), precision), np.ones((2, 2), precision)
    winners = np.zeros((8, 2, 3, 3), np.uint8)
    for back in (
        lambda: ops.max_pool_adjoint(error, winners, shape, 2),
        lambda: ops.max_pool_adjoint(np.ones(winners.shape, precision), winners[:7], shape, 2),
        lambda: ops.mean_pool_adjoint(error, shape, 2),
        lambda: ops.weighted_pool_adjoint(error, kernel, shape, 2),
    ):
        with pytest.raises(UsageError, match=r"^error of shape .* where 8 x 2 x 3 x 3 is due$"):
            back()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_library_gives_the_same_numbers_in_the_same_precision(xp, precision):
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 6)).astype(precision)
    how = {"size": (3, 2), "stride": (2, 1), "pad": ((1, 0), (-1, 1))}
    ax = on(xp, x)
    y, winners = ops.max_pool(x, **how)
    assert_close(ops.max_pool(ax, **how), (y, winners))
    assert_close(
        ops.max_pool_adjoint(on(xp, y), on(xp, winners), x.shape, **how),
        ops.max_pool_adjoint(y, winners, x.shape, **how),
    )
    assert_close(ops.mean_pool(ax, **how), ops.mean_pool(x, **how))
    assert_close(ops.mean_pool_adjoint(on(xp, y), x.shape, **how), ops.mean_pool_adjoint(y, x.shape, **how))
    power = partial(ops.power_mean_pool, p=3, **how)
    back = partial(ops.power_mean_pool_adjoint, p=3, **how)
    assert_close(power(ax), power(x))
    assert_close(back(on(xp, y), ax, power(ax)), back(y, x, power(x)))
    made = ops.max_pool(ax, **how)[0], ops.mean_pool(ax, **how), power(ax), back(on(xp, y), ax, power(ax))
    assert all(array.dtype == ax.dtype for array in made)
