"""Perceptron, Adaline and Madaline: each presentation by hand, where they end, and what they can never learn."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Majority, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.rules import LMS, ErrorCorrection, MadalineI
from neuro_cnn.schedule import Linear
from neuro_cnn.tree import leaves

RNG = np.random.default_rng(7)
CORNERS = np.array(list(product((-1.0, 1.0), repeat=2)))
XOR = np.array([0, 1, 1, 0])
RULES = {"perceptron": ErrorCorrection(), "lms": LMS(0.3), "madaline": MadalineI(3, 0.7)}
every_rule = pytest.mark.parametrize("name", RULES)


def started(rule, x, classes=2, bias=True, seed=0):
    """A layer for this rule, and its weights and state before the first presentation."""
    layer = Dense(classes * getattr(rule, "adalines", 1), bias)
    params = layer.init(x.shape[1:], np.random.default_rng(seed))
    params = Params(Weights(*(np.asarray(leaf, x.dtype) if len(leaf) else () for leaf in params.learned)))
    return layer, *rule.start(layer, params, x, RNG, 10)


def shown(rule, layer, params, state, x, labels):
    """Params and state after these images in this order."""
    return rule.update(layer, params, state, layer.forward(params, x)[1], labels, RNG)


def taught(rule, x, labels, passes, **start):
    layer, params, state = started(rule, x, **start)
    for _ in range(passes):
        params, state = shown(rule, layer, params, state, x, labels)
    return params.learned


def by_hand(name, weight, bias, x, labels):
    """The rules written unit by unit."""
    weight, bias = weight.copy(), bias.copy()
    n = 3 if name == "madaline" else 1
    for image, label in zip(x, labels, strict=True):
        u = weight @ image + bias
        for c in range(len(weight) // n):
            t, group = (1 if c == label else -1), range(c * n, c * n + n)
            wrong = sorted((k for k in group if (u[k] > 0) != (t > 0)), key=lambda k: abs(u[k]))
            if name == "perceptron":
                steps = {k: t for k in group if u[k] * t <= 0}
            elif name == "lms":
                steps = {k: 0.3 * (t - u[k]) / (image @ image + 1) for k in group}
            else:
                steps = {k: 0.7 * (t - u[k]) / (image @ image + 1) for k in wrong[: max(len(wrong) - 1, 0)]}
            for k, step in steps.items():
                weight[k] += step * image
                bias[k] += step
    return Weights(weight, bias)


@every_rule
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 999))
def test_presentations_are_made_one_at_a_time_whatever_the_batches(xp, name, sizes, seed):
    rng = np.random.default_rng(seed)
    x, labels = rng.standard_normal((sum(sizes), 5)), rng.integers(0, 3, sum(sizes))
    layer, params, state = started(RULES[name], x, 3, seed=seed)
    expected = by_hand(name, *params.learned, x, labels)
    params = on(xp, params)
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        part = slice(end - size, end)
        params, state = shown(RULES[name], layer, params, state, on(xp, x[part]), on(xp, labels[part]))
    assert_close(params.learned, expected)


@every_rule
@pytest.mark.parametrize("bias", [True, False])
def test_nothing_given_is_changed_and_weights_stay_single_and_contiguous(name, bias):
    x = RNG.standard_normal((6, 5), np.float32)
    layer, params, state = started(RULES[name], x, 3, bias)
    for leaf in (x, *(leaf for _, leaf in leaves(params))):
        leaf.flags.writeable = False
    learned = shown(RULES[name], layer, params, state, x, np.arange(6) % 3)[0].learned
    assert {leaf.dtype for _, leaf in leaves(learned)} == {np.dtype(np.float32)}
    assert all(leaf.flags.c_contiguous for _, leaf in leaves(learned))
    assert sum(leaf.size > 0 for _, leaf in leaves(learned)) == 1 + bias
    assert np.any(learned.weight != params.learned.weight)


# Perceptron


def separable(seed, size=3, count=40, margin=0.2):
    """Points beside a hyperplane through 0, at least so far from it; and the side of each."""
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal(size)
    normal /= np.linalg.norm(normal)
    x = rng.uniform(-1, 1, (count, size))
    x = x[np.abs(x @ normal) > margin]
    return x, (x @ normal > 0).astype(int), normal


@given(seed=st.integers(0, 10_000), size=st.integers(1, 6))
def test_a_perceptron_errs_no_more_than_novikoff_allows_and_then_never_again(seed, size):
    x, labels, normal = separable(seed, size)
    if not len(x):
        return
    gamma, radius = np.min(np.abs(x @ normal)), np.max(np.linalg.norm(x, axis=1))
    layer, params, state = started(ErrorCorrection(), x, bias=False)
    mistakes, passes, before = 0, 0, None
    while before is None or np.any(params.learned.weight != before):
        before = params.learned.weight
        for i in range(len(x)):
            old = params.learned.weight
            params, state = shown(ErrorCorrection(), layer, params, state, x[i : i + 1], labels[i : i + 1])
            mistakes += int(np.any(params.learned.weight[1] != old[1]))
        passes += 1
        assert mistakes <= (radius / gamma) ** 2
    assert np.array_equal(np.argmax(x @ params.learned.weight.T, axis=1), labels)
    assert passes <= mistakes + 1  # every pass but the last has an error


def test_a_perceptron_separates_what_a_bias_separates():
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    for labels in ([0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0]):  # and, or, not and
        weight, bias = taught(ErrorCorrection(), x, np.array(labels), 20)
        assert np.argmax(x @ weight.T + bias, axis=1).tolist() == labels


def test_a_perceptron_on_xor_goes_in_circles_with_small_weights():
    layer, params, state = started(ErrorCorrection(), CORNERS)
    seen, places = [], {}
    for number in range(60):
        before = params.learned
        params, state = shown(ErrorCorrection(), layer, params, state, CORNERS, XOR)
        weight, bias = params.learned
        seen.append(np.column_stack([weight, bias]))
        assert np.any((CORNERS @ before.weight.T + before.bias)[np.arange(4), XOR] <= 0)  # a unit errs in every pass
        places.setdefault(seen[-1].tobytes(), number)
    assert len(places) < 10  # the weights come back to where they were
    assert np.abs(seen).max() <= 4


# Adaline


@pytest.mark.parametrize("bipolar", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_adaline_goes_to_the_solution_of_least_squares(bipolar, bias):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((15, 3))
    x = np.sign(x) if bipolar else x
    labels = rng.integers(0, 2, 15)
    rows = np.column_stack([x, np.ones(15)]) if bias else x
    length = np.linalg.norm(rows, axis=1, keepdims=True)  # of +1 and -1 all are alike: plain least squares
    wanted = (2 * np.eye(2)[labels] - 1) / (1 if bipolar else length)
    expected = np.linalg.lstsq(rows / (1 if bipolar else length), wanted)[0].T
    off = []
    for rate in (0.08, 0.02):
        learned = taught(LMS(rate), x, labels, 1200, bias=bias)
        found = np.column_stack([leaf for leaf in learned if len(leaf)])
        off.append(np.abs(found - expected).max())
    assert off[0] < 0.1
    assert off[1] < 0.5 * off[0]  # the rest is due to presenting one at a time, and falls with the rate


def test_where_an_adaline_can_be_right_it_ends_exactly_there_at_any_rate_with_the_shortest_weights():
    x = RNG.standard_normal((4, 9))
    labels = np.array([0, 1, 1, 0])
    expected = np.linalg.lstsq(x, 2 * np.eye(2)[labels] - 1)[0].T
    for rate in (0.5, 1.0, 1.5):
        np.testing.assert_allclose(taught(LMS(rate), x, labels, 500, bias=False).weight, expected, atol=1e-9)


@given(rate=st.floats(0.01, 1.99), seed=st.integers(0, 999))
def test_a_presentation_takes_its_share_of_the_error_away(rate, seed):
    x = np.random.default_rng(seed).standard_normal((2, 3))
    layer, params, state = started(LMS(rate), x)
    params, state = shown(LMS(rate), layer, params, state, x[:1], np.array([1]))
    wanted = np.array([[1.0, -1.0]])
    before = wanted - layer.respond(params, x[1:])
    after = wanted - layer.respond(shown(LMS(rate), layer, params, state, x[1:], np.array([0]))[0], x[1:])
    np.testing.assert_allclose(after, (1 - rate) * before, atol=1e-12)


def test_xor_leaves_an_adaline_undecided():
    weight, bias = taught(LMS(0.01), CORNERS, XOR, 3000)
    assert np.abs(CORNERS @ weight.T + bias).max() < 0.03


# Madaline


@pytest.mark.parametrize("seed", range(10))
def test_a_madaline_solves_xor(seed):
    weight, bias = taught(MadalineI(5, 1.0), CORNERS, XOR, 100, seed=seed)
    votes = Majority(5).respond(Params(), CORNERS @ weight.T + bias)
    np.testing.assert_array_equal(votes > 0.5, np.eye(2, dtype=bool)[XOR])


@given(seed=st.integers(0, 999))
def test_after_a_presentation_at_rate_1_its_majority_is_right_and_no_more_adalines_have_moved_than_it_took(seed):
    rng = np.random.default_rng(seed)
    x, rule = rng.standard_normal((1, 4)), MadalineI(5, 1.0)
    layer, params, state = started(rule, x, 3, seed=seed)
    votes = layer.respond(params, x)[0].reshape(3, 5) > 0
    after = shown(rule, layer, params, state, x, np.array([1]))[0]
    wanted = np.arange(3) == 1
    right = Majority(5).respond(Params(), layer.respond(after, x))[0]
    np.testing.assert_array_equal(right > 0.5, wanted)
    moved = np.any(after.learned.weight != params.learned.weight, axis=1).reshape(3, 5).sum(axis=1)
    np.testing.assert_array_equal(moved, np.maximum(3 - (votes == wanted[:, None]).sum(axis=1), 0))


def test_blank_images_without_bias_teach_nobody():
    for rule in (LMS(1.0), MadalineI(3, 1.0)):
        layer, params, state = started(rule, np.zeros((2, 4)), bias=False)
        assert_close(shown(rule, layer, params, state, np.zeros((2, 4)), np.array([0, 1]))[0], params)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LMS(2.0), "rate 2.0; a presentation that takes twice its error away never ends: stay below 2"),
        (lambda: MadalineI(3, Linear(0.1, 3.0)), "stay below 2"),
        (lambda: LMS(0.0), "a rate must begin above 0"),
        (lambda: MadalineI(4), "a majority of 4 Adalines; give an odd number"),
        (lambda: MadalineI(3).check(Dense(10), Params()), "10 units are no whole number of groups of 3 Adalines"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
