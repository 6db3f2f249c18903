"""Numbers that depend on their key and place alone, and look drawn."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import on

from neuro_cnn.backend import to_numpy
from neuro_cnn.ops.random import _folded, uniform

LIKE = np.zeros(1)
MANY = 200_000
WORDS = st.lists(st.integers(-(2**63), 2**64), max_size=4).map(tuple)


def drawn(words, count=MANY):
    return uniform(words, (count,), LIKE)


def assert_uncorrelated(a, b):
    """The correlation of n independent pairs lies within 5 / sqrt(n) of 0, but for one case in 1.7 million."""
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(len(a))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_library_and_precision_draws_the_same_numbers(xp, precision):
    like = on(xp, LIKE.astype(precision))
    u = uniform((3, 1, 4), (3, 5, 7), like)
    assert u.dtype == like.dtype
    np.testing.assert_array_equal(to_numpy(u), uniform((3, 1, 4), (3, 5, 7), LIKE))


@given(WORDS)
def test_a_number_depends_on_its_key_and_its_place_alone(words):
    u = drawn(words, 60)
    np.testing.assert_array_equal(uniform(words, (3, 4, 5), LIKE).reshape(-1), u)
    np.testing.assert_array_equal(drawn(words, 20), u[:20])
    assert u.min() >= 0
    assert u.max() < 1


def splitmix64(seed):
    """The generator as published, with Python's whole numbers."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
        z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        yield z ^ (z >> 31)


def test_the_numbers_are_the_upper_bits_of_splitmix64_from_the_folded_key():
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]  # of seed 1234567
    assert list(islice(splitmix64(1234567), 3)) == published
    words = (3, 1, 4)
    _, *following = drawn(words, 100) * 2**24
    assert following == [z >> 40 for z in islice(splitmix64(_folded(words)), 99)]


@pytest.mark.parametrize("words", [(), (0,), (1,), (2**64 - 1, 5)])
def test_the_moments_are_those_of_a_uniform_distribution(words):
    u = drawn(words)
    assert abs(u.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / MANY)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / MANY)  # variance of (u - 1/2)^2: 1/80 - 1/144


def test_every_hundredth_is_as_frequent():
    counts = np.bincount((100 * drawn((7,))).astype(int), minlength=100)
    square = np.sum((counts - MANY / 100) ** 2) / (MANY / 100)
    assert abs(square - 99) < 5 * np.sqrt(2 * 99)  # chi square of 99 degrees of freedom


@pytest.mark.parametrize("lag", [1, 2, 8, 28, 784])
def test_neighbours_are_not_correlated(lag):
    u = drawn((0, 1))
    assert_uncorrelated(u[:-lag], u[lag:])


@pytest.mark.parametrize("other", [(0, 2), (1, 1), (1, 0), (0, 1, 0), (0,), (0, 1 + 2**32)])
def test_keys_that_differ_a_little_are_not_correlated(other):
    assert_uncorrelated(drawn((0, 1)), drawn(other))


def test_the_numbers_of_one_place_under_many_keys_are_uniform():
    u = np.array([drawn((0, step), 1)[0] for step in range(4000)])
    assert abs(u.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / len(u))
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / len(u))
    assert_uncorrelated(u[:-1], u[1:])


def test_no_numbers_and_one_number_can_be_drawn(xp):
    like = on(xp, LIKE)
    assert uniform((1,), (0, 3), like).shape == (0, 3)
    assert uniform((1,), (), like).shape == ()
