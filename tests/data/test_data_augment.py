"""Augmentation: images moved at random, each by its own draw, within the bounds that are set."""

import numpy as np
import pytest

from neuro_cnn.data.augment import Augment
from neuro_cnn.data.deform import shift
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


def test_nothing_is_moved_by_0_pixels_and_images_given_stay():
    before = DOT.copy()
    np.testing.assert_array_equal(Augment()(DOT, np.random.default_rng(0)), DOT)
    Augment(shift=3)(DOT, np.random.default_rng(0))
    np.testing.assert_array_equal(DOT, before)


def test_a_negative_shift_is_refused():
    with pytest.raises(UsageError, match="images moved by up to -1 pixels; give 0 or more"):
        Augment(shift=-1)
