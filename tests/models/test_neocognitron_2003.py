"""The neocognitron of 2003: its published maps and cells, and what it reads of digits."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.layers import Shunting
from neuro_cnn.models import build, control
from neuro_cnn.training import train


def taught(data, seed=0, **options):
    net, curriculum = build("neocognitron-2003", data.shape, len(data.classes), **options)
    *_, progress = train(net, curriculum, data, seed=seed)
    return net, progress.params


@pytest.fixture(scope="module")
def digits():
    data = load("digits")
    return data.train.take(np.arange(0, 4000, 40)), data.test.take(np.arange(100))


def test_map_sizes_are_those_of_the_paper():
    net, _ = build("neocognitron-2003", (1, 28, 28), 10, planes2=39, planes3=110, planes4=103)
    params = net.init((1, 28, 28), None)
    shapes = net.shapes(params, (1, 28, 28))
    assert [shapes[name] for name in net.names] == [
        (1, 65, 65),
        (2, 71, 71),
        (16, 68, 68),
        (16, 37, 37),
        (39, 38, 38),
        (39, 21, 21),
        (110, 22, 22),
        (110, 13, 13),
        (10,),
    ]
    assert net["out"].cells.out_shape(params["out"], shapes["C3"]) == (103, 5, 5)


@pytest.mark.parametrize("theta", [0.3, 0.51, 0.66])
def test_shunting_cells_are_those_of_2003_whose_threshold_is_theta(theta):
    """u = theta/(1 - theta) phi[(1 + e)/(1 + theta h) - 1] with h = 2 b v: h is the e of a view like the pattern."""
    rng = np.random.default_rng(0)
    e, b, v = rng.uniform(0, 3, (4, 5, 3, 3)), rng.uniform(0, 3, (1, 5, 1, 1)), rng.uniform(0, 2, (4, 1, 3, 3))
    expected = theta / (1 - theta) * ((1 + e) / (1 + theta * 2 * b * v) - 1)
    cell = Shunting(theta / (1 - theta))
    np.testing.assert_allclose(cell.drive(e, b, v), expected, rtol=1e-12)
    assert cell.theta == pytest.approx(theta)


def test_zero_input_gives_zero_everywhere(digits):
    net, params = taught(digits[0].take(np.arange(20)), planes2=10, planes3=10)
    x = np.zeros((1, 1, 28, 28), np.float32)
    for name, layer in net.layers:
        x = layer.respond(params[name], x)
        assert np.array_equal(x, np.zeros_like(x))


def test_a_hundred_digits_teach_it(digits):
    net, params = taught(digits[0], planes2=30, planes3=40, images=20)
    assert accuracy(net, params, digits[1]) > 0.6
    assert len(params["S2"].learned.weight) <= 30
    assert 10 <= len(params["out"].fixed.labels) < 100
    assert set(params["out"].fixed.labels) == set(range(10))


def test_the_control_has_views_as_strong_as_the_planes_that_grew():
    net, curriculum = build("neocognitron-2003", (1, 28, 28), 10)
    bare = control(curriculum)
    assert [phase.label(net) for phase in bare] == ["S1: edges", "S2: imprint", "S3: imprint", "out: supervised_wta"]
    assert [phase.method.rule.strength for phase in bare[1:3]] == [p.method.rule.strength for p in curriculum[1:3]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theta_r2": 0.7, "theta_l2": 0.66}, "theta_r2 = 0.7 is above theta_l2 = 0.66; lower it"),
        ({"theta_r3": 0.7, "theta_l3": 0.67}, "theta_r3 = 0.7 is above theta_l3 = 0.67; lower it"),
        ({"theta_s1": 1.0}, "neocognitron-2003: theta_s1 = 1.0: input should be less than 1"),
        ({"theta_r4": 0.0}, "neocognitron-2003: theta_r4 = 0.0: input should be greater than 0"),
        ({"side": 56}, "side = 56 cannot lie in the middle of a retina of 65; choose an odd number"),
        ({"side": 67}, "neocognitron-2003: side = 67: input should be less than or equal to 65"),
    ],
)
def test_values_that_cannot_be_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        build("neocognitron-2003", (1, 28, 28), 10, **options)


@pytest.mark.slow
def test_accuracy_on_digits():
    data = load("digits")
    assert accuracy(*taught(data.train), data.test) >= 0.955
