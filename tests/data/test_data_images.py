"""The checks at the door: what counts as labelled images, and the one line that refuses anything else."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neuro_cnn.data import Dataset, dataset
from neuro_cnn.errors import DataError

GREY = np.zeros((4, 5, 6), np.uint8)
LABELS = [0, 1, 2, 1]


def changed(value: float) -> np.ndarray:
    images = np.zeros((4, 1, 5, 6), np.float32)
    images[2, 0, 3, 4] = value
    return images


@given(arrays(np.uint8, (3, 2, 2)).filter(lambda grey: grey.max() != 1))
def test_grey_levels_are_divided_by_255(images):
    read = dataset(images, [0, 0, 1]).images
    assert read.dtype == np.float32
    np.testing.assert_array_equal(np.round(read[:, 0] * 255), images)
    np.testing.assert_allclose(read[:, 0], images / 255, rtol=1e-6)


@given(arrays(np.float32, (3, 1, 2, 2), elements=st.floats(0, 1, width=32)))
def test_floats_in_the_unit_interval_stay_as_they_are(images):
    np.testing.assert_array_equal(dataset(images, None).images, images)


@pytest.mark.parametrize(
    ("given_shape", "shape"),
    [
        ((4, 5, 6), (1, 5, 6)),
        ((4, 1, 5, 6), (1, 5, 6)),
        ((4, 3, 5, 6), (3, 5, 6)),
        ((4, 7, 5, 6), (7, 5, 6)),
        ((4, 5, 6, 3), (3, 5, 6)),
        ((4, 5, 6, 1), (1, 5, 6)),
        ((4, 3, 5, 3), (3, 5, 3)),  # ambiguous: planes first
    ],
)
def test_planes_come_before_rows_and_columns(given_shape, shape):
    read = dataset(np.zeros(given_shape, np.uint8), LABELS)
    assert read.shape == shape
    assert read.images.flags.c_contiguous


def test_colour_that_comes_last_is_moved_not_reshaped():
    images = np.random.default_rng(0).random((2, 4, 5, 3))
    np.testing.assert_array_equal(dataset(images, [0, 1]).images[1, 2], images[1, :, :, 2].astype(np.float32))


def test_classes_are_numbered_where_they_are_not_named():
    assert dataset(GREY, LABELS).classes == ("0", "1", "2")
    assert dataset(GREY, LABELS, ["a", "b", "c", "d"]).classes == ("a", "b", "c", "d")


def test_images_without_labels_are_unlabelled():
    read = dataset(GREY, None)
    assert read.labels.tolist() == [-1] * 4
    assert read.classes == ()
    assert read.labelled.size == 0


def test_take_keeps_images_and_labels_together():
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    taken = dataset(images, [0, 1, 2, 3]).take([3, 1])
    assert len(taken) == 2
    assert (taken.images[:, 0, 0, 0] * 255).round().tolist() == taken.labels.tolist() == [3, 1]
    assert taken.classes == ("0", "1", "2", "3")


def test_labelled_are_the_images_with_a_label():
    some = Dataset(np.zeros((3, 1, 2, 2), np.float32), np.array([-1, 0, 2]), ("0", "1", "2"))
    assert some.labelled.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (changed(np.nan), LABELS, "1 values are NaN or infinite, the first at index (2, 0, 3, 4)"),
        (changed(-np.inf), LABELS, "1 values are NaN or infinite, the first at index (2, 0, 3, 4)"),
        (changed(1.5), LABELS, "values go from 0 to 1.5; scale them to [0, 1]"),
        (changed(-0.25), LABELS, "values go from -0.25 to 0; scale them to [0, 1]"),
        (GREY.astype(np.int64), LABELS, "dtype int64 is neither uint8 (0 to 255) nor float (0 to 1)"),
        (GREY + np.eye(5, 6, dtype=np.uint8), LABELS, "uint8 values of 0 and 1 are all but black, for white is 255"),
        (np.zeros((4, 5, 6, 4)), LABELS, "shape (4, 5, 6, 4) has transparency last; drop it: images[..., :3]"),
        (GREY[0], LABELS, "shape (5, 6) is not that of images"),
        (GREY[:, None, None], LABELS, "shape (4, 1, 1, 5, 6) is not that of images"),
        (GREY[:0], [], "shape (0, 5, 6) is empty"),
        (GREY[:, :0], LABELS, "shape (4, 0, 6) is empty"),
        (GREY, LABELS[:3], "4 images but 3 labels"),
        (GREY, [0, 1, -2, 1], "label -2 is negative"),
        (GREY, [0, 1, -1, 1], "label -1 is negative; count from 0, and pass None for unlabelled images"),
        (GREY, [0.0, 1.0, 2.0, 1.0], "labels are float64, not integers"),
        (GREY, [True, False, True, True], "labels are bool, not integers"),
        (GREY, ["a", "b", "c", "d"], "not integers"),
        (GREY, np.eye(4, dtype=int), "labels (4, 4) look one-hot; pass class numbers: labels.argmax(axis=1)"),
        (GREY, np.zeros((4, 1), int), "labels have shape (4, 1); pass one class number an image: shape (4,)"),
        (GREY, [0, 1, 2, 10**9], "label 1000000000 is beyond 100000 classes"),
    ],
)
def test_what_is_not_labelled_images_is_refused_in_one_line(images, labels, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        dataset(images, labels, source="here")
    assert str(caught.value).startswith("here: ")
    assert "\n" not in str(caught.value)


def test_a_label_without_a_class_is_refused():
    with pytest.raises(DataError, match="label 2 is beyond 2 classes"):
        dataset(GREY, LABELS, ["a", "b"])


def test_classes_of_which_no_image_has_the_label_are_missing():
    images = np.zeros((5, 1, 3, 3), np.float32)
    some = Dataset(images, np.array([2, -1, 0, 2, -1]), ("a", "b", "c", "d"))
    assert some.missing == ("b", "d")
    assert some.take([1, 2]).missing == ("b", "c", "d")
    assert Dataset(images, np.full(5, -1), ()).missing == ()
