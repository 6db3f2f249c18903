"""The laws of both rules that reconstruct the layer below, on every layer that they teach."""

from dataclasses import replace

import numpy as np
import pytest
from kit import assert_close, inner, is_float, on
from rule_examples import LABELS, LAYERS, example, step

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense, SCells
from neuro_cnn.optim import SGD, Adam
from neuro_cnn.optim.base import apart, row
from neuro_cnn.rules import (
    Apart,
    Bernoulli,
    ContrastiveDivergence,
    Everywhere,
    FromChance,
    FromData,
    Gaussian,
    LogisticCode,
    Reconstruct,
    Sparse,
)
from neuro_cnn.rules.generative import Tied
from neuro_cnn.schedule import Cosine, Linear
from neuro_cnn.tree import arrays, leaves, rebuilt, tree_map

TAUGHT = ("conv", "scells-rectified", "dense")
RULES = {
    "rectified, from data": Reconstruct(initial=FromData()),
    "denoising": Reconstruct(LogisticCode(), 0.3, optimizer=SGD(0.1)),
    "convolutional autoencoder": Reconstruct(views=Everywhere()),
    "binary": ContrastiveDivergence(0.1, Bernoulli()),
    "Gaussian, sparse": ContrastiveDivergence(0.1, Gaussian(0.5), 2, sparse=Sparse(), initial=FromData()),
    "convolutional machine": ContrastiveDivergence(0.1, Gaussian(), sparse=Sparse(), views=Everywhere()),
}
every_layer = pytest.mark.parametrize("layer_name", TAUGHT)
every_rule = pytest.mark.parametrize("rule_name", RULES)


@every_layer
@every_rule
def test_every_library_gives_the_same_update_in_the_same_precision(xp, rule_name, layer_name):
    layer, params, x = example(layer_name, np.float64)
    expected = step(RULES[rule_name], layer, params, x)
    assert_close(step(RULES[rule_name], layer, *on(xp, (params, x)), labels=on(xp, LABELS)), expected)
    layer, params, x = example(layer_name)
    updated = step(RULES[rule_name], layer, *on(xp, (params, x)), labels=on(xp, LABELS))
    assert {leaf.dtype for _, leaf in leaves(updated) if hasattr(leaf, "dtype")} == {xp.asarray(x).dtype}


@every_layer
@every_rule
def test_nothing_given_is_changed_and_the_same_again_gives_the_same_bits(xp, rule_name, layer_name):
    layer, params, x = example(layer_name)
    given = on(xp, tree_map(np.copy, (params, x)))
    state = RULES[rule_name].start(layer, *given, np.random.default_rng(1), 10)[1]
    before = tree_map(lambda leaf: leaf + 0, state)
    one, two = (step(RULES[rule_name], layer, *given, state, labels=on(xp, LABELS)) for _ in range(2))
    for now, then in ((given, (params, x)), (state, before), (one, two)):
        for (_, a), (_, b) in zip(leaves(now), leaves(then), strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    assert not np.array_equal(np.asarray(one[0].learned.weight), np.asarray(params.learned.weight))


@every_layer
@every_rule
@pytest.mark.parametrize("schedule", [Linear, Cosine])
def test_where_its_schedule_ends_a_rule_changes_no_weight_whatever_its_momentum(rule_name, layer_name, schedule):
    rule = RULES[rule_name]
    if isinstance(rule, Reconstruct):
        rule = replace(rule, optimizer=replace(rule.optimizer, rate=schedule(0.1)))
    else:
        rule = replace(rule, rate=schedule(0.1))
    layer, params, x = example(layer_name, np.float64)
    params, state = step(rule, layer, params, x)
    after, _ = step(rule, layer, params, x, state._replace(step=10))
    assert_close(after, params)


@every_layer
@every_rule
def test_weights_and_state_are_contiguous_whatever_the_order_of_the_images_in_memory(rule_name, layer_name):
    layer, params, x = example(layer_name)
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    updated = step(RULES[rule_name], layer, params, batch_last)
    assert all(leaf.flags.c_contiguous for _, leaf in leaves(updated) if is_float(leaf))


@every_layer
@pytest.mark.parametrize("rule_name", [name for name in RULES if "convolutional" not in name])
def test_blank_views_apart_teach_nobody(rule_name, layer_name):
    rule, (layer, params, x) = RULES[rule_name], example(layer_name)
    params, state = step(rule, layer, params, x)
    after, kept = step(rule, layer, params, 0 * x, state)
    assert_close((after, kept), (params, state._replace(step=2)))


@every_layer
@every_rule
def test_blank_images_leave_numbers(rule_name, layer_name):
    rule, (layer, params, x) = replace(RULES[rule_name], initial=FromChance()), example(layer_name)
    updated = step(rule, layer, params, 0 * x)
    assert all(np.isfinite(leaf).all() for _, leaf in leaves(updated))


@every_rule
def test_cells_with_a_bias_keep_the_one_they_learned_with(rule_name):
    for layer in (Conv(5, 3), SCells(5, 3), Dense(5)):
        x = example("dense" if isinstance(layer, Dense) else "conv")[2]
        params = layer.init(x.shape[1:], np.random.default_rng(0))
        updated, state = step(RULES[rule_name], layer, params, x)
        bias = -updated.learned.inhibition if isinstance(layer, SCells) else updated.learned.bias
        np.testing.assert_array_equal(bias, state.hidden)
        assert np.any(bias)


@every_layer
def test_permuting_the_planes_commutes_with_the_autoencoder(layer_name):
    rule, (layer, params, x) = RULES["rectified, from data"], example(layer_name, np.float64)
    order = np.array([3, 0, 4, 2, 1])

    def permuted(params, state):
        machine = Tied(params.learned.weight, state.hidden, state.visible)
        tied = (rebuilt(machine, iter(apart(memory, arrays(machine)))) for memory in state.optimizer)
        memories = tuple(row([m.weight[order], m.hidden[order], m.visible]) for m in tied)
        learned = tree_map(lambda leaf: leaf[order], params.learned)
        return params._replace(learned=learned), state._replace(hidden=state.hidden[order], optimizer=memories)

    first = step(rule, layer, params, x)
    again, state = permuted(*first)
    assert_close(step(rule, layer, again, x, state), permuted(*step(rule, layer, *first[:1], x, first[1])))


WIRINGS = {
    **{name: LAYERS[name] for name in TAUGHT},
    "groups": (Conv(4, 3, pad=1, groups=2, bias=False), (2, 7, 6)),
    "table": (Conv(2, (2, 3), dilation=2, table=((True, False), (True, True)), bias=False), (2, 7, 6)),
}


@pytest.mark.parametrize("name", WIRINGS)
def test_recall_is_the_adjoint_of_excitation(name):
    layer, shape = WIRINGS[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, *shape))
    params = tree_map(lambda leaf: leaf.astype(float), layer.init(shape, rng))
    excitation = layer.forward(params, x)[1].excitation
    factor = rng.standard_normal(excitation.shape)
    recalled = layer.recall(params, factor, x.shape)
    np.testing.assert_allclose(inner(recalled, x), inner(factor, excitation), rtol=1e-12)


@pytest.mark.parametrize("size", [2, 3, (4, 2), 7])
@pytest.mark.parametrize("seed", range(4))
def test_views_apart_hold_every_input_once_and_nothing_else(xp, size, seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 2, (3, 2, 7, 7)).astype(np.float32)
    layer = Conv(4, size, stride=3, pad=1)
    params = layer.init(x.shape[1:], rng)
    rows = np.asarray(Apart()(layer, on(xp, params), on(xp, x), rng).x)
    assert rows.shape[1] == params.learned.weight[0].size
    np.testing.assert_array_equal(np.sort(rows[rows > 0]), np.sort(x.ravel()))


def test_views_apart_are_views_of_the_layer_and_none_is_blank():
    x = np.zeros((1, 1, 6, 6), np.float32)
    x[0, 0, 2:4, 2:4] = [[1, 2], [3, 4]]
    layer = Conv(1, 2, bias=False)
    params = layer.init((1, 6, 6), np.random.default_rng(0))
    found = {row.tobytes() for seed in range(40) for row in Apart()(layer, params, x, np.random.default_rng(seed)).x}
    views = np.lib.stride_tricks.sliding_window_view(x[0, 0], (2, 2)).reshape(-1, 4)
    assert found == {view.tobytes() for view in views if view.any()}


@pytest.mark.parametrize("rule", [Reconstruct(), ContrastiveDivergence()])
def test_cells_that_cannot_learn_so_are_refused_with_the_remedy(rule):
    layer, params, x = example("scells-shunting")
    with pytest.raises(UsageError, match=r"shunting inhibition cannot learn to reconstruct.*set response = rectified"):
        step(rule, layer, params, x)
    layer, shape = WIRINGS["groups"]
    params = layer.init(shape, np.random.default_rng(0))
    with pytest.raises(UsageError, match="no views apart; set views = everywhere"):
        step(rule, layer, params, np.ones((2, *shape), np.float32))
    step(replace(rule, views=Everywhere()), layer, params, np.ones((2, *shape), np.float32))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reconstruct(optimizer=Adam(0.0)), "rate 0.0; a rate must begin above 0"),
        (lambda: Reconstruct(optimizer=SGD(Linear(0.0))), "a rate must begin above 0"),
        (lambda: Reconstruct(optimizer=Adam(-1.0)), "rate -1.0"),
        (lambda: Reconstruct(corruption=1.0), r"corruption is 1.0; it must lie in \[0, 1\)"),
        (lambda: Reconstruct(corruption=-0.1), r"corruption is -0.1; it must lie in \[0, 1\)"),
        (lambda: Reconstruct(corruption=float("nan")), "corruption is nan"),
        (lambda: ContrastiveDivergence(0.0), "rate 0.0; a rate must begin above 0"),
        (lambda: ContrastiveDivergence(float("nan")), "rate nan"),
        (lambda: ContrastiveDivergence(k=0), "k = 0 steps; it takes at least 1"),
        (lambda: ContrastiveDivergence(momentum=1.0), r"momentum is 1.0; it must lie in \[0, 1\)"),
        (lambda: ContrastiveDivergence(momentum=Linear(0.5, 1.0)), r"it must lie in \[0, 1\)"),
        (lambda: ContrastiveDivergence(decay=-1.0), "decay is -1.0; it must be a number from 0 up"),
        (lambda: Gaussian(0.0), "deviation of the visible units is 0.0; it must be positive"),
        (lambda: Sparse(1.0), "sparse with target 1.0; it must lie between 0 and 1"),
        (lambda: Sparse(cost=-1.0), "sparse at a cost of -1.0"),
        (lambda: Sparse(memory=1.0), "sparse with memory 1.0"),
        (lambda: FromChance(0.0), "initial weights of deviation 0.0; it must be positive"),
        (lambda: FromData(float("inf")), "initial weights of norm inf; it must be positive"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
