"""Stimuli against their closed forms: areas, Fourier components, spectra, orthogonality."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn import stimuli
from neuro_cnn.data.natural import photographs
from neuro_cnn.errors import UsageError

SIDES = (41, 37)
angles = st.floats(0, 180, exclude_max=True)
rng = np.random.default_rng


@given(st.floats(3, 30), st.floats(-2, 2), st.floats(-2, 2))
def test_a_spot_has_the_area_of_its_disc_wherever_it_lies(diameter, down, right):
    shown = stimuli.spot(SIDES, diameter, centre=(20 + down, 18 + right))
    assert shown.sum() == pytest.approx(np.pi * (diameter**2 / 4 + 1 / 12), rel=0.03)
    assert shown.dtype == np.float32


def test_the_smallest_spot_is_one_pixel_and_a_dark_one_its_negative():
    light = stimuli.spot(SIDES, 1, centre=(7, 9))
    assert light.sum() == light[7, 9] == 1
    np.testing.assert_array_equal(stimuli.spot(SIDES, 1, -1, (7, 9)), -light)


@given(st.floats(2, 12), st.floats(13, 30))
def test_an_annulus_is_the_larger_disc_without_the_smaller(inner, outer):
    shown = stimuli.annulus(SIDES, inner, outer)
    assert shown.sum() == pytest.approx(np.pi * (outer**2 - inner**2) / 4, rel=0.05)
    assert shown[20, 18] == 0
    with pytest.raises(UsageError, match="let the inner diameter be the smaller"):
        stimuli.annulus(SIDES, outer, inner)


@given(angles, st.floats(1, 6), st.floats(6, 20), st.floats(-3, 3))
def test_a_bar_has_the_area_width_times_length_at_every_orientation(angle, width, length, offset):
    shown = stimuli.bar(SIDES, angle, width, length, offset)
    assert shown.sum() == pytest.approx(width * length, rel=0.06)


@given(angles)
def test_a_bar_runs_along_its_orientation_counter_clockwise_from_horizontal(angle):
    shown = stimuli.bar(SIDES, angle, 2.0, 24.0)
    rows, columns = np.indices(SIDES)
    up, right = 20.0 - rows, columns - 18.0
    moments = [(shown * a * b).sum() for a, b in ((right, right), (up, up), (right, up))]
    found = np.degrees(np.arctan2(2 * moments[2], moments[0] - moments[1])) / 2
    assert abs((found - angle + 90) % 180 - 90) < 1


def test_an_edge_is_light_above_a_horizontal_border_and_dark_below():
    shown = stimuli.edge((9, 9), 0.0)
    np.testing.assert_allclose(shown[:, 4], [1, 1, 1, 1, 0, -1, -1, -1, -1])
    moved = stimuli.edge((9, 9), 0.0, offset=2.0)
    assert moved[2, 4] == 0  # two rows further up


@given(st.integers(0, 6), st.integers(-6, 6), st.floats(0, 6.28), st.floats(0.1, 1))
def test_a_grating_is_one_fourier_component_of_its_contrast_and_phase(down, across, phase, contrast):
    side = 32
    frequency = np.hypot(down, across) / side
    if frequency == 0:
        return
    angle = np.degrees(np.arctan2(down, across)) - 90  # bars lie across the direction of modulation
    shown = stimuli.grating((side, side), angle, frequency, phase, contrast, centre=(0, 0)).astype(float)
    spectrum = np.fft.fft2(shown) / side**2
    peak = spectrum[-down % side, across % side]  # rows go down, angles up
    assert abs(peak) == pytest.approx(contrast / 2, abs=1e-6)
    assert np.exp(1j * np.angle(peak)) == pytest.approx(np.exp(-1j * phase), abs=1e-4)
    assert (np.abs(spectrum) ** 2).sum() == pytest.approx(contrast**2 / 2, rel=1e-5)


def test_later_phases_drift_towards_growing_across():
    first, second = (stimuli.grating((33, 33), 0.0, 0.1, phase) for phase in (0, np.pi / 5))
    np.testing.assert_allclose(second[:-1], first[1:], atol=1e-5)  # one pixel up


def test_counterphase_is_the_mean_of_two_gratings_that_drift_against_each_other():
    time = np.arange(8) * np.pi / 4
    shown = stimuli.counterphase(SIDES, 30.0, 0.12, 0.7, time)
    both = [stimuli.grating(SIDES, 30.0, 0.12, 0.7 + sign * time) for sign in (1, -1)]
    np.testing.assert_allclose(shown, (both[0] + both[1]) / 2, atol=1e-6)


def test_a_plaid_is_the_sum_of_its_gratings_and_refuses_more_contrast_than_there_is():
    shown = stimuli.plaid(SIDES, (0.0, 90.0), (0.1, 0.2), (0.0, 1.0), (0.5, 0.25))
    parts = stimuli.grating(SIDES, 0.0, 0.1, 0.0, 0.5) + stimuli.grating(SIDES, 90.0, 0.2, 1.0, 0.25)
    np.testing.assert_allclose(shown, parts, atol=1e-6)
    with pytest.raises(UsageError, match="add up to 1"):
        stimuli.plaid(SIDES, (0, 90), (0.1, 0.1), (0, 0), (0.8, 0.4))


def test_a_window_cuts_a_grating_and_a_ring_leaves_its_middle_grey():
    ring = stimuli.grating(SIDES, 40.0, 0.1, diameter=20, inner=8)
    whole, middle = (stimuli.grating(SIDES, 40.0, 0.1, diameter=d) for d in (20, 8))
    np.testing.assert_allclose(ring, whole - middle, atol=1e-6)
    assert ring[20, 18] == ring[0, 0] == 0
    assert not stimuli.grating(SIDES, 40.0, 0.1, diameter=0).any()


@given(angles, st.floats(0.1, 0.25), st.floats(0, 6.28), st.floats(2, 3), st.floats(2, 3.5))
def test_a_gabor_has_the_power_of_its_closed_form(angle, frequency, phase, across, along):
    shown = stimuli.gabor(SIDES, angle, frequency, phase, across, along)
    leak = np.exp(-((2 * np.pi * frequency * across) ** 2)) * np.cos(2 * phase)
    expected = np.pi * across * along / 2 * (1 + leak)
    assert (shown.astype(float) ** 2).sum() == pytest.approx(expected, rel=0.01)


def test_noises_have_their_contrast_and_no_correlation_between_pixels():
    white = stimuli.white_noise(4000, (6, 5), rng(0), 0.3)
    binary = stimuli.binary_noise(4000, (6, 5), rng(1), 0.5)
    assert set(np.unique(binary)) == {-0.5, 0.5}
    for noise, contrast in ((white, 0.3), (binary, 0.5)):
        assert abs(noise.mean()) < 0.01
        assert noise.std() == pytest.approx(contrast, rel=0.02)
        others = np.corrcoef(noise.reshape(4000, -1).T) - np.eye(30)
        assert np.abs(others).max() < 0.08
    blocks = stimuli.binary_noise(3, (5, 7), rng(2), block=2)
    np.testing.assert_array_equal(blocks[:, 0::2][:, :2], blocks[:, 1::2][:, :2])


def test_sparse_noise_shows_one_square_a_frame_light_or_dark_anywhere_alike():
    shown = stimuli.sparse_noise(6000, (6, 6), rng(0), size=2)
    assert (np.count_nonzero(shown, axis=(1, 2)) == 4).all()
    assert abs(shown.mean()) < 0.01
    corners = (shown != 0)[:, 0, 0].mean(), (shown != 0)[:, 5, 5].mean()
    np.testing.assert_allclose(corners, 1 / 25, atol=0.01)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5])
@pytest.mark.parametrize("sides", [(32, 32), (21, 30)])
def test_coloured_noise_falls_as_a_power_of_frequency_at_the_contrast_asked(exponent, sides):
    noise = stimuli.coloured_noise(600, sides, rng(0), exponent, 0.3)
    assert noise.std() == pytest.approx(0.3, rel=0.04)
    np.testing.assert_allclose(noise.mean(axis=(1, 2)), 0, atol=1e-6)
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    f = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, sides), indexing="ij")).ravel()[1:]
    slope = np.polyfit(np.log(f), np.log(power.ravel()[1:]), 1)[0]
    assert slope == pytest.approx(-2 * exponent, abs=0.05)


def test_the_hartley_basis_is_orthogonal_both_signs_of_every_wave():
    basis = stimuli.hartley(16, 5)
    plus = basis.stimuli[basis.sign > 0].reshape(-1, 256).astype(float)
    np.testing.assert_allclose(plus @ plus.T, np.eye(len(plus)) * 128, atol=1e-3)
    np.testing.assert_array_equal(basis.stimuli[basis.sign < 0], -basis.stimuli[basis.sign > 0])
    assert np.abs(basis.stimuli).max() <= 1
    assert len(plus) == sum(y * y + x * x <= 25 for y in range(-5, 6) for x in range(-5, 6)) - 1


def test_patches_of_photographs_have_no_mean_and_the_contrast_asked():
    images = photographs()[0]
    shown = stimuli.patches(images, 50, (12, 14), rng(0), 0.2)
    np.testing.assert_allclose(shown.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(shown.std(axis=(1, 2)), 0.2, rtol=1e-4)
    plain = stimuli.patches(images, 50, (12, 14), rng(0))
    np.testing.assert_allclose(plain * 0.2 / plain.std(axis=(1, 2), keepdims=True), shown, atol=1e-5)
    whole = stimuli.patches(images[:1], 1, (256, 256), rng(0))
    np.testing.assert_allclose(whole[0], 2 * (images[0] - images[0].mean()), atol=1e-5)
    with pytest.raises(UsageError, match="patches of 300 x 5 from images of 256 x 256"):
        stimuli.patches(images, 1, (300, 5), rng(0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stimuli.grating(SIDES, 0, 0.41), "0.41 cycles a pixel; gratings are shown from 0 to 0.4"),
        (lambda: stimuli.grating(SIDES, 0, np.array([0.1, -0.2])), "-0.2 cycles a pixel"),
        (lambda: stimuli.gabor(SIDES, 0, 0.5), "0.5 cycles a pixel"),
        (lambda: stimuli.gabor(SIDES, 0, 0.1, across=0.0), "standard deviations must be positive"),
        (lambda: stimuli.hartley(10, 5), "0.5 cycles a pixel"),
        (lambda: stimuli.spot(SIDES, 3, 1.2), "contrast of 1.2; it lies between 0 and 1"),
        (lambda: stimuli.spot(SIDES, -3), "diameter of -3 pixels"),
        (lambda: stimuli.bar(SIDES, 0, 0.5), "bar of 0.5 by inf pixels; give at least 1 by 1"),
        (lambda: stimuli.white_noise(3, SIDES, rng(0), 1.5), "contrast of 1.5"),
        (lambda: stimuli.binary_noise(3, SIDES, rng(0), block=0), "block of 0; give at least 1"),
        (lambda: stimuli.sparse_noise(3, (4, 9), rng(0), size=5), "squares of 5 pixels in a field of 4 x 9"),
    ],
)
def test_what_cannot_be_shown_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
