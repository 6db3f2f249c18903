"""The health of a layer and the sparseness of a response, against counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kit import on
from learning_examples import PROBLEMS, bars

from neuro_cnn.data import load
from neuro_cnn.layers import Conv, Dense, Flatten, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Health, health, sparseness
from neuro_cnn.physiology.learning.health import effective_rank
from neuro_cnn.training import train
from neuro_cnn.tree import tree_map

RNG = np.random.default_rng(0)


def layer_of(weight, bias=()):
    """A network of one convolution with these weights."""
    planes, _, size, _ = weight.shape
    return Chain((("S1", Conv(planes, size, bias=len(bias) > 0)),)), {"S1": Params(Weights(weight, bias))}


@pytest.mark.parametrize("count", [60, 510])
def test_dead_units_win_less_than_2_per_cent_of_their_fair_share_of_500_images(xp, count):
    weight = RNG.standard_normal((30, 2, 3, 3)).astype(np.float32)
    weight[:20] *= RNG.uniform(0, 0.3, (20, 1, 1, 1)).astype(np.float32)  # weak planes win seldom
    images = RNG.random((count, 2, 6, 6), dtype=np.float32)
    images[::3] = 0
    net, params = layer_of(weight)
    found = health(net, on(xp, params), images, "S1")
    drive = net.respond(params, images[np.arange(min(count, 500)) * count // min(count, 500)])
    wins = np.bincount(np.argmax(drive, axis=1)[np.any(drive != 0, axis=1)], minlength=30)
    assert found.dead == tuple(wins < 0.02 * wins.sum() / 30)
    assert 0 < sum(found.dead) < 30
    assert found.dead_units == sum(found.dead) / 30


def test_planes_of_the_last_class_are_not_dead_where_images_are_sorted_by_class():
    weight = np.eye(2, dtype=np.float32).reshape(2, 2, 1, 1)
    images = np.zeros((1200, 2, 3, 3), np.float32)
    images[:700, 0], images[700:, 1] = 1, 1
    assert health(*layer_of(weight), images, "S1").dead == (False, False)


def test_redundancy_is_the_median_cosine_of_each_filter_to_its_nearest_other():
    weight = RNG.standard_normal((7, 1, 3, 3)).astype(np.float32)
    weight[3], weight[5] = 2 * weight[1], 0
    found = health(*layer_of(weight), RNG.random((5, 1, 4, 4), dtype=np.float32), "S1")
    rows = [row.ravel() for row in weight]

    def cosine(a, b):
        return a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) if a.any() and b.any() else 0.0

    nearest = [max(cosine(a, b) for b in rows if b is not a) for a in rows]
    assert found.redundancy == pytest.approx(np.median(nearest), rel=1e-5)
    assert health(*layer_of(weight[:1]), RNG.random((5, 1, 4, 4)), "S1").redundancy is None


def test_where_nothing_is_seen_all_are_dead_even_with_a_bias():
    weight, bias = np.ones((3, 1, 2, 2), np.float32), np.array([1, 2, 3], np.float32)
    assert health(*layer_of(weight, bias), np.zeros((4, 1, 5, 5), np.float32), "S1").dead == (True, True, True)


def test_the_health_of_units_in_a_row():
    net = Chain((("flat", Flatten()), ("S1", Dense(3, bias=False))))
    params = {"flat": Params(), "S1": Params(Weights(np.array([[1.0, 0], [0, 1], [-1, -1]])))}
    images = np.array([[[[1.0, 0.5]]], [[[0.2, 0.9]]]])
    assert health(net, params, images, "S1").dead == (False, False, True)


def test_the_win_entropy_is_1_where_all_planes_win_alike_and_0_where_one_takes_all():
    weight = np.eye(4, dtype=np.float32).reshape(4, 4, 1, 1)
    images = np.zeros((8, 4, 2, 2), np.float32)
    images[:, 0] = 1
    assert health(*layer_of(weight), images, "S1").win_entropy == 0
    for plane in range(4):
        images[2 * plane : 2 * plane + 2] = np.eye(4)[plane][:, None, None]
    assert health(*layer_of(weight), images, "S1").win_entropy == pytest.approx(1)
    images[4:] = images[:1]  # shares 3/4 and 1/4
    found = health(*layer_of(weight), images, "S1").win_entropy
    assert found == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(4))
    assert health(*layer_of(weight[:1]), images, "S1").win_entropy is None


@given(st.integers(1, 6), st.integers(1, 6))
def test_the_effective_rank_counts_the_directions_that_weights_span_alike(rank, more):
    basis = np.linalg.qr(np.random.default_rng(rank).standard_normal((rank + more, rank)))[0].T  # (rank, D)
    assert effective_rank(basis) == pytest.approx(rank)
    assert effective_rank(np.repeat(7 * basis, 3, axis=0)) == pytest.approx(rank)


def test_the_effective_rank_of_two_unequal_directions_is_the_exponential_of_their_entropy():
    assert effective_rank(np.diag([3.0, 1.0])) == pytest.approx(np.exp(0.75 * np.log(4 / 3) + 0.25 * np.log(4)))
    assert effective_rank(np.zeros((2, 3))) is None


def test_the_numbers_of_health_hold_the_distribution_of_norms_and_cosines():
    weight = (np.arange(1, 6, dtype=np.float32)[:, None] * np.ones(4, np.float32) / 2).reshape(5, 1, 2, 2)
    found = health(*layer_of(weight), RNG.random((5, 1, 4, 4), dtype=np.float32), "S1").numbers()
    assert [found[f"norm_{part}"] for part in ("min", "q1", "median", "q3", "max")] == [1, 2, 3, 4, 5]
    assert (found["cosine_min"], found["cosine_max"]) == (pytest.approx(1), pytest.approx(1))
    assert (found["effective_rank"], found["relative_rank"]) == (pytest.approx(1), pytest.approx(1 / 4))
    assert (found["planes"], found["never_learned"], found["dead_units"]) == (5, 0, 0.8)


@pytest.mark.parametrize("name", ["hebbian, ridge", "neocognitron", "two layers of softhebb"])
def test_permuting_the_planes_changes_no_number_of_a_layers_health(name):
    net, curriculum = PROBLEMS[name]
    data = bars()
    *_, progress = train(net, curriculum, data, seed=0)
    params = progress.params
    before = health(net, params, data.images, "S1")
    order = np.random.default_rng(1).permutation(before.planes)
    moved = params["S1"]._replace(learned=tree_map(lambda leaf: leaf[order], params["S1"].learned))
    after = health(net, {**params, "S1": moved}, data.images, "S1")
    assert after.numbers() == {key: pytest.approx(value, rel=1e-5) for key, value in before.numbers().items()}
    np.testing.assert_array_equal(after.wins, before.wins[order])


def state(wins=(5,) * 20, cosine=0.5, norms=1.0, **more):
    """The health of planes that win so often."""
    count = len(wins)
    given = {"spare": np.zeros(count, bool), "rank": 9.5, "full_rank": 16} | more
    return Health(np.array(wins), np.full(count, cosine), np.broadcast_to(norms, count), **given)


def test_a_healthy_layers_line_has_numbers_only():
    assert state().line("S1") == (
        "S1: 0 of 20 units dead (0.0 %), median nearest-filter cosine 0.50, win entropy 1.00, rank 9.5 of 16, norm 1"
    )
    assert state().warnings == ()
    assert "norms 0.5 to 2" in state(norms=np.linspace(0.5, 2, 20)).line("S1")


@pytest.mark.parametrize(
    ("ill", "well", "symptom"),
    [
        (state((0, *(5,) * 19)), state((0, *(5,) * 20)), "dead planes: use initial=data"),
        (state(cosine=0.95), state(cosine=0.949), "filters alike: "),
        (state(norms=11.0), state(norms=10.0), "norms far from 1: "),
        (state(norms=[1.0] * 19 + [10.1]), state(norms=[1.0] * 19 + [10.0]), "norms far from 1: "),
        (state(norms=[1.0] * 19 + [0.09]), state(norms=[1.0] * 19 + [0.11]), "norms far from 1: "),
        (state(norms=100.0), state(norms=100.0, inhibited=True), "norms far from 1: "),
        (state((0,) * 20), state(), "blank input: "),
    ],
)
def test_the_health_line_names_each_symptom_with_its_cure(ill, well, symptom):
    assert [text.startswith(symptom) for text in ill.warnings] == [True]
    assert ill.line("S1").endswith(f"; {ill.warnings[0]}")
    assert well.warnings == ()


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-10, 10, width=16)))
def test_sparseness_lies_between_0_and_1_and_knows_no_scale(response):
    found = sparseness(response)
    assert -1e-12 <= found <= 1
    assert sparseness(-3 * response) == pytest.approx(found, abs=1e-9)


def test_sparseness_of_one_cell_of_n_is_1_minus_1_over_n_and_of_equal_cells_0():
    assert sparseness(np.eye(8)[0]) == pytest.approx(7 / 8)
    assert sparseness(np.full((2, 3), 0.7)) == pytest.approx(0)
    assert sparseness(np.zeros(4)) == 0


def test_planes_that_were_never_a_seed_are_spare_and_not_dead():
    data = load("glyphs:01234,shift=2,count=4").train
    net, curriculum = build("neocognitron-1980", data.shape, 5)
    *_, progress = train(net, curriculum, data, seed=0)
    found = health(net, progress.params, data.images, "S3")
    spare = progress.params["S3"].learned.inhibition == 0
    assert np.array_equal(found.spare, spare)
    assert 0 < spare.sum() < 24
    assert not np.any(np.array(found.dead) & spare)
    assert f"{spare.sum()} never learned" in found.line("S3")
    learned = progress.params["S3"].learned.weight[~spare]
    assert found.numbers()["norm_max"] == pytest.approx(np.linalg.norm(learned.reshape(len(learned), -1), axis=1).max())
    assert found.rank <= found.full_rank == len(learned)
