"""Scores, accuracy, accuracy under shift and the confusion matrix, against the plain definitions."""

import numpy as np
import pytest
from kit import on
from learning_examples import PROBLEMS, bars

import neuro_cnn as nc
from neuro_cnn.data.deform import shift
from neuro_cnn.evaluate import accuracy, accuracy_under, confusion, predict, right
from neuro_cnn.tree import leaves

NET, _ = PROBLEMS["backprop"]
DATA = bars(300)
PARAMS = NET.init(DATA.shape, 3)


@pytest.mark.parametrize("count", [1, 249, 250, 251, 300])
def test_scores_are_the_responses_of_the_last_layer_however_many_images(count):
    expected = np.concatenate([NET.respond(PARAMS, image[None]) for image in DATA.images[:count]])
    np.testing.assert_allclose(predict(NET, PARAMS, DATA.images[:count]), expected, rtol=1e-4, atol=1e-5)


def test_scores_come_to_host_memory_from_every_library(xp):
    scores = predict(NET, on(xp, PARAMS), DATA.images[:9])
    assert isinstance(scores, np.ndarray)
    np.testing.assert_allclose(scores, predict(NET, PARAMS, DATA.images[:9]), rtol=1e-4, atol=1e-5)


def test_the_response_below_a_layer_can_be_asked_for():
    below = predict(NET, PARAMS, DATA.images, stop="C1")
    np.testing.assert_array_equal(below, NET.respond(PARAMS, DATA.images, stop="C1"))
    assert nc.predict is predict


def test_accuracy_is_the_share_of_largest_scores_at_the_label():
    answers = np.argmax(predict(NET, PARAMS, DATA.images), axis=1)
    assert accuracy(NET, PARAMS, DATA) == np.mean(answers == DATA.labels)
    assert right(np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)


def test_where_several_scores_are_largest_one_guess_of_so_many_is_right():
    scores = np.array([[0.0, 0, 0, 0], [2, 2, 1, 0], [0, 1, 1, 0], [-np.inf] * 4])
    assert right(scores, np.array([3, 1, 0, 2])) == pytest.approx((1 / 4 + 1 / 2 + 0 + 1 / 4) / 4)


@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_accuracy_under_shift_is_the_mean_over_four_directions_with_zero_fill(pixels):
    moves = [(pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)]
    scores = [predict(NET, PARAMS, shift(DATA.images, *move)) for move in moves]
    expected = np.mean([right(part, DATA.labels) for part in scores])
    assert accuracy_under(NET, PARAMS, DATA, "shift", pixels) == pytest.approx(expected)


def test_the_confusion_matrix_counts_labels_by_answers():
    scores = np.eye(3)[[0, 1, 1, 2, 0]]
    labels = np.array([0, 1, 2, 2, 2])
    np.testing.assert_array_equal(confusion(scores, labels, 3), [[1, 0, 0], [0, 1, 0], [1, 1, 1]])
    found = confusion(predict(NET, PARAMS, DATA.images), DATA.labels, 3)
    assert np.trace(found) / 300 == accuracy(NET, PARAMS, DATA)


def test_nothing_is_changed_by_looking():
    before = [leaf.copy() for _, leaf in leaves(PARAMS)]
    accuracy_under(NET, PARAMS, DATA, "shift", 1)
    for (_, now), then in zip(leaves(PARAMS), before, strict=True):
        np.testing.assert_array_equal(now, then)
