"""What a study varies of its data: each system learns from each of them, and what they share is learned once."""

from dataclasses import replace

import numpy as np
import pytest
from command import call, refused

from neuro_cnn.compare import Study, run, summarize
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Epoch
from neuro_cnn.results import health_notes, pictures, results
from neuro_cnn.spec import plain, read
from neuro_cnn.study import conduct, load_splits, sources, tasks_of
from neuro_cnn.tree import leaves
from neuro_cnn.vary import curves

DATA = "glyphs:0123,count=15,shift=2,rotate=10"
LABELS = Study(
    ("random-features:planes=4", "softhebb:planes=4,layers=2", "hebbian-wta:planes=4,readout=softmax", "mlp:epochs=1"),
    data=DATA,
    seeds=2,
    splits=2,
    shift=(),
    vary={"labels_per_class": (1, 5, "all")},
)


def carried_out(study, jobs=1):
    """The data of a study, its steps of learning, and its findings."""
    splits = load_splits(study)
    steps = list(conduct(tasks_of(study, sources(study)[0], splits), splits, study.deformed, "cpu", jobs))
    return splits, [s for s in steps if isinstance(s, Epoch)], [s for s in steps if not isinstance(s, Epoch)]


@pytest.fixture(scope="module")
def done():
    return carried_out(LABELS)


def test_each_system_learns_with_each_number_of_labels_and_its_control_beside_it(done):
    seen = [(task.model, task.variant.rpartition("=")[2], task.is_control) for task, _ in done[2]][::4]
    expected = [("random-features", value, False) for value in ("1", "5", "all")]
    for model in ("softhebb", "hebbian-wta"):
        expected += [(model, value, control) for value in ("1", "5", "all") for control in (False, True)]
    assert seen == [*expected, *(("mlp", value, False) for value in ("1", "5", "all"))]


def test_rows_tell_from_what_they_learned(done):
    for task, found in done[2]:
        value = task.variant.rpartition("labels_per_class=")[2]
        row = found.row
        assert (row["data"], row["n_train"]) == (DATA, 60)
        assert row["labels_per_class"] == (None if value == "all" else int(value))
        assert row["labels_used"] == (60 if value == "all" else 4 * int(value))


def test_the_same_images_are_held_once_whatever_their_labels(done):
    splits = done[0]
    assert len({id(data.train.images) for data in splits}) == 2
    alone = load(DATA, split=1, labels_per_class=5)
    np.testing.assert_array_equal(splits[3].train.images, alone.train.images)
    np.testing.assert_array_equal(splits[3].train.labels, alone.train.labels)
    np.testing.assert_array_equal(splits[3].test.images, alone.test.images)


def test_what_is_shared_is_the_same_to_the_last_bit_as_what_is_learned_anew(done):
    splits, _, findings = done
    for task, found in findings[::3]:
        steps = run(task, splits[task.place], {})
        while True:
            try:
                next(steps)
            except StopIteration as end:
                anew = end.value
                break
        for (name, a), (_, b) in zip(leaves(found.params), leaves(anew.params), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"{task.label} {name}")
        assert found.row["accuracy"] == anew.row["accuracy"]
        times = [[{k: v for k, v in line.items() if k != "seconds"} for line in f.history] for f in (found, anew)]
        assert times[0] == times[1]


def test_untaught_phases_are_learned_once_for_each_seed_and_split(done):
    begun = [e.progress for e in done[1] if e.progress.batch == 0 and e.progress.epoch == 0]
    counts = {label: sum(p.label == label for p in begun) for label in {p.label for p in begun}}
    assert counts["S2: hebbian"] == 4  # softhebb alone has two layers
    assert counts["S1: hebbian"] == 8
    assert counts["N2: standardize"] == 8  # of softhebb, and of its control
    assert counts["all layers: backprop"] == 12  # mlp learns anew from each number of labels
    assert counts["out: ridge"] == 3 * 4 * 3  # two controls of one layer are random-features, and are done with them


def test_several_processes_find_the_same(done):
    study = replace(LABELS, systems=LABELS.systems[1:2], seeds=1, splits=1)
    here, there = (carried_out(study, jobs)[2] for jobs in (1, 2))
    for (task, mine), (_, theirs) in zip(here, there, strict=True):
        for (name, a), (_, b) in zip(leaves(mine.params), leaves(theirs.params), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"{task.label} {name}")


def test_gains_are_paired_with_the_control_of_the_same_labels_seed_and_split(done):
    rows = [found.row for _, found in done[2]]
    for one in summarize(rows):
        if one["model"] != "softhebb" or one["control"]:
            continue
        mine, controls = (
            {
                (row["seed"], row["split"]): row["accuracy"]
                for row in rows
                if (row["model"], row["labels_per_class"], row["control"])
                == ("softhebb", one["labels_per_class"], control)
            }
            for control in (False, True)
        )
        assert len(mine) == len(controls) == one["n"] == 4
        assert one["gain_mean"] == pytest.approx(np.mean([mine[key] - controls[key] for key in mine]))


def test_the_figure_holds_systems_and_controls_at_their_numbers_of_labels(done):
    splits, _, findings = done
    outcome = results(LABELS, splits, findings)
    assert outcome["vary"] == {"labels_per_class": [1, 5, "all"]}
    lines, controls = (curves(outcome["summary"], "labels_per_class", control) for control in (False, True))
    assert list(lines)[1:] == ["softhebb:layers=2,planes=4", "hebbian-wta:planes=4,readout=softmax", "mlp:epochs=1"]
    assert list(controls) == list(lines)[1:3]
    assert all([value for value, _ in points] == [1, 5, "all"] for points in lines.values())
    figures = pictures(outcome, findings, 4)
    (axes,) = figures["Varying labels_per_class"].figure.axes
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "5", "all"]
    drawn = [line for line in axes.get_lines() if len(line.get_xdata()) == 3 and line.get_linestyle() != "None"]
    assert [list(line.get_xdata()) for line in drawn] == [[1, 5, 15]] * 6
    for line, points in zip(drawn, [*controls.values(), *lines.values()], strict=True):
        np.testing.assert_allclose(line.get_ydata(), [100 * (1 - row["accuracy_mean"]) for _, row in points])
    thin = [line for line in drawn if line.get_linestyle() == "--"]
    assert [line.get_markerfacecolor() for line in thin] == ["white"] * len(controls)
    fields = [name for name in figures if name.startswith("Receptive")]
    assert len(fields) == 3  # the same features are drawn once, not for each number of labels
    alike = [
        (task, found._replace(health={n: h._replace(cosines=np.ones_like(h.cosines)) for n, h in found.health.items()}))
        for task, found in findings
    ]
    assert sum("filters alike" in note for note in health_notes(alike, 10)) == 3  # and what ails them is told once


def test_features_from_another_data_set_are_from_it_and_from_ones_own_where_it_is_the_same():
    study = Study(
        ("softhebb",), vary={"data": ("glyphs:01", "glyphs:23")}, options={"source": "glyphs:01", "size": 3}, shift=()
    )
    tasks = tasks_of(study, sources(study)[0], load_splits(study))
    found = {(task.variant.partition("data=")[2], task.curriculum[0].data) for task in tasks if not task.is_control}
    assert {(name[:9], source) for name, source in found} == {("glyphs:01", None), ("glyphs:23", "glyphs:01")}


def test_a_control_that_is_itself_a_system_of_the_study_is_drawn_as_that_system(done):
    splits, _, findings = done
    outcome = results(LABELS, splits, findings)
    ours = [row for row in outcome["summary"] if row["model"] == "softhebb" and row["control"]]
    outcome["summary"] += [{**row, "model": "random-features", "control": False} for row in ours]
    (axes,) = pictures(outcome, findings, 4)["Varying labels_per_class"].figure.axes
    drawn = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
    assert [line.get_linestyle() for line in drawn].count("--") == 1


@pytest.mark.parametrize(
    ("vary", "names", "sizes"),
    [
        ({"train_size": [20, 50, "all"]}, ["glyphs:01,count=40"], [20, 50, 80]),
        ({"data": ["glyphs:01,count=5", "glyphs:XY,shift=1,count=5"]}, ["glyphs:01,count=5"], [10, 10]),
    ],
)
def test_images_and_data_are_varied_alike(vary, names, sizes):
    study = read(Study, {"systems": ["nearest-neighbour"], "data": names[0], "shift": [], "vary": vary}, "study")
    splits, _, findings = carried_out(study)
    assert [found.row["n_train"] for _, found in findings] == sizes
    outcome = results(study, splits, findings)
    ((_, points),) = curves(outcome["summary"], next(iter(vary))).items()
    assert [value for value, _ in points] == (vary.get("data") or sizes)
    assert outcome["n_train"] == max(sizes)
    assert outcome["data"] == ", ".join(vary.get("data", names))
    assert read(Study, plain(study), "study") == study


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"vary": {"labels_per_class": [0, 1]}}, 'labels_per_class 0; give whole numbers from 1, or "all"'),
        ({"vary": {"train_size": [1.5]}}, "train_size 1.5; give whole numbers"),
        ({"vary": {"train_size": [True]}}, "train_size True; give whole numbers"),
        ({"vary": {"labels_per_class": ["every"]}}, "labels_per_class 'every'"),
        ({"vary": {"data": [3]}}, "data 3 is not the name of a data set"),
        ({"vary": {"labels_per_class": [1]}, "labels_per_class": 2}, "labels_per_class = 2 is set, and varied"),
    ],
)
def test_values_that_the_data_cannot_have_are_refused(given, message):
    with pytest.raises(UsageError, match=message):
        read(Study, {"systems": ["mlp"], **given}, "study")


def test_files_and_runs_that_know_their_own_data_are_refused_where_these_are_varied(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('model = "mlp"\nlabels_per_class = 3\n')
    study = Study((str(path),), vary={"labels_per_class": (1, 2)})
    with pytest.raises(UsageError, match="sets labels_per_class = 3, which is varied; leave it out there"):
        sources(study)
    path.write_text('model = "mlp"\ndata = "mnist"\n')
    with pytest.raises(UsageError, match="about mnist, but the comparison about digits, natural"):
        sources(Study((str(path),), vary={"data": ("digits", "natural")}))
    with pytest.raises(UsageError, match="has learned already, so its train_size cannot be varied; leave it out"):
        sources(Study((str(tmp_path),), vary={"train_size": (10, 20)}))


def test_the_command_line_varies_the_data(tmp_path):
    how = ("--data", "glyphs:01,count=10", "--shift", "", "--vary", "labels_per_class=1,3,all", "--out", tmp_path / "x")
    found = call("compare", "nearest-neighbour", *how, "--json").json
    assert [row["labels_used"] for row in found["rows"]] == [2, 6, 20]
    assert (tmp_path / "x" / "figures" / "1-varying-labels-per-class.png").is_file()
    said = refused(2, "compare", "mlp", "--vary", "labels_per_class=1,500", "--out", tmp_path / "y")
    assert "labels_per_class 500: digits has 400 training images of class" in said
