"""The law of selectivity: exact for one pattern and for any mixture, for cells taught by the rule itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import mixture
from neuro_cnn.physiology.learning.selectivity import overlapping, probes, taught, threshold


@given(st.integers(0, 10_000), st.floats(0.3, 10), st.integers(1, 4), st.floats(0.1, 100), st.floats(0.5, 1))
def test_a_cell_fires_exactly_above_its_threshold_on_the_cosine_to_the_sum_of_its_patterns(seed, r, count, q, gamma):
    rng = np.random.default_rng(seed)
    patterns = rng.random((count, 2, 3, 4)) * rng.uniform(0.2, 2, (count, 1, 1, 1))  # of any norms and overlaps
    views = rng.random((20, 2, 3, 4)) ** rng.uniform(0, 4, (20, 1, 1, 1)) + 3 * rng.random((20, 1, 1, 1)) * patterns[0]
    cell = taught(patterns, r, q, gamma)
    law = threshold(cell, patterns)
    cosines = cell.cosine(views, patterns.sum(axis=0))
    clear = np.abs(cosines - law) > 1e-6
    np.testing.assert_array_equal(cell.respond(views)[clear] > 0, cosines[clear] > law)
    assert law >= r / (1 + r) * (1 - 1e-12)  # a mixture is never less selective


@pytest.mark.parametrize("r", [0.5, 1.5, 4.0])
def test_for_one_pattern_the_threshold_is_r_over_1_plus_r_and_the_response_rises_in_a_line(r):
    found = mixture(1, 0.5, r, q=1e6)
    assert found.measured == pytest.approx(r / (1 + r), abs=1e-5)
    np.testing.assert_allclose(found.to_sum, np.maximum((1 + r) * found.cosines - r, 0), atol=1e-4)


@given(st.integers(2, 4), st.floats(0, 1), st.floats(0.5, 6))
def test_patterns_of_one_overlap_have_a_threshold_of_closed_form_beyond_which_is_silence(count, overlap, r):
    found = mixture(count, overlap, r)
    mean = (1 + (count - 1) * overlap) / count  # of all cosines between the patterns, their own among them
    assert found.law == pytest.approx(r / (1 + r) / np.sqrt(mean))
    if abs(found.law - 1) > 1e-5:
        assert (found.measured is None) == (found.law > 1)
    if found.measured is not None:
        assert found.measured == pytest.approx(found.law, abs=2e-6)
    if abs(mean - r / (1 + r)) > 1e-5:  # a cell answers to its own patterns where they overlap by more than the law
        assert np.all((found.own[:, 1] > 0) == (mean > r / (1 + r)))


@given(st.integers(1, 4), st.floats(0, 1), st.integers(0, 1000))
def test_random_patterns_overlap_as_wanted(count, overlap, seed):
    patterns, aside = overlapping(count, overlap, np.random.default_rng(seed))
    cell = taught(patterns, 1.5)
    np.testing.assert_allclose(cell.norm(patterns), 1)
    for k, pattern in enumerate(patterns):
        np.testing.assert_allclose(cell.cosine(patterns, pattern), np.where(np.arange(count) == k, 1, overlap))
        assert np.all(patterns >= 0)
        assert np.sum(aside * pattern) == 0
    cosines = np.linspace(0, 1, 11)
    np.testing.assert_allclose(cell.cosine(probes(cosines, patterns[0], aside), patterns[0]), cosines, atol=1e-12)


def test_an_overlap_beyond_1_is_refused():
    with pytest.raises(UsageError, match="give a cosine from 0 to 1"):
        overlapping(2, 1.5, np.random.default_rng(0))
