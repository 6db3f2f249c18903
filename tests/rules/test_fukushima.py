"""Fukushima's reinforcement of 1980: who is a seed, and what it learns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Saturating, SCells, Shunting
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops import patches
from neuro_cnn.rules import Fukushima1980, SeedCells
from neuro_cnn.rules.fukushima import oriented

RNG = np.random.default_rng(0)


def seeds_one_by_one(u, side):
    """The definition, column by column: best cell of the column, at most one in a plane, ties to the first."""
    planes, height, width = u.shape
    best = {}
    for row in range(height - side + 1):
        for column in range(width - side + 1):
            cells = [
                (-u[k, row + i, column + j], k, row + i, column + j)
                for k in range(planes)
                for i in range(side)
                for j in range(side)
            ]
            value, k, i, j = min(cells)
            if -value > 0 and (k not in best or -value > best[k][0]):
                best[k] = (-value, i, j)
    return {(k, i, j) for k, (_, i, j) in best.items()}


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5), st.booleans())
def test_seed_cells_are_the_best_of_overlapping_columns_one_a_plane(seed, side, planes, coarse):
    rng = np.random.default_rng(seed)
    u = rng.standard_normal((planes, 5, 4))
    u = np.round(u) if coarse else u  # ties
    chosen = SeedCells(side)(u[None])[0]
    assert {tuple(place) for place in np.argwhere(chosen)} == seeds_one_by_one(u, side)


def test_seed_cells_are_the_same_over_every_array_library(xp):
    u = RNG.standard_normal((2, 3, 6, 5)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(SeedCells(3)(xp.asarray(u))), SeedCells(3)(u))


def test_a_silent_layer_has_no_seeds():
    assert SeedCells(2)(-np.ones((1, 3, 4, 4))).sum() == 0


def test_a_column_larger_than_the_map_is_refused():
    with pytest.raises(UsageError, match=r"S-columns of 5 x 5 are larger than the map of 4 x 4; make them smaller"):
        SeedCells(5)(np.ones((1, 2, 4, 4)))


@pytest.mark.parametrize("wrong", [{"q": 0.0}, {"q": -1.0}, {"q": 1.0, "initial": 0.0}])
def test_q_and_initial_weights_must_be_positive(wrong):
    with pytest.raises(UsageError, match="both must be positive"):
        Fukushima1980(**wrong)


def taught(images, q=16.0, r=1.5, planes=4, initial=1e-4):
    layer = SCells(planes, 3, response=Shunting(r, 0.8))
    rule = Fukushima1980(q, 2, initial)
    params, state = rule.start(layer, layer.init(images.shape[1:], RNG), images, RNG, len(images))
    for image in images:
        _, activity = layer.forward(params, image[None])
        params, state = rule.update(layer, params, state, activity, None, RNG)
    return layer, params


def test_the_increment_is_q_c_x_and_half_q_v_at_the_seeds():
    layer = SCells(3, 3, response=Shunting(1.5, 0.8))
    rule = Fukushima1980(2.0, 2)
    x = RNG.random((1, 2, 6, 6))
    params, state = rule.start(layer, layer.init((2, 6, 6), RNG), x, RNG, 1)
    y, activity = layer.forward(params, x)
    after, _ = rule.update(layer, params, state, activity, None, RNG)
    views = patches(x, 3)[0]  # (2, 3, 3, 4, 4)
    for k, i, j in np.argwhere(SeedCells(2)(y)[0]):
        view, c = views[..., i, j], params.fixed.surround[0]
        grown = after.learned.weight[k] - params.learned.weight[k]
        np.testing.assert_allclose(grown, 2 * c * view, rtol=1e-5)
        v = np.sqrt(np.sum(c * view**2))
        np.testing.assert_allclose(after.learned.inhibition[k] - params.learned.inhibition[k], v, rtol=1e-5)
    idle = set(range(3)) - {k for k, _, _ in np.argwhere(SeedCells(2)(y)[0])}
    assert all(np.array_equal(after.learned.weight[k], params.learned.weight[k]) for k in idle)


def test_weights_stay_excitatory_and_only_grow():
    images = RNG.random((5, 2, 6, 6))
    _, params = taught(images)
    assert np.all(params.learned.weight >= oriented((4, 2, 3, 3), 1e-4).astype(np.float32))
    assert np.all(params.learned.inhibition >= 0)


@given(st.integers(0, 10_000), st.floats(0.5, 8.0))
def test_a_cell_taught_one_pattern_fires_exactly_above_its_weighted_cosine(seed, r):
    rng = np.random.default_rng(seed)
    layer = SCells(1, 3, response=Shunting(r, 0.8))
    pattern, probe = rng.random((1, 1, 3, 3)), rng.random((1, 1, 3, 3))
    rule = Fukushima1980(1e6, 1)
    params, state = rule.start(layer, layer.init((1, 3, 3), rng), pattern, rng, 1)
    params = params._replace(learned=SWeights(*(leaf.astype(float) for leaf in params.learned)))
    params = params._replace(fixed=type(params.fixed)(params.fixed.surround.astype(float)))
    _, activity = layer.forward(params, pattern)
    params, _ = rule.update(layer, params, state, activity, None, rng)
    c = params.fixed.surround[0, 0]
    cosine = np.sum(c * pattern * probe) / np.sqrt(np.sum(c * pattern**2) * np.sum(c * probe**2))
    if abs(cosine - r / (1 + r)) > 1e-3:
        assert (layer.respond(params, probe).item() > 0) == (cosine > r / (1 + r))


def test_other_layers_are_refused():
    layer = SCells(2, 3)
    with pytest.raises(UsageError, match="set response = shunting"):
        Fukushima1980(1.0).start(layer, layer.init((1, 5, 5), RNG), np.ones((1, 1, 5, 5)), RNG, 1)


def test_saturating_c_cells_are_what_the_paper_says():
    x = RNG.random((2, 3, 4, 4))
    layer = CCells(2, 2, pool=Saturating(3.0, 0.5, 0.5))
    params = layer.init((3, 4, 4), None)
    d = params.fixed.blur.astype(float)
    assert d.sum() == pytest.approx(3.0)
    e = np.array(
        [
            [[[np.sum(d * x[n, k, i : i + 2, j : j + 2]) for j in (0, 2)] for i in (0, 2)] for k in range(3)]
            for n in (0, 1)
        ]
    )
    drive = (1 + e) / (1 + e.mean(axis=1, keepdims=True)) - 1
    expected = np.where(drive > 0, drive / (0.5 + drive), 0)
    np.testing.assert_allclose(layer.respond(params, x), expected, rtol=1e-6)
    assert np.all(layer.respond(params, 0 * x) == 0)
