"""The spectrogram against scipy's, and a tone where its frequency lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import difference
from scipy import signal

from neuro_cnn.data.spectrogram import (
    HIGHEST,
    HOP,
    LOWEST,
    RANGE,
    RATE,
    SAMPLES,
    SIDE,
    WINDOW,
    bands,
    edges,
    picture,
    power,
)

RNG = np.random.default_rng(0)
TIME = np.arange(SAMPLES) / RATE


def test_power_is_that_of_scipy_summed_in_bands():
    waves = RNG.normal(size=(3, SAMPLES))
    how = {"nperseg": WINDOW, "noverlap": WINDOW - HOP, "detrend": False}
    density = signal.spectrogram(waves, RATE, "hann", **how)[2]  # one-sided: 2 |X|^2 / (RATE sum w^2)
    assert difference(power(waves), bands() @ density * RATE / 2) < 1e-5
    assert power(waves.astype(np.float32)).dtype == np.float32


def test_white_noise_of_variance_1_has_power_1_in_every_band():
    np.testing.assert_allclose(power(RNG.normal(size=(400, SAMPLES))).mean(axis=(0, 2)), 1, atol=0.05)


def test_bands_follow_the_mel_scale_from_end_to_end_and_weigh_1():
    assert (edges()[0], edges()[-1]) == pytest.approx((LOWEST, HIGHEST))
    assert 2595 * np.log10(1 + 1000 / 700) == pytest.approx(1000, rel=1e-4)  # what defines the scale
    np.testing.assert_allclose(np.diff(np.log10(1 + edges() / 700), 2), 0, atol=1e-12)
    np.testing.assert_allclose(bands().sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("band", range(SIDE))
def test_a_pure_tone_is_loudest_in_the_band_of_its_frequency_in_all_frames(band):
    image = picture(power(np.sin(2 * np.pi * edges()[band + 1] * TIME)[None]))[0]
    assert set(image.argmax(axis=0)) == {SIDE - 1 - band}  # low bands at the bottom


@given(st.floats(3.5, SIDE - 1.5))
def test_any_tone_is_loudest_in_one_of_the_two_bands_about_it(place):
    f = np.interp(place, np.arange(-1, SIDE + 1), edges())
    loudest = power(np.sin(2 * np.pi * f * TIME)[None])[0].argmax(axis=0)
    assert set(loudest) <= {int(place), int(place) + 1}


def test_the_ridge_of_a_glide_rises_with_its_frequency():
    f = 200 * 2 ** (4 * TIME / TIME[-1])
    ridge = power(np.sin(2 * np.pi * np.cumsum(f) / RATE)[None])[0].argmax(axis=0)
    middle = f[np.arange(SIDE) * HOP + WINDOW // 2]
    assert np.all(np.diff(ridge) >= 0)
    assert np.all(np.abs(np.interp(middle, edges(), np.arange(-1, SIDE + 1)) - ridge) < 1)


def test_grey_grows_with_decibels_between_black_and_white():
    decibels = np.array([[-np.inf, -3, 0, 10, RANGE / 2, RANGE, RANGE + 5]])
    grey = picture(10 ** (decibels[..., None] / 10))[0, ::-1, 0]
    np.testing.assert_allclose(grey, [0, 0, 0, 10 / RANGE, 0.5, 1, 1], rtol=1e-6)
    assert grey.dtype == np.float32
