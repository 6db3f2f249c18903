"""The neocognitron of 2013: its maps, its control, and what it reads of digits."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy, accuracy_under
from neuro_cnn.models import build, control
from neuro_cnn.training import train


def taught(data, seed=0, **options):
    net, curriculum = build("neocognitron-2013", data.shape, len(data.classes), **options)
    *_, progress = train(net, curriculum, data, seed=seed)
    return net, progress.params


@pytest.fixture(scope="module")
def digits():
    data = load("digits")
    return data.train.take(np.arange(0, 4000, 20)), data.test.take(np.arange(200))


def test_map_sizes():
    net, _ = build("neocognitron-2013", (1, 28, 28), 10)
    rows = describe(net, (1, 28, 28))
    shapes = [row.out_shape for row in rows]
    assert shapes == [(2, 36, 36), (16, 36, 36), (16, 18, 18), (200, 18, 18), (200, 9, 9), (10,)]
    assert rows[-1].receptive_field >= (28, 28)


def test_one_stage_goes_from_edges_to_the_top():
    net, curriculum = build("neocognitron-2013", (1, 28, 28), 10, stages=1)
    assert net.names == ("R", "S1", "C1", "out")
    assert [phase.layers for phase in curriculum] == [("S1",), ("out",)]


def test_zero_input_gives_zero_everywhere(digits):
    net, params = taught(digits[0].take(np.arange(60)), planes=20)
    x = np.zeros((1, 1, 28, 28), np.float32)
    for name, layer in net.layers:
        x = layer.respond(params[name], x)
        assert not np.any(x[np.isfinite(x)])


def test_two_hundred_digits_teach_it(digits):
    net, params = taught(digits[0], planes=60, images=100)
    assert accuracy(net, params, digits[1]) > 0.85
    assert len(params["out"].fixed.labels) < 200


def test_the_control_has_random_views_in_place_of_planes_that_grew(digits):
    net, curriculum = build("neocognitron-2013", (1, 28, 28), 10, planes=60)
    bare = control(curriculum)
    assert [phase.label(net) for phase in bare] == ["S1: edges", "S2: imprint", "out: learn_references"]
    *_, progress = train(net, bare, digits[0], seed=0)
    params = progress.params
    assert params["S2"].learned.weight.shape[0] == 60
    assert accuracy(net, params, digits[1]) > 0.85


@pytest.mark.parametrize("options", [{"growth": "wta"}, {"growth": "wkl"}, {"growth": "wkl", "theta_kill": 0.85}])
def test_planes_that_compete_read_digits_too(digits, options):
    net, params = taught(digits[0], planes=60, images=50, **options)
    assert 10 < params["S2"].learned.weight.shape[0] <= 60
    assert accuracy(net, params, digits[1]) > 0.8


def test_the_third_threshold_is_for_winner_kill_loser():
    with pytest.raises(UsageError, match=r"theta_kill = 0.8 is for growth = wkl; leave it out or set growth=wkl"):
        build("neocognitron-2013", (1, 28, 28), 10, theta_kill=0.8)
    with pytest.raises(UsageError, match=r"theta_kill is 0.7; it must be at least theta, 0.75"):
        build("neocognitron-2013", (1, 28, 28), 10, growth="wkl", theta_kill=0.7)


def test_a_recognition_threshold_above_that_of_learning_is_refused():
    with pytest.raises(UsageError, match=r"theta_recognition = 0.7 is above theta_learning = 0.6; lower it"):
        build("neocognitron-2013", (1, 28, 28), 10, theta_learning=0.6)


@pytest.mark.slow
def test_interpolating_vectors_on_digits_whatever_the_order_of_images():
    data = load("digits")
    assert np.mean([accuracy(*taught(data.train, seed), data.test) for seed in range(3)]) >= 0.975


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({"margin": 0}, 0.955),
        ({"top": "all"}, 0.98),
        ({"top": "nearest"}, 0.976),
        ({"top": "wta"}, 0.96),
    ],
    ids=str,
)
def test_accuracy_on_digits(options, least):
    data = load("digits")
    assert accuracy(*taught(data.train, **options), data.test) >= least


@pytest.mark.slow
def test_a_thousand_digits_teach_it_nearly_as_well():
    data = load("digits", train_size=1000)
    assert accuracy(*taught(data.train), data.test) >= 0.965


@pytest.mark.slow
def test_cells_at_several_positions_read_shifted_digits():
    data = load("digits")
    test = data.test.take(np.arange(0, 1000, 4))
    net, params = taught(data.train, reach=1)
    assert min(accuracy_under(net, params, test, "shift", pixels) for pixels in (1, 2, 3, 4)) >= 0.95
