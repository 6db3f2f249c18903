"""What the systems reach on real digits, beside their controls: the catalogue's defaults on the shipped split."""

import pytest

from neuro_cnn.compare import Study, summarize
from neuro_cnn.experiment import Epoch
from neuro_cnn.study import conduct, load_splits, sources, tasks_of


def summary(study):
    """The summary of a study's systems and controls, by (name, whether it is a control)."""
    splits = load_splits(study)
    tasks = tasks_of(study, sources(study)[0], splits)
    steps = conduct(tasks, splits, study.deformed, "cpu", 1)
    rows = [step[1].row for step in steps if not isinstance(step, Epoch)]
    return {(row["model"], row["control"]): row for row in summarize(rows)}


# A few seconds: 500 digits, wide margins


@pytest.fixture(scope="module")
def few():
    systems = ("nearest-neighbour", "random-features", "hebbian-wta", "softhebb", "lenet5")
    return summary(Study(systems, train_size=500, shift=(2,), options={"planes": 32}))


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("nearest-neighbour", 0.82),
        ("random-features", 0.88),
        ("hebbian-wta", 0.88),
        ("softhebb", 0.88),
        ("lenet5", 0.85),
    ],
)
def test_500_digits_are_enough_for(few, model, least):
    assert few[model, False]["accuracy_mean"] >= least


def test_500_digits_and_features_that_learned_alone_are_not_worse_than_random_ones_nor_dead(few):
    for model in ("hebbian-wta", "softhebb"):
        assert few[model, False]["gain_mean"] >= -0.02
        assert few[model, False]["dead_units"] < 0.1


def test_a_shift_of_2_pixels_costs_the_nearest_neighbour_more_than_cells_that_pool(few):
    cost = {model: row["accuracy_mean"] - row["shift"]["2"] for (model, _), row in few.items()}
    assert cost["nearest-neighbour"] > 0.2
    assert max(cost[model] for model in ("random-features", "hebbian-wta", "softhebb")) < 0.2


# Minutes: all 4,000 digits, three seeds


@pytest.fixture(scope="module")
def all_digits():
    return summary(Study(("random-features", "hebbian-wta", "softhebb", "lenet5"), seeds=3, shift=()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "least"), [("random-features", 0.96), ("hebbian-wta", 0.96), ("softhebb", 0.96), ("lenet5", 0.955)]
)
def test_4000_digits_are_enough_for(all_digits, model, least):
    assert all_digits[model, False]["n"] == 3
    assert all_digits[model, False]["accuracy_mean"] >= least


@pytest.mark.slow
@pytest.mark.parametrize("model", ["hebbian-wta", "softhebb"])
def test_what_learned_alone_is_at_most_half_a_point_below_its_random_control(all_digits, model):
    assert all_digits[model, False]["gain_mean"] >= -0.005


@pytest.mark.slow
@pytest.mark.parametrize("model", ["hebbian-wta", "softhebb"])
def test_fewer_than_1_of_20_units_is_dead(all_digits, model):
    assert all_digits[model, False]["dead_units"] < 0.05


@pytest.mark.slow
def test_with_4_planes_the_hebbian_rule_is_a_whole_point_above_random():
    found = summary(Study(("hebbian-wta",), seeds=3, shift=(), options={"planes": 4}))
    assert found["hebbian-wta", False]["gain_mean"] >= 0.010
