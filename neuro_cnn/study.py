"""A comparison carried out: tasks in one process or several, and the folder that tells of it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn import checkpoint
from neuro_cnn.compare import SCHEMA, Finding, Study, Task, experiments, measure, plan, run, summarize
from neuro_cnn.data import Data, load
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Epoch, Experiment, unsupervised_layers
from neuro_cnn.files import write_text
from neuro_cnn.layers import Params
from neuro_cnn.models import system
from neuro_cnn.runs import RunFolder, environment, read_toml
from neuro_cnn.spec import read

LEARNED = "S1"
"""The layer whose receptive fields stand in the report."""


def sources(study: Study) -> tuple[list[Experiment], list[Path]]:
    """The experiments of a study's names and TOML files, and the run folders among its systems.

    Raises UsageError, before anything is learned, for one that is none of these.
    """
    common: dict[str, Any] = {
        "data": study.data,
        "train_size": study.train_size,
        "labels_per_class": study.labels_per_class,
    }
    named = iter(experiments([text for text in study.systems if not _is_path(text)], study.options, **common))
    made, runs = [], []
    for text in study.systems:
        if Path(text).is_dir():
            runs.append(RunFolder.open(text).path)
        elif _is_path(text):
            own = read_experiment(Path(text))
            if own.data != study.data:
                raise UsageError(f"{text} is about {own.data}, but the comparison about {study.data}; set --data")
            for key in ("train_size", "labels_per_class"):  # the study's are for all, and say so where a file differs
                if common[key] is None and getattr(own, key) is not None:
                    option = f"--{key.replace('_', '-')} {getattr(own, key)}"
                    raise UsageError(f"{text} sets {key} = {getattr(own, key)}; set it for all systems with {option}")
            made.append(replace(own, **common, title=own.title or own.model or Path(text).stem))
        else:
            made.append(next(named))
    return made, runs


def read_experiment(path: Path, options: dict[str, Any] | None = None, **given: Any) -> Experiment:
    """An experiment's TOML file; options and settings given here override it.

    Raises UsageError for what it should not say.
    """
    written = read_toml(path)
    if "systems" in written:
        raise UsageError(f"{path} is a study of several systems; run it with: neuro-cnn compare {path}")
    both = {**written.get("options", {}), **(options or {})}
    return checked(read(Experiment, {**written, "options": both, **given}, str(path)))


def checked(made: Experiment) -> Experiment:
    """The same experiment. Raises UsageError for a system or an option that does not exist."""
    if made.model is not None:
        system(made.model, made.options)
    return made


def _is_path(text: str) -> bool:
    return text.endswith(".toml") or Path(text).is_dir()


def load_splits(study: Study) -> list[Data]:
    """The data of each split. Raises UsageError for data without labels or test images."""
    how: dict[str, Any] = {"train_size": study.train_size, "labels_per_class": study.labels_per_class}
    splits = [load(study.data, split=split, **how) for split in range(study.splits)]
    if not splits[0].train.classes or not len(splits[0].test):
        raise UsageError(
            f"{study.data} has no labelled test images, so nothing can be compared on it; choose other data"
        )
    return splits


def conduct(
    tasks: Sequence[Task], splits: Sequence[Data], shift: Sequence[int], device: str, jobs: int
) -> Generator[Epoch | tuple[Task, Finding], None, None]:
    """Run each task once, yielding every epoch (in one process) and every finding; two names of one task share it."""
    done: dict[str, Finding] = {}
    elsewhere = _in_parallel({task.key: task for task in tasks}, splits, shift, device, jobs) if jobs > 1 else None
    for task in tasks:
        if task.key not in done and elsewhere is not None:
            done.update([next(elsewhere)])  # findings come in the order of the tasks
        elif task.key not in done:
            done[task.key] = yield from run(task, splits[task.split], shift, device)
        found = done[task.key]
        names = {"model": task.model, "variant": task.variant, "control": task.is_control}
        yield task, found._replace(row={**found.row, **names})


def _in_parallel(
    tasks: dict[str, Task], splits: Sequence[Data], shift: Sequence[int], device: str, jobs: int
) -> Iterator[tuple[str, Finding]]:
    from joblib import Parallel, delayed, parallel_config
    from threadpoolctl import threadpool_info

    # as many threads as here, for the last bits depend on them, but never more than cores
    here = max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)
    threads = max(1, min(here, (os.cpu_count() or 1) // jobs))
    with parallel_config(backend="loky", inner_max_num_threads=threads):
        work = (delayed(_drained)(task, splits[task.split], shift, device) for task in tasks.values())
        with _unheard(signal.SIGINT):  # Ctrl-C reaches every process; the workers leave it to this one
            findings = Parallel(n_jobs=jobs, return_as="generator")(work)
        yield from zip(tasks, findings, strict=True)


@contextmanager
def _unheard(number: signal.Signals) -> Iterator[None]:
    """Ignore a signal for as long as the block runs, and in the processes that it starts for as long as they live."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals, and may say which
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def _drained(task: Task, data: Data, shift: Sequence[int], device: str) -> Finding:
    steps = run(task, data, shift, device)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Finding = end.value
            return found


def run_task(path: Path, study: Study, data: Data) -> tuple[Task, dict[str, Params]]:
    """A finished run as a task that is learned already: its wiring and its best weights.

    Raises UsageError when it learned from other data, for the test images may be among those that it has seen, or
    was made for other images or classes; DataError when it is no run or not finished.
    """
    folder = RunFolder.open(path)
    experiment = read(Experiment, folder.read_toml("config.toml"), str(path))
    saved = checkpoint.load(folder.checkpoint("best"))
    if saved.in_shape != data.test.shape or len(saved.classes) != len(data.test.classes):
        raise UsageError(
            f"{path} was made for images of {saved.in_shape} and {len(saved.classes)} classes, "
            f"but {study.data} has {data.test.shape} and {len(data.test.classes)}"
        )
    if experiment.data != study.data:
        raise UsageError(f"{path} learned from {experiment.data}, but the comparison is about {study.data}; set --data")
    watched = unsupervised_layers(saved.net, saved.curriculum)
    task = Task(str(path), "", False, saved.net, saved.curriculum, watched, experiment.seed, experiment.split)
    return task, saved.state.params


def run_finding(task: Task, params: dict[str, Params], study: Study) -> Finding:
    """A finished run measured like the others, on the test images of its own split: others it may have seen."""
    folder = RunFolder(task.model)
    experiment = read(Experiment, folder.read_toml("config.toml"), task.model)
    data = experiment.load()
    data = replace(data, train=experiment.parts(data)[0])
    history = folder.metrics()
    return measure(task, data, study.shift, params, history, sum(line["seconds"] for line in history))


def tasks_of(study: Study, made: Sequence[Experiment], splits: Sequence[Data]) -> list[Task]:
    """All tasks of a study, system by system, each followed by its control.

    What is one experiment under two names (`random-features` and a control) has the same layers watched.
    Raises UsageError for a system named twice.
    """
    for one in made:
        if sum((other.name, other.variant) == (one.name, one.variant) for other in made) > 1:
            label = f"{one.name}:{one.variant}".removesuffix(":")
            raise UsageError(f"{label} stands twice in the comparison; leave one out, or give a TOML file a title")
    by_split = [plan(made, data, study.seeds, split) for split, data in enumerate(splits)]
    tasks = [task for planned in by_split for task in planned]
    watched: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        watched[task.key] = tuple(dict.fromkeys([*watched.get(task.key, ()), *task.watched]))
    tasks = [task._replace(watched=watched[task.key]) for task in tasks]
    order = list(dict.fromkeys((task.model, task.variant, task.is_control) for task in tasks))
    return sorted(tasks, key=lambda task: order.index((task.model, task.variant, task.is_control)))


def results(study: Study, splits: Sequence[Data], findings: Sequence[tuple[Task, Finding]]) -> dict[str, Any]:
    """The object of results.json."""
    rows = [found.row for _, found in findings]
    return {
        "schema_version": SCHEMA,
        "data": study.data,
        "n_train": len(splits[0].train),
        "n_test": len(splits[0].test),
        "rows": rows,
        "summary": summarize(rows),
        "command": shlex.join(["neuro-cnn", *sys.argv[1:]]),
        "environment": {key: value for key, value in environment().items() if value is not None and key != "blas"},
    }


def health_notes(findings: Sequence[tuple[Task, Finding]], classes: int) -> list[str]:
    """A health line for every layer that learned without a teacher, of each system's first seed; and a warning where
    a control answers like chance, for then a gain over it says nothing of learning."""
    notes: dict[tuple[str, str], str] = {}
    for task, found in findings:
        if found.row["learning"] != "none":
            for name, state in found.health.items():
                notes.setdefault((task.label, name), f"{task.label} {state.line(name)}")
        if task.is_control and like_chance(found.row["accuracy"], classes):
            silent = "answers like chance: its cells hardly reach their thresholds, so the gain over it is no measure"
            notes.setdefault((task.label, ""), f"{task.label} {silent} of learning")
    return list(notes.values())


def like_chance(accuracy: float, classes: int) -> bool:
    """Whether answers are hardly better than guesses: less than twice as good, and less than 10 points (our choice)."""
    return accuracy < min(2 / classes, 1 / classes + 0.1)


def write_folder(
    folder: RunFolder,
    outcome: dict[str, Any],
    findings: Sequence[tuple[Task, Finding]],
    classes: int,
) -> None:
    """results.json, results.csv, figures and the self-contained report.html."""
    from neuro_cnn import viz
    from neuro_cnn.report import csv_text, json_text, write_report

    write_text(folder.path / "results.json", json_text(outcome))
    write_text(folder.path / "results.csv", csv_text(outcome["rows"]))
    figures = pictures(outcome, findings, classes)
    for number, (name, figure) in enumerate(figures.items(), 1):
        viz.save(figure, folder.path / "figures" / f"{number}-{_slug(name)}.png")
    write_report(folder.path / "report.html", outcome, figures=figures, notes=health_notes(findings, classes))


def pictures(outcome: dict[str, Any], findings: Sequence[tuple[Task, Finding]], classes: int) -> dict[str, Any]:
    """The report's figures by caption: overview, each system's S1 receptive fields, learning curves, shifts."""
    from neuro_cnn import viz

    first: dict[str, tuple[Task, Finding]] = {}
    for task, found in findings:
        first.setdefault(task.label, (task, found))
    fields = {
        label: found.params[LEARNED].learned.weight
        for label, (task, found) in first.items()
        if LEARNED in found.params and not task.is_control
    }
    figures = {"Overview": viz.overview(outcome["summary"], fields, chance=1 / classes)}
    for label, weights in fields.items():
        found = first[label][1]
        state = found.health.get(LEARNED) if found.row["learning"] != "none" else None
        figures[f"Receptive fields of {label}, {LEARNED}"] = viz.filters(
            weights,
            title=f"{label}: weights of {LEARNED}",
            dead=None if state is None else np.array(state.dead),
            notes=None if state is None else [state.line(LEARNED)],
        )
    curves = {label: found.history for label, (task, found) in first.items() if not task.is_control and found.history}
    if any(_measured(line) for history in curves.values() for line in history):
        figures["Learning curves"] = viz.learning_curves(curves)
    if any(row["shift"] for row in outcome["summary"]):
        figures["Accuracy under shift"] = viz.accuracy_against_shift(outcome["summary"], chance=1 / classes)
    return figures


def _measured(line: dict[str, Any]) -> bool:
    return bool(set(line) - {"phase", "label", "epoch", "seconds"})


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower()).strip("-")
