"""The error function and the logistic one, in every array library and far into their tails."""

import math

import numpy as np
import pytest
from kit import assert_close, difference, on

from neuro_cnn.backend import to_numpy
from neuro_cnn.ops.special import erf, logistic, plain_erf, softplus

X = np.concatenate([np.linspace(-7, 7, 1401), [-1e300, -1e3, 1e-300, 1e3, 1e300]])


def test_the_error_function_is_that_of_the_c_library(xp):
    expected = np.array([math.erf(x) for x in X])
    assert np.max(np.abs(to_numpy(erf(on(xp, X))) - expected)) < 2e-15
    assert np.max(np.abs(to_numpy(plain_erf(on(xp, X))) - expected)) < 2e-15


def test_the_logistic_function_keeps_its_digits_in_both_tails(xp):
    x = X[np.abs(X) < 700]
    expected = np.array([1 / (1 + math.exp(-v)) for v in x])
    np.testing.assert_allclose(to_numpy(logistic(on(xp, x))), expected, rtol=1e-14)
    np.testing.assert_array_equal(to_numpy(logistic(on(xp, np.array([-1e300, 1e300])))), [0, 1])


def test_softplus_is_never_negative_and_nears_the_rectifier(xp):
    y = to_numpy(softplus(on(xp, X)))
    rectified = np.maximum(X, 0)
    assert np.all(y >= rectified)
    assert_close(y - rectified, np.log1p(np.exp(-np.abs(X))))


@pytest.mark.parametrize("function", [erf, plain_erf, logistic, softplus])
def test_float32_stays_float32(xp, function):
    x = on(xp, np.linspace(-7, 7, 71, dtype=np.float32))
    y = function(x)
    assert y.dtype == x.dtype
    assert difference(y, to_numpy(function(on(xp, np.linspace(-7, 7, 71))))) < 1e-6
