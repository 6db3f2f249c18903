"""The ridge read-out: the normal equations, solved; and the penalty that a held-out sixth prefers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.rules import Ridge
from neuro_cnn.rules.ridge import LARGEST, _parts
from neuro_cnn.tree import leaves

RNG = np.random.default_rng(5)
X = RNG.random((90, 7)) * np.linspace(0.1, 2, 7)
LABELS = np.argmax(X @ RNG.standard_normal((7, 3)) + 0.3 * RNG.standard_normal((90, 3)), axis=1)


def fitted(rule, x, labels, batches, xp=np, classes=3):
    """The read-out after one pass in batches of these sizes."""
    layer = Dense(classes)
    params = on(xp, Params(Weights(np.zeros((classes, x.shape[1]), x.dtype), np.zeros(classes, x.dtype))))
    rng = np.random.default_rng(0)
    params, state = rule.start(layer, params, on(xp, x), rng, len(batches))
    for start, size in zip(np.cumsum([0, *batches]), batches, strict=False):
        now, taught = on(xp, x[start : start + size]), on(xp, labels[start : start + size])
        params, state = rule.update(layer, params, state, layer.forward(params, now)[1], taught, rng)
    return rule.finish(layer, params, state)


def solved(x, labels, penalty, classes=3):
    """Weights and bias of least squared error, the bias unpenalised, by the augmented normal equations."""
    ones = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    scale = np.mean(np.var(x, axis=0))
    punished = np.diag([penalty * scale * len(x)] * x.shape[1] + [0.0])
    solution = np.linalg.solve(ones.T @ ones + punished, ones.T @ np.eye(classes)[labels])
    return Weights(solution[:-1].T, solution[-1])


@pytest.mark.parametrize("penalty", [1e-5, 0.01, 1.0, 10.0])
def test_one_penalty_gives_the_solution_of_the_normal_equations(xp, penalty):
    found = fitted(Ridge((penalty,)), X, LABELS, [90], xp).learned
    np.testing.assert_allclose(np.asarray(found.weight), solved(X, LABELS, penalty).weight, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.asarray(found.bias), solved(X, LABELS, penalty).bias, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("noise", [0.0, 1.0, 30.0])
def test_the_penalty_is_that_of_least_squared_error_on_every_sixth_image(noise):
    rng = np.random.default_rng(int(noise))
    x = np.concatenate([X, noise * rng.standard_normal((90, 60))], axis=1)
    held = np.arange(90) % 6 == 5
    errors = []
    for penalty in Ridge().penalties:
        weight, bias = solved(x[~held], LABELS[~held], penalty)
        errors.append(np.sum((x[held] @ weight.T + bias - np.eye(3)[LABELS[held]]) ** 2))
    best = Ridge().penalties[int(np.argmin(errors))]
    expected = solved(x, LABELS, best)
    found = fitted(Ridge(), x, LABELS, [90]).learned
    np.testing.assert_allclose(found.weight, expected.weight, rtol=1e-6, atol=1e-9)


def test_more_noise_asks_for_a_larger_penalty_and_so_for_smaller_weights():
    noisy = np.concatenate([X, 3 * np.random.default_rng(0).standard_normal((90, 60))], axis=1)
    chosen = fitted(Ridge(), noisy, LABELS, [90]).learned.weight
    least = fitted(Ridge((1e-5,)), noisy, LABELS, [90]).learned.weight
    assert np.linalg.norm(chosen) < 0.5 * np.linalg.norm(least)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_the_batches_do_not_matter(sizes):
    batches = [size for size, end in zip(sizes, np.cumsum(sizes), strict=True) if end < 90]
    batches.append(90 - sum(batches))
    assert_close(fitted(Ridge(), X, LABELS, batches), fitted(Ridge(), X, LABELS, [90]))


def test_every_library_gives_the_same_weights_contiguous_and_in_the_precision_of_the_layer(xp):
    for x in (X, X.astype(np.float32), np.asfortranarray(X.astype(np.float32))):
        made = fitted(Ridge(), x, LABELS, [40, 50], xp)
        assert_close(made, fitted(Ridge(), np.ascontiguousarray(x), LABELS, [40, 50]))
        assert {leaf.dtype for _, leaf in leaves(made)} == {on(xp, x).dtype}
        assert all(np.asarray(leaf).flags.c_contiguous for _, leaf in leaves(made))


def test_features_that_never_vary_get_no_weight_and_the_bias_is_the_share_of_each_class():
    found = fitted(Ridge(), np.full((12, 2), 0.3), np.arange(12) % 3, [12]).learned
    np.testing.assert_allclose(found.weight, 0, atol=1e-12)
    np.testing.assert_allclose(found.bias, 1 / 3)


def test_features_that_hardly_vary_about_large_means_can_still_be_solved_for():
    x = (1e3 + 1e-2 * RNG.standard_normal((20, 100))).astype(np.float32)
    found = fitted(Ridge(), x, np.arange(20) % 3, [20]).learned
    assert np.isfinite(found.weight).all()


def test_few_images_are_enough_even_where_none_is_held_out():
    found = fitted(Ridge(), X[:3], np.array([0, 1, 2]), [3]).learned
    assert np.argmax(X[:3] @ found.weight.T + found.bias, axis=1).tolist() == [0, 1, 2]


def test_more_features_than_can_be_solved_for_are_refused_with_the_remedy():
    params = Params(Weights(np.broadcast_to(np.float32(0), (10, LARGEST + 1)), np.zeros(10, np.float32)))
    with pytest.raises(UsageError, match=r"ridge read-out of 16385 features needs 4 GiB; pool the features more"):
        Ridge().start(Dense(10), params, np.zeros((1, 1), np.float32), np.random.default_rng(0), 1)


def test_a_read_out_without_bias_or_without_images_is_refused_with_the_remedy():
    layer = Dense(3, bias=False)
    with pytest.raises(UsageError, match="ridge needs a read-out with a bias; leave bias out of its wiring"):
        Ridge().start(layer, layer.init((7,), None), X, np.random.default_rng(0), 1)
    with pytest.raises(UsageError, match="ridge has seen no image; give its phase 1 epoch"):
        fitted(Ridge(), X, LABELS, [])


@pytest.mark.parametrize("seen", range(7))
@pytest.mark.parametrize("count", [0, 1, 5, 6, 20])
def test_every_sixth_image_is_held_out_whatever_the_batches(xp, seen, count):
    place = (seen + np.arange(count)) % 6
    held, kept = (to_numpy(part) for part in _parts(xp, seen, count))
    np.testing.assert_array_equal(held, np.flatnonzero(place == 5))
    np.testing.assert_array_equal(kept, np.flatnonzero(place != 5))
