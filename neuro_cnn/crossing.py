"""A path carried out: constants chosen at every stop, its tasks, and what each step bought."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path as FilePath
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.compare import Finding, Study, Task
from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Data, Dataset
from neuro_cnn.data.deformations import DEFORMATIONS
from neuro_cnn.describe import describe
from neuro_cnn.errors import DataError, SilentError, UsageError
from neuro_cnn.evaluate import predict, right
from neuro_cnn.experiment import Experiment, learn
from neuro_cnn.files import write_text
from neuro_cnn.network import Chain
from neuro_cnn.origin import digests
from neuro_cnn.path import Choice, Options, Path, Stop
from neuro_cnn.physiology import class_selectivity
from neuro_cnn.settings import ALL
from neuro_cnn.settings import told as told_data
from neuro_cnn.spec import plain
from neuro_cnn.statistics import Paired, paired
from neuro_cnn.streams import generator
from neuro_cnn.study import planned
from neuro_cnn.units import elsewhere

SHOWN = 500
"""Training images on which class selectivity is measured, evenly spread over all (our choice)."""
Pairs = Mapping[tuple[int, int], float]
"""A measure by seed and split."""


def way(study: Study) -> Path:
    """The path of a study that has one."""
    if study.path is None:
        raise ValueError("the study has no path")
    return study.path


class Chosen(NamedTuple):
    """The options that were best on training images, and the accuracy of all that were tried, in order."""

    options: Options
    tried: list[tuple[Options, float]]


def experiment(path: Path, stop: Stop, labels: Any, chosen: Options, common: Options, **given: Any) -> Experiment:
    """The experiment of a stop that is shown so many labels a class; `common` are options set for the whole study."""
    return Experiment(model=path.model, options=path.asked(stop, labels, chosen, common), **given)


def choices(
    study: Study, data: Data, jobs: int, known: Mapping[str, Chosen]
) -> Generator[tuple[str, Chosen], None, None]:
    """The constants of every stop, by its name, as they are chosen; those that are known are not chosen anew."""
    path, common = way(study), study.options
    if path.choose is None:
        return
    units: dict[str, list[str]] = {}
    stops = {name: stop for stop, name in path.stops().items() if stop.chosen and name not in known}
    for name, stop in stops.items():  # stops of one experiment under several names are chosen for once
        units.setdefault(_same(path, stop, data, common), []).append(name)
    work = [(names, path, stops[names[0]], data, common) for names in units.values()]
    for names, found in elsewhere(_best_of, work, jobs) if jobs > 1 else (_best_of(*each) for each in work):
        yield from ((name, found) for name in names)


def _best_of(names: list[str], *words: Any) -> tuple[list[str], Chosen]:
    return names, best(*words)


def _same(path: Path, stop: Stop, data: Data, common: Options) -> str:
    """The same for stops that are one experiment whatever is chosen."""
    middle = {} if path.choose is None else path.choose.middle
    net, curriculum = experiment(path, stop, None, middle, common).build(data.train.shape, len(data.train.classes))
    return json.dumps([plain(net), [plain(phase) for phase in curriculum]])


def best(path: Path, stop: Stop, data: Data, common: Options) -> Chosen:
    """The constants of one stop: option by option, what answers best to training images held out."""
    choose = path.choose or Choice({})
    learned, held_out = parts(choose, data)
    current, known, tried = choose.middle, dict[str, float](), list[tuple[Options, float]]()
    for key, values in choose.values.items():
        scores = []
        for value in values:
            options = {**current, key: value}
            made = experiment(path, stop, None, options, common)
            net, curriculum = made.build(data.train.shape, len(data.train.classes))
            same = json.dumps([plain(net), [plain(phase) for phase in curriculum]])
            if same not in known:
                known[same] = _accuracy(net, curriculum, learned, held_out)
                tried.append((options, known[same]))
            scores.append(known[same])
        now = scores[values.index(current[key])]
        if max(scores) > now:  # where an option means nothing it stays in the middle
            current[key] = values[int(np.argmax(scores))]
    if not any(known.values()):
        raise UsageError(
            f"after {dict(stop.options)} nothing can be learned with any of {dict(choose.values)}; give others"
        )
    return Chosen(current, tried)


def parts(choose: Choice, data: Data) -> tuple[Dataset, Dataset]:
    """The training images to learn from while constants are chosen, and those to try them on, drawn by the split."""
    order = generator(data.split, "choose").permutation(data.train.labelled)
    wanted = choose.train_size + choose.held_out
    ends = [choose.train_size, wanted]
    if wanted > len(order):  # in the same proportion
        ends = [round(len(order) * choose.train_size / wanted), len(order)]
    return data.train.take(sorted(order[: ends[0]])), data.train.take(sorted(order[ends[0] : ends[1]]))


def _accuracy(net: Chain, curriculum: Curriculum, learned: Dataset, held_out: Dataset) -> float:
    """Accuracy on the images held out; 0 where nothing can be learned: it diverges, or a layer is silent to all."""
    try:
        *_, last = learn(net, curriculum, learned, None, 0)
    except (FloatingPointError, SilentError):
        return 0.0
    return right(predict(net, last.progress.params, held_out.images), held_out.labels)


CHOICES = "choices.json"
"""The file of a comparison's folder that keeps what has been chosen."""


def known(folder: FilePath, of: str) -> dict[str, Chosen]:
    """The constants that a comparison has chosen so far. Raises DataError for a damaged file, or one `of` another path
    or other data."""
    if not (folder / CHOICES).is_file():
        return {}
    try:
        there = json.loads((folder / CHOICES).read_text(encoding="utf-8"))
        before = there["of"]
        chosen = {
            name: Chosen(each["options"], list(map(tuple, each["tried"]))) for name, each in there["stops"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{folder / CHOICES}: damaged ({error}); delete it, and constants are chosen anew") from error
    if before != of:
        raise DataError(f"{folder}: the path or the images have changed since constants were chosen; begin anew")
    return chosen


def origin(study: Study, data: Data) -> str:
    """What tells a path and the images on which its constants are chosen from all others."""
    said = json.dumps([plain(way(study)), study.options, digests(data)], sort_keys=True)
    return blake2b(said.encode(), digest_size=16).hexdigest()


def keep(folder: FilePath, of: str, chosen: Mapping[str, Chosen]) -> None:
    """Write down, whole, what has been chosen."""
    stops = {name: each._asdict() for name, each in chosen.items()}
    write_text(folder / CHOICES, json.dumps({"of": of, "stops": stops}, indent=1) + "\n")


def most(splits: Sequence[Data]) -> Data:
    """The first split's data with most labels: all, or the largest number a class."""
    first = (data for data in splits if data.split == splits[0].split)
    return max(first, key=lambda data: data.labels_per_class or np.inf)


def tasks(study: Study, chosen: Mapping[str, Chosen], splits: Sequence[Data]) -> list[Task]:
    """All tasks of a path, stop by stop, each number of labels followed by its controls.

    Controls stand beside what is read out alone: after fine-tuning, the next step is theirs. Deformed test images are
    answered by those that saw most labels, but by no control.
    """
    path = way(study)
    values = [range(start, start + study.splits) for start in range(0, len(splits), study.splits)]
    largest = most(splits).labels_per_class
    found = []
    for stop, name in path.stops().items():
        for places in values:
            data = splits[places[0]]
            options = chosen[name].options if name in chosen else {}
            given = {"data": study.data, "train_size": study.train_size, "title": name}
            one = experiment(path, stop, data.labels_per_class or ALL, options, study.options, **given)
            for task in planned(one, study, splits, places):
                if task.is_control and one.options.get("teacher", "local") != "local":
                    continue
                watched = tuple(name for name, layer in task.net.layers[:-1] if layer.kind in ("scells", "dense"))
                deformed = splits[task.place].labels_per_class == largest and not task.is_control
                variant = told_data(splits[task.place], study.vary)  # the name says the rest
                found.append(task._replace(variant=variant, watched=watched, deformed=deformed))
    return found


def told(
    study: Study, chosen: Mapping[str, Chosen], findings: Sequence[tuple[Task, Finding]], splits: Sequence[Data]
) -> Options:
    """What the path came to: every stop's measures, and on every way what each step bought, paired over seeds."""
    path = way(study)
    names = path.stops()
    data = most(splits)
    stops = {name: _measured(name, findings, data) for name in names.values()}
    ways = {
        way: [
            {
                "step": step.name,
                "change": step.change,
                "before": None if step.before is None else names[step.before],
                "after": names[step.after],
                "gain": {} if step.before is None else _gains(stops[names[step.before]], stops[names[step.after]]),
            }
            for step in steps
        ]
        for way, steps in path.ways().items()
    }
    for name, stop in stops.items():
        stop["chosen"] = chosen[name].options if name in chosen else {}
        stop["tried"] = [
            {**options, "accuracy": share} for options, share in (chosen[name].tried if name in chosen else [])
        ]
        stop["accuracy"] = {labels: list(pairs.values()) for labels, pairs in stop["accuracy"].items()}
        stop["deformed"] = {key: list(pairs.values()) for key, pairs in stop["deformed"].items()}
    return {"stops": stops, "ways": ways}


def _measured(name: str, findings: Sequence[tuple[Task, Finding]], data: Data) -> Options:
    """What is known of a stop: accuracies by labels and by deformation, and what it is and costs."""
    mine = [(task, found) for task, found in findings if task.model == name]
    accuracy: dict[str, dict[tuple[int, int], float]] = {}
    control: dict[str, list[float]] = {}
    deformed: dict[str, dict[tuple[int, int], float]] = {}
    for _, found in mine:
        row, labels = found.row, str(found.row["labels_per_class"] or ALL)
        if row["control"]:
            control.setdefault(labels, []).append(row["accuracy"])
            continue
        place = (row["seed"], row["split"])
        accuracy.setdefault(labels, {})[place] = row["accuracy"]
        for kind in DEFORMATIONS:
            for amount, share in row[kind].items():
                deformed.setdefault(f"{kind} {amount}", {})[place] = share
    full = [(task, found) for task, found in mine if task.deformed]
    task = full[0][0]
    deepest = [layer for layer in task.net.names[:-1] if layer != "flat"][-1]
    selectivity = [_selectivity(task, found, deepest, data) for _, found in full]
    dead = [found.row["dead_units"] for _, found in full if found.row["dead_units"] is not None]
    return {
        "accuracy": {labels: accuracy[labels] for labels in sorted(accuracy, key=_number)},
        "control": {labels: mean(shares) for labels, shares in control.items()},
        "deformed": {key: deformed[key] for key in sorted(deformed, key=_strength)},
        "learning": full[0][1].row["learning"],
        "dead_units": mean(dead) if dead else None,
        "deepest": deepest,
        "selectivity": None if None in selectivity else mean(s for s in selectivity if s is not None),
        "macs": sum(facts.macs for facts in describe(task.net, data.train.shape, full[0][1].params)),
        "parameters": full[0][1].row["parameters"],
        "train_seconds": mean(found.row["train_seconds"] for _, found in full),
    }


def _number(labels: str) -> float:
    return np.inf if labels == ALL else float(labels)


def _strength(key: str) -> tuple[int, float]:
    """The place of a deformation among all, and how far its amount is from none."""
    kind, _, amount = key.partition(" ")
    return list(DEFORMATIONS).index(kind), abs(float(amount) - DEFORMATIONS[kind].none)


def _selectivity(task: Task, found: Finding, layer: str, data: Data) -> float | None:
    """Mean class selectivity of the planes of a layer; None where all are silent."""
    count = min(SHOWN, len(data.train))
    each = class_selectivity(
        task.net, found.params, layer, data.train.take(np.arange(count) * len(data.train) // count)
    )
    known = each[~np.isnan(each)]
    return float(known.mean()) if len(known) else None


def _gains(before: Options, after: Options) -> Options:
    """What the second stop has over the first in every accuracy, paired over seeds and splits."""
    both = [("accuracy", labels) for labels in after["accuracy"]] + [("deformed", key) for key in after["deformed"]]
    return {f"{key}": _paired(after[kind][key], before[kind][key])._asdict() for kind, key in both}


def _paired(after: Pairs, before: Pairs) -> Paired:
    return paired([after[place] for place in after], [before[place] for place in after])
