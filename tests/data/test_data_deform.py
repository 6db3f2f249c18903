"""The laws of deformation: shifts by whole pixels, rotations about the centre, noise within [0, 1]."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from neuro_cnn.data.deform import noise, rotate, shift, shifts
from neuro_cnn.errors import UsageError

UNIT = st.floats(0, 1, width=32)
IMAGES = arrays(np.float32, array_shapes(min_dims=4, max_dims=4, max_side=6), elements=UNIT)
SQUARE = arrays(np.float32, st.integers(1, 7).map(lambda side: (2, 1, side, side)), elements=UNIT)
STEP = st.integers(-8, 8)
MOVES = [lambda images: shift(images, 1, -2), lambda images: rotate(images, 30)]
DEFORMATIONS = [*MOVES, lambda images: noise(images, 0.1, np.random.default_rng(0))]


@given(IMAGES, STEP, STEP)
def test_a_shift_is_that_of_scipy(images, down, right):
    expected = ndimage.shift(images, (0, 0, down, right), order=0, cval=0)
    np.testing.assert_array_equal(shift(images, down, right), expected)


@given(IMAGES, STEP, STEP)
def test_a_shift_and_its_return_restore_what_stayed_in_view(images, down, right):
    back = shift(shift(images, down, right), -down, -right)
    stayed = shift(shift(np.ones_like(images), down, right), -down, -right)
    np.testing.assert_array_equal(back, images * stayed)
    height, width = images.shape[2:]
    in_view = max(height - abs(down), 0) * max(width - abs(right), 0)
    assert stayed[0, 0].sum() == in_view


@given(IMAGES, STEP)
def test_a_shift_by_the_map_or_more_leaves_nothing(images, more):
    assert not shift(images, images.shape[2] + abs(more), 0).any()
    assert not shift(images, 0, -images.shape[3] - abs(more)).any()


def test_shifts_go_down_up_right_and_left():
    images = np.zeros((1, 1, 3, 3), np.float32)
    images[0, 0, 1, 1] = 1
    assert [np.argwhere(moved[0, 0]).tolist() for moved in shifts(images, 1)] == [
        [[2, 1]],
        [[0, 1]],
        [[1, 2]],
        [[1, 0]],
    ]


@given(IMAGES)
def test_a_rotation_by_nothing_is_the_identity(images):
    np.testing.assert_array_equal(rotate(images, 0), images)


@given(SQUARE, st.integers(-4, 4))
def test_quarter_turns_are_those_of_numpy(images, turns):
    np.testing.assert_allclose(rotate(images, 90 * turns), np.rot90(images, turns, axes=(2, 3)), atol=1e-6)


@given(SQUARE, st.floats(-360, 360))
def test_a_rotation_stays_within_the_values_it_mixes(images, degrees):
    turned = rotate(images, degrees)
    assert turned.min() >= 0
    assert turned.max() <= images.max() * (1 + 1e-6)


@given(SQUARE, st.floats(-360, 360))
def test_a_rotated_image_is_the_view_of_a_rotated_wider_one(images, degrees):
    wider = np.pad(images, [(0, 0), (0, 0), (2, 2), (2, 2)])
    np.testing.assert_allclose(rotate(images, degrees), rotate(wider, degrees)[:, :, 2:-2, 2:-2], atol=1e-5)


def test_a_rotation_takes_a_pixel_counter_clockwise():
    images = np.zeros((1, 1, 9, 9))
    images[0, 0, 4, 7] = 1  # right of the centre
    turned = rotate(images, 45)[0, 0]
    centre = np.array([(turned * axis).sum() / turned.sum() for axis in np.mgrid[:9, :9]])
    np.testing.assert_allclose(centre - 4, [-3 / np.sqrt(2), 3 / np.sqrt(2)], atol=0.1)


def test_noise_has_the_standard_deviation_asked_for():
    images = np.full((10, 1, 50, 50), 0.5, np.float32)
    added = noise(images, 0.05, np.random.default_rng(0)) - images
    assert abs(added.std() - 0.05) < 0.001
    assert abs(added.mean()) < 0.001


@given(IMAGES, st.floats(0, 10))
def test_noise_stays_in_the_unit_interval(images, sd):
    noisy = noise(images, sd, np.random.default_rng(1))
    assert noisy.min() >= 0
    assert noisy.max() <= 1


@given(IMAGES)
def test_no_noise_is_the_identity(images):
    np.testing.assert_array_equal(noise(images, 0, np.random.default_rng(0)), images)


def test_negative_noise_is_refused():
    with pytest.raises(UsageError, match=r"noise of standard deviation -0\.1 is negative"):
        noise(np.zeros((1, 1, 2, 2)), -0.1, np.random.default_rng(0))


@pytest.mark.parametrize("deform", DEFORMATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_deformation_keeps_the_dtype_and_its_input(deform, dtype):
    images = np.random.default_rng(0).random((2, 3, 5, 4)).astype(dtype)
    before = images.copy()
    deformed = deform(images)
    assert (deformed.dtype, deformed.shape) == (images.dtype, images.shape)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("move", MOVES)
def test_an_image_is_moved_alike_alone_and_in_a_batch(move):
    images = np.random.default_rng(0).random((2, 3, 5, 4))
    np.testing.assert_array_equal(move(images)[1:], move(images[1:]))
