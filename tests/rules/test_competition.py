"""Who wins: the three competitions, and what they have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from kit import assert_close, on

from neuro_cnn.errors import UsageError
from neuro_cnn.rules import KWTA, Conscience, HardWTA, Ridge, SoftWTA
from neuro_cnn.rules.homeostasis import WinningShare

SHAPES = array_shapes(min_dims=2, max_dims=4, max_side=5)


def drives(shape, seed):
    """Drives without ties, some positions blank."""
    rng = np.random.default_rng(seed)
    blank = rng.random((shape[0], 1, *shape[2:])) < 0.2
    return np.where(blank, 0, rng.permutation(np.arange(1, np.prod(shape) + 1)).reshape(shape) / 7.0 - 3)


@given(SHAPES, st.integers(0, 99))
def test_hard_competition_is_argmax_and_blank_positions_have_no_winner(xp, shape, seed):
    drive = drives(shape, seed)
    g = np.asarray(HardWTA()(on(xp, drive)))
    seen = np.any(drive != 0, axis=1)
    np.testing.assert_array_equal(g.sum(axis=1), seen)
    np.testing.assert_array_equal(np.argmax(g, axis=1)[seen], np.argmax(drive, axis=1)[seen])


@given(SHAPES, st.integers(0, 99))
def test_soft_competition_becomes_hard_as_the_temperature_falls_to_0(xp, shape, seed):
    drive = on(xp, drives(shape, seed))
    assert_close(SoftWTA(1e-4)(drive), HardWTA()(drive))


@given(SHAPES, st.integers(0, 99), st.floats(0.05, 20))
def test_soft_competition_shares_one_chance_at_every_position_that_is_not_blank(xp, shape, seed, temperature):
    drive = drives(shape, seed)
    g = np.asarray(SoftWTA(temperature)(on(xp, drive)))
    assert g.min() >= 0
    np.testing.assert_allclose(g.sum(axis=1), np.any(drive != 0, axis=1), atol=1e-12)


@given(SHAPES, st.integers(0, 99))
def test_one_of_k_winners_is_hard_competition_and_k_of_k_are_all(xp, shape, seed):
    drive = on(xp, drives(shape, seed))
    assert_close(KWTA(1)(drive), HardWTA()(drive))
    seen = np.broadcast_to(np.any(np.asarray(drive) != 0, axis=1, keepdims=True), shape)
    np.testing.assert_array_equal(np.asarray(KWTA(shape[1])(drive)), seen)


@given(SHAPES, st.integers(0, 99), st.data())
def test_k_winners_are_the_k_largest(xp, shape, seed, data):
    drive, k = drives(shape, seed), data.draw(st.integers(1, shape[1]))
    won = np.asarray(KWTA(k)(on(xp, drive))) > 0
    rank = np.argsort(np.argsort(-drive, axis=1), axis=1)
    np.testing.assert_array_equal(won, (rank < k) & np.any(drive != 0, axis=1, keepdims=True))


@pytest.mark.parametrize("competition", [HardWTA(), KWTA(1)])
def test_ties_go_to_the_lowest_plane(competition):
    np.testing.assert_array_equal(competition(np.array([[1.0, 3.0, 3.0]])), [[0, 1, 0]])


def test_adding_one_number_to_all_drives_changes_no_competition():
    drive = drives((3, 4, 2), 0) + 0.5  # nothing is blank
    for competition in (HardWTA(), KWTA(2), SoftWTA(0.7)):
        assert_close(competition(drive + 5), competition(drive))


def test_a_plane_above_its_fair_share_loses_to_one_below_as_strength_grows():
    drive, state = np.array([[1.0, 0.9], [0.8, 0.7]]), WinningShare(np.array([0.9, 0.1]))
    assert [int(HardWTA()(Conscience(c).handicap(drive, state))[:, 1].sum()) for c in (0, 10)] == [0, 2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KWTA(0), "0 winners; there must be at least 1"),
        (lambda: KWTA(4)(np.ones((2, 3))), "4 winners among 3 planes; choose k up to the number of planes"),
        (lambda: SoftWTA(0), "temperature 0; it must be a positive number"),
        (lambda: SoftWTA(float("nan")), "temperature nan; it must be a positive number"),
        (lambda: Conscience(-1), "strength must be a number from 0 up"),
        (lambda: Conscience(float("inf")), "strength must be a number from 0 up"),
        (lambda: Conscience(memory=0), r"memory lie in \(0, 1\]"),
        (lambda: Ridge(()), "give at least one, all positive"),
        (lambda: Ridge((1.0, 0.0)), "give at least one, all positive"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message):
        make()
