"""Systems side by side: on the same images, beside their controls, each task done once, and summed up rightly."""

import os
import sys
from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from neuro_cnn.compare import Study, Task, assignment, experiments, parse, plan, run, summarize
from neuro_cnn.data import Data, load
from neuro_cnn.data.deform import enlarge, rotate, shifts
from neuro_cnn.data.deformations import DEFORMATIONS
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.evaluate import accuracy, predict, right
from neuro_cnn.experiment import Epoch, Experiment
from neuro_cnn.models import build
from neuro_cnn.results import like_chance, pictures, results
from neuro_cnn.study import conduct, load_splits, run_finding, run_task, sources, tasks_of
from neuro_cnn.tree import leaves

STUDY = Study(
    ("random-features", "hebbian-wta", "softhebb", "lenet5", "nearest-neighbour"),
    train_size=150,
    labels_per_class=9,
    seeds=2,
    splits=2,
    shift=(3,),
    options={"planes": 4, "epochs": 1},
)


def carried_out(study, jobs=1):
    """The tasks and findings of a study."""
    made, _ = sources(study)
    splits = load_splits(study)
    tasks = tasks_of(study, made, splits)
    return splits, [step for step in conduct(tasks, splits, study.deformed, "cpu", jobs) if not isinstance(step, Epoch)]


@pytest.fixture(scope="module")
def done():
    return carried_out(STUDY)


@pytest.fixture(scope="module")
def rows(done):
    return [found.row for _, found in done[1]]


def of(rows, model, control=False):
    return [row for row in rows if (row["model"], row["control"]) == (model, control)]


def test_every_system_is_learned_from_every_seed_on_every_split_and_followed_by_its_control(rows):
    places = [(split, seed) for split in (0, 1) for seed in (0, 1)]
    models = ["random-features", "hebbian-wta", "hebbian-wta", "softhebb", "softhebb", "lenet5", "nearest-neighbour"]
    controls = [False, False, True, False, True, False, False]
    assert [(r["model"], r["control"], r["split"], r["seed"]) for r in rows] == [
        (model, control, *place) for model, control in zip(models, controls, strict=True) for place in places
    ]


def test_split_labels_and_size_reach_the_rows(done, rows):
    splits, _ = done
    assert {row["labels_used"] for row in rows} == {90}
    assert [len(data.train) for data in splits] == [150, 150]
    assert not np.array_equal(splits[0].test.images, splits[1].test.images)
    assert {tuple(row["shift"]) for row in rows} == {("3",)}
    assert of(rows, "hebbian-wta")[0]["variant"] == "epochs=1,planes=4"
    assert of(rows, "nearest-neighbour")[0]["variant"] == ""


def test_synapses_that_a_table_leaves_out_are_no_parameters_and_the_read_out_names_the_criterion():
    (_, found) = carried_out(Study(("lenet5-1998:epochs=1",), train_size=60, shift=()))[1][0]
    assert (found.row["parameters"], found.row["readout"]) == (60_000, "MAP")


def test_a_teacher_who_shows_his_own_patterns_uses_no_labels_of_the_data_set():
    study = Study(("neocognitron-1988", "nearest-neighbour"), data="glyphs:01,count=5")
    found = [finding.row for _, finding in carried_out(study)[1]]
    assert [row["labels_used"] for row in found] == [0, 10]
    assert found[0]["accuracy"] == 1


def test_random_features_are_the_control_of_every_unsupervised_system_to_the_last_bit(done, rows):
    same = ("accuracy", "shift", "parameters", "labels_used", "readout", "learning")
    expected = [{key: row[key] for key in same} for row in of(rows, "random-features")]
    for model in ("hebbian-wta", "softhebb"):
        assert [{key: row[key] for key in same} for row in of(rows, model, control=True)] == expected
    found = {(t.model, t.is_control, t.seed, t.split): f.params for t, f in done[1]}
    for place in ((0, 0), (1, 1)):
        ours, theirs = found["hebbian-wta", True, *place], found["random-features", False, *place]
        for name in ours:
            for a, b in zip(ours[name].learned, theirs[name].learned, strict=True):
                np.testing.assert_array_equal(a, b)


def test_learning_changes_the_accuracy_and_so_do_seed_and_split(rows):
    for model in ("hebbian-wta", "lenet5"):
        assert len({row["accuracy"] for row in of(rows, model)}) > 1
    for split in (0, 1):
        assert len({r["accuracy"] for r in of(rows, "nearest-neighbour") if r["split"] == split}) == 1
    assert [r["accuracy"] for r in of(rows, "softhebb")] != [r["accuracy"] for r in of(rows, "softhebb", True)]


def test_a_row_says_what_its_weights_do(done):
    splits, findings = done
    for task, found in findings[::5]:
        test = splits[task.split].test
        assert found.row["accuracy"] == accuracy(task.net, found.params, test)
        moved = [np.argmax(predict(task.net, found.params, images), axis=1) for images in shifts(test.images, 3)]
        assert found.row["shift"]["3"] == pytest.approx(np.mean([answer == test.labels for answer in moved]))
        assert found.row["images_per_second"] > 0
        assert found.row["train_seconds"] == pytest.approx(sum(line["seconds"] for line in found.history))


def test_every_deformation_is_measured_by_the_amounts_asked_for_and_no_other():
    study = Study(("mlp:hidden=4,epochs=1",), train_size=60, shift=(), scale=(0.8, 1.2), rotate=(-20.0,), bend=(2.0,))
    (data,), ((task, found),) = carried_out(study)
    deformed = {kind: found.row[kind] for kind in DEFORMATIONS}
    for kind, amount, change in (("scale", "0.8", enlarge), ("scale", "1.2", enlarge), ("rotate", "-20", rotate)):
        scores = predict(task.net, found.params, change(data.test.images, float(amount)))
        assert deformed[kind][amount] == right(scores, data.test.labels)
    asked = {"shift": [], "scale": ["0.8", "1.2"], "rotate": ["-20"], "bend": ["2"], "noise": []}
    assert {kind: list(amounts) for kind, amounts in deformed.items()} == asked
    ((_, again),) = carried_out(study)[1]
    assert {kind: again.row[kind] for kind in DEFORMATIONS} == deformed


def test_health_is_told_of_what_learns_without_a_teacher_and_of_its_control(rows):
    for row in rows:
        watched = row["model"] in ("hebbian-wta", "softhebb", "random-features")
        assert (row["dead_units"] is not None, row["redundancy"] is not None) == (watched, watched)
        assert not watched or row["dead_units"] in (0, 0.25, 0.5, 0.75)
        assert list(row["health"]) == (["S1"] if watched else [])
        for numbers in row["health"].values():
            assert (numbers["dead_units"], numbers["cosine_median"]) == (row["dead_units"], row["redundancy"])
            assert numbers["norm_median"] == pytest.approx(1, abs=0.5)


def test_a_layer_that_learns_without_a_teacher_is_shown_before_and_after_its_epochs(done):
    for task, found in done[1]:
        watched = task.model in ("hebbian-wta", "softhebb") and not task.is_control
        assert [each.epoch for each in found.snapshots] == ([0, 1] if watched else [])
        if watched:
            before, after = (each.weight for each in found.snapshots)
            assert not np.array_equal(before, after)
            np.testing.assert_array_equal(after, found.params["S1"].learned.weight)
    captions = list(pictures(results(STUDY, *done), done[1], 10))
    assert [name for name in captions if "while it learned" in name] == [
        f"S1 of {model}:epochs=1,planes=4 while it learned" for model in ("hebbian-wta", "softhebb")
    ]


def untimed(findings):
    timed = ("train_seconds", "images_per_second")
    return [{key: value for key, value in found.row.items() if key not in timed} for _, found in findings]


@pytest.mark.skipif(sys.platform == "win32", reason="processes start slowly")
def test_two_jobs_learn_the_same_weights_as_one_also_where_there_are_cores_to_spare(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    study = Study(("hebbian-wta:planes=8", "lenet5:epochs=1"), train_size=100, shift=())
    with threadpool_limits(1):  # what the command line asks for; on more threads the last bits differ
        runs = [carried_out(study, jobs)[1] for jobs in (1, 2)]
    for (_, alone), (_, beside) in zip(*runs, strict=True):
        weights = zip(leaves(alone.params), leaves(beside.params), strict=True)
        assert all(np.array_equal(a, b) for (_, a), (_, b) in weights)
        for here, there in zip(alone.snapshots, beside.snapshots, strict=True):
            assert here._replace(weight=0) == there._replace(weight=0)
            np.testing.assert_array_equal(here.weight, there.weight)


@pytest.mark.skipif(sys.platform == "win32", reason="processes start slowly")
def test_two_jobs_give_the_same_rows_as_one():
    study = replace(STUDY, systems=("hebbian-wta", "lenet5"), splits=1, seeds=1, shift=(2,))
    assert untimed(carried_out(study, jobs=2)[1]) == untimed(carried_out(study)[1])


def test_a_task_under_two_names_is_learned_once():
    study = replace(STUDY, systems=("hebbian-wta", "softhebb", "random-features"), splits=1, seeds=1, shift=())
    splits = load_splits(study)
    tasks = tasks_of(study, sources(study)[0], splits)
    steps = list(conduct(tasks, splits, {}, "cpu", 1))
    learned = [step.progress.label for step in steps if isinstance(step, Epoch)]
    assert learned.count("out: ridge") == 3  # two systems, and one control for both, which is random-features too
    assert len([step for step in steps if not isinstance(step, Epoch)]) == 5


def test_the_results_say_what_they_are_of(done):
    found = results(STUDY, *done)
    expected = {"schema_version", "data", "n_train", "n_test", "rows", "summary", "paired", "vary", "command"}
    expected |= {"environment"}
    assert set(found) == expected
    assert (found["schema_version"], found["data"], found["n_train"], found["n_test"]) == (1, "digits", 150, 1000)


# Sums


ROWS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1))),
    min_size=1,
    max_size=6,
)


def row(control, place, accuracy, shifted, dead):
    fixed = {"model": "m", "variant": "v", "learning": "hebbian", "readout": "ridge", "parameters": 3, "labels_used": 4}
    fixed |= {"data": "digits", "n_train": 5, "labels_per_class": None}
    measured = {"accuracy": accuracy, "dead_units": dead, "redundancy": dead}
    measured |= {kind: {} for kind in DEFORMATIONS} | {"shift": {"1": shifted}, "bend": {"1.5": accuracy}}
    measured |= {"health": {"S1": {"dead_units": dead, "norm_max": shifted}}}
    measured |= {"planes": {"S2": place}, "references": place if dead is None else None}
    times = {"train_seconds": shifted, "images_per_second": accuracy}
    return {**fixed, **measured, **times, "control": control, "seed": place % 3, "split": place // 3}


@given(ROWS)
def test_a_summary_holds_means_deviations_and_gains_paired_over_seeds_and_splits(values):
    rows = [row(False, place, a, s, dead) for place, (a, _, s, dead) in enumerate(values)]
    controls = [row(True, place, c, s, None) for place, (_, c, s, _) in enumerate(values)]
    ours, theirs = summarize(rows + controls[::-1])
    accuracies, of_controls, shifted, dead = (np.array(column, float) for column in zip(*values, strict=True))
    several = len(values) > 1
    assert ours["n"] == len(values)
    assert ours["accuracy_mean"] == pytest.approx(accuracies.mean())
    assert ours["accuracy_sd"] == (pytest.approx(accuracies.std(ddof=1)) if several else None)
    assert ours["shift"]["1"] == pytest.approx(shifted.mean())
    assert ours["shift_sd"]["1"] == (pytest.approx(shifted.std(ddof=1)) if several else None)
    assert ours["bend"]["1.5"] == ours["accuracy_mean"]
    assert ours["bend_sd"]["1.5"] == ours["accuracy_sd"]
    assert ours["scale"] == ours["scale_sd"] == {}
    assert ours["gain_mean"] == pytest.approx((accuracies - of_controls).mean(), abs=1e-12)
    assert ours["gain_sd"] == (pytest.approx((accuracies - of_controls).std(ddof=1), abs=1e-12) if several else None)
    assert ours["control_accuracy_mean"] == pytest.approx(of_controls.mean())
    assert ours["dead_units"] == (None if np.all(np.isnan(dead)) else np.nanmax(dead))
    assert ours["train_seconds_mean"] == pytest.approx(shifted.mean())
    assert ours["planes"]["S2"] == pytest.approx((len(values) - 1) / 2)
    assert ours["health"]["S1"]["norm_max"] == pytest.approx(shifted.mean())
    assert ours["health"]["S1"]["dead_units"] == (None if np.all(np.isnan(dead)) else pytest.approx(np.nanmean(dead)))
    known = [place for place, each in enumerate(dead) if np.isnan(each)]
    assert ours["references_mean"] == (pytest.approx(np.mean(known)) if known else None)
    assert theirs["control"]
    assert (theirs["gain_mean"], theirs["control_accuracy_mean"]) == (None, None)


def test_a_gain_is_paired_only_with_the_control_of_the_same_seed_and_split():
    rows = [row(False, 0, 0.9, 0, None), row(False, 1, 0.8, 0, None), row(True, 1, 0.5, 0, None)]
    ours, _ = summarize(rows)
    assert (ours["gain_mean"], ours["gain_sd"], ours["control_accuracy_mean"]) == (pytest.approx(0.3), None, 0.5)


def test_the_summary_of_real_rows_is_that_of_statistics(rows):
    (found,) = of(summarize(rows), "hebbian-wta")
    values = [r["accuracy"] for r in of(rows, "hebbian-wta")]
    gains = [
        a["accuracy"] - b["accuracy"]
        for a, b in zip(of(rows, "hebbian-wta"), of(rows, "hebbian-wta", True), strict=True)
    ]
    assert (found["accuracy_mean"], found["accuracy_sd"]) == (mean(values), stdev(values))
    assert (found["gain_mean"], found["gain_sd"]) == (mean(gains), stdev(gains))


# What is compared


def test_systems_and_options_are_read_as_they_are_written():
    assert parse("softhebb:layers=2,readout=softmax") == ("softhebb", {"layers": 2, "readout": "softmax"})
    assert parse("lenet5") == ("lenet5", {})
    for text, value in {"a=1": 1, "a=0.5": 0.5, "a=true": True, "a=x y": "x y", "a=": "", "a=[1, 2]": [1, 2]}.items():
        assert assignment(text) == ("a", value)


def test_an_option_goes_to_the_systems_that_have_it_and_a_systems_own_goes_first():
    made = experiments(["lenet5", "softhebb:epochs=3", "nearest-neighbour"], {"epochs": 2, "planes": 5})
    assert [one.options for one in made] == [{"epochs": 2}, {"epochs": 3, "planes": 5}, {}]


def test_the_seeds_of_a_comparison_start_at_that_of_the_experiment():
    digits = load("digits", train_size=20)
    tasks = plan([Experiment("lenet5", seed=7)], digits, 2, 0)
    assert [task.seed for task in tasks] == [7, 8]


def test_a_task_is_known_by_what_it_learns_and_not_by_its_name():
    net, curriculum = build("mlp", (1, 28, 28), 10)
    task = Task("a", "", False, net, curriculum, (), 0, 0)
    assert task.key == task._replace(model="b", variant="c", is_control=True).key
    assert task.key != task._replace(seed=1).key != task._replace(split=1).key
    assert task._replace(variant="x=1", is_control=True).label == "a:x=1 (random weights)"


def test_toml_files_stand_beside_systems_in_the_order_given(tmp_path):
    (tmp_path / "own.toml").write_text('model = "mlp"\ntrain_size = 99\n[options]\nhidden = 3\n', encoding="utf-8")
    study = Study(("lenet5", str(tmp_path / "own.toml"), "softhebb"), train_size=50)
    made, runs = sources(study)
    assert [(one.name, one.variant, one.train_size) for one in made] == [
        ("lenet5", "", 50),
        ("mlp", "hidden=3", 50),
        ("softhebb", "", 50),
    ]
    assert runs == []


def test_what_cannot_be_compared_is_refused_before_anything_is_learned(tmp_path):
    (tmp_path / "glyphs.toml").write_text('model = "mlp"\ndata = "natural"\n', encoding="utf-8")
    (tmp_path / "few.toml").write_text('model = "mlp"\ntrain_size = 90\n', encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for names, message in {
        ("mlp", "mlp"): "mlp stands twice in the comparison; leave one out",
        ("mlp:hidden=3", "mlp:hidden=3"): "mlp:hidden=3 stands twice",
        (str(tmp_path / "glyphs.toml"),): "is about natural, but the comparison about digits; set --data",
        (str(tmp_path / "few.toml"),): "few.toml sets train_size = 90; set it for all systems with --train-size 90",
        ("lenet",): "did you mean 'lenet5'",
    }.items():
        study = Study(names)
        with pytest.raises(UsageError, match=message):
            tasks_of(study, sources(study)[0], load_splits(study))
    with pytest.raises(DataError, match="empty is not a run folder: it has no run"):
        sources(Study((str(tmp_path / "empty"),)))
    with pytest.raises(UsageError, match="natural has no labelled test images, so nothing can be compared on it"):
        load_splits(Study(("mlp",), data="natural"))
    made, _ = sources(study := Study(("mlp", str(tmp_path / "glyphs.toml")), data="natural"))
    with pytest.raises(UsageError, match="mlp stands twice"):
        tasks_of(study, made, [])


def test_a_run_is_measured_like_the_others(tmp_path):
    from command import call

    folder = tmp_path / "run"
    trained = call("train", "mlp:hidden=8,epochs=2", "--train-size", 60, "--out", folder, "--json")
    study = Study(("mlp:hidden=3", str(folder)), train_size=60, shift=(1,))
    made, (path,) = sources(study)
    digits = load_splits(study)[0]
    assert [one.options for one in made] == [{"hidden": 3}]
    task, params = run_task(path, study, digits)
    found = run_finding(task, params, study)
    assert found.row["model"] == str(folder)
    assert found.row["accuracy"] == trained.lines[-1]["test_accuracy"]
    assert found.row["labels_used"] == 50  # a sixth of the 60 was held out
    assert found.history == trained.lines[:-1]
    with pytest.raises(UsageError, match="learned from digits, but the comparison is about mnist"):
        run_task(path, replace(study, data="mnist"), digits)
    other = Data("small", replace(digits.train, images=digits.train.images[:, :, :9]), digits.test, "")
    other = replace(other, test=replace(digits.test, images=digits.test.images[:, :, :9]))
    with pytest.raises(
        UsageError, match=r"made for images of \(1, 28, 28\) and 10 classes, but digits has \(1, 9, 28\)"
    ):
        run_task(path, study, other)


def test_a_run_of_another_split_is_tested_on_images_that_it_has_not_seen(tmp_path):
    from command import call

    folder = tmp_path / "run"
    how = ("--split", 1, "--train-size", 200, "--hold-out", 0, "--out", folder, "--json")
    alone = call("train", "nearest-neighbour", *how).lines[-1]["test_accuracy"]
    row = call("compare", folder, "--train-size", 200, "--shift", "", "--out", tmp_path / "c", "--json").json["rows"][0]
    assert (row["split"], row["labels_used"], row["accuracy"]) == (1, 200, alone)


@pytest.mark.parametrize(("accuracy", "classes", "chance"), [(0.55, 2, True), (0.95, 2, False), (0.19, 10, True)])
def test_a_good_control_of_few_classes_does_not_answer_like_chance(accuracy, classes, chance):
    assert like_chance(accuracy, classes) is chance


def test_learning_is_seen_batch_by_batch():
    digits = load("digits", train_size=64)
    (task,) = plan([Experiment("lenet5", {"epochs": 2, "batch": 32})], digits, 1, 0)
    steps = run(task, digits, {})
    assert [next(steps).progress.batch for _ in range(4)] == [0, 1, 0, 1]
