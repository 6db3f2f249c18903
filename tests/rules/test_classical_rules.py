"""Where the classical rules come to rest, and what their parts do by themselves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from scipy.linalg import eigh, subspace_angles
from scipy.ndimage import correlate1d

from neuro_cnn import ops
from neuro_cnn.check import check
from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense, Flatten, ReLU, SCells, Shunting, StandardizedConv
from neuro_cnn.network import Chain
from neuro_cnn.ops.kernels import gaussian
from neuro_cnn.ops.normalize import plane_products, unit_norm
from neuro_cnn.rules import (
    BCM,
    KWTA,
    AdaptiveThreshold,
    AntiHebbian,
    Centre,
    EqualPower,
    Everyone,
    HardWTA,
    Hebbian,
    Instar,
    KMeans,
    KrotovHopfield,
    NormDependentRate,
    PerImage,
    Sanger,
    SeedCells,
    SoftHebb,
    SoftWTA,
    Surround,
    Trace,
    TrackedMoments,
    UnitNorm,
    Whiten,
)
from neuro_cnn.rules.homeostasis import Tracked
from neuro_cnn.rules.lateral import Lateral
from neuro_cnn.rules.positions import at_views, drawn_views
from neuro_cnn.schedule import Linear
from neuro_cnn.training import train
from neuro_cnn.tree import tree_map

RNG = np.random.default_rng(5)


def learned(rule, layer, x, updates, batches=lambda x, step: x):
    """A layer's params and the rule's state after so many updates."""
    rng = np.random.default_rng(0)
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init(x.shape[1:], rng))
    params, state = rule.start(layer, params, x, rng, updates)
    for step in range(updates):
        batch = batches(x, step)
        params, state = rule.update(layer, params, state, rule.sees(layer, params, batch, rng), None, rng)
    return rule.finish(layer, params, state), state


def views(x, size, stride=1, pad=0):
    """All views of a batch, one a row: (M, D)."""
    each = np.moveaxis(ops.patches(x, size, stride, pad), (4, 5), (1, 2))
    return each.reshape(-1, int(np.prod(each.shape[3:])))


# Plasticity


@pytest.mark.parametrize(("layer", "shape"), [(Dense(4), (6,)), (Conv(4, (2, 3), stride=(1, 2), pad=1), (2, 5, 5))])
def test_sanger_finds_the_first_k_principal_directions_in_their_order(layer, shape):
    x = RNG.standard_normal((60, *shape)) * np.linspace(0.3, 1.6, shape[-1])
    rows = x if x.ndim == 2 else views(x, (2, 3), (1, 2), 1)
    _, directions = eigh(rows.T @ rows / len(rows))
    found = learned(Hebbian(0.2, Everyone(), Sanger(), ()), layer, x, 3000)[0].learned.weight.reshape(4, -1)
    expected = directions[:, ::-1][:, :4].T
    np.testing.assert_allclose(np.abs(np.sum(found * expected, axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-3)


def test_centred_views_give_sanger_the_components_of_the_covariance():
    x = RNG.standard_normal((60, 1, 7, 7)) * np.linspace(0.3, 1.6, 7) + 3
    layer = StandardizedConv(3, 3)
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init(x.shape[1:], np.random.default_rng(0)))
    centre, rng = Centre(positions=1.0), np.random.default_rng(0)
    params, state = centre.start(layer, params, x, rng, 1)
    params, state = centre.update(layer, params, state, centre.sees(layer, params, x, rng), None, rng)
    params = centre.finish(layer, params, state)
    rule = Hebbian(0.2, Everyone(), Sanger(), ())
    params, state = rule.start(layer, params, x, rng, 2000)
    for _ in range(2000):
        params, state = rule.update(layer, params, state, layer.forward(params, x)[1], None, rng)
    rows = views(x, 3)
    rows = rows - rows.mean(axis=1, keepdims=True)
    _, directions = eigh(np.cov(rows.T, bias=True))
    assert subspace_angles(params.learned.weight.reshape(3, -1).T, directions[:, -3:]).max() < 1e-6


def test_bcm_becomes_selective_for_one_of_several_patterns():
    patterns = np.array([[1.0, 0.2, 0.1, 0.3], [0.2, 1.0, 0.3, 0.1], [0.1, 0.3, 1.0, 0.2], [0.3, 0.1, 0.2, 1.0]])
    rule = Hebbian(0.05, Everyone(), BCM(0.5), (), initial="positive")
    chosen = []
    for seed in range(4):
        layer, rng = Dense(1), np.random.default_rng(seed)
        params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init((4,), rng))
        params, state = rule.start(layer, params, patterns, rng, 2000)
        for _ in range(2000):
            params, state = rule.update(layer, params, state, layer.forward(params, patterns)[1], None, rng)
        answers = np.sort(np.maximum(layer.respond(params, patterns)[:, 0], 0))
        chosen.append(int(np.argmax(layer.respond(params, patterns))))
        # at rest theta = E[y^2] = y^2 / 4 of the one pattern: y = theta = 4   Bienenstock, Cooper & Munro 1982
        np.testing.assert_allclose(answers, [0, 0, 0, 4], atol=1e-3)
    assert len(set(chosen)) > 1


def test_krotov_hopfield_moves_the_first_towards_the_view_and_the_kth_away():
    u = np.array([[3.0, 1.0, 2.0, -1.0]])
    factor, decay, _ = KrotovHopfield(0.4)(KWTA(3)(u), u, None)
    np.testing.assert_allclose(factor, [[1, -0.4, 0, 0]])
    np.testing.assert_allclose(decay, [3, -0.4, 0, 0])


def test_krotov_hopfield_among_one_winner_only_learns():
    u = np.array([[3.0, 1.0]])
    np.testing.assert_allclose(KrotovHopfield()(HardWTA()(u), u, None)[0], [[1, 0]])


class NoneTurnsAway(SoftHebb):
    """SoftHebb whose losers learn like the winner."""

    def __call__(self, g, u, weight, state=()):
        return g, np.sum(g * u, axis=0), state


def test_without_the_losers_sign_softhebbs_planes_become_one():
    groups = np.abs(np.random.default_rng(0).standard_normal((5, 9))) ** 3
    x = unit_norm(np.repeat(groups, 12, axis=0) + 0.1 * RNG.random((60, 9)))
    apart, alike = (
        learned(Hebbian(0.1, SoftWTA(), plasticity, initial="positive"), Dense(5), x, 400)[0].learned.weight
        for plasticity in (SoftHebb(), NoneTurnsAway())
    )
    off = ~np.eye(5, dtype=bool)
    assert (alike @ alike.T)[off].min() > 0.99
    assert (apart @ apart.T)[off].mean() < 0.3


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(1, 7), st.floats(0.05, 1))
def test_a_trace_is_the_running_mean_of_its_sequence_whatever_the_batches(sizes, length, share):
    g = np.random.default_rng(len(sizes)).random((sum(sizes), 3, 2))
    expected, before = [], None
    for t, now in enumerate(g):
        before = share * now + (0 if t % length == 0 else (1 - share) * before)
        expected.append(before)
    rule, weight = Trace(length, share), np.zeros((3, 4, 1))
    state, found = rule.start(weight), []
    for start, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        factor, decay, state = rule(g[start : start + size], None, weight, state)
        np.testing.assert_allclose(decay, factor.sum(axis=(0, 2)))
        found.append(factor)
    np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-12)


def test_a_step_scaled_by_its_largest_change_changes_no_synapse_by_more_than_the_rate():
    x = RNG.standard_normal((10, 6))
    layer, rule = Dense(4), Hebbian(0.07, SoftWTA(), SoftHebb(), (), scale="largest")
    before = layer.init((6,), np.random.default_rng(0)).learned.weight.astype(float)
    after = learned(rule, layer, x, 1)[0].learned.weight
    np.testing.assert_allclose(np.abs(after - before).max(), 0.07, rtol=1e-6)


def test_a_norm_dependent_rate_brings_large_weights_to_norm_1_and_leaves_those_that_are_there():
    x = np.abs(RNG.standard_normal((50, 6)))
    rule = Hebbian(0.08, SoftWTA(), SoftHebb(), (NormDependentRate(),), radius=5.0, scale="largest")
    weight = learned(rule, Dense(3), x, 1500)[0].learned.weight
    np.testing.assert_allclose(np.linalg.norm(weight, axis=1), 1, atol=0.1)
    np.testing.assert_allclose(NormDependentRate(0.5).pace(np.diag([1.0, 5.0, 0.75])), [0, 2, 0.5])


def test_a_norm_dependent_rate_multiplies_a_step_that_is_scaled_already():
    # Journe et al. 2023: dw / max |dw|, then eta_i = eta | |w_i| - 1 |^power
    x = np.abs(RNG.standard_normal((40, 6)))
    layer, rng = Dense(4), np.random.default_rng(0)
    rule = Hebbian(0.08, SoftWTA(), SoftHebb(), (NormDependentRate(),), radius=25.0, scale="largest")
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init((6,), rng))
    params, state = rule.start(layer, params, x, rng, 1)
    weight, activity = params.learned.weight, layer.forward(params, x)[1]
    factor, decay, _ = SoftHebb()(SoftWTA()(activity.drive), activity.excitation, weight)
    step = factor.T @ x - decay[:, None] * weight
    pace = np.sqrt(np.abs(np.linalg.norm(weight, axis=1) - 1))
    expected = weight + 0.08 * pace[:, None] * step / np.abs(step).max()
    assert_close(rule.update(layer, params, state, activity, None, rng)[0].learned.weight, expected)


def test_radius_sets_the_mean_norm_of_the_weights_at_the_start():
    x = RNG.standard_normal((9, 50))
    for initial in ("random", "positive", "data"):
        rule = Hebbian(0.1, homeostasis=(), initial=initial, radius=25.0)
        params, _ = rule.start(Dense(8), Dense(8).init((50,), np.random.default_rng(0)), x, np.random.default_rng(0), 1)
        size = np.linalg.norm(params.learned.weight, axis=1)
        np.testing.assert_allclose(np.sqrt(np.mean(size**2)), 25, rtol=1e-5)
        assert initial != "positive" or params.learned.weight.min() >= 0


# Competition


def bars(count, side, chance, rng):
    """Images in which every line of a grid stands by itself with this chance: Foldiak (1990)."""
    rows, columns = rng.random((2, count, side)) < chance
    return (rows[:, :, None] | columns[:, None, :]).astype(np.float64).reshape(count, -1)


def test_learned_lateral_inhibition_takes_mixed_bars_apart():
    # Foldiak 1990, section 4: 8 x 8 grid, each of 16 lines with chance 1/8, 16 units
    rng, side = np.random.default_rng(0), 8
    layer = Dense(2 * side, bias=False)
    rule = Hebbian(Linear(0.1, 0.02), AntiHebbian(adapt=0.05), Instar(), initial="positive", homeostasis=())
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init((side * side,), rng))
    params = layer.rewire(params, unit_norm(rng.random((2 * side, side * side))))
    params, state = rule.start(layer, params, bars(9, side, 1 / 8, rng), rng, 3000)
    for _ in range(3000):
        x = bars(10, side, 1 / 8, rng)
        params, state = rule.update(layer, params, state, layer.forward(params, x)[1], None, rng)
    lines = np.concatenate([np.repeat(np.eye(side), side, 1), np.tile(np.eye(side), side)]).reshape(16, -1)
    likeness = unit_norm(params.learned.weight) @ unit_norm(lines).T
    assert len(set(np.argmax(likeness, axis=1))) >= 14  # nearly every line has a unit of its own
    assert np.median(likeness.max(axis=1)) > 0.8
    assert state.competition.weight.max() <= 0
    np.testing.assert_array_equal(np.diag(state.competition.weight), 0)


def test_lateral_weights_and_thresholds_rest_where_cells_fire_as_often_as_they_should_and_apart():
    rule = AntiHebbian(target=0.5, rate=0.3, adapt=0.2)
    g = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    state = rule.settle(g, g, rule.start(np.zeros((4, 9)), 1))
    product = g.T @ g / 4
    expected = np.minimum(-0.3 * (product - 0.25) * (1 - np.eye(4)), 0)
    np.testing.assert_allclose(state.weight, expected, atol=1e-15)
    np.testing.assert_allclose(state.threshold, 0.2 * (g.mean(axis=0) - 0.5))


def test_of_two_cells_alike_that_inhibit_each_other_the_stronger_fires():
    held = Lateral(np.array([[0.0, -3], [-3, 0]]), np.array([0.1, 0.1]))
    drive = np.array([[1.0, 0.8], [0.3, 0.9], [0, 0], [0.05, 0.02]])
    np.testing.assert_array_equal(AntiHebbian()(drive, held), [[1, 0], [0, 1], [0, 0], [0, 0]])


@given(st.integers(0, 99))
def test_per_image_each_plane_learns_at_its_best_position_at_most(xp, seed):
    drive = np.random.default_rng(seed).standard_normal((3, 4, 3, 2))
    drive[0] = 0
    g = np.asarray(PerImage(KWTA(2))(on(xp, drive)))
    assert not g[0].any()
    flat, chances = drive.reshape(3, 4, 6), g.reshape(3, 4, 6)
    for image in (1, 2):
        won = np.argsort(-flat[image].max(axis=1))[:2]
        assert sorted(np.flatnonzero(chances[image].any(axis=1))) == sorted(won)
        for plane in won:
            np.testing.assert_array_equal(np.flatnonzero(chances[image, plane]), [np.argmax(flat[image, plane])])


def test_per_image_and_hard_one_cell_of_the_whole_image_learns():
    drive = RNG.standard_normal((2, 5, 4, 4))
    g = PerImage()(drive)
    np.testing.assert_array_equal(g.reshape(2, -1).argmax(axis=1), drive.reshape(2, -1).argmax(axis=1))
    assert g.sum() == 2


def test_blank_positions_are_no_best_ones():
    drive = np.full((1, 2, 2, 2), -1.0)
    drive[:, :, 0, 0] = 0
    assert PerImage()(drive)[0, :, 0, 0].sum() == 0


def test_lateral_inhibition_is_a_difference_of_gaussians_over_the_map():
    drive = RNG.standard_normal((2, 3, 7, 6))
    rule = Surround(Everyone(), 5, 0.6, 1.4, 0.7)
    near, far = (gaussian((5, 1), sigma)[:, 0] for sigma in (0.6, 1.4))
    blurred = [
        correlate1d(correlate1d(drive, k, axis=2, mode="constant"), k, axis=3, mode="constant") for k in (near, far)
    ]
    expected = HardWTA()(blurred[0] - 0.7 * blurred[1])
    np.testing.assert_array_equal(replace(rule, among=HardWTA())(drive), expected)
    np.testing.assert_array_equal(replace(rule, among=HardWTA(), strength=0.0, centre=1e-3)(drive), HardWTA()(drive))


# Homeostasis


def test_an_adaptive_threshold_ends_where_every_plane_wins_its_share():
    x = np.abs(RNG.standard_normal((400, 8)))
    layer = Dense(4)
    rule = Hebbian(1e-9, HardWTA(), Instar(), (AdaptiveThreshold(0.02),), initial="positive")
    params, state = learned(rule, layer, x, 2000)
    wins = rule.chosen(layer.forward(params, x)[1], state).sum(axis=0)
    np.testing.assert_allclose(wins / 400, 0.25, atol=0.03)


def test_tracked_moments_begin_with_those_of_the_first_batch_and_follow_with_their_memory():
    rule, weight = TrackedMoments(0.2), np.zeros((3, 4))
    drives = RNG.normal(2, 3, (5, 50, 3))
    state = rule.start(weight)[1]
    for drive in drives:
        state = rule.settle(weight, drive, drive, state)[1]
    shares = np.array([0.8**4 * 0.2, 0.8**3 * 0.2, 0.8**2 * 0.2, 0.8 * 0.2, 0.2])
    np.testing.assert_allclose(state.mean, np.average(drives.mean(axis=1), axis=0, weights=shares), rtol=1e-12)
    np.testing.assert_allclose(state.variance, np.average(drives.var(axis=1), axis=0, weights=shares), rtol=1e-12)
    assert isinstance(state, Tracked)
    standardized = rule.handicap(drives[0], rule.settle(weight, drives[0], drives[0], rule.start(weight)[1])[1])
    np.testing.assert_allclose(
        (standardized.mean(axis=0), standardized.std(axis=0)), (np.zeros(3), np.ones(3)), atol=1e-9
    )


def test_equal_power_ends_with_drives_of_the_same_mean_square():
    x = RNG.standard_normal((200, 6)) * np.linspace(0.2, 3, 6)
    x[:20] = 0  # what sees nothing does not count
    layer = Dense(4, bias=False)
    params, _ = learned(Hebbian(0.05, Everyone(), Sanger(), (UnitNorm(), EqualPower())), layer, x, 300)
    power = np.mean(layer.respond(params, x[20:]) ** 2, axis=0)
    np.testing.assert_allclose(power / power.mean(), 1, rtol=0.02)


# Standardised views


def whitened(layer, rule, x, batches=3):
    rng = np.random.default_rng(0)
    params = tree_map(lambda leaf: leaf.astype(x.dtype), layer.init(x.shape[1:], rng))
    params, state = rule.start(layer, params, x, rng, batches)
    for part in np.array_split(x, batches):
        params, state = rule.update(layer, params, state, rule.sees(layer, params, part, rng), None, rng)
    return rule.finish(layer, params, state)


@pytest.mark.parametrize("contrast", [None, 0.01])
def test_whitened_views_have_mean_0_and_the_covariance_that_epsilon_leaves(contrast):
    x = RNG.random((40, 2, 9, 8)).cumsum(axis=3)
    x[:5] = 0  # blank views do not count
    layer = StandardizedConv(3, (2, 3), contrast=contrast)
    plain = layer.look(layer.init(x.shape[1:], np.random.default_rng(0)), views(x, (2, 3)).reshape(-1, 2, 2, 3))
    plain = plain.reshape(len(plain), -1)
    seen = np.any(plain != 0, axis=1)
    params = whitened(layer, Whiten(0.02, positions=1.0), x)
    z = layer.look(params, views(x, (2, 3)).reshape(-1, 2, 2, 3)).reshape(len(plain), -1)
    np.testing.assert_array_equal(z[~seen], 0)
    np.testing.assert_allclose(z[seen].mean(axis=0), 0, atol=1e-10)
    variance, directions = eigh(np.cov(plain[seen].T, bias=True))
    expected = directions @ np.diag(variance / (variance + 0.02)) @ directions.T  # Bell & Sejnowski 1997
    np.testing.assert_allclose(np.cov(z[seen].T, bias=True), expected, atol=1e-8)


@pytest.mark.parametrize("contrast", [None, 0.01])
def test_cells_that_see_standardised_views_weigh_them_as_if_they_were_gathered(xp, contrast):
    x = RNG.random((6, 2, 7, 8))
    x[0, :, :4] = 0.7  # flat views
    layer = StandardizedConv(5, (3, 2), stride=(2, 1), pad=((1, 0), (0, 1)), contrast=contrast)
    params = whitened(layer, Whiten(0.1, positions=1.0), x)
    each = np.moveaxis(ops.patches(x, (3, 2), (2, 1), ((1, 0), (0, 1))), (4, 5), (1, 2))
    z = layer.look(params, each.reshape(-1, *each.shape[3:])).reshape(-1, 12)
    expected = np.moveaxis((z @ params.learned.weight.reshape(5, -1).T).reshape(*each.shape[:3], 5), 3, 1)
    found, activity = layer.forward(on(xp, params), on(xp, x))
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-12)
    factor = RNG.standard_normal(expected.shape)
    product = np.moveaxis(factor, 1, 0).reshape(5, -1) @ z
    associated = layer.associate(on(xp, params), activity, on(xp, factor))
    np.testing.assert_allclose(np.asarray(associated).reshape(5, -1), product, atol=1e-12)


def test_whitening_needs_more_views_than_dimensions_and_views_that_vary():
    layer = StandardizedConv(2, 5, pad=2)
    with pytest.raises(UsageError, match="24 views that are not blank, but 25 dimensions to whiten; use more images"):
        whitened(layer, Whiten(positions=1.0), RNG.random((24, 1, 1, 1)) + 1)
    with pytest.raises(UsageError, match="0 views that are not blank, but 25 dimensions to whiten"):
        whitened(StandardizedConv(2, 5), Whiten(positions=1.0), np.full((30, 1, 9, 9), 0.3))


# A fraction of the positions, and k-means


DRAWN = {
    "conv": Conv(4, (2, 3), stride=(2, 1), pad=((1, 0), (0, 2)), bias=False),
    "shunting": SCells(4, 3, response=Shunting()),
    "standardized": StandardizedConv(4, 3, pad=1, contrast=0.01),
    "dense": Dense(4),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("positions", [1.0, 0.3])
def test_views_drawn_are_views_of_the_batch_each_at_most_once(xp, name, positions):
    layer, x = DRAWN[name], RNG.random((5, 2, 7, 8))
    x = x.reshape(5, -1) if name == "dense" else x
    drawn = np.asarray(drawn_views(layer, on(xp, x), positions, np.random.default_rng(1)))
    every = x if name == "dense" else views(x, *layer.window((2, 7, 8))[:3])
    rows = {tuple(row) for row in drawn.reshape(len(drawn), -1)}
    assert len(drawn) == len(rows) == max(1, round(positions * len(every)))
    assert rows <= {tuple(row) for row in every}


@pytest.mark.parametrize("name", DRAWN)
def test_learning_from_all_views_drawn_is_learning_from_the_batch(name):
    layer, x = DRAWN[name], RNG.random((5, 2, 7, 8))
    x = x.reshape(5, -1) if name == "dense" else x
    rule, rng = Hebbian(0.3, KWTA(2), Instar(), ()), np.random.default_rng(0)
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init(x.shape[1:], rng))
    params, state = rule.start(layer, params, x, rng, 5)
    expected = rule.update(layer, params, state, layer.forward(params, x)[1], None, rng)
    some = at_views(layer)
    activity = some.forward(params, drawn_views(layer, x, 1.0, rng))[1]
    assert_close(rule.update(some, params, state, activity, None, rng), expected)


@pytest.mark.parametrize("rule", [Hebbian(0.3, positions=0.999), KMeans(1, positions=0.999)])
def test_a_fraction_of_the_positions_serves_layers_that_learn_together(rule):
    x = RNG.random((40, 1, 9, 9)).astype(np.float32)
    data = Dataset(x, np.zeros(40, np.int64), ("one",))
    layers = (("S1", Conv(4, 3, pad=1, bias=False)), ("A1", ReLU()), ("S2", Conv(5, 3, pad=1, bias=False)))
    net = Chain(layers)
    few, every = (
        list(train(net, (Phase(("S1", "S2"), Local(each), batch=40),), data, seed=0))[-1].params
        for each in (rule, replace(rule, positions=1.0))
    )
    for name in ("S1", "S2"):
        a, b = (
            unit_norm(each[name].learned.weight).reshape(len(each[name].learned.weight), -1) for each in (few, every)
        )
        assert np.sum(a * b, axis=1).min() > 0.99, name


def test_synapses_that_are_not_there_have_no_part_in_norms():
    table = ((True, False), (True, True), (False, True))
    layer, x = Conv(3, 3, table=table, bias=False), RNG.random((6, 2, 6, 6))
    for initial in ("random", "data"):
        weight = learned(Hebbian(0.3, initial=initial), layer, x, 4)[0].learned.weight
        np.testing.assert_array_equal(np.any(weight != 0, axis=(2, 3)), table)
        np.testing.assert_allclose(np.linalg.norm(weight.reshape(3, -1), axis=1), 1, rtol=1e-6)


def test_k_means_goes_on_where_a_batch_has_fewer_views_than_planes_are_lost():
    x = np.eye(3)
    layer, rule = Dense(5), KMeans(1)
    params = layer.rewire(layer.init((3,), np.random.default_rng(0)), -np.ones((5, 3)))
    state = rule.start(layer, layer.init((3,), np.random.default_rng(0)), RNG.random((9, 3)), RNG, 1)[1]
    found, _ = rule.update(layer, params, state, layer.forward(params, x)[1], None, np.random.default_rng(0))
    fresh = np.sum(np.isclose(np.abs(found.learned.weight).sum(axis=1), 1))
    assert fresh >= 3
    assert np.sum(np.all(found.learned.weight == -1, axis=1)) == 1  # kept, for there was no view left


def test_frames_are_kept_whole():
    data = Dataset(RNG.random((20, 1, 4, 4)).astype(np.float32), np.zeros(20, np.int64), ("one",))
    net, rule = Chain((("flat", Flatten()), ("C1", Dense(2)))), Local(Hebbian(0.1, plasticity=Trace(8)))
    with pytest.raises(UsageError, match="20 images are no whole number of sequences of 8; keep them whole"):
        check(net, (Phase(("C1",), rule),), data)
    with pytest.raises(UsageError, match="reads images in order, but 16 are drawn; leave images out"):
        Phase(("C1",), rule, images=16)


@pytest.mark.parametrize("layer", [Dense(3), Conv(3, 2, stride=2)])
def test_k_means_is_the_limit_of_instar_in_one_batch_of_all(layer):
    centres = unit_norm(np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]]))
    members = np.repeat(centres, 20, axis=0) + 0.1 * np.random.default_rng(0).standard_normal((60, 4))
    x = members if isinstance(layer, Dense) else np.moveaxis(members.reshape(10, 2, 3, 2, 2), 3, 2).reshape(10, 1, 4, 6)
    for batches in (1, 5):
        parts = np.array_split(x, batches)
        found, _ = learned(KMeans(8), layer, x, 8 * batches, lambda x, step, p=parts: p[step % len(p)])
        expected, _ = learned(Hebbian(1.0, HardWTA(), Instar(), (UnitNorm(),), "data"), layer, x, 30)
        found, expected = (unit_norm(each.learned.weight.reshape(3, 4)) for each in (found, expected))
        np.testing.assert_allclose((found @ expected.T).max(axis=1), 1, atol=1e-12)
        # a fixed point of Lloyd's algorithm on the sphere: each centre is the direction of the sum of its members
        which = np.argmax(members @ found.T, axis=1)
        sums = np.stack([members[which == k].sum(axis=0) for k in range(3)])
        np.testing.assert_allclose(found, unit_norm(sums), atol=1e-12)


def test_a_centre_that_wins_nothing_becomes_a_view():
    x = np.repeat(np.eye(3), 7, axis=0)
    layer, rng, rule = Dense(3), np.random.default_rng(0), KMeans(1)
    params = layer.rewire(layer.init((3,), rng), np.array([[1.0, 0, 0], [0, 1, 1], [-1.0, -1, -1]]))
    state = rule.start(layer, params, x, rng, 1)[1]
    params, _ = rule.update(layer, params, state, layer.forward(params, x)[1], None, rng)
    assert np.allclose(params.learned.weight[2].max(), 1)
    assert params.learned.weight[2].sum() == pytest.approx(1)


@given(st.integers(0, 50))
def test_products_of_planes_are_sums_over_images_and_positions(xp, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random((4, 3, 2, 5)), rng.random((4, 6, 2, 5))
    expected = np.einsum("nkhw,nlhw->kl", a, b)
    np.testing.assert_allclose(np.asarray(plane_products(on(xp, a), on(xp, b))), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hebbian(0.0), "rate 0.0; a rate must begin above 0"),
        (lambda: Hebbian(-0.1), "rate -0.1; rates must be numbers from 0 up"),
        (lambda: Hebbian(Linear(0.0, 1.0)), "a rate must begin above 0"),
        (lambda: Hebbian(float("nan")), "rate nan; rates must be numbers from 0 up"),
        (lambda: Hebbian(radius=0.0), "initial weights of norm 0.0; radius must be a positive number"),
        (lambda: Hebbian(positions=0.0), r"learning from 0.0 of the positions; the fraction must lie in \(0, 1\]"),
        (
            lambda: Hebbian(competition=SeedCells(), positions=0.5),
            "seed_cells needs all positions, not a fraction of 0.5",
        ),
        (lambda: Hebbian(plasticity=Trace(4), positions=0.5), "trace needs all positions"),
        (lambda: KWTA(6).check(5), "6 winners among 5 planes"),
        (lambda: PerImage(KWTA(6)).check(5), "6 winners among 5 planes"),
        (
            lambda: Sanger().check((10, 1, 3, 3)),
            "10 planes look for as many components of 9 inputs; use no more planes",
        ),
        (lambda: BCM(0), r"memory 0; it must lie in \(0, 1\]"),
        (lambda: KrotovHopfield(-1), "unlearns by delta = -1"),
        (lambda: Trace(0), "traces over 0 frames"),
        (lambda: Trace(3, 0.0), "traces over 3 frames with share 0.0"),
        (lambda: NormDependentRate(0.0), "power 0.0; it must be a positive number"),
        (lambda: AdaptiveThreshold(0.0), "adapt at rate 0.0; it must be a positive number"),
        (lambda: AdaptiveThreshold(target=1.0), "win 1.0 of the views"),
        (lambda: TrackedMoments(0.0), "moments with memory 0.0"),
        (lambda: EqualPower(2.0), "mean squares with memory 2.0"),
        (lambda: AntiHebbian(0.0), "fire 0.0 of the time"),
        (lambda: AntiHebbian(rate=0.0), "rate 0.0, adapt 0.02"),
        (lambda: Surround(size=4), "over 4 positions; give an odd number"),
        (lambda: Surround(centre=2.0), "the surround must be the wider"),
        (lambda: Surround()(np.ones((2, 3))), "needs cells on a map"),
        (lambda: Whiten(0.0), "epsilon 0.0; it must be a positive number"),
        (lambda: Whiten(positions=2.0), "whitening by 2.0 of the positions"),
        (lambda: StandardizedConv(3, 3, contrast=0.0), "contrast normalisation by 0.0"),
        (lambda: KMeans(0), "0 iterations of k-means; give at least 1"),
        (lambda: learned(KMeans(5), Dense(2), np.eye(4), 3), "3 batches for 5 iterations of k-means"),
        (lambda: drawn_views(Conv(2, 2, dilation=2), np.ones((1, 1, 6, 6)), 0.5, RNG), "dilated views cannot be drawn"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
