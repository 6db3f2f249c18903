"""Fixed kernels: sums, norms and symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.ops.kernels import LECTURE, difference_of_gaussians, falling, gabor, gaussian

SIZES = st.integers(1, 12)
WIDTHS = st.floats(0.01, 20)


def symmetric(kernel):
    """Whether a kernel is the same mirrored and with its axes exchanged."""
    return all(np.allclose(kernel, other, atol=1e-15) for other in (kernel[::-1], kernel[:, ::-1], kernel.T))


@given(SIZES, WIDTHS)
def test_a_gaussian_is_symmetric_positive_and_sums_to_1(size, sigma):
    kernel = gaussian(size, sigma)
    assert kernel.shape == (size, size)
    assert symmetric(kernel)
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-12)


def test_neighbours_of_a_gaussian_differ_by_exp_of_half_the_inverse_variance():
    kernel = gaussian(3, sigma=0.7)
    assert kernel[1, 0] / kernel[1, 1] == pytest.approx(np.exp(-1 / (2 * 0.7**2)))


@given(SIZES, WIDTHS, st.floats(1.1, 4))
def test_a_difference_of_gaussians_is_blind_to_diffuse_light(size, centre, factor):
    kernel = difference_of_gaussians(size, centre, factor * centre)
    assert symmetric(kernel)
    assert abs(kernel.sum()) < 1e-12


def test_a_difference_of_gaussians_excites_from_the_centre_and_inhibits_from_the_surround():
    kernel = difference_of_gaussians(7, 0.8, 1.8)
    assert kernel[3, 3] > 0 > kernel[3, 0]


@given(st.integers(2, 12), st.floats(2, 15), st.floats(0, np.pi), st.floats(0, np.pi), st.floats(0.3, 2))
def test_a_gabor_sums_to_0_and_has_norm_1_or_is_refused(size, wavelength, orientation, phase, aspect):
    try:
        kernel = gabor(size, wavelength, orientation, phase, aspect=aspect)
    except UsageError as error:
        assert "has no stripes" in str(error)  # noqa: PT017
        return
    assert abs(kernel.sum()) < 1e-9
    assert np.linalg.norm(kernel) == pytest.approx(1, abs=1e-12)


def test_a_gabor_of_orientation_0_has_vertical_stripes():
    kernel = gabor(9, wavelength=4, orientation=0.0)
    assert np.all(np.sign(kernel) == np.sign(kernel[4]))
    np.testing.assert_array_equal(np.sign(kernel[4, 2:7]), [-1, -1, 1, -1, -1])


def test_a_gabor_turned_by_a_right_angle_is_its_transpose():
    np.testing.assert_allclose(gabor(8, 4, np.pi / 2), gabor(8, 4, 0.0).T, atol=1e-12)


def test_a_gabors_phase_decides_between_even_and_odd():
    even, odd = gabor(7, 5, 0.3), gabor(7, 5, 0.3, phase=np.pi / 2)
    np.testing.assert_allclose(even[::-1, ::-1], even, atol=1e-12)
    np.testing.assert_allclose(odd[::-1, ::-1], -odd, atol=1e-12)


@given(SIZES | st.tuples(SIZES, SIZES), st.floats(0.05, 1))
def test_c_sums_to_1_and_falls_with_the_distance_from_the_views_centre(size, gamma):
    c = falling(size, gamma)
    height, width = c.shape
    assert c.sum() == pytest.approx(1, abs=1e-12)
    distance = np.hypot(*(np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]))
    order = np.argsort(distance, axis=None)
    assert np.all(np.diff(c.ravel()[order]) <= 1e-15)
    assert c[0, 0] / c.ravel()[order[0]] == pytest.approx(gamma ** (distance[0, 0] - distance.min()))


def test_c_is_flat_unless_gamma_is_given():
    np.testing.assert_allclose(falling(3), np.full((3, 3), 1 / 9))


@pytest.mark.parametrize("name", LECTURE)
def test_a_lecture_kernel_keeps_the_light_or_removes_it(name):
    assert LECTURE[name].shape == (3, 3)
    assert LECTURE[name].sum() == pytest.approx(0 if name.startswith("edge") else 1)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (lambda: gaussian(0, 1), "kernel of size 0; it must be at least 1"),
        (lambda: gaussian(3, 0), "Gaussian with sigma = 0; it must be positive"),
        (lambda: difference_of_gaussians(3, 2, 1), "centre 2 and surround 1; the surround must be the wider"),
        (lambda: gabor(5, 1, 0), "Gabor of wavelength 1 px; below 2 px the grid cannot carry it"),
        (lambda: gabor(5, 4, 0, sigma=0), "Gaussian with sigma = 0; it must be positive"),
        (lambda: gabor(1, 4, 0), "Gabor of size 1 has no stripes; enlarge it to about its wavelength of 4 px"),
        (lambda: gabor(2, 4, 0), "Gabor of size 2 has no stripes"),
        (lambda: falling(3, 1.5), r"gamma must lie in \(0, 1\]"),
    ],
)
def test_a_kernel_that_cannot_be_is_refused_with_the_remedy(kernel, message):
    with pytest.raises(UsageError, match=message):
        kernel()
