"""A run or a comparison repeated from its configuration alone, and whether the figures agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn import checkpoint, crossing
from neuro_cnn.agreement import check_data, conditions, differences, shown
from neuro_cnn.compare import Study
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Epoch
from neuro_cnn.results import results
from neuro_cnn.running import begin, configured, data_of, job_of
from neuro_cnn.runs import MARK, RunFolder
from neuro_cnn.spec import read
from neuro_cnn.study import conduct, load_splits, run_finding, run_task, sources, tasks_of
from neuro_cnn.tree import leaves

TIMES = ("seconds", "train_seconds", "images_per_second")
"""Figures that no two runs share."""
TOLERANCE = 0.01
"""How far figures under other conditions may lie apart: by so much, or by this share (our choice)."""
WEIGHTS = "largest difference of the {} weights"

Watch = Callable[[str, Epoch], None]


class NotReproducedError(ValueError):
    """A run whose figures do not agree with those of its repetition (exit code 1)."""

    exit_code = 1


class Figure(NamedTuple):
    """A figure that differs: its name, what it was, and what it is now."""

    name: str
    then: Any
    now: Any

    def within(self, tolerance: float) -> bool:
        """Whether it differs by no more than is to be expected under other conditions."""
        numbers = all(isinstance(value, int | float) for value in (self.then, self.now))
        return numbers and isclose(self.then, self.now, rel_tol=tolerance, abs_tol=tolerance)


def reproduce(
    folder: RunFolder, device: str, tolerance: float = TOLERANCE, watch: Watch | None = None
) -> dict[str, Any]:
    """Repeat what a folder holds, and say which figures agree: one object.

    Its `verdict` is `identical` (every figure, and of a run every bit of its weights), `close` (other conditions, and
    every figure within the tolerance), or `different`. Raises UsageError for a run that is not done, DataError when the
    data is no longer what it learned from.
    """
    status = folder.read_json(MARK).get("status")
    if status != "done":
        raise UsageError(f"{folder.path} is {status}, not done, so there is nothing to compare with; let it end first")
    repeat = _comparison if "systems" in folder.read_toml("config.toml") else _run
    kind, figures, facts = repeat(folder, device, watch)
    other = [{"key": key, "then": old, "now": new} for key, old, new in conditions(folder, device)]
    later = folder.read_json("env.json").get("resumed_with", {})
    other += [{"key": f"{key}, since it was resumed", "then": value, "now": None} for key, value in later.items()]
    bits = {WEIGHTS.format(which) for which in facts.get("weights", ())}
    close = bool(other) and all(figure.name in bits or figure.within(tolerance) for figure in figures)
    return {
        "run": str(folder.path),
        "kind": kind,
        "verdict": "identical" if not figures else "close" if close else "different",
        "same_conditions": not other,
        "conditions": other,
        "differing": [figure._asdict() for figure in figures],
        "tolerance": tolerance,
        **facts,
    }


def check_reproduced(found: dict[str, Any]) -> None:
    """Raises NotReproducedError, naming the first figure that differs, where a repetition came to something else."""
    if found["verdict"] == "different":
        first = found["differing"][0]
        where = "under the same conditions" if found["same_conditions"] else "beyond what other conditions explain"
        was = f"{first['name']} was {shown(first['then'])} and is {shown(first['now'])}"
        raise NotReproducedError(f"{found['run']} is not reproduced, {where}: {was}")


def _run(folder: RunFolder, device: str, watch: Watch | None) -> tuple[str, list[Figure], dict[str, Any]]:
    experiment = configured(folder)
    then = folder.read_json(MARK).get("result")
    if then is None or not folder.metrics():
        raise UsageError(f"{folder.path} keeps no result of learning to compare with; train it anew")
    check_data(folder, data_of(job_of(experiment)))
    see = None if watch is None else (lambda epoch: watch(experiment.name, epoch))
    with TemporaryDirectory() as place:
        again = RunFolder(Path(place) / "run")
        now = begin(experiment, again.path, device=device, watch=see)
        figures = [Figure(*each) for each in differences(_lines(folder), _lines(again))]
        weights = {which: _weights(folder, again, which) for which in ("best", "last")}
    for which, each in weights.items():
        if not each["identical"]:
            figures.append(Figure(WEIGHTS.format(which), 0.0, each["largest_difference"]))
    figures += [Figure(*each) for each in differences(_untimed(then), _untimed(now))]
    accuracies = {"then": then["test_accuracy"], "now": now["test_accuracy"]}
    compared = sum(1 for _ in _numbers([_lines(folder), _untimed(then)])) + len(weights)
    return "run", figures, {"compared": compared, "test_accuracy": accuracies, "weights": weights}


def _comparison(folder: RunFolder, device: str, watch: Watch | None) -> tuple[str, list[Figure], dict[str, Any]]:
    study = read(Study, folder.read_toml("config.toml"), str(folder.path / "config.toml"))
    made, runs = sources(study)
    loaded = load_splits(study)
    tasks = tasks_of(study, made, loaded)
    if study.path is not None:
        tasks = crossing.tasks(study, dict(crossing.choices(study, crossing.most(loaded), 1, {})), loaded)
    findings = []
    for step in conduct(tasks, loaded, study.deformed, device, 1):
        if not isinstance(step, Epoch):
            findings.append(step)
        elif watch is not None:
            watch(tasks[len(findings)].label, step)
    learned = [run_task(path, study, loaded[0]) for path in runs]
    findings += [(task, run_finding(task, params, study)) for task, params in learned]
    then, now = (_rows(each) for each in (folder.read_json("results.json"), results(study, loaded, findings)))
    figures = [Figure(*each) for each in differences(then, now)]
    return "comparison", figures, {"compared": sum(1 for _ in _numbers(then))}


def _lines(folder: RunFolder) -> dict[str, Any]:
    """What was measured, by epoch."""
    return {f"epoch {number} ({line['label']})": _untimed(line) for number, line in enumerate(folder.metrics(), 1)}


def _rows(outcome: dict[str, Any]) -> dict[str, Any]:
    """The rows of a comparison, by system, split and seed."""
    return {_label(row): _untimed(row) for row in outcome["rows"]}


def _label(row: dict[str, Any]) -> str:
    system = f"{row['model']}:{row['variant']}".removesuffix(":") + " (control)" * row["control"]
    return f"{system}, seed {row['seed']}, split {row['split']}"


def _untimed(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in TIMES}


def _weights(before: RunFolder, again: RunFolder, which: str) -> dict[str, Any]:
    """Whether two checkpoints are the same to the last bit, and how far their weights lie apart; None: other shapes."""
    paths = [folder.checkpoint(which) for folder in (before, again)]
    if paths[0].read_bytes() == paths[1].read_bytes():
        return {"identical": True, "largest_difference": 0.0}
    ours, theirs = (dict(leaves(checkpoint.load(path).state.params)) for path in paths)
    if {name: value.shape for name, value in ours.items()} != {name: value.shape for name, value in theirs.items()}:
        return {"identical": False, "largest_difference": None}
    apart = [float(np.abs(value - theirs[name]).max(initial=0)) for name, value in ours.items()]
    return {"identical": False, "largest_difference": max(apart, default=0.0)}


def _numbers(tree: Any) -> Iterator[float]:
    if isinstance(tree, dict | list):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from _numbers(value)
    elif isinstance(tree, int | float):
        yield tree
