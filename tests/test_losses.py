"""Losses: their formula, and their gradient by finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, inner, on, relative, slope
from scipy.special import log_softmax

from neuro_cnn.errors import UsageError
from neuro_cnn.losses import MAP, CrossEntropy, SquaredError, one_hot

SIZES = st.tuples(st.integers(1, 5), st.integers(2, 4))
SEEDS = st.integers(0, 1000)


def problem(size, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(size), rng.integers(0, size[1], size[0])


@given(size=SIZES, seed=SEEDS)
def test_cross_entropy_is_the_mean_of_minus_scipys_log_softmax_at_the_label(xp, size, seed):
    scores, labels = problem(size, seed)
    expected = -np.mean(log_softmax(scores, axis=1)[np.arange(size[0]), labels])
    loss, _ = CrossEntropy()(on(xp, scores), on(xp, labels))
    assert float(loss) == pytest.approx(expected, rel=1e-12)


@given(size=SIZES, seed=SEEDS)
def test_squared_error_is_half_the_squared_distance_to_the_one_hot_label(xp, size, seed):
    scores, labels = problem(size, seed)
    expected = np.mean(np.sum((scores - np.eye(size[1])[labels]) ** 2, axis=1)) / 2
    loss, _ = SquaredError()(on(xp, scores), on(xp, labels))
    assert float(loss) == pytest.approx(expected, rel=1e-12)


@given(size=SIZES, seed=SEEDS, j=st.floats(0.1, 5))
def test_map_is_equation_9_of_lecun_et_al_1998(xp, size, seed, j):
    scores, labels = problem(size, seed)
    penalties = -scores
    right = penalties[np.arange(size[0]), labels]
    expected = np.mean(right + np.log(np.exp(-j) + np.sum(np.exp(-penalties), axis=1)))
    loss, _ = MAP(j)(on(xp, scores), on(xp, labels))
    assert float(loss) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", [CrossEntropy(), SquaredError(), MAP(0.5)])
@given(size=SIZES, seed=SEEDS)
def test_a_losss_gradient_is_its_derivative(loss, size, seed):
    scores, labels = problem(size, seed)
    direction = loss(scores, labels)[1]  # of steepest ascent
    expected = slope(lambda scores: float(loss(scores, labels)[0]), scores, direction / np.linalg.norm(direction))
    assert relative(np.sqrt(inner(direction, direction)), expected) < 1e-6


@pytest.mark.parametrize("loss", [CrossEntropy(), SquaredError(), MAP(0.5)])
def test_every_library_gives_the_same_gradient_in_the_same_precision(xp, loss):
    scores, labels = problem((4, 3), 0)
    scores = scores.astype(np.float32)
    value, gradient = loss(on(xp, scores), on(xp, labels))
    assert gradient.dtype == value.dtype == xp.float32
    assert_close(gradient, loss(scores, labels)[1])


def test_cross_entropy_bears_large_scores_and_impossible_classes():
    scores = np.array([[1000.0, -1000.0, -np.inf], [0.0, 0.0, -np.inf]])
    loss, gradient = CrossEntropy()(scores, np.array([0, 1]))
    assert loss == pytest.approx(np.log(2) / 2)
    np.testing.assert_allclose(gradient, [[0, 0, 0], [0.25, -0.25, 0]])


def test_map_pulls_the_right_penalty_down_and_leaves_alone_those_far_above_j():
    scores = np.array([[-300.0, -400.0, -np.inf]])  # far above j: only the right one is moved
    loss, gradient = MAP()(scores, np.array([1]))
    assert loss == pytest.approx(399)
    np.testing.assert_allclose(gradient, [[0, -1, 0]], atol=1e-12)


def test_without_a_place_for_what_is_no_character_map_is_the_cross_entropy():
    scores, labels = problem((5, 4), 0)
    for ours, theirs in zip(MAP(1e4)(scores, labels), CrossEntropy()(scores, labels), strict=True):
        assert_close(ours, theirs)


@pytest.mark.parametrize("j", [0, -1, float("nan"), float("inf")])
def test_j_must_be_positive(j):
    with pytest.raises(UsageError, match=f"MAP criterion with j = {j}; it must be positive"):
        MAP(j)


def test_one_hot_marks_each_images_class():
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3, np.zeros(1)), [[0, 0, 1], [1, 0, 0]])
