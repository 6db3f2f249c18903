"""Enlarging by linear interpolation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Resize


def resized(image, layer):
    """One image, (H, W), on the retina."""
    x = np.asarray(image, np.float32)[None, None]
    return layer.respond(layer.init(x.shape[1:], np.random.default_rng(0)), x)[0, 0]


@given(old=st.integers(1, 9), new=st.integers(1, 30), seed=st.integers(0, 1000))
def test_rows_and_columns_are_interpolated_between_the_centres_of_pixels(old, new, seed):
    values = np.random.default_rng(seed).random(old)
    expected = np.interp((np.arange(new) + 0.5) / new, (np.arange(old) + 0.5) / old, values)
    for image, layer in ((values[:, None], Resize(new, 1)), (values[None], Resize(1, new))):
        np.testing.assert_allclose(resized(image, layer).ravel(), expected, atol=1e-6)


def test_the_border_is_dark_and_the_same_size_is_the_same_image():
    image = np.random.default_rng(0).random((5, 4))
    seen = resized(image, Resize(5, 4, margin=2))
    assert seen.shape == (9, 8)
    np.testing.assert_allclose(seen[2:-2, 2:-2], image, rtol=1e-6)
    assert np.count_nonzero(seen) == image.size


def test_turning_an_image_turns_the_enlarged_one():
    image = np.random.default_rng(1).random((6, 6))
    np.testing.assert_allclose(resized(np.rot90(image), Resize(13, 13)), np.rot90(resized(image, Resize(13, 13))), 1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resize(0, 3), "height is 0; it must be at least 1"),
        (lambda: Resize(3, -1), "width is -1; it must be at least 1"),
        (lambda: Resize(3, 3, -1), "margin of -1 pixels; give 0 or more"),
        (lambda: Resize(3, 3).init((10,), None), "meet a row of 10 units"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
