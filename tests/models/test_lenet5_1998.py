"""LeNet-5 of 1998: the counts, the table and the drawings that the paper publishes, and what follows from them."""

import numpy as np
import pytest
from kit import assert_close

from neuro_cnn.curriculum import Phase
from neuro_cnn.data import load
from neuro_cnn.data.augment import Augment
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import RBF, Conv, Dense, Frame, ScaledTanh, Subsampling
from neuro_cnn.layers.rbf import codes
from neuro_cnn.losses import MAP
from neuro_cnn.models import build

DIGIT = (1, 28, 28)
MEASURED = ("C1", "S2", "C3", "S4", "C5", "F6", "out")
TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


def facts(**options):
    net, _ = build("lenet5-1998", DIGIT, 10, **options)
    return {row.name: row for row in describe(net, DIGIT)}


@pytest.mark.parametrize(
    ("name", "shape", "parameters", "connections"),
    [
        ("frame", (1, 32, 32), 0, 0),
        ("C1", (6, 28, 28), 156, 122_304),
        ("S2", (6, 14, 14), 12, 5_880),
        ("C3", (16, 10, 10), 1_516, 151_600),
        ("S4", (16, 5, 5), 32, 2_000),
        ("C5", (120, 1, 1), 48_120, 48_120),
        ("F6", (84,), 10_164, 10_164),
        ("out", (10,), 0, 840),
    ],
)
def test_each_layer_has_the_papers_parameters_and_connections(name, shape, parameters, connections):
    row = facts()[name]
    assert (row.out_shape, row.parameters, row.connections) == (shape, parameters, connections)


def test_altogether_60000_parameters_without_the_fixed_840_of_the_rbf_units_and_340908_connections_with_theirs():
    rows = facts().values()
    assert sum(row.parameters for row in rows) == 60_000
    assert sum(row.connections for row in rows) == 340_908


def test_c5_sees_the_whole_input_and_a_cell_of_s4_half_of_it():
    rows = facts()
    assert [rows[name].receptive_field[0] for name in MEASURED[:5]] == [5, 6, 14, 16, 32]
    assert rows["C5"].start == (-2, -2)


def test_c3_is_connected_by_the_papers_table_1():
    net, _ = build("lenet5-1998", DIGIT, 10)
    theirs = np.array([list(row) for row in TABLE_I.split()]) == "X"  # S2's planes down, C3's across
    np.testing.assert_array_equal(np.array(net["C3"].table).T, theirs)


def test_synapses_that_are_not_in_the_table_weigh_nothing():
    net, _ = build("lenet5-1998", DIGIT, 10)
    weight = net.init(DIGIT, 0)["C3"].learned.weight
    np.testing.assert_array_equal(np.any(weight != 0, axis=(2, 3)), net["C3"].table)


@pytest.mark.parametrize(
    ("table", "parameters"), [("direct", 416), ("aggregated", 1_216), ("hand-made", 1_516), ("full", 2_416)]
)
def test_each_table_has_its_number_of_kernels_and_leaves_no_plane_out(table, parameters):
    net, _ = build("lenet5-1998", DIGIT, 10, table=table)
    assert facts(table=table)["C3"].parameters == parameters
    assert np.all(np.any(net["C3"].table, axis=0))


def test_the_scaled_tanh_is_1_at_1_and_steepest_at_0():
    layer = ScaledTanh()
    x = np.array([[-1.0, 0.0, 1.0]])
    y, activity = layer.forward(layer.init((3,), None), x)
    np.testing.assert_allclose(y, x, atol=1e-4)  # the paper: f(1) = 1 and f(-1) = -1, with A = 1.7159
    slope, _ = layer.backward((), activity, np.ones_like(x))
    assert slope[0, 1] == pytest.approx(1.7159 * 2 / 3)


def test_subsampling_is_a_coefficient_times_the_sum_of_2_x_2_and_a_bias():
    layer, x = Subsampling(), np.arange(16.0).reshape(1, 1, 4, 4)
    params = layer.init((1, 4, 4), np.random.default_rng(0))
    learned = params.learned._replace(weight=np.array([0.5]), bias=np.array([-3.0]))
    y, _ = layer.forward(params._replace(learned=learned), x)
    np.testing.assert_array_equal(y[0, 0], [[2, 6], [18, 22]])  # (0 + 1 + 4 + 5) / 2 - 3 = 2


def test_the_frame_brings_digits_to_32_x_32_with_mean_0_and_variance_1_or_so():
    layer, x = Frame(32, 32), load("digits").train.images[:]
    y, _ = layer.forward(layer.init(DIGIT, None), x)
    assert y.shape[1:] == (1, 32, 32)
    assert (y.min(), y.max()) == pytest.approx((-0.1, 1.175))
    assert_close(y[:, :, 2:-2, 2:-2], np.float32(1.275) * x - np.float32(0.1))
    assert abs(y.mean()) < 0.05  # "roughly 0" and "roughly 1" in the paper, whose digits are fitted to 20 x 20 pixels
    assert 0.1 < y.var() < 1.1


def test_codes_are_signs_none_twice_and_8_is_nearest_to_what_is_rounded_as_well():
    made = codes(30)
    assert set(np.unique(made)) == {-1.0, 1.0}
    apart = np.sum(made[:, None] != made[None], axis=2) + 84 * np.eye(30, dtype=int)
    assert apart.min() >= 4
    assert apart[8, :10].argmin() in (0, 3, 6, 9)
    np.testing.assert_array_equal(made[:12], codes(12))  # the codes of some classes do not depend on how many there are


def test_rbf_units_answer_by_the_distance_to_their_code_and_best_to_the_code_itself():
    layer = RBF(10)
    params = layer.init((84,), None)
    x = np.random.default_rng(0).standard_normal((4, 84))
    y, _ = layer.forward(params, x)
    expected = [[-sum((a - w) ** 2 for a, w in zip(image, code, strict=True)) for code in codes(10)] for image in x]
    assert_close(y, np.array(expected))
    own, _ = layer.forward(params, codes(10))
    np.testing.assert_array_equal(own.argmax(axis=1), np.arange(10))
    assert np.all(np.diagonal(own) == 0)


@pytest.mark.parametrize(
    ("layer", "in_shape", "inputs"),
    [
        (Conv(8, 5, initial="lecun-1998"), (3, 9, 9), 75),
        (Dense(50, initial="lecun-1998"), (40,), 40),
        (Subsampling(), (500, 4, 4), 4),
    ],
)
def test_weights_begin_evenly_spread_within_2_4_over_the_number_of_inputs(layer, in_shape, inputs):
    weight = layer.init(in_shape, np.random.default_rng(0)).learned.weight
    limit = 2.4 / inputs
    assert 0.98 * limit < np.abs(weight).max() <= limit
    assert weight.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_planes_that_see_fewer_planes_begin_with_larger_weights():
    net, _ = build("lenet5-1998", DIGIT, 10)
    weight = net.init(DIGIT, 0)["C3"].learned.weight
    seen = np.sum(net["C3"].table, axis=1)
    for plane, count in enumerate(seen):
        assert 0.9 * 2.4 / (25 * count) < np.abs(weight[plane]).max() <= 2.4 / (25 * count)


def test_images_of_other_sizes_are_set_into_32_x_32_or_shrunk_to_it():
    for in_shape, first in (((3, 32, 32), "frame"), ((1, 9, 20), "frame"), ((2, 40, 33), "resized")):
        net, _ = build("lenet5-1998", in_shape, 12)
        rows = describe(net, in_shape)
        assert rows[0].name == first
        assert {row.name: row.out_shape for row in rows}["frame"] == (in_shape[0], 32, 32)
        assert rows[-1].out_shape == (12,)


def test_it_learns_the_papers_criterion_from_moved_images_where_that_is_asked():
    (phase,) = build("lenet5-1998", DIGIT, 10, augment=2)[1]
    assert isinstance(phase, Phase)
    assert isinstance(phase.method.loss, MAP)
    assert phase.augment == Augment(2)
    assert build("lenet5-1998", DIGIT, 10)[1][0].augment is None


def test_an_unknown_table_is_refused():
    with pytest.raises(UsageError, match="table = 'ful'"):
        build("lenet5-1998", DIGIT, 10, table="ful")
