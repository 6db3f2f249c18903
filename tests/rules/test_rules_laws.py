"""The laws that every Hebbian rule obeys: each competition, plasticity and homeostasis on each plastic layer."""

from dataclasses import replace

import numpy as np
import pytest
from kit import assert_close, is_float, on
from rule_examples import LABELS, LAYERS, PAIRS, RULES, example, meets, step

from neuro_cnn import ops
from neuro_cnn.layers import Conv, SCells
from neuro_cnn.rules import Conscience, HardWTA, Hebbian, Instar, Oja, SoftHebb, UnitNorm
from neuro_cnn.rules.homeostasis import WinningShare
from neuro_cnn.schedule import Linear
from neuro_cnn.tree import leaves, tree_map

every_layer = pytest.mark.parametrize("layer_name", LAYERS)
every_rule = pytest.mark.parametrize("rule_name", RULES)
every_rule_on_every_layer = pytest.mark.parametrize(("rule_name", "layer_name"), PAIRS)
FREE = [
    name for name, rule in RULES.items() if not rule.homeostasis and rule.plasticity.kind not in ("sanger", "trace")
]
UNIT = [name for name, rule in RULES.items() if any(isinstance(h, UnitNorm) for h in rule.homeostasis)]


def as_rows(activity):
    """One row of planes a position: (N, K, ...) -> (M, K)."""
    return np.moveaxis(activity, 1, -1).reshape(-1, activity.shape[1])


def seen(layer, params, x):
    """What every cell of a plane sees, one view a position, in the order of `as_rows`: (M, ...)."""
    if x.ndim == 2:
        return x
    w = layer.window(x.shape[1:])
    views = np.moveaxis(ops.patches(x, w.size, w.stride, w.pad), (4, 5), (1, 2))
    return layer.look(params, views.reshape(-1, *views.shape[3:]))


@every_layer
@pytest.mark.parametrize("rule_name", FREE)
def test_an_update_is_the_rules_formula_summed_view_by_view(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name, np.float64)
    activity = layer.forward(params, x)[1]
    c = params.fixed.surround[0] if hasattr(params.fixed, "surround") else 1
    weight = params.learned.weight
    state = rule.start(layer, params, x, np.random.default_rng(1), 10)[1]
    chosen = as_rows(rule.chosen(activity, state))
    rates = as_rows(np.maximum(activity.excitation, 0) * rule.chosen(activity, state))
    theta = np.sum(rates**2, axis=0) / np.maximum(chosen.sum(axis=0), 1)
    moved, chances = np.zeros_like(weight), np.zeros(len(weight))
    for view, u, g in zip(seen(layer, params, x), as_rows(activity.excitation), chosen, strict=True):
        chances += g
        let = np.flatnonzero(g > 0)
        first = let[np.argmax(u[let])] if len(let) else -1
        last = let[np.argmin(u[let])] if len(let) else -1
        for k, w in enumerate(weight):
            y, rate = g[k] * u[k], g[k] * max(u[k], 0)
            sign = 1 if k == np.argmax(np.where(g == g.max(), u, -np.inf)) else -1
            turn = 1 if k == first else -0.4 if k == last else 0
            moved[k] += {
                "hebb": y * c * view,
                "instar": g[k] * (c * view - w),
                "oja": y * (c * view - y * w),
                "bcm": rate * (rate - theta[k]) * c * view,
                "krotov_hopfield": turn * (c * view - u[k] * w),
                "soft_hebb": sign * g[k] * (c * view - u[k] * w),
            }[rule.plasticity.kind]
    share = np.maximum(chances, max(chances.sum() / len(chances), chosen.max()))
    expected = weight + rule.rate * moved / share.reshape(-1, *[1] * (weight.ndim - 1))
    assert_close(step(rule, layer, params, x)[0], layer.rewire(params, expected))


@every_layer
def test_sangers_update_deflates_each_plane_by_those_before_it(layer_name):
    layer, params, x = example(layer_name, np.float64)
    rule, weight = RULES["everyone-sanger-free"], params.learned.weight
    c = params.fixed.surround[0] if hasattr(params.fixed, "surround") else 1
    moved, awake = np.zeros_like(weight), 0
    for view, y in zip(seen(layer, params, x), as_rows(layer.forward(params, x)[1].excitation), strict=True):
        awake += bool(y.any())
        for i in range(len(weight)):
            moved[i] += y[i] * (c * view - sum(y[j] * weight[j] for j in range(i + 1)))
    assert_close(step(rule, layer, params, x)[0], layer.rewire(params, weight + rule.rate * moved / awake))


@every_rule_on_every_layer
def test_every_library_gives_the_same_update_in_the_same_precision(xp, rule_name, layer_name):
    layer, params, x = example(layer_name, np.float64)
    expected = step(RULES[rule_name], layer, params, x)
    assert_close(step(RULES[rule_name], layer, *on(xp, (params, x)), labels=on(xp, LABELS)), expected)
    layer, params, x = example(layer_name)
    updated = step(RULES[rule_name], layer, *on(xp, (params, x)), labels=on(xp, LABELS))
    assert {leaf.dtype for _, leaf in leaves(updated) if hasattr(leaf, "dtype")} == {xp.asarray(x).dtype}


@every_rule_on_every_layer
def test_nothing_given_is_changed_and_the_same_again_gives_the_same_bits(xp, rule_name, layer_name):
    layer, params, x = example(layer_name)
    given = on(xp, tree_map(np.copy, (params, x)))
    state = RULES[rule_name].start(layer, *given, np.random.default_rng(1), 10)[1]
    before = tree_map(lambda leaf: leaf + 0, state)
    one = step(RULES[rule_name], layer, *given, state, labels=on(xp, LABELS))
    two = step(RULES[rule_name], layer, *given, state, labels=on(xp, LABELS))
    for now, then in ((given, (params, x)), (state, before), (one, two)):
        for (_, a), (_, b) in zip(leaves(now), leaves(then), strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@every_rule_on_every_layer
def test_a_rate_that_has_fallen_to_0_changes_no_weight(rule_name, layer_name):
    rule, (layer, params, x) = replace(RULES[rule_name], rate=Linear(0.3, 0.0)), example(layer_name, np.float64)
    started, state = rule.start(layer, params, x, np.random.default_rng(1), 10)
    assert_close(step(rule, layer, started, x, state._replace(step=10))[0], started)


@pytest.mark.parametrize(
    ("rule_name", "layer_name"), [pair for pair in PAIRS if "sanger" not in pair[0] and "neighbour" not in pair[0]]
)
def test_permuting_the_planes_commutes_with_an_update(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name, np.float64)
    order = np.array([3, 0, 4, 2, 1])

    def swapped(leaf):
        if np.shape(leaf) == (5, 5):  # lateral weights between planes
            return leaf[order][:, order]
        return leaf[order] if np.shape(leaf)[:1] == (5,) else leaf

    def permuted(params, state):
        return params._replace(learned=tree_map(swapped, params.learned)), tree_map(swapped, state)

    started = rule.start(layer, params, x, np.random.default_rng(1), 10)
    first = step(rule, layer, started[0], x, started[1])  # shares have parted
    again, state = permuted(*first)
    assert_close(step(rule, layer, again, x, state), permuted(*step(rule, layer, first[0], x, first[1])))


@every_rule_on_every_layer
def test_blank_images_teach_nobody(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name, np.float64)
    started, state = rule.start(layer, params, x, np.random.default_rng(1), 10)
    after, kept = step(rule, layer, started, 0 * x, state)
    assert_close((after, kept.homeostasis), (started, state.homeostasis))


@pytest.mark.parametrize("layer", [Conv(5, 3), SCells(5, 3)])
def test_blank_images_teach_nobody_where_cells_have_a_bias(layer):
    x = np.zeros((2, 2, 5, 5), np.float32)
    params = layer.init(x.shape[1:], np.random.default_rng(0))
    bias = np.linspace(-1, 1, 5, dtype=np.float32)
    params = params._replace(learned=type(params.learned)(params.learned.weight, bias))
    for rule in (RULES["hard_wta-instar-conscience"], RULES["soft_wta-soft_hebb-free"]):
        assert_close(step(rule, layer, params, x)[0], params)


@every_rule_on_every_layer
def test_weights_and_state_are_contiguous_whatever_the_order_of_the_images_in_memory(rule_name, layer_name):
    layer, params, x = example(layer_name)
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    for initial in ("random", "positive", "data"):
        updated = step(replace(RULES[rule_name], initial=initial), layer, params, batch_last)
        assert all(leaf.flags.c_contiguous for _, leaf in leaves(updated) if is_float(leaf))


@pytest.mark.parametrize(("rule_name", "layer_name"), [pair for pair in PAIRS if pair[0] in UNIT])
def test_unit_norm_gives_every_plane_norm_1_after_every_update(rule_name, layer_name):
    rule, (layer, params, x) = replace(RULES[rule_name], rate=0.5), example(layer_name, np.float64)
    state = None
    for _ in range(3):
        params, state = step(rule, layer, params, x, state)
        weight = params.learned.weight.reshape(5, -1)
        np.testing.assert_allclose(np.linalg.norm(weight, axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("initial", ["random", "positive", "data"])
@every_rule
def test_shunting_weights_stay_non_negative_and_inhibition_follows_them(rule_name, initial):
    rule, (layer, params, x) = replace(RULES[rule_name], rate=3.0, initial=initial), example("scells-shunting", float)
    state = None
    for _ in range(4):
        params, state = step(rule, layer, params, x - 0.1, state)
        a, b = params.learned
        assert a.min() >= 0
        np.testing.assert_allclose(b, np.sqrt(np.sum(a * a / params.fixed.surround, axis=(1, 2, 3))) / 2, rtol=1e-12)


@every_layer
@pytest.mark.parametrize("competition", ["hard_wta", "k_wta"])
def test_only_winners_move_under_instar_and_hard_competition(competition, layer_name):
    rule, (layer, params, x) = RULES[f"{competition}-instar-free"], example(layer_name)
    height, width = {"conv": (2, 1), "scells-rectified": (3, 3), "standardized": (1, 2)}.get(layer_name, (1, 1))
    x = x[:1] if x.ndim == 2 else x[:1, :, :height, :width]  # one view, so that there are losers
    won = rule.competition(layer.forward(params, x)[1].drive).any(axis=(0, *range(2, x.ndim)))
    after = step(rule, layer, params, x)[0].learned.weight
    moved = (after != params.learned.weight).reshape(5, -1).any(axis=1)
    assert 0 < won.sum() < 5
    np.testing.assert_array_equal(moved, won)


@every_layer
@pytest.mark.parametrize(
    "rule_name", [name for name in RULES if ("conscience" in name or "both" in name) and meets(RULES[name], "dense")]
)
def test_the_shares_of_conscience_sum_to_1(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name, np.float64)
    state = None
    for _ in range(5):
        params, state = step(rule, layer, params, x, state)
        (share,) = (kept.share for kept in state.homeostasis if isinstance(kept, WinningShare))
        assert share.min() >= 0
        np.testing.assert_allclose(share.sum(), 1, rtol=1e-12)


def test_conscience_lowers_each_plane_by_its_share_above_fair_and_spares_blank_positions():
    drive = np.array([[1.0, 0.0, -2.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    state = WinningShare(np.array([0.6, 0.1, 0.3]))
    lead = 3.0 * drive.std() * (1 / 3 - state.share)
    expected = drive + lead * np.array([[1.0], [0.0], [1.0]])
    np.testing.assert_allclose(Conscience(3.0).handicap(drive, state), expected)


@pytest.mark.parametrize("rate", [0.01, 0.3])
def test_the_step_is_the_same_for_a_batch_shown_twice(rate):
    layer, params, x = example("conv", np.float64)
    for plasticity in (Instar(), Oja(), SoftHebb()):
        rule = Hebbian(rate, HardWTA(), plasticity, (UnitNorm(),))
        twice = step(rule, layer, params, np.concatenate([x, x]))[0]
        assert_close(twice, step(rule, layer, params, x)[0])
