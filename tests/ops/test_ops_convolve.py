"""Convolution, which turns its weights, against SciPy and NumPy; and against correlation, which does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from scipy.signal import convolve2d, correlate2d

from neuro_cnn import ops

SIDE = st.integers(1, 5)
WORDS = {"full": "full", "valid": "valid", "same-before": "same"}
"""Padding by our words and by SciPy's: it puts the odd cell of an even view before."""


@pytest.mark.parametrize("word", WORDS)
@given(SIDE, SIDE, st.integers(5, 8), st.integers(0, 1000))
def test_convolution_and_correlation_are_scipys(word, h, w, length, seed):
    rng = np.random.default_rng(seed)
    image, kernel = rng.standard_normal((length, length + 1)), rng.standard_normal((h, w))
    pad = ops.window((h, w), pad=word, sides=image.shape).pad
    x, weight = image[None, None], kernel[None, None]
    assert_close(ops.convolve(x, weight, pad=pad)[0, 0], convolve2d(image, kernel, WORDS[word]))
    if word != "same-before":
        assert_close(ops.correlate(x, weight, pad=pad)[0, 0], correlate2d(image, kernel, WORDS[word]))


@given(st.integers(1, 6), st.integers(6, 12), st.integers(0, 1000))
def test_a_signal_is_a_map_of_height_1(size, length, seed):
    rng = np.random.default_rng(seed)
    signal, kernel = rng.standard_normal(length), rng.standard_normal(size)
    for word in ("full", "valid"):
        pad = ops.window((1, size), pad=word, sides=(1, length)).pad
        x, weight = signal[None, None, None], kernel[None, None, None]
        assert_close(ops.convolve(x, weight, pad=pad)[0, 0, 0], np.convolve(signal, kernel, word))
        assert_close(ops.correlate(x, weight, pad=pad)[0, 0, 0], np.correlate(signal, kernel, word))


@given(st.integers(0, 1000))
def test_convolution_does_not_care_which_of_two_is_the_map_but_correlation_does(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((1, 1, 4, 3)), rng.standard_normal((1, 1, 2, 5))

    def whole(op, x, weight):
        return op(x, weight, pad=ops.window(weight.shape[2:], pad="full", sides=x.shape[2:]).pad)

    assert_close(whole(ops.convolve, a, b), whole(ops.convolve, b, a))
    assert_close(whole(ops.correlate, a, b), ops.turned(whole(ops.correlate, b, a)))
    assert not np.allclose(whole(ops.correlate, a, b), whole(ops.correlate, b, a))


def test_turning_twice_is_not_turning(xp):
    weight = np.arange(24.0).reshape(2, 2, 3, 2)
    np.testing.assert_array_equal(ops.turned(weight)[1, 0], [[17, 16], [15, 14], [13, 12]])
    assert_close(ops.turned(ops.turned(on(xp, weight))), weight)
