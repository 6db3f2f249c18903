"""Sweeping bars: every sweep is one bar that moves by a pixel a frame, from one end to the other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.data import load
from neuro_cnn.data.sweeps import ORIENTATIONS, Sweeps, frames, parse
from neuro_cnn.errors import UsageError

AXES = (0, 1, 1, 1)  # along which a bar of each orientation moves


def sweeps(side, size):
    """The frames (sweeps, size, H, W) of a side, and the orientation of each sweep."""
    labels = side.labels.reshape(-1, size)
    assert np.all(labels == labels[:, :1])
    return side.images.reshape(-1, size, size, size), labels[:, 0]


@given(st.integers(3, 12))
def test_bars_cover_the_field_once_with_as_many_pixels_in_every_frame_and_no_frame_is_twice(size):
    bars = frames(size)
    assert bars.shape == (4, size, size, size)
    assert np.all(bars.sum(axis=1) == 1)  # over a sweep every pixel is bright once
    assert np.all(bars.sum(axis=(2, 3)) == size)
    assert len({image.tobytes() for image in bars.reshape(-1, size, size)}) == 4 * size


def test_orientations_are_what_they_are_called():
    across, down, up_right, down_right = frames(8)
    np.testing.assert_array_equal(across[0], [[1] * 8] + [[0] * 8] * 7)
    np.testing.assert_array_equal(down[0], across[0].T)
    np.testing.assert_array_equal(up_right[7], np.eye(8)[::-1])
    np.testing.assert_array_equal(down_right[0], np.eye(8))


@pytest.mark.parametrize(("name", "size", "count"), [("sweeps", 8, 100), ("sweeps:size=5,count=10", 5, 10)])
def test_consecutive_frames_are_the_bar_moved_by_one_in_one_direction(name, size, count):
    data = load(name)
    for side, each in ((data.train, count), (data.test, count // 5)):
        shown, labels = sweeps(side, size)
        assert np.bincount(labels).tolist() == [each] * 4
        step = []
        for sweep, label in zip(shown, labels, strict=True):
            ways = {
                way
                for way in (1, -1)
                if all(np.array_equal(np.roll(a, way, AXES[label]), b) for a, b in pairwise(sweep))
            }
            assert len(ways) == 1
            assert len({frame.tobytes() for frame in sweep}) == size
            step += ways
        assert all(sum(np.array(step)[labels == label]) == 0 for label in range(4))  # both directions as often


def test_straight_bars_cross_the_field_without_wrapping():
    shown, labels = sweeps(load("sweeps").train, 8)
    for label, across in ((0, 3), (1, 2)):
        places = shown[labels == label].sum(axis=across).argmax(axis=2)  # the row or column of the bar in each frame
        assert {tuple(sweep) for sweep in places} == {tuple(range(8)), tuple(range(7, -1, -1))}


def test_sweeps_come_in_an_order_of_their_own_in_every_split():
    labels = [load("sweeps", split=split).train.labels for split in (0, 0, 1)]
    np.testing.assert_array_equal(labels[0], labels[1])
    assert not np.array_equal(labels[0], labels[2])
    assert np.any(np.diff(labels[0][::8]) < 0)  # not sorted
    assert load("sweeps").train.classes == ORIENTATIONS


def test_images_are_binary_float32():
    images = load("sweeps:size=4,count=2").train.images
    assert images.dtype == np.float32
    assert images.shape == (4 * 2 * 4, 1, 4, 4)
    assert set(np.unique(images)) == {0, 1}


def test_sequences_are_not_thinned():
    with pytest.raises(UsageError, match="train_size 100: sweeps is made of sequences of 8 images; set its count"):
        load("sweeps", train_size=100)


def test_settings_are_read_by_name():
    assert parse("") == Sweeps(8, 100)
    assert parse("count=7,size=12") == Sweeps(12, 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sice=9", "unknown setting of sweeps 'sice'; did you mean 'size'?"),
        ("size=2", "size = 2; slanted bars need at least 3 pixels"),
        ("count=0", "count = 0; ask for at least 1"),
    ],
)
def test_what_cannot_be_made_is_named(text, words):
    with pytest.raises(UsageError, match=words):
        load(f"sweeps:{text}")
