"""Optimisers against a plain loop over numbers, and schedules at their ends."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from pydantic import TypeAdapter

from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Weights
from neuro_cnn.optim import SGD, Adam
from neuro_cnn.schedule import Cosine, Linear, at, checked

STEPS = 5
RATES = st.floats(0, 10)


def minimise(optimizer, xp=np, precision=np.float64):
    """The weights after each step down the bowl |w|^2 / 2, from fixed random weights, in a tree like a network's."""
    rng = np.random.default_rng(0)
    start = {"A": Weights(rng.standard_normal((2, 3)).astype(precision), ()), "B": rng.random(2).astype(precision)}
    weights = on(xp, start)
    state = optimizer.start(weights)
    path = []
    for step in range(STEPS):
        weights, state = optimizer.step(weights, weights, state, step, STEPS)
        path.append(weights)
    return start, path


def by_hand(move, w):
    """The path of one number under a rule w, memory, step -> w, memory."""
    memory, path = (0.0, 0.0), []
    for step in range(STEPS):
        w, memory = move(w, memory, step)
        path.append(w)
    return path


def assert_same_path(optimizer, move):
    start, path = minimise(optimizer)
    for row, column in np.ndindex(2, 3):
        expected = by_hand(move, float(start["A"].weight[row, column]))
        assert [float(w["A"].weight[row, column]) for w in path] == pytest.approx(expected, rel=1e-12)
    assert [float(w["B"][0]) for w in path] == pytest.approx(by_hand(move, float(start["B"][0])), rel=1e-12)


@pytest.mark.parametrize("rate", [0.1, Linear(0.2, 0.1), Cosine(0.3)])
def test_sgd_is_the_loop_over_numbers(rate):
    def move(w, memory, step):
        m = 0.8 * memory[0] + w + 0.01 * w
        return w - at(rate, step, STEPS) * m, (m, 0)

    assert_same_path(SGD(rate, momentum=0.8, decay=0.01), move)


@pytest.mark.parametrize("rate", [0.1, Linear(0.2, 0.1)])
def test_adam_is_the_loop_over_numbers(rate):
    def move(w, memory, step):  # Kingma & Ba 2015, Algorithm 1
        t = step + 1
        m, v = 0.7 * memory[0] + 0.3 * w, 0.9 * memory[1] + 0.1 * w**2
        m_hat, v_hat = m / (1 - 0.7**t), v / (1 - 0.9**t)
        return w - at(rate, step, STEPS) * m_hat / (sqrt(v_hat) + 1e-3), (m, v)

    assert_same_path(Adam(rate, beta1=0.7, beta2=0.9, epsilon=1e-3), move)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_every_library_gives_the_same_weights_in_the_same_precision(xp, optimizer):
    there, here = minimise(optimizer, xp, np.float32)[1], minimise(optimizer, np, np.float32)[1]
    assert_close(there, here)
    assert there[-1]["B"].dtype == xp.float32


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_an_optimiser_changes_nothing_that_it_is_given(optimizer):
    start = {"A": np.ones(3)}
    state = optimizer.start(start)
    weights, moved = optimizer.step(start, {"A": np.full(3, 0.5)}, state, 0, 1)
    optimizer.step(weights, {"A": np.full(3, 0.5)}, moved, 0, 1)
    np.testing.assert_array_equal(start["A"], np.ones(3))
    assert_close(state, optimizer.start(start))


@pytest.mark.parametrize("optimizer", [SGD(Cosine(0.1)), Adam(0.5)])
def test_optimisers_read_back_from_json(optimizer):
    adapter = TypeAdapter(type(optimizer))
    assert adapter.validate_json(adapter.dump_json(optimizer)) == optimizer


@given(RATES, RATES, st.integers(1, 100))
def test_a_schedule_begins_at_its_start_and_ends_at_its_stop(start, stop, steps):
    for schedule in (Linear(start, stop), Cosine(start, stop)):
        assert at(schedule, 0, steps) == pytest.approx(start)
        assert at(schedule, steps, steps) == pytest.approx(stop)
        assert at(schedule, 1, 2) == pytest.approx((start + stop) / 2)
        rates = np.array([at(schedule, step, steps) for step in range(steps + 1)])
        assert np.all(np.diff(rates) * np.sign(stop - start) >= -1e-12)


def test_a_plain_rate_stays():
    assert [at(0.3, step, 4) for step in range(5)] == [0.3] * 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(-1.0), "rate -1.0; rates must be numbers from 0 up"),
        (lambda: Adam(Linear(1, -1)), "rates must be numbers from 0 up"),
        (lambda: checked(float("nan")), "rate nan; rates must be numbers from 0 up"),
        (lambda: checked(Cosine(float("inf"))), "rates must be numbers from 0 up"),
        (lambda: SGD(momentum=1), r"momentum is 1; it must lie in \[0, 1\)"),
        (lambda: SGD(decay=-0.1), "decay is -0.1; it must be a number from 0 up"),
        (lambda: Adam(beta1=-0.1), r"beta1 is -0.1; it must lie in \[0, 1\)"),
        (lambda: Adam(beta2=1.5), r"beta2 is 1.5; it must lie in \[0, 1\)"),
        (lambda: Adam(epsilon=0), "epsilon is 0; it must be positive"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message):
        make()
