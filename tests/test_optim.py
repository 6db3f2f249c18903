"""Optimisers against a plain loop over numbers, and schedules at their ends."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on, plain_kernels
from pydantic import TypeAdapter

from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Weights
from neuro_cnn.ops import threads
from neuro_cnn.optim import SGD, Adadelta, AdaGrad, Adam, AdamW, ClipNorm, ClipValue, Nesterov, RMSProp
from neuro_cnn.schedule import Cosine, Exponential, Linear, Steps, Warmup, at, checked, positive
from neuro_cnn.tree import leaves, tree_map

STEPS = 5
ALL = [SGD(), Nesterov(), AdaGrad(), Adadelta(), RMSProp(), Adam(), AdamW()]
every_optimizer = pytest.mark.parametrize("optimizer", ALL, ids=lambda optimizer: optimizer.kind)
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


@every_optimizer
def test_a_gradient_or_a_memory_of_other_weights_is_refused(optimizer):
    weights, fewer = np.ones(9, np.float32), np.ones(8, np.float32)
    for gradient, state in ((fewer, optimizer.start(weights)), (weights, optimizer.start(fewer))):
        with pytest.raises(UsageError, match=r"^gradient or memory of shape 8 where 9 is due$"):
            optimizer.step(weights, gradient, state, 0, 1)


@pytest.mark.parametrize("rate", [0.1, Linear(0.2, 0.1)])
def test_adam_is_the_loop_over_numbers(rate):
    def move(w, memory, step):  # Kingma & Ba 2015, Algorithm 1
        t = step + 1
        m, v = 0.7 * memory[0] + 0.3 * w, 0.9 * memory[1] + 0.1 * w**2
        m_hat, v_hat = m / (1 - 0.7**t), v / (1 - 0.9**t)
        return w - at(rate, step, STEPS) * m_hat / (sqrt(v_hat) + 1e-3), (m, v)

    assert_same_path(Adam(rate, beta1=0.7, beta2=0.9, epsilon=1e-3), move)


@every_optimizer
def test_every_library_gives_the_same_weights_in_the_same_precision(xp, optimizer):
    there, here = minimise(optimizer, xp, np.float32)[1], minimise(optimizer, np, np.float32)[1]
    assert_close(there, here)
    assert there[-1]["B"].dtype == xp.float32


@every_optimizer
@given(st.integers(1, 3000), st.sampled_from([0.0, 0.01]), st.integers(0, 999))
def test_the_compiled_step_is_the_plain_one_to_the_last_bit(optimizer, size, decay, seed):
    rng = np.random.default_rng(seed)
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 1e-30, 1e30], np.float32)

    def numbers():
        drawn = rng.standard_normal(size, np.float32)
        return np.where(rng.random(size) < 0.1, rng.choice(special, size), drawn)

    taxed, weights, gradient = replace(optimizer, decay=decay), numbers(), numbers()
    state = tuple(numbers() if taxed.kind in ("sgd", "nesterov") else np.abs(numbers()) for _ in range(taxed.memories))
    with np.errstate(all="ignore"):
        compiled = taxed.step(weights, gradient, state, 3, 9)
        with plain_kernels():
            plain = taxed.step(weights, gradient, state, 3, 9)
    for (_, a), (_, b) in zip(leaves(compiled), leaves(plain), strict=True):
        np.testing.assert_array_equal(a, b)


@every_optimizer
def test_many_weights_are_moved_in_parts_without_a_seam(optimizer, monkeypatch):
    rng = np.random.default_rng(0)
    w, g = rng.standard_normal((2, 5000), np.float32)
    whole = optimizer.step(w, g, optimizer.start(w), 0, 1)
    monkeypatch.setattr(threads, "LEAST", 1)
    monkeypatch.setattr(threads, "threads", lambda: 3)
    np.testing.assert_equal(optimizer.step(w, g, optimizer.start(w), 0, 1), whole)


@every_optimizer
def test_weights_in_any_order_of_memory_come_out_in_the_usual_one(optimizer):
    rng = np.random.default_rng(0)
    weights = {"A": Weights(rng.standard_normal((4, 3, 2), np.float32).T, ()), "B": (), "C": np.float32([[1, 2]]).T}
    gradient = tree_map(lambda w: np.asfortranarray(0.5 * w), weights)
    moved, _ = optimizer.step(weights, gradient, optimizer.start(weights), 0, 1)
    for name, leaf in (("A", weights["A"].weight), ("C", weights["C"])):
        alone, _ = optimizer.step(leaf, 0.5 * leaf, optimizer.start(leaf), 0, 1)
        np.testing.assert_array_equal(moved["A"].weight if name == "A" else moved["C"], alone)
    assert all(leaf.flags.c_contiguous for _, leaf in leaves(moved))
    assert moved["B"] == ()


@every_optimizer
def test_weights_meet_their_gradient_by_name(optimizer):
    w, g = {"A": np.ones(2), "B": np.zeros(3)}, {"B": np.full(3, 0.5), "A": np.full(2, -0.1)}
    there, here = (optimizer.step(w, each, optimizer.start(w), 0, 1) for each in (g, dict(sorted(g.items()))))
    assert_close(there, here)


@every_optimizer
def test_layers_without_weights_have_nothing_to_move(optimizer):
    nothing = {"A": (), "B": None}
    assert optimizer.step(nothing, nothing, optimizer.start(nothing), 0, 1) == (nothing, ())


@every_optimizer
def test_an_optimiser_changes_nothing_that_it_is_given(optimizer):
    start = {"A": np.ones(3)}
    state = optimizer.start(start)
    weights, moved = optimizer.step(start, {"A": np.full(3, 0.5)}, state, 0, 1)
    again, _ = optimizer.step(start, {"A": np.full(3, 0.5)}, state, 0, 1)
    optimizer.step(weights, {"A": np.full(3, 0.5)}, moved, 0, 1)
    np.testing.assert_array_equal(start["A"], np.ones(3))
    np.testing.assert_array_equal(again["A"], weights["A"])
    assert_close(state, optimizer.start(start))


@every_optimizer
def test_every_optimiser_goes_down_the_bowl_and_stays_at_its_bottom(optimizer):
    start, path = minimise(replace(optimizer, rate=1.0 if optimizer.kind == "adadelta" else 0.01))
    distances = [norm(tree) for tree in (start, *path)]
    assert np.all(np.diff(distances) < 0)
    bottom = tree_map(lambda w: 0 * w, start)
    assert_close(optimizer.step(bottom, bottom, optimizer.start(bottom), 0, 1)[0], bottom)


@pytest.mark.parametrize("optimizer", [each for each in ALL if each.kind != "adamw"], ids=lambda each: each.kind)
def test_decay_is_the_slope_of_a_penalty_on_the_weights(optimizer):
    rng = np.random.default_rng(1)
    w, g = rng.standard_normal(5), rng.standard_normal(5)
    taxed, state = (replace(optimizer, decay=d) for d in (0.3, 0.0)), optimizer.start(w)
    with_decay, without = taxed
    assert_close(with_decay.step(w, g, state, 2, 9), without.step(w, g + 0.3 * w, state, 2, 9))


def test_the_decay_of_adamw_does_not_pass_through_its_moments():
    rng = np.random.default_rng(1)
    w, g = rng.standard_normal(5), rng.standard_normal(5)
    moved, state = AdamW(0.1, decay=0.3).step(w, g, (0 * w, 0 * w), 0, 1)
    plain, moments = Adam(0.1).step(w, g, (0 * w, 0 * w), 0, 1)
    assert_close(moved, plain - 0.1 * 0.3 * w)
    assert_close(state, moments)


@pytest.mark.parametrize(
    "optimizer",
    [*ALL, SGD(Cosine(0.1)), Adam(Exponential(0.1, 0.01)), AdamW(Steps(0.5)), RMSProp(Warmup(Cosine(0.1)))],
)
def test_optimisers_read_back_from_json(optimizer):
    adapter = TypeAdapter(type(optimizer))
    assert adapter.validate_json(adapter.dump_json(optimizer)) == optimizer


# Clipping


def norm(tree):
    return sqrt(sum(float(np.sum(leaf * leaf)) for _, leaf in leaves(tree)))


@given(st.floats(0.01, 100))
def test_a_long_gradient_is_shortened_to_the_limit_and_a_short_one_stays(limit):
    gradient = {"A": Weights(np.array([[3.0, 0.0]]), ()), "B": np.array([0.0, -4.0])}  # a norm of 5
    clipped = ClipNorm(limit)(gradient)
    assert norm(clipped) == pytest.approx(min(limit, 5.0), rel=1e-6)
    assert_close(clipped, tree_map(lambda g: g * (norm(clipped) / 5), gradient))
    inside = ClipValue(limit)(gradient)
    assert_close(inside["B"], np.array([0.0, -min(limit, 4.0)]))
    assert_close(inside["A"].weight, np.array([[min(limit, 3.0), 0.0]]))


@pytest.mark.parametrize("clip", [ClipNorm(0.5), ClipValue(0.5)])
def test_every_library_clips_alike_in_the_same_precision(clip, xp):
    gradient = {"A": np.linspace(-1, 1, 7, dtype=np.float32), "B": (), "C": np.ones((2, 2), np.float32)}
    there = clip(on(xp, gradient))
    assert_close(there, clip(gradient))
    assert there["A"].dtype == xp.float32
    assert clip({"A": ()}) == {"A": ()}  # a layer without weights


@given(RATES, RATES, st.integers(1, 100))
def test_a_schedule_begins_at_its_start_and_ends_at_its_stop(start, stop, steps):
    for schedule in (Linear(start, stop), Cosine(start, stop)):
        assert at(schedule, 0, steps) == pytest.approx(start)
        assert at(schedule, steps, steps) == pytest.approx(stop)
        assert at(schedule, 1, 2) == pytest.approx((start + stop) / 2)
        rates = np.array([at(schedule, step, steps) for step in range(steps + 1)])
        assert np.all(np.diff(rates) * np.sign(stop - start) >= -1e-12)


@given(st.floats(1e-6, 10), st.floats(1e-6, 10), st.integers(1, 50))
def test_an_exponential_schedule_changes_by_one_factor(start, stop, steps):
    rates = np.array([at(Exponential(start, stop), step, steps) for step in range(steps + 1)])
    assert (rates[0], rates[-1]) == pytest.approx((start, stop))
    np.testing.assert_allclose(rates[1:] / rates[:-1], (stop / start) ** (1 / steps), rtol=1e-9)


def test_a_rate_steps_down_once_each_share_is_done():
    rates = [at(Steps(0.8, 0.5, (0.3, 0.6)), step, 10) for step in range(10)]
    assert rates == pytest.approx([0.8] * 3 + [0.4] * 3 + [0.2] * 4)
    assert [at(Steps(0.8, 0.5, ()), step, 10) for step in range(10)] == [0.8] * 10


@pytest.mark.parametrize("then", [0.6, Linear(0.6, 0.1), Cosine(0.6), Exponential(0.6, 0.1), Steps(0.6)])
def test_a_warm_rate_rises_evenly_and_then_follows_its_schedule_over_the_rest(then):
    rates = [at(Warmup(then, 0.2), step, 20) for step in range(21)]
    assert rates[:4] == pytest.approx([0, 0.15, 0.3, 0.45])
    assert rates[4:] == pytest.approx([at(then, step, 16) for step in range(17)])


def test_a_plain_rate_stays():
    assert [at(0.3, step, 4) for step in range(5)] == [0.3] * 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(-1.0), "rate -1.0; rates must be numbers from 0 up"),
        (lambda: Adam(Linear(1, -1)), "rates must be numbers from 0 up"),
        (lambda: checked(float("nan")), "rate nan; rates must be numbers from 0 up"),
        (lambda: checked(Cosine(float("inf"))), "rates must be numbers from 0 up"),
        (lambda: checked(Warmup(Linear(0.1, -1))), "rates must be numbers from 0 up"),
        (lambda: positive(Warmup(Linear(0, 1))), "a rate must begin above 0"),
        (lambda: Exponential(0.1, 0), "no factor leads from 0.1 to 0; give numbers above 0"),
        (lambda: Steps(0.1, 0), "a rate multiplied by 0; give a number above 0"),
        (lambda: Steps(0.1, after=(0.5, 1)), r"shares \(0.5, 1\) of a phase; each must lie between 0 and 1"),
        (lambda: Warmup(0.1, 1), "over the share 1 of a phase; it must lie between 0 and 1"),
        (lambda: SGD(momentum=1), r"momentum is 1; it must lie in \[0, 1\)"),
        (lambda: SGD(decay=-0.1), "decay is -0.1; it must be a number from 0 up"),
        (lambda: Adam(beta1=-0.1), r"beta1 is -0.1; it must lie in \[0, 1\)"),
        (lambda: Adam(beta2=1.5), r"beta2 is 1.5; it must lie in \[0, 1\)"),
        (lambda: Adam(epsilon=0), "epsilon is 0; it must be positive"),
        (lambda: AdaGrad(epsilon=-1), "epsilon is -1; it must be positive"),
        (lambda: Nesterov(momentum=1), r"momentum is 1; it must lie in \[0, 1\)"),
        (lambda: Adadelta(rho=1), r"rho is 1; it must lie in \[0, 1\)"),
        (lambda: RMSProp(decay=-1), "decay is -1; it must be a number from 0 up"),
        (lambda: AdamW(-1.0), "rate -1.0; rates must be numbers from 0 up"),
        (lambda: ClipNorm(0), "limit is 0; it must be positive"),
        (lambda: ClipValue(float("nan")), "limit is nan; it must be positive"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message):
        make()
