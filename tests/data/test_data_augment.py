"""Augmentation: images varied at random, each by its own draw, within the bounds that are set."""

import numpy as np
import pytest
from kit import assert_close, difference
from pydantic import TypeAdapter
from scipy import ndimage

from neuro_cnn.data.augment import Augment, Elastic
from neuro_cnn.data.deform import enlarge, rotate, shift, warp
from neuro_cnn.errors import UsageError

DOT = np.zeros((400, 1, 9, 7), np.float32)
DOT[:, :, 4, 3] = 1


def moves(seen):
    """Where the dot of each image has gone, (N, 2) in rows and columns."""
    return np.argwhere(seen[:, 0])[:, 1:] - (4, 3)


def test_every_move_within_reach_occurs_and_no_other():
    gone = moves(Augment(shift=2)(DOT, np.random.default_rng(0)))
    assert len(gone) == len(DOT)
    assert {tuple(move) for move in gone} == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}


def test_each_image_is_shifted_with_zero_fill_and_keeps_its_place_in_the_batch():
    images = np.random.default_rng(1).random((30, 2, 9, 7), np.float32)
    seen = Augment(shift=3)(images, np.random.default_rng(0))
    assert seen.dtype == images.dtype
    gone = moves(Augment(shift=3)(DOT[:30], np.random.default_rng(0)))  # the same draw
    for image, moved, (down, right) in zip(images, seen, gone, strict=True):
        np.testing.assert_array_equal(moved, shift(image[None], down, right)[0])


def test_a_signal_is_moved_along_itself_alone():
    signals = np.ones((50, 1, 1, 9), np.float32)
    moved = Augment(shift=2)(signals, np.random.default_rng(0))
    assert set(moved.sum(axis=(1, 2, 3))) == {7, 8, 9}


def test_nothing_is_moved_by_0_pixels_and_images_given_stay():
    before = DOT.copy()
    np.testing.assert_array_equal(Augment()(DOT, np.random.default_rng(0)), DOT)
    Augment(shift=3)(DOT, np.random.default_rng(0))
    np.testing.assert_array_equal(DOT, before)


# Mirrored, turned, enlarged and bent

ALL = Augment(shift=2, flip=True, rotation=20, scale=1.2, elastic=Elastic())
EVERY = [
    Augment(shift=2),
    Augment(flip=True),
    Augment(rotation=20),
    Augment(scale=1.3),
    Augment(elastic=Elastic()),
    ALL,
]
every_augment = pytest.mark.parametrize("augment", EVERY, ids=str)
NOISE = np.random.default_rng(2).random((60, 2, 9, 7), np.float32)
NONE, STILL, SAME = np.zeros((60, 2), int), np.zeros(60), np.ones(60)


def seen(augment, images=NOISE, seed=0):
    return augment(images, np.random.default_rng(seed))


@every_augment
def test_the_same_seed_varies_alike_another_otherwise_and_type_range_and_the_images_given_stay(augment):
    before = NOISE.copy()
    one = seen(augment)
    np.testing.assert_array_equal(one, seen(augment))
    assert not np.array_equal(one, seen(augment, seed=1))
    assert (one.dtype, one.shape) == (NOISE.dtype, NOISE.shape)
    assert (one.min() >= 0, one.max() <= 1) == (True, True)
    np.testing.assert_array_equal(NOISE, before)


@every_augment
def test_each_image_is_varied_by_its_own_draw_and_all_its_planes_alike(augment):
    one = np.random.default_rng(0).random((1, 1, 9, 7), np.float32)
    varied = seen(augment, np.repeat(np.repeat(one, 60, axis=0), 3, axis=1))
    kinds = len(np.unique(varied.reshape(60, -1), axis=0))
    assert kinds == 2 if augment == Augment(flip=True) else kinds > 20
    np.testing.assert_array_equal(varied[:, 0], varied[:, 2])


@pytest.mark.parametrize("augment", [Augment(), Augment(0, False, 0.0, 1.0, None), Augment(elastic=Elastic(alpha=0))])
def test_amounts_of_nothing_change_nothing(augment):
    np.testing.assert_array_equal(seen(augment), NOISE)


def test_half_of_the_images_are_mirrored_and_mirrored_again_are_what_they_were():
    once = seen(Augment(flip=True))
    same = np.all(once == NOISE, axis=(1, 2, 3))
    mirrored = np.all(once == NOISE[..., ::-1], axis=(1, 2, 3))
    assert np.all(same ^ mirrored)
    assert 20 < mirrored.sum() < 40  # 30, 2.6 deviations either way
    np.testing.assert_array_equal(seen(Augment(flip=True), once), NOISE)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_exact(turns):
    square = NOISE[..., :7, :]
    np.testing.assert_array_equal(warp(square, NONE, STILL + 90 * turns, SAME), np.rot90(square, turns, axes=(2, 3)))


def test_each_amount_alone_is_the_deformation_of_that_name():
    moves, rng = np.random.default_rng(0).integers(-3, 4, (60, 2)), np.random.default_rng(1)
    degrees, factors = rng.uniform(-90, 90, 60), rng.uniform(0.5, 2, 60)
    moved, turned = warp(NOISE, moves, STILL, SAME), warp(NOISE, NONE, degrees, SAME)
    enlarged = warp(NOISE, NONE, STILL, factors)
    for n in range(60):
        np.testing.assert_array_equal(moved[n], shift(NOISE[n][None], *moves[n])[0])
        assert_close(turned[n], rotate(NOISE[n][None], degrees[n])[0])
        assert_close(enlarged[n], enlarge(NOISE[n][None], factors[n])[0])


def test_an_image_is_enlarged_then_turned_then_moved():
    smooth = np.zeros((1, 1, 41, 41), np.float32)
    smooth[0, 0, 14, 20] = 1.0
    smooth = ndimage.gaussian_filter(smooth, (0, 0, 2, 2))  # a spot 6 pixels above the middle
    moved = warp(smooth, np.array([[3, -5]]), np.array([90.0]), np.array([1.5]))
    peak = np.unravel_index(np.argmax(moved[0, 0]), (41, 41))
    assert peak == (20 + 3, 20 - 9 - 5)  # 9 above, then 9 to the left, then 3 down and 5 left


@pytest.mark.parametrize(
    ("augment", "least", "most"),
    [(Augment(rotation=40), -40, 40), (Augment(rotation=10), -10, 10), (Augment(rotation=180), -180, 180)],
)
def test_images_are_turned_evenly_within_reach(augment, least, most):
    spot = np.zeros((300, 1, 41, 41), np.float32)
    spot[:, 0, 5, 20] = 1
    spot = ndimage.gaussian_filter(spot, (0, 0, 2, 2))
    places = [np.unravel_index(np.argmax(image[0]), (41, 41)) for image in seen(augment, spot)]
    angles = np.rad2deg([np.arctan2(20 - column, 20 - row) for row, column in places])
    assert np.all((angles > least - 3) & (angles < most + 3))  # 3 degrees are a pixel there
    quarters = np.histogram(angles, np.linspace(least - 3, most + 3, 5))[0]
    assert np.all(quarters > 300 / 4 / 2)


def test_images_are_enlarged_as_often_as_shrunk_and_within_reach():
    square = np.zeros((300, 1, 41, 41), np.float32)
    square[:, :, 13:28, 13:28] = 1
    factors = np.sqrt(seen(Augment(scale=1.5), square).sum(axis=(1, 2, 3)) / 15**2)
    assert np.all((factors > 1 / 1.51) & (factors < 1.51))
    assert 120 < np.sum(factors > 1) < 180
    assert np.ptp(factors) > 0.7


def test_elastic_displacements_are_smoothed_uniform_numbers_of_the_size_that_is_said():
    made = Elastic(alpha=10, sigma=2.5)(50, 33, 30, np.random.default_rng(0))
    drawn = np.random.default_rng(0).random((50, 2, 33, 30), dtype=np.float32) * 2 - 1
    assert difference(made, 10 * ndimage.gaussian_filter(drawn, (0, 0, 2.5, 2.5), mode="constant")) < 1e-5
    inside = made[:, :, 10:-10, 10:-10]
    assert np.std(inside) == pytest.approx(10 / (6 * 2.5), rel=0.1)
    bent = seen(Augment(elastic=Elastic(10, 2.5)))
    displaced = Elastic(10, 2.5)(60, 9, 7, after_the_other_draws())
    np.testing.assert_array_equal(bent, warp(NOISE, NONE, STILL, SAME, displaced))


def after_the_other_draws():
    rng = np.random.default_rng(0)
    rng.integers(0, 1, (60, 2)), rng.uniform(0, 0, 60), rng.uniform(-1, 1, 60)
    return rng


def test_augmentation_reads_back_from_json():
    adapter = TypeAdapter(Augment)
    assert adapter.validate_json(adapter.dump_json(ALL)) == ALL


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Augment(shift=-1), "images moved by up to -1 pixels; give 0 to 10,000"),
        (lambda: Augment(rotation=-5), "images turned by up to -5 degrees; give 0 to 180"),
        (lambda: Augment(rotation=float("nan")), "turned by up to nan degrees"),
        (lambda: Augment(scale=0.9), "enlarged or shrunk by up to a factor of 0.9; give 1 or more"),
        (lambda: Elastic(alpha=-1), "alpha = -1; give 0 or more pixels"),
        (lambda: Elastic(sigma=0), "sigma = 0; give a positive number of pixels"),
    ],
)
def test_amounts_that_cannot_be_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
