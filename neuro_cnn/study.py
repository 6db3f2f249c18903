"""A comparison carried out: which experiments, on which data, and what each came to."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from neuro_cnn import checkpoint
from neuro_cnn.compare import Finding, Study, Task, experiments, measure, plan
from neuro_cnn.data import Data, load
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Epoch, Experiment, unsupervised_layers
from neuro_cnn.kept import Kept
from neuro_cnn.layers import Params
from neuro_cnn.models import system
from neuro_cnn.runs import MARK, RunFolder, read_toml
from neuro_cnn.settings import OF_DATA, is_study, told
from neuro_cnn.spec import read
from neuro_cnn.units import finished
from neuro_cnn.vary import expanded, is_path


def sources(study: Study) -> tuple[list[Experiment], list[Path]]:
    """The experiments of a study's names and TOML files, and the run folders among its systems.

    Raises UsageError, before anything is learned, for one that is none of these.
    """
    common: dict[str, Any] = {key: getattr(study, key) for key in OF_DATA}
    varied = [key for key in OF_DATA if key in study.vary]
    texts = expanded(study.systems, study.vary)
    named = iter(experiments([text for text in texts if not is_path(text)], study.options, **common))
    made, runs = [], []
    for text in texts:
        if is_path(text) and Path(text).is_dir():
            if varied:
                raise UsageError(f"{text} has learned already, so its {varied[0]} cannot be varied; leave it out")
            runs.append(RunFolder.open(text).path)
        elif is_path(text):
            own = read_experiment(Path(text))
            about = study.vary.get("data", (study.data,))
            if own.data not in about:
                names = ", ".join(map(str, about))
                raise UsageError(f"{text} is about {own.data}, but the comparison about {names}; set --data")
            for key in ("train_size", "labels_per_class"):  # the study's are for all, and say so where a file differs
                if common[key] is None and getattr(own, key) is not None:
                    if key in varied:
                        raise UsageError(
                            f"{text} sets {key} = {getattr(own, key)}, which is varied; leave it out there"
                        )
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
    if is_study(written):
        raise UsageError(f"{path} is a study of several systems; run it with: neuro-cnn compare {path}")
    if "vary" in written:
        raise UsageError(f"{path} is a sweep; run it with: neuro-cnn sweep {path}")
    both = {**written.get("options", {}), **(options or {})}
    return checked(read(Experiment, {**written, "options": both, **given}, str(path)))


def checked(made: Experiment) -> Experiment:
    """The same experiment. Raises UsageError for a system or an option that does not exist."""
    if made.model is not None:
        system(made.model, made.options)
    return made


def load_splits(study: Study) -> list[Data]:
    """The data of each split, and where the data are varied of each value, value by value.

    What differs in its labels alone shares its images. Raises UsageError for data without labels or test images.
    """
    splits: list[Data] = []
    for each, split in product(study.settings, range(study.splits)):
        name, how = each["data"], {key: value for key, value in each.items() if key != "data"}
        data = load(name, split=split, **how)
        if not data.train.classes or not len(data.test):
            raise UsageError(f"{name} has no labelled test images, so nothing can be compared on it; choose other data")
        for other in splits:
            if (other.name, other.train_size, other.split) == (name, data.train_size, split):
                data = replace(data, train=replace(data.train, images=other.train.images), test=other.test)
                break
        splits.append(data)
    return splits


def conduct(
    tasks: Sequence[Task],
    splits: Sequence[Data],
    deformed: Mapping[str, Sequence[float]],
    device: str,
    jobs: int,
    kept: Kept | None = None,
) -> Generator[Epoch | tuple[Task, Finding], None, None]:
    """Run each task once, yielding every epoch (in one process) and every finding, these in the order of the tasks.

    Two names of one task share what it came to; tasks that differ only in what a teacher shows them share what they
    learn before.
    """
    made: dict[int, Finding] = {}
    place = 0
    for task, step in finished(tasks, splits, deformed, device, jobs, kept):
        if isinstance(step, Epoch):
            yield step
            continue
        made[id(task)] = step
        while place < len(tasks) and id(tasks[place]) in made:
            yield tasks[place], made.pop(id(tasks[place]))
            place += 1


def run_task(path: Path, study: Study, data: Data) -> tuple[Task, dict[str, Params]]:
    """A finished run as a task that is learned already: its wiring and its best weights.

    Raises UsageError when it learned from other data, for the test images may be among those that it has seen, or
    was made for other images or classes, or is not finished; DataError when it is no run.
    """
    folder = RunFolder.open(path)
    config = folder.read_toml("config.toml")
    if "systems" in config:
        raise UsageError(f"{path} is a comparison; compare its systems with {path / 'config.toml'}, or name one run")
    status = folder.read_json(MARK).get("status")
    if status != "done":
        command = shlex.join(["neuro-cnn", "train", "--resume", str(path)])
        raise UsageError(f"{path} is {status}, not done, and not compared so; finish it with: {command}")
    experiment = read(Experiment, config, str(path))
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
    return measure(task, data, study.deformed, params, history, sum(line["seconds"] for line in history))


def tasks_of(study: Study, made: Sequence[Experiment], splits: Sequence[Data]) -> list[Task]:
    """All tasks of a study, system by system, each followed by its control.

    What is one experiment under two names (`random-features` and a control) has the same layers watched.
    Raises UsageError for a system named twice.
    """
    for one in made:
        if sum((other.name, other.variant) == (one.name, one.variant) for other in made) > 1:
            label = f"{one.name}:{one.variant}".removesuffix(":")
            raise UsageError(f"{label} stands twice in the comparison; leave one out, or give a TOML file a title")
    values = [range(start, start + study.splits) for start in range(0, len(splits), study.splits)]
    tasks = [task for one in made for places in values for task in planned(one, study, splits, places)]
    watched: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        watched[task.key] = tuple(dict.fromkeys([*watched.get(task.key, ()), *task.watched]))
    return [task._replace(watched=watched[task.key]) for task in tasks]


def planned(one: Experiment, study: Study, splits: Sequence[Data], places: Sequence[int]) -> list[Task]:
    """A system's tasks on the data of one value, then its control's."""
    tasks = []
    for place in places:
        data = splits[place]
        same = next(i for i, other in enumerate(splits) if other.train.images is data.train.images)
        for task in plan([one], data, study.seeds, data.split):
            variant = ",".join(filter(None, (task.variant, told(data, study.vary))))
            tasks.append(task._replace(variant=variant, place=place, images=same))
    return sorted(tasks, key=lambda task: task.is_control)
