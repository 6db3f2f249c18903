"""LeNet-5 at one position and at several, from images as they are and from moved ones."""

from typing import get_args

import numpy as np
import pytest
from kit import assert_close
from layer_examples import example

from neuro_cnn.data import load
from neuro_cnn.data.augment import Augment
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy, accuracy_under
from neuro_cnn.layers import BestPosition, Key
from neuro_cnn.models import build
from neuro_cnn.models.lenet5 import Activation
from neuro_cnn.training import train

DIGIT = (1, 28, 28)
TRAIN = Key((0,))
MAPS = ("S1", "C1", "S2", "C2")
UNITS = ("F5", "F6", "out")


def taught(data, seed=0, **options):
    net, curriculum = build("lenet5", data.shape, len(data.classes), **options)
    *_, progress = train(net, curriculum, data, seed=seed)
    return net, progress.params


def reshaped(dense, params):
    """The weights of LeNet-5 at one position in the shapes of another; an S-cell's b is minus its bias."""
    made = dict(params)
    for name in MAPS:
        made[name] = dense[name]
    for name in UNITS:
        weight, bias = dense[name].learned
        ours = params[name].learned
        signed = -bias if name != "out" else bias
        made[name] = params[name]._replace(learned=type(ours)(weight.reshape(ours.weight.shape), signed))
    return made


@pytest.mark.parametrize("in_shape", [DIGIT, (3, 32, 32), (2, 40, 33)])
@pytest.mark.parametrize("reach", [1, 2])
def test_with_reach_the_middle_position_is_lenet5_with_the_same_weights(in_shape, reach):
    dense, _ = build("lenet5", in_shape, 7)
    wide, _ = build("lenet5", in_shape, 7, reach=reach)
    side = 2 * reach + 1
    assert {row.name: row.out_shape for row in describe(wide, in_shape)}["out"] == (7, side, side)
    params = dense.init(in_shape, 1)
    x = np.random.default_rng(0).random((4, *in_shape), np.float32)
    expected = dense.respond(params, x)
    theirs = reshaped(params, wide.init(in_shape, 2))
    maps = wide.respond(theirs, x, stop="best")
    assert_close(maps[:, :, reach, reach], expected)
    assert_close(wide.forward(theirs, x, TRAIN)[0], expected)
    assert np.all(wide.respond(theirs, x) >= expected - 1e-5)


def test_images_too_small_are_refused_alike_with_reach():
    with pytest.raises(UsageError, match="layer S2: view of 5 does not fit a map of 4 x 4"):
        build("lenet5", (1, 8, 8), 10, reach=1)


def test_with_reach_a_digit_moved_by_4_pixels_is_seen_by_the_neighbouring_position():
    net, _ = build("lenet5", DIGIT, 10, reach=1)
    params = net.init(DIGIT, 0)
    x = np.zeros((3, *DIGIT), np.float32)
    x[:, :, 8:20, 8:20] = np.random.default_rng(0).random((3, 1, 12, 12))
    maps = net.respond(params, x, stop="best")
    moved = net.respond(params, np.roll(x, (4, -4), (2, 3)), stop="best")
    assert_close(moved[:, :, 2, 0], maps[:, :, 1, 1])


def test_with_reach_it_has_as_many_parameters_and_learns_the_same():
    data = load("digits", train_size=100).train
    (dense, one), (wide, two) = (taught(data, epochs=1, batch=20, reach=reach) for reach in (0, 1))
    assert sum(r.parameters for r in describe(dense, DIGIT)) == sum(r.parameters for r in describe(wide, DIGIT))
    for name, expected in reshaped(one, two).items():
        assert_close(two[name], expected)


def test_best_position_takes_the_middle_in_training_and_sends_the_error_back_there():
    layer, params, x, dy = example("best-position", np.float64)
    y, activity = layer.forward(params, x, TRAIN)
    np.testing.assert_array_equal(y, x[:, :, 3, 3])  # of 7 x 6
    dx, _ = layer.backward(params, activity, dy)
    np.testing.assert_array_equal(dx[:, :, 3, 3], dy)
    assert np.count_nonzero(dx) == dy.size
    np.testing.assert_array_equal(BestPosition().respond(params, x), x.max(axis=(2, 3)))


@pytest.mark.parametrize("name", ["lenet5", "mlp"])
def test_augmentation_is_of_the_phase(name):
    assert build(name, DIGIT, 10)[1][0].augment is None
    assert build(name, DIGIT, 10, augment=3)[1][0].augment == Augment(shift=3)


def test_moved_training_images_teach_what_a_shift_is():
    data = load("digits", train_size=400)
    test = data.test.take(np.arange(300))
    still, moved = (taught(data.train, epochs=15, augment=pixels) for pixels in (0, 3))
    assert accuracy_under(*moved, test, "shift", 3) > accuracy_under(*still, test, "shift", 3) + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"augment": 4, "epochs": 60}, {"reach": 1, "augment": 2, "epochs": 60}], ids=str)
def test_both_ways_of_reading_shifted_digits(options):
    data = load("digits")
    net, params = taught(data.train, **options)
    assert accuracy(net, params, data.test) >= 0.94
    assert accuracy_under(net, params, data.test, "shift", 4) >= 0.85


@pytest.mark.parametrize("name", get_args(Activation))
def test_every_output_function_has_the_same_wiring_and_learns(name):
    net, curriculum = build("lenet5", (1, 28, 28), 10, activation=name, epochs=2)
    rows = {row.name: row for row in describe(net, (1, 28, 28))}
    assert sum(rows[layer].parameters for layer in ("S1", "S2", "F5", "F6", "out")) == 61_706
    data = load("digits").train.take(range(256))
    first, second = (p.measures()["loss"] for p in train(net, curriculum, data, seed=0) if p.epoch_ended)
    assert second < first


@pytest.mark.parametrize(
    ("pool", "parameters"),
    [
        *((pool, 61_706) for pool in ("max", "mean", "l2", "power-mean")),
        ("subsampling", 61_706 + 2 * (6 + 16)),
        ("strided", 61_706 + 6 * (6 * 9 + 1) + 16 * (16 * 9 + 1)),
        ("network-in-network", 61_706 + 6 * 7 + 16 * 17),
        ("none", 61_706 - 400 * 120 + 16 * 24 * 24 * 120),
    ],
)
def test_every_pool_has_its_parameters_and_halves_the_map(pool, parameters):
    net, _ = build("lenet5", (1, 28, 28), 10, pool=pool)
    rows = {row.name: row for row in describe(net, (1, 28, 28))}
    assert sum(row.parameters for row in rows.values()) == parameters
    if pool != "none":
        assert (rows["C1"].out_shape, rows["C2"].out_shape) == ((6, 14, 14), (16, 5, 5))


def test_positions_go_with_maxima_alone():
    with pytest.raises(UsageError, match="reach = 1 goes with rectified cells and maxima; leave act"):
        build("lenet5", (1, 28, 28), 10, reach=1, pool="mean")
