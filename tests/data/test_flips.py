"""What a shift turns on and off: a bar by hand, figures that stay in the image, and those that leave it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn import viz
from neuro_cnn.data import load
from neuro_cnn.data.flips import flipped, flips
from neuro_cnn.errors import UsageError


def image(*rows):
    return np.array([[float(cell) for cell in row] for row in rows], np.float32)[None, None]


BAR = image("000000", "001000", "001000", "001000", "000000", "000000")


def test_a_bar_is_counted_by_hand():
    """Three pixels high: moved along itself by 1 it loses an end and wins one; across itself all of it."""
    found = flips(BAR, 1)
    assert (found.lit.tolist(), found.on.tolist(), found.off.tolist()) == ([3], [[1, 1, 3, 3]], [[1, 1, 3, 3]])
    found = flips(BAR, 2)
    assert found.on.tolist() == [[2, 1, 3, 3]]  # up by 2 an end leaves the image
    assert found.off.tolist() == [[2, 2, 3, 3]]
    assert flips(0.5 * BAR, 1).lit == 0  # not above the threshold
    assert flips(0.5 * BAR, 1, 0.4).on.sum() == 8


@given(seed=st.integers(0, 999), pixels=st.integers(1, 3))
def test_within_a_margin_as_many_go_on_as_off_and_never_more_than_are_on(seed, pixels):
    inner = np.random.default_rng(seed).random((4, 2, 5, 4)) > 0.6
    found = flips(np.pad(inner, ((0, 0), (0, 0), (3, 3), (3, 3))).astype(np.float32), pixels)
    np.testing.assert_array_equal(found.on, found.off)
    assert np.all(found.on <= found.lit[:, None])


@given(seed=st.integers(0, 999), pixels=st.integers(1, 4))
def test_what_goes_on_less_what_goes_off_is_what_leaves_the_image(seed, pixels):
    images = (np.random.default_rng(seed).random((3, 1, 6, 5)) > 0.5).astype(np.float32)
    lost = [images[:, :, -pixels:], images[:, :, :pixels], images[..., -pixels:], images[..., :pixels]]
    found = flips(images, pixels)
    np.testing.assert_array_equal(found.off - found.on, np.stack([part.sum(axis=(1, 2, 3)) for part in lost], axis=1))


def test_means_are_of_the_classes_that_are_there_and_of_all():
    images = np.concatenate([BAR, np.swapaxes(BAR, 2, 3), 0 * BAR])
    rows = flipped(flips(images, 2), np.array([2, 2, 0]), ("blank", "nothing", "bar"))
    assert [(row.name, row.images) for row in rows] == [("blank", 1), ("bar", 2), ("all", 3)]
    assert rows[0][2:] == (0, 0, 0)
    assert rows[1][2:] == (3, 9 / 4, 10 / 4)
    assert rows[2][2:] == pytest.approx((2, 18 / 12, 20 / 12))


def test_half_of_a_digits_pixels_go_off_as_it_moves_by_2():
    digits = load("digits").train
    *_, whole = flipped(flips(digits.images, 2), digits.labels, digits.classes)
    assert (whole.images, round(whole.lit, 1), round(whole.on, 1), round(whole.off, 1)) == (4000, 104.0, 49.5, 49.5)


def test_many_images_are_counted_like_few_and_a_shift_of_none_is_refused():
    many = np.concatenate([BAR] * 1001)
    assert flips(many, 2).on.tolist() == [[2, 1, 3, 3]] * 1001
    with pytest.raises(UsageError, match="a shift of 0 pixels; give 1 or more"):
        flips(BAR, 0)


def test_where_nothing_is_on_the_figure_is_empty_and_a_threshold_that_is_no_number_is_refused():
    nothing = BAR > 2
    rows = flipped(flips(BAR, 2, 2.0), np.array([0]), ("bar",))
    _, bars = viz.flips(rows, nothing, nothing, 2, title="").axes
    assert bars.get_ylim() == (0, 1)
    with pytest.raises(UsageError, match="a threshold of nan; give a finite number"):
        flips(BAR, 2, float("nan"))


def test_the_figure_colours_what_goes_on_and_off_and_counts_it():
    rows = flipped(flips(BAR, 2), np.array([0]), ("bar",))
    figure = viz.flips(rows, BAR > 0.5, np.roll(BAR, 2, 3) > 0.5, 2, title="")
    tiles, bars = figure.axes
    colours, counts = np.unique(tiles.images[0].get_array().reshape(-1, 4), axis=0, return_counts=True)
    blue, orange = ([round(255 * part) for part in colour[:3]] for colour in (colours[1], colours[2]))
    assert blue == [0x00, 0x72, 0xB2]
    assert orange == [0xD5, 0x5E, 0x00]
    assert counts[1] == counts[2] == counts.min()
    assert [patch.get_height() for patch in bars.patches] == [2.25, 2.25, 2.5, 2.5]
