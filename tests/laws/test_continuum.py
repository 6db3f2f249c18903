"""Where two kinds of cell are one: the steps between the neocognitron and the CNN that change nothing."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kit import assert_close, double

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Conv,
    Dense,
    Hyperbolic,
    LocallyConnected,
    Max,
    Mean,
    Params,
    ReLU,
    SCells,
    Shunting,
    SquareRoot,
    TrueConv,
)
from neuro_cnn.layers.base import Weights
from neuro_cnn.layers.scells import SWeights

HOW = {"planes": 3, "size": (3, 2), "stride": (1, 2), "pad": ((1, 0), (-1, 1))}
SHAPE = (2, 6, 7)


def drawn(layer, seed):
    """Params in float64 with inhibition drawn too, a batch, and an error for its response."""
    rng = np.random.default_rng(seed)
    params = double(layer.init(SHAPE, rng))
    params = params._replace(learned=params.learned._replace(inhibition=rng.uniform(0, 0.5, 3)))
    return params, rng.standard_normal((2, *SHAPE)), rng.standard_normal((2, *layer.out_shape(params, SHAPE)))


@given(st.integers(0, 1000))
def test_rectified_s_cells_are_a_convolution_and_a_rectifier(seed):
    s_cells, conv, relu = SCells(**HOW), Conv(**HOW), ReLU()
    params, x, dy = drawn(s_cells, seed)
    weights = Params(Weights(params.learned.weight, -params.learned.inhibition))
    y, activity = s_cells.forward(params, x)
    drive, below = conv.forward(weights, x)
    response, above = relu.forward(Params(), drive)
    assert_close(y, response)
    dx, gradient = s_cells.backward(params, activity, dy)
    expected, by_conv = conv.backward(weights, below, relu.backward(Params(), above, dy)[0])
    assert_close((dx, gradient.weight, -gradient.inhibition), (expected, by_conv.weight, by_conv.bias))


@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_without_inhibition_shunting_cells_are_r_times_a_rectifier(seed, r):
    layer = SCells(**HOW, response=Shunting(r))
    params, x, _ = drawn(layer, seed)
    free = params._replace(learned=params.learned._replace(inhibition=np.zeros(3)))
    y, activity = layer.forward(free, x)
    assert_close(y, r * np.maximum(activity.excitation, 0))


@given(st.integers(0, 1000))
def test_a_full_table_is_no_table(seed):
    full, plain = Conv(**HOW, table=((True,) * 2,) * 3), Conv(**HOW)
    rng = np.random.default_rng(seed)
    params, x = double(plain.init(SHAPE, rng)), rng.standard_normal((2, *SHAPE))
    y, activity = plain.forward(params, x)
    assert_close(full.forward(params, x)[0], y)
    assert_close(full.backward(params, activity, y), plain.backward(params, activity, y))


@given(st.integers(0, 1000))
def test_a_table_is_zero_weights(seed):
    table = ((True, False), (False, True), (False, False))
    masked, plain = Conv(**HOW, table=table), Conv(**HOW)
    rng = np.random.default_rng(seed)
    params, x = double(plain.init(SHAPE, rng)), rng.standard_normal((2, *SHAPE))
    zeroed = params.learned.weight * np.array(table)[:, :, None, None]
    expected = plain.forward(params._replace(learned=params.learned._replace(weight=zeroed)), x)[0]
    assert_close(masked.forward(params, x)[0], expected)


@pytest.mark.parametrize(
    ("r", "x", "a", "b", "expected"),
    [
        # one synapse, c = 1, so v = x: e = 3 x 0.5 = 1.5; u = 4 [2.5 / (1 + 8/5 x 1 x 0.5) - 1] = 4 (25/18 - 1)
        (4, [[0.5]], [[3]], 1, 4 * 7 / 18),
        # the same cell held down: 1 + 8/5 x 10 x 0.5 = 9 > 2.5
        (4, [[0.5]], [[3]], 10, 0),
        # four synapses, c = 1/4: v = sqrt(2^2 / 4) = 1; e = 4; u = 4 [5 / (1 + 8/5 x 2 x 1) - 1] = 4 (25/21 - 1)
        (4, [[2, 0], [0, 0]], [[2, 5], [0, 0]], 2, 16 / 21),
        # r = 1: 2r/(1+r) = 1; v = 3; e = 9; u = (1 + 9) / (1 + 1 x 3) - 1
        (1, [[3, 3], [3, 3]], [[1, 0], [1, 1]], 1, 1.5),
    ],
)
def test_worked_values_of_fukushima_1980_equation_1(r, x, a, b, expected):
    x, a = np.array(x, float)[None, None], np.array(a, float)[None, None]
    layer = SCells(1, x.shape[2], response=Shunting(r))
    fixed = double(layer.init((1, *x.shape[2:]), None)).fixed
    y, _ = layer.forward(Params(SWeights(a, np.array([float(b)])), fixed), x)
    assert y.shape == (1, 1, 1, 1)
    assert y.item() == pytest.approx(expected, abs=1e-7)


@st.composite
def pairs_of_patterns(draw):
    """Two patterns of 2 planes of 3 x 2, from alike to unlike."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    learned, other = rng.random((2, 1, 2, 3, 2))
    mix = draw(st.floats(0, 1))
    return learned, mix * learned + (1 - mix) * other * (other > 0.5)


@given(pairs_of_patterns(), st.floats(0.2, 20), st.floats(0.4, 1), st.floats(1, 1e4))
def test_a_cell_that_learned_a_pattern_fires_when_the_cosine_to_it_exceeds_its_selectivity(patterns, r, gamma, q):
    learned, shown = patterns
    layer = SCells(1, (3, 2), response=Shunting(r, gamma))
    params = double(layer.init((2, 3, 2), None))
    c = params.fixed.surround
    params = layer.rewire(params, q * c * learned)
    norms = [np.sqrt(np.sum(c * x * x)) for x in (learned, shown)]
    assert params.learned.inhibition.item() == pytest.approx(q / 2 * norms[0])  # Fukushima 1980, eq. (8)
    cosine, threshold = np.sum(c * learned * shown) / (norms[0] * norms[1]), r / (1 + r)
    assume(abs(cosine - threshold) > 1e-3)
    assert (layer.forward(params, shown)[0].item() > 0) == (cosine > threshold)


@pytest.mark.parametrize("gamma", [1, 0.5])
def test_the_weights_of_a_v_cell_sum_to_1_over_its_view_and_all_planes(gamma):
    params = SCells(3, (3, 2), response=Shunting(gamma=gamma)).init((4, 5, 5), None)
    assert params.fixed.surround.shape == (1, 4, 3, 2)
    assert params.fixed.surround.sum() == pytest.approx(1)


def test_weights_that_are_rewired_are_excitatory():
    layer = SCells(1, 2, response=Shunting())
    params = layer.rewire(layer.init((1, 2, 2), None), np.array([[[[1, -1], [0, 2]]]], np.float32))
    np.testing.assert_array_equal(params.learned.weight, [[[[1, 0], [0, 2]]]])


@pytest.mark.parametrize("response", [None, Shunting(gamma=0.5)])
def test_hebbs_product_is_the_sum_over_positions_of_factor_and_view(response):
    layer = Conv(2, 2) if response is None else SCells(2, 2, response=response)
    rng = np.random.default_rng(0)
    params, x = double(layer.init((2, 3, 3), rng)), rng.standard_normal((1, 2, 3, 3))
    y, activity = layer.forward(params, x)
    factor = rng.standard_normal(y.shape)
    expected = sum(
        factor[0, :, i, j, None, None, None] * x[:, :, i : i + 2, j : j + 2] for i in range(2) for j in range(2)
    )
    weighting = 1 if response is None else params.fixed.surround
    assert_close(layer.associate(params, activity, factor), weighting * expected)


@pytest.mark.parametrize("inhibition", [0, 0.7])
def test_hyperbolic_and_square_root_c_cells_saturate_the_same_drive(inhibition):
    rng = np.random.default_rng(0)
    x = rng.random((2, 3, 9, 8)) ** 4
    root, ratio = (
        CCells(4, 2, 1, pool).forward(Params((), pool.fixed((4, 4))), x)[0]
        for pool in (SquareRoot(1.1, inhibition), Hyperbolic(1.1, inhibition, total=5.0))
    )
    assert np.any(root > 0)
    assert np.any(root == 0) == (inhibition > 0)
    np.testing.assert_allclose(ratio, 5 * root**2 / (1 + 5 * root**2), rtol=1e-9, atol=1e-12)


def test_weights_of_a_c_cell_are_positive():
    with pytest.raises(UsageError, match="excitatory weights of a C-cell that sum to 0; give more than 0"):
        Hyperbolic(total=0)
    with pytest.raises(UsageError, match="surround inhibition of -1 in a C-cell; give 0 or more"):
        Hyperbolic(inhibition=-1)


@given(st.integers(0, 1000))
def test_true_convolution_is_cross_correlation_with_the_weights_turned(seed):
    conv, true = Conv(**HOW, dilation=(2, 1)), TrueConv(**HOW, dilation=(2, 1))
    rng = np.random.default_rng(seed)
    params, x = double(conv.init(SHAPE, rng)), rng.standard_normal((2, *SHAPE))
    kept = params._replace(learned=params.learned._replace(weight=params.learned.weight[:, :, ::-1, ::-1]))
    y, activity = conv.forward(params, x)
    drive, seen = true.forward(kept, x)
    assert_close(drive, y)
    dx, gradient = conv.backward(params, activity, y)
    by_true = true.backward(kept, seen, y)
    assert_close(by_true, (dx, gradient._replace(weight=gradient.weight[:, :, ::-1, ::-1])))


@given(st.integers(0, 1000))
def test_one_bright_cell_is_answered_by_the_weights_and_under_cross_correlation_by_the_weights_turned(seed):
    x = np.zeros((1, 1, 1, 1)) + 1
    for layer, turn in (
        (TrueConv(3, (3, 4), pad="full", bias=False), 1),
        (Conv(3, (3, 4), pad="full", bias=False), -1),
    ):
        params = double(layer.init((1, 1, 1), np.random.default_rng(seed)))
        np.testing.assert_array_equal(layer.respond(params, x)[0], params.learned.weight[:, 0, ::turn, ::turn])


@given(st.integers(0, 1000), st.sampled_from([0, ((1, 0), (-1, 1)), "same", "full"]))
def test_locally_connected_cells_whose_places_have_the_same_weights_are_a_convolution(seed, pad):
    how = {"planes": 3, "size": (3, 2), "stride": (1, 2), "pad": pad, "dilation": (2, 1)}
    local, conv = LocallyConnected(**how), Conv(**how)
    rng = np.random.default_rng(seed)
    params, x = double(conv.init(SHAPE, rng)), rng.standard_normal((2, *SHAPE))
    params = params._replace(learned=params.learned._replace(bias=rng.standard_normal(3)))
    y, activity = conv.forward(params, x)
    places = y.shape[2:]
    weight = np.broadcast_to(params.learned.weight, (*places, *params.learned.weight.shape))
    alike = Params(Weights(weight, np.broadcast_to(params.learned.bias[:, None, None], y.shape[1:])))
    drive, seen = local.forward(alike, x)
    assert_close(drive, y)
    dy = rng.standard_normal(y.shape)
    dx, gradient = conv.backward(params, activity, dy)
    expected, apart = local.backward(alike, seen, dy)
    assert_close(dx, expected)
    # what all places have in common has the sum of their gradients
    assert_close(gradient, Weights(apart.weight.sum(axis=(0, 1)), apart.bias.sum(axis=(1, 2))))


@given(st.integers(0, 1000))
def test_locally_connected_cells_that_see_the_whole_map_are_dense_units(seed):
    local, dense = LocallyConnected(4, SHAPE[1:]), Dense(4)
    rng = np.random.default_rng(seed)
    params, x = double(local.init(SHAPE, rng)), rng.standard_normal((3, *SHAPE))
    flat = Params(Weights(params.learned.weight.reshape(4, -1), rng.standard_normal(4)))
    params = params._replace(learned=params.learned._replace(bias=flat.learned.bias[:, None, None]))
    y, activity = local.forward(params, x)
    drive, seen = dense.forward(flat, x.reshape(3, -1))
    assert_close(y.reshape(3, 4), drive)
    dx, gradient = local.backward(params, activity, y)
    expected, by_dense = dense.backward(flat, seen, drive)
    assert_close(dx.reshape(3, -1), expected)
    assert_close((gradient.weight.reshape(4, -1), gradient.bias.reshape(4)), tuple(by_dense))


@given(st.integers(0, 1000), st.integers(1, 3), st.integers(1, 3))
def test_dense_units_slid_over_every_block_are_a_convolution_in_outputs_and_in_operations(seed, size, stride):
    conv, dense = Conv(5, size, stride), Dense(5)
    rng = np.random.default_rng(seed)
    params, x = double(conv.init(SHAPE, rng)), rng.standard_normal((2, *SHAPE))
    units = Params(Weights(params.learned.weight.reshape(5, -1), params.learned.bias))
    y = conv.respond(params, x)
    blocks = [
        (row, column, x[:, :, top : top + size, left : left + size].reshape(2, -1))
        for row, top in enumerate(range(0, SHAPE[1] - size + 1, stride))
        for column, left in enumerate(range(0, SHAPE[2] - size + 1, stride))
    ]
    for row, column, block in blocks:
        assert_close(y[:, :, row, column], dense.respond(units, block))
    costs = [dense.arithmetic(units, block.shape[1:]) for *_, block in blocks]
    total = conv.arithmetic(params, SHAPE)
    assert total == (sum(cost.connections for cost in costs), sum(cost.macs for cost in costs))


@given(st.integers(0, 1000))
def test_pooling_a_signal_is_pooling_a_map_of_height_1(seed):
    signal = np.random.default_rng(seed).standard_normal(12)
    x = signal[None, None, None]
    blocks = signal.reshape(4, 3)
    for pool, expected in ((Max(), blocks.max(axis=1)), (Mean(), blocks.mean(axis=1))):
        layer = CCells((1, 3), pool=pool)
        assert layer.out_shape(Params(), (1, 1, 12)) == (1, 1, 4)
        assert_close(layer.respond(Params(), x)[0, 0, 0], expected)
