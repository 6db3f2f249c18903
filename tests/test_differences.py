"""Paired differences of a comparison: which systems are paired with which, over which runs."""

import pytest

from neuro_cnn.differences import FEW, differences
from neuro_cnn.statistics import paired


def rows(model, accuracies, control=False, seed=0, **more):
    fixed = {"model": model, "variant": "", "learning": "none" if control else "hebbian", "control": control}
    fixed |= {"data": "digits", "n_train": 100, "labels_per_class": None, "split": 0}
    return [{**fixed, "seed": seed + place, "accuracy": each, **more} for place, each in enumerate(accuracies)]


def names(found):
    return [(each["model"], each["against"]["model"], each["against"]["control"]) for each in found]


def test_a_gain_is_paired_over_seeds_and_splits_with_the_control_of_the_same():
    ours = [*rows("a", [0.9, 0.8]), *rows("a", [0.7], split=1)]
    theirs = [*rows("a", [0.4], True, split=1), *rows("a", [0.6, 0.7], True)]
    (found,) = differences([*ours, *theirs], {})
    assert found["against"] == {"model": "a", "variant": "", "learning": "none", "control": True}
    assert (found["model"], found["control"], found["n"]) == ("a", False, 3)
    expected = paired([0.9, 0.8, 0.7], [0.6, 0.7, 0.4])
    assert {key: found[key] for key in expected._fields} == expected._asdict()


def test_few_systems_are_compared_each_with_each_and_of_many_each_with_the_first():
    few = [row for name in "abcd"[:FEW] for row in rows(name, [0.5, 0.6])]
    assert names(differences(few, {})) == [
        *(("b", "a", False), ("c", "a", False), ("d", "a", False)),
        *(("c", "b", False), ("d", "b", False), ("d", "c", False)),
    ]
    many = [*few, *rows("e", [0.5, 0.7])]
    found = differences(many, {})
    assert names(found) == [(name, "a", False) for name in "bcde"]
    assert found[-1]["mean"] == pytest.approx(0.05)


def test_the_same_experiment_under_two_names_differs_by_exactly_nothing():
    (found,) = differences([*rows("a", [0.1, 0.7, 0.3]), *rows("b", [0.1, 0.7, 0.3])], {})
    assert (found["mean"], found["sd"], found["low"], found["high"], found["n"]) == (0, 0, 0, 0, 3)


def test_one_pair_has_no_interval_and_runs_without_a_common_seed_are_no_pair():
    (found,) = differences([*rows("a", [0.5, 0.6]), *rows("b", [0.9], seed=1)], {})
    assert (found["n"], found["low"], found["high"], found["sd"]) == (1, None, None, None)
    assert found["mean"] == pytest.approx(0.3)
    assert differences([*rows("a", [0.5]), *rows("b", [0.9], seed=1)], {}) == []


def test_where_data_are_varied_only_what_learned_from_the_same_is_compared():
    made = [
        row
        for number, shift in ((1, 0), (10, 0.1))
        for name, base in (("a", 0.3), ("b", 0.5))
        for row in rows(name, [base + shift], variant=f"labels_per_class={number}", labels_per_class=number)
    ]
    found = differences(made, {"labels_per_class": (1, 10)})
    assert [(each["variant"], each["against"]["variant"]) for each in found] == [
        ("labels_per_class=1", "labels_per_class=1"),
        ("labels_per_class=10", "labels_per_class=10"),
    ]
    assert [each["mean"] for each in found] == [pytest.approx(0.2)] * 2
