"""The laws of splitting: seeded by the split alone, stratified, disjoint and nested."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_cnn.data.splits import Pool, halves, hide, ranks, stratified, subset

LABELS = st.lists(st.integers(0, 4), min_size=10, max_size=60).map(np.array)
SEEDS = st.integers(0, 1000)


def places_of(labels: np.ndarray, seed: int) -> np.ndarray:
    return ranks(labels, np.random.default_rng(seed))


def pool_of(labels: np.ndarray, n_train: int | None, together: int = 1) -> Pool:
    classes = tuple(map(str, range(labels.max() + 1)))
    return Pool(np.zeros((len(labels), 1, 1, 1), np.uint8), labels, classes, n_train, together)


@given(LABELS, SEEDS)
def test_ranks_number_each_class_from_zero(labels, seed):
    places = places_of(labels, seed)
    for label in np.unique(labels):
        mine = np.sort(places[labels == label])
        np.testing.assert_array_equal(mine, np.arange(len(mine)))


@given(LABELS, SEEDS, st.data())
def test_every_beginning_holds_each_class_in_its_share(labels, seed, data):
    size = data.draw(st.integers(1, len(labels)))
    taken = labels[stratified(labels, places_of(labels, seed))[:size]]
    shares = np.bincount(labels, minlength=5) * size / len(labels)
    assert np.abs(np.bincount(taken, minlength=5) - shares).max() <= (len(np.unique(labels)) + 1) / 2


@given(st.integers(1, 20), SEEDS)
def test_a_class_of_one_image_stands_in_the_middle(half, seed):
    labels = np.array([0] * half + [1] + [0] * half)
    assert stratified(labels, places_of(labels, seed)).tolist().index(half) == half


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), SEEDS)
def test_equal_classes_are_taken_equally(classes, size, taken_size, seed):
    labels = np.repeat(np.arange(classes), size)
    taken_size = min(taken_size, size)
    taken = labels[stratified(labels, places_of(labels, seed))[: classes * taken_size]]
    assert np.bincount(taken).tolist() == [taken_size] * classes


@given(LABELS, SEEDS, st.data())
def test_a_smaller_subset_lies_within_a_larger_one(labels, seed, data):
    small, large = sorted(data.draw(st.lists(st.integers(1, len(labels)), min_size=2, max_size=2)))
    places = places_of(labels, seed)
    smaller, larger = (subset(labels, places, size, "x") for size in (small, large))
    assert len(smaller) == small
    assert set(smaller) <= set(larger)
    assert (np.diff(larger) > 0).all()


@given(st.integers(1, 6), st.integers(1, 9), SEEDS, st.data())
def test_fewer_labels_lie_within_more(classes, size, seed, data):
    labels = np.repeat(np.arange(classes), size)
    few, many = sorted(data.draw(st.lists(st.integers(1, size), min_size=2, max_size=2)))
    names = tuple(map(str, range(classes)))
    fewer, more = (hide(labels, places_of(labels, seed), count, names, "x") for count in (few, many))
    assert np.bincount(fewer[fewer >= 0]).tolist() == [few] * classes
    assert set(np.flatnonzero(fewer >= 0)) <= set(np.flatnonzero(more >= 0))
    np.testing.assert_array_equal(more[more >= 0], labels[more >= 0])


@given(LABELS, st.integers(0, 5), st.data())
def test_the_two_sides_share_no_image_and_leave_none_out(labels, split, data):
    n_train = data.draw(st.integers(1, len(labels) - 1))
    train, test = halves(pool_of(labels, n_train), split, "x")
    assert len(train) == n_train
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(labels)))


@given(LABELS, st.data())
def test_split_0_is_the_shipped_one(labels, data):
    n_train = data.draw(st.integers(1, len(labels) - 1))
    train, test = halves(pool_of(labels, n_train), 0, "x")
    np.testing.assert_array_equal(np.concatenate([train, test]), np.arange(len(labels)))
    assert len(train) == n_train


@given(st.integers(0, 50))
def test_a_fifth_of_each_class_is_tested_where_no_split_was_shipped(split):
    labels = np.repeat([0, 1, 2], [10, 20, 30])
    _, test = halves(pool_of(labels, None), split, "x")
    assert np.bincount(labels[test]).tolist() == [2, 4, 6]


@settings(max_examples=20)
@given(st.integers(0, 50))
def test_images_that_belong_together_fall_on_the_same_side(split):
    labels = np.full(12, -1)
    data = Pool(np.zeros((12, 1, 1, 1), np.uint8), labels, (), n_train=8, together=4)
    train, test = halves(data, split, "x")
    assert set(train // 4).isdisjoint(test // 4)
    assert (len(train), len(test)) == (8, 4)


@given(st.integers(1, 50))
def test_groups_of_images_are_stratified_by_their_class(split):
    labels = np.repeat([0, 1], 8)
    train, test = halves(pool_of(labels, 8, together=2), split, "x")
    assert np.bincount(labels[train]).tolist() == np.bincount(labels[test]).tolist() == [4, 4]


def test_a_split_is_drawn_from_its_number_alone():
    data = pool_of(np.repeat(np.arange(3), 20), 40)
    again = [halves(data, split, "x")[1].tolist() for split in (1, 1, 2, 3)]
    assert again[0] == again[1]
    assert len({tuple(test) for test in again}) == 3


def test_a_class_of_one_image_cannot_be_split():
    with pytest.raises(ValueError, match="x: class '1' has 1 image; train and test need 2 or more a class"):
        halves(pool_of(np.array([0, 0, 0, 1]), None), 0, "x")
