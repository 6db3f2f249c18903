"""The health of a layer and the sparseness of a response, against counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kit import on

from neuro_cnn.data import load
from neuro_cnn.layers import Conv, Dense, Flatten, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Health, health, sparseness
from neuro_cnn.training import train

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


def test_the_health_line_names_a_cure_from_1_dead_unit_in_20():
    assert Health(20, (False,) * 20, 0.5).line("S1") == (
        "S1: 0 of 20 units dead (0.0 %), median nearest-filter cosine 0.50"
    )
    ill = Health(20, (True, *(False,) * 19), None).line("S1")
    assert ill.startswith("S1: 1 of 20 units dead (5.0 %); use fewer planes")


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
    state = health(net, progress.params, data.images, "S3")
    spare = progress.params["S3"].learned.inhibition == 0
    assert np.array_equal(state.spare, spare)
    assert 0 < spare.sum() < 24
    assert not np.any(np.array(state.dead) & spare)
    assert f"{spare.sum()} never learned" in state.line("S3")
