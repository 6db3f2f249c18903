"""Chains, and what can be said of them without running them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kit import assert_close, double, inner, relative, slope
from pydantic import TypeAdapter, ValidationError

from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Conv,
    Dense,
    Flatten,
    Hyperbolic,
    Mean,
    Normalize,
    Params,
    ReLU,
    SCells,
    Shunting,
    SquareRoot,
)
from neuro_cnn.network import Branches, Chain, Residual
from neuro_cnn.tree import fill, leaves, tree_map

# LeCun et al. 1998, Table I: which planes of S2 each plane of C3 looks at
THREES = [(i, (i + 1) % 6, (i + 2) % 6) for i in range(6)]
FOURS = [tuple((i + j) % 6 for j in range(4)) for i in range(6)] + [(0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)]
TABLE = tuple(tuple(plane in row for plane in range(6)) for row in (*THREES, *FOURS, range(6)))
SMALL = Chain((("C1", Conv(3, 3, pad=1)), ("R1", ReLU()), ("S2", CCells(2)), ("flat", Flatten()), ("out", Dense(4))))


def small(precision=np.float64):
    """A small chain's params, a batch and an error for its scores."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 2, 6, 4)).astype(precision), rng.standard_normal((2, 4)).astype(precision)
    return tree_map(lambda w: w.astype(precision), SMALL.init((2, 6, 4), 0)), x, dy


def facts(layer, in_shape):
    """The layer table's row of one layer."""
    return describe(Chain((("L", layer),)), in_shape)[0]


def test_forward_is_the_layers_one_after_another():
    params, x, _ = small()
    y, activity = SMALL.forward(params, x)
    for name, layer in SMALL.layers:
        x = layer.forward(params[name], x)[0]
    np.testing.assert_array_equal(y, x)
    assert tuple(activity) == SMALL.names


def test_the_response_at_rest_is_forwards_and_can_be_taken_in_parts():
    params, x, _ = small()
    y = SMALL.forward(params, x)[0]
    np.testing.assert_array_equal(SMALL.respond(params, x), y)
    below = SMALL.respond(params, x, stop="S2")
    np.testing.assert_array_equal(SMALL.respond(params, below, start="S2"), y)
    np.testing.assert_array_equal(SMALL.forward(params, below, start="S2")[0], y)


def test_the_gradients_of_a_chain_are_its_derivatives():
    params, x, dy = small()
    dx, gradients = SMALL.backward(params, SMALL.forward(params, x)[1], dy)
    rng = np.random.default_rng(1)
    direction = rng.standard_normal(x.shape)
    expected = slope(lambda x: inner(SMALL.forward(params, x)[0], dy), x, direction)
    assert relative(inner(dx, direction), expected) < 1e-6
    arrays = dict(leaves(params))
    for name, gradient in leaves(gradients):
        direction = rng.standard_normal(arrays[name].shape)

        def response(value, name=name):
            return inner(SMALL.forward(fill(params, {**arrays, name: value}), x)[0], dy)

        assert relative(inner(gradient, direction), slope(response, arrays[name], direction)) < 1e-6


def test_backward_stops_at_the_lowest_layer_that_was_recorded():
    params, x, dy = small()
    whole, all_gradients = SMALL.backward(params, SMALL.forward(params, x)[1], dy)
    _, upper = SMALL.forward(params, SMALL.respond(params, x, stop="S2"), start="S2")
    error, gradients = SMALL.backward(params, upper, dy)
    assert set(gradients) == {"S2", "flat", "out"}
    assert_close(gradients["out"], all_gradients["out"])
    assert error.shape == (2, 3, 6, 4)
    assert whole.shape == x.shape
    assert SMALL.backward(params, upper, dy, need_input=False)[0] is None


def test_each_layer_has_its_own_stream_of_initial_weights():
    more = Chain((("C0", Conv(2, 1)), *SMALL.layers))
    ours, theirs = SMALL.init((2, 6, 4), 3), more.init((2, 6, 4), 3)
    assert_close(ours, {name: theirs[name] for name in SMALL.names})
    twins = Chain((("A", Conv(2, 1)), ("B", Conv(2, 1)))).init((2, 6, 4), 3)
    assert not np.array_equal(twins["A"].learned.weight, twins["B"].learned.weight)
    other = SMALL.init((2, 6, 4), 4)
    assert not np.array_equal(ours["C1"].learned.weight, other["C1"].learned.weight)


def test_shapes_are_those_of_the_responses():
    params, x, _ = small()
    shapes = SMALL.shapes(params, x.shape[1:])
    for name in SMALL.names:
        x = SMALL[name].forward(params[name], x)[0]
        assert shapes[name] == x.shape[1:]


def test_wiring_reads_back_from_plain_data_and_from_json():
    adapter = TypeAdapter(Chain)
    assert adapter.validate_python(adapter.dump_python(SMALL)) == SMALL
    assert adapter.validate_json(adapter.dump_json(SMALL)) == SMALL
    with pytest.raises(ValidationError, match="layer"):
        adapter.validate_python({**adapter.dump_python(SMALL), "layer": ()})


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: Chain(()), "a network without layers; give it at least one"),
        (lambda: Chain((("A", ReLU()), ("A", ReLU()))), "layer name 'A'; names must be different words"),
        (lambda: Chain((("A.b", ReLU()),)), "layer name 'A.b'; names must be different words"),
        (lambda: SMALL["C2"], "unknown layer 'C2'; did you mean 'S2'?|'C1'?"),
        (lambda: SMALL.part(start="C3"), "unknown layer 'C3'; did you mean"),
        (lambda: SMALL.respond({}, None, stop="X"), "unknown layer 'X'; there is: C1, R1, S2, flat, out"),
        (lambda: SMALL.init((2, 6, 1), 0), "layer S2: view of 2 does not fit a map of 6 x 1; pad by 1 or shrink"),
        (lambda: describe(SMALL, (2, 1, 9)), "layer S2: view of 2 does not fit a map of 1 x 9; pad by 1 or shrink"),
        (lambda: SMALL.shapes(SMALL.init((2, 6, 4), None), (2, 1, 1)), "layer S2: view of 2 does not fit"),
        (lambda: describe(SMALL, (2, 1, 1), SMALL.init((2, 6, 4), None)), "layer S2: view of 2 does not fit"),
        (lambda: Chain((("F", Dense(2)),)).init((2, 6, 1), 0), "layer F: dense units meet a map"),
    ],
)
def test_what_cannot_be_is_refused_with_the_layers_name(use, message):
    with pytest.raises(UsageError, match=message):
        use()


@pytest.mark.parametrize(
    ("layer", "in_shape", "out_shape", "parameters", "connections"),
    [
        # LeCun et al. 1998, section II.B: C1, S2 without its coefficient and bias, C3, C5, F6
        (Conv(6, 5), (1, 32, 32), (6, 28, 28), 156, 122_304),
        (Conv(16, 5, table=TABLE), (6, 14, 14), (16, 10, 10), 1_516, 151_600),
        (Conv(120, 5), (16, 5, 5), (120, 1, 1), 48_120, 48_120),
        (Dense(84), (120,), (84,), 10_164, 10_164),
        # the ten 5 x 5 x 3 filters of Stanford's CS231n notes
        (Conv(10, 5, pad=2), (3, 32, 32), (10, 32, 32), 760, 760 * 32 * 32),
        # Krizhevsky et al. 2012: 11 x 11 x 3 x 96 weights and 96 biases, at 55 x 55 places
        (Conv(96, 11, stride=4), (3, 227, 227), (96, 55, 55), 34_944, 34_944 * 55 * 55),
        # overlapping pools of the same: 3 x 3 with stride 2
        (CCells(3, stride=2), (96, 55, 55), (96, 27, 27), 0, 9 * 96 * 27 * 27),
        # shunting cells: a and b are learned; c, to the one V-cell of each column, is fixed
        (SCells(3, 3, response=Shunting()), (2, 5, 5), (3, 3, 3), 3 * 19, (3 * 19 + 18) * 9),
        (Normalize(), (7, 3, 3), (7, 3, 3), 0, 0),
    ],
)
def test_published_counts(layer, in_shape, out_shape, parameters, connections):
    row = facts(layer, in_shape)
    assert (row.out_shape, row.parameters, row.connections) == (out_shape, parameters, connections)


def test_multiply_adds_are_the_products_with_weights():
    assert facts(Conv(6, 5), (1, 32, 32)).macs == 25 * 6 * 28 * 28
    assert facts(Conv(6, 5, groups=2), (4, 9, 9)).macs == 50 * 6 * 25
    assert facts(Dense(3), (5,)).macs == 15
    assert facts(CCells(2), (3, 4, 4)).macs == 0
    assert facts(CCells(2, pool=Mean()), (3, 4, 4)).macs == 48


def test_describing_takes_no_memory_for_weights():
    huge = Chain((("F", Flatten()), ("D", Dense(10**9))))
    assert describe(huge, (10**6, 1, 1))[1].parameters == 10**9 * (10**6 + 1)


@st.composite
def layers_with_views(draw):
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    pad = tuple((draw(st.integers(-1, side - 1)), draw(st.integers(-1, side - 1))) for side in size)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    if draw(st.booleans()):
        return CCells(size, stride, pad, draw(st.sampled_from([CCells(1).pool, Mean()])))
    return Conv(1, size, stride, pad, dilation=draw(st.sampled_from([1, 2])), bias=False)


@given(st.lists(layers_with_views(), min_size=1, max_size=3), st.data())
def test_the_receptive_box_by_arithmetic_is_the_box_by_perturbation(layers, data):
    net = Chain(tuple((f"L{i}", layer) for i, layer in enumerate(layers)))
    sides = (11, 10)
    try:
        row = describe(net, (1, *sides))[-1]
    except UsageError:
        assume(False)
    cell = tuple(data.draw(st.integers(0, side - 1)) for side in row.out_shape[1:])
    params = tree_map(np.ones_like, double(net.init((1, *sides), 0)))
    points = np.eye(sides[0] * sides[1]).reshape(-1, 1, *sides)  # one pixel lit in each image
    lit = net.respond(params, points)[:, 0, cell[0], cell[1]].reshape(sides) > 0
    for axis in (0, 1):
        first = row.start[axis] + cell[axis] * row.stride[axis]
        seen = np.flatnonzero(lit.any(axis=1 - axis))
        box = np.arange(max(first, 0), min(first + row.receptive_field[axis], sides[axis]))
        assert set(seen) <= set(box)
        if first >= 0 and first + row.receptive_field[axis] <= sides[axis] and not cropped(layers):
            assert (seen[0], seen[-1]) == (box[0], box[-1])


@pytest.mark.parametrize("pool", [SquareRoot(), Hyperbolic(), SquareRoot(inhibition=0)])
@pytest.mark.parametrize("size", [2, 3])
def test_what_inhibits_a_c_cell_from_beyond_its_view_is_in_its_receptive_box(pool, size):
    net = Chain((("C", CCells(size, 2, pool=pool)),))
    params = double(net.init((1, 17, 17), 0))
    row = describe(net, (1, 17, 17))[0]
    points = 1 + np.eye(17 * 17).reshape(-1, 1, 17, 17)
    moved = net.respond(params, points)[:, 0, 4, 4] != net.respond(params, np.ones((1, 1, 17, 17)))[0, 0, 4, 4]
    for axis in (0, 1):
        seen = np.flatnonzero(moved.reshape(17, 17).any(axis=axis))
        first = row.start[1 - axis] + 4 * row.stride[1 - axis]
        assert (seen[0], seen[-1] + 1) == (first, first + row.receptive_field[1 - axis])


def cropped(layers):
    """Whether any layer crops its map, so that a cell above may lack part of its box."""
    return any(min(min(p) for p in layer.pad) < 0 for layer in layers)


def test_the_receptive_boxes_of_lenet_5():
    chain = Chain((("C1", Conv(6, 5)), ("S2", CCells(2)), ("C3", Conv(16, 5)), ("S4", CCells(2)), ("C5", Conv(9, 5))))
    rows = describe(chain, (1, 32, 32))
    assert [row.receptive_field[0] for row in rows] == [5, 6, 14, 16, 32]
    assert [row.stride[0] for row in rows] == [1, 2, 2, 4, 4]


def test_above_flatten_a_unit_sees_the_whole_map():
    rows = describe(Chain((("F", Flatten()), ("D", Dense(3)))), (2, 6, 4))
    assert [(row.receptive_field, row.start) for row in rows] == [((6, 4), (0, 0))] * 2


def test_params_hold_learned_and_fixed_arrays_apart():
    params = SCells(2, 3, response=Shunting()).init((1, 5, 5), np.random.default_rng(0))
    assert isinstance(params, Params)
    assert [name for name, _ in leaves(params)] == ["weight", "inhibition", "surround"]


RESIDUAL = Residual(
    Chain((("a", Conv(4, 3, 2, 1, bias=False)), ("r", ReLU()), ("b", Conv(4, 3, pad=1, bias=False)))),
    Chain((("s", Conv(4, 1, 2, bias=False)),)),
)
INCEPTION = Branches((Chain((("a", Conv(3, 1)),)), Chain((("p", CCells(3, 1, 1)), ("b", Conv(2, 5, pad=2))))))


def test_a_residual_is_the_body_and_the_shortcut_added():
    params = RESIDUAL.init((2, 7, 6), np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((3, 2, 7, 6), np.float32)
    inner = {name: Params(weights) for name, weights in params.learned.items()}
    expected = RESIDUAL.body.respond(inner, x) + RESIDUAL.shortcut.respond(inner, x)
    np.testing.assert_array_equal(RESIDUAL.forward(params, x)[0], expected)


def test_branches_lay_their_planes_one_after_the_other():
    params = INCEPTION.init((2, 7, 6), np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((3, 2, 7, 6), np.float32)
    y = INCEPTION.forward(params, x)[0]
    inner = {name: Params(params.learned[name]) for name in ("a", "b")}
    np.testing.assert_array_equal(y[:, :3], Conv(3, 1).respond(inner["a"], x))
    np.testing.assert_array_equal(y[:, 3:], Conv(2, 5, pad=2).respond(inner["b"], CCells(3, 1, 1).respond(Params(), x)))


def test_a_block_is_described_by_its_layers_and_sees_what_any_of_its_paths_sees():
    net = Chain((("res", RESIDUAL), ("inc", INCEPTION)))
    rows = {row.name: row for row in describe(net, (2, 7, 6))}
    assert list(rows) == ["res.a", "res.r", "res.b", "res.s", "res", "inc.a", "inc.p", "inc.b", "inc"]
    assert rows["res"].receptive_field == rows["res.b"].receptive_field == (7, 7)
    assert rows["res"].start == (-3, -3)
    assert rows["res.s"].receptive_field == (1, 1)
    assert rows["inc"].receptive_field == (7 + 2 * 2 + 4 * 2, 7 + 2 * 2 + 4 * 2)
    assert (rows["res"].parameters, rows["inc"].macs) == (0, 0)
    params = net.init((2, 7, 6), 0)
    assert sum(row.parameters for row in rows.values()) == sum(leaf.size for _, leaf in leaves(params))
    total = [
        layer.arithmetic(params[name], shape).macs
        for (name, layer), shape in zip(net.layers, ((2, 7, 6), (4, 4, 3)), strict=True)
    ]
    assert sum(total) == sum(row.macs for row in rows.values())


def test_a_field_seen_through_a_block_is_where_the_gradient_reaches():
    net = Chain((("c", Conv(2, 3, bias=False)), ("res", RESIDUAL), ("inc", INCEPTION)))
    row = describe(net, (1, 40, 40))[-1]
    params = tree_map(lambda w: np.ones_like(w), net.init((1, 40, 40), 0))
    x = np.ones((1, 1, 40, 40), np.float32)
    y, activity = net.forward(params, x)
    dy = np.zeros_like(y)
    dy[0, 4, 9, 9] = 1  # the deep branch; ties of the pool go to the first, so the lower edge is not reached
    dx, _ = net.backward(params, activity, dy)
    reached = np.flatnonzero(np.any(dx[0, 0] != 0, axis=1))
    assert reached[0] == row.start[0] + 9 * row.stride[0]
    assert row.start[0] + 9 * row.stride[0] + row.receptive_field[0] > reached[-1]


WIDE, FAST = Conv(1, 5, bias=False), Conv(1, 3, 2, bias=False)


@pytest.mark.parametrize("paths", [(WIDE, FAST), (FAST, WIDE)])
def test_the_box_of_paths_of_different_strides_holds_what_each_cell_sees(paths):
    one, two = paths
    net = Chain((("B", Branches((Chain((("a", one),)), Chain((("b", two),))))),))
    row = describe(net, (1, 7, 7))[-1]
    params = tree_map(np.ones_like, net.init((1, 7, 7), 0))
    points = np.eye(49, dtype=np.float32).reshape(-1, 1, 7, 7)  # one pixel lit in each image
    lit = net.respond(params, points).any(axis=1).reshape(7, 7, 3, 3)
    for cell in range(3):
        first, seen = row.start[0] + cell * row.stride[0], np.flatnonzero(lit[:, :, cell, 0].any(axis=1))
        assert first <= seen[0] <= seen[-1] < first + row.receptive_field[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Residual(Chain((("a", Conv(3, 3)),))).init((2, 7, 6), None),
            r"\(3, 5, 4\) is to be added to",
        ),
        (lambda: Branches((Chain((("a", ReLU()),)),)), "1 branches; give at least two"),
        (lambda: Branches((Chain((("a", ReLU()),)), Chain((("a", ReLU()),)))), "layer name 'a' on two paths"),
        (
            lambda: Branches((Chain((("a", ReLU()),)), Chain((("b", Conv(1, 3)),)))).init((2, 7, 6), None),
            r"maps of \(7, 6\) and \(5, 4\); pad",
        ),
    ],
)
def test_blocks_that_do_not_meet_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_no_error_is_sent_to_layers_below_the_lowest_that_learns():
    net = Chain((("N", Normalize()), ("R", ReLU()), ("C1", Conv(3, 3)), ("flat", Flatten()), ("out", Dense(4))))
    params = net.init((2, 6, 4), 0)
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 2, 6, 4), np.float32), rng.standard_normal((2, 4), np.float32)
    _, activity = net.forward(params, x)
    _, whole = net.backward(params, activity, dy)
    lame = activity | {"N": None, "R": None}  # what is not asked cannot answer
    nothing, part = net.backward(params, lame, dy, need_input=False)
    assert nothing is None
    assert_close(part, whole)
