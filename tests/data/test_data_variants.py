"""Patterns in several forms: what each transformation does to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.data import Data, dataset, glyphs, load
from neuro_cnn.data.deform import bend, enlarge, flip, waves
from neuro_cnn.data.variants import AS_IT_IS, patterns, variants
from neuro_cnn.errors import UsageError

RNG = np.random.default_rng(0)


def test_glyphs_are_taken_as_they_are_drawn_and_other_data_by_their_first_test_images():
    names, images = patterns(load("glyphs:XYT,shift=2"))
    assert names == ("X", "Y", "T")
    np.testing.assert_array_equal(images[:, 0], [glyphs.pattern(name) for name in names])
    data = load("digits")
    names, images = patterns(data)
    assert names == tuple("0123456789")
    firsts = [data.test.images[list(data.test.labels).index(label)] for label in range(10)]
    np.testing.assert_array_equal(images, firsts)


def test_classes_without_a_test_image_are_no_patterns_and_data_without_any_is_refused():
    train, test = (dataset(RNG.random((3, 4, 4)), labels, ("a", "b", "c")) for labels in ([0, 1, 2], [2, 0, 2]))
    assert patterns(Data("npz:x", train, test, ""))[0] == ("a", "c")
    with pytest.raises(UsageError, match="no labelled test images"):
        patterns(load("natural"))


@pytest.mark.parametrize("name", ["glyphs:01", "digits"])
def test_every_transformation_has_its_forms_and_depends_on_the_seed_alone(name):
    data = load(name)
    count, shape = len(data.test.classes), data.test.shape
    made = variants(data, seed=3)
    assert {key: each.shape[1] for key, each in made.items()} == {
        AS_IT_IS: 1,
        **{f"shifted {pixels} px": 8 for pixels in (1, 2, 3)},
        "enlarged × 1.15": 1,
        "shrunk × 0.87": 1,
        "turned ±10°": 2,
        "bent 1 px": 8,
        f"noise on {8 if name != 'digits' else 24} px": 8,
    }
    assert all(each.shape[0] == count and each.shape[2:] == shape for each in made.values())
    assert all(each.min() >= 0 and each.max() <= 1 + 1e-6 for each in made.values())
    again, other = variants(data, seed=3), variants(data, seed=4)
    differ = [key for key in made if not np.array_equal(made[key], other[key])]
    assert all(np.array_equal(made[key], again[key]) for key in made)
    assert differ == ["bent 1 px", f"noise on {8 if name != 'digits' else 24} px"]


def test_shifts_go_in_eight_directions():
    made = variants(load("glyphs:T"))
    image = made[AS_IT_IS][0, 0, 0]
    places = np.argwhere(image)
    moved = {tuple(np.argwhere(form[0]).min(axis=0) - places.min(axis=0)) for form in made["shifted 2 px"][0]}
    assert moved == {(i, j) for i in (-2, 0, 2) for j in (-2, 0, 2)} - {(0, 0)}


def test_a_glyph_redrawn_without_change_is_the_glyph_and_its_lines_stay_thin_when_enlarged():
    np.testing.assert_array_equal(glyphs.redrawn("Z", RNG), glyphs.pattern("Z"))
    assert set(np.unique(glyphs.redrawn("1", RNG, scale=1.4))) == {0, 1}
    assert glyphs.redrawn("1", RNG, scale=1.4).any(axis=0).sum() == 1  # one pixel wide


@given(st.floats(0.5, 2.0))
def test_enlarging_scales_the_spread_about_the_centre_by_the_factor(factor):
    y, x = np.mgrid[:41, :41] - 20
    image = np.exp(-(x**2 + y**2) / 32)[None, None]
    bigger = enlarge(image, factor)[0, 0]
    assert np.sqrt((bigger * x**2).sum() / bigger.sum()) == pytest.approx(4 * factor, rel=0.05)
    assert abs((bigger * x).sum() / bigger.sum()) < 1e-9  # the centre stays
    np.testing.assert_array_equal(enlarge(image, 1), image)


def test_images_cannot_be_enlarged_by_0():
    with pytest.raises(UsageError, match="positive factor"):
        enlarge(np.ones((1, 1, 3, 3)), 0)


def test_bending_moves_what_it_sees_by_so_many_pixels_at_most():
    ramp = np.broadcast_to(np.arange(20.0), (1, 2, 20, 20))
    bent = bend(ramp, 2, np.random.default_rng(1))
    inside = np.s_[:, :, 3:-3, 3:-3]
    assert 0.5 < np.abs(bent - ramp)[inside].max() <= 2
    np.testing.assert_array_equal(bend(ramp, 0, RNG), ramp)
    assert np.abs(waves(RNG.uniform(-50, 50, (500, 2)), RNG)).max() <= 1


@given(st.integers(0, 12))
def test_flipping_changes_exactly_so_many_pixels_in_all_planes_and_twice_is_not_at_all(count):
    images = np.array([[[[0, 0.25, 1, 0.75]] * 3] * 2] * 4)
    flipped = flip(images, count, np.random.default_rng(5))
    changed = np.any(flipped != images, axis=1)
    assert np.all(changed.sum(axis=(1, 2)) == count)
    np.testing.assert_array_equal(flip(flipped, count, np.random.default_rng(5)), images)
    with pytest.raises(UsageError, match="13 of 12 pixels"):
        flip(images, 13, RNG)
