"""Stripes to be reared in: of the orientation asked, in black and white, anew for every image and split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.data import load
from neuro_cnn.data.stripes import Stripes, parse
from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.learning.topography import orientations


def test_vertical_stripes_do_not_change_along_a_column_nor_horizontal_ones_along_a_row():
    vertical, horizontal = (Stripes(angle, size=20, count=8).pool(0).images[:, 0] for angle in (90, 0))
    np.testing.assert_array_equal(vertical, vertical[:, :1].repeat(20, axis=1))
    np.testing.assert_array_equal(horizontal, horizontal[:, :, :1].repeat(20, axis=2))
    assert len({image.tobytes() for image in vertical}) == len(vertical)


@given(st.floats(0, 179))
def test_stripes_have_the_orientation_of_their_name(angle):
    images = Stripes(angle, size=32, count=4).pool(1).images[:, 0] - 0.5
    bell = np.exp(-((np.arange(32) - 15.5) ** 2) / 72)
    found, selectivity = orientations(images * bell * bell[:, None])
    mean = np.angle(np.sum(selectivity * np.exp(2j * np.deg2rad(found)))) / 2
    assert abs((np.degrees(mean) - angle + 90) % 180 - 90) < 4


def test_a_world_of_many_orientations_has_them_all_alike_and_as_much_light_as_darkness():
    images = Stripes(0, spread=90, size=16, count=2000).pool(0).images[:, 0]
    assert images.mean() == pytest.approx(0.5, abs=0.02)
    assert (images.min(), images.max()) == (0, 1)
    found, selectivity = orientations(images - images.mean(axis=(1, 2), keepdims=True))
    shares = np.histogram(found[selectivity > 0.5], 4, (0, 180))[0]
    assert shares.min() > 0.7 * shares.mean()


def test_stripes_are_two_to_eight_pixels_wide():
    rows = Stripes(90, size=256, count=20).pool(0).images[:, 0, 0] > 0.5
    widths = np.concatenate([np.diff(np.flatnonzero(np.diff(row))) for row in rows])
    assert widths.min() >= 1
    assert widths.max() <= 9
    assert widths.mean() == pytest.approx(5, abs=0.3)


def test_they_are_a_data_set_without_labels_by_name():
    data = load("stripes:angle=0,size=12,count=40", split=1)
    assert data.train.images.shape == (40, 1, 12, 12)
    assert data.test.images.shape == (10, 1, 12, 12)
    assert data.train.labelled.size == 0
    other = load("stripes:angle=0,size=12,count=40", split=2)
    assert not np.array_equal(other.train.images, data.train.images)
    assert parse("angle=30,spread=5") == Stripes(30.0, 5.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spread=91", "stripes with spread = 91.0; give 0 to 90"),
        ("size=0", "stripes with size = 0"),
        ("count=0", "ask for at least 1 image"),
        ("angel=3", "did you mean 'angle'"),
        ("angle=up", "stripes with angle = 'up'; give a number"),
    ],
)
def test_settings_that_cannot_be_are_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse(text)
