"""Units of work: what tasks share is learned once, in one process or several, and nothing else is changed by it."""

import os
import subprocess
import sys

import numpy as np
import pytest

from neuro_cnn.compare import Study
from neuro_cnn.errors import WorkerError
from neuro_cnn.experiment import Epoch
from neuro_cnn.kept import Kept
from neuro_cnn.ops.threads import on_threads, threads
from neuro_cnn.study import conduct, load_splits, sources, tasks_of
from neuro_cnn.tree import leaves
from neuro_cnn.units import elsewhere, finished, in_order, threads_of, units

LABELS = Study(
    ("random-features:planes=4", "softhebb:planes=4", "hebbian-wta:planes=4,readout=softmax", "mlp:hidden=4,epochs=1"),
    data="glyphs:0123,count=15,shift=2,rotate=10",
    seeds=2,
    shift=(1,),
    vary={"labels_per_class": (1, 5, "all")},
)


def planned(study):
    """The data and tasks of a study."""
    splits = load_splits(study)
    return splits, tasks_of(study, sources(study)[0], splits)


def findings(study, jobs):
    splits, tasks = planned(study)
    steps = conduct(tasks, splits, study.deformed, "cpu", jobs)
    return tasks, [step for step in steps if not isinstance(step, Epoch)]


@pytest.fixture(scope="module")
def alone():
    return findings(LABELS, 1)


def test_a_unit_holds_the_tasks_that_differ_in_what_a_teacher_shows_and_each_experiment_stands_in_one():
    _, tasks = planned(LABELS)
    made = units(tasks)
    keys = [task.key for unit in made for task in unit]
    assert sorted(keys) == sorted({task.key for task in tasks})
    assert all(len({task.features for task in unit}) == 1 for unit in made)
    untaught = [unit for unit in made if unit[0].untaught]
    assert len({unit[0].features for unit in untaught}) == len(untaught)
    shapes = [(unit[0].model, unit[0].is_control, len(unit)) for unit in made]
    whole = [("softhebb", False, 3), ("hebbian-wta", False, 3)]  # their three numbers of labels, of each seed
    apart = [("random-features", False, 1), ("hebbian-wta", True, 1), ("mlp", False, 1)]  # nothing to share
    assert sorted(shapes) == sorted(2 * (whole + 3 * apart))


@pytest.mark.skipif(sys.platform == "win32", reason="processes start slowly")
def test_in_two_processes_what_is_shared_is_learned_once_and_all_comes_out_as_in_one(alone):
    tasks, beside = findings(LABELS, 2)
    assert [(task.label, task.seed) for task, _ in beside] == [(task.label, task.seed) for task in tasks]
    times = ("train_seconds", "images_per_second")
    for (_, a), (_, b) in zip(alone[1], beside, strict=True):
        assert {k: v for k, v in a.row.items() if k not in times} == {k: v for k, v in b.row.items() if k not in times}
        for (name, ours), (_, theirs) in zip(leaves(a.params), leaves(b.params), strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
    took = {}  # no two learnings take the same time to the last bit
    for task, found in beside:
        if task.untaught:
            took.setdefault(task.features, set()).add(found.history[0]["seconds"])
    assert len(took) > 2
    assert {len(seconds) for seconds in took.values()} == {1}


def test_findings_are_told_as_they_are_made_and_put_in_the_order_of_their_tasks(alone):
    splits, tasks = planned(LABELS)
    steps = finished(tasks, splits, LABELS.deformed, "cpu", 1)
    made = [(task, step) for task, step in steps if not isinstance(step, Epoch)]
    assert [id(task) for task, _ in made] != [id(task) for task in tasks]
    ordered = in_order(tasks, made)
    assert [id(task) for task, _ in ordered] == [id(task) for task in tasks]
    assert [found.row["accuracy"] for _, found in ordered] == [found.row["accuracy"] for _, found in alone[1]]
    assert [found.row["variant"] for _, found in ordered] == [task.variant for task in tasks]


@pytest.mark.skipif(sys.platform == "win32", reason="processes start slowly")
def test_each_process_works_on_as_many_threads_as_is_told(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    with on_threads(4):
        assert [threads_of(jobs) for jobs in (1, 2, 3, 6, 9)] == [4, 3, 2, 1, 1]
        assert list(elsewhere(threads, [()], 2)) == [threads_of(2)]


class Deadly(Kept):
    """Findings whose keeping ends the process, as a kill would."""

    def keep(self, task, found):
        os._exit(9)


@pytest.mark.skipif(sys.platform == "win32", reason="processes start slowly")
def test_a_process_that_dies_is_told_of_in_a_line(tmp_path):
    splits, tasks = planned(LABELS)
    with pytest.raises(WorkerError, match=r"a process that learned was killed, .*; use fewer --jobs"):
        list(finished(tasks[-2:], splits, {}, "cpu", 2, Deadly(tmp_path)))


@pytest.mark.skipif(os.name != "posix", reason="Windows tells no process of its parent's end")
def test_a_process_ends_with_the_one_that_started_it():
    text = "import os, time; from neuro_cnn.units import end_with; end_with({}); time.sleep({}); print('went on')"
    for parent, seconds, told, code in (("os.getppid()", 2, "went on\n", 0), ("-1", 100, "", 1)):
        words = [sys.executable, "-c", text.format(parent, seconds)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout, done.returncode) == (told, code), done.stderr
