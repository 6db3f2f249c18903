"""Norms and moments plane by plane, and the one equation system."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from numpy.linalg import LinAlgError

from neuro_cnn.backend import to_numpy
from neuro_cnn.ops.linalg import solve_positive
from neuro_cnn.ops.normalize import moments, norms, standardize, unit_norm

SHAPES = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)
SEEDS = st.integers(0, 1000)


@given(shape=SHAPES, seed=SEEDS)
def test_unit_norm_gives_every_plane_norm_1_and_its_own_direction(xp, shape, seed):
    weight = np.random.default_rng(seed).standard_normal(shape)
    scaled = to_numpy(unit_norm(on(xp, weight)))
    flat, was = scaled.reshape(len(scaled), -1), weight.reshape(len(weight), -1)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1)
    np.testing.assert_allclose(np.sum(flat * was, axis=1), np.linalg.norm(was, axis=1))


def test_a_plane_of_zeros_stays_zero_in_unit_norm(xp):
    weight = np.stack([np.zeros((2, 2)), np.ones((2, 2))])
    np.testing.assert_array_equal(
        to_numpy(unit_norm(on(xp, weight))), np.stack([np.zeros((2, 2)), np.full((2, 2), 0.5)])
    )


def test_norms_are_the_planes_euclidean_norms(xp):
    assert_close(norms(xp.asarray([[3.0, 4.0], [0.0, 2.0]])), np.array([5.0, 2.0]))


@given(shape=SHAPES, seed=SEEDS)
def test_moments_are_numpys_mean_and_variance_of_each_plane(xp, shape, seed):
    activity = np.random.default_rng(seed).standard_normal(shape) + 3
    others = (0, *range(2, len(shape)))
    assert_close(moments(on(xp, activity)), (activity.mean(axis=others), activity.var(axis=others)))


@given(shape=st.tuples(st.integers(2, 4), st.integers(1, 4), st.integers(2, 4)), seed=SEEDS)
def test_standardised_activity_has_mean_0_and_variance_1(xp, shape, seed):
    activity = on(xp, np.random.default_rng(seed).standard_normal(shape) * 5 + 3)
    mean, variance = moments(activity)
    mean, variance = moments(standardize(activity, mean, xp.sqrt(variance)))
    np.testing.assert_allclose(to_numpy(mean), 0, atol=1e-12)
    np.testing.assert_allclose(to_numpy(variance), 1)


def test_a_plane_that_never_varies_is_only_centred(xp):
    activity = xp.asarray(np.full((2, 1, 3), 7.0))
    mean, variance = moments(activity)
    np.testing.assert_array_equal(to_numpy(standardize(activity, mean, xp.sqrt(variance))), np.zeros((2, 1, 3)))


def test_float32_stays_float32(xp):
    x = xp.ones((2, 3, 4), dtype=xp.float32)
    mean, variance = moments(x)
    made = (mean, variance, unit_norm(x), norms(x), standardize(x, mean, variance))
    assert all(array.dtype == xp.float32 for array in made)


@given(size=st.integers(1, 6), seed=SEEDS)
def test_solve_positive_solves(xp, size, seed):
    rng = np.random.default_rng(seed)
    root, b = rng.standard_normal((size, size)), rng.standard_normal((size, 2))
    a = root @ root.T + np.eye(size)
    x = to_numpy(solve_positive(on(xp, a), on(xp, b)))
    np.testing.assert_allclose(a @ x, b, atol=1e-9)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_solve_positive_keeps_the_precision(xp, precision):
    a, b = np.eye(3, dtype=precision), np.ones((3, 1), precision)
    assert str(to_numpy(solve_positive(on(xp, a), on(xp, b))).dtype) == precision


def test_solve_positive_refuses_a_matrix_that_is_not_positive_definite(xp):
    with pytest.raises(LinAlgError):
        solve_positive(on(xp, np.diag([1.0, -1.0])), on(xp, np.ones((2, 1))))
