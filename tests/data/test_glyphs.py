"""Stick digits and letters: drawn the same every time, and varied only as far as asked."""

import numpy as np
import pytest

from neuro_cnn.data import deform, load
from neuro_cnn.data.glyphs import STROKES, Glyphs, Variation, parse, pattern, vary
from neuro_cnn.errors import UsageError


def test_every_glyph_is_drawn_inside_the_image_and_differs_from_all_others():
    drawn = {character: pattern(character) for character in STROKES}
    assert all(image.shape == (16, 16) and set(np.unique(image)) == {0, 1} for image in drawn.values())
    assert all(
        image[0].sum() == image[-1].sum() == image[:, 0].sum() == image[:, -1].sum() == 0 for image in drawn.values()
    )
    assert len({image.tobytes() for image in drawn.values()}) == len(STROKES)


@pytest.mark.parametrize("character", "0X")
def test_without_variation_a_glyph_is_its_pattern(character):
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(vary(character, Variation(shift=0), rng), pattern(character))


def test_a_shifted_glyph_is_the_pattern_shifted_by_at_most_so_many_pixels():
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(60):
        image = vary("2", Variation(shift=1), rng)
        offsets = [
            (down, right)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if np.array_equal(image, deform.shift(pattern("2")[None, None], down, right)[0, 0])
        ]
        assert len(offsets) == 1
        seen.add(offsets[0])
    assert len(seen) == 9


def test_flips_change_exactly_so_many_pixels():
    image = vary("7", Variation(shift=0, flip=8), np.random.default_rng(2))
    assert np.sum(image != pattern("7")) == 8


@pytest.mark.parametrize("how", [Variation(0, scale=0.2), Variation(0, rotate=20), Variation(0, elastic=1.5)])
def test_scale_rotation_and_bending_keep_a_glyph_of_about_its_length(how):
    images = [vary("S", how, np.random.default_rng(seed)) for seed in range(20)]
    lengths = [image.sum() / pattern("S").sum() for image in images]
    assert len({image.tobytes() for image in images}) > 10
    assert 0.6 < min(lengths) < max(lengths) < 1.5


def test_load_presents_the_named_characters_in_turn():
    data = load("glyphs:XYTZ,shift=1,count=5")
    assert data.train.images.shape == (20, 1, 16, 16)
    assert data.train.classes == ("X", "Y", "T", "Z")
    assert data.train.labels.tolist() == [0, 1, 2, 3] * 5
    again = load("glyphs:XYTZ,shift=1,count=5")
    np.testing.assert_array_equal(data.train.images, again.train.images)
    assert load("glyphs").train.classes == tuple("0123456789")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("01,shfit=2", "unknown setting of glyphs 'shfit'; did you mean 'shift'?"),
        ("0a", "no glyph is drawn for 'a'; there is 0123"),
        ("00", "none of them twice"),
        (",shift=1", "name at least one character"),
        ("01,shift=-1", "shift = -1; it must not be negative"),
        ("01,count=0", "count = 0"),
        ("01,scale=wide", "scale = 'wide'; give a number"),
        ("01,scale=nan", "scale = 'nan'; give a finite number"),
        ("01,shift=1.5", "shift = '1.5'; give a whole number"),
        ("01,shift=1,shift=2", "shift named twice"),
        ("01,flip=300", "flip = 300: give .* a flip of at most 256"),
    ],
)
def test_what_cannot_be_drawn_is_named(text, words):
    with pytest.raises(UsageError, match=words):
        load(f"glyphs:{text}")


def test_settings_are_read_by_name():
    assert parse("AB,elastic=1.5,flip=3") == Glyphs("AB", Variation(elastic=1.5, flip=3))
    assert parse("") == Glyphs("0123456789", Variation())


@pytest.mark.parametrize("name", ["glyphs", "glyphs:01234,shift=2,count=20", "glyphs:XYTZ,shift=1,flip=3,count=50"])
@pytest.mark.parametrize("split", [0, 1])
def test_no_test_image_is_a_training_image(name, split):
    data = load(name, split=split)
    learned = {image.tobytes() for image in data.train.images}
    assert not any(image.tobytes() in learned for image in data.test.images)


def test_every_split_is_drawn_anew():
    first, second = (load("glyphs", split=split).train.images for split in (0, 1))
    assert not np.array_equal(first, second)


def test_variations_that_are_used_up_are_an_error_and_none_at_all_is_one_image_of_each():
    with pytest.raises(UsageError, match="leave no '0' for the test that is not learned; lower count or vary more"):
        load("glyphs:01,shift=1,count=200")
    still = load("glyphs:01,shift=0,count=5")
    assert np.array_equal(still.test.images, still.train.images[:2])
