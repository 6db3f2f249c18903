"""The angle between a rule's step and backpropagation's: 0, 180 and 90 where it must be, and nothing is disturbed."""

import re
from dataclasses import dataclass, replace
from math import degrees, sqrt
from typing import Any, ClassVar

import numpy as np
import pytest
from kit import assert_close, double, on, relative, slope
from learning_examples import PROBLEMS, S1, bars

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, Nearest, Normalize, ReLU, SCells, Triangle
from neuro_cnn.layers.base import Weights
from neuro_cnn.losses import SquaredError
from neuro_cnn.network import Chain
from neuro_cnn.physiology import angles, courses
from neuro_cnn.physiology.learning.angles import between, ceiling, measure, step, tangential
from neuro_cnn.physiology.learning.descent import PENALTIES, Probe, descent, probe, readout
from neuro_cnn.rules import Conscience, Hebb, Hebbian, Imprint, Memorize, SoftHebb, SoftWTA, UnitNorm
from neuro_cnn.rules.base import Rule
from neuro_cnn.training import train
from neuro_cnn.tree import leaves

END = (("flat", Flatten()), ("out", Dense(3)))
NETS = {
    "conv": ("A", Chain((("A", Conv(4, 3, bias=False)), ("T", Triangle()), ("C", CCells(2)), *END))),
    "conv below": (
        "A",
        Chain((("A", Conv(4, 3)), ("T", ReLU()), ("N", Normalize()), ("B", SCells(5, 2)), ("C", CCells(2)), *END)),
    ),
    "scells": ("A", Chain((("A", SCells(6, 3)), ("C", CCells(2)), *END))),
    "dense": ("A", Chain((("flat", Flatten()), ("A", Dense(9)), ("T", ReLU()), ("out", Dense(3))))),
}
RNG = np.random.default_rng(5)


@dataclass(frozen=True)
class Given(Rule):
    """A rule that adds what it was given, whatever it sees."""

    added: Any
    kind: ClassVar[str] = "given"
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv, SCells, Dense)

    def update(self, layer, params, state, activity, target, rng):
        return layer.rewire(params, params.learned.weight + self.added), state


def fine(data: Dataset) -> Dataset:
    return replace(data, images=data.images.astype(np.float64))


@pytest.fixture(params=NETS)
def problem(request):
    """A layer's name, its network, params and images in double precision, and the network's descent there."""
    name, net = NETS[request.param]
    images = Probe(*map(fine, probe(bars(60))))
    params = double(net.init((1, 6, 6), 3))
    return name, net, params, images, sum(batch.steps[name] for batch in descent(net, params, images))


def angle(name, net, params, images, added):
    (found,) = measure(net, params, {name: (Given(added), None)}, images)
    return found


# oracles


def test_descent_is_minus_the_slope_of_the_loss_through_the_whole_network_under_the_fitted_read_out(problem):
    name, net, params, images, down = problem
    fitted = Weights(*readout(net.respond(params, images.fitted.images, stop="out"), images.fitted))
    params = {**params, "out": params["out"]._replace(learned=fitted)}

    def loss(weight):
        moved = {**params, name: params[name]._replace(learned=params[name].learned._replace(weight=weight))}
        return float(SquaredError()(net.respond(moved, images.shown.images), images.shown.labels)[0])

    for _ in range(3):
        direction = RNG.standard_normal(down.shape)
        expected = slope(loss, params[name].learned.weight, direction, 1e-6)
        assert relative(float(-np.sum(down * direction)), expected) < 1e-5


def test_a_rule_that_descends_stands_at_0_degrees_and_its_opposite_at_180(problem):
    for size in (1e-3, 1.0, 50.0):
        assert angle(*problem[:4], size * problem[4]).whole == pytest.approx(0, abs=1e-5)
        assert angle(*problem[:4], size * problem[4]).planes == pytest.approx(0, abs=1e-5)
    assert angle(*problem[:4], -problem[4]).whole == pytest.approx(180, abs=1e-5)
    assert angle(*problem[:4], -problem[4]).planes == pytest.approx(180, abs=1e-5)


def test_random_steps_stand_at_90_degrees_with_the_deviation_that_is_told(problem):
    found = [angle(*problem[:4], RNG.standard_normal(problem[4].shape)) for _ in range(60)]
    whole = np.array([each.whole for each in found])
    chance = found[0].chance
    assert abs(whole.mean() - 90) < 4 * chance / sqrt(60)
    assert whole.std() == pytest.approx(chance, rel=0.4)  # four deviations of a deviation of 60
    weight = problem[2][problem[0]].learned.weight
    assert chance == pytest.approx(degrees(1 / sqrt(weight.size - len(weight))))


def test_what_a_step_does_along_the_weights_is_not_compared(problem):
    name, net, params, images, down = problem
    weight = params[name].learned.weight
    lengths = RNG.standard_normal((len(weight),) + (1,) * (weight.ndim - 1))
    assert angle(name, net, params, images, down + lengths * weight).whole == pytest.approx(0, abs=1e-5)
    assert angle(name, net, params, images, lengths * weight).whole != pytest.approx(0, abs=1)


def test_a_rule_that_does_nothing_has_no_angle_and_one_plane_no_shuffle(problem):
    name, net, params, images, down = problem
    still = angle(name, net, params, images, 0 * down)
    assert (still.whole, still.planes, still.shuffled) == (None, None, None)
    one = Chain((("A", Conv(1, 3)), *END))
    found = angle("A", one, double(one.init((1, 6, 6), 0)), images, np.ones((1, 1, 3, 3)))
    assert found.shuffled is None
    assert 0 < found.whole < 180


def test_the_control_hands_every_planes_step_to_every_other_plane(problem):
    name, net, params, images, down = problem
    planes = len(down)
    weight, steps = params[name].learned.weight.reshape(planes, -1), down.reshape(planes, -1)
    best = tangential(steps, weight)
    handed = [tangential(np.roll(best, turn, axis=0), weight) for turn in range(1, planes)]
    expected = np.mean([between(each.reshape(-1), best.reshape(-1)) for each in handed])
    assert angle(name, net, params, images, down).shuffled == pytest.approx(expected)


# parts


def test_angles_between_vectors_are_exact_at_both_ends():
    a = np.array([[1.0, 0, 0], [1, 1, 0], [2, 0, 0], [3, 0, 0], [1, 0, 0], [0, 0, 0]])
    b = np.array([[5.0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [1, 1e-9, 0], [1, 0, 0]])
    found = between(a, b)
    np.testing.assert_allclose(found[:5], [0, 45, 90, 180, degrees(1e-9)], rtol=1e-12)
    assert np.isnan(found[5])


def test_tangential_steps_are_orthogonal_to_each_planes_weights():
    weight, steps = RNG.standard_normal((2, 5, 7))
    weight[2] = 0
    left = tangential(steps, weight)
    np.testing.assert_allclose(np.sum(left * weight, axis=1), 0, atol=1e-12)
    np.testing.assert_array_equal(left[2], steps[2])
    np.testing.assert_allclose(tangential(left, weight), left, atol=1e-12)


@pytest.mark.parametrize("noise", [0.3, 2.0, 6.0])
def test_the_ceiling_is_the_angle_of_an_estimate_to_what_it_estimates(noise):
    truth = RNG.standard_normal(200_000)
    one, other = (truth + noise * RNG.standard_normal(truth.size) for _ in range(2))
    assert ceiling(one, other) == pytest.approx(float(between(one + other, truth)), abs=1.5)
    assert ceiling(truth, truth) == pytest.approx(0, abs=1e-5)
    assert ceiling(truth, -truth) == pytest.approx(90)


def test_the_read_out_is_ridge_whose_penalty_is_least_wrong_about_images_left_out():
    x = RNG.standard_normal((20, 30)) + 3
    data = Dataset(np.zeros((20, 1, 1, 1), np.float32), np.arange(20) % 3, ("a", "b", "c"))
    y = np.eye(3)[data.labels]

    def ridge(x, y, lift):
        centred = x - x.mean(axis=0)
        weight = np.linalg.solve(centred.T @ centred + lift * np.eye(x.shape[1]), centred.T @ (y - y.mean(axis=0))).T
        return weight, y.mean(axis=0) - weight @ x.mean(axis=0)

    def left_out(lift):
        kept = [np.delete(np.arange(20), i) for i in range(20)]
        made = [ridge(x[some], y[some], lift) for some in kept]
        return sum(np.sum((y[i] - weight @ x[i] - bias) ** 2) for i, (weight, bias) in enumerate(made))

    lifts = [penalty * np.sum((x - x.mean(axis=0)) ** 2) / 20 for penalty in PENALTIES]
    expected = ridge(x, y, min(lifts, key=left_out))
    for ours, theirs in zip(readout(x, data), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    weight, bias = readout(np.ones((20, 4)), data)  # responses that tell nothing
    np.testing.assert_allclose(weight, 0, atol=1e-12)
    np.testing.assert_allclose(bias, y.mean(axis=0))


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_the_small_step_has_the_direction_of_the_rules_own_step_whatever_its_rate(rate):
    layer, x = Conv(5, 3, bias=False), RNG.random((8, 1, 6, 6))
    rule = Hebbian(rate, SoftWTA(0.3), SoftHebb(), (UnitNorm(), Conscience(2.0)))
    params, state = rule.start(layer, double(layer.init((1, 6, 6), RNG)), x, RNG, 10)
    activity = layer.forward(params, x)[1]
    own = rule.update(layer, params, state, activity, None, RNG)[0].learned.weight - params.learned.weight
    small = step(layer, params, rule, state, activity, np.arange(8))
    assert_close(step(layer, params, replace(rule, rate=3 * rate), state, activity, np.arange(8)), small)
    weight, own, small = (each.reshape(5, -1) for each in (params.learned.weight, own, small))
    np.testing.assert_allclose(between(tangential(own, weight), tangential(small, weight)), 0, atol=1e-3)
    np.testing.assert_allclose(between(tangential(small, weight), small), 0, atol=1e-3)  # it keeps the norm


def test_measuring_needs_no_numpy(xp):
    name, net = NETS["conv below"]
    images = probe(bars(60))
    params = net.init((1, 6, 6), 3)
    rule = Hebbian(0.1, SoftWTA(0.3), SoftHebb(), (UnitNorm(), Conscience()))
    _, state = rule.start(net[name], params[name], images.shown.images, RNG, 5)
    expected = measure(net, params, {name: (rule, state)}, images)
    ours = measure(net, on(xp, params), {name: (rule, on(xp, state))}, images)
    np.testing.assert_allclose(ours[0][3:], expected[0][3:], rtol=1e-3)


# over training


@pytest.mark.parametrize(
    ("name", "phases"), [("hebbian, ridge", 1), ("two layers of softhebb", 3), ("two layers at once", 1)]
)
def test_following_changes_nothing_in_what_is_learned(name, phases):
    net, curriculum = PROBLEMS[name]
    *_, expected = train(net, curriculum[:phases], bars(40), seed=2)
    *_, (progress, _) = angles(net, curriculum, bars(40), seed=2, points=3)
    for (leaf, ours), (_, theirs) in zip(leaves(progress.params), leaves(expected.params), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=leaf)


def test_each_layer_is_measured_from_its_first_update_on_also_when_it_has_learned():
    net, curriculum = PROBLEMS["two layers of softhebb"]
    found = [each for _, some in angles(net, curriculum, bars(26), seed=0, points=3) for each in some]
    places = {name: [(each.update, each.learning) for each in found if each.layer == name] for name in ("S1", "S2")}
    # four batches of one epoch, then three of two
    assert places["S1"] == [(1, True), (2, True), (4, False), (5, False), (8, False), (10, False)]
    assert places["S2"] == [(5, True), (8, True), (10, False)]
    assert all(0 < each.whole < 180 and 0 <= each.accuracy <= 1 for each in found)
    course = courses([found, found])["S2"]
    assert course.whole.shape == (2, 3)
    rows = course.summary()
    assert [row["update"] for row in rows] == [5, 8, 10]
    assert rows[0]["whole_mean"] == pytest.approx(next(each.whole for each in found if each.layer == "S2"))
    assert rows[0]["whole_sd"] == pytest.approx(0)


def test_the_probe_holds_images_with_labels_that_the_read_out_has_not_seen():
    data = bars(40)
    data = replace(data, labels=np.where(np.arange(40) < 10, -1, data.labels))
    shown, fitted = probe(data)
    assert (len(shown), len(fitted)) == (10, 20)
    assert (shown.labels >= 0).all()
    assert len(np.unique(np.concatenate([shown.images, fitted.images]), axis=0)) == 30
    assert sum(map(len, Probe(data.take(np.arange(33)), fitted).batches())) == 33


# refusals


HEBBIAN = PROBLEMS["hebbian, ridge"][0]
BY_HEBB = (Phase(("S1",), Local(Hebbian()), batch=26),)
REFUSED = {
    "no layer learns step by step from a local rule without a teacher": (*PROBLEMS["backprop"], 26),
    "so no step can be compared": (HEBBIAN, (Phase(("S1",), Local(Imprint()), 0),), 26),
    "S1 learns in a single update; use smaller batches or more images": (HEBBIAN, BY_HEBB, 26),
    "9 labelled training images; a read-out to send errors back through needs ten": (HEBBIAN, BY_HEBB, 9),
    "a linear read-out with a bias, which out (nearest) is not": (
        Chain((S1, *END[:1], ("out", Nearest(3)))),
        (*BY_HEBB, Phase(("out",), Local(Memorize()))),
        40,
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_followed_is_refused_in_one_line(message):
    net, curriculum, count = REFUSED[message]
    with pytest.raises(UsageError, match=re.escape(message)):
        list(angles(net, curriculum, bars(count), seed=0))


def test_a_layer_that_diverges_is_named_with_the_update():
    wild = Hebbian(1e30, plasticity=Hebb(), homeostasis=())
    with pytest.raises(
        FloatingPointError, match=r"S1: weights are no longer numbers after update [1-4]; lower the rate"
    ):
        list(angles(HEBBIAN, (Phase(("S1",), Local(wild), batch=7),), bars(26), seed=0, points=4))
