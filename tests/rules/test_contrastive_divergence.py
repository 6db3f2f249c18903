"""The restricted Boltzmann machine: CD-k against its formula, and the exact likelihood where all states can be told."""

from itertools import product

import numpy as np
import pytest
from kit import assert_close
from rule_examples import step

from neuro_cnn.layers import Conv, Dense
from neuro_cnn.rules import Bernoulli, ContrastiveDivergence, Everywhere, Gaussian, Sparse
from neuro_cnn.rules.generative import Apart, Tied, logistic
from neuro_cnn.schedule import Linear
from neuro_cnn.tree import tree_map


def states(count):
    """Every state of so many binary units, (2^count, count)."""
    return np.array(list(product((0.0, 1.0), repeat=count)))


def log_likelihood(machine, shown):
    """Mean log probability of binary v, (N, D), in a machine whose states can all be told."""

    def free(v):
        return v @ machine.visible + np.logaddexp(0, v @ machine.weight.T + machine.hidden).sum(axis=1)

    return np.mean(free(shown)) - np.logaddexp.reduce(free(states(shown.shape[1])))


def machine_of(params, state):
    return Tied(params.learned.weight, state.hidden, state.visible)


def learned(rule, layer, x, updates):
    """Params and state before, halfway through and after learning from the same images."""
    params = tree_map(lambda leaf: leaf.astype(float), layer.init(x.shape[1:], np.random.default_rng(0)))
    rng = np.random.default_rng(1)
    kept = [rule.start(layer, params, x, rng, updates)]
    for _ in range(updates):
        params, state = kept[-1]
        kept.append(rule.update(layer, params, state, layer.forward(params, x)[1], None, rng))
    return kept


@pytest.mark.parametrize("visible", [Bernoulli(), Gaussian(), Gaussian(0.5)])
@pytest.mark.parametrize("k", [1, 2])
def test_contrastive_divergence_is_in_expectation_its_formula(visible, k):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (2, 4)).astype(float)
    machine = Tied(rng.standard_normal((3, 4)), rng.standard_normal(3), rng.standard_normal(4))
    w, b, c = machine
    unit = visible.variance

    def dream(v, steps):
        """Expected products v h, h and v after so many steps of Gibbs sampling from v, over all that may be drawn."""
        p = 1 / (1 + np.exp(-(w @ v + b)))
        if steps == 0:
            return np.outer(p, v), p, v
        total = [0.0, 0.0, 0.0]
        for h in states(3):
            chance = np.prod(np.where(h, p, 1 - p))
            u = w.T @ h + c
            below = 1 / (1 + np.exp(-u)) if visible.kind == "bernoulli" else unit * u
            total = [t + chance * part for t, part in zip(total, dream(below, steps - 1), strict=True)]
        return total

    changes = [[data - dreamt for data, dreamt in zip(dream(v, 0), dream(v, k), strict=True)] for v in x]
    weight, hidden, below = (np.mean(part, axis=0) for part in zip(*changes, strict=True))
    layer = Dense(3, bias=False)
    params = layer.rewire(layer.init((4,), None), w)
    lesson = Everywhere()(layer, params, np.tile(x, (100_000, 1)), rng)
    found, _ = ContrastiveDivergence(visible=visible, k=k).contrast(lesson, machine, 0 * b, rng)
    np.testing.assert_allclose(found.weight, weight / unit, atol=0.01)
    np.testing.assert_allclose(found.hidden, hidden, atol=0.01)
    np.testing.assert_allclose(found.visible, below / unit, atol=0.01)


def test_the_exact_likelihood_rises_to_that_of_the_data():
    shown = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]], [4, 4, 2], axis=0)
    rule = ContrastiveDivergence(Linear(0.05), decay=0.0)
    found = [log_likelihood(machine_of(*kept), shown) for kept in learned(rule, Dense(3), shown, 3000)[::500]]
    assert np.all(np.diff(found) > 0)
    entropy = -0.8 * np.log(0.4) - 0.2 * np.log(0.2)
    assert found[0] < -2.6
    assert -entropy - 0.15 < found[-1] < -entropy


def test_of_all_images_with_three_pixels_lit_bars_become_the_likeliest():
    bars = np.zeros((6, 3, 3))
    bars[np.arange(3), np.arange(3)] = 1
    bars[np.arange(3, 6), :, np.arange(3)] = 1
    bars = bars.reshape(6, 9)
    params, state = learned(ContrastiveDivergence(Linear(0.5)), Dense(8), bars, 3000)[-1]
    three = states(9)[states(9).sum(axis=1) == 3]
    machine = machine_of(params, state)
    free = three @ machine.visible + np.logaddexp(0, three @ machine.weight.T + machine.hidden).sum(axis=1)
    best = three[np.argsort(-free)[:6]]
    np.testing.assert_array_equal(np.unique(best, axis=0), np.unique(bars, axis=0))


def test_before_it_learns_the_machine_expects_the_mean_of_the_data_and_cells_on_as_often_as_asked():
    x = np.random.default_rng(0).random((50, 6)) * np.linspace(0.2, 1, 6)
    layer = Dense(4)
    params = tree_map(lambda leaf: leaf.astype(float), layer.init((6,), np.random.default_rng(0)))
    for visible in (Bernoulli(), Gaussian(0.3)):
        rule = ContrastiveDivergence(visible=visible, sparse=Sparse(0.1))
        _, state = rule.start(layer, params, x, np.random.default_rng(0), 1)
        np.testing.assert_allclose(visible.mean(state.visible), x.mean(axis=0), atol=0.01)
        np.testing.assert_allclose(logistic(state.hidden), 0.1)


@pytest.mark.parametrize("target", [0.05, 0.2])
def test_sparse_cells_come_to_be_on_as_often_as_asked(target):
    x = np.random.default_rng(0).integers(0, 2, (100, 8)).astype(float)
    layer = Dense(6)
    params, state = learned(ContrastiveDivergence(Linear(0.1), sparse=Sparse(target, cost=3.0)), layer, x, 600)[-1]
    on = logistic(layer.forward(params, x)[1].drive).mean(axis=0)
    np.testing.assert_allclose(on, target, atol=0.2 * target)
    np.testing.assert_allclose(state.share, on, atol=0.2 * target)


def test_the_unit_in_which_inputs_are_measured_does_not_matter():
    x = np.random.default_rng(0).standard_normal((20, 6))
    (one, first), (two, second) = (
        learned(ContrastiveDivergence(0.1, Gaussian(unit)), Dense(4), unit * x, 20)[-1] for unit in (1.0, 0.25)
    )
    assert_close(two.learned.weight * 0.25, one.learned.weight)
    assert_close(second.hidden, first.hidden)
    assert_close(second.visible * 0.25, first.visible)


def test_the_convolutional_machine_with_one_view_is_the_dense_one():
    x = np.random.default_rng(0).integers(0, 2, (9, 1, 3, 4)).astype(float)
    rule = ContrastiveDivergence(0.2, k=2, views=Everywhere())
    conv, dense = Conv(5, (3, 4), bias=False), Dense(5, bias=False)
    rng = np.random.default_rng(3)
    weight, hidden = rng.standard_normal((5, 12)), rng.standard_normal(5)
    found = []
    for layer, maps, w in ((conv, x, weight.reshape(5, 1, 3, 4)), (dense, x.reshape(9, 12), weight)):
        params = layer.rewire(layer.init(maps.shape[1:], None), w)
        lesson = Everywhere()(layer, params, maps, rng)
        machine = Tied(w, hidden, np.full(maps.shape[1], 0.3))
        found.append(rule.contrast(lesson, machine, 0 * hidden, np.random.default_rng(4))[0])
    one, other = found
    assert_close(one.weight.reshape(5, 12), other.weight)
    assert_close(one.hidden, other.hidden)
    assert_close(one.visible, np.mean(other.visible, keepdims=True))


def test_momentum_and_decay_move_the_weights_as_written():
    x = np.random.default_rng(0).integers(0, 2, (9, 6)).astype(float)
    layer = Dense(4, bias=False)
    params = tree_map(lambda leaf: leaf.astype(float), layer.init((6,), np.random.default_rng(0)))
    rule = ContrastiveDivergence(0.2, momentum=0.7, decay=0.1)
    params, state = step(rule, layer, params, x)
    after, kept = step(rule, layer, params, x, state)
    lesson, machine = Apart()(layer, params, x, None), machine_of(params, state)
    contrast, _ = rule.contrast(lesson, machine, state.share, np.random.default_rng(1))
    velocity = 0.7 * state.velocity.weight + contrast.weight - 0.1 * params.learned.weight
    assert_close(kept.velocity.weight, velocity)
    assert_close(after.learned.weight, params.learned.weight + 0.2 * velocity)
    assert_close(kept.hidden, state.hidden + 0.2 * (0.7 * state.velocity.hidden + contrast.hidden))
