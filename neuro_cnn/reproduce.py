"""A run or a comparison repeated from its configuration alone, and whether the figures agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
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
from neuro_cnn.kept import FINDINGS, Kept
from neuro_cnn.results import results
from neuro_cnn.running import begin, configured, data_of, job_of
from neuro_cnn.runs import MARK, RunFolder
from neuro_cnn.spec import read
from neuro_cnn.study import conduct, load_splits, run_finding, run_task, sources, tasks_of
from neuro_cnn.tree import leaves

TIMES = ("seconds", "train_seconds", "images_per_second", "train_seconds_mean", "images_per_second_mean")
"""Figures that no two runs share."""
ENDS = ("low", "high")
"""Ends of intervals: few seeds magnify what differs many times over, so under other conditions they are not judged."""
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
        """Whether it differs by no more than is to be expected under other conditions.

        Weights, and ends of intervals, may differ by any number; weights of other shapes differ by none.
        """
        numbers = all(isinstance(value, int | float) for value in (self.then, self.now))
        if self.name.startswith(WEIGHTS.partition("{")[0]) or self.name.rpartition(".")[2] in ENDS:
            return numbers
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
    close = bool(other) and all(figure.within(tolerance) for figure in figures)
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
    Kept(folder.path / FINDINGS).check_data(loaded)
    tasks, chosen = tasks_of(study, made, loaded), dict[str, crossing.Chosen]()
    if study.path is not None:
        chosen = dict(crossing.choices(study, crossing.most(loaded), 1, {}))
        tasks = crossing.tasks(study, chosen, loaded)
    findings = []
    for step in conduct(tasks, loaded, study.deformed, device, 1):
        if not isinstance(step, Epoch):
            findings.append(step)
        elif watch is not None:
            watch(tasks[len(findings)].label, step)
    learned = [run_task(path, study, loaded[0]) for path in runs]
    findings += [(task, run_finding(task, params, study)) for task, params in learned]
    outcome = results(study, loaded, findings)
    if study.path is not None:
        outcome["path"] = crossing.told(study, chosen, findings, loaded)
    then, now = _compared(folder.read_json("results.json")), _compared(json.loads(json.dumps(outcome)))
    figures = [Figure(*each) for each in differences(then, now)]
    return "comparison", figures, {"compared": sum(1 for _ in _numbers(then))}


def _lines(folder: RunFolder) -> dict[str, Any]:
    """What was measured, by epoch."""
    return {f"epoch {number} ({line['label']})": _untimed(line) for number, line in enumerate(folder.metrics(), 1)}


def _compared(outcome: dict[str, Any]) -> dict[str, Any]:
    """What a comparison measured: its rows by system, split and seed, their means, paired differences, and its path."""
    rows = _named(outcome["rows"], lambda row: f"{_system(row)}, seed {row['seed']}, split {row['split']}")
    means = _named(outcome.get("summary", ()), lambda each: f"mean of {_system(each)}")
    gains = _named(outcome.get("paired", ()), lambda each: f"{_system(each)} over {_system(each['against'])}")
    path = {"path": _untimed(outcome["path"])} if "path" in outcome else {}
    return {**rows, **means, **gains, **path}


def _named(each: Iterable[dict[str, Any]], name: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in each:
        called = name(one)
        found[called if called not in found else f"{called}, again ({len(found)})"] = _untimed(one)
    return found


def _system(row: dict[str, Any]) -> str:
    return str(f"{row['model']}:{row['variant']}").removesuffix(":") + " (control)" * bool(row["control"])


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _untimed(each) for key, each in value.items() if key not in TIMES}
    return [_untimed(each) for each in value] if isinstance(value, list) else value


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
