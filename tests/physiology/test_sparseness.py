"""Sparseness: its ends, its published form, and that scale does not matter."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import lifetime_sparseness, population_sparseness, sparseness
from neuro_cnn.physiology.population.sparseness import activity_ratio

RNG = np.random.default_rng(0)


def test_one_hot_is_1_and_constant_is_0_for_cells_and_for_stimuli():
    assert population_sparseness(3 * np.eye(7)) == pytest.approx(np.ones(7))
    assert lifetime_sparseness(3 * np.eye(7)) == pytest.approx(np.ones(7))
    assert population_sparseness(np.full((4, 9), 0.3)) == pytest.approx(np.zeros(4))
    assert lifetime_sparseness(np.full((4, 9), 0.3)) == pytest.approx(np.zeros(9))


def test_half_of_the_cells_alike_and_half_silent_is_known_in_closed_form():
    half = np.tile([0.0, 5.0], (3, 5))  # a = 1/2, n = 10: S = .5 / .9
    assert population_sparseness(half) == pytest.approx(np.full(3, 0.5 / 0.9))
    assert activity_ratio(half[0]) == pytest.approx(0.5)


def test_scale_does_not_matter_and_lifetime_is_population_of_the_transpose():
    responses = RNG.exponential(size=(6, 11))
    assert lifetime_sparseness(7 * responses) == pytest.approx(population_sparseness(responses.T))


def test_of_exponential_responses_half_remains():
    assert sparseness(RNG.exponential(size=200_000)) == pytest.approx(0.5, abs=0.01)  # a = 1 / 2: E[r]^2 / E[r^2]


def test_a_silent_cell_has_no_lifetime_sparseness_and_the_others_keep_theirs():
    responses = np.eye(4)
    responses[:, 2] = 0
    found = lifetime_sparseness(responses)
    assert np.isnan(found[2])
    assert found[[0, 1, 3]] == pytest.approx(np.ones(3))
    assert sparseness(np.zeros(5)) == 0


def test_sparseness_over_one_is_refused():
    with pytest.raises(UsageError, match="at least 2"):
        population_sparseness(np.ones((3, 1)))
