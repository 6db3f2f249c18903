"""Lesions: what a silenced plane is, against networks without it; orders; and class selectivity by hand."""

import sys

import numpy as np
import pytest
from kit import TOLERANCE

from neuro_cnn.data import dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.models import build
from neuro_cnn.physiology import class_selectivity, lesions
from neuro_cnn.tree import tree_map

RNG = np.random.default_rng(0)
SHAPE = (1, 10, 10)
NET, _ = build("INPUT -> CONV(5) -> RELU -> POOL -> FC", SHAPE, 3)
PARAMS = NET.init(SHAPE, 1)
FIRST, RECTIFIED, POOLED, OUT = NET.names[0], NET.names[1], NET.names[2], NET.names[-1]


def images(count, labels=3):
    return dataset(RNG.random((count, *SHAPE), np.float32), RNG.integers(0, labels, count), ["a", "b", "c"])


TEST, TRAINING = images(70), images(40)


def finished(steps):
    """What a generator returns, and how many times it yielded."""
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


def without(planes):
    """The network whose first layer has no weights in these planes, so that they never respond."""

    def cut(leaf):
        leaf = leaf.copy()
        leaf[list(planes)] = 0
        return leaf

    return {**PARAMS, FIRST: tree_map(cut, PARAMS[FIRST])}


@pytest.fixture(scope="module")
def found():
    return finished(lesions(NET, PARAMS, RECTIFIED, TEST, TRAINING, seeds=3))[0]


def test_a_silenced_plane_is_one_that_has_no_weights(found):
    expected = [accuracy(NET, without([plane]), TEST) for plane in range(5)]
    assert found.alone == pytest.approx(expected, abs=TOLERANCE["float32"])
    assert found.intact == pytest.approx(accuracy(NET, PARAMS, TEST))
    assert len(set(expected)) > 1  # so that the test can fail


def test_sets_grow_from_none_to_all_in_the_order_of_selectivity(found):
    assert found.counts.tolist() == list(range(6))
    most = np.argsort(-found.selectivity)
    for order, curve in ((most, found.most), (most[::-1], found.least)):
        expected = [accuracy(NET, without(order[:count]), TEST) for count in range(6)]
        assert curve == pytest.approx(expected, abs=TOLERANCE["float32"])
    assert found.random.shape == (3, 6)
    assert found.random[:, 0] == pytest.approx(np.full(3, found.intact))
    assert found.random[:, -1] == pytest.approx(np.full(3, found.most[-1]))
    assert len({tuple(curve) for curve in found.random}) > 1


def test_the_same_is_found_whatever_the_batch_and_every_batch_is_told_of(found, monkeypatch):
    monkeypatch.setattr(
        sys.modules["neuro_cnn.physiology.population.lesions"], "BATCH", 16
    )  # its function has the same name
    again, batches = finished(lesions(NET, PARAMS, RECTIFIED, TEST, TRAINING, seeds=3))
    assert batches == 5
    assert again.alone == pytest.approx(found.alone)
    assert again.random == pytest.approx(found.random)
    assert again.selectivity == pytest.approx(found.selectivity)


def test_class_selectivity_is_largest_against_the_rest_over_their_sum():
    responses = NET.respond(PARAMS, TRAINING.images, stop=POOLED).mean(axis=(2, 3))
    means = np.stack([responses[TRAINING.labels == label].mean(axis=0) for label in range(3)])
    for plane, found in enumerate(class_selectivity(NET, PARAMS, RECTIFIED, TRAINING)):
        largest = means[:, plane].max()
        rest = (means[:, plane].sum() - largest) / 2
        assert found == pytest.approx((largest - rest) / (largest + rest), rel=1e-5)


def test_selectivity_is_1_for_one_class_0_for_all_alike_and_unknown_for_a_silent_plane_which_goes_last():
    shown = np.zeros((6, *SHAPE), np.float32)
    shown[:2] = 1  # class a is white, b and c are black
    data = dataset(shown, np.arange(6) // 2, ["a", "b", "c"])
    weights = PARAMS[FIRST].learned
    weight, bias = np.zeros_like(weights.weight), np.zeros_like(weights.bias)
    weight[3], bias[1] = 1, 1
    params = {**PARAMS, FIRST: PARAMS[FIRST]._replace(learned=weights._replace(weight=weight, bias=bias))}
    chosen = class_selectivity(NET, params, RECTIFIED, data)
    assert chosen[[3, 1]] == pytest.approx([1, 0])
    assert np.isnan(chosen[[0, 2, 4]]).all()
    found = finished(lesions(NET, params, RECTIFIED, data, data))[0]
    assert found.silent.tolist() == [True, False, True, False, True]
    assert found.alone[found.silent] == pytest.approx(np.full(3, found.intact))
    assert found.most[2:] == pytest.approx(np.full(4, found.most[2]))  # nothing answers any more
    assert found.least[2] == pytest.approx(found.most[2])


def test_what_has_nothing_to_lose_is_refused():
    def refused(layer, test=TEST, training=TRAINING):
        with pytest.raises(UsageError) as error:
            next(lesions(NET, PARAMS, layer, test, training))
        return str(error.value)

    assert "unknown layer 'relu'" in refused("relu")
    assert "last layer" in refused(OUT)
    assert "rectified" in refused(FIRST)
    assert "no image has a label" in refused(RECTIFIED, dataset(TEST.images, None))
    assert "two or more" in refused(RECTIFIED, training=images(9, 1))
