"""Compiled loops over pairs of references, against their plain definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import on

from neuro_cnn.layers.interpolating import scaled
from neuro_cnn.ops.interpolate import best_between, best_pairs, plain_best_between, plain_best_pairs


def similarities(seed, inputs, members, size=4):
    """Of inputs to references, (N, M), and of these to one another, (M, M), in single precision."""
    rng = np.random.default_rng(seed)
    vectors, _ = scaled(np.abs(rng.standard_normal((inputs + members, size))))
    x, references = vectors[:inputs], vectors[inputs:]
    return (x @ references.T).astype(np.float32), (references @ references.T).astype(np.float32)


@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.integers(1, 30),
    st.integers(1, 5),
    st.sampled_from([1, 2, 3, 12, 50]),
)
def test_the_best_pairs_are_those_of_the_definition(seed, inputs, members, classes, nearest):
    s, products = similarities(seed, inputs, members)
    labels = np.random.default_rng(seed).integers(0, classes, members)
    score, first, second, near, far = best_pairs(s, products, labels, classes, nearest)
    expected = plain_best_pairs(s, products, labels, classes, nearest)
    for actual, wanted in zip((score, near, far), (expected[0], *expected[3:]), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(first, expected[1])
    np.testing.assert_array_equal(second, expected[2])


def test_equal_similarities_go_to_the_first_and_references_that_are_one_make_no_pair():
    s, products = np.full((3, 4), 0.5, np.float32), np.ones((4, 4), np.float32)
    for find in (best_pairs, plain_best_pairs):
        score, first, second, near, far = find(s, products, np.array([1, 0, 1, 0]), 3, 12)
        np.testing.assert_array_equal(score, [[0.5, 0.5, -np.inf]] * 3)
        np.testing.assert_array_equal(first, [[1, 0, 0]] * 3)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(near, [[1, 1, 0]] * 3)
        assert not np.any(far)


def test_every_library_finds_the_same_pairs(xp):
    s, products = (array.astype(np.float64) for array in similarities(0, 5, 12))
    labels = np.arange(12) % 4
    there = best_pairs(*on(xp, (s, products, labels)), 5, 2)
    for one, two in zip(there, best_pairs(s, products, labels, 5, 2), strict=True):
        np.testing.assert_array_equal(np.asarray(one), two)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 9))
def test_the_best_score_with_a_new_reference_is_that_of_the_definition(seed, inputs, members):
    s, products = similarities(seed, inputs, members)
    new, others, g = s[:, 0].copy(), np.ascontiguousarray(s[:, 1:].T), products[0, 1:].copy()
    np.testing.assert_allclose(best_between(new, others, g), plain_best_between(new, others, g), rtol=1e-6)


@pytest.mark.parametrize("members", [1, 2, 7])
def test_the_best_score_grows_by_what_each_new_reference_gives(members):
    s, products = similarities(members, 30, members)
    score = np.full(30, -np.inf, np.float32)
    for k in range(members):
        score = np.maximum(score, best_between(s[:, k].copy(), s[:, :k].T.copy(), products[k, :k].copy()))
    whole = best_pairs(s, products, np.zeros(members, int), 1, members)[0][:, 0]
    np.testing.assert_allclose(score, whole, rtol=1e-6)
