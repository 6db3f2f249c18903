"""Paired differences against scipy's paired t test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from neuro_cnn.statistics import paired


@given(st.integers(0, 1000), st.integers(2, 8))
def test_the_interval_is_that_of_the_paired_t_test(seed, n):
    before, after = np.random.default_rng(seed).random((2, n))
    found, test = paired(list(after), list(before)), ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    np.testing.assert_allclose((found.low, found.high), (interval.low, interval.high), rtol=1e-9)
    assert found.clear == (test.pvalue < 0.05)


def test_one_pair_has_no_interval():
    found = paired([0.9], [0.8])
    assert found.mean == pytest.approx(0.1)
    assert (found.sd, found.low, found.high, found.clear) == (None,) * 4


def test_sequences_of_other_lengths_are_no_pairs():
    with pytest.raises(ValueError, match="zip"):
        paired([1.0, 2.0], [1.0])
