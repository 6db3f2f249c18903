"""Supervised winner-take-all: what labelled planes learn, and what the layer of them answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import LabelledCells, Rectified, SCells, Shunting, Subtractive
from neuro_cnn.rules import SupervisedWTA

RNG = np.random.default_rng(0)
LAYER = LabelledCells(3, SCells(100, 3, response=Subtractive(0.3)))


def maps(seed, count=30, side=3):
    """Images like the responses of C-cells: not negative, half of them silent; and labels."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((count, 2, side, side)), 0).astype(np.float32), rng.integers(0, 3, count)


def taught(images, labels, layer=LAYER, batch=1):
    """The params and state after one look at the images."""
    rule = SupervisedWTA()
    params, state = rule.start(layer, layer.init(images.shape[1:], RNG), images, RNG, 1)
    for first in range(0, len(images), batch):
        part = slice(first, first + batch)
        params, state = rule.update(layer, params, state, layer.forward(params, images[part])[1], labels[part], RNG)
    return rule.finish(layer, params, state), state


@given(seed=st.integers(0, 10_000))
def test_the_winner_of_the_right_class_learns_and_a_wrong_one_makes_a_plane(seed):
    images, labels = maps(seed)
    params, _ = taught(images, labels)
    c = params.fixed.surround.ravel().astype(float)
    sums, names = [], []
    for x, label in zip(images.reshape(len(images), -1).astype(float), labels, strict=True):
        s = [np.sum(c * w * x) / np.sqrt(np.sum(c * w * w) * np.sum(c * x * x)) for w in sums]
        winner = int(np.argmax(s)) if s and max(s) > 0.3 else -1
        if winner >= 0 and names[winner] == label:
            sums[winner] = sums[winner] + x
        else:
            sums.append(x)
            names.append(label)
    assert list(params.fixed.labels) == names
    expected = np.stack([c * w / np.sqrt(np.sum(c * w * w)) for w in sums])
    np.testing.assert_allclose(params.learned.weight.reshape(len(sums), -1), expected, atol=1e-5)


def test_a_plane_is_made_where_the_winner_was():
    """The pattern of class 0 comes back further right with the name of class 1: the new plane is tuned to it there."""
    images = np.zeros((2, 2, 3, 6), np.float32)
    images[0, :, :, :3] = images[1, :, :, 2:5] = RNG.random((2, 3, 3))
    images[1, 1, 0, 0] = 0.05
    layer = LabelledCells(2, SCells(9, 3, stride=(1, 2), pad=((0, 0), (0, 1)), response=Subtractive(0.3)))
    params, state = taught(images, np.array([0, 1]), layer)
    assert list(params.fixed.labels) == [0, 1]
    assert_close(params.learned.weight[1], params.learned.weight[0])
    assert state.lengths[1] == pytest.approx(state.lengths[0])


@given(seed=st.integers(0, 10_000), batch=st.integers(2, 9))
def test_what_is_learned_does_not_depend_on_how_images_are_batched(seed, batch):
    images, labels = maps(seed, side=4)
    assert_close(taught(images, labels, batch=batch), taught(images, labels))


def test_every_library_learns_the_same(xp):
    images, labels = maps(1, side=4)
    rule = SupervisedWTA()
    params, state = taught(images[:9], labels[:9])
    here, there = (
        rule.update(LAYER, p, s, LAYER.forward(p, x)[1], t, RNG)
        for p, s, x, t in ((params, state, images, labels), on(xp, (params, state, images, labels)))
    )
    assert_close((there[0].learned, there[0].fixed.labels, there[1]), (here[0].learned, here[0].fixed.labels, here[1]))


def test_a_class_answers_as_its_strongest_plane_wherever_that_is_and_without_planes_it_is_silent():
    images, _ = maps(2, side=5)
    params, _ = taught(images[:1, :, 1:4, 1:4], np.array([1]))
    y = LAYER.respond(params, images)
    assert not np.any(y[:, [0, 2]])
    np.testing.assert_array_equal(y[:, 1], LAYER.cells.respond(params, images).max(axis=(1, 2, 3)))
    assert y[0, 1] > 0


def test_a_full_layer_learns_on_and_blank_images_teach_nothing():
    images, labels = maps(3)
    layer = LabelledCells(3, SCells(4, 3, response=Subtractive(0.3)))
    params, state = taught(images, labels, layer)
    assert len(params.learned.weight) == len(params.fixed.labels) == 4
    rule, blank = SupervisedWTA(), layer.forward(params, 0 * images)[1]
    assert rule.update(layer, params, state, blank, labels, RNG) == (params, state)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="strength of the weights is 0; it must be positive"):
        SupervisedWTA(strength=0)
    layer = LabelledCells(3, SCells(4, 3, response=Rectified()))
    with pytest.raises(UsageError, match="set response = subtractive or shunting"):
        SupervisedWTA().start(layer, layer.init((1, 5, 5), RNG), maps(0)[0], RNG, 1)


def test_stronger_shunting_weights_make_responses_of_the_cosine_alone():
    images, labels = maps(4)
    layer = LabelledCells(3, SCells(100, 3, response=Shunting(0.5)))
    params, state = taught(images, labels, layer)
    strong = SupervisedWTA(strength=1e6).finish(layer, params, state)
    y = layer.respond(strong, images)
    np.testing.assert_allclose(layer.respond(strong, 10 * images), y, atol=1e-3)
    assert y.max() == pytest.approx(1, abs=0.1)
