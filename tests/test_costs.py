"""What a step costs: the exponents found are those of known laws, and the steps do what they are called."""

import numpy as np
import pytest
from command import call, refused
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn import costs
from neuro_cnn.costs import WORKS, Course, Point, Size, courses, exponent

TINY = Size(images=4, planes=3, side=6, depth=2)


@given(st.floats(-3, 3), st.floats(0.001, 1000), st.integers(3, 9))
def test_the_exponent_of_a_power_is_found(power, factor, count):
    values = [2**k for k in range(count)]
    assert exponent(values, [factor * n**power for n in values]) == pytest.approx(power, abs=1e-9)


def test_what_every_step_costs_however_small_it_is_hides_little():
    values = [2**k for k in range(9)]
    taken = [4 + n**2 for n in values]
    assert exponent(values, taken) == pytest.approx(2, abs=0.03)
    assert np.polyfit(np.log(values), np.log(taken), 1)[0] < 1.8


def test_multiply_adds_are_those_of_the_layers():
    n, k, side, depth = 5, 4, 7, 3
    cells = side * side * 9 * (k + (depth - 1) * k * k)
    rest = Size(n, k, side, depth).macs / n - cells
    assert 0 <= rest <= k * (side * side + 10)  # the read-out and its pool


@pytest.mark.parametrize(
    ("quantity", "low", "high"), [("images", 1, 1), ("planes", 1.9, 2), ("side", 1.99, 2), ("depth", 0.99, 1.2)]
)
def test_arithmetic_grows_as_it_must(quantity, low, high):
    values = costs.RANGES[quantity]
    found = exponent(values, [Size(**{quantity: value}).macs for value in values])
    assert low - 1e-9 <= found <= high + 1e-9


def progress(work, steps=3):
    step = WORKS[work](TINY, steps)
    return [step() for _ in range(steps)]


@pytest.mark.parametrize(("work", "learn"), [("backprop step", {"S1", "S2", "out"}), ("Hebbian step", {"S1", "S2"})])
def test_a_learning_step_moves_the_layers_that_it_should(work, learn):
    first, *_, last = progress(work)
    pairs = {name: (first.params[name].learned, last.params[name].learned) for name in (*TINY.layers, "out")}
    assert {name for name, (old, new) in pairs.items() if not np.array_equal(old.weight, new.weight)} == learn
    assert (first.epochs, first.batches, last.phase_ended) == (3, 1, True)  # every step is one batch


def test_inference_answers_every_image():
    assert {scores.shape for scores in progress("inference")} == {(4, 10)}


def test_learning_by_backprop_keeps_every_layers_activity_and_answering_does_not():
    memory = {work: [costs.most_held(WORKS[work](Size(depth=depth), 2)) for depth in (4, 12)] for work in WORKS}
    assert memory["backprop step"][1] > 2 * memory["backprop step"][0]
    assert memory["inference"][1] < 1.2 * memory["inference"][0]


def test_each_kind_of_step_is_measured_over_each_range():
    ranges = {"images": (1, 2, 4), "depth": (1, 2, 4)}
    found = list(courses(TINY, ranges, rounds=1))
    assert [(course.quantity, course.work) for course in found] == [(q, work) for q in ranges for work in WORKS]
    for course in found:
        assert [point.value for point in course.points] == list(ranges[course.quantity])
        assert min(min(point.seconds, point.macs, point.memory) for point in course.points) > 0


@pytest.fixture
def quick(monkeypatch):
    points = tuple(Point(n, 0.001 * n**2, n, 1000 * n) for n in (1, 2, 4))
    monkeypatch.setattr(costs, "courses", lambda base, rounds, threads: [Course("side", "inference", points)])


def test_the_command_tells_exponents_and_draws_them(quick, tmp_path):
    out = tmp_path / "costs.svg"
    answer = call("costs", "--rounds", 2, "--out", out, "--json")
    assert (answer.code, answer.err) == (0, "")
    (row,) = answer.json["rows"]
    assert row["exponents"] == pytest.approx({"seconds": 2, "macs": 1, "memory": 1})
    assert row["points"][1] == {"value": 2, "seconds": 0.004, "macs": 2, "memory": 2000}
    assert answer.json["figure"] == str(out)
    assert out.stat().st_size > 10_000
    table = call("costs").out
    assert "inference   1 to 4" in table
    assert table.split()[-3:] == ["2.00", "1.00", "1.00"]
    assert "let the name end in .png" in refused(2, "costs", "--out", tmp_path / "costs.txt")
