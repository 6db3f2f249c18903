"""The instrument's figures on cells whose tuning is known in closed form."""

import numpy as np
import pytest
from known_cells import end_stopped, energy, pooled, rectified

from neuro_cnn.ops.kernels import difference_of_gaussians
from neuro_cnn.physiology import PROTOCOLS, Preparation, grating_map
from neuro_cnn.physiology.tuning.modulation import complex_from, ratio_curves
from neuro_cnn.physiology.tuning.orientation import noise_selectivity, orientation
from neuro_cnn.physiology.tuning.summation import size_measures
from neuro_cnn.physiology.tuning.tuning_curves import peak, sides
from neuro_cnn.stimuli import gabor

KAPPA = np.sqrt(2 * np.log(2)) / (2 * np.pi)  # .1874
ACROSS = np.array([0.42, 0.6, 0.8, 0.42, 0.5, 0.6])  # n_x and n_y of Ringach (2002): deviations in periods
ALONG = np.array([0.55, 0.8, 0.55, 0.7, 0.9, 0.6])
FREQUENCY = np.array([0.12, 0.12, 0.13, 0.11, 0.125, 0.105])
ORIENTATION = np.array([22.0, 61, 97.5, 3, 178, 135])
PHASE = np.array([0, np.pi / 2, 0.8, 2, 0, np.pi])
GABORS = gabor((41, 41), ORIENTATION, FREQUENCY, PHASE, ACROSS / FREQUENCY, ALONG / FREQUENCY)


@pytest.fixture(scope="module")
def gabors():
    """Rectified Gabor cells."""
    return Preparation(rectified(GABORS))


def around(angle):
    """A difference of orientations, between -90 and 90 degrees."""
    return (angle + 90) % 180 - 90


def test_a_gabors_orientation_and_half_width_are_those_of_the_closed_form(gabors):
    found = orientation(gabors)
    assert found.usable.all()
    assert np.abs(around(found.measures["preferred"] - ORIENTATION)).max() < 2.5  # half a step; measured .04
    expected = np.rad2deg(np.arcsin(KAPPA / ALONG))
    np.testing.assert_allclose(found.measures["hwhh"], expected, atol=1.0)
    assert np.all(found.measures["half_width"] < found.measures["hwhh"])


def test_a_gabors_frequency_and_bandwidth_are_those_of_the_closed_form(gabors):
    found = PROTOCOLS["frequency"](gabors)
    assert found.usable.all()
    assert np.abs(np.log2(found.measures["preferred"] / FREQUENCY)).max() < 0.125  # half a step; measured .03
    expected = np.log2((ACROSS + KAPPA) / (ACROSS - KAPPA))
    np.testing.assert_allclose(found.measures["bandwidth"], expected, atol=0.05)


def test_every_rectified_linear_cell_has_f1_over_f0_of_half_pi(gabors):
    found = PROTOCOLS["phase"](gabors).measures
    np.testing.assert_allclose(found["f1_f0"], np.pi / 2, atol=0.02)
    assert np.isnan(found["complex_from"]).all()


@pytest.mark.parametrize(("threshold", "ratio"), [(0.3, 1.71), (0.5, 1.79), (0.7, 1.88), (0.9, 1.96)])
def test_a_threshold_raises_f1_over_f0(gabors, threshold, ratio):
    amplitude = 4 * gabors.gratings.peak  # of w s: F1 of [w s]+ / 2 is a quarter
    cells = Preparation(rectified(GABORS, threshold * amplitude))
    found = PROTOCOLS["phase"](cells).measures["f1_f0"]
    np.testing.assert_allclose(found, ratio, atol=0.02)


LENGTHS = np.array([0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9])
RATIOS = np.array([1.57, 1.37, 1.14, 1.02, 0.89, 0.64, 0.39, 0.20, 0.05, 0])


def test_the_maximum_over_a_stretch_is_simple_up_to_a_quarter_of_a_period_and_complex_beyond():
    found = grating_map(pooled(stretch=4), np.array([90.0]), LENGTHS / 4, phases=24)
    np.testing.assert_allclose(found.harmonics.ratio[0, :, 0], RATIOS, atol=0.03)
    finely = grating_map(pooled(stretch=4), np.array([90.0]), np.linspace(0.1, 0.9, 33) / 4, phases=24)
    crossing = complex_from(ratio_curves(finely), finely.frequencies)
    assert crossing[0] * 4 == pytest.approx(0.258, abs=0.02)  # measured .2577


def test_an_energy_cell_is_complex_and_doubles_the_frequency_of_counterphase():
    found = PROTOCOLS["phase"](Preparation(energy())).measures
    assert found["f1_f0"][0] < 0.01
    assert found["doubling"][0] > 0.99


def test_a_linear_simple_cell_does_not_double(gabors):
    # F1 of [a cos t]+ is a / 2 and F2 is 2 a / (3 pi), here as a mean over |cos| of the spatial phase
    f2 = 2 / (3 * np.pi) * 2 / np.pi
    np.testing.assert_allclose(PROTOCOLS["phase"](gabors).measures["doubling"], f2 / (f2 + 0.5), atol=0.01)


def test_an_isotropic_cell_is_untuned():
    found = orientation(Preparation(rectified([difference_of_gaussians(15, 1.5, 3.0)])))
    assert found.measures["gosi"][0] < 0.02
    assert found.measures["hwhh"][0] == 90
    assert found.verdicts[0].flag == "untuned"


@pytest.mark.parametrize("size", [5, 7, 9, 11])
def test_noise_filters_seem_selective_to_a_degree_that_is_known(size):
    null = noise_selectivity((size, size))
    assert 0.3 <= np.median(null["osi"]) <= 0.5
    assert 0.17 <= round(np.median(null["gosi"]), 2) <= 0.24


def test_noise_filters_under_the_electrode_are_called_untuned_as_often_as_the_null_says():
    noise = np.random.default_rng(5).standard_normal((100, 7, 7))
    found = orientation(Preparation(rectified(noise)))
    assert 88 <= sum(verdict.flag == "untuned" for verdict in found.verdicts) <= 99
    assert np.median(found.measures["osi"]) > 0.3  # which is why an OSI alone is no evidence


def test_a_cell_without_surround_is_not_suppressed_and_sums_to_its_size(gabors):
    found = PROTOCOLS["size"](gabors).measures
    assert np.nanmax(found["suppression"]) < 0.02
    wide = 2 * np.maximum(ACROSS, ALONG) / FREQUENCY
    assert np.all((found["summation"] > wide) & (found["summation"] < 3 * wide))
    assert np.isnan(found["surround"]).all()


def test_a_surrounds_suppression_and_extent_are_read_from_the_curve():
    # integrals of two Gaussians over a disc: 1 - exp(-d^2 / 8 sigma^2), the wider one 60 % as strong
    shown = np.geomspace(1, 64, 49)
    disc = [1 - np.exp(-(shown**2) / (8 * sigma**2)) for sigma in (2.0, 5.0)]
    found = size_measures((disc[0] - 0.6 * disc[1])[None], shown)
    top = (disc[0] - 0.6 * disc[1]).max()
    assert found["suppression"][0] == pytest.approx((top - 0.4) / top, abs=1e-3)
    assert 5 < found["summation"][0] < shown[(disc[0] - 0.6 * disc[1]).argmax()]
    assert found["surround"][0] == pytest.approx(np.sqrt(-200 * np.log(0.05 * (top - 0.4) / 0.6)), rel=0.01)


def test_end_stopping_is_of_a_cell_with_inhibition_at_its_ends_alone():
    plain, stopped = Preparation(end_stopped(0)), Preparation(end_stopped(0.35))
    assert PROTOCOLS["length"](plain).measures["end_stopping"][0] < 0.02
    found = PROTOCOLS["length"](stopped).measures
    assert found["end_stopping"][0] == pytest.approx(0.7, abs=0.1)
    assert found["best_length"][0] < 14


def test_a_bar_is_found_where_the_cell_looks_and_a_maximum_over_places_is_wider():
    y, x = np.mgrid[-10:11, -10:11]
    cell = np.exp(-((x - 4.0) ** 2) / 2 - y**2 / 20) - np.exp(-((x - 8.0) ** 2) / 2 - y**2 / 20)
    found = PROTOCOLS["position"](Preparation(rectified([cell]))).measures
    assert found["best"][0] == pytest.approx(-4, abs=0.75)  # `across` grows to the left of upright bars
    upright = gabor((13, 13), 90.0, 0.14, 0.0, 2.5, 2.0)
    single, five = (Preparation(pooled(stretch, upright)) for stretch in (0, 4))
    difference = PROTOCOLS["position"](five).measures["width"] - PROTOCOLS["position"](single).measures["width"]
    assert difference[0] == pytest.approx(4, abs=0.3)


def test_a_low_pass_cell_has_no_bandwidth_and_stands_at_the_edge():
    y, x = np.mgrid[-10:11, -10:11]
    found = PROTOCOLS["frequency"](Preparation(rectified([np.exp(-(x**2 + y**2) / 8)])))
    assert np.isnan(found.measures["bandwidth"][0])
    assert found.measures["low_pass"][0] > 0.9
    assert found.verdicts[0].flag == "edge"
    assert "1 of 1 cells that answer are low-pass" in found.notes[1]


def test_a_parabola_finds_the_peak_between_steps_and_widths_are_read_on_both_sides():
    x = np.arange(36.0)
    curves = np.stack([np.exp(-(((x - at + 18) % 36 - 18) ** 2) / 18) for at in (10.3, 35.8)])
    np.testing.assert_allclose(peak(curves, circular=True).place % 36, [10.3, 35.8], atol=0.02)
    crossed = sides(curves, circular=True)
    np.testing.assert_allclose(crossed.high - crossed.low, 2 * 3 * np.sqrt(2 * np.log(2)), atol=0.1)
    assert np.isnan(sides(np.ones((1, 36)), circular=True)).all()
