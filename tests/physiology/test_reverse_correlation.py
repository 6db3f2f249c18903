"""Reverse correlation of known cells, against the quality that theory predicts."""

from functools import partial

import numpy as np
import pytest
from cells import both_polarities, gabors, linear, prepared, simple_and_complex

from neuro_cnn.physiology import reverse_correlation
from neuro_cnn.physiology.mapping.reverse_correlation import average, bonferroni, predicted_quality, whitened
from neuro_cnn.stimuli import binary_noise, coloured_noise, white_noise


def correlation(a, b):
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


@pytest.mark.parametrize(("frames", "published"), [(500, 0.827), (1000, 0.902), (5000, 0.978), (20000, 0.994)])
def test_the_average_of_a_half_rectified_linear_cell_is_as_good_as_predicted(frames, published):
    assert predicted_quality(169, frames) == pytest.approx(published, abs=5e-4)
    rng = np.random.default_rng(frames)
    w = gabors(13, np.linspace(0, 150, 6), np.full(6, 0.15)).reshape(6, -1).astype(float)
    measured, told = [], []
    for _ in range(max(10_000 // frames, 1)):
        x = white_noise(frames, (13, 13), rng).reshape(frames, -1)
        found = average(x, np.maximum(x @ w.T, 0), rng)
        measured += [correlation(*each) for each in zip(found.filters, w, strict=True)]
        told += found.quality.tolist()
    assert np.mean(measured) == pytest.approx(published, abs=0.02)
    assert np.mean(told) == pytest.approx(published, abs=0.02)


def test_of_units_that_answer_at_random_no_more_than_5_per_cent_have_a_pixel_beyond_bonferroni():
    rng = np.random.default_rng(1)
    x = white_noise(4000, (13, 13), rng).reshape(4000, -1)
    found = average(x, np.maximum(rng.standard_normal((4000, 1000)), 0), rng)
    beyond = np.abs(found.z).max(axis=1) > bonferroni(169)
    assert beyond.mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)
    assert np.mean(found.excess > 3) < 0.02


def test_a_dead_unit_has_no_z_and_is_silent():
    w = np.concatenate([gabors()[:1], np.zeros((1, 9, 9), np.float32)])
    found = reverse_correlation(prepared(*linear(w)))
    assert [verdict.flag for verdict in found.verdicts] == ["ok", "silent"]
    assert not found.shown.maps[1].any()
    assert np.isnan(found.measures["z"][1])


@pytest.mark.parametrize("noise", [partial(white_noise, contrast=0.3), partial(binary_noise, contrast=0.3)])
def test_the_protocol_finds_the_filters_of_s_cells_in_gaussian_and_in_binary_noise(noise):
    w = gabors()
    found = reverse_correlation(prepared(*linear(w)), noise)
    assert found.usable.all()
    assert found.stimuli["frames"] == 26 * 81
    expected = found.stimuli["quality predicted"]
    for map_, each in zip(found.shown.maps, w, strict=True):
        assert correlation(map_, each) == pytest.approx(expected, abs=0.02)


def test_a_cell_over_both_polarities_is_untuned_and_one_over_one_polarity_unfit():
    both = reverse_correlation(prepared(*both_polarities()))
    assert {verdict.flag for verdict in both.verdicts} == {"untuned"}
    assert "both polarities" in both.verdicts[0].reason
    one = reverse_correlation(simple_and_complex()[1])
    assert {verdict.flag for verdict in one.verdicts} == {"unfit"}
    assert "mislead" in one.verdicts[0].reason


def test_a_ridge_takes_the_colour_of_the_noise_out_of_the_average():
    rng = np.random.default_rng(2)
    x = coloured_noise(8000, (9, 9), rng).reshape(8000, -1)
    w = gabors().reshape(4, -1).astype(float)
    found = average(x, np.maximum(x @ w.T, 0), rng)
    flat = whitened(found.filters, x, 1e-3)
    for raw, clean, each in zip(found.filters, flat, w, strict=True):
        assert correlation(clean, each) > 0.95
        assert correlation(clean, each) > correlation(raw, each)


def test_the_ridge_reaches_the_protocol():
    found = reverse_correlation(prepared(*linear(gabors())), partial(coloured_noise, contrast=0.3), 1e-3, 8000)
    assert all(correlation(*each) > 0.95 for each in zip(found.shown.maps, gabors(), strict=True))
