"""What networks are tried on: as they are at no amount, the same images each time, whatever the batches."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.data.deform import axis_moves, enlarge, rotate, shift
from neuro_cnn.data.deformations import DEFORMATIONS, MEANINGS, forms, key, measured
from neuro_cnn.errors import UsageError

IMAGES = load("digits").test.images[:30]
AMOUNTS = {"shift": 2, "scale": 0.8, "rotate": -20.0, "bend": 1.5, "noise": 0.1}
every = pytest.mark.parametrize("kind", list(DEFORMATIONS))


def deformed(kind, amount, batch=30):
    """The images in each form of a deformation, so many at a time."""
    starts = range(0, len(IMAGES), batch)
    return [np.concatenate([form(IMAGES[at : at + batch]) for at in starts]) for form in forms(kind, amount)]


@every
def test_images_deformed_by_nothing_are_as_they_are(kind):
    for images in deformed(kind, DEFORMATIONS[kind].none):
        np.testing.assert_allclose(images, IMAGES, atol=1e-6)


@every
def test_the_same_images_come_out_every_time_and_in_batches_of_any_size(kind):
    whole = deformed(kind, AMOUNTS[kind])
    assert not np.array_equal(whole[0], IMAGES)
    for again in (deformed(kind, AMOUNTS[kind]), deformed(kind, AMOUNTS[kind], batch=7)):
        for one, two in zip(whole, again, strict=True):
            np.testing.assert_array_equal(one, two)
            assert (two.shape, two.dtype) == (IMAGES.shape, IMAGES.dtype)


def test_an_amount_means_what_the_deformation_means_by_it():
    for moved, (down, right) in zip(deformed("shift", 2), axis_moves(2), strict=True):
        np.testing.assert_array_equal(moved, shift(IMAGES, down, right))
    np.testing.assert_array_equal(deformed("scale", 0.8), [enlarge(IMAGES, 0.8)])
    np.testing.assert_array_equal(deformed("rotate", -20), [rotate(IMAGES, -20)])


def test_each_image_bends_in_its_own_way_by_no_more_than_so_many_pixels():
    (form,) = forms("bend", 1.5)
    dot = np.zeros((40, 1, 15, 15), np.float32)
    dot[:, :, 7, 7] = 1
    bent = form(dot)
    rows, columns = np.indices((15, 15)) - 7
    away = np.hypot(rows, columns)[None, None]
    assert np.all(bent[np.broadcast_to(away > 1.5 * np.sqrt(2) + np.sqrt(2), bent.shape)] == 0)
    assert len(np.unique(bent.reshape(40, -1), axis=0)) == 40


@every
@pytest.mark.parametrize("amount", [np.nan, np.inf])
def test_an_amount_is_finite(kind, amount):
    with pytest.raises(UsageError, match=f"{kind} {amount}; give a finite number"):
        forms(kind, amount)


def test_amounts_are_told_with_their_units_and_in_their_order():
    told = [each.told(key(AMOUNTS[kind])) for kind, each in DEFORMATIONS.items()]
    assert told == ["2 px", "\N{MULTIPLICATION SIGN} 0.8", "-20\N{DEGREE SIGN}", "1.5 px", "0.1"]
    assert measured([{"shift": {"10": 0, "2": 0}}, {"shift": {"1": 0}}, {}], "shift") == ["1", "2", "10"]
    assert list(MEANINGS) == list(DEFORMATIONS)
